"""The last day's states at equal distances, in memory: a moment of it is a mark and the few minutes after it.

Whoever scrubs along the last day asks for one moment after the other. From a mark on only minutes of rows are looked
at, where from the hour's roll-up on it is up to an hour of them. Marks change with late rows; they are made again after
a restart, and nothing is lost with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from twin.history.calendar import DAY_MS, HOUR_MS
from twin.history.columns import Rows
from twin.history.contract import READINGS

STEP_MS = 15 * 60_000
"""26 bytes a point and mark: 50 MB for 20,000 points."""
SPAN_MS = DAY_MS + HOUR_MS
"""A day of 25 hours."""


class Marks:
    """The newest row of each point at each full quarter of an hour of the last day.

    Any thread may ask; one at a time may ``put`` and ``note`` (the historian's writing lock).
    """

    def __init__(self, step: int = STEP_MS, span: int = SPAN_MS) -> None:
        self.step, self.span = step, span
        self._known: Mapping[int, Rows] = MappingProxyType({})

    def __len__(self) -> int:
        return len(self._known)

    def before(self, time: int) -> tuple[int, Rows] | None:
        """The newest mark at or before ``time`` [ms]: its time and its rows by point."""
        known = self._known
        at = max((each for each in known if each <= time), default=None)
        return None if at is None else (at, known[at])

    def missing(self, now: int, first: int) -> int | None:
        """The oldest mark [ms] that is wanted at ``now`` and not there, none before ``first`` [ms] among them; None
        where all are. What is too old is forgotten."""
        oldest = max(now - self.span, first)
        if any(each < now - self.span for each in self._known):
            self._set({at: rows for at, rows in self._known.items() if at >= now - self.span})
        wanted = range(-(-oldest // self.step) * self.step, now + 1, self.step)
        return next((at for at in wanted if at not in self._known), None)

    def put(self, time: int, rows: Rows) -> None:
        """Keep the newest row of each point at ``time`` [ms], by point."""
        if len(rows.point) and (last := self.before(time)) and np.array_equal(last[1].point, rows.point):
            rows = Rows(last[1].point, rows.time, rows.value, rows.delay, rows.quality, rows.flags, rows.reason)
        self._set({**self._known, time: rows})

    def note(self, rows: Rows) -> None:
        """Rows have come, by time: marks after them get what they would have had."""
        if not len(rows.time) or not self._known:
            return
        first = int(rows.time.min())
        touched = {
            at: newer(known, rows.take(rows.time <= at)) for at, known in self._known.items() if at >= first
        }  # fmt: skip
        if touched:
            self._set({**self._known, **touched})

    def _set(self, known: Mapping[int, Rows]) -> None:
        self._known = MappingProxyType(dict(known))


def overlaid(before: Rows, after: Rows) -> Rows:
    """The newest row of each point, by point: that of ``after`` where it has one. Both have a point at most once."""
    if not len(before.point):
        return after
    if not len(after.point):
        return before
    older = np.ones(1 + max(int(before.point.max()), int(after.point.max())), np.bool_)
    older[after.point] = False
    kept = older[before.point]
    # of two sorted runs a stable sort is a merge
    order = np.argsort(np.concatenate([before.point[kept], after.point]), kind="stable")
    return Rows(
        *(np.concatenate([getattr(before, name)[kept], getattr(after, name)])[order] for name in READINGS.names)
    )


def newer(known: Rows, rows: Rows) -> Rows:
    """The newest row of each point of ``known`` (by point) with ``rows`` (by time, or one a point): they count where
    they are as new as what is known."""
    if not len(rows.point):
        return known
    newest = {point: at for at, point in enumerate(rows.point.tolist())}
    some = rows.take(np.array([newest[point] for point in sorted(newest)], np.intp))
    time = np.full(1 + max(int(some.point.max()), int(known.point.max(initial=0))), np.iinfo(np.int64).min)
    time[known.point] = known.time
    return overlaid(known, some.take(some.time >= time[some.point]))
