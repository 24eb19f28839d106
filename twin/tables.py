"""CSV tables as people keep them in Excel and WPS: UTF-8 with or without BOM or GBK; comma, semicolon or tab."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from twin.mistake import Mistake, nearest
from twin.yaml_tree import decode

MAX_BYTES = 200_000_000
FORMULA = ("=", "+", "-", "@")
"""What makes a spreadsheet take a text for a formula."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its line in the file (from 1) and its non-empty cells by column name."""

    line: int
    cells: dict[str, str]


@dataclass(slots=True)
class Table:
    """The rows of a file, and what is wrong with it as a whole."""

    name: str
    columns: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def read_table(path: Path, required: Collection[str], optional: Collection[str] | None, shown: str = "") -> Table:
    """Read a CSV file whose header names ``required`` and any of ``optional`` columns, in any order and case.

    With ``optional`` None any other column may be there.
    Mistakes of the whole file are in the result; nothing is raised. Empty rows and rows that begin with ``#`` are
    skipped.
    """
    table = Table(shown or path.name)
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= MAX_BYTES else b""
    except OSError as error:
        _wrong(table, f"{table.name} cannot be read: {error.strerror}. Check its name and rights.", "read")
        return table
    if size > MAX_BYTES or b"\0" in raw:
        why = (
            f"has {size:,} bytes, more than {MAX_BYTES:,}" if size > MAX_BYTES else "holds zero bytes, so it is no text"
        )
        _wrong(table, f"{table.name} {why}: save it as CSV again.", "not-csv")
        return table
    reader = csv.reader(io.StringIO(text := decode(raw)), delimiter=delimiter_of(text))
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        _check_header(table, header, required, optional)
        table.columns = header
        for cells in reader:
            _row(table, header, cells, reader.line_num)
    except csv.Error as error:
        _wrong(table, f"{table.name} is no readable CSV: {error}. Save it as CSV again.", "not-csv", reader.line_num)
    return table


def _row(table: Table, header: list[str], cells: list[str], line: int) -> None:
    values = [plain_cell(cell.strip()) for cell in cells]
    if not any(values) or values[0].startswith("#"):
        return
    if any(values[len(header) :]):
        message = f"{len(values)} cells, but the header has {len(header)}: a comma inside a cell needs quotes"
        _wrong(table, message, "cells", line)
        return
    table.rows.append(Row(line, {name: value for name, value in zip(header, values, strict=False) if value}))


def plain_cell(cell: str) -> str:
    """A cell without the mark that keeps a spreadsheet from taking it for a formula (``discover`` sets it)."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in FORMULA else cell


def _check_header(table: Table, header: list[str], required: Collection[str], optional: Collection[str] | None) -> None:
    known = [*required, *(optional or ())]
    if not any(header):
        _wrong(table, f"{table.name} is empty: begin it with the line {','.join(known)}", "empty", 1)
        return
    for name in required:
        if name not in header:
            _wrong(table, f"the column '{name}' is missing: add it to the first line", "missing-column", 1, name)
    for place, name in enumerate(header):
        if name and optional is not None and name not in known:
            message = f"the column '{name}' is not known; {nearest(name, known)}"
            _wrong(table, message, "unknown-column", 1, name)
        elif name and name in header[:place]:
            _wrong(table, f"the column '{name}' is there twice: keep one of the two", "duplicate-column", 1, name)


def delimiter_of(text: str) -> str:
    """What separates the cells of a table, told by its first line."""
    head = text.partition("\n")[0]
    return max(",;\t", key=head.count)


def _wrong(table: Table, message: str, code: str, line: int = 0, key: str = "") -> None:
    table.mistakes.append(Mistake(table.name, message, code, line, 1 if line else 0, key))
