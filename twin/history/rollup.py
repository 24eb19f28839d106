"""Roll-ups: what the readings of a point say of an hour or a day.

A value stands from its own time until the next reading of the point, and no longer than the point's hold: after that
there is a gap, which belongs to no mean. The mean is over the time that is known (``held`` [ms]), not over readings: a
meter that reports on change says little of a long time and much of a short one. What does not count live (no value,
bad, suspect) does not count here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from twin.history.columns import F64, I32, I64, Array, Bools, Rows, numbers, table
from twin.history.contract import READINGS, ROLLUPS
from twin.reading import Quality

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Pieces:
    """Stretches in which a value stood, none across a border: ``cell`` (which point and bucket), ``row``, ``ms``."""

    cell: I64
    row: I64
    ms: I64


def states_as_rows(rollups: pa.Table) -> Rows:
    """The states at the ends of roll-ups as readings; points that had not spoken are left out."""
    spoke = rollups.column("last_time").is_valid().to_numpy(zero_copy_only=False)
    columns = [numbers(rollups, "point")]
    columns += [numbers(rollups, f"last_{name}") for name in READINGS.names[1:]]
    return Rows(*(column[spoke] for column in columns))


def joined(before: Rows, rows: Rows) -> Rows:
    """The states before a window and its rows, by point and time."""
    columns = {name: np.concatenate([getattr(before, name), getattr(rows, name)]) for name in READINGS.names}
    order = np.lexsort((columns["time"], columns["point"]))
    return Rows(*(column[order] for column in columns.values()))


def roll(points: I32, before: Rows, rows: Rows, edges: I64, hold_ms: I64, suspect: Bools) -> pa.Table:
    """The roll-ups of ``points`` (k,), ascending keys, in the buckets between ``edges`` (b + 1,) [ms].

    ``before`` has the newest row of each point before the first edge, ``rows`` those from there to before the last one;
    ``hold_ms`` (k,) how long a value stands; ``suspect`` says of each key of a reason whether it keeps a value out.
    Answers ``ROLLUPS``, a row for each point and bucket, by point and start.
    """
    every = joined(before, rows)
    index = np.searchsorted(points, every.point)
    buckets = len(edges) - 1
    cells = len(points) * buckets
    counts = ~np.isnan(every.value) & (every.quality <= Quality.UNCERTAIN)
    counts &= ~suspect[np.minimum(every.reason, len(suspect) - 1)]
    pieces = _pieces(index, every.time, counts, edges, hold_ms)
    columns = _summed(pieces, every, cells)
    columns |= _last(index, every, edges, len(points))
    inside = every.time >= edges[0]
    bucket = np.searchsorted(edges, every.time[inside], side="right") - 1
    columns["n"] = np.bincount(index[inside] * buckets + bucket, minlength=cells)
    columns["point"] = np.repeat(points, buckets)
    columns["start"] = np.tile(edges[:-1], len(points))
    return table(ROLLUPS, columns)


def _pieces(index: Array, time: I64, counts: Bools, edges: I64, hold_ms: I64) -> Pieces:
    """Where each value that counts stood, cut at the edges."""
    following = np.append(time[1:], NEVER)
    following[np.append(index[1:] != index[:-1], True)] = NEVER
    start = np.maximum(time, edges[0])
    end = np.minimum(np.minimum(following, time + hold_ms[index]), edges[-1])
    row = np.flatnonzero(counts & (end > start))
    first = np.searchsorted(edges, start[row], side="right") - 1
    number = np.searchsorted(edges, end[row], side="left") - first
    ahead = np.cumsum(number) - number
    row = np.repeat(row, number)
    bucket = np.repeat(first - ahead, number) + np.arange(len(row))
    ms = np.minimum(end[row], edges[bucket + 1]) - np.maximum(start[row], edges[bucket])
    return Pieces(index[row] * (len(edges) - 1) + bucket, row, ms)


def _summed(pieces: Pieces, rows: Rows, cells: int) -> dict[str, Any]:
    cell, value = pieces.cell, rows.value[pieces.row]
    ms = pieces.ms.astype(np.float64)
    held = np.bincount(cell, ms, cells)
    low, high, mean = (np.full(cells, np.nan) for _ in range(3))
    quality, flags = np.full(cells, Quality.NONE, np.uint8), np.zeros(cells, np.uint8)
    if cell.size:
        begin = np.flatnonzero(np.append(True, cell[1:] != cell[:-1]))
        at = cell[begin]
        low[at], high[at] = np.minimum.reduceat(value, begin), np.maximum.reduceat(value, begin)
        # from the first value of the cell on: sums of large registers would lose what changes
        base = value[begin]
        above = np.bincount(cell, ms * (value - np.repeat(base, np.diff(np.append(begin, cell.size)))), cells)
        mean[at] = np.clip(base + above[at] / held[at], low[at], high[at])
        quality[at] = np.maximum.reduceat(rows.quality[pieces.row], begin)
        flags[at] = np.bitwise_or.reduceat(rows.flags[pieces.row], begin)
    return {
        "held": np.rint(held).astype(np.int64), "mean": mean, "low": low, "high": high, "quality": quality,
        "flags": flags,
    }  # fmt: skip


def _last(index: Array, rows: Rows, edges: I64, points: int) -> dict[str, Any]:
    """The newest row of each point before the end of each bucket."""
    buckets = len(edges) - 1
    # row numbers by point and time: a time after the epoch fits beside the point's number
    where = np.clip(np.searchsorted(edges[1:], rows.time, side="right"), 0, buckets)
    until = np.bincount(index * (buckets + 1) + where, minlength=points * (buckets + 1)).reshape(points, buckets + 1)
    begin = np.cumsum(until.sum(axis=1)) - until.sum(axis=1)
    number = np.cumsum(until[:, :buckets], axis=1)
    found = (number > 0).ravel()
    at = (begin[:, None] + number - 1).ravel()[found]
    columns: dict[str, Any] = {}
    for name in READINGS.names[1:]:
        kept = np.zeros(points * buckets, getattr(rows, name).dtype)
        kept[found] = getattr(rows, name)[at]
        spoke = found & ~np.isnan(kept) if name == "value" else found
        columns[f"last_{name}"] = np.ma.MaskedArray(kept, ~spoke)
    return columns


def sum_up(parts: pa.Table, group: I64) -> pa.Table:
    """Roll-ups of longer times from those of shorter ones: ``parts`` by point and start, ``group`` (n,) the start of
    the longer time that each belongs to [ms]. Answers ``ROLLUPS`` by point and start."""
    point, held = numbers(parts, "point"), numbers(parts, "held").astype(np.float64)
    if not len(point):
        return ROLLUPS.empty_table()
    begin = np.flatnonzero(np.append(True, (point[1:] != point[:-1]) | (group[1:] != group[:-1])))
    end = np.append(begin[1:], len(point)) - 1
    total = np.add.reduceat(held, begin)
    mean: F64 = numbers(parts, "mean")
    base = _first_known(mean, begin)
    above = np.add.reduceat(
        np.where(held > 0, held * (mean - np.repeat(base, np.diff(np.append(begin, len(point))))), 0.0), begin
    )
    columns: dict[str, Any] = {
        "point": point[begin],
        "start": group[begin],
        "n": np.add.reduceat(numbers(parts, "n"), begin),
        "held": total.astype(np.int64),
        "mean": np.divide(above, total, out=np.full_like(total, np.nan), where=total > 0) + base,
        "low": np.fmin.reduceat(numbers(parts, "low"), begin),
        "high": np.fmax.reduceat(numbers(parts, "high"), begin),
        "quality": _worst(numbers(parts, "quality"), held, begin),
        "flags": np.bitwise_or.reduceat(numbers(parts, "flags"), begin),
    }
    return pa.Table.from_arrays(
        [
            pa.array(columns[field.name], field.type, from_pandas=True)
            if field.name in columns
            else parts.column(field.name).combine_chunks().take(pa.array(end))
            for field in ROLLUPS
        ],
        schema=ROLLUPS,
    )


def _first_known(mean: F64, begin: Array) -> F64:
    """The first mean of each group that is there; 0 where there is none."""
    known = np.where(np.isnan(mean), NEVER, np.arange(len(mean)))
    first = np.minimum.reduceat(known, begin)
    return np.where(first == NEVER, 0.0, mean[np.minimum(first, len(mean) - 1)])


def _worst(quality: Array, held: F64, begin: Array) -> Array:
    """The worst quality of the parts that know anything, none where no part does."""
    some = np.maximum.reduceat(np.where(held > 0, quality, 0), begin)
    return np.where(np.maximum.reduceat(held, begin) > 0, some, np.uint8(Quality.NONE)).astype(np.uint8)
