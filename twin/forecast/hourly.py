"""Hourly power of a subject from the roll-ups of the historian: mean kW of an hour, which is its energy in kWh.

An hour of a point counts where a value was known for at least half of it and no check found fault with it. The points
of a subject are summed; where those that are known make up less than ``LEAST_SHARE`` of what all of them use on
average, the hour is left out: a total of fewer meters is another meter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.forecast.clock import local_time
from twin.forecast.exclusions import Marks
from twin.history.calendar import HOUR_MS
from twin.history.columns import numbers
from twin.history.past_memory import KNOWN_MS
from twin.history.store import SqlStore

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

LEAST_SHARE = 0.95
CELLS, MOST_HOURS = 400_000, 31 * 24
"""Hours of points that are read at a time, and hours: a large building has millions, and each day is a file."""
COVERAGE = "coverage"
"""The reason of an hour in which too few of the points were known."""


@dataclass(frozen=True, slots=True)
class Hourly:
    """Hours that begin at ``times`` (n,) [s since the epoch, UTC]: mean power ``values`` (n,) [kW], NaN for a gap, and
    why one is left out (``reasons``, '' for none)."""

    times: F64
    values: F64
    reasons: tuple[str, ...]

    def days(self, zone: ZoneInfo) -> int:
        """Local days of which anything is known."""
        known = np.isfinite(self.values)
        return len(np.unique(local_time(self.times[known], zone, 3600.0).day)) if known.any() else 0

    @property
    def trimmed(self) -> Hourly:
        """Without the hours before the first and after the last known one."""
        known = np.flatnonzero(np.isfinite(self.values))
        part = slice(known[0], known[-1] + 1) if known.size else slice(0, 0)
        return Hourly(self.times[part], self.values[part], self.reasons[part])


def read(store: SqlStore, points: Sequence[str], start: int, end: int, marks: Marks) -> Hourly:
    """The hours of the sum of ``points`` from the hour of ``start`` to before that of ``end`` [ms since the epoch]."""
    first = store.calendar.hour_of(start)
    times = np.arange(first, store.calendar.hour_of(end), HOUR_MS, dtype=np.int64)
    known = store.known_points()
    here = sorted((known[point], point) for point in points if point in known)
    if not here or not times.size:
        return Hourly(times / 1000.0, np.full(len(times), np.nan), ("",) * len(times))
    keys = np.array([key for key, _ in here], np.int32)
    weight = _weights(store, keys, first, int(times[-1]) + HOUR_MS)
    marked = [marks.get(point, ()) for _, point in here]
    step = min(MOST_HOURS, max(24, CELLS // len(keys)))
    total, share, spoilt = (np.zeros(len(times)) for _ in range(3))
    checks: dict[int, str] = {}
    for begin in range(0, len(times), step):
        part = slice(begin, begin + step)
        table = _table(store, keys, times[part])
        for row, stretches in enumerate(marked):
            for mark in stretches:
                hit = (times[part] + HOUR_MS > mark.begins) & (times[part] < mark.ends) & np.isfinite(table[row])
                table[row, hit] = np.nan
                spoilt[part][hit] += weight[row]
                checks |= {begin + at: mark.check for at in np.flatnonzero(hit).tolist()}
        there = np.isfinite(table)
        total[part] = np.where(there, table, 0.0).sum(axis=0)
        share[part] = weight @ there
    return _judged(times, total, share, spoilt, checks)


def _judged(times: I64, total: F64, share: F64, spoilt: F64, checks: Mapping[int, str]) -> Hourly:
    """Hours of which a ``share`` (n,) is known, and a share ``spoilt`` (n,) was doubted by one of ``checks``."""
    short = share < LEAST_SHARE
    reasons = [""] * len(times)
    for at in np.flatnonzero(short & (share + spoilt > 0)).tolist():
        # what a check doubts is the reason only where there would be enough with it
        reasons[at] = checks.get(at, COVERAGE) if share[at] + spoilt[at] >= LEAST_SHARE else COVERAGE
    return Hourly(times / 1000.0, np.where(short, np.nan, total), tuple(reasons))


def _weights(store: SqlStore, keys: npt.NDArray[np.int32], start: int, end: int) -> F64:
    """The share (k,) of each point in what all of them use; those of which nothing is known have none."""
    found = store.top(keys, start, end, len(keys))
    weight = np.zeros(len(keys))
    weight[np.searchsorted(keys, numbers(found, "point"))] = np.abs(numbers(found, "mean"))
    if not weight.any():
        weight[np.searchsorted(keys, numbers(found, "point"))] = 1.0
    all_of = float(weight.sum())
    return weight / all_of if all_of else weight


def _table(store: SqlStore, keys: npt.NDArray[np.int32], times: I64) -> F64:
    """Means (points, hours) [kW] of some hours in a row, NaN where less than half of one is known."""
    found = store.rollups("hour", keys, int(times[0]), int(times[-1]) + 1)
    table = np.full((len(keys), len(times)), np.nan)
    row = np.searchsorted(keys, numbers(found, "point"))
    column = (numbers(found, "start") - times[0]) // HOUR_MS
    table[row, column] = np.where(numbers(found, "held") >= KNOWN_MS, numbers(found, "mean"), np.nan)
    return table


def summed(parts: Mapping[str, Hourly]) -> Hourly:
    """The sum of subjects over the same hours, with the same rule."""
    every = list(parts.values())
    table = np.stack([part.values for part in every])
    there = np.isfinite(table)
    number = there.sum(axis=1)
    size = np.abs(np.where(there, table, 0.0).sum(axis=1))
    weight = np.divide(size, number, out=np.zeros(len(every)), where=number > 0)
    weight = weight if weight.any() else (number > 0).astype(np.float64)
    share = weight @ there / max(float(weight.sum()), 1e-12)
    times = np.rint(every[0].times * 1000).astype(np.int64)
    return _judged(times, np.where(there, table, 0.0).sum(axis=0), share, np.zeros(len(share)), {})
