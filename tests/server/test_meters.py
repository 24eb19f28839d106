"""``GET /api/v1/meters``: values, sums, differences, coverage, pages and filters, over a real server."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from server.schemas_meters import MetersOut
from tests.server.serving import Served, serve, small_campus
from twin import topology_meters
from twin.live import LiveState
from twin.meter_values import MeterReader
from twin.point import Point
from twin.quality.finding import Hit
from twin.reading import UNIT, RawReading
from twin.space import Equipment
from twin.topology import Edge, Topology, TopologyFacts, surroundings
from twin.topology_meters import meter_tree


@pytest.fixture(scope="module")
def metered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A main for each of two buildings; in building 1 one for each storey; a water meter."""
    built = small_campus()
    meters = {"1/EM": "1", "1/01/EM": "1/01", "1/02/EM": "1/02", "2/EM": "2"}
    for meter, place in meters.items():
        built.campus.equipment.append(Equipment(meter, {"en": f"Meter {place}", "zh": f"电表 {place}"}, "meter", place))
        built.points.append(Point(f"{meter}/power", meter, "power", "kW", source="feed", address=meter, stale_s=60.0))
    built.campus.equipment.append(Equipment("2/WM", {"en": "Water"}, "water-meter", "2"))
    built.points.append(Point("2/WM/flow", "2/WM", "flow", "m³/h", source="feed", address="2/WM", stale_s=60.0))
    edges = [Edge(meter, "meters", place) for meter, place in meters.items()]
    built.topology = TopologyFacts(edges=[*edges, Edge("2/WM", "meters", "2", "water")])
    with serve(tmp_path_factory.mktemp("cache"), built) as running:
        yield running


def say(served: Served, age_s: float = 0.0, **values: float) -> None:
    now = time.time()
    served.readings([RawReading(name.replace("_", "/"), v, now, now - age_s) for name, v in values.items()])


def get(served: Served, status: int = 200, **query: Any) -> Any:
    answer = served.http.get("/api/v1/meters", params=query)
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_main_its_sub_meters_and_what_is_left_over(metered: Served) -> None:
    say(metered, 5.0, **{"1_01_EM": 30.5, "1_02_EM": 40})
    say(metered, 2.0, **{"1_EM": 100})
    answer = get(metered)
    MetersOut.model_validate(answer)
    assert (answer["quantity"], answer["unit"], answer["tolerated_percent"]) == ("power", "kW", [-2.0, 8.0])
    assert [(row["id"], row["main"], row["level"]) for row in answer["items"]] == [
        ("1/EM", "", 0), ("1/01/EM", "1/EM", 1), ("1/02/EM", "1/EM", 1), ("2/EM", "", 0), ("2/WM", "", 0)]  # fmt: skip
    main = answer["items"][0]
    assert (main["kind"], main["names"]["zh"], main["place"], main["medium"], main["meters"]) == (
        "meter", "电表 1", "1", "electricity", ["1"])  # fmt: skip
    own, total = main["own"], main["sum"]
    assert (own["point"], own["value"], own["unit"], own["quality"], own["origin"]) == (
        "1/EM/power", 100, "kW", "good", "measured")  # fmt: skip
    assert own["age_s"] < total["age_s"]
    assert (total["value"], total["have"], total["of"], total["coverage_percent"], total["quality"]) == (
        70.5, 2, 2, 100, "good")  # fmt: skip
    assert 5 <= total["age_s"] < 15
    assert (main["difference"], main["difference_percent"], main["verdict"]) == (29.5, 29.5, "rest")
    leaf = answer["items"][1]
    assert (leaf["sum"], leaf["difference"], leaf["verdict"], leaf["sub_meters"]) == (None, None, None, [])
    silent = answer["items"][3]
    assert (silent["own"]["value"], silent["own"]["quality"], silent["sum"]) == (None, "none", None)
    assert answer["items"][4]["own"] is None, "a water meter has no power"
    assert answer["verdicts"] == {"rest": 1}


def test_what_is_silent_is_told_by_the_coverage(metered: Served) -> None:
    say(metered, **{"1_EM": 100, "1_01_EM": 30})
    now = time.time()
    metered.readings([RawReading("1/02/EM", None, now, now)])
    main = get(metered, building="1")["items"][0]
    assert (main["sum"]["value"], main["sum"]["have"], main["sum"]["of"], main["sum"]["coverage_percent"]) == (
        30, 1, 2, 50)  # fmt: skip
    assert (main["sum"]["quality"], main["difference"], main["verdict"]) == ("uncertain", 70, "unknown")


def test_meters_of_a_place_page_by_page(metered: Served) -> None:
    def ids(**query: Any) -> list[str]:
        return [row["id"] for row in get(metered, **query)["items"]]

    assert ids(building="2") == ["2/EM", "2/WM"]
    assert ids(storey="1/02") == ["1/02/EM"]
    assert ids(medium="water") == ["2/WM"]
    assert ids(main="") == ["1/EM", "2/EM", "2/WM"]
    assert ids(main="1/EM") == ["1/01/EM", "1/02/EM"]
    page = get(metered, limit=2, offset=2)
    assert ([row["id"] for row in page["items"]], page["total"], page["next_offset"]) == (["1/02/EM", "2/EM"], 5, 4)
    assert get(metered, limit=2, offset=4)["next_offset"] is None
    say(metered, **{"1_EM": 50, "1_01_EM": 30, "1_02_EM": 40})
    assert ids(verdict="over") == ["1/EM"]
    assert ids(verdict="balanced") == []
    get(metered, 404, building="99")
    get(metered, 404, main="nobody")
    for wrong in ({"limit": 0}, {"quantity": "temperature"}, {"medium": "beer"}, {"verdict": "fine"}):
        get(metered, 422, **wrong)


