"""Who may call what, on a real server with the real pages: nothing is left out of the table, and the table holds."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, WebSocketRoute
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from pages.application import create_app
from server.accounts import people, policy
from server.accounts.policy import RULES
from server.accounts.who import DEMO, VISITOR, Who
from tests.server.accounts.signing import ROLES, accounts_of, client, guarded, log_of, sign_in
from tests.server.serving import Served
from tests.server.test_app import VALUES, bodies, dash_of
from twin.config_accounts import AccountsEntry

HTML = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with guarded(tmp_path_factory.mktemp("cache"), prepare=create_app) as running:
        yield running


@pytest.fixture(scope="module")
def browsers(site: Served) -> dict[str, httpx.Client]:
    return {role: sign_in(site, role) for role in ROLES}


def routes_of(app: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """(method, path) of every route, with an 'x' for each part that may be anything."""
    for route in app.routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner, prefix)
        elif isinstance(route, Mount):
            yield "GET", prefix + route.path + "/x"
        elif hasattr(route, "path"):
            path = prefix + re.sub(r"\{[^}]+\}", "x", route.path)
            methods = (
                {"WS"} if isinstance(route, WebSocketRoute) or not getattr(route, "methods", None) else route.methods
            )
            for method in methods - {"HEAD", "OPTIONS"}:
                yield method, path


NO_SUCH = {"/api", "/api/x", "/x", "x"}
"""What answers that there is no such thing."""


def test_every_route_is_in_the_table(site: Served) -> None:
    found = [(method, path) for method, path in routes_of(site.app) if path not in NO_SUCH]
    assert len(found) > 60
    assert ("WS", "/ws/live") in found
    assert ("GET", "/api/v1/campus") in found
    assert [row for row in found if policy.find(*row) is None] == []


def test_every_callback_has_a_least_role(site: Served) -> None:
    rows = [row["callback"] for row in dash_of(site.app).callback_map.values() if row.get("callback")]
    modules = {inspect.unwrap(function).__module__ for function in rows}
    assert "pages.admin" in modules
    assert modules - policy.CALLBACKS.keys() == set()


def sample(rule: policy.Rule) -> str:
    return re.sub(r"\{[^}]+\}", "x", rule.path)


KEPT = [rule for rule in RULES if rule.least not in ("public", "own")]


@pytest.mark.parametrize("rule", KEPT, ids=lambda rule: min(rule.methods) + rule.path)
def test_the_table_holds_for_each_role(rule: policy.Rule) -> None:
    order = ["viewer", "operator", "planner", "admin"]
    path = sample(rule)
    for method in rule.methods:
        row = policy.find(method, path)
        assert row is not None
        for role in order:
            who = Who("x", role, "local")  # type: ignore[arg-type]
            assert policy.may(who, row, path) is (order.index(role) >= order.index(row.least))
        assert policy.may(None, row, path) is False
        assert policy.may(VISITOR, row, path) is ("visitor" in row.also)
        assert policy.may(Who("x", "kiosk", "kiosk", "x"), row, path) is ("kiosk" in row.also)


def test_a_display_shows_its_own_wall_and_speaks_for_itself_only() -> None:
    lobby = Who("lobby-1", "kiosk", "kiosk", "lobby")
    for path, may in (("/wall/lobby", True), ("/wall/other", False), ("/", False), ("/admin", False)):
        assert policy.may_show(lobby, path) is may, path
    assert policy.may_show(Who("any", "kiosk", "kiosk"), "/wall/other")
    for display, may in (("lobby-1", True), ("lobby-2", False)):
        path = f"/api/v1/displays/{display}/beat"
        rule = policy.find("POST", path)
        assert rule is not None
        assert policy.may(lobby, rule, path) is may


READS = {
    "/api/v1/campus": "viewer", "/api/v1/occupancy": "viewer", "/api/v1/points": "viewer", "/metrics": "viewer",
    "/api/v1/openapi.json": "viewer", "/": "viewer", "/feeds": "viewer", "/_dash-layout": "viewer",
    "/_dash-dependencies": "viewer", "/api/v1/users": "admin", "/api/v1/audit": "admin", "/api/v1/keys": "admin",
    "/api/v1/kiosks": "admin", "/admin": "admin", "/account": "viewer", "/api/v1/me": "viewer",
}  # fmt: skip


def test_the_server_enforces_it(site: Served, browsers: dict[str, httpx.Client]) -> None:
    nobody = client(site)
    for path, least in READS.items():
        assert nobody.get(path).status_code == 401, path
        for role, browser in browsers.items():
            expected = 200 if ROLES.index(role) >= ROLES.index(least) else 403
            assert browser.get(path).status_code == expected, (role, path)
    model = site.runtime.scene.files[0].url
    assert nobody.get(model).status_code == 401
    kept = browsers["viewer"].get(model)
    assert kept.status_code == 200
    assert kept.headers["cache-control"].startswith("private"), "a shared cache would give it to anybody"


def test_what_is_not_in_the_table_is_not_there(site: Served, browsers: dict[str, httpx.Client]) -> None:
    async def forgotten(_: Request) -> Response:
        return Response("what nobody should see")

    site.app.add_route("/forgotten", forgotten, methods=["GET", "POST"])
    for role in ROLES:
        assert browsers[role].get("/forgotten").status_code == 404
        assert browsers[role].post("/forgotten", json={}).status_code == 404
        assert browsers[role].get("/api/v1/nope").status_code == 404
    assert client(site).get("/forgotten").status_code == 401
    lost = browsers["viewer"].get("/no/such", headers=HTML)
    assert (lost.status_code, lost.headers["cache-control"]) == (404, "no-store")


def test_a_reader_is_sent_to_the_sign_in_and_back(site: Served) -> None:
    answer = client(site).get("/building/1?lang=zh&sel=1/01", headers=HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=/building/1%3Flang%3Dzh%26sel%3D1/01&lang=zh"
    probe = client(site).get("/readyz")
    assert (probe.status_code, probe.json()) == (200, {"ready": True})
    assert "sources" in sign_in(site, "viewer").get("/readyz").json()


def test_callbacks_are_kept_by_role(site: Served, browsers: dict[str, httpx.Client]) -> None:
    values = {**VALUES, "admin-again.data": {}}
    found = bodies(dash_of(site.app), values)
    admin = next(body for output, body in found.items() if "admin-users" in output)
    page = {**next(body for output, body in found.items() if output == "page.children")}
    assert client(site).post("/_dash-update-component", json=admin).status_code == 401
    assert browsers["planner"].post("/_dash-update-component", json=admin).status_code == 403
    assert browsers["admin"].post("/_dash-update-component", json=admin).status_code == 200
    for path in ("/admin", "/%61dmin", "%2Fadmin"):
        page["inputs"] = [{**page["inputs"][0], "value": {**VALUES["route.data"], "path": path}}]
        told = browsers["operator"].post("/_dash-update-component", json=page)
        assert "admin-users" not in told.text, path
        assert "您的角色不能打开此页" in told.text or told.status_code != 200 or "missing" in told.text
    page["inputs"] = [{**page["inputs"][0], "value": {**VALUES["route.data"], "path": "/admin"}}]
    assert "admin-users" in browsers["admin"].post("/_dash-update-component", json=page).text


def test_a_change_with_a_cookie_proves_that_it_is_ours(site: Served, browsers: dict[str, httpx.Client]) -> None:
    admin = browsers["admin"]
    url, body = "/api/v1/users", b'{"name": "forged", "role": "admin"}'
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        assert admin.post(url, content=body, headers={"Content-Type": kind}).status_code == 403, kind
    foreign = {"Content-Type": "application/json", "Origin": "http://evil.example"}
    assert admin.post(url, content=body, headers=foreign).status_code == 403
    assert admin.post(url, content=b"{}", headers={"Content-Type": "application/json"}).status_code == 422
    facts = re.search(r'"token": "([^"]{43})"', admin.get("/admin", headers=HTML).text)
    assert facts is not None
    told = admin.post(url, content=body, headers={"Content-Type": "text/plain", "X-Campus-Token": facts[1]})
    assert told.status_code == 422, "the token lets it through to the route, which wants JSON"
    other = browsers["viewer"].get("/", headers=HTML).text
    stolen = re.search(r'"token": "([^"]{43})"', other)
    assert stolen is not None
    headers = {"Content-Type": "text/plain", "X-Campus-Token": stolen[1]}
    assert admin.post(url, content=body, headers=headers).status_code == 403, "the token of another session"
    assert not any(user["name"] == "forged" for user in admin.get(url).json())


def test_a_socket_needs_a_session(site: Served) -> None:
    async def run() -> None:
        with pytest.raises(InvalidStatus) as refused:
            async with connect(f"{site.ws}/ws/live"):
                pass
        assert refused.value.response.status_code == 403
        cookie = "; ".join(f"{k}={v}" for k, v in sign_in(site, "viewer").cookies.items())
        async with connect(f"{site.ws}/ws/live", additional_headers={"Cookie": cookie}, max_size=None) as ws:
            assert await ws.recv()

    asyncio.run(run())


def test_keys_for_programs(site: Served, browsers: dict[str, httpx.Client]) -> None:
    made = browsers["admin"].post("/api/v1/keys", json={"name": "reader", "role": "viewer"})
    assert made.status_code == 201
    key = made.json()["key"]
    program = client(site, Authorization=f"Bearer {key}")
    assert program.get("/api/v1/campus").status_code == 200
    assert program.get("/api/v1/users").status_code == 403
    assert program.get("/api/v1/me").json() == {"name": "reader", "role": "viewer", "kind": "key", "wall": ""}
    assert client(site, Authorization=f"Bearer {key}x").get("/api/v1/campus").status_code == 401
    assert key not in str(browsers["admin"].get("/api/v1/keys").json())
    assert key.encode() not in accounts_of(site).store.path.read_bytes()
    # a wrong key is an error, also where a good cookie comes along
    assert browsers["admin"].get("/api/v1/campus", headers={"Authorization": "Bearer x"}).status_code == 401
    assert browsers["admin"].post("/api/v1/keys", json={"name": "reader", "role": "viewer"}).status_code == 409
    assert (
        browsers["admin"].delete(f"/api/v1/keys/{made.json()['id']}", headers={"Origin": site.url}).status_code == 204
    )
    assert program.get("/api/v1/campus").status_code == 401


def test_the_last_admin_stays(site: Served, browsers: dict[str, httpx.Client]) -> None:
    users = {row["name"]: row["id"] for row in browsers["admin"].get("/api/v1/users").json()}
    one = f"/api/v1/users/{users['admin']}"
    assert browsers["admin"].patch(one, json={"role": "viewer"}).status_code == 409
    assert browsers["admin"].patch(one, json={"disabled": True}).status_code == 409
    assert browsers["admin"].delete(one, headers={"Origin": site.url}).status_code == 409
    assert browsers["admin"].patch(one, json={"role": "emperor"}).status_code == 422
    assert browsers["admin"].patch("/api/v1/users/999", json={"role": "viewer"}).status_code == 404


def test_headers_of_what_stands_before_the_product(site: Served) -> None:
    answer = client(site).get("/sign-in?lang=en")
    headers = answer.headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin", "with no-referrer a browser sends its form with Origin: null"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "'unsafe-eval'" not in headers["content-security-policy"]
    assert "strict-transport-security" not in headers
    assert "<script" not in answer.text
    tls = client(site).get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert tls.headers["strict-transport-security"].startswith("max-age=")
    assert "; Secure" in tls.headers["set-cookie"]
    assert "HttpOnly" in tls.headers["set-cookie"]


def test_without_accounts_everybody_is_demo_and_every_page_says_so(tmp_path: Path) -> None:
    with guarded(tmp_path, prepare=create_app, off=True) as served:
        assert served.http.get("/api/v1/me").json() == {"name": "demo", "role": "admin", "kind": "demo", "wall": ""}
        page = served.http.get("/").text
        assert "无需登录" in page
        assert "nobody has to sign in" in page
        assert served.http.get("/sign-in").status_code == 404
        assert served.http.get("/api/v1/users").status_code == 404
        assert served.http.post("/api/v1/notes", json={}).status_code == 422
        rows = served.http.get("/api/v1/audit").json()["items"]
        assert [(row["who"], row["action"], row["target"]) for row in rows] == [
            ("demo", "change", "POST /api/v1/notes")
        ]
    assert policy.may_show(DEMO, "/a/page/of/tomorrow")


def test_visitors_get_sums_only(tmp_path: Path) -> None:
    with guarded(tmp_path, AccountsEntry(visitors=True), prepare=create_app) as served:
        nobody = client(served)
        assert nobody.get("/api/v1/campus").status_code == 200
        assert nobody.get("/api/v1/state").status_code == 401
        assert nobody.get("/", headers=HTML).status_code == 303
        key = ("energy.power", "demo")
        full = served.runtime.hub.open(key[0], "")
        sums = served.runtime.hub.open(key[0], "", totals_only=True)
        assert len(full._leaf_slot) > 0
        assert len(sums._leaf_slot) == 0
        assert len(sums._total_slot) > 0

        async def run() -> bytes:
            async with connect(f"{served.ws}/ws/live", max_size=None) as ws:
                frame = await ws.recv()
                assert isinstance(frame, bytes)
                return frame

        served.feed(room_101=500)
        viewer = sign_in(served, "viewer")
        assert viewer.get("/api/v1/state").status_code == 200
        assert 0 < len(asyncio.run(run())) < 24 * 12, "no entry for any of the 24 rooms"


def test_changes_and_exports_are_in_the_log(site: Served, browsers: dict[str, httpx.Client]) -> None:
    browsers["operator"].post("/api/v1/notes", json={})
    browsers["viewer"].post("/api/v1/notes", json={})
    browsers["admin"].get("/api/v1/audit?format=csv")
    rows = [(r["who"], r["action"], r["target"], r["outcome"]) for r in log_of(site)]
    assert ("operator", "change", "POST /api/v1/notes", "refused (422)") in rows
    assert ("viewer", "change", "POST /api/v1/notes", "refused") in rows
    assert ("admin", "export", "GET /api/v1/audit", "ok") in rows
    assert any(row[:2] == ("admin", "sign-in") for row in rows)
    people.make_display(accounts_of(site), "quiet", "", "admin")
