"""The courses of registers (kWh, m³): what they counted in each bucket, as a mean rate [kW, m³/h].

A register counts through what a feed missed: what it rose by over a silence is known, when it did so is not. That rise
is shared out evenly over the silence and marked as estimated. Falls, rollovers and exchanged meters are as
``twin.meter`` judges them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from twin.frame import FLAG_ESTIMATED
from twin.history.buckets import made
from twin.history.columns import F64, I64, numbers
from twin.history.steps import Step, length_ms
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.meter import Register, by_interval, continuous
from twin.reading import Quality
from twin.trends.course import Course, empty

RATES = {"energy": "power", "volume": "flow"}
"""Counted quantities and those that they are when divided by hours."""
HOUR_S = 3600.0
LEAST_SHARE = 0.5
"""A bucket of which the register said less than this has its count by sharing out."""


def is_register(live: LiveState, point: str) -> bool:
    """Whether a point of the campus is a register: a gauge of energy (that of a day, say) is none."""
    row = live.index.get(point)
    return row is not None and live.points[row].kind == "counter" and live.points[row].quantity in RATES


def registers_of(live: LiveState, entity: str, quantity: str) -> list[str]:
    """The registers that make up a place: its own, else those of the places below it that have any."""
    root = live.tree.index[entity]
    own: dict[int, list[str]] = {}
    for row in live.rows(quantity).tolist():
        point = live.points[row]
        if point.kind == "counter":
            own.setdefault(int(live.slot[row]), []).append(point.id)
    below = live.tree.under(root)
    return sorted(p for slot, ids in own.items() if below[slot] and not _covered(live, slot, root, own) for p in ids)


def _covered(live: LiveState, slot: int, root: int, own: dict[int, list[str]]) -> bool:
    """Whether a place above ``slot``, up to ``root``, has registers itself."""
    while slot != root:
        slot = int(live.tree.parent[slot])
        if slot in own:
            return True
    return False


def of_registers(store: SqlStore, points: Sequence[str], step: Step, borders: I64, now: int) -> Course:
    """The sum of registers as one course. ``have`` of a bucket are the registers that counted in it."""
    parts = [_of_one(store, point, step, borders, now) for point in points]
    if len(parts) == 1:
        return parts[0]
    course = empty(borders)
    if not parts or len(borders) < 2:
        return course
    value, coverage = np.array([each.value for each in parts]), np.array([each.coverage for each in parts])
    known, some = np.isfinite(value), np.isfinite(value).any(axis=0)
    course.value[:] = np.where(some, np.nansum(value, axis=0), np.nan)
    course.known[:] = np.array([each.known for each in parts]).sum(axis=0)
    course.coverage[:] = np.where(known, coverage, 0.0).mean(axis=0)
    course.have[:], course.of[:] = known.sum(axis=0), len(parts)
    quality = np.array([each.quality for each in parts])
    course.quality[:] = np.where(some, np.where(known, quality, 0).max(axis=0), Quality.NONE)
    course.flags[:] = np.bitwise_or.reduce([each.flags for each in parts])
    course.spoke[:] = np.any([each.spoke for each in parts], axis=0)
    course.finished[:] = np.all([each.finished for each in parts], axis=0)
    return course


def _of_one(store: SqlStore, point: str, step: Step, borders: I64, now: int) -> Course:
    course = empty(borders)
    key = store.known_points().get(point)
    begun = int(np.searchsorted(borders, now))  # so many buckets have begun
    if key is None or len(borders) < 2 or begun == 0:
        return course
    begun = min(begun, len(borders) - 1)
    before = store.calendar.day_of(int(borders[0]) - 1) if step == "day" else int(borders[0]) - length_ms(step)
    # what it showed when the window began was read before
    found = made(store, np.array([key], np.int32), step, np.concatenate([[before], borders]), now)
    times, totals, _ = continuous(*_shown(store, found.rollups, np.append(borders, before), now), Register())
    ends = np.append(borders[:begun], min(int(borders[begun]), now)) / 1000.0
    longest = 1.5 * max(length_ms(step), int(store.hold_ms(np.array([key], np.int32))[0])) / 1000.0
    counted = by_interval(times, totals, ends, longest)
    rows = found.rollups.filter(pa.array(numbers(found.rollups, "held") > 0))
    starts = numbers(rows, "start")
    at = np.searchsorted(borders, starts, side="right") - 1
    inside = at >= 0
    course.flags[at[inside]] = numbers(rows, "flags")[inside]
    course.quality[at[inside]] = numbers(rows, "quality")[inside]
    course.spoke[at[inside]] = numbers(rows, "n")[inside] > 0
    course.finished[np.isin(borders[:-1], found.unfinished)] = False
    some = np.flatnonzero(np.isfinite(counted.amount))
    length, span = np.diff(ends)[some], _span(ends, times)[some]
    course.known[some] = counted.amount[some] / (length / HOUR_S)
    course.value[some] = course.known[some] / np.maximum(span, 1e-9)
    course.coverage[some] = span
    course.have[some] = 1
    shared = some[counted.coverage[some] < LEAST_SHARE * span]
    course.flags[shared] |= np.uint8(FLAG_ESTIMATED)
    course.quality[shared] = np.where(course.quality[shared] == Quality.BAD, Quality.BAD, Quality.UNCERTAIN)
    return course


def _shown(store: SqlStore, rollups: pa.Table, borders: I64, now: int) -> tuple[list[float], list[float]]:
    """When it was read last in each bucket [s since epoch], and what it showed then; before the first of them when it
    began to be known, and the lowest of that bucket."""
    time, value = numbers(rollups, "last_time"), numbers(rollups, "last_value")
    usable = rollups.column("last_time").is_valid().to_numpy(zero_copy_only=False) & np.isfinite(value)
    usable &= numbers(rollups, "last_quality") <= Quality.UNCERTAIN
    usable[usable] &= ~store.suspect[numbers(rollups, "last_reason")[usable]]
    time, value, rows = time[usable] / 1000.0, value[usable], np.flatnonzero(usable)
    if len(rows) and numbers(rollups, "n")[rows[0]] > 0:
        start = int(numbers(rollups, "start")[rows[0]])
        end = min(int(borders[borders > start].min()), now)
        begun = (end - int(numbers(rollups, "held")[rows[0]])) / 1000.0
        if begun < time[0]:
            low = numbers(rollups, "low")[rows[0]]
            time, value = np.concatenate([[begun], time]), np.concatenate([[low], value])
    new = np.append(True, np.diff(time) > 0)[: len(time)]
    return time[new].tolist(), value[new].tolist()


def _span(ends: F64, times: F64) -> F64:
    """The share of each bucket between ``ends`` [s] that lies between the first and the last reading (0..1)."""
    if not len(times):
        return np.zeros(len(ends) - 1)
    begin, end = np.maximum(ends[:-1], times[0]), np.minimum(ends[1:], times[-1])
    found: F64 = np.clip((end - begin) / np.diff(ends), 0.0, 1.0)
    return found
