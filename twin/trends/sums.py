"""What a window comes to: the energy of a power, else mean, lowest and highest; never without how much of it is known.

An energy is made of what was known: nothing stands in for what was not. A difference of two windows is made of the
buckets that both know, so that a gap in one is no saving.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.history.columns import I64
from twin.trends.course import Course, over_ms

LEAST_SHARE = 0.5
"""A bucket of which less than this is known is not compared with another."""


@dataclass(frozen=True, slots=True)
class Total:
    """``energy`` [kWh] (None where the course is no power), ``mean``, ``low``, ``high`` [unit] of what is known;
    ``coverage`` (0..1) of the window as far as it is over, in time and points; ``hours`` of it are over."""

    energy: float | None
    mean: float | None
    low: float | None
    high: float | None
    coverage: float
    hours: float


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more a window has than another, over the ``buckets`` of ``of`` that both know: ``change`` [kWh of a
    power, else unit, of means], ``percent`` of the other (None where that is nothing)."""

    change: float
    percent: float | None
    buckets: int
    of: int


def total_of(course: Course, now: int, *, energy: bool) -> Total:
    """What a course comes to at ``now`` [ms]."""
    over = over_ms(course.borders, now)
    some = np.isfinite(course.value)
    weight = over * course.coverage
    whole = float(over.sum())
    coverage = float(weight.sum() / whole) if whole > 0 else 0.0
    if not some.any() or weight.sum() <= 0:
        return Total(None, None, None, None, coverage, whole / 3_600_000.0)
    mean = float(np.average(course.value[some], weights=np.maximum(weight[some], 1e-9)))
    lows, highs = course.low[some], course.high[some]
    low = float(np.min(np.where(np.isfinite(lows), lows, course.value[some])))
    high = float(np.max(np.where(np.isfinite(highs), highs, course.value[some])))
    kwh = float((course.known * over).sum() / 3_600_000.0) if energy else None
    return Total(kwh, mean, low, high, coverage, whole / 3_600_000.0)


def difference_of(
    this: Course, places: I64, other: Course, others: I64, now: int, *, energy: bool
) -> Difference | None:
    """How much more ``this`` is than ``other``, whose buckets stand at ``places`` and ``others`` [ms, where they are
    drawn]; None where no bucket is known of both."""
    _, mine, theirs = np.intersect1d(places, others, return_indices=True)
    enough = (this.coverage[mine] >= LEAST_SHARE) & (other.coverage[theirs] >= LEAST_SHARE)
    mine, theirs = mine[enough], theirs[enough]
    if not len(mine):
        return None
    hours = over_ms(this.borders, now)[mine] / 3_600_000.0
    a, b = this.value[mine], other.value[theirs]
    weight = hours if energy else hours / hours.sum()
    change, base = float(((a - b) * weight).sum()), float((b * weight).sum())
    return Difference(change, 100.0 * change / abs(base) if abs(base) > 1e-9 else None, len(mine), len(this.value))
