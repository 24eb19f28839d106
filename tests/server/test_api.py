"""``/api/v1``: what it answers, page by page, and how it refuses."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from datasources.runner import SourceConfig
from server.schemas import StateOut
from tests.server.serving import Served, serve, small_campus
from twin.reading import RawReading


def get(served: Served, path: str, status: int = 200) -> Any:
    answer = served.http.get(f"/api/v1/{path}")
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) >= {"type", "title", "status", "detail"}
    return answer.json()


def test_the_campus(served: Served) -> None:
    campus = get(served, "campus")
    assert (campus["buildings"], campus["storeys"], campus["spaces"], campus["points"]) == (2, 4, 24, 24)
    assert campus["names"]["zh"] == "测试校园"
    assert campus["scene_url"] == served.runtime.scene.scene_url
    assert [row["key"] for row in campus["channels"]][:1] == ["energy.power"]


def test_buildings_storeys_spaces(served: Served) -> None:
    buildings = get(served, "buildings")["items"]
    assert [(b["id"], b["storeys"], b["spaces"], b["area_m2"]) for b in buildings] == [
        ("1", 2, 12, 192),
        ("2", 2, 12, 192),
    ]
    assert [s["id"] for s in get(served, "storeys?building=2")["items"]] == ["2/01", "2/02"]
    assert get(served, "spaces?storey=1/02&category=laboratory")["total"] == 3
    assert get(served, "spaces?min_area_m2=17")["total"] == 0
    room = get(served, "spaces?building=1&limit=1")["items"][0]
    assert (room["id"], room["building"], room["storey"], room["area_m2"]) == ("1/01/101", "1", "1/01", 16)


def test_pages_of_a_list_cover_it_once(served: Served) -> None:
    seen: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = get(served, f"spaces?limit=7&offset={offset}")
        assert page["total"] == 24
        seen += [row["id"] for row in page["items"]]
        offset = page["next_offset"]
    assert len(seen) == len(set(seen)) == 24
    assert get(served, "spaces?offset=24") == {
        "items": [],
        "total": 24,
        "limit": 100,
        "offset": 24,
        "next_offset": None,
    }


@pytest.mark.parametrize(
    "query",
    ["spaces?limit=0", "spaces?limit=1001", "spaces?offset=-1", "spaces?min_area_m2=nan", "spaces?limit=x", "search?q=",
     f"spaces?building={'x' * 300}"],
)  # fmt: skip
def test_a_wrong_query_says_which_part(served: Served, query: str) -> None:
    problem = get(served, query, 422)
    assert query.partition("?")[2].partition("=")[0] in problem["detail"]


def test_points_by_place_domain_and_quantity(served: Served) -> None:
    assert get(served, "points?building=1")["total"] == 12
    assert get(served, "points?storey=1/01")["total"] == 6
    assert get(served, "points?space=1/01/101")["items"][0]["unit"] == "kW"
    assert get(served, "points?domain=energy&quantity=power")["total"] == 24
    assert get(served, "points?quantity=co2")["total"] == 0
    get(served, "points?building=99", 404)


def test_the_latest_of_a_point(served: Served) -> None:
    before = time.time()
    served.readings([RawReading("1/01/104", 2500, before, time=before - 3)])
    latest = get(served, "points/1/01/104/power/latest")
    assert (latest["point"], latest["value"], latest["unit"]) == ("1/01/104/power", 2.5, "kW")
    assert (latest["quality"], latest["stale"], latest["origin"], latest["reasons"]) == ("good", False, "measured", [])
    assert 3 <= latest["age_s"] < 10
    assert latest["time"].endswith("Z")
    get(served, "points/none/latest", 404)


def test_the_state_has_a_total_with_coverage_for_every_level(cache: Path) -> None:
    with serve(cache) as served:
        served.feed(room_101=500, room_102=1500)
        answer = get(served, "state?domain=energy")
        StateOut.model_validate(answer)
        campus = answer["campus"]
        assert (campus["value"], campus["have"], campus["of"], campus["quality"]) == (2.0, 2, 24, "good")
        assert [b["value"] for b in answer["buildings"]] == [2.0, None]
        assert [s["id"] for s in answer["storeys"]] == ["1/01", "1/02", "2/01", "2/02"]
        rooms = {row["id"]: row for row in answer["spaces"]}
        assert rooms["1/01/101"]["value"] == 0.5
        assert (rooms["2/01/101"]["value"], rooms["2/01/101"]["quality"]) == (None, "none")
        one = get(served, "state?domain=energy.power&building=2")
        assert {row["id"].split("/")[0] for row in one["spaces"]} == {"2"}
        get(served, "state?domain=magic", 404)
        get(served, "state?building=99", 404)


def test_the_state_of_2000_rooms_comes_in_pieces_that_fit(cache: Path) -> None:
    with serve(cache, small_campus(1, 1, 2500)) as served:
        answer = get(served, "state")
        assert [row["id"] for row in answer["spaces"]] == [f"1/01/1{n:02}" for n in range(1, 2501)]


def test_sources_say_how_they_are_and_what_they_brought(cache: Path) -> None:
    with serve(cache, sources=[SourceConfig("feed", "no-such-type")]) as served:
        served.readings([RawReading("1/01/101", "rubbish", time.time()), RawReading("elsewhere", 1, time.time())])
        (source,) = get(served, "sources")
        assert (source["name"], source["points"], source["state"]) == ("feed", 24, "misconfigured")
        assert "no-such-type" in source["reason"]
        assert (source["readings"], source["bad"], source["unmapped"]) == (2, 1, 1)
        assert source["unmapped_names"] == {"elsewhere": 1}
        assert source["samples"][0]["raw"] == "rubbish"


def test_search_and_check(served: Served) -> None:
    assert get(served, "search?q=101")[0]["id"].endswith("101")
    check = get(served, "check")
    assert check["files"] == [{"path": "house.ifc", "ok": True}]
    assert check["findings"][0]["position"] == [1, 2, 3]


def test_openapi_names_every_route(served: Served) -> None:
    paths = get(served, "openapi.json")["paths"]
    # those of alarms: tests/server/test_alarms.py, test_hooks.py, test_notify.py; of accounts:
    # tests/server/accounts/test_gate.py has the table of all
    others = {"alarms", "hooks", "notifications", "incidents", "log", "handover", "views", "displays", "walls"}
    others |= {"users", "keys", "kiosks", "audit", "me", "drills", "tours", "tellings", "follow", "visits"}
    paths = {path: row for path, row in paths.items() if path.split("/")[3] not in others}
    assert set(paths) == {
        f"/api/v1/{name}"
        for name in ("campus", "buildings", "storeys", "spaces", "points", "points/{point}/latest", "state", "sources",
                     "search", "check", "readings", "quality", "impact", "mapping/accept", "mapping/suggestions",
                     "impact/scene", "kpis", "kpis/history", "occupancy", "links", "meters", "neighbours",
                     "points/{point}/provenance",
                     "history", "frames", "frames/links", "forecast", "models", "models/{entity}",
                     "points/{point}/series", "series", "trends", "trends/carpet", "trends/duration", "trends/flows",
                     "trends/ranking", "trends/find", "trends/names", "notes", "notes/{note}", "reports")
    }  # fmt: skip
    assert set(paths.pop("/api/v1/notes")) == {"get", "post"}
    assert set(paths.pop("/api/v1/notes/{note}")) == {"delete"}
    in_bytes = ("/api/v1/frames", "/api/v1/impact/scene")
    for path, methods in paths.items():
        (method,) = methods
        assert (method == "post") == (path in ("/api/v1/readings", "/api/v1/mapping/accept"))
        kind = "application/octet-stream" if path in in_bytes else "application/json"
        schema = methods[method]["responses"]["200"]["content"][kind]["schema"]
        assert schema, path
