"""Meters under meters, balances, totals by meter; and wires that LLDP tells of."""

from __future__ import annotations

import math

import pytest

from datasources.contract import Neighbour
from tests.twin.quality.replay import Replay
from twin.point import Point
from twin.reading import RawReading
from twin.topology import Edge, Topology
from twin.topology_lldp import uplinks
from twin.topology_meters import balance, meter_tree, rows_of, sub_meters, totals

AROUND = {"A/1/1": "A/1", "A/1/2": "A/1", "A/2/1": "A/2", "A/1": "A", "A/2": "A", "A": "c"}


def meters_edge(meter: str, target: str) -> Edge:
    return Edge(meter, "meters", target)


def test_a_main_is_found_by_meter_by_supply_and_by_place() -> None:
    graph = Topology(
        [
            meters_edge("M", "MSB"), Edge("MSB", "feeds", "L1"), Edge("L1", "feeds", "pump"), meters_edge("M1", "L1"),
            meters_edge("Mp", "pump"), meters_edge("M", "Mx"), meters_edge("Mx", "lift"),
            meters_edge("B", "A"), meters_edge("B1", "A/1"), meters_edge("Br", "A/1/1"),
            meters_edge("alone", "somewhere"),
        ]
    )  # fmt: skip
    tree = meter_tree(graph, AROUND)
    assert {m.id: m.main for m in tree.values()} == {
        "M": "", "M1": "M", "Mp": "M1", "Mx": "M", "B": "", "B1": "B", "Br": "B1", "alone": "",
    }  # fmt: skip
    assert sorted(tree["M"].subs) == ["M1", "Mx"]


def test_meters_in_a_circle_end_nowhere_and_hang_nobody() -> None:
    tree = meter_tree(Topology([meters_edge("a", "b"), meters_edge("b", "a")]), {})
    assert [m.main for m in tree.values()].count("") == 1


@pytest.mark.parametrize(
    ("main", "subs", "verdict"),
    [
        (100.0, [60.0, 38.0], "balanced"), (100.0, [60.0, 20.0], "rest"), (100.0, [60.0, 45.0], "over"),
        (100.0, [60.0, math.nan], "unknown"), (100.0, [110.0, math.nan], "over"), (math.nan, [1.0], "unknown"),
        (0.0, [0.0], "unknown"),
    ],
)  # fmt: skip
def test_balances(main: float, subs: list[float], verdict: str) -> None:
    found = balance(main, subs)
    assert found.verdict == verdict
    assert (found.have, found.of) == (sum(x == x for x in subs), len(subs))


def test_totals_by_meter_take_the_sub_meters_where_a_main_says_nothing() -> None:
    graph = Topology(
        [meters_edge("M", "A"), meters_edge("M1", "A/1"), meters_edge("M2", "A/2"), meters_edge("M3", "A/1/1")]
    )
    tree = meter_tree(graph, AROUND)
    points = [Point(f"p{n}", e, "power", "kW", source="s", address=n) for n, e in
              (("m", "A"), ("1", "M1"), ("2", "A/2"), ("3", "A/1/1"))]  # fmt: skip
    rows = rows_of(tree, points)
    assert rows == {"M": 0, "M1": 1, "M2": 2, "M3": 3}
    assert sub_meters(tree, rows) == [(0, (1, 2)), (1, (3,))]
    replay = Replay(points)
    replay.send_raw({"m": 100.0, "1": 60.0, "2": 30.0, "3": 5.0})
    assert totals(tree, rows, replay.live)["M"].value == 100.0
    replay.ingest.accept([RawReading("m", None, replay.now + 1), RawReading("1", "x", replay.now + 1)], "s")
    found = totals(tree, rows, replay.live)
    assert (found["M"].value, found["M"].have, found["M"].of, found["M"].estimated) == (35.0, 2, 4, True)
    assert found["M3"].estimated is False


def line(target: str, port: str, remote: str, remote_port: str, chassis: str = "") -> Neighbour:
    return Neighbour(target, port, remote, remote_port, remote_chassis=chassis)


def test_lldp_lines_become_uplinks_towards_the_core() -> None:
    names = {"core.example.edu": "CORE", "core": "CORE", "10.0.0.2": "14/SW0", "sw14": "14/SW0", "sw14-5": "14/05/SW1",
             "sw14-6": "14/06/SW1", "00:1A:2b:3c:4d:5e": "14/05/AP1"}  # fmt: skip
    found = uplinks(
        [
            line("core", "Te1/1", "SW14.example.edu", "Te0/1"), line("10.0.0.2", "Te0/1", "CORE", "Te1/1"),
            line("sw14", "Gi1", "sw14-5", "Gi48"), line("sw14-5", "Gi2", "", "eth0", "001a.2b3c.4d5e"),
            line("sw14", "Gi2", "sw14-6", "Gi48"), line("sw14-5", "Gi47", "sw14-6", "Gi47"),
            line("sw14-5", "Gi9", "printer-9", "lan"), line("ghost", "1", "core", "Te1/9"),
        ],
        names,
        {"CORE"},
    )  # fmt: skip
    assert {(e.source, e.target, e.note) for e in found.edges} == {
        ("14/SW0", "CORE", "Te0/1 - Te1/1"), ("14/05/SW1", "14/SW0", "Gi48 - Gi1"),
        ("14/06/SW1", "14/SW0", "Gi48 - Gi2"), ("14/05/AP1", "14/05/SW1", "eth0 - Gi2"),
    }  # fmt: skip
    assert found.unmatched == {"printer-9": ["sw14-5 Gi9"], "ghost": ["ghost 1"]}
    assert found.cross == [("14/05/SW1", "14/06/SW1")]
    graph = Topology(found.edges)
    assert graph.path_to_root("14/05/AP1", "network") == ["14/05/AP1", "14/05/SW1", "14/SW0", "CORE"]
