"""Tables of the history as JSON, CSV, Arrow and Parquet, piece by piece, and which of them a client wants."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from fastapi import HTTPException

Format = Literal["json", "csv", "arrow", "parquet"]
TYPES: dict[Format, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}
METADATA = b"campus_twin.series"
"""Key of the metadata of Arrow and Parquet: a JSON object with all that JSON answers say beside the rows."""
PIECE = {"json": 1000, "csv": 10_000, "arrow": 20_000, "parquet": 65_536}
"""Rows that are encoded at a time: what JSON encodes is encoded with Python's lock held."""


def wanted(accept: str, told: str) -> Format:
    """The format that ``told`` names, or the ``accept`` header likes best; 422 or 406 where there is none."""
    if told:
        found = next((each for each in TYPES if each == told), None)
        if found is None:
            raise HTTPException(422, f"format='{told[:40]}' is not known: use {', '.join(TYPES)}, or the Accept header")
        return found
    ranges = _ranges(accept or "*/*")
    liked = {each: _liking(kind, ranges) for each, kind in TYPES.items()}
    best = max(TYPES, key=lambda each: liked[each])  # of equals the first
    if liked[best] <= 0:
        raise HTTPException(406, f"Accept: '{accept[:100]}' names nothing that there is: {', '.join(TYPES.values())}")
    return best


def _ranges(accept: str) -> list[tuple[str, float]]:
    found = []
    for part in accept.split(","):
        kind, *parameters = (each.strip() for each in part.split(";"))
        weights = [each[2:] for each in parameters if each.lower().startswith("q=")]
        try:
            weight = float(weights[0]) if weights else 1.0
        except ValueError:
            weight = 0.0
        found.append((kind.lower(), weight))
    return found


def _liking(kind: str, ranges: Sequence[tuple[str, float]]) -> float:
    """How much a client wants a type: the weight of the most specific range that has it."""
    for fits in (kind, kind.split("/")[0] + "/*", "*/*"):
        weights = [weight for word, weight in ranges if word == fits]
        if weights:
            return max(weights)
    return 0.0


def encoded(form: Format, head: Mapping[str, Any], table: pa.Table) -> Iterator[bytes]:
    """A table with what is to be said of it, in pieces of bytes."""
    pieces = (table.slice(first, PIECE[form]) for first in range(0, len(table), PIECE[form]))
    if form == "json":
        return _json(head, pieces)
    if form == "csv":
        return csv_bytes(table.schema, pieces)
    schema = table.schema.with_metadata({METADATA: json.dumps(head, ensure_ascii=False).encode()})
    return (arrow_bytes if form == "arrow" else parquet_bytes)(schema, pieces)


def squeezed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same under gzip, as it comes: the whole is never in memory."""
    squeeze = zlib.compressobj(5, zlib.DEFLATED, 31)
    for piece in pieces:
        if packed := squeeze.compress(piece):
            yield packed
    yield squeeze.flush()


def _json(head: Mapping[str, Any], pieces: Iterable[pa.Table]) -> Iterator[bytes]:
    yield json.dumps(head, ensure_ascii=False).encode()[:-1] + b', "rows": ['
    for number, piece in enumerate(pieces):
        told = _with_times_as_text(piece).to_pylist()
        yield (b", " if number else b"") + json.dumps(told, ensure_ascii=False, allow_nan=False).encode()[1:-1]
    yield b"]}"


def csv_bytes(schema: pa.Schema, pieces: Iterable[pa.Table]) -> Iterator[bytes]:
    """CSV with a line of names: times in ISO 8601 UTC, reasons parted by '; ', what is missing empty."""
    yield (",".join(schema.names) + "\n").encode()
    for piece in pieces:
        sink = pa.BufferOutputStream()
        pacsv.write_csv(flat(piece), sink, pacsv.WriteOptions(include_header=False, quoting_style="needed"))
        yield sink.getvalue().to_pybytes()


def flat(table: pa.Table) -> pa.Table:
    """A table in which times and lists are texts."""
    table = _with_times_as_text(table)
    for at, field in enumerate(table.schema):
        if pa.types.is_list(field.type):
            column = table.column(at).combine_chunks()
            table = table.set_column(at, field.name, pc.binary_join(column, pa.scalar("; ")))
    return table


def _with_times_as_text(table: pa.Table) -> pa.Table:
    for at, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            naive = table.column(at).cast(pa.timestamp("ms"))
            table = table.set_column(at, field.name, pc.strftime(naive, format="%Y-%m-%dT%H:%M:%SZ", locale="C"))
    return table


class _Pipe:
    """Where writers of files write, and others take what they wrote."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is held here."""

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def arrow_bytes(schema: pa.Schema, pieces: Iterable[pa.Table]) -> Iterator[bytes]:
    """An Arrow IPC stream."""
    pipe = _Pipe()
    with pa.PythonFile(pipe, mode="w") as sink, pa.ipc.new_stream(sink, schema) as writer:
        for piece in pieces:
            writer.write_table(piece.replace_schema_metadata(schema.metadata))
            yield pipe.take()
    yield pipe.take()


def parquet_bytes(schema: pa.Schema, pieces: Iterable[pa.Table]) -> Iterator[bytes]:
    """A Parquet file, a row group for each piece."""
    pipe = _Pipe()
    with pa.PythonFile(pipe, mode="w") as sink, pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for piece in pieces:
            writer.write_table(piece.replace_schema_metadata(schema.metadata))
            yield pipe.take()
    yield pipe.take()
