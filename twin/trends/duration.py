"""Load duration curves: for how much of the known time a value was at least so high."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.history.columns import F64
from twin.trends.course import Course, over_ms

PLACES = 500
"""Places of one curve; its ends are among them."""


@dataclass(frozen=True, slots=True)
class Duration:
    """``share`` (0..1) of the known time in which the value was ``value`` [unit] or more, the highest first: (p,).
    ``hours`` are known of ``of`` that are over."""

    share: F64
    value: F64
    hours: float
    of: float


def duration_of(course: Course, now: int) -> Duration:
    """The curve of a course at ``now`` [ms]: each bucket weighs as much as is known of it."""
    over = over_ms(course.borders, now) / 3_600_000.0
    weight = np.where(np.isfinite(course.value), over * course.coverage, 0.0)
    some = np.flatnonzero(weight > 0)
    if not len(some):
        return Duration(np.zeros(0), np.zeros(0), 0.0, float(over.sum()))
    order = some[np.argsort(-course.value[some], kind="stable")]
    value, run = course.value[order], np.cumsum(weight[order])
    # a value holds from where the one above it ended to where it ends itself: the curve begins at 0
    share = np.concatenate([[0.0], run / run[-1]])
    value = np.concatenate([value[:1], value])
    keep = np.unique(np.linspace(0, len(share) - 1, min(PLACES, len(share))).round().astype(np.int64))
    return Duration(share[keep], value[keep], float(run[-1]), float(over.sum()))
