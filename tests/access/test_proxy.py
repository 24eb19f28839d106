"""People who a reverse proxy signs in, behind a real nginx with TLS: who is believed, and who is not."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.datastructures import Headers
from websockets.sync.client import connect

from server.accounts.peer import peer_of
from tests.access.nginx import FROM, nginx
from tests.datasources.pki import Authority
from tests.server.accounts.signing import client, guarded
from tests.server.serving import Served
from twin.config_accounts import AccountsEntry

SETTINGS = AccountsEntry.model_validate(
    {"local": False, "proxy": {"from": [FROM], "roles": {"noc": "operator", "noc-lead": "admin"}}}
)


class Behind:
    """The server, the address of the proxy before it, and whom its certificate is trusted by."""

    def __init__(self, served: Served, url: str, trust: ssl.SSLContext) -> None:
        self.served, self.url, self.trust = served, url, trust

    def get(self, path: str, name: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, auth=(name, "open"), verify=self.trust, headers=headers)

    def post(self, path: str, name: str, **headers: str) -> httpx.Response:
        return httpx.post(self.url + path, auth=(name, "open"), verify=self.trust, headers=headers, content=b"{}")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    folder: Path = tmp_path_factory.mktemp("proxy")
    authority = Authority(folder)
    trust = ssl.create_default_context(cafile=str(authority.file))
    with guarded(folder / "cache", SETTINGS) as served, nginx(folder, served.port, authority.issue("proxy")) as url:
        yield Behind(served, url, trust)


def test_the_proxy_says_who_it_is(site: Behind) -> None:
    me = site.get("/api/v1/me", "li").json()
    assert (me["name"], me["role"], me["kind"]) == ("li", "operator", "proxy")
    assert site.get("/api/v1/me", "wang").json()["role"] == "admin"
    assert site.get("/api/v1/me", "guest").status_code == 401, "nobody of ours"
    assert site.get("/api/v1/users", "li").status_code == 403
    wrong = httpx.get(site.url + "/api/v1/me", auth=("li", "wrong"), verify=site.trust)
    assert wrong.status_code == 401


def test_what_a_browser_says_itself_counts_nothing(site: Behind) -> None:
    spoofed = {"X-Remote-User": "wang", "X-Remote-Role": "noc-lead", "x-remote-role": "noc-lead"}
    assert site.get("/api/v1/me", "li", **spoofed).json()["name"] == "li"
    direct = client(site.served)
    for headers in (spoofed, {"X-Remote-User": "wang", "X-Remote-Role": "noc-lead", "X-Forwarded-For": FROM}):
        assert direct.get("/api/v1/me", headers=headers).status_code == 401, "from another address than the proxy's"
    with pytest.raises(Exception, match="403"), connect(f"{site.served.ws}/ws/live", additional_headers=spoofed):
        pass


def test_it_stays_https_and_the_log_has_the_address_of_the_person(site: Behind) -> None:
    answer = site.get("/api/v1/me", "li")
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert site.post("/api/v1/notes", "li", **{"Content-Type": "application/json"}).status_code == 422
    rows = site.get("/api/v1/audit", "wang").json()["items"]
    row = next(row for row in rows if row["target"] == "POST /api/v1/notes")
    assert (row["who"], row["kind"], row["address"]) == ("li", "proxy", "127.0.0.1")


def test_the_address_is_what_the_last_proxy_saw() -> None:
    told = {"x-forwarded-for": "8.8.8.8, 203.0.113.7", "x-forwarded-proto": "https"}
    scope = {"type": "http", "scheme": "http", "client": ("127.0.0.1", 1)}
    found = peer_of(scope, Headers(told), lambda _: False)
    assert (found.address, found.secure) == ("203.0.113.7", True), "what came before it is made up"
    stranger = peer_of({**scope, "client": ("198.51.100.1", 1)}, Headers(told), lambda _: False)
    assert (stranger.address, stranger.secure) == ("198.51.100.1", False), "no proxy of ours"


def test_a_change_proves_that_it_is_ours_here_too(site: Behind) -> None:
    assert site.post("/api/v1/notes", "li", **{"Content-Type": "text/plain"}).status_code == 403
    json = {"Content-Type": "application/json"}
    assert site.post("/api/v1/notes", "li", **json).status_code == 422
    assert site.post("/api/v1/notes", "li", **json, Origin="https://evil.example").status_code == 403
    assert site.post("/api/v1/notes", "li", **json, Origin=site.url).status_code == 422


def test_live_values_come_through_by_wss_and_by_events(site: Behind) -> None:
    from base64 import b64encode

    header = {"Authorization": f"Basic {b64encode(b'li:open').decode()}", "Origin": site.url}
    with connect(site.url.replace("https", "wss") + "/ws/live", ssl=site.trust, additional_headers=header) as live:
        assert live.recv(timeout=60)
    with httpx.stream("GET", f"{site.url}/sse/live", auth=("li", "open"), verify=site.trust) as events:
        lines = events.iter_lines()
        assert next(lines).startswith("retry")
        assert any(line.startswith("data: ") for line in lines)