def test_other_meters_have_their_own_quantity(metered: Served) -> None:
    say(metered, **{"2_WM": 3.5})
    answer = get(metered, quantity="flow", medium="water")
    assert (answer["unit"], answer["items"][0]["own"]["value"]) == ("m³/h", 3.5)


def test_an_open_finding_of_the_check_is_named(metered: Served) -> None:
    runtime = metered.runtime
    row = runtime.live.index["1/EM/power"]
    figures = {"main": 1.0, "sum": 2.0, "n": 2, "share_percent": 200.0, "usual_percent": 95.0, "hours": 6}
    hit = Hit((row,), time.time(), figures, "over")
    ledger = runtime.watch.ledger
    metered.call(lambda: ledger.update("submeter", ledger.keyed([hit]), time.time()))
    main = get(metered, building="1")["items"][0]
    assert main["finding"] is not None
    listed = metered.http.get("/api/v1/quality", params={"check": "submeter", "open": "true"}).json()["items"]
    assert main["finding"] == listed[0]["id"]


class Counted:
    """How often the points of the meters were looked for, and their values added up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found = self.added = 0
        find, add = topology_meters.rows_of, MeterReader.states

        def rows_of(*given: Any) -> Any:
            self.found += 1
            return find(*given)

        def states(*given: Any) -> Any:
            self.added += 1
            return add(*given)

        monkeypatch.setattr("server.meters.rows_of", rows_of)
        monkeypatch.setattr(MeterReader, "states", states)

    def work(self) -> tuple[int, int]:
        done, self.found, self.added = (self.found, self.added), 0, 0
        return done


def test_nothing_is_worked_out_twice_until_a_value_of_the_quantity_changes(
    metered: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(metered, **{"1_EM": 100, "1_01_EM": 30, "1_02_EM": 60})
    get(metered)
    counted = Counted(monkeypatch)
    queries: list[dict[str, Any]] = [{}, {"building": "1"}, {"main": ""}, {"verdict": "rest"}]
    for query in queries:
        get(metered, **query)
    assert counted.work() == (0, 0)
    say(metered, **{"2_WM": 8.0})
    get(metered)
    assert counted.work() == (0, 0), "water is no power"
    assert get(metered, quantity="flow", medium="water")["items"][0]["own"]["value"] == 8
    say(metered, **{"1_02_EM": 65})
    assert get(metered, building="1")["items"][0]["sum"]["value"] == 95
    assert counted.work()[1] == 2


def test_what_turns_stale_or_doubtful_counts_no_more(metered: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    say(metered, **{"1_EM": 100, "1_01_EM": 30, "1_02_EM": 60})
    live = metered.runtime.live

    def have() -> int:
        found: int = get(metered, building="1")["items"][0]["sum"]["have"]
        return found

    assert have() == 2
    row = live.index["1/01/EM/power"]
    metered.call(lambda: live.remark(np.array([row]), UNIT, add=True))
    assert have() == 1
    metered.call(lambda: live.remark(np.array([row]), UNIT, add=False))
    assert have() == 2
    monkeypatch.setattr(live, "clock", lambda: time.time() + 3600)
    assert metered.call(live.tick) > 0
    assert have() == 0


def test_other_meters_other_names_and_other_points_are_seen_at_once(
    metered: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = metered.runtime
    say(metered, **{"1_EM": 100, "1_01_EM": 30, "1_02_EM": 60})
    assert get(metered, building="1")["items"][0]["sum"]["value"] == 90
    topology = Topology([edge for edge in runtime.topology.edges if edge.source != "1/02/EM"])
    monkeypatch.setattr(runtime, "meters", meter_tree(topology, surroundings(runtime.assembled.campus)))
    assert get(metered, building="1")["items"][0]["sum"]["value"] == 30
    campus = copy.deepcopy(runtime.assembled.campus)
    next(item for item in campus.equipment if item.id == "1/EM").names["en"] = "Renamed"
    monkeypatch.setattr(runtime, "assembled", replace(runtime.assembled, campus=campus))
    assert get(metered, building="1")["items"][0]["names"]["en"] == "Renamed"
    points = [replace(p, id=f"{p.id}-new") for p in runtime.live.points]
    monkeypatch.setattr(runtime, "live", LiveState(points, runtime.live.tree))
    main = get(metered, building="1")["items"][0]
    assert (main["own"]["point"], main["own"]["value"]) == ("1/EM/power-new", None)


def test_the_demo_has_a_main_for_each_building(tmp_path: Path) -> None:
    from models3d.demo import demo_campus

    with serve(tmp_path, demo_campus(seed=1, spaces=600)) as demo:
        answer = get(demo, main="", medium="electricity", limit=1000)
        buildings = demo.runtime.assembled.campus.buildings
        assert {row["id"] for row in answer["items"]} == {f"{b.id}/EM" for b in buildings}
        assert all(row["sum"]["of"] == len(row["sub_meters"]) for row in answer["items"])
