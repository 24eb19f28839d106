"""When each simulated point reports: at its own interval, at its own place in it, so that no tick has a burst.

Time goes in ticks on the clock's full multiples. A point's place in its interval comes from its id: it is the same
after every restart. Points of kind 'state' report when they change, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datasources.simulator_noise import keys
from twin.point import Point

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

TICK_S = 1.0
TICKS = 5  # at least so many in the shortest interval


class Turns:
    """One row a point. ``interval_s`` [s] stands for every point's own interval, where it is given."""

    def __init__(self, points: Sequence[Point], interval_s: float | None = None) -> None:
        own = np.array([p.interval_s if interval_s is None else interval_s for p in points], np.float64)
        self.tick_s = min(TICK_S, float(own.min()) / TICKS) if len(own) else TICK_S
        self._every: I64 = np.maximum(np.round(own / self.tick_s), 1).astype(np.int64)
        self._place: I64 = (keys([p.id for p in points]) % self._every.astype(np.uint64)).astype(np.int64)
        self._states: Bools = np.array([p.kind == "state" for p in points], np.bool_)
        self._told: F64 = np.full(len(points), np.nan)

    def due(self, before: int, tick: int) -> Bools:
        """Which points have their turn after tick ``before`` up to ``tick``, each once at most."""
        turns: Bools = (tick - self._place) // self._every > (before - self._place) // self._every
        return turns

    def changed(self, values: F64, missing: Bools) -> Bools:
        """Which points of kind 'state' have another of ``values`` than they told last."""
        changed: Bools = self._states & ~missing & (values != self._told)
        return changed

    def tell(self, rows: Bools, values: F64) -> None:
        """What the points ``rows`` told."""
        self._told[rows] = values[rows]
