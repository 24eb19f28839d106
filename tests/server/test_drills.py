"""Drills over HTTP: begun and ended, told with what they take; none where nothing is simulated; who may; kept."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from server.accounts import policy
from server.accounts.who import Role, Who
from server.app import create_server
from server.drill_desk import FILE, drills_of
from server.runtime import Runtime, build_runtime
from tests.server.serving import Served

ROLES: tuple[Role, ...] = ("viewer", "operator", "planner")
Call = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    return build_runtime(cache=tmp_path_factory.mktemp("drills"), spaces=300)


@pytest.fixture
def call(demo: Runtime) -> Call:
    """Ask in this process; no source runs."""
    app = create_server(demo)

    def ask(method: str, path: str = "", **given: Any) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                return await client.request(method, f"/api/v1/drills{path}", **given)

        return asyncio.run(once())

    return ask


def test_a_drill_is_begun_told_kept_and_ended(call: Call, demo: Runtime) -> None:
    early = call("GET").json()
    assert {kind["things"] for kind in early["kinds"]} == {0}, "the simulator has not begun"
    drills = drills_of(demo)
    assert drills is not None
    drills.follow(demo.assembled.points, 1)
    kinds = {kind["kind"]: kind for kind in call("GET").json()["kinds"]}
    assert (kinds["switch"]["alarm_after_s"], kinds["gateway"]["alarm_after_s"], kinds["pump"]["alarm_after_s"]) == (
        30, 600, None
    )  # fmt: skip
    assert (kinds["air"]["things"] > 10, kinds["switch"]["things"]) == (True, 0), "so small a demo has no network"
    building = demo.assembled.campus.buildings[0].id
    begun = call("POST", json={"kind": "gateway", "place": building, "minutes": 20})
    assert begun.status_code == 201, begun.text
    drill = begun.json()
    assert drill["place"] == building
    assert (drill["simulated"], drill["over"], drill["names"]["zh"]) == (True, False, "楼宇电表网关故障")
    assert demo.state_folder is not None
    assert [row["id"] for row in json.loads((demo.state_folder / FILE).read_text())] == [drill["id"]]
    assert any(fault.kind == "silent" for fault in drills.spoiled)
    over = call("DELETE", f"/{drill['id']}").json()
    assert over["over"]
    assert [row["over"] for row in call("GET").json()["items"]] == [True]
    assert call("DELETE", f"/{drill['id']}").status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"kind": "flood"}, 422, "kind"), ({"kind": "air", "minutes": 0}, 422, "minutes"),
        ({"kind": "air", "place": "nowhere"}, 404, "nowhere"), ({"kind": "line", "place": "{b}"}, 409, "line"),
        ({"kind": "air", "more": 1}, 422, "more"),
    ],
)  # fmt: skip
def test_what_cannot_be_says_why(call: Call, demo: Runtime, body: dict[str, Any], status: int, word: str) -> None:
    drills = drills_of(demo)
    assert drills is not None
    drills.follow(demo.assembled.points, 1)
    body = {key: demo.assembled.campus.buildings[0].id if value == "{b}" else value for key, value in body.items()}
    answer = call("POST", json=body)
    assert answer.status_code == status, answer.text
    assert word in answer.text


def test_there_is_none_where_nothing_is_simulated(served: Served) -> None:
    answer = served.http.get("/api/v1/drills")
    assert answer.status_code == 404
    assert "nothing of this campus is simulated" in answer.json()["detail"]
    assert served.http.post("/api/v1/drills", json={"kind": "air"}).status_code == 404


def test_planners_may_and_operators_may_not() -> None:
    for method, path in (
        ("GET", "/drills"),
        ("GET", "/api/v1/drills"),
        ("POST", "/api/v1/drills"),
        ("DELETE", "/api/v1/drills/1"),
    ):
        rule = policy.find(method, path)
        assert rule is not None
        assert [policy.may(Who("x", role, "local"), rule, path) for role in ROLES] == [
            False, False, True
        ]  # fmt: skip
