"""Series out of a historian, for charts, reports and other programs: readings as they were kept, buckets of any step,
or a line with no more places than can be drawn. A store in, Arrow out, and where the gaps are.

Every call may take long: call it from a thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa

from twin.history.buckets import made
from twin.history.calendar import DAY_MS, HOUR_MS
from twin.history.columns import F64, I64, Array, Rows, numbers
from twin.history.contract import Keys
from twin.history.gaps import NOWHERE, Stretches, gaps, standing, usable
from twin.history.outward import Agg, Names, buckets_out, drawing_out, readings_out
from twin.history.rollup import joined
from twin.history.steps import SeriesError, Step, edges, is_short
from twin.history.store import SqlStore

MOST_ROWS = 100_000
"""Rows in one answer."""
MOST_DAYS = 400
"""The longest window of readings, and of steps that are made from them [days]."""
MOST_POINTS = 50
MOST_PLACES = 10_000
PIECE_MS = DAY_MS


@dataclass(frozen=True, slots=True)
class Series:
    """An answer: ``table`` by point (in the order asked) and time, ``gaps`` as (id, from, to) [ms], and how both were
    made in words. ``start``, ``end`` [ms] is what it covers."""

    table: pa.Table
    gaps: list[tuple[str, int, int]]
    method: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Points by id, in what order, from ``start`` to before ``end`` at ``now`` [ms]. Points that the historian does not
    know never spoke."""

    ids: Sequence[str]
    start: int
    end: int
    now: int

    @property
    def until(self) -> int:
        """The end of what can be known [ms]."""
        return min(self.end, self.now)


_NAMES: WeakKeyDictionary[SqlStore, tuple[int, Names]] = WeakKeyDictionary()


def names_of(store: SqlStore) -> Names:
    """The words for the keys of a store, made anew when it has new ones: 50,000 points take a while."""
    version = store.names_version
    found = _NAMES.get(store)
    if found is None or found[0] != version:
        facts = {name: fact.quantity for name, fact in store.known_facts().items()}
        found = _NAMES[store] = (version, Names.of(facts, store.known_points(), store.known_reasons()))
    return found[1]


def keys_of(store: SqlStore, ids: Sequence[str]) -> Keys:
    """The keys of points that the historian knows, ascending."""
    known = store.known_points()
    return np.array(sorted({known[name] for name in ids if name in known}), np.int32)


def readings(store: SqlStore, asked: Asked) -> Series:
    """Readings as they were kept; SeriesError where there are too many for one answer."""
    _not_too_long(asked, "readings")
    keys = keys_of(store, asked.ids)
    number = int(numbers(store.counts(keys, asked.start, asked.end), "rows").sum()) if len(keys) else 0
    if number > MOST_ROWS:
        raise SeriesError(
            f"the window has {number} readings, an answer at most {MOST_ROWS}: ask for a step (step=900, hour or day), "
            "for a line to draw, for a shorter window, or use the command export"
        )
    before = Rows.of(store.at(asked.start - 1, keys))
    rows = Rows.of(store.rows(keys, asked.start, asked.end))
    every = joined(before, rows)
    known = standing(every, store.suspect, store.hold_ms(every.point), asked.start, max(asked.start, asked.until))
    rows = rows.take(_order(store, asked.ids, rows.point))
    return Series(
        readings_out(names_of(store), rows), _told_gaps(store, asked, known),
        "readings as they were kept; gaps are exact", asked.start, asked.end,
    )  # fmt: skip


def buckets(store: SqlStore, asked: Asked, step: Step, agg: Agg = "all") -> Series:
    """Buckets of ``step`` that have any of the window; SeriesError where there are too many for one answer."""
    if is_short(step):
        _not_too_long(asked, "steps below an hour")
    borders = edges(store.calendar, step, asked.start, asked.end)
    number = len(asked.ids) * max(0, len(borders) - 1)
    if number > MOST_ROWS:
        raise SeriesError(
            f"{len(asked.ids)} points in {len(borders) - 1} steps are {number} rows, an answer has at most "
            f"{MOST_ROWS}: ask for longer steps, fewer points or a shorter window"
        )
    found = made(store, keys_of(store, asked.ids), step, borders, asked.now)
    order = _order(store, asked.ids, numbers(found.rollups, "point"))
    rollups = found.rollups.take(pa.array(order))
    start = numbers(rollups, "start")
    ends = borders[np.searchsorted(borders, start) + 1] if len(start) else start
    table = buckets_out(names_of(store), rollups, ends, asked.now, ~np.isin(start, found.unfinished), agg)
    window = Asked(asked.ids, int(borders[0]), int(borders[-1]), asked.now) if len(borders) else asked
    exact = "exact" if is_short(step) else "to the day" if step == "day" else "to the hour"
    made_from = "readings" if is_short(step) else "roll-ups by the hour and day, and readings that are not in them yet"
    return Series(
        table, _told_gaps(store, window, found.known),
        f"buckets made from {made_from}; means are over the time in which a value was known; gaps are {exact}",
        window.start, window.end,
    )  # fmt: skip


