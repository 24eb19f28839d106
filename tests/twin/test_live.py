"""The live columns: ages by a clock that the test sets, order, duplicates, versions."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.trees import TREE
from twin.domains import channels
from twin.ingest import Ingest
from twin.live import MAX_REASONS, Columns, LiveState, Reasons
from twin.point import Point
from twin.reading import OVERDUE, Quality, RawReading

POINTS = [
    Point("p1", "A/1/1", "power", "W", source="s", address="a1", stale_s=30),
    Point("p2", "A/1/2", "power", "kW", source="s", address="a2", stale_s=90),
    Point("t1", "pump", "temperature", "K", source="s", address="t1"),
    Point("lost", "nowhere", "power", "kW", source="s", address="lost"),
]
POWER = channels()["energy.power"]
T0 = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = T0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(clock: Clock) -> LiveState:
    return LiveState(POINTS, TREE, clock)


@pytest.fixture
def ingest(live: LiveState, clock: Clock) -> Ingest:
    return Ingest(POINTS, live, clock)


def test_a_point_that_never_spoke_has_no_value_no_age_and_quality_none(live: LiveState) -> None:
    latest = live.latest("p1")
    assert (latest.value, latest.time, latest.received, latest.age_s) == (None, None, None, None)
    assert latest.quality == Quality.NONE
    assert live.rolled(POWER).flags[TREE.index["A/1/1"]] == Quality.NONE


def test_each_point_turns_stale_after_its_own_time_and_keeps_its_value(
    live: LiveState, ingest: Ingest, clock: Clock
) -> None:
    ingest.accept([RawReading("a1", 1000, T0), RawReading("a2", 2, T0)], "s")
    assert live.rolled(POWER).value[0] == 3
    clock.now = T0 + 31
    assert live.tick() == 1
    assert live.latest("p1").stale
    assert live.latest("p1").value == 1
    assert not live.latest("p2").stale
    rolled = live.rolled(POWER)
    assert (rolled.value[0], rolled.have[0], rolled.of[0]) == (2, 1, 2)
    clock.now = T0 + 91
    assert live.tick() == 1
    assert np.isnan(live.rolled(POWER).value[0])
    assert live.tick() == 0


def test_a_value_whose_next_is_over_an_interval_late_still_counts_and_is_uncertain(
    live: LiveState, ingest: Ingest, clock: Clock
) -> None:
    """One is stale before it could be overdue; the other is due after 60 s, overdue after 120, stale after 180."""
    ingest.accept([RawReading("a1", 1000, T0), RawReading("t1", 293.15, T0)], "s")
    slot = TREE.index["A/2/1"]
    clock.now = T0 + 119
    live.tick()
    assert not live.overdue.any()
    assert (live.latest("t1").quality, live.rolled_up("temperature", "mean").flags[slot] & 3) == (
        Quality.GOOD,
        Quality.GOOD,
    )
    version = live.quantity_version("temperature")
    clock.now = T0 + 121
    assert live.tick() == 1
    assert live.quantity_version("temperature") > version, "whoever shows it hears of it"
    latest, rolled = live.latest("t1"), live.rolled_up("temperature", "mean")
    assert (latest.quality, latest.reasons, latest.stale) == (Quality.UNCERTAIN, (OVERDUE,), False)
    assert (rolled.have[slot], rolled.flags[slot] & 3) == (1, Quality.UNCERTAIN)
    clock.now = T0 + 181
    assert live.tick() == 1
    assert (live.latest("t1").quality, live.latest("t1").reasons, live.latest("t1").stale) == (Quality.GOOD, (), True)
    ingest.accept([RawReading("t1", 294.15, clock.now)], "s")
    assert not live.overdue.any()
    assert live.latest("t1").quality == Quality.GOOD


def test_the_version_rises_only_for_the_quantity_that_changed(live: LiveState, ingest: Ingest) -> None:
    calls: list[int] = []
    live.listeners.append(lambda: calls.append(live.version))
    ingest.accept([RawReading("t1", 300.0, T0)], "s")
    assert live.quantity_version("power") == 0
    assert live.quantity_version("temperature") == live.version == 1
    before = live.rolled(POWER)
    assert live.rolled(POWER) is before
    ingest.accept([RawReading("a1", 5, T0)], "s")
    assert live.rolled(POWER) is not before
    assert calls == [1, 2]


def test_a_point_of_an_equipment_counts_where_that_stands_and_a_lost_one_nowhere(
    live: LiveState, ingest: Ingest
) -> None:
    ingest.accept([RawReading("t1", 293.15, T0), RawReading("lost", 99, T0)], "s")
    assert live.latest("t1").value == pytest.approx(20)
    assert live.slot[live.index["t1"]] == TREE.index["A/2/1"]
    assert live.of_entity("pump")[0].value == pytest.approx(20)
    assert live.of_entity("A/2/1") == []
    assert live.latest("lost").value == 99
    assert live.rolled(POWER).of[0] == 2


def test_reasons_are_bounded() -> None:
    reasons = Reasons()
    numbers = {reasons.id((f"word {n}",)) for n in range(MAX_REASONS * 2)}
    assert len(numbers) == MAX_REASONS - 1
    assert reasons.text(1) == ("other",)
    assert reasons.text(reasons.id(("word 5",))) == ("word 5",)


def test_unknown_points_are_refused(live: LiveState) -> None:
    with pytest.raises(KeyError):
        live.latest("nobody")


def test_when_our_clock_is_set_back_the_campus_goes_on(live: LiveState, ingest: Ingest, clock: Clock) -> None:
    ingest.accept([RawReading("a1", 1000, T0), RawReading("a2", 5, T0)], "s")
    clock.now = T0 - 3600
    assert live.tick() == 2
    assert live.latest("p1").stale, "nobody knows how old it is"
    ingest.accept([RawReading("a1", 2000, clock.now)], "s")
    latest = live.latest("p1")
    assert (latest.value, latest.stale) == (2, False)


def test_a_value_a_little_ahead_of_our_clock_is_fresh(live: LiveState, ingest: Ingest) -> None:
    ingest.accept([RawReading("a1", 1000, T0, time=T0 + 30)], "s")
    assert not live.latest("p1").stale
    assert live.latest("p1").age_s == 0
    assert live.tick() == 0


def test_a_past_moment_has_its_own_values_and_ages_and_leaves_the_present_alone(
    live: LiveState, ingest: Ingest, clock: Clock
) -> None:
    ingest.accept([RawReading("a1", 1000, T0), RawReading("a2", 2, T0)], "s")
    rows = Columns(
        np.array([0, 1]), np.array([5.0, 7.0]), np.array([T0 - 3600, T0 - 3690]), np.array([T0 - 3600, T0 - 3690]),
        np.array([T0 - 3600, T0 - 3690]), np.zeros(2, np.uint8), np.zeros(2, np.uint8), np.zeros(2, np.uint16),
    )  # fmt: skip
    assert live.rolled(POWER).value[0] == 3
    past = live.as_of(T0 - 3590, rows)
    assert (past.latest("p1").value, past.latest("p1").age_s, past.latest("p1").stale) == (5, 10, False)
    assert past.latest("p2").stale
    assert past.latest("t1").quality == Quality.NONE
    assert (past.rolled(POWER).value[0], past.rolled(POWER).have[0]) == (5, 1)
    clock.now = T0 + 1000
    assert past.tick() == 0
    assert live.latest("p1").value == 1
    ingest.accept([RawReading("a1", 9000, T0 + 1000)], "s")
    assert past.rolled(POWER).value[0] == 5
