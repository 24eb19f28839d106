"""Meters against their sub-meters as they stand now: coverage, estimates, quality and time."""

from __future__ import annotations

import math

import pytest

from tests.twin.quality.replay import MONDAY, Replay
from twin.meter_values import MeterReader, MeterState
from twin.point import Point
from twin.reading import Quality, RawReading
from twin.topology import Edge, Topology
from twin.topology_meters import meter_tree, rows_of

AROUND = {"A/1/1": "A/1", "A/1/2": "A/1", "A/2/1": "A/2", "A/1": "A", "A/2": "A", "A": "c"}
OF = {"M": "A", "M1": "A/1", "M2": "A/2", "M11": "A/1/1", "M12": "A/1/2"}


class Tree:
    """M above M1 and M2, M1 above M11 and M12; each with a point [kW], but those in ``without``."""

    def __init__(self, *without: str) -> None:
        self.meters = meter_tree(Topology([Edge(meter, "meters", place) for meter, place in OF.items()]), AROUND)
        points = [
            Point(meter, meter, "power", "kW", interval_s=600, stale_s=3600, source="s", address=meter)
            for meter in OF if meter not in without
        ]  # fmt: skip
        self.rows = rows_of(self.meters, points)
        self.replay = Replay(points)

    def say(self, **values: float) -> None:
        now = self.replay.now
        self.replay.ingest.accept([RawReading(name, value, now, now) for name, value in values.items()], "s")

    def states(self) -> dict[str, MeterState]:
        return {state.meter.id: state for state in MeterReader(self.meters, self.rows).states(self.replay.live)}


def test_every_meter_stands_before_those_below_it() -> None:
    states = list(Tree().states().values())
    assert [(state.meter.id, state.level) for state in states] == [
        ("M", 0), ("M1", 1), ("M11", 2), ("M12", 2), ("M2", 1)]  # fmt: skip
    assert [state.subs is None for state in states] == [False, False, True, True, True]


def test_own_value_sum_and_what_is_left_over() -> None:
    tree = Tree()
    tree.say(M11=10, M12=25)
    tree.replay.now += 60
    tree.say(M=100, M1=40, M2=58)
    states = tree.states()
    main, sub = states["M"], states["M1"]
    assert main.own == 100
    assert main.subs is not None
    assert (main.subs.value, main.subs.have, main.subs.of, main.subs.estimated) == (98, 2, 2, 0)
    assert (main.subs.quality, main.subs.oldest) == (Quality.GOOD, MONDAY + 60)
    assert main.rest == 2
    assert main.balance is not None
    assert main.balance.verdict == "balanced"
    assert sub.subs is not None
    assert (sub.subs.value, sub.rest, sub.subs.oldest) == (35, 5, MONDAY)
    assert sub.balance is not None
    assert sub.balance.verdict == "rest"
    assert states["M11"].balance is None


def test_a_silent_sub_meter_is_replaced_by_those_below_it() -> None:
    tree = Tree("M1")
    tree.say(M=100, M2=58, M11=10, M12=25)
    main = tree.states()["M"]
    assert main.subs is not None
    assert (main.subs.value, main.subs.have, main.subs.of, main.subs.estimated) == (93, 2, 2, 1)
    assert main.subs.quality == Quality.UNCERTAIN
    assert main.balance is not None
    assert main.balance.verdict == "balanced", "7 % over, of which losses explain 6 and accuracy 2"


@pytest.mark.parametrize(
    ("values", "have", "total", "verdict"),
    [
        ({"M": 100, "M2": 58}, 1, 58, "unknown"),
        ({"M": 100, "M2": 58, "M11": 10}, 2, 68, "unknown"),  # M12 is silent, so M1 is not known
        ({"M": 100, "M2": 110, "M11": 10}, 2, 120, "over"),
        ({"M": 100}, 0, None, "unknown"),
        ({"M2": 58, "M11": 10, "M12": 20}, 2, 88, "unknown"),
    ],
)
def test_where_something_is_silent_only_too_much_is_told(
    values: dict[str, float], have: int, total: float | None, verdict: str
) -> None:
    tree = Tree("M1")
    tree.say(**values)
    main = tree.states()["M"]
    assert main.subs is not None
    assert main.balance is not None
    assert (main.subs.have, main.subs.of, main.subs.value, main.balance.verdict) == (have, 2, total, verdict)
    assert (main.rest is None) == (total is None or "M" not in values)
    assert main.subs.quality == (Quality.UNCERTAIN if have else Quality.NONE)


def test_what_is_stale_or_bad_counts_nowhere() -> None:
    tree = Tree()
    tree.say(M=100, M1=40, M2=58, M11=10, M12=25)
    tree.replay.now += 3000
    tree.say(M=100, M1=math.nan, M11=12, M12=25)
    tree.replay.now += 700
    tree.replay.live.tick()
    main = tree.states()["M"]
    assert main.subs is not None
    assert (main.subs.value, main.subs.have, main.subs.estimated) == (37, 1, 1), "M2 is stale, M1 bad"
    tree.replay.now += 3600
    tree.replay.live.tick()
    assert tree.states()["M"].own is None
