"""Streams end with what let them in: a key that is revoked, a session that is idle for too long or too old."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from server.accounts.accounts import PROXY_S
from server.accounts.streams import CLOSED
from tests.server.accounts.signing import accounts_of, guarded, sign_in
from twin.config_accounts import AccountsEntry, SessionEntry

WITHIN_S = 2.0


def closed_in_time(live: ClientConnection) -> None:
    """Read until the server closes; it has so long."""
    end = time.monotonic() + WITHIN_S

    def listen() -> None:
        while True:
            live.recv(timeout=max(0.01, end - time.monotonic()))

    with pytest.raises(ConnectionClosed):
        listen()
    assert live.close_code == CLOSED


def test_the_socket_of_a_program_ends_when_its_key_is_revoked(tmp_path: Path) -> None:
    with guarded(tmp_path) as site:
        admin = sign_in(site, "admin")
        made = admin.post("/api/v1/keys", json={"name": "reader", "role": "viewer"}).json()
        header = {"Authorization": f"Bearer {made['key']}"}
        with connect(f"{site.ws}/ws/live", additional_headers=header, max_size=None) as live:
            live.recv(timeout=60)
            assert admin.delete(f"/api/v1/keys/{made['id']}", headers={"Origin": site.url}).status_code == 204
            closed_in_time(live)


@pytest.mark.parametrize(("hours", "used"), [(2.0, False), (5.0, True)])
def test_the_socket_of_a_session_ends_with_its_time(tmp_path: Path, hours: float, used: bool) -> None:
    """Idle for more than an hour; or used all the time, and more than four hours old."""
    now = [time.time()]
    settings = AccountsEntry(session=SessionEntry(idle_h=1, longest_h=4))
    with guarded(tmp_path, settings, clock=lambda: now[0]) as site:
        browser = sign_in(site, "viewer")
        cookie = {"Cookie": f"campus-session={browser.cookies['campus-session']}"}
        with connect(f"{site.ws}/ws/live", additional_headers=cookie, max_size=None) as live:
            live.recv(timeout=60)
            end = now[0] + hours * 3600
            while used and now[0] + 1800 < end:
                now[0] += 1800
                if now[0] < end - 3600:
                    assert browser.get("/api/v1/me").status_code == 200
            now[0] = end
            closed_in_time(live)
        assert browser.get("/api/v1/me").status_code == 401
        assert len(accounts_of(site).streams) == 0


def test_the_socket_of_somebody_whom_the_proxy_names_no_more_ends(tmp_path: Path) -> None:
    now = [time.time()]
    proxy = {"from": ["127.0.0.1"], "roles": {"noc": "operator", "staff": "viewer"}}
    settings = AccountsEntry.model_validate({"local": False, "proxy": proxy})
    with guarded(tmp_path, settings, clock=lambda: now[0]) as site:

        def asks(name: str, role: str) -> int:
            headers = {"X-Remote-User": name, "X-Remote-Role": role}
            return httpx.get(f"{site.url}/api/v1/me", headers=headers).status_code

        def live(name: str, role: str) -> ClientConnection:
            headers = {"X-Remote-User": name, "X-Remote-Role": role}
            return connect(f"{site.ws}/ws/live", additional_headers=headers, max_size=None)

        with live("li", "noc") as gone, live("wang", "noc") as stays, live("zhao", "noc") as other:
            for socket in (gone, stays, other):
                socket.recv(timeout=5)
            assert asks("zhao", "staff") == 200
            closed_in_time(other)  # another role: at once
            now[0] += PROXY_S - 1
            assert asks("wang", "noc") == 200
            now[0] += 2
            closed_in_time(gone)
            stays.recv(timeout=10)
        with live("li", "noc") as back:
            back.recv(timeout=5)  # the proxy lets in again whom it knows
