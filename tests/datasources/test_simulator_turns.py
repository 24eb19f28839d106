"""When simulated points report: each at its own interval and its own place in it, states when they change."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from datasources.simulator import Settings, Simulation
from datasources.simulator_faults import FaultSettings
from datasources.simulator_turns import TICK_S, Turns
from models3d.demo import demo_campus
from twin.ingest import Ingest
from twin.live import LiveState
from twin.point import Point
from twin.slots import SlotTree
from twin.space import Campus

NOON = round(datetime(2026, 4, 15, 4, 0, tzinfo=UTC).timestamp())  # a Wednesday in term


@pytest.fixture(scope="module")
def points() -> list[Point]:
    return demo_campus(seed=1, spaces=600).points


def rooms(every: float, count: int, kind: str = "power") -> list[Point]:
    return [
        Point(f"{kind}{every}-{k}", f"X/01/{k}", kind, "kW" if kind == "power" else "1", interval_s=every,
              kind="state" if kind == "pir" else "gauge", address=f"{kind}/room/office/20.0/X/01/{k}")
        for k in range(count)
    ]  # fmt: skip


def test_every_point_of_the_demo_reports_at_its_own_interval(points: list[Point]) -> None:
    turns = Turns(points)
    assert turns.tick_s == TICK_S
    last: dict[int, int] = {}
    gaps: dict[int, set[int]] = {}
    for tick in range(NOON, NOON + 200):
        for row in np.flatnonzero(turns.due(tick - 1, tick)).tolist():
            if row in last:
                gaps.setdefault(row, set()).add(tick - last[row])
            last[row] = tick
    quick = [k for k, p in enumerate(points) if p.interval_s <= 60]
    assert {row: {round(points[row].interval_s)} for row in quick} == {row: gaps[row] for row in quick}
    kinds = {p.quantity: p.interval_s for p in points if p.entity.count("/") == 2}
    assert kinds["power"] == kinds["co2"] == kinds["temperature"] == kinds["clients"] == 60
    mains = [p.interval_s for p in points if p.address.startswith(("power/building/", "energy/"))]
    assert set(mains) == {15}
    assert all(p.stale_s == 3 * p.interval_s for p in points)


def test_no_tick_has_a_burst(points: list[Point]) -> None:
    turns = Turns(points)
    counts = np.array([turns.due(tick - 1, tick).sum() for tick in range(NOON, NOON + 120)])
    expected = sum(1 / p.interval_s for p in points)
    assert counts.mean() == pytest.approx(expected, rel=0.02)
    assert counts.max() < expected + 6 * np.sqrt(expected)
    again = Turns(points[::-1])
    assert np.array_equal(again.due(NOON, NOON + 7)[::-1], turns.due(NOON, NOON + 7))


def test_what_was_slept_through_is_told_once_and_one_interval_stands_for_all() -> None:
    few = rooms(5.0, 40)
    turns = Turns(few)
    assert turns.due(NOON, NOON + 3_600).all()
    assert not turns.due(NOON, NOON).any()
    quick = Turns(few, 0.5)
    assert quick.tick_s == pytest.approx(0.1)
    total = np.sum([quick.due(tick - 1, tick) for tick in range(1_000, 1_005)], axis=0)
    assert (total == 1).all()


def test_a_state_is_told_when_it_changes_and_else_seldom() -> None:
    detectors = rooms(600.0, 40, "pir")
    simulation = Simulation(Settings(), detectors)
    row = {p.address: k for k, p in enumerate(detectors)}
    known = np.array([r.value for r in simulation.readings(float(NOON))], np.float64)
    told = Counter[str]()
    for tick in range(NOON + 1, NOON + 1_201):
        for reading in simulation.turn(tick - 1, tick):
            assert reading.time == tick
            known[row[reading.address]] = float(reading.value or 0)
            told[reading.address] += 1
        if tick % 50 == 0:
            assert np.array_equal(known, simulation.values_at([tick]).values[:, 0])
    assert set(told) == set(row)
    assert min(told.values()) == 2  # two intervals, no change
    assert sum(told.values()) > 2 * len(detectors)


def test_a_point_is_stale_by_its_own_interval() -> None:
    """A meter that falls silent is stale after three of its intervals, a slower one beside it not yet."""
    fast, slow = rooms(15.0, 1)[0], rooms(60.0, 1, "people")[0]
    fast = Point(fast.id, "C", "power", "kW", interval_s=15, stale_s=45, source="s", address=fast.address)
    slow = Point(slow.id, "C", "people", "1", interval_s=60, stale_s=180, source="s", address=slow.address)
    start = datetime.fromtimestamp(NOON + 100, UTC)
    silent = FaultSettings(kind="silent", points="*", start=start, end=start + timedelta(hours=1))
    simulation = Simulation(Settings(faults=[silent]), [fast, slow])
    now = float(NOON)
    live = LiveState([fast, slow], SlotTree.of(Campus("C"), ["C"]), lambda: now)
    ingest = Ingest([fast, slow], live, lambda: now, {})
    ingest.accept(simulation.readings(now), "s")
    stale: dict[int, int] = {}
    for second in range(1, 300):
        now = float(NOON + second)
        ingest.accept(simulation.turn(NOON + second - 1, NOON + second), "s")
        live.tick()
        for k in np.flatnonzero(live.stale).tolist():
            stale.setdefault(k, second)
    assert 100 + 45 - 15 <= stale[0] <= 100 + 45 + 1
    assert 100 + 180 - 60 <= stale[1] <= 100 + 180 + 1
