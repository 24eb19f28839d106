"""Recordings: raw readings of sources in one Parquet file, batch by batch as they came.

While it is being made a recording is a journal, ``FILE.journal``: an Arrow stream that only grows and is written
through to the disk every few seconds, so that it can be read up to its last whole piece whenever it is cut off. When
the recording ends, the journal becomes ``FILE`` (.tmp, fsync, rename) and is deleted. Values keep their type; times are
float64 [s since epoch, UTC], bit for bit those that the source gave.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from twin.reading import RawReading

KEY = b"campus_twin.recording"
VERSION = 1
ROW_GROUP = 65_536
MAX_STATES = 1000
"""Changes of state that are kept; of a source that comes and goes more often the first ones go."""

SCHEMA = pa.schema(
    [
        ("source", pa.string()), ("batch", pa.int64()), ("address", pa.string()), ("kind", pa.string()),
        ("number", pa.float64()), ("text", pa.string()), ("received", pa.float64()), ("time", pa.float64()),
        ("retained", pa.bool_()), ("bad", pa.string()), ("raw", pa.binary()), ("boot", pa.float64()),
        ("wrap", pa.float64()), ("remark", pa.string()),
    ]
)  # fmt: skip
"""``kind`` says what the value was: float, int, bool, text, none. Numbers stand in ``number``, texts in ``text``; an
integer that a float64 does not hold exactly stands in ``text`` too, digit by digit."""


class RecordingError(Exception):
    """A file that is no recording, or cannot be read or written; the message says which and why."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """From ``at`` [s since epoch] on ``source`` was in ``state``, for ``reason``."""

    source: str
    at: float
    state: str
    reason: str


@dataclass(slots=True)
class Info:
    """What a recording says of itself. ``sources``: name -> type. Times in s since epoch; ``ended`` is None, and
    ``states`` may lack the last ones, where the recording was cut off. ``dropped`` readings found no room."""

    sources: dict[str, str] = field(default_factory=dict)
    campus: str = ""
    started: float = 0.0
    ended: float | None = None
    dropped: int = 0
    states: list[StateChange] = field(default_factory=list)

    def as_metadata(self) -> dict[bytes, bytes]:
        """For the file's metadata."""
        return {KEY: json.dumps({"version": VERSION, **asdict(self)}, ensure_ascii=False).encode()}

    @classmethod
    def of_metadata(cls, metadata: dict[bytes, bytes] | None, name: str) -> Info:
        """Out of a file's metadata; RecordingError when it is not that of a recording."""
        try:
            row = json.loads((metadata or {})[KEY])
            if row.pop("version") != VERSION:
                raise RecordingError(f"{name} is a recording of another version of the program")
            states = [StateChange(**state) for state in row.pop("states")]
            return cls(**row, states=states)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise RecordingError(f"{name} is no recording: make one with 'python app.py record'") from None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a source handed over at once; ``arrived`` is the latest ``received`` in it [s since epoch]."""

    source: str
    arrived: float
    readings: list[RawReading]


def journal_of(path: Path) -> Path:
    """Where the recording ``path`` grows."""
    return path.with_name(path.name + ".journal")


def is_recording(path: Path) -> bool:
    """Whether ``path`` is a recording, or was to become one and was cut off."""
    if not path.is_file():
        return journal_of(path).is_file()
    if path.name.endswith(".journal"):
        return True
    try:
        return KEY in (pq.read_metadata(path).metadata or {})
    except (OSError, pa.ArrowException):
        return False


class Journal:
    """The growing form of a recording. ``write`` and ``finish`` may run in another thread, one at a time."""

    def __init__(self, path: Path, info: Info) -> None:
        """Begin, or go on where an earlier recording of the same name was cut off."""
        self.path = path
        self.info = info
        self.readings = 0
        self._batch = 0
        self._said = b""
        self._journal = journal_of(path)
        part = self._journal.with_name(self._journal.name + ".tmp")
        before = self._journal.is_file()
        if before:
            old = _journal_info(self._journal)
            info.started, info.dropped = old.started, old.dropped + info.dropped
            info.sources, info.states = {**old.sources, **info.sources}, [*old.states, *info.states]
        self._file = part.open("wb")
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        self._writer = pa.ipc.new_stream(self._file, SCHEMA.with_metadata(info.as_metadata()), options=options)
        self._writer.write_batch(pa.RecordBatch.from_pylist([], SCHEMA))  # or nothing is written before readings come
        try:
            for rows in _journal_rows(self._journal) if before else ():
                self._writer.write_batch(rows)
                self.readings += rows.num_rows
                self._batch = rows["batch"][-1].as_py() + 1
            self._sync()
        except (OSError, RecordingError, pa.ArrowException):
            self._file.close()
            raise
        part.replace(self._journal)
        _sync_folder(self._journal)

    def write(self, batches: Sequence[tuple[str, Sequence[RawReading]]]) -> None:
        """Append batches of (source, readings), through to the disk. OSError: it did not get there."""
        rows = []
        for source, readings in batches:
            rows += [_row(source, self._batch, reading) for reading in readings]
            self._batch += 1
        columns = {name: [row[place] for row in rows] for place, name in enumerate(SCHEMA.names)}
        said = json.dumps(asdict(self.info), ensure_ascii=False).encode()
        news = {} if said == self._said else {b"info": said}
        self._writer.write_batch(pa.record_batch(columns, SCHEMA), custom_metadata=news)
        self._said = said
        self._sync()
        self.readings += len(rows)

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def finish(self, ended: float) -> int:
        """Turn the journal into the recording itself; how many readings it has."""
        self.info.ended = ended
        self._writer.close()
        self._sync()
        self._file.close()
        part = self.path.with_name(self.path.name + ".tmp")
        with part.open("wb") as file:
            with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
                for table in _row_groups(_journal_rows(self._journal)):
                    writer.write_table(table, row_group_size=ROW_GROUP)
                writer.add_key_value_metadata(self.info.as_metadata())
            file.flush()
            os.fsync(file.fileno())
        part.replace(self.path)
        _sync_folder(self.path)
        self._journal.unlink()
        return self.readings

    def abandon(self) -> None:
        """Let go of the journal as it is: it can be read, and gone on with."""
        self._file.close()


def _sync_folder(path: Path) -> None:
    """A new name is on the disk only once its folder is."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The small pieces of a journal as large ones."""
    waiting: list[pa.RecordBatch] = []
    for rows in batches:
        waiting.append(rows)
        if sum(each.num_rows for each in waiting) >= ROW_GROUP:
            yield pa.Table.from_batches(waiting, SCHEMA)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting, SCHEMA)


