"""Readings as they are put away: Parquet in which a value is a whole number of decimals, ``mantissa / 10^decimals``.

Devices tell decimals: 21.4 is not 21.39999999999999857891452847979962825775146484375, and as 214 it takes a byte or two
where a float takes eight. A value that has at most six decimals is kept to the 15 digits that a float has. Anything
else (a rate, a value converted between units) is kept to 7 significant digits, which is more than any meter has.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from twin.history.columns import F64, I32, I64, Bools, Rows

DECIMALS = 6
DIGITS = 7
ROW_GROUP = 122_880
PACKED = pa.schema(
    [
        ("point", pa.int32()),
        ("time", pa.int64()),
        ("mantissa", pa.int64()),
        ("decimals", pa.int8()),
        ("delay", pa.int32()),
        ("quality", pa.uint8()),
        ("flags", pa.uint8()),
        ("reason", pa.int32()),
    ]
)
VALUE = "CAST(mantissa / pow(10.0, decimals) AS DOUBLE)"
"""The value of a row, in SQL."""

I8 = npt.NDArray[np.int8]


def pack(point: I32, value: F64) -> tuple[I64, I8, Bools]:
    """Mantissas, decimals and where there is no value, of values (n,) by point. A point has as many decimals in all its
    rows as one of them needs, so that its mantissas follow one another."""
    none = ~np.isfinite(value)
    decimals = _decimals(point, np.where(none, 0.0, value))
    plain = decimals >= 0
    rounded = np.where(none | plain, 0.0, value)
    size = np.abs(rounded)
    exponent = np.floor(np.log10(size, out=np.zeros_like(size), where=size > 0))
    given = np.where(plain, decimals, np.clip(DIGITS - 1 - exponent, -20, 20)).astype(np.int8)
    mantissa = np.rint(np.where(none, 0.0, value) * 10.0 ** given.astype(np.float64)).astype(np.int64)
    return mantissa, given, none


def _decimals(point: I32, value: F64) -> npt.NDArray[np.int64]:
    """How many decimals each point needs (n,), -1 where its values are no decimals."""
    if not len(point):
        return np.zeros(0, np.int64)
    begin = np.flatnonzero(np.append(True, point[1:] != point[:-1]))
    number = np.diff(np.append(begin, len(point)))
    needed = np.full(len(begin), -1, np.int64)
    ahead = np.ones(len(point), np.bool_)
    for decimals in range(DECIMALS + 1):
        rows = np.flatnonzero(ahead)
        if not rows.size:
            break
        some = value[rows]
        scaled = some * 10.0**decimals
        whole = np.rint(scaled)
        fits = (np.abs(whole / 10.0**decimals - some) <= 4 * np.spacing(np.abs(some))) & (np.abs(whole) < 2.0**53)
        misses = np.zeros(len(point), np.bool_)
        misses[rows] = ~fits
        done = ~np.logical_or.reduceat(misses, begin) & (needed < 0)
        needed[done] = decimals
        ahead = np.repeat(needed < 0, number)
    return np.repeat(needed, number)


def unpack(mantissa: I64, decimals: I8, none: Bools) -> F64:
    """The values of packed rows; NaN where there is none."""
    return np.where(none, np.nan, mantissa / 10.0 ** decimals.astype(np.float64))


def packed_table(rows: Rows) -> pa.Table:
    """Rows by point and time as a table of ``PACKED``."""
    mantissa, decimals, none = pack(rows.point, rows.value)
    columns = [rows.point, rows.time, pa.array(mantissa, pa.int64(), mask=none), decimals, rows.delay, rows.quality,
               rows.flags, rows.reason]  # fmt: skip
    return pa.Table.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, PACKED, strict=True)], schema=PACKED
    )


def writer(path: Path, schema: pa.Schema = PACKED) -> pq.ParquetWriter:
    """A Parquet file to be filled with tables, each of which ends a row group."""
    delta = {name: "DELTA_BINARY_PACKED" for name in ("point", "time", "mantissa", "delay") if name in schema.names}
    return pq.ParquetWriter(
        path, schema, compression="zstd", compression_level=3, column_encoding=delta,
        use_dictionary=[name for name in schema.names if name not in delta],
    )  # fmt: skip
