"""What has a forecast: buildings by their own points or by those below, the campus, main meters; the thermometer."""

from __future__ import annotations

from tests.twin.trees import TREE, campus_of
from twin.forecast.subjects import Subject, outdoor_point, subjects
from twin.live import LiveState
from twin.point import Point
from twin.space import Site, Space
from twin.topology import Edge, Topology
from twin.topology_meters import Meter, meter_tree

AROUND = {"A/1/1": "A/1", "A/1/2": "A/1", "A/2/1": "A/2", "A/1": "A", "A/2": "A", "A": "c", "B/1": "B", "B": "c"}


def live(*entities: str) -> LiveState:
    points = [Point(f"{entity}/power", entity, "power", "kW") for entity in entities]
    return LiveState([*points, Point("A/co2", "A", "co2", "ppm")], TREE, lambda: 0.0)


def ids(*entities: str) -> tuple[str, ...]:
    return tuple(f"{entity}/power" for entity in entities)


def test_a_building_is_its_own_point_else_what_stands_below_it() -> None:
    found = subjects(live("A", "A/1/1", "B/1/1"), {})
    assert found == [
        Subject("A", "building", ids("A")), Subject("B", "building", ids("B/1/1")),
        Subject("c", "campus", (), ("A", "B")),
    ]  # fmt: skip
    below = subjects(live("A/1", "A/1/1", "A/2/1", "pump"), {})
    assert below[0] == Subject("A", "building", ids("A/1", "A/2/1", "pump")), "a storey's meter is not counted twice"


def test_the_campus_is_its_own_point_and_nothing_is_nothing() -> None:
    assert subjects(live("c", "A"), {})[-1] == Subject("c", "campus", ids("c"))
    assert subjects(live(), {}) == []


def test_main_meters_are_those_with_meters_below_unless_they_are_a_buildings() -> None:
    edges = [Edge("M", "meters", "MSB"), Edge("MSB", "feeds", "pump"), Edge("Mp", "meters", "pump"),
             Edge("MB", "meters", "B"), Edge("MB1", "meters", "B/1")]  # fmt: skip
    points = [Point("M/power", "M", "power", "kW"), Point("B/power", "B", "power", "kW"),
              Point("B/1/power", "B/1", "power", "kW"), Point("Mp/power", "Mp", "power", "kW")]  # fmt: skip
    meters: dict[str, Meter] = meter_tree(Topology(edges), AROUND)
    assert {meter.id: meter.main for meter in meters.values()} == {"M": "", "Mp": "M", "MB": "", "MB1": "MB"}
    found = {each.id: each for each in subjects(LiveState(points, TREE, lambda: 0.0), meters)}
    assert found["M"] == Subject("M", "meter", ("M/power",))
    assert set(found) == {"B", "M", "c"}, "the meter of a building is not told beside it"


def test_other_points_are_another_basis() -> None:
    one = Subject("A", "building", ("a", "b"))
    assert one.basis == Subject("A", "building", ("b", "a")).basis
    assert len({one.basis, Subject("A", "building", ("a",)).basis, Subject("A", "building", (), ("a", "b")).basis}) == 3


def test_the_thermometer_outside_is_found_by_where_it_stands() -> None:
    campus = campus_of()
    campus.sites.append(Site("s"))
    campus.buildings[0].storeys[0].spaces.append(Space("A/1/9", "9", category="outdoor"))

    def found(*entities: str) -> str:
        points = [Point(f"{entity}/t", entity, "temperature", "°C") for entity in entities]
        return outdoor_point(campus, [*points, Point("0", "c", "power", "kW")])

    assert found() == found("A/1/1", "A") == ""
    assert found("A/1/1", "s") == "s/t"
    assert found("A/1/9") == "A/1/9/t"
    assert found("s", "c") == "c/t", "of several the first"
