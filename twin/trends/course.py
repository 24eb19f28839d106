"""The course of something: its mean in each bucket of a window, the lowest and highest where they are known, and how
much of it is known at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.frame import FLAG_ESTIMATED, FLAG_SIMULATED
from twin.history.buckets import made
from twin.history.columns import F64, I64, U8, Bools, numbers
from twin.history.steps import Step
from twin.history.store import SqlStore
from twin.reading import Quality


@dataclass(frozen=True, slots=True)
class Course:
    """``borders`` (b + 1,) [ms] of the buckets; everything else is (b,).

    ``value`` is the mean over the time that is known, ``low`` and ``high`` [unit] its extremes (NaN where nobody knows
    them: of a sum of meters, whose peaks need not come together). ``coverage`` (0..1) is the share of the bucket's time
    that is over, of all points that should count, in which a value was known; ``known`` the mean of what was known with
    nothing in its place where it was not: what a sum over time is made of. ``have`` of ``of`` points. ``quality`` and
    ``flags`` as in the wire format; ``spoke``: something came, be it of use or not; ``finished``: it changes no more.
    """

    borders: I64
    value: F64
    low: F64
    high: F64
    coverage: F64
    known: F64
    have: I64
    of: I64
    quality: U8
    flags: U8
    spoke: Bools
    finished: Bools

    @property
    def simulated(self) -> bool:
        """Whether any of it comes from a simulator or a replay."""
        return bool((self.flags & FLAG_SIMULATED).any())

    @property
    def estimated(self) -> Bools:
        """Where what is below a silent meter stands in for it."""
        found: Bools = (self.flags & FLAG_ESTIMATED) > 0
        return found

    def hours(self, now: int) -> F64:
        """How long each bucket is, as far as it is over at ``now`` [ms]: (b,) [h]."""
        return over_ms(self.borders, now) / 3_600_000.0


def over_ms(borders: I64, now: int) -> F64:
    """How much of each bucket is over at ``now`` [ms]."""
    return np.clip(np.minimum(borders[1:], now) - borders[:-1], 0, None).astype(np.float64)


def empty(borders: I64) -> Course:
    """Nothing is known."""
    n = max(0, len(borders) - 1)
    none, zero = np.full(n, np.nan), np.zeros(n)
    return Course(
        borders, none, none.copy(), none.copy(), zero, zero.copy(), np.zeros(n, np.int64), np.ones(n, np.int64),
        np.full(n, Quality.NONE, np.uint8), np.zeros(n, np.uint8), np.zeros(n, np.bool_), np.ones(n, np.bool_),
    )  # fmt: skip


def of_point(store: SqlStore, point: str, step: Step, borders: I64, now: int) -> Course:
    """The course of one point; of one that never spoke nothing is known."""
    course = empty(borders)
    key = store.known_points().get(point)
    if key is None or len(borders) < 2:
        return course
    found = made(store, np.array([key], np.int32), step, borders, now)
    at = np.searchsorted(borders, numbers(found.rollups, "start"), side="right") - 1
    held = numbers(found.rollups, "held")
    course.spoke[at] = numbers(found.rollups, "n") > 0
    some = held > 0
    at, rows = at[some], np.flatnonzero(some)
    for name, of in (("mean", course.value), ("low", course.low), ("high", course.high)):
        of[at] = numbers(found.rollups, name)[rows]
    course.quality[at] = numbers(found.rollups, "quality")[rows]
    course.flags[at] = numbers(found.rollups, "flags")[rows]
    course.coverage[at] = np.minimum(1.0, held[rows] / np.maximum(1.0, over_ms(borders, now)[at]))
    course.known[at] = course.value[at] * course.coverage[at]
    course.have[at] = 1
    course.finished[np.isin(borders[:-1], found.unfinished)] = False
    return course
