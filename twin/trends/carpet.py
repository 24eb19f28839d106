"""Carpets: a value for each hour of the clock (rows) and each day (columns), in seven classes between limits that do
not move with the window.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

import numpy as np

from twin.history.calendar import HOUR_MS, Calendar
from twin.history.columns import F64, I64, U8
from twin.trends.course import Course

CLASSES = 7
HOURS = 24
MOST_DAYS = 400
LOW, HIGH = 1.0, 99.0
"""Percentiles between which the classes lie: one spike must not make everything else alike."""


class Cell(IntEnum):
    """What stands in a cell: a value; nothing although the hour is over; an hour to come, or before the window; an hour
    that the clock skips on this day."""

    KNOWN = 0
    MISSING = 1
    OUTSIDE = 2
    SKIPPED = 3


@dataclass(frozen=True, slots=True)
class Carpet:
    """``days`` (d,) begin of each local day [ms]; ``value`` (24, d) [unit] and ``state`` (24, d) ``Cell``; ``twice``
    (row, column) of hours that the clock shows twice, whose value is the mean of both."""

    days: I64
    value: F64
    state: U8
    coverage: F64
    twice: list[tuple[int, int]]


def carpet_of(course: Course, calendar: Calendar, now: int) -> Carpet:
    """The carpet of a course of hours of the campus's clock, at ``now`` [ms]."""
    starts = course.borders[:-1]
    days = np.unique(calendar.days(starts)) if len(starts) else np.zeros(0, np.int64)
    n = len(days)
    total, weight = np.zeros((HOURS, n)), np.zeros((HOURS, n))
    number, inside, past = (np.zeros((HOURS, n), np.int64) for _ in range(3))
    column = np.searchsorted(days, starts, side="right") - 1
    row = _clock_hours(starts, calendar)
    known = np.isfinite(course.value) & (course.coverage > 0)
    np.add.at(total, (row[known], column[known]), (course.value * course.coverage)[known])
    np.add.at(weight, (row[known], column[known]), course.coverage[known])
    np.add.at(number, (row, column), 1)
    np.add.at(past, (row, column), starts < now)
    exists = np.zeros((HOURS, n), np.bool_)
    for at, day in enumerate(days.tolist()):
        hours = np.arange(day, calendar.day_after(day), HOUR_MS, dtype=np.int64)
        exists[_clock_hours(hours, calendar), at] = True
    inside[:] = number > 0
    value = np.divide(total, weight, out=np.full((HOURS, n), np.nan), where=weight > 0)
    state = np.full((HOURS, n), Cell.OUTSIDE, np.uint8)
    state[(inside > 0) & (past > 0)] = Cell.MISSING
    state[~exists] = Cell.SKIPPED
    state[np.isfinite(value)] = Cell.KNOWN
    coverage = np.divide(weight, number, out=np.zeros((HOURS, n)), where=number > 0)
    twice = [(int(a), int(b)) for a, b in zip(*np.nonzero(number > 1), strict=True)]
    return Carpet(days, value, state, coverage, twice)


def _clock_hours(starts: I64, calendar: Calendar) -> I64:
    zone = calendar.zone
    return np.array([datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).hour for at in starts.tolist()], np.int64)


def limits_of(values: F64) -> list[float]:
    """The eight borders of seven even classes with round numbers, between which nearly all of ``values`` lie."""
    known = values[np.isfinite(values)]
    if not len(known):
        return [float(each) for each in range(CLASSES + 1)]
    low, high = (float(each) for each in np.percentile(known, [LOW, HIGH]))
    if 0 <= low < 0.4 * high:
        low = 0.0  # a scale that nearly begins at nothing begins there
    step = _round_up(max((high - low) / CLASSES, abs(high) * 1e-3, 1e-9))
    first = np.floor(low / step) * step
    if first + CLASSES * step < high:
        step = _round_up(step * 1.01)
        first = np.floor(low / step) * step
    return [float(f"{first + step * n:.12g}") for n in range(CLASSES + 1)]


def _round_up(step: float) -> float:
    """The next round number: of these times a power of ten."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(
        next(each * power for each in (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if each * power >= step * (1 - 1e-9))
    )


def read_limits(low: float, high: float) -> list[float]:
    """Seven even classes between two given ends."""
    return [float(f"{low + (high - low) * n / CLASSES:.6g}") for n in range(CLASSES + 1)]


def with_breaks(low: float, breaks: Sequence[float], high: float) -> list[float]:
    """The classes of a channel's fixed scale."""
    return [low, *breaks, high]
