"""The estimate of people in the simulated past: what the twin would have worked out from what was told."""

from __future__ import annotations

import numpy as np

from datasources.simulator_backfill import Told
from models3d.campus import Assembled
from twin.frame import FLAG_SIMULATED
from twin.history.columns import NO_ROWS, Rows
from twin.live import Columns, LiveState
from twin.occupancy.watch import PeopleWatch

STEP_S = 150.0
"""An estimate stands for 180 s and costs a tenth of a second of all cores: so often it is made, and nothing is stale
in between."""


class SimulatedPeople:
    """Follows what is told of the points of ``live`` with a live state of its own, whose clock is that of the past."""

    def __init__(self, live: LiveState, assembled: Assembled) -> None:
        self._now = 0.0
        self._live = LiveState(live.points, live.tree, lambda: self._now)
        self._watch = PeopleWatch(self._live, assembled.campus, lessons=assembled.timetable)
        self._made: list[Columns] = []
        self._watch.listeners.append(self._made.append)

    def take(self, told: Told) -> Rows:
        """The estimates from what was told last to the end of ``told``, rows counted as in the live state."""
        self._made.clear()
        if not len(told.time) or not self._watch.ids:
            return NO_ROWS
        step = np.floor(told.time / STEP_S)
        for number in np.unique(step).tolist():
            first, last = np.searchsorted(step, [number, number + 1])
            self._look(Told(told.row[first:last], told.time[first:last], told.value[first:last]))
            self._now = (number + 1) * STEP_S - 1.0  # before what is told at the next step's begin
            self._live.tick()
            now = self._watch.gather()
            self._watch.publish(now, self._watch.step(now))
        return _rows(self._made)

    def _look(self, told: Told) -> None:
        self._now = float(told.time[-1])
        n = len(told.row)
        self._live.apply(Columns(
            told.row.astype(np.intp), told.value, told.time, told.time, told.time, np.zeros(n, np.uint8),
            np.full(n, FLAG_SIMULATED, np.uint8), np.zeros(n, np.uint16),
        ))  # fmt: skip


def _rows(made: list[Columns]) -> Rows:
    """Estimates as rows; those that say nothing are left out."""
    if not made:
        return NO_ROWS
    point, time, value, flags = (
        np.concatenate([getattr(each, name) for each in made]) for name in ("point", "time", "value", "flags")
    )
    known = np.isfinite(value)
    n = int(known.sum())
    return Rows(
        point[known].astype(np.int32), np.rint(time[known] * 1000).astype(np.int64), value[known],
        np.zeros(n, np.int32), np.zeros(n, np.uint8), flags[known], np.zeros(n, np.int32),
    )  # fmt: skip
