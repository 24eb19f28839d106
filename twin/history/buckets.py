"""Roll-ups of any step up to this moment: short ones from rows, hours and longer ones from what is kept, and what is
not kept yet (the hour that is running, hours whose rows have just come) from rows as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from twin.history.calendar import DAY_MS, HOUR_MS
from twin.history.columns import I64, NO_ROWS, Bools, Rows, numbers
from twin.history.contract import ROLLUPS, Keys
from twin.history.gaps import Stretches, standing
from twin.history.rollup import joined, roll, states_as_rows, sum_up
from twin.history.steps import Step, is_short, spaced
from twin.history.store import SqlStore

Runs = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Made:
    """``rollups`` (``ROLLUPS``) by point and start, of the buckets of which anything is known; ``unfinished`` starts of
    those that may still change [ms]; where something was ``known``: exactly for steps below an hour, else to the hour
    (or day)."""

    rollups: pa.Table
    unfinished: I64
    known: Stretches


def made(store: SqlStore, points: Keys, step: Step, borders: I64, now: int) -> Made:
    """What is known of ``points`` (ascending) in the buckets between ``borders`` (b + 1,) [ms], at ``now`` [ms]."""
    if len(borders) < 2 or borders[0] >= now or not len(points):
        return Made(ROLLUPS.empty_table(), np.zeros(0, np.int64), Stretches.joined([]))
    start, end = int(borders[0]), int(borders[-1])
    if is_short(step):
        return _short(store, points, borders, now)
    if step == "day":
        return _days(store, points, borders, now)
    found = _hours(store, points, start, end, now)
    if step == "hour":
        return found
    return _longer(found, borders)


# below an hour


def _short(store: SqlStore, points: Keys, borders: I64, now: int) -> Made:
    before = Rows.of(store.at(int(borders[0]) - 1, points))
    tables, known = [], []
    for piece in _pieces(_until(borders, now)):
        rows = Rows.of(store.rows(points, int(piece[0]), int(piece[-1])))
        every = joined(before, rows)
        tables.append(roll(points, before, rows, piece, store.hold_ms(points), store.suspect))
        known.append(standing(every, store.suspect, store.hold_ms(every.point), int(piece[0]), int(piece[-1])))
        before = every.take(np.append(every.point[1:] != every.point[:-1], True)[: len(every.point)])
    return Made(_by_point(pa.concat_tables(tables)), _running(borders, now), Stretches.joined(known))


def _until(borders: I64, now: int) -> I64:
    """Borders up to ``now``, where the last bucket is cut."""
    return borders if borders[-1] <= now else np.append(borders[borders < now], now)


def _running(borders: I64, now: int) -> I64:
    return borders[:-1][borders[1:] > now]


def _pieces(borders: I64) -> Iterator[I64]:
    """Borders a day at a time, each piece beginning where the one before ended."""
    first = 0
    while first < len(borders) - 1:
        last = max(first + 1, int(np.searchsorted(borders, borders[first] + DAY_MS, side="right")) - 1)
        yield borders[first : last + 1]
        first = last


# hours


def _hours(store: SqlStore, points: Keys, start: int, end: int, now: int) -> Made:
    """The hours that begin from ``start`` to before ``end``."""
    start = store.calendar.hour_of(start + HOUR_MS - 1)
    grid = spaced(start, min(end, now), HOUR_MS)
    again = _changed(store, points, grid)
    fresh = (grid >= store.rolled_until) | again
    kept = store.rollups("hour", points, start, end)
    kept = kept.filter(pc.invert(pc.is_in(kept.column("start"), pa.array(grid[fresh]))))
    tables = [kept, *_silent(store, points, kept, grid[~fresh])]
    for first, last in _runs(grid[fresh]):
        until = min(last, now)
        before, rows = Rows.of(store.at(first - 1, points)), Rows.of(store.rows(points, first, until))
        borders = _until(spaced(first, last + 1, HOUR_MS), now)
        tables.append(roll(points, before, rows, borders, store.hold_ms(points), store.suspect))
    every = _by_point(pa.concat_tables(tables))
    return Made(every, grid[fresh], _known_of(every, np.full(len(every), HOUR_MS), now))


def _changed(store: SqlStore, points: Keys, grid: I64) -> Bools:
    """Which hours have a roll-up that rows have come for since, with those into which a value of them may stand."""
    dirty = store.query("SELECT DISTINCT point, start FROM dirty")
    starts = numbers(dirty, "start")[np.isin(numbers(dirty, "point"), points)]
    longest = int(store.hold_ms(points).max(initial=0))
    again = np.zeros(len(grid), np.bool_)
    for start in np.unique(starts).tolist():
        again |= (grid >= start) & (grid < start + HOUR_MS + longest)
    return again


def _silent(store: SqlStore, points: Keys, kept: pa.Table, grid: I64) -> Iterator[pa.Table]:
    """Hours in which nothing came from anywhere, and so have no roll-up, as far as values of before still stand."""
    rolled = store.rolled_hours
    grid = grid[~np.isin(grid, rolled)]
    longest = int(store.hold_ms(points).max(initial=0))
    if not grid.size or not rolled.size:
        return
    at = np.searchsorted(rolled, grid) - 1
    near = (at >= 0) & (grid - rolled[np.maximum(at, 0)] < HOUR_MS + longest)
    for first, last in _runs(grid[near]):
        before = int(rolled[np.searchsorted(rolled, first) - 1])
        states = kept.filter(pc.equal(kept.column("start"), before))
        rows = states_as_rows(states) if len(states) else store.states_at_end(before, points)
        borders = spaced(first, last + 1, HOUR_MS)
        yield roll(points, rows, NO_ROWS, borders, store.hold_ms(points), store.suspect)


def _runs(hours: I64) -> Runs:
    """Hours that follow one another, as where the first begins and the last ends."""
    begin = np.flatnonzero(np.append(True, np.diff(hours) > HOUR_MS)) if hours.size else np.zeros(0, np.int64)
    end = np.append(begin[1:], len(hours)) - 1
    return [(int(hours[a]), int(hours[b]) + HOUR_MS) for a, b in zip(begin.tolist(), end.tolist(), strict=False)]


# longer


def _longer(hours: Made, borders: I64) -> Made:
    """Buckets of several hours."""
    start = numbers(hours.rollups, "start")
    group = borders[np.searchsorted(borders, start, side="right") - 1]
    unfinished = np.unique(borders[np.searchsorted(borders, hours.unfinished, side="right") - 1])
    return Made(sum_up(hours.rollups, group), unfinished, hours.known)


def _days(store: SqlStore, points: Keys, borders: I64, now: int) -> Made:
    """Local days: kept ones where they are whole, the others from their hours."""
    whole = _whole(store, points, borders)
    kept = store.rollups("day", points, int(borders[0]), int(borders[-1]))
    kept = kept.filter(pc.is_in(kept.column("start"), pa.array(borders[:-1][whole])))
    index = np.searchsorted(borders, numbers(kept, "start"))
    tables, known = [kept], [_known_of(kept, np.diff(borders)[index], now)]
    unfinished = []
    for part in np.split(np.arange(len(whole)), np.flatnonzero(np.diff(whole.astype(np.int8))) + 1):
        if not whole[part[0]] and borders[part[0]] < now:
            own = borders[part[0] : part[-1] + 2]
            found = _longer(_hours(store, points, int(own[0]), int(own[-1]), now), own)
            tables.append(found.rollups)
            known.append(found.known)
            unfinished.append(found.unfinished)
    return Made(
        _by_point(pa.concat_tables(tables)), np.concatenate([np.zeros(0, np.int64), *unfinished]),
        Stretches.joined(known),
    )  # fmt: skip


def _whole(store: SqlStore, points: Keys, borders: I64) -> Bools:
    """Which days have a roll-up that says everything: over, no hour of it silent, nothing come since."""
    first, last = (np.searchsorted(store.rolled_hours, edge) for edge in (borders[:-1], borders[1:]))
    number, hours = last - first, np.diff(borders) // HOUR_MS
    grid = spaced(int(borders[0]), int(borders[-1]), HOUR_MS)
    again = grid[_changed(store, points, grid)]
    touched = np.isin(np.arange(len(hours)), np.searchsorted(borders, again, side="right") - 1)
    # of days whose hours are not kept any longer only the day itself is there
    whole: Bools = (borders[1:] <= store.meta("days")) & ((number == hours) | (number == 0)) & ~touched
    return whole


def _known_of(rollups: pa.Table, width: I64, now: int) -> Stretches:
    held, start = numbers(rollups, "held") > 0, numbers(rollups, "start")
    return Stretches(numbers(rollups, "point")[held], start[held], np.minimum(start + width, now)[held])


def _by_point(rollups: pa.Table) -> pa.Table:
    """By point and start, without buckets of which nothing is known: no reading, and no value that stood."""
    n, held = numbers(rollups, "n"), numbers(rollups, "held")
    some = rollups.filter(pa.array((n > 0) | (held > 0)))
    order = np.lexsort((numbers(some, "start"), numbers(some, "point")))
    return some.take(pa.array(order))
