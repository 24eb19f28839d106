"""What the simulated campus would have told before anybody listened: the same values as live, as columns.

The simulator is a pure function of seed and time, so a history of yesterday is not invented: it is what it would have
been. Points tell less often here than live, and often enough that nothing turns stale in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from datasources.simulator import Settings, Simulation
from twin.point import Point
from twin.quantity import QUANTITIES

STEPS_S = (30.0, 60.0, 150.0, 300.0, 600.0, 900.0)
FRESH = 0.85
"""A point tells again after at most this share of the time after which it is stale."""
PIECE_S = 3600.0


@dataclass(frozen=True, slots=True)
class Told:
    """Readings in the order of their times: ``row`` counts in the points, ``time`` [s since epoch], ``value`` in the
    canonical unit of the point's quantity."""

    row: npt.NDArray[np.int32]
    time: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]


def past(settings: Settings, points: Sequence[Point], start: float, end: float) -> Iterator[Told]:
    """What ``points`` told from ``start`` to before ``end`` [s since epoch, UTC], an hour at a time."""
    simulation = Simulation(settings, points)
    units = [QUANTITIES[point.quantity].units[point.unit] for point in points]
    factor, offset = (np.array(column) for column in zip(*units, strict=True))
    steps = np.array([step_of(point) for point in points])
    # counts that become rates are nothing without the count before
    plain = np.array([not (p.kind == "counter" and QUANTITIES[p.quantity].counted) for p in points])
    for begin in np.arange(start, end, PIECE_S).tolist():
        yield _piece(simulation, begin, min(end, begin + PIECE_S), steps, plain, factor, offset)


def step_of(point: Point) -> float:
    """How often a point tells [s]."""
    return max((step for step in STEPS_S if step <= FRESH * point.stale_s), default=STEPS_S[0])


def _piece(
    simulation: Simulation, start: float, end: float, steps: npt.NDArray[np.float64], plain: npt.NDArray[np.bool_],
    factor: npt.NDArray[np.float64], offset: npt.NDArray[np.float64],
) -> Told:  # fmt: skip
    rows, times, values = [], [], []
    for step in np.unique(steps).tolist():
        grid = np.arange(np.ceil(start / step) * step, end, step)
        who = np.flatnonzero((steps == step) & plain)
        if not grid.size or not who.size:
            continue
        reported = simulation.values_at(grid)
        told = np.round(reported.values[who], 4) * factor[who, None] + offset[who, None]
        there = ~reported.missing[who]
        rows.append(np.broadcast_to(who[:, None].astype(np.int32), told.shape)[there])
        times.append(np.broadcast_to(grid, told.shape)[there])
        values.append(told[there])
    if not rows:
        return Told(np.zeros(0, np.int32), np.zeros(0), np.zeros(0))
    time = np.concatenate(times)
    order = np.argsort(time, kind="stable")
    return Told(np.concatenate(rows)[order], time[order], np.concatenate(values)[order])
