"""Tables of measured data as a stream: CSV or Parquet, one row a value (long) or one column a point (wide).

Long: a time, one or more columns that together are the address, a value. Wide: a time, and every other column a point
whose address is its heading. An empty cell of a wide table is no reading, of a long one a reading without a value.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from datasources.recording import Batch
from datasources.replay_times import TimeError, moments
from twin.reading import RawReading

F64 = npt.NDArray[np.float64]

MAX_BYTES = 1_000_000_000
MAX_CELLS = 100_000_000
PIECE = 5000
TIMES = ("time", "timestamp", "datetime", "date_time", "date", "ts", "时间", "日期", "采集时间", "数据时间")
ADDRESSES = ("address", "point", "tag", "meter", "sensor", "name", "id", "测点", "点位", "表号")
VALUES = ("value", "val", "reading", "值", "数值", "读数")
SAME = 0.01
"""A larger share of rows with another value for the same address and time means that the address is not whole."""


UNREADABLE = (
    OSError, pa.ArrowException, pd.errors.ParserError, pd.errors.EmptyDataError, csv.Error, UnicodeError, MemoryError,
)  # fmt: skip


class TableError(ValueError):
    """A table that cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a table is written; what is empty is found by heading. ``timezone`` is that of times without offset."""

    time: str = ""
    address: tuple[str, ...] = ()
    value: str = ""
    time_format: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Series:
    """A table in the order of its times: ``time`` [s since epoch], ``name`` as a number into ``names``, ``value`` (NaN:
    none, or a text in ``texts`` by row). ``unread`` rows had no time that could be read."""

    time: F64
    name: npt.NDArray[np.intp]
    names: list[str]
    value: F64
    texts: dict[int, str]
    unread: int

    def batches(self) -> Iterator[Batch]:
        """The readings of each time together, at most 5,000 at once."""
        edges = np.flatnonzero(np.diff(self.time)) + 1
        bounds = [0, *edges.tolist(), len(self.time)]
        for first, last in pairwise(bounds):
            for at in range(first, last, PIECE):
                rows = range(at, min(at + PIECE, last))
                yield Batch("", float(self.time[first]), [self._reading(row) for row in rows])

    def _reading(self, row: int) -> RawReading:
        time, number = float(self.time[row]), float(self.value[row])
        value = self.texts.get(row) if math.isnan(number) else number
        return RawReading(self.names[self.name[row]], value, time, time)


def read_series(path: Path, form: Form) -> Series:
    """Read a table file, or a folder of Parquet files; TableError where it cannot be used."""
    try:
        frame = _frame(path)
    except UNREADABLE as error:
        raise TableError(f"{path.name} cannot be read: {str(error).partition(chr(10))[0]}") from None
    if frame.empty:
        raise TableError(f"{path.name} has no rows")
    time = _column(frame, form.time, TIMES, "time") or _time_by_type(frame)
    if not time:
        raise TableError(f"{path.name} has no column that is plainly the time: name it in 'time'; {_has(frame)}")
    value = _column(frame, form.value, VALUES, "value")
    address = list(form.address) or ([found] if value and (found := _column(frame, "", ADDRESSES, "address")) else [])
    for column in address:
        _column(frame, column, (), "address")
    try:
        if address and value:
            series = _long(frame, time, address, value, form)
        else:
            series = _wide(frame, time, [value] if value else [c for c in frame.columns if c != time], form)
    except TimeError as error:
        raise TableError(f"{path.name}: column '{time}': {error}") from None
    except (TypeError, ValueError, AttributeError, OverflowError) as error:  # columns of lists, two of one name ...
        raise TableError(f"{path.name} is no table of times and values: {error}") from None
    if not len(series.time):
        raise TableError(f"{path.name} has no reading with a time and a value")
    if address and not form.address:
        _whole(series, path.name, address[0])
    return series


def _frame(path: Path) -> pd.DataFrame:
    """The table with text headings; CSV cells are texts, Parquet columns keep their type."""
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files:
        raise TableError(f"the folder {path.name} has no Parquet file")
    if sum(file.stat().st_size for file in files) > MAX_BYTES:
        raise TableError(f"{path.name} has more than {MAX_BYTES:,} bytes: cut it into parts")
    with files[0].open("rb") as file:
        parquet = file.read(4) == b"PAR1"
    if not parquet:
        return _csv(path.read_bytes())
    cells = sum((meta := pq.read_metadata(file)).num_rows * meta.num_columns for file in files)
    if cells > MAX_CELLS:
        raise TableError(f"{path.name} has {cells:,} cells, more than {MAX_CELLS:,}: cut it into parts")
    table = pa.concat_tables([pq.ParquetFile(file).read() for file in files], promote_options="default")
    # 'ignore_metadata': pandas would make a column into its index, where nobody looks for the time
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True)
    return frame.rename(columns=str)


def _csv(raw: bytes) -> pd.DataFrame:
    text = _decoded(raw)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    frame = pd.read_csv(io.StringIO(text), sep=delimiter, dtype=str, keep_default_na=False, skipinitialspace=True)
    return frame.rename(columns=lambda name: str(name).strip())


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16")
    if b"\0" in raw[:4096]:
        raise TableError("it holds zero bytes, so it is neither CSV nor Parquet")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030")


def _has(frame: pd.DataFrame) -> str:
    return "it has " + ", ".join(f"'{column}'" for column in list(frame.columns)[:12])


def _column(frame: pd.DataFrame, given: str, usual: Sequence[str], role: str) -> str:
    """The column that was named, or the first of the usual headings; '' when there is none."""
    if given:
        if given not in frame.columns:
            raise TableError(f"there is no column '{given}' for '{role}'; {_has(frame)}")
        return given
    by_heading = {str(column).casefold(): str(column) for column in frame.columns}
    return next((by_heading[name] for name in usual if name in by_heading), "")


def _time_by_type(frame: pd.DataFrame) -> str:
    return next((c for c in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[c])), "")


def _numbers(column: pd.Series[Any]) -> tuple[F64, dict[int, str]]:
    """Numbers (NaN where a cell has none), and the cells that hold a text instead."""
    if pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        return column.to_numpy(np.float64, na_value=np.nan), {}
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    texts = column.astype(str).str.strip()
    there = np.isnan(numbers) & (texts != "").to_numpy() & column.notna().to_numpy()
    rows = np.flatnonzero(there)
    return numbers, dict(zip(rows.tolist(), texts.iloc[rows].tolist(), strict=True))


def _long(frame: pd.DataFrame, time: str, address: list[str], value: str, form: Form) -> Series:
    keys = frame[address[0]].astype(str).str.strip()
    for column in address[1:]:
        keys = keys + "/" + frame[column].astype(str).str.strip()
    codes, names = pd.factorize(keys)
    when = moments(frame[time], form.timezone, form.time_format, codes)
    numbers, texts = _numbers(frame[value])
    return _sorted(when, codes.astype(np.intp), [str(name) for name in names], numbers, texts)


def _wide(frame: pd.DataFrame, time: str, columns: list[str], form: Form) -> Series:
    if not columns:
        raise TableError("there is no column besides the time")
    rows = len(frame)
    when = moments(frame[time], form.timezone, form.time_format, np.zeros(rows, np.intp))
    parts = []
    texts: dict[int, str] = {}
    for number, column in enumerate(columns):
        values, words = _numbers(frame[column])
        parts.append(values)
        texts.update({number * rows + row: word for row, word in words.items()})
    value = np.concatenate(parts)
    there = ~np.isnan(value)
    there[list(texts)] = True
    at = np.flatnonzero(there)
    kept = {int(new): texts[old] for new, old in enumerate(at.tolist()) if old in texts}
    return _sorted(np.tile(when, len(columns))[at], (at // rows).astype(np.intp), columns, value[at], kept)


def _sorted(when: F64, codes: npt.NDArray[np.intp], names: list[str], value: F64, texts: dict[int, str]) -> Series:
    order = np.argsort(when, kind="stable")  # NaN, a time that cannot be read, comes last
    unread = int(np.isnan(when).sum())
    order = order[: len(order) - unread]
    words = {}
    if texts:
        words = {new: texts[old] for new, old in enumerate(order.tolist()) if old in texts}
    return Series(when[order], codes[order], names, value[order], words, unread)


def _whole(series: Series, file: str, column: str) -> None:
    """Refuse an address that was guessed and does not tell signals apart."""
    frame = pd.DataFrame({"time": series.time, "name": series.name, "value": series.value})
    different = frame.drop_duplicates().duplicated(["time", "name"])
    if int(different.sum()) > SAME * len(frame):
        raise TableError(f"{file} has several values for one '{column}' at one time: name every column that is part of "
                         "the address, as in address: [id, property]")  # fmt: skip
