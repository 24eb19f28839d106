"""Any slice of the history in pieces that fit into memory: by point and time, readings or buckets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise

import numpy as np
import pyarrow as pa

from twin.history.buckets import made
from twin.history.columns import I64, Array, Rows, numbers
from twin.history.contract import HistoryError, Keys
from twin.history.outward import BUCKETS_OUT, READINGS_OUT, buckets_out, readings_out
from twin.history.series import names_of
from twin.history.steps import Step, edges, is_short
from twin.history.store import SqlStore

PIECE = 500_000
"""Rows at a time."""


@dataclass(frozen=True, slots=True)
class Part:
    """A table with a name that comes in pieces."""

    name: str
    schema: pa.Schema
    pieces: Iterator[pa.Table]


def chosen(store: SqlStore, patterns: list[str]) -> Keys:
    """The keys of the points whose id or quantity is or fits one of ``patterns`` (all without any), by id;
    HistoryError where none does."""
    facts, keys = store.known_facts(), store.known_points()

    def fits(name: str) -> bool:
        words = (name, facts[name].quantity)
        return not patterns or any(p == word or fnmatchcase(word, p) for p in patterns for word in words)

    found = [keys[name] for name in sorted(keys) if fits(name)]
    if not found:
        told = f"no point of the history fits {', '.join(patterns)}: " if patterns else "the history has no points: "
        raise HistoryError(told + "ids and quantities stand in /api/v1/points, patterns are as in 'library/*'")
    return np.array(found, np.int32)


def readings(store: SqlStore, keys: Keys, start: int, end: int, most: int = PIECE) -> Iterator[pa.Table]:
    """The rows of points from ``start`` to before ``end`` [ms] (``READINGS``), in the order of ``keys`` and by time, at
    most about ``most`` at a time."""
    if end <= start or not len(keys):
        return
    counts = store.counts(keys, start, end)
    number = np.zeros(int(keys.max()) + 1, np.int64)
    number[numbers(counts, "point")] = numbers(counts, "rows")
    keys = keys[number[keys] > 0]
    for group in _groups(number[keys], most):
        some = keys[group]
        if len(some) > 1 or number[some[0]] <= most:
            rows = store.rows(np.sort(some), start, end)
            yield rows.take(pa.array(_by_rank(some, numbers(rows, "point"))))
            continue
        borders = np.linspace(start, end, -(-int(number[some[0]]) // most) + 1).astype(np.int64).tolist()
        for first, last in pairwise(borders):
            yield store.rows(some, first, last)


def _groups(number: I64, most: int) -> Iterator[slice]:
    """Runs of points that have at most ``most`` rows together, or are one."""
    first = 0
    total = np.cumsum(number)
    while first < len(number):
        before = int(total[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(total, before + most, side="right")))
        yield slice(first, last)
        first = last


def _by_rank(keys: Keys, point: Array) -> Array:
    """The order of rows that are by point and time, as ``keys`` has the points."""
    rank = np.zeros(int(keys.max()) + 1, np.int64)
    rank[keys] = np.arange(len(keys))
    return np.argsort(rank[point], kind="stable")


def export(store: SqlStore, patterns: list[str], start: int, end: int, step: Step | None, now: int) -> Part:
    """What an export of a slice writes: readings, or buckets of ``step``, by id and time, as series have them."""
    keys, names = chosen(store, patterns), names_of(store)
    if step is None:
        told = (readings_out(names, Rows.of(piece)) for piece in readings(store, keys, start, end))
        return Part("readings", READINGS_OUT, told)
    borders = edges(store.calendar, step, start, min(end, now))
    return Part("buckets", BUCKETS_OUT, _buckets(store, keys, step, borders, now))


def _buckets(store: SqlStore, keys: Keys, step: Step, borders: I64, now: int) -> Iterator[pa.Table]:
    """Buckets of a few points at a time; of short steps as many points as have a million readings."""
    if len(borders) < 2:
        return
    names = names_of(store)
    cost = np.full(len(keys), len(borders), np.int64)
    if is_short(step):
        counts = store.counts(keys, int(borders[0]), int(borders[-1]))
        number = np.zeros(int(keys.max()) + 1, np.int64)
        number[numbers(counts, "point")] = numbers(counts, "rows")
        cost += number[keys]
    for group in _groups(cost, PIECE):
        some = keys[group]
        found = made(store, np.sort(some), step, borders, now)
        rollups = found.rollups.take(pa.array(_by_rank(some, numbers(found.rollups, "point"))))
        start = numbers(rollups, "start")
        ends = borders[np.minimum(np.searchsorted(borders, start) + 1, len(borders) - 1)]
        yield buckets_out(names, rollups, ends, now, ~np.isin(start, found.unfinished))
