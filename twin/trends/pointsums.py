"""What each of many points comes to over a window, worked out by the historian itself: whole local days by their daily
roll-ups, what is over at both ends by hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.history.calendar import DAY_MS, HOUR_MS
from twin.history.columns import F64, I64, numbers
from twin.history.contract import Keys
from twin.history.store import SqlStore

SHORT_DAYS = 4
"""A window of at most so many days is all hours."""


@dataclass(frozen=True, slots=True)
class PointSums:
    """Of each point asked for, in that order: ``integral`` [unit x h] of what was known and the ``share`` (0..1) of
    the time from ``start`` to ``end`` [ms] in which it was: whole hours that have a roll-up."""

    integral: F64
    share: F64
    start: int
    end: int


def point_sums(store: SqlStore, ids: Sequence[str], start: int, end: int) -> PointSums:
    """The sums of points over the whole hours from ``start`` to before ``end`` [ms] that are rolled up already."""
    known = store.known_points()
    key = np.array([known.get(name, -1) for name in ids], np.int64)
    first = store.calendar.hour_of(start + HOUR_MS - 1)
    last = min(store.calendar.hour_of(end), store.rolled_until)
    integral, held = np.zeros(len(ids)), np.zeros(len(ids))
    keys = np.unique(key[key >= 0]).astype(np.int32)
    if last <= first or not len(keys):
        return PointSums(integral, held, first, max(first, last))
    place = np.full(int(keys.max()) + 1, -1, np.int64)
    place[key[key >= 0]] = np.flatnonzero(key >= 0)
    for step, begin, until in _parts(store, first, last):
        found = _sums(store, step, keys, begin, until)
        at = place[found[0]]
        integral[at] += found[1]
        held[at] += found[2]
    return PointSums(integral / HOUR_MS, np.minimum(1.0, held / (last - first)), first, last)


def _sums(store: SqlStore, step: str, keys: Keys, start: int, end: int) -> tuple[I64, F64, F64]:
    table = store.sums("day" if step == "day" else "hour", keys, start, end)
    return numbers(table, "point"), numbers(table, "known"), numbers(table, "held")


def _parts(store: SqlStore, first: int, last: int) -> list[tuple[str, int, int]]:
    """The window as hours and whole local days that have a roll-up."""
    if last - first <= SHORT_DAYS * DAY_MS:
        return [("hour", first, last)]
    begin = store.calendar.day_of(first)
    begin = begin if begin == first else store.calendar.day_after(first)
    until = min(store.calendar.day_of(last), store.calendar.day_of(max(0, store.meta("days"))))
    if until <= begin:
        return [("hour", first, last)]
    parts = [("hour", first, begin), ("day", begin, until), ("hour", until, last)]
    return [part for part in parts if part[1] < part[2]]
