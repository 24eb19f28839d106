"""What each point did of late, in flat columns: its last readings, how long it has stood still, what was wrong with it.

Written on the event loop with every batch, read by the checks in a thread. A check may catch a point between two of
its columns: one reading more or less decides no check. Memory: 20,000 points take about 11 MB.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]

RING = 16
"""Readings kept of each point."""

Event = Literal["sentinel", "range", "spike", "zero", "ahead", "unset"]
EVENTS: tuple[Event, ...] = get_args(Event)
LAG_WEIGHT = 0.1
"""Weight of a new reading in the mean delay of a point: it follows within some ten readings."""
STEP_RATE = 0.05
LAG_JUMP_S = 600.0
"""A delay that changes by more [s] at once is another one: the clock was set, or something was sent later."""


@dataclass(slots=True)
class Episode:
    """Readings of one kind of fault a point: ``n`` since ``first``, the ``last`` one [s since epoch] and its value."""

    n: I64
    first: F64
    last: F64
    example: F64

    @classmethod
    def none(cls, points: int) -> Episode:
        """No fault yet."""
        never = np.full(points, -np.inf)
        return cls(np.zeros(points, np.int64), never, never.copy(), np.full(points, np.nan))

    def note(self, point: Index, when: F64, value: F64, hold: F64) -> None:
        """Readings of this kind; one that comes more than ``hold`` [s] after the last begins a new episode."""
        fresh = when - self.last[point] > hold[point]
        self.n[point[fresh]] = 0
        self.first[point[fresh]] = when[fresh]
        np.add.at(self.n, point, 1)
        self.last[point] = when
        self.example[point] = value


class Recent:
    """The columns of ``points`` points. ``hold`` [s] is how long an episode outlives its last reading."""

    def __init__(self, points: int, hold: F64) -> None:
        self.hold = hold
        self.value: F32 = np.full((points, RING), np.nan, np.float32)
        self.count: I64 = np.zeros(points, np.int64)
        self.last: F64 = np.full(points, np.nan)
        self.last_time: F64 = np.full(points, -np.inf)
        self.same_since: F64 = np.full(points, np.inf)
        self.same_n: I64 = np.zeros(points, np.int64)
        self.step: F64 = np.full(points, np.nan)
        self.outside_n: I64 = np.zeros(points, np.int64)
        self.outside_since: F64 = np.full(points, np.inf)
        self.lag: F64 = np.full(points, np.nan)
        self.lag_scatter: F64 = np.zeros(points)
        self.lag_n: I64 = np.zeros(points, np.int64)
        self.lag_since: F64 = np.full(points, np.inf)
        self.raw_example: F64 = np.full(points, np.nan)
        self.events = {event: Episode.none(points) for event in EVENTS}

    def take(self, point: Index, value: F64, time: F64, outside: Bools) -> Bools:
        """Usable readings, each point at most once; ``outside`` the reach of what is usual. Which of them moved."""
        last = self.last[point]
        moved = value != last
        first = np.isnan(last)
        really: Bools = moved & ~first
        self._follow_step(point[really], np.abs(value - last)[really])
        self.same_since[point[moved]] = time[moved]
        self.same_n[point] = np.where(moved, 1, self.same_n[point] + 1)
        begins = outside & (self.outside_n[point] == 0)
        self.outside_since[point[begins]] = time[begins]
        self.outside_n[point] = np.where(outside, self.outside_n[point] + 1, 0)
        self.value[point, self.count[point] % RING] = value
        self.count[point] += 1
        self.last[point] = value
        self.last_time[point] = time
        return really

    def _follow_step(self, point: Index, step: F64) -> None:
        """``step``: the middle step of a point when it moves; a few per cent nearer with each."""
        known = self.step[point]
        self.step[point] = np.where(np.isnan(known), step, known * np.exp(STEP_RATE * np.sign(step - known)))

    def take_lag(self, point: Index, lag: F64, received: F64) -> None:
        """The delay [s] between the device's time and ours of readings, each point at most once."""
        jump = np.abs(lag - self.lag[point]) > LAG_JUMP_S
        self.lag_n[point[jump]] = 0
        self.lag[point[jump]] = np.nan
        self.lag_scatter[point[jump]] = 0.0
        fresh = self.lag_n[point] == 0
        self.lag_since[point[fresh]] = received[fresh]
        self.lag_n[point] += 1
        known = self.lag[point]
        known = np.where(np.isnan(known), lag, known)
        off = lag - known
        weight = np.maximum(LAG_WEIGHT, 1.0 / self.lag_n[point])
        self.lag[point] = known + weight * off
        self.lag_scatter[point] += weight * (np.abs(off) - self.lag_scatter[point])

    def latest(self, n: int) -> F32:
        """The last ``n`` values of every point, in no order; NaN where there are fewer."""
        at = (self.count[:, None] - 1 - np.arange(n)[None, :]) % RING
        return np.take_along_axis(self.value, at, axis=1)


def rounds(point: Index, most: int = RING) -> Iterator[Index]:
    """Rows of a batch in passes, each with any point at most once, in the order in which they came.

    Of a point with more than ``most`` rows the first ones are left out: nobody looks back further.
    """
    if len(np.unique(point)) == len(point):
        yield np.arange(len(point))
        return
    order = np.argsort(point, kind="stable")
    ordered = point[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    sizes = np.diff(np.r_[starts, len(ordered)])
    rank = np.arange(len(ordered)) - np.repeat(starts, sizes)
    rank -= np.maximum(np.repeat(sizes, sizes) - most, 0)
    for place in range(int(rank.max()) + 1):
        yield order[rank == place]
