"""Bodies of pushed readings as rows: JSON, NDJSON (a row a line) and CSV (a header, then a row a line)."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from typing import Any

JSON = "application/json"
NDJSON = ("application/x-ndjson", "application/ndjson", "application/jsonl")
CSV = "text/csv"
KINDS = (JSON, *NDJSON, CSV)
KEYS = ("point", "address", "value", "time", "unit")


class BodyError(ValueError):
    """A body of which nothing can be used; the message says why."""


class TooManyError(ValueError):
    """More rows than a request may have."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: its place (the entry from 1, in NDJSON and CSV the line), its keys, or why it cannot be read."""

    number: int
    keys: dict[str, Any] = field(default_factory=dict)
    broken: str = ""


def kind_of(content_type: str) -> str:
    """``json``, ``ndjson``, ``csv``, or '' where it is none of them or not UTF-8."""
    name, _, parameters = content_type.partition(";")
    charset = next((value for key, _, value in (part.strip().partition("=") for part in parameters.lower().split(";"))
                    if key == "charset"), "utf-8")  # fmt: skip
    if charset.strip('"') not in ("utf-8", "utf8", "us-ascii"):
        return ""
    name = name.strip().lower()
    return "json" if name == JSON else "ndjson" if name in NDJSON else "csv" if name == CSV else ""


def rows_of(kind: str, body: bytes, most: int) -> list[Row]:
    """The rows of a body; BodyError or TooManyError where it is refused as a whole."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BodyError(f"the body is not UTF-8 text (byte {error.start + 1}): send it as UTF-8") from None
    rows = {"json": _json, "ndjson": _ndjson, "csv": _csv}[kind](text, most)
    if len(rows) > most:
        raise TooManyError(f"more than {most} readings: send them in several requests")
    return rows


def _json(text: str, _: int) -> list[Row]:
    try:
        document = json.loads(text)
    except RecursionError:
        raise BodyError("the body is nested too deeply: send a list of readings") from None
    except ValueError as error:
        raise BodyError(f"the body is not JSON: {_where(error)}") from None
    rows = document.get("readings") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise BodyError('the body is no list of readings: write [{"point": "...", "value": 1.5}]')
    return [_row(number, entry) for number, entry in enumerate(rows, 1)]


def _ndjson(text: str, most: int) -> list[Row]:
    rows: list[Row] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            rows.append(_row(number, json.loads(line)))
        except (ValueError, RecursionError):
            rows.append(Row(number, broken="the line is not JSON"))
        if len(rows) > most:
            break
    return rows


def _row(number: int, entry: Any) -> Row:
    if not isinstance(entry, dict):
        return Row(number, broken='it is no object: write {"point": "...", "value": 1.5}')
    return Row(number, entry)


def _csv(text: str, most: int) -> list[Row]:
    head = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=head.count), strict=True)
    rows: list[Row] = []
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        _check_header(header)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append(_cells(reader.line_num, header, cells))
            if len(rows) > most:
                break
    except csv.Error as error:
        raise BodyError(f"the body is no readable CSV (line {reader.line_num}: {error})") from None
    return rows


def _check_header(header: list[str]) -> None:
    unknown = [name for name in header if name not in KEYS]
    if unknown or len(set(header)) != len(header) or "value" not in header or not {"point", "address"} & set(header):
        wrong = f"; it has '{unknown[0][:40]}'" if unknown else ""
        raise BodyError(f"the first line names the columns, each once: point or address, value, time, unit{wrong}")


def _cells(number: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) > len(header):
        return Row(number, broken=f"{len(cells)} cells, but the header has {len(header)}")
    return Row(number, {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()})


def _where(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} in line {error.lineno}, column {error.colno}"
    return "a number in it is too long"
