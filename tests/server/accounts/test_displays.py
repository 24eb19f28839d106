"""A display is exchanged for a cookie, may what a display may, and is off at once when it is revoked; a changed row of
the audit log is found."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from server.accounts.audit import verify
from server.accounts.streams import CLOSED
from tests.server.accounts.signing import accounts_of, client, guarded, log_of, sign_in


def drain(live: ClientConnection) -> None:
    while True:
        live.recv(timeout=60)


def test_a_display_is_let_in_by_its_link_and_off_at_once_when_revoked(tmp_path: Path) -> None:
    with guarded(tmp_path) as site:
        admin = sign_in(site, "admin")
        made = admin.post("/api/v1/kiosks", json={"name": "lobby-1", "wall": "lobby"})
        assert made.status_code in (200, 201), made.text
        link = str(made.json()["link"]).removeprefix(site.url)
        screen = client(site)
        assert screen.get("/kiosk/" + "x" * 43, headers={"accept": "text/html"}).status_code in (403, 410, 404)
        answer = screen.get(link)
        assert (answer.status_code, answer.headers["location"]) == (303, "/wall/lobby")
        me = screen.get("/api/v1/me").json()
        assert (me["name"], me["role"], me["wall"]) == ("lobby-1", "kiosk", "lobby")
        assert screen.get("/api/v1/state?domain=energy").status_code == 200
        assert screen.get("/api/v1/users").status_code == 403
        assert screen.get("/wall/other").status_code == 403
        cookie = "; ".join(f"{name}={value}" for name, value in screen.cookies.items())
        with connect(
            site.url.replace("http", "ws") + "/ws/live", additional_headers={"Cookie": cookie}, open_timeout=10
        ) as live:
            (row,) = admin.get("/api/v1/kiosks").json()
            path, ours = f"/api/v1/kiosks/{row['id']}", {"Origin": site.url}
            assert admin.delete(path).status_code == 403, "a page elsewhere could have sent it"
            assert admin.delete(path, headers=ours).status_code in (200, 204)
            with pytest.raises(ConnectionClosed):
                drain(live)
            assert live.close_code == CLOSED
        assert screen.get("/api/v1/me").status_code == 401
        off = screen.get("/wall/lobby", headers={"accept": "text/html"})
        assert "location" not in off.headers, "a screen in a lobby shows no form to sign in"
        assert {"display-on"} <= {entry["action"] for entry in log_of(site)}


def test_a_changed_row_of_the_audit_log_is_found(tmp_path: Path) -> None:
    with guarded(tmp_path) as site:
        sign_in(site, "viewer")
        store = accounts_of(site).store
        assert verify(store).wrong == ""
        with closing(sqlite3.connect(store.path)) as other, other:
            for (name,) in other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                other.execute(f"DROP TRIGGER {name}")
            other.execute("UPDATE audit SET who = 'somebody' WHERE seq = (SELECT max(seq) FROM audit)")
        assert "not as it was written" in verify(store).wrong
