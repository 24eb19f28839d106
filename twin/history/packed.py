"""Readings and hours as they are put away: Parquet in which a number is a count of decimals.

Devices tell decimals: 21.4 is not 21.39999999999999857891452847979962825775146484375, and as 214 it takes a byte or two
where a float takes eight. Of a run of rows (one point in one stretch of time) the least count stands in every row as
``base``, which then takes no room, and what is above it in ``offset``: ``value = (base + offset) / 10^decimals``.

A value that has at most six decimals is kept to the 15 digits that a float has. Anything else (a rate, a mean, a value
converted between units) is kept to 7 significant digits, which is more than any meter has.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from twin.history.columns import F64, I64, Array, Bools, Rows, numbers
from twin.history.contract import READINGS, ROLLUPS

DECIMALS = 6
DIGITS = 7
ROW_GROUP = 122_880
BLOCK_MS = 10_800_000
"""Readings are sorted by stretches of three hours, then by point and time: a moment needs an eighth of a day's file, a
point's day eight places in it. Over a day's worth of rows this takes 1 % more room than by point and time alone, and
less than a third of the time to find a moment."""


def packed_schema(schema: pa.Schema) -> pa.Schema:
    """``schema`` with each float column as the three columns that it is kept in."""
    fields: list[pa.Field] = []
    for field in schema:
        if pa.types.is_floating(field.type):
            fields += [pa.field(f"{field.name}_base", pa.int64()), pa.field(f"{field.name}_offset", pa.int64()),
                       pa.field(f"{field.name}_decimals", pa.int8())]  # fmt: skip
        else:
            fields.append(field)
    return pa.schema(fields)


def unpacked_sql(schema: pa.Schema) -> str:
    """The columns of ``schema`` from packed ones, in SQL."""
    return ", ".join(
        f"CAST(({field.name}_base + {field.name}_offset) / pow(10.0, {field.name}_decimals) AS DOUBLE) AS {field.name}"
        if pa.types.is_floating(field.type)
        else field.name
        for field in schema
    )


PACKED_READINGS = packed_schema(READINGS)
PACKED_ROLLUPS = packed_schema(ROLLUPS)


def runs(*columns: Array) -> I64:
    """Where each run of equal values in all of some columns begins."""
    if not len(columns[0]):
        return np.zeros(0, np.int64)
    changes = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return np.flatnonzero(np.append(True, changes))


def pack(begin: I64, value: F64) -> tuple[I64, I64, Array, Bools]:
    """Bases, offsets, decimals and where there is no value, of values (n,) in runs that begin at ``begin``. A run has
    as many decimals in all its rows as one of them needs; of no decimals, each row by itself."""
    none = ~np.isfinite(value)
    known = np.where(none, 0.0, value)
    number = np.diff(np.append(begin, len(value)))
    decimals = np.repeat(_decimals(begin, number, known), number)
    size = np.abs(known)
    exponent = np.floor(np.log10(size, out=np.zeros_like(size), where=size > 0))
    digits = np.clip(DIGITS - 1 - exponent, -20, 20).astype(np.int64)
    decimals = np.where(decimals >= 0, decimals, digits)
    count = np.rint(known * 10.0 ** decimals.astype(np.float64)).astype(np.int64)
    if not len(value):
        return count, count, decimals, none
    least = np.minimum.reduceat(np.where(none, np.iinfo(np.int64).max, count), begin)
    base = np.repeat(np.where(least == np.iinfo(np.int64).max, 0, least), number)
    return base, np.where(none, 0, count - base), decimals, none


def _decimals(begin: I64, number: I64, value: F64) -> I64:
    """How many decimals each run needs, -1 where its values are no decimals."""
    needed = np.full(len(begin), -1, np.int64)
    for decimals in range(DECIMALS + 1):
        rows = np.flatnonzero(np.repeat(needed < 0, number))
        if not rows.size:
            break
        some = value[rows]
        whole = np.rint(some * 10.0**decimals)
        fits = (np.abs(whole / 10.0**decimals - some) <= 4 * np.spacing(np.abs(some))) & (np.abs(whole) < 2.0**53)
        misses = np.zeros(len(value), np.bool_)
        misses[rows] = ~fits
        needed[~np.logical_or.reduceat(misses, begin) & (needed < 0)] = decimals
    return needed


def unpack(base: I64, offset: I64, decimals: Array, none: Bools) -> F64:
    """The values of packed rows; NaN where there is none."""
    return np.where(none, np.nan, (base + offset) / 10.0 ** decimals.astype(np.float64))


def packed(table: pa.Table, begin: I64) -> pa.Table:
    """A table with its float columns packed, in runs that begin at ``begin``."""
    columns: list[Any] = []
    for field in table.schema:
        if not pa.types.is_floating(field.type):
            columns.append(table.column(field.name))
            continue
        base, offset, decimals, none = pack(begin, numbers(table, field.name))
        columns += [base, pa.array(offset, pa.int64(), mask=none), decimals.astype(np.int8)]
    return pa.Table.from_arrays(columns, schema=packed_schema(table.schema))


def packed_readings(rows: Rows) -> pa.Table:
    """Readings by stretch, point and time, as a table of ``PACKED_READINGS``."""
    return packed(rows.table(), runs(rows.time // BLOCK_MS, rows.point))


def packed_rollups(rollups: pa.Table) -> pa.Table:
    """Roll-ups by point and start, as a table of ``PACKED_ROLLUPS``."""
    return packed(rollups, runs(numbers(rollups, "point")))


def writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A Parquet file to be filled with tables of a packed schema, each of which ends a row group."""
    return pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=3, column_encoding=_encodings(schema.names),
        use_dictionary=[name for name in schema.names if name not in _encodings(schema.names)],
    )  # fmt: skip


def _encodings(names: Sequence[str]) -> dict[str, str]:
    """Offsets as streams of bytes, of which the upper ones are nought; what rises steadily as differences."""
    found = {name: "BYTE_STREAM_SPLIT" for name in names if name.endswith("_offset")}
    rising = ("point", "time", "start", "delay", "held", "last_time", "last_delay")
    return found | {name: "DELTA_BINARY_PACKED" for name in rising if name in names}