def _text(value: str) -> str:
    """Half a surrogate pair (JSON can bring one) is no text that can be stored."""
    return value.encode("utf-8", "replace").decode()


def _row(source: str, batch: int, r: RawReading) -> tuple[Any, ...]:
    kind, number, text = _cells(r.value)
    return (
        source, batch, _text(r.address), kind, number, text, r.received, r.time, r.retained, _text(r.bad), r.raw,
        r.boot, float(r.wrap), _text(r.remark),
    )  # fmt: skip


def _cells(value: object) -> tuple[str, float | None, str | None]:
    if value is None:
        return "none", None, None
    if isinstance(value, bool):
        return "bool", float(value), None
    if isinstance(value, str):
        return "text", None, _text(value)
    if isinstance(value, int):
        try:
            number = float(value)
        except OverflowError:
            return "int", None, str(value)
        return "int", number, None if int(number) == value else str(value)
    return "float", float(value), None  # type: ignore[arg-type]  # a numpy number is one too


def _value(kind: str, number: float | None, text: str | None) -> float | int | str | bool | None:
    if kind == "float":
        return math.nan if number is None else number
    if kind == "int":
        return int(text) if text is not None else int(number or 0)
    if kind == "bool":
        return bool(number)
    if kind == "text":
        return text or ""
    if kind == "none":
        return None
    raise RecordingError(f"'{kind}' is no kind of value")


def _journal_info(path: Path) -> Info:
    try:
        with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
            info = Info.of_metadata(stream.schema.metadata, path.name)
            for _, metadata in _whole_pieces(stream):
                if metadata is not None and b"info" in metadata:
                    row = json.loads(metadata[b"info"])
                    info = Info(**{**row, "states": [StateChange(**state) for state in row["states"]]})
            return info
    except (OSError, pa.ArrowException, ValueError, TypeError, KeyError) as error:
        raise RecordingError(f"{path.name} cannot be read: {error}") from None


def _journal_rows(path: Path) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        if not stream.schema.equals(SCHEMA):
            raise RecordingError(f"{path.name} is no journal of a recording")
        for rows, _ in _whole_pieces(stream):
            if rows.num_rows:
                yield rows


def _whole_pieces(stream: pa.ipc.RecordBatchStreamReader) -> Iterator[tuple[pa.RecordBatch, Any]]:
    """The pieces up to the end, or up to where the writer was cut off."""
    while True:
        try:
            rows, metadata = stream.read_next_batch_with_custom_metadata()
            rows.validate(full=True)
        except (StopIteration, OSError, pa.ArrowException):
            return
        yield rows, metadata


class Recording:
    """A recording that is read: its ``info``, its batches one row group at a time."""

    def __init__(self, path: Path) -> None:
        """RecordingError: ``path`` is none. The journal stands in for a recording that was cut off."""
        self._path = path if path.is_file() else journal_of(path)
        self.name = self._path.name
        if self.name.endswith(".journal"):
            self.info = _journal_info(self._path)
            return
        try:
            schema, metadata = pq.read_schema(self._path), pq.read_metadata(self._path).metadata
        except (OSError, pa.ArrowException) as error:
            raise RecordingError(f"{self.name} cannot be read: {error}") from None
        self.info = Info.of_metadata(metadata, self.name)
        if not schema.equals(SCHEMA):
            raise RecordingError(f"{self.name} has not the columns of a recording")

    def batches(self) -> Iterator[Batch]:
        """Every batch as it was handed over, in that order. RecordingError where the file breaks off or lies."""
        rows = (
            row for each in self._rows() for row in zip(*(column.to_pylist() for column in each.columns), strict=True)
        )
        try:
            for _, group in groupby(rows, key=lambda row: row[1]):
                found = list(group)
                readings = [_reading(row) for row in found]
                arrived = max(reading.received for reading in readings)
                if not math.isfinite(arrived):
                    raise RecordingError("a reading was received at no time")
                yield Batch(found[0][0], arrived, readings)
        except (OSError, pa.ArrowException, TypeError, ValueError, OverflowError, RecordingError) as error:
            raise RecordingError(f"{self.name} breaks off: {error}") from None

    def _rows(self) -> Iterator[pa.RecordBatch]:
        if self.name.endswith(".journal"):
            yield from _journal_rows(self._path)
            return
        with pq.ParquetFile(self._path) as file:
            yield from file.iter_batches(batch_size=8192)


def _reading(row: tuple[Any, ...]) -> RawReading:
    _, _, address, kind, number, text, received, time, retained, bad, raw, boot, wrap, remark = row
    return RawReading(address, _value(kind, number, text), received, time, retained, bad, raw, boot, int(wrap), remark)
