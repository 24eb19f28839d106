"""Tables of the historian as numpy columns, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from twin.history.contract import READINGS

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Array = npt.NDArray[Any]


def numbers(table: pa.Table, name: str) -> Array:
    """A column as a numpy array; null becomes NaN, in columns of whole numbers 0."""
    column = table.column(name).combine_chunks()
    if column.null_count:
        column = column.fill_null(float("nan") if pa.types.is_floating(column.type) else 0)
    array: Array = column.to_numpy(zero_copy_only=False)
    return array


def table(schema: pa.Schema, columns: Mapping[str, Any]) -> pa.Table:
    """Columns as a table of ``schema``; NaN becomes null."""
    arrays = []
    for field in schema:
        values = columns[field.name]
        if isinstance(values, np.ma.MaskedArray):
            mask = np.ma.getmaskarray(values)
            values = np.ma.getdata(values)
            array = pa.array(values, field.type, mask=mask, from_pandas=True)
        else:
            array = pa.array(values, field.type, from_pandas=True)
        arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=schema)


@dataclass(frozen=True, slots=True)
class Rows:
    """Readings (n,) by point and time: ``value`` NaN = none, ``time`` [ms]."""

    point: I32
    time: I64
    value: F64
    delay: I32
    quality: U8
    flags: U8
    reason: I32

    @classmethod
    def of(cls, readings: pa.Table) -> Rows:
        """The columns of a table of ``READINGS``."""
        return cls(*(numbers(readings, name) for name in READINGS.names))

    def take(self, at: Array) -> Rows:
        """Some of the rows, by index or mask."""
        return Rows(*(getattr(self, name)[at] for name in READINGS.names))

    def table(self) -> pa.Table:
        """The rows as a table of ``READINGS``."""
        return table(READINGS, {name: getattr(self, name) for name in READINGS.names})


NO_ROWS = Rows.of(READINGS.empty_table())
