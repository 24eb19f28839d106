"""What visitors may reach, one by one, and that none of it shows a room, a name, somebody's presence or a small sum."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect

from pages.application import create_app
from server.accounts import policy
from server.accounts.who import VISITOR
from server.visitors import FEWEST, told
from tests.server.accounts.signing import client, guarded, sign_in
from tests.server.serving import Served
from tests.server.test_app import VALUES, bodies, dash_of
from twin.config_accounts import AccountsEntry
from twin.domains import channels
from twin.frame import decode
from twin.slots import SlotTree
from twin.space import Building, Campus, Space, Storey

HTML = {"Accept": "text/html"}
OF_THE_CAMPUS = {
    "GET /api/v1/me", "GET /_dash-layout", "GET /_dash-dependencies", "GET /_reload-hash",
    "POST /_dash-update-component",
    "GET /models/{name}", "WS /ws/live", "GET /sse/live", "GET /tour", "GET /tour/{tour:path}",
    "GET /api/v1/campus", "GET /api/v1/buildings", "GET /api/v1/tours",
    "GET /api/v1/tours/{tour}/media/{step}", "POST /api/v1/tellings", "GET /api/v1/tellings/{telling}",
    "POST /api/v1/tellings/{telling}/screen", "GET /sse/telling/{telling}", "GET /api/v1/tellings/{telling}/qr",
}  # fmt: skip
"""All that visitors may call besides what is public. Whoever adds to it shows below what of it they see; of tours that
is in tests/server/test_tours.py."""
SECRET_WORDS = ("Zhang", "张老师", "10.20.30.40", "aa:bb:cc:dd:ee:ff")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with guarded(tmp_path_factory.mktemp("cache"), AccountsEntry(visitors=True), prepare=named) as running:
        running.feed(room_101=500, room_102=700)
        yield running


def named(app: Any, runtime: Any) -> None:
    """A room that is called after somebody, as in the labels that the viewer loads."""
    labels = next(file for file in runtime.scene.files if "/labels-" in file.url)
    found = json.loads(labels.path.read_bytes())
    found["zh"][0], found["en"][0] = "张老师办公室", "Office of Zhang"
    labels.path.write_text(json.dumps(found, ensure_ascii=False), "utf-8")
    labels.path.with_name(labels.path.name + ".gz").unlink(missing_ok=True)
    create_app(app, runtime)


def test_the_list_of_what_visitors_may_call_is_known() -> None:
    found = {f"{m} {rule.path}" for rule in policy.RULES for m in rule.methods if "visitor" in rule.also}
    assert found == OF_THE_CAMPUS
    modules = {module for module, (_, also) in policy.CALLBACKS.items() if "visitor" in also}
    assert modules == {"pages.application", "pages._parts.twin_view"}


def test_of_the_callbacks_only_the_router_answers_visitors(site: Served) -> None:
    nobody = client(site)
    ran = []
    for output, body in bodies(dash_of(site.app), {**VALUES, "admin-again.data": {}}).items():
        answer = nobody.post("/_dash-update-component", json=body)
        if answer.status_code == 200:
            ran.append(output)
        else:
            assert answer.status_code in (401, 403), output
    assert ran == ["page.children"], "nothing about an entity: neither its name nor a value"
    focus = {"sel": "1/01/101", "ch": "energy.power", "at": "live"}
    details = next(b for o, b in bodies(dash_of(site.app), VALUES).items() if o == "details.children")
    details["inputs"][0]["value"] = focus
    assert nobody.post("/_dash-update-component", json=details).status_code == 403
    assert "101" in sign_in(site, "viewer").post("/_dash-update-component", json=details).text


@pytest.mark.parametrize("path", ["/", "/building/1", "/trends", "/reports", "/feeds", "/check", "/admin", "/alarms"])
def test_no_page_of_the_staff_is_built_for_visitors(site: Served, path: str) -> None:
    nobody = client(site)
    assert nobody.get(path, headers=HTML).status_code == 303
    body = next(b for o, b in bodies(dash_of(site.app), VALUES).items() if o == "page.children")
    body["inputs"][0]["value"] = {**VALUES["route.data"], "path": path}
    told = nobody.post("/_dash-update-component", json=body)
    assert "1/01" not in told.text
    assert "Room" not in told.text


def test_what_is_read_has_no_room_and_no_name(site: Served) -> None:
    nobody = client(site)
    for path in ("/api/v1/me", "/api/v1/campus", "/api/v1/buildings", "/_dash-layout", "/_dash-dependencies"):
        answer = nobody.get(path)
        assert answer.status_code == 200, path
        assert "1/01/101" not in answer.text, path
    labels = next(file.url for file in site.runtime.scene.files if "/labels-" in file.url)
    shown = nobody.get(labels)
    assert shown.headers["cache-control"] == "no-store"
    assert set(shown.json()["zh"]) == set(shown.json()["en"]) == {""}
    assert shown.json()["number"][0] == "101"
    assert "Office of Zhang" in sign_in(site, "viewer").get(labels).text
    for file in site.runtime.scene.files:
        content = nobody.get(file.url).content
        assert not any(word.encode() in content for word in SECRET_WORDS), file.url


SHUT = (
    "points spaces storeys state occupancy alarms incidents search?q=1 sources quality links neighbours hooks"
    " notifications history frames notes trends audit users displays forecast"
)


@pytest.mark.parametrize("path", SHUT.split())
def test_what_is_about_rooms_people_addresses_or_alarms_is_shut(site: Served, path: str) -> None:
    assert client(site).get(f"/api/v1/{path}").status_code == 401


def test_the_stream_of_alarms_is_shut(site: Served) -> None:
    assert client(site).get("/sse/alarms").status_code == 401


def frame_of(site: Served, channel: str, headers: dict[str, str]) -> Any:
    async def run() -> Any:
        async with connect(f"{site.ws}/ws/live?channel={channel}", additional_headers=headers, max_size=None) as ws:
            frame = await ws.recv()
            assert isinstance(frame, bytes)
            return decode(frame)

    return asyncio.run(run())


def test_live_values_are_sums_of_many_rooms_and_nothing_of_people(site: Served) -> None:
    viewer = sign_in(site, "viewer")
    cookie = {"Cookie": "; ".join(f"{k}={v}" for k, v in viewer.cookies.items())}
    tree = site.runtime.live.tree
    for key, channel in channels().items():
        frame = frame_of(site, key, {})
        assert len(frame.leaves.slot) == 0, key
        if channel.quantity in ("people", "clients", "pir"):
            assert len(frame.totals.slot) == 0, key
    power = frame_of(site, "energy.power", {})
    assert [tree.ids[slot] for slot in power.totals.slot] == ["demo", "1", "2", "1/01", "1/02", "2/01", "2/02"]
    assert len(frame_of(site, "energy.power", cookie).leaves.slot) == 24


def campus(rooms: list[list[int]]) -> SlotTree:
    """Buildings of storeys with so many rooms that have values."""
    made = Campus("c", {"en": "c"})
    for b, storeys in enumerate(rooms):
        building = Building(f"{b}", {})
        for s, n in enumerate(storeys):
            storey = Storey(f"{b}/{s}", {})
            storey.spaces = [Space(f"{b}/{s}/{r}", str(r)) for r in range(n)]
            building.storeys.append(storey)
        made.buildings.append(building)
    ids = ["c", *(b.id for b in made.buildings), *(s.id for b in made.buildings for s in b.storeys),
           *(r.id for b in made.buildings for s in b.storeys for r in s.spaces)]  # fmt: skip
    return SlotTree.of(made, ids)


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), max_size=5))
def test_no_difference_of_sums_shows_fewer_rooms_than_a_sum_may_have(rooms: list[list[int]]) -> None:
    tree = campus(rooms)
    spaces = tree.level == 3
    under = {slot: frozenset(np.flatnonzero(tree.under(slot) & spaces).tolist()) for slot in range(len(tree.ids))}
    total = np.array([bool(under[slot]) for slot in range(len(tree.ids))]) & ~spaces
    seen = told(tree, spaces, total)
    cells = [under[slot] for slot in np.flatnonzero(seen).tolist()]
    assert all(len(cell) >= FEWEST for cell in cells)
    for one, other in itertools.permutations(cells, 2):
        if one > other:
            assert len(one - other) == 0 or len(one - other) >= FEWEST, (one, other)
    for slot in np.flatnonzero(seen).tolist():
        parts = [under[part] for part in np.flatnonzero((tree.parent == slot) & seen).tolist()]
        rest = under[slot].difference(*parts) if parts else under[slot]
        assert len(rest) == 0 or len(rest) >= FEWEST, "what is left of a whole"


def test_visitors_are_not_there_unless_they_are_wanted(tmp_path: Path) -> None:
    with guarded(tmp_path, prepare=create_app) as served:
        for path in ("/api/v1/campus", "/api/v1/me", "/_dash-layout"):
            assert client(served).get(path).status_code == 401
    assert policy.may_run(VISITOR, "pages.application", "show_page")
    assert not policy.may_run(VISITOR, "pages.application", "show_details")