def drawing(store: SqlStore, asked: Asked, places: int) -> Series:
    """A line for each point with at most ``places`` rows: of equal stretches of the window the lowest and the highest
    value, each at its own time, so that peaks survive. From an hour a stretch on out of the roll-ups by the hour."""
    places = min(places, MOST_PLACES, MOST_ROWS // max(1, len(asked.ids)))
    if places < 2:
        raise SeriesError("a line has at least 2 places: ask for more points of it")
    keys = keys_of(store, asked.ids)
    stretches = places // 2
    borders = np.linspace(asked.start, max(asked.end, asked.start + stretches), stretches + 1).astype(np.int64)
    by_hour = asked.end - asked.start >= stretches * HOUR_MS
    if by_hour:
        point, time, low, high, known = _hours(store, keys, asked)
    else:
        _not_too_long(asked, "lines with stretches below an hour")
        point, time, low, high, known = _rows(store, keys, asked, borders)
    point, time, value = _extremes(point, time, low, high, borders)
    order = _order(store, asked.ids, point)
    table = drawing_out(names_of(store), point[order], time[order], value[order])
    of = "hours, at the hour's begin" if by_hour else "readings, at its own time"
    return Series(
        table, _told_gaps(store, asked, known),
        f"lowest and highest of the {of}, in each of {stretches} equal stretches of the window; what is bad or suspect "
        f"is left out; gaps are {'to the hour' if by_hour else 'exact'}", asked.start, asked.end,
    )  # fmt: skip


Lines = tuple[Array, I64, F64, F64, Stretches]


def _hours(store: SqlStore, keys: Keys, asked: Asked) -> Lines:
    found = made(store, keys, "hour", edges(store.calendar, "hour", asked.start, asked.end), asked.now)
    some = found.rollups.filter(pa.array(numbers(found.rollups, "held") > 0))
    point, start, low, high = (numbers(some, name) for name in ("point", "start", "low", "high"))
    return point, np.maximum(start, asked.start), low, high, found.known


def _rows(store: SqlStore, keys: Keys, asked: Asked, borders: I64) -> Lines:
    """Rows a day at a time, of each stretch and day no more than the lowest and the highest."""
    before = Rows.of(store.at(asked.start - 1, keys))
    parts: list[tuple[Array, I64, F64]] = []
    known: list[Stretches] = []
    for first in range(asked.start, asked.until, PIECE_MS):
        last = min(first + PIECE_MS, asked.until)
        rows = Rows.of(store.rows(keys, first, last))
        every = joined(before, rows)
        known.append(standing(every, store.suspect, store.hold_ms(every.point), first, last))
        fit = rows.take(usable(rows, store.suspect))
        parts.append(_extremes(fit.point, fit.time, fit.value, fit.value, borders))
        before = every.take(np.append(every.point[1:] != every.point[:-1], True)[: len(every.point)])
    if not parts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0), np.zeros(0), NOWHERE
    point, time, value = (np.concatenate(each) for each in zip(*parts, strict=True))
    return point, time, value, value, Stretches.joined(known)


def _extremes(point: Array, time: I64, low: F64, high: F64, borders: I64) -> tuple[Array, I64, F64]:
    """Of each point and stretch the lowest ``low`` and the highest ``high``, by point and time."""
    bucket = np.clip(np.searchsorted(borders, time, side="right") - 1, 0, len(borders) - 2)
    cell = point.astype(np.int64) * len(borders) + bucket
    found = []
    for value in (low, -high):
        order = np.lexsort((time, value, cell))
        first = np.append(True, np.diff(cell[order]) > 0)[: len(order)]
        found.append(order[first])
    lowest, highest = found
    # where the same row is both, it is drawn once
    both = (lowest == highest) & (low[lowest] == high[highest])
    at = np.concatenate([lowest, highest[~both]])
    value = np.concatenate([low[lowest], high[highest[~both]]])
    order = np.lexsort((time[at], point[at]))
    return point[at][order].astype(np.int64), time[at][order], value[order]


def _not_too_long(asked: Asked, what: str) -> None:
    if asked.end - asked.start > MOST_DAYS * DAY_MS:
        raise SeriesError(f"{what} are answered for at most {MOST_DAYS} days: ask for step=hour, step=day or less time")


def _order(store: SqlStore, ids: Sequence[str], point: Array) -> I64:
    """Rows by point and time in the order of ``ids``."""
    known = store.known_points()
    rank = np.zeros(max(known.values(), default=-1) + 1, np.int64)
    for number, name in enumerate(ids):
        if name in known:
            rank[known[name]] = number
    order: I64 = np.argsort(rank[point], kind="stable")
    return order


def _told_gaps(store: SqlStore, asked: Asked, known: Stretches) -> list[tuple[str, int, int]]:
    """The gaps of every point that was asked for, also of those that never spoke."""
    if asked.until <= asked.start:
        return []
    keys, told = store.known_points(), []
    found = gaps(keys_of(store, asked.ids), known, asked.start, asked.until)
    for name in asked.ids:
        if name not in keys:
            told.append((name, asked.start, asked.until))
            continue
        mine = found.point == keys[name]
        told += [(name, *pair) for pair in zip(found.start[mine].tolist(), found.end[mine].tolist(), strict=True)]
    return told
