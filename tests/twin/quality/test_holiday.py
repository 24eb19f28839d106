"""A holiday is no change of unit, and a change of unit is one on a holiday too; over several random streams.

The library of the demo campus, eleven days of term and the first days of May, on which it is left. Streams are those of
the simulator's seed; on each of these, several rooms at a third of their people were once taken for another unit.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
import pytest

from datasources.simulator import Settings, Simulation
from models3d.demo import demo_campus
from tests.twin.quality.replay import HOUR, Replay, hourly, office
from twin.point import Point
from twin.quality.finding import Finding

START = datetime(2026, 4, 19, 16, tzinfo=UTC).timestamp()  # midnight in Xi'an, a Monday of term
STEP_S, DAYS = 900.0, 13
WORKING = START + 8 * 86_400  # a Tuesday
HOLIDAY = START + 11 * 86_400  # Friday, the first of May
STREAMS = (2, 5, 6, 8, 9)


def _points() -> list[Point]:
    every = [p for p in demo_campus(seed=1, spaces=250).points if p.quantity in ("power", "people", "clients")]
    return [replace(p, interval_s=STEP_S, stale_s=3 * STEP_S, entity="A/1/1", source="s") for p in every]


def _steps(points: list[Point]) -> dict[str, tuple[float, float]]:
    """(factor, from when) by point: panels of storeys from a working day on, meters of rooms on the holiday."""
    panels = [p.id for p in points if p.address.startswith("power/storey/")]
    rooms = [p.id for p in points if p.address.startswith("power/room/")]
    steps = dict.fromkeys(panels[::2], (3.6, WORKING)) | dict.fromkeys(panels[1::2], (1 / 3.6, WORKING))
    return steps | dict.fromkeys(rooms[1:40:4], (1000.0, HOLIDAY + 9 * HOUR))


@pytest.fixture(scope="module", params=STREAMS)
def watched(request: pytest.FixtureRequest) -> tuple[dict[str, tuple[float, float]], list[Finding]]:
    points = _points()
    steps = _steps(points)
    factor = np.array([steps.get(p.id, (1.0, 0.0))[0] for p in points])
    begin = np.array([steps.get(p.id, (1.0, np.inf))[1] for p in points])
    simulation = Simulation(Settings(seed=request.param), points)
    replay = Replay(points, start=START, zone="Asia/Shanghai")
    ids = [p.address for p in simulation.points]
    for first in range(0, round(DAYS * 86_400 / STEP_S), 96):
        times = START + np.arange(first, first + 96) * STEP_S
        reported = simulation.values_at(times)
        values = reported.values.astype(np.float64) * np.where(times[None, :] >= begin[:, None], factor[:, None], 1.0)
        for column, now in enumerate(times.tolist()):
            replay.now = now
            fine = ~reported.missing[:, column]
            replay.send_raw({ids[n]: round(values[n, column], 4) for n in np.flatnonzero(fine).tolist()})
            if column % 4 == 0:
                replay.inspect()
    return steps, replay.ever("unit")


def test_a_library_that_is_left_on_a_holiday_has_its_old_units(
    watched: tuple[dict[str, tuple[float, float]], list[Finding]],
) -> None:
    steps, found = watched
    assert [f for f in found if f.points[0] not in steps] == []


def test_real_steps_are_found_on_working_days_and_on_the_holiday(
    watched: tuple[dict[str, tuple[float, float]], list[Finding]],
) -> None:
    steps, found = watched

    def share(*factors: float) -> float:
        wanted = {name: begin for name, (size, begin) in steps.items() if size in factors}
        hits = {
            f.points[0]: f.since
            for f in found
            if f.points[0] in wanted and f.figures["factor"] == steps[f.points[0]][0]
        }
        assert all(abs(since - wanted[name]) <= 16 * HOUR for name, since in hits.items())
        return len(hits) / len(wanted)

    assert share(3.6, 1 / 3.6) >= 0.75
    assert share(1000.0) >= 0.9


NAMES = tuple(f"h{n:02d}" for n in range(12))


def _houses() -> Replay:
    """Twelve houses without a base load, known for three weeks; the next day is a Monday."""
    replay = Replay(hourly(*NAMES))
    replay.play({name: office(3, seed, base=1.0) for seed, name in enumerate(NAMES)})
    assert replay.ever("unit") == []
    return replay


def _next(factors: dict[str, float], hours: int = 48) -> dict[str, npt.NDArray[np.float64]]:
    clean = {name: office(4, seed, base=1.0)[504 : 504 + hours] for seed, name in enumerate(NAMES)}
    return {name: values * factors.get(name, 1.0) for name, values in clean.items()}


def test_houses_that_all_rest_each_by_its_own_share_have_no_new_unit() -> None:
    replay = _houses()
    shares = [1 / 3.6, 0.1, *np.linspace(0.15, 0.85, 10).tolist()]
    replay.play(_next(dict(zip(NAMES, shares, strict=True))))
    assert replay.ever("unit") == []


def test_one_house_among_others_that_are_as_usual_has_a_new_unit() -> None:
    replay = _houses()
    replay.play(_next({"h03": 1 / 3.6, "h07": 10.0}))
    assert {f.points for f in replay.open("unit")} == {("h03",), ("h07",)}


def test_a_source_that_sends_another_unit_is_no_holiday() -> None:
    replay = _houses()
    replay.play(_next(dict.fromkeys(NAMES, 1 / 3.6)))
    assert {f.points for f in replay.open("unit")} == {(name,) for name in NAMES}


def test_a_factor_of_a_thousand_is_a_unit_on_every_day() -> None:
    replay = _houses()
    replay.play(_next({name: 0.4 + n / 30 for n, name in enumerate(NAMES)} | {"h05": 1000.0}, 12))
    assert {f.points for f in replay.open("unit")} == {("h05",)}


def test_heads_are_not_counted_by_the_hour() -> None:
    points = hourly("a", "b", quantity="people", unit="1")
    replay = Replay(points)
    replay.play({"a": office(3, 1).round(), "b": office(3, 2).round()})
    replay.play({"a": (office(4, 1)[504:552] * 3.6).round(), "b": (office(4, 2)[504:552] * 10.0).round()})
    assert {(f.points, f.figures["factor"]) for f in replay.open("unit")} == {(("b",), 10.0)}
