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
MAINS = ("power/building/", "energy/building/")
"""How the addresses of main meters begin."""


@dataclass(frozen=True, slots=True)
class Told:
    """Readings in the order of their times: ``row`` counts in the points, ``time`` [s since epoch], ``value`` in the
    canonical unit of the point's quantity."""

    row: npt.NDArray[np.int32]
    time: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]


def past(
    settings: Settings, points: Sequence[Point], start: float, end: float, only: npt.NDArray[np.int64] | None = None
) -> Iterator[Told]:
    """What ``points`` told from ``start`` to before ``end`` [s since epoch, UTC], an hour at a time; with ``only`` what
    these rows of them told."""
    simulation = Simulation(settings, points, only)
    told = np.arange(len(points)) if only is None else only
    steps = np.array([step_of(point) for point in simulation.told])
    # counts that become rates are nothing without the count before
    plain = np.array([not (p.kind == "counter" and QUANTITIES[p.quantity].counted) for p in simulation.told], np.bool_)
    units = [QUANTITIES[point.quantity].units[point.unit] for point in simulation.told]
    piece = _Piece(simulation, told.astype(np.int32), steps, plain, *np.array(units, np.float64).reshape(-1, 2).T)
    first = np.floor(start / PIECE_S) * PIECE_S  # the same pieces whenever one begins
    for begin in np.arange(first, end, PIECE_S).tolist():
        yield piece.told(max(start, begin), min(end, begin + PIECE_S))


def main_rows(points: Sequence[Point]) -> npt.NDArray[np.int64]:
    """Which of the points are main meters of buildings: power and registers."""
    return np.array([row for row, point in enumerate(points) if point.address.startswith(MAINS)], np.int64)


def step_of(point: Point) -> float:
    """How often a point tells [s]."""
    return max((step for step in STEPS_S if step <= FRESH * point.stale_s), default=STEPS_S[0])


@dataclass(frozen=True, slots=True)
class _Piece:
    """What makes a piece: ``row`` in the points, step [s], whether it is told at all, unit of each row simulated."""

    simulation: Simulation
    row: npt.NDArray[np.int32]
    steps: npt.NDArray[np.float64]
    plain: npt.NDArray[np.bool_]
    factor: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]

    def told(self, start: float, end: float) -> Told:
        rows, times, values = [], [], []
        for step in np.unique(self.steps).tolist():
            grid = np.arange(np.ceil(start / step) * step, end, step)
            who = np.flatnonzero((self.steps == step) & self.plain)
            if not grid.size or not who.size:
                continue
            reported = self.simulation.values_at(grid)
            told = np.round(reported.values[who], 4) * self.factor[who, None] + self.offset[who, None]
            there = ~reported.missing[who]
            rows.append(np.broadcast_to(self.row[who, None], told.shape)[there])
            times.append(np.broadcast_to(grid, told.shape)[there])
            values.append(told[there])
        if not rows:
            return Told(np.zeros(0, np.int32), np.zeros(0), np.zeros(0))
        time = np.concatenate(times)
        order = np.argsort(time, kind="stable")
        return Told(np.concatenate(rows)[order], time[order], np.concatenate(values)[order])
