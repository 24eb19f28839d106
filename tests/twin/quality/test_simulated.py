"""The checks on the simulated campus with its labelled faults: what is found of each kind, what is false besides.

Some 190 meters of rooms, panels and mains, and 600 points of people, air and Wi-Fi, every 15 minutes; two weeks to
learn, then eight meters of rooms for each kind of fault, ten hours of a working day. Rooms are the hard case: hardly
any load at night, and empty on some days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from datasources.simulator import Settings, Simulation
from datasources.simulator_faults import FaultSettings, Kind
from models3d.demo import demo_campus
from tests.twin.quality.replay import Replay
from twin.point import Point
from twin.quality.finding import Check
from twin.reading import SUSPECT

STEP_S = 900.0
START = datetime(2026, 4, 13, tzinfo=UTC).timestamp()  # a Monday of term
DAYS = 21
FAULT = START + 16 * 86_400 + 3600.0  # a Wednesday, 09:00 in Xi'an
HOURS = 10.0
FOUND_BY: dict[Kind, Check] = {
    "sentinel": "sentinel", "flat": "flat", "zero": "zero", "silent": "stale", "spike": "spike",
}  # fmt: skip
RECALL = {"sentinel": 1.0, "flat": 1.0, "silent": 1.0, "spike": 0.7, "zero": 0.9}
"""Least share of faulty meters that is found. A spike of 21 times a small load is within what a room draws by day; 0 is
no news from a room that may well draw nothing at night."""


def _points() -> list[Point]:
    every = demo_campus(seed=1, spaces=250).points
    return [replace(p, interval_s=STEP_S, stale_s=3 * STEP_S, entity="A/1/1", source="s") for p in every]


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _play(replay: Replay, simulation: Simulation) -> Iterator[float]:
    """Step by step what the simulation reports; the time of each step [s since epoch]."""
    for first in range(0, round(DAYS * 86_400 / STEP_S), 96):
        times = START + np.arange(first, first + 96) * STEP_S
        reported = simulation.values_at(times)
        values = np.where(reported.missing, np.nan, reported.values.astype(np.float64).round(4))
        for column, now in enumerate(times.tolist()):
            replay.now = now
            row = dict(zip((p.address for p in simulation.points), values[:, column].tolist(), strict=True))
            replay.send_raw({address: value for address, value in row.items() if value == value})
            if column % 4 == 0:
                replay.inspect()
            yield now


@pytest.fixture(scope="module")
def outcome() -> tuple[dict[Kind, list[str]], Replay, float]:
    """Faulty meters by kind, the watch after three weeks, and the share of readings without a fault that it doubts."""
    points = _points()
    rooms = [p.id for p in points if p.address.startswith("power/room/")]
    hit: dict[Kind, list[str]] = {kind: rooms[k::20][:8] for k, kind in enumerate(FOUND_BY)}
    faults = [
        FaultSettings(kind=kind, points=name, start=_at(FAULT), end=_at(FAULT + HOURS * 3600))
        for kind, names in hit.items()
        for name in names
    ]
    replay = Replay(points, start=START, zone="Asia/Shanghai")
    spoiled = {name for names in hit.values() for name in names}
    clean = np.array([p.id not in spoiled for p in points])
    readings = wrong = 0
    for now in _play(replay, Simulation(Settings(seed=1, faults=faults), points)):
        if now >= START + 7 * 86_400:
            readings += int(clean.sum())
            wrong += int((replay.live.reasons.having(*SUSPECT)[replay.live.reason] & clean).sum())
    return hit, replay, wrong / readings


@pytest.mark.parametrize("kind", FOUND_BY)
def test_labelled_faults_are_found(outcome: tuple[dict[Kind, list[str]], Replay, float], kind: Kind) -> None:
    hit, replay, _ = outcome
    found = [f for f in replay.ever(FOUND_BY[kind]) if f.points[0] in hit[kind]]
    assert len({f.points[0] for f in found}) / len(hit[kind]) >= RECALL[kind]
    assert all(abs(f.since - FAULT) <= 3600 for f in found)


def test_hardly_anything_else_is_doubted_or_reported(outcome: tuple[dict[Kind, list[str]], Replay, float]) -> None:
    hit, replay, share = outcome
    assert share <= 0.005
    spoiled = {name for names in hit.values() for name in names}
    others = [(f.check, f.points) for f in replay.watch.findings() if not set(f.points) & spoiled]
    assert len(others) <= 2, others
