"""Hours of groups of points out of the roll-ups: energy of the time that is known, mean power, how much is known; and
how far registers rose.

Nothing is scaled up: an hour of which half is known has the energy of that half. Registers count through what a feed
missed, so their rise is the better total wherever it is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from twin.frame import FLAG_SIMULATED
from twin.history.buckets import made
from twin.history.calendar import HOUR_MS
from twin.history.columns import F64, I64, numbers
from twin.history.steps import Step, edges, length_ms
from twin.history.store import SqlStore
from twin.reports.places import Group

CELLS = 400_000
"""Points times hours that are worked through at a time."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Hours that begin at ``times`` (h,) [ms] and are ``width`` (h,) [ms] long so far, of groups (g,) with ``size``
    (g,) points each: ``amount`` (g, h) mean times known time [unit h], ``mean`` (g, h) the sum of the means, ``held``
    (g, h) [ms] the sum of the known time of the points; ``known`` (g,) points of which anything is known, ``flags`` of
    all."""

    times: I64
    width: I64
    size: npt.NDArray[np.int64]
    amount: F64
    mean: F64
    held: F64
    known: npt.NDArray[np.int64]
    flags: int

    @property
    def share(self) -> F64:
        """How much of the time of all points of all groups is known (h,) [0..1]."""
        every = float(self.size.sum())
        share: F64 = np.minimum(1.0, self.held.sum(axis=0) / np.maximum(every * self.width, 1.0))
        return share

    def time(self, group: int | slice) -> float:
        """Of the known points of a group (or of all), how much of the time that is over is known [0..1]."""
        known = float(self.known[group].sum())
        whole = known * float(self.width.sum())
        return min(1.0, float(self.held[group].sum()) / whole) if whole else 0.0


@dataclass(frozen=True, slots=True)
class Rise:
    """How far registers rose [unit] between their first and last reading of the window, and how much of its time that
    spans [0..1]; ``broken``: one fell, so that the difference says nothing."""

    amount: float
    spans: float
    have: int
    of: int
    broken: bool
    flags: int


def read_hours(
    store: SqlStore, of: Sequence[Group], start: int, end: int, now: int, step: Step = "hour"
) -> tuple[Hours, dict[str, Rise]]:
    """The hours (or other steps) of groups from ``start`` to before ``end`` [ms], and the rise of their registers."""
    borders = edges(store.calendar, step, start, min(end, now))
    if len(borders) < 2:
        borders = np.zeros(1, np.int64)
    reader = _Reader(store, of, borders, now)
    width = HOUR_MS if step == "hour" else length_ms(step)
    number = max(24, CELLS // max(1, len(reader.keys)))
    # the value with which a register begins stood before the window
    every = np.concatenate([borders[:1] - width, borders]) if len(borders) > 1 else borders
    for first in range(0, len(every) - 1 if len(reader.keys) else 0, number):
        piece = every[first : first + number + 1]
        reader.take(made(store, reader.keys, step, piece, now).rollups)
    return reader.hours(), reader.rises(min(end, now))


class _Reader:
    """Adds up roll-ups piece by piece: a month of many rooms does not fit at once."""

    def __init__(self, store: SqlStore, of: Sequence[Group], borders: I64, now: int) -> None:
        number = store.known_points()
        group_of = {number[point]: row for row, group in enumerate(of) for point in group.points if point in number}
        self._of, self._borders, self._number = of, borders, number
        self._registers = {number[point] for group in of for point in group.registers if point in number}
        self.keys = np.array(sorted(group_of.keys() | self._registers), np.int32)
        self._group = np.array([group_of.get(key, -1) for key in self.keys.tolist()], np.intp)
        self._times = borders[:-1]
        self._width = np.minimum(borders[1:], now) - self._times
        self._sums = np.zeros((3, len(of), len(self._times)))
        self._spoke = np.zeros(len(self.keys), np.bool_)
        self._flags = 0
        self._courses: dict[int, list[pa.Table]] = {}

    def take(self, rollups: pa.Table) -> None:
        """Add the roll-ups of some hours in a row; pieces come in the order of time."""
        point, begin = numbers(rollups, "point"), numbers(rollups, "start")
        stood = numbers(rollups, "held").astype(np.float64)
        each = np.searchsorted(self.keys, point)
        rated = (self._group[each] >= 0) & (stood > 0) & (begin >= self._borders[0])
        at = (self._group[each[rated]], np.searchsorted(self._borders, begin[rated], side="right") - 1)
        # a window of the past may end within an hour that is rolled up as a whole: as much of that counts
        stood[rated] = np.minimum(stood[rated], self._width[at[1]])
        value = numbers(rollups, "mean")[rated]
        for row, what in enumerate((value * stood[rated] / HOUR_MS, value, stood[rated])):
            np.add.at(self._sums[row], at, what)
        self._spoke[each[rated]] = True
        self._flags |= int(np.bitwise_or.reduce(numbers(rollups, "flags")[rated], initial=0))
        for key in self._registers:
            first, last = np.searchsorted(point, [key, key + 1])
            part = rollups.slice(int(first), int(last - first))
            self._courses.setdefault(key, []).append(part.filter(pa.array(stood[first:last] > 0)))

    def hours(self) -> Hours:
        """What was added up."""
        known = np.bincount(self._group[self._spoke], minlength=len(self._of)).astype(np.int64)
        size = np.array([len(group.points) for group in self._of], np.int64)
        amount, mean, held = self._sums
        return Hours(self._times, self._width, size, amount, mean, held, known, self._flags)

    def rises(self, until: int) -> dict[str, Rise]:
        """The rise of the registers of each group that has any."""
        start = int(self._borders[0])
        found = {key: _rise(pa.concat_tables(parts), start, until) for key, parts in self._courses.items()}
        told = {}
        for group in self._of:
            rows = [found[self._number[p]] for p in group.registers if self._number.get(p, -1) in found]
            have = [row for row in rows if row[1] > 0]
            if have:
                told[group.id] = Rise(
                    sum(row[0] for row in have), sum(row[1] for row in have) / len(group.registers), len(have),
                    len(group.registers), any(row[2] for row in rows),
                    int(np.bitwise_or.reduce([row[3] for row in rows], initial=0)),
                )  # fmt: skip
        return told


def _rise(rollups: pa.Table, start: int, until: int) -> tuple[float, float, bool, int]:
    """The rise of one register, the share of the window that it spans, whether it fell or leapt, its flags."""
    begin, low, high = (numbers(rollups, name) for name in ("start", "low", "high"))
    left = np.maximum(until - begin, 0)
    cut = numbers(rollups, "held") > left  # rolled up as a whole, and the window ends within it
    high = np.where(cut, low + (high - low) * left / HOUR_MS, high)
    inside = begin >= start
    if not inside.any() or until <= start:
        return 0.0, 0.0, False, 0
    before = ~inside
    # of the hour before only its last value is of interest; what stood in an hour rose from its low to its high
    opening = float(high[before][-1]) if before.any() else float(low[inside][0])
    course = np.concatenate([[opening], np.column_stack([low[inside], high[inside]]).ravel()])
    opened = start if before.any() else int(begin[inside][0])
    closed = min(until, int(begin[inside][-1]) + HOUR_MS)
    flags = int(np.bitwise_or.reduce(numbers(rollups, "flags")[inside], initial=0))
    fell = bool((np.diff(course) < -1e-6 * max(1.0, abs(opening))).any())
    return float(course[-1] - course[0]), max(0.0, (closed - opened) / (until - start)), fell, flags


def simulated(flags: int) -> bool:
    """Whether any of what has these flags is simulated."""
    return bool(flags & FLAG_SIMULATED)
