"""Stretches of a course that are not as good as the rest, for shading: one kind each, neighbours joined."""

from __future__ import annotations

from typing import Literal

import numpy as np

from twin.history.columns import Bools
from twin.reading import Quality
from twin.trends.course import Course

Kind = Literal["silent", "bad", "uncertain", "estimated", "low"]
LOW = 0.8
"""Less than this share known is called low coverage."""


def stretches(course: Course, now: int) -> list[tuple[Kind, int, int]]:
    """Kind, from, to [ms] of each, the worst kind where several hold: nothing known though something came that was of
    no use ('bad'), nothing known at all ('silent'), 'uncertain', 'estimated', 'low' coverage."""
    past = course.borders[:-1] < now
    none = ~np.isfinite(course.value) & past
    bad = none & course.spoke
    masks: list[tuple[Kind, Bools]] = [("bad", bad), ("silent", none)]
    masks.append(("uncertain", course.quality == Quality.UNCERTAIN))
    masks.append(("estimated", course.estimated))
    masks.append(("low", np.isfinite(course.value) & (course.coverage < LOW)))
    taken = np.zeros(len(past), np.bool_)
    found: list[tuple[Kind, int, int]] = []
    for kind, mask in masks:
        mine = mask & ~taken
        taken |= mask
        edge = np.diff(np.concatenate([[0], mine.astype(np.int8), [0]]))
        for first, last in zip(np.flatnonzero(edge == 1).tolist(), np.flatnonzero(edge == -1).tolist(), strict=True):
            found.append((kind, int(course.borders[first]), min(int(course.borders[last]), now)))
    return sorted(found, key=lambda each: each[1])
