"""Makes the roll-ups of a store: hours when they are over, again when rows came late, and local days from hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.history.calendar import DAY_MS, HOUR_MS
from twin.history.columns import I32, I64, Rows, numbers
from twin.history.contract import ROLLUPS
from twin.history.rollup import roll as rolled
from twin.history.rollup import sum_up

if TYPE_CHECKING:
    from twin.history.store import SqlStore

GRACE_MS = 60_000
"""An hour is rolled up so long after its end: what is on its way comes in until then."""
MOST_HOURS = 24
"""Hours made at a time; whoever asks asks again."""
FEW_ROWS = 500_000


def roll(store: SqlStore, now: int) -> int:
    """Make what is due at ``now`` [ms]; how many hours of points were made."""
    with store.writing:
        made = _again(store)
        made += _new_hours(store, now)
        _new_days(store)
        return made


def _new_hours(store: SqlStore, now: int) -> int:
    end = store.calendar.hour_of(now - GRACE_MS)
    hour = _next_hour(store, store.rolled_until)
    made = number = 0
    at_once = 1
    while hour is not None and hour < end and number < MOST_HOURS:
        edges = np.arange(hour, min(end, hour + at_once * HOUR_MS) + 1, HOUR_MS, dtype=np.int64)
        before = store.states_at_end(int(store.rolled_hours[-1])) if store.rolled_hours.size else None
        out = _hours(store, None, before, edges)
        spoke = np.unique(numbers(out, "start")[numbers(out, "n") > 0])
        out = out.filter(pc.is_in(out.column("start"), pa.array(spoke)))
        with store.transaction():
            store.keep_rollups("hour", out)
            store.note_rolled(spoke)
        store.forget_rolled()
        made, number = made + len(out), number + len(edges) - 1
        # few rows an hour: several hours at once take hardly longer than one
        at_once = min(MOST_HOURS, 2 * at_once) if int(numbers(out, "n").sum()) < FEW_ROWS else 1
        hour = _next_hour(store, int(edges[-1]))
    return made


def _next_hour(store: SqlStore, since: int) -> int | None:
    """The hour from ``since`` on in which the next row is; those in between need no roll-up."""
    first = store.first_time(since)
    return None if first is None else store.calendar.hour_of(first)


def _hours(store: SqlStore, points: I32 | None, before: Rows | None, edges: I64) -> pa.Table:
    """The roll-ups of points in hours that follow one another, from the state before them."""
    rows = Rows.of(store.rows(points, int(edges[0]), int(edges[-1])))
    before = before or rows.take(np.zeros(0, np.intp))
    every = np.union1d(before.point, rows.point) if points is None else np.unique(points)
    if not every.size:
        return ROLLUPS.empty_table()
    every = every.astype(np.int32)
    return rolled(every, before, rows, edges, store.hold_ms(every), store.suspect)


Waiting = dict[int, list[I32]]
"""Points by the hour, or the day, that is to be made again."""


def _again(store: SqlStore) -> int:
    """Make the hours again whose rows came after their roll-up, and those after them while that changes their state."""
    dirty = store.query("SELECT DISTINCT point, start FROM dirty ORDER BY start, point")
    if not len(dirty):
        return 0
    points, starts = numbers(dirty, "point"), numbers(dirty, "start")
    waiting: Waiting = {start: [points[starts == start]] for start in np.unique(starts).tolist()}
    days: Waiting = {}
    made = _filled_in(store, waiting, days)
    while waiting:
        made += _window(store, waiting, days)
    _days_again(store, days)
    store.clear("dirty")
    store.waiting = False
    store.rerolled += 1
    return made


def _filled_in(store: SqlStore, waiting: Waiting, days: Waiting) -> int:
    """Make the hours in which nothing had come before: of all points, for any moment may be counted from them."""
    made = 0
    for hour in np.setdiff1d(np.array(list(waiting), np.int64), store.rolled_hours).tolist():
        at = int(np.searchsorted(store.rolled_hours, hour))
        before = store.states_at_end(int(store.rolled_hours[at - 1])) if at else None
        out = _hours(store, None, before, np.array([hour, hour + HOUR_MS], np.int64))
        late = waiting.pop(hour)
        days.setdefault(store.calendar.day_of(hour), []).extend(late)
        with store.transaction():
            if at < len(store.rolled_hours):
                _go_on(store, waiting, int(store.rolled_hours[at]), np.unique(np.concatenate(late)))
            store.keep_rollups("hour", out)
            store.note_rolled(np.array([hour], np.int64))
        store.forget_rolled()
        made += len(out)
    return made


def _window(store: SqlStore, waiting: Waiting, days: Waiting) -> int:
    """A day of hours from the first that waits, of the points that wait in it; who must go on waits in the next one."""
    known, first = store.rolled_hours, min(waiting)
    at = int(np.searchsorted(known, first))
    hours = known[at : at + 24]
    hours = hours[hours < first + DAY_MS]
    points = np.unique(np.concatenate([each for start in hours.tolist() for each in waiting.pop(start, [])]))
    points = points.astype(np.int32)
    before = store.states_at_end(int(known[at - 1]), points) if at else None
    # in hours in which nothing came there is nothing to make, but values go on standing
    out = _hours(store, points, before, np.arange(hours[0], hours[-1] + HOUR_MS + 1, HOUR_MS, dtype=np.int64))
    out = out.filter(pc.is_in(out.column("start"), pa.array(hours)))
    old = store.rollups("hour", points, int(hours[-1]), int(hours[-1]) + 1)
    onward = _moved(old, out.filter(pc.equal(out.column("start"), int(hours[-1]))))
    for day in np.unique(store.calendar.days(hours)).tolist():
        days.setdefault(day, []).append(points)
    with store.transaction():
        if onward.size and at + len(hours) < len(known):
            _go_on(store, waiting, int(known[at + len(hours)]), onward)
        store.keep_rollups("hour", out)
    return len(out)


def _go_on(store: SqlStore, waiting: Waiting, hour: int, points: I32) -> None:
    """Make an hour again as well; kept before the one ahead of it is, whose new state no longer shows that this one has
    to follow if the process ends in between."""
    waiting.setdefault(hour, []).append(points)
    store.note_again(points.astype(np.int32), hour)


def _moved(old: pa.Table, new: pa.Table) -> I32:
    """The points whose state at the end of an hour is another one now."""
    columns = ("last_time", "last_value", "last_quality", "last_reason")
    before = {
        row: values for row, *values in zip(*(numbers(old, name).tolist() for name in ("point", *columns)), strict=True)
    }
    moved = [
        row
        for row, *values in zip(*(numbers(new, name).tolist() for name in ("point", *columns)), strict=True)
        if str(before.get(row)) != str(values)
    ]
    return np.array(moved, np.int32)


def _new_days(store: SqlStore) -> None:
    """The local days that are over, from their hours."""
    if not store.rolled_hours.size:
        return
    begin = store.meta("days") or store.calendar.day_of(int(store.rolled_hours[0]))
    while (end := store.calendar.day_after(begin)) <= store.rolled_until:
        parts = store.rollups("hour", None, begin, end)
        with store.transaction():
            if len(parts):
                store.keep_rollups("day", sum_up(parts, np.full(len(parts), begin, np.int64)))
            store.set_meta("days", end)
        begin = end


def _days_again(store: SqlStore, days: Waiting) -> None:
    until = store.meta("days")
    for begin in sorted(day for day in days if day < until):
        points = np.unique(np.concatenate(days[begin])).astype(np.int32)
        parts = store.rollups("hour", points, begin, store.calendar.day_after(begin))
        with store.transaction():
            store.keep_rollups("day", sum_up(parts, np.full(len(parts), begin, np.int64)))
