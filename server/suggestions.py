"""Suggestions as files that become part of a campus folder once a person has read them: points, devices, types.

Every row that is not wanted is deleted; what is left is points.csv or devices.csv, columns and all.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from datasources.contract import Found
from server.guess_text import whole, why
from twin.guess import Seen
from twin.quantity import QUANTITIES
from twin.suggest import Suggestion, TypeGuess
from twin.tables import FORMULA

COLUMNS = (
    "point", "entity", "quantity", "unit", "kind", "interval_s", "source", "address", "confidence", "why",
    "quantity_confidence", "unit_confidence", "kind_confidence", "entity_confidence", "value", "name", "device", "type",
    "vendor", "place", "note",
)  # fmt: skip
MAPPED = "# "
"""Before the id of a point that has this address already: the row is then a remark in points.csv."""
ACTIVE = 0.5
"""A point less sure than this is a remark in the file of types."""


def seen_of(found: Found) -> Seen:
    """What ``discover`` found, as the guesses take it."""
    return Seen(
        found.address, found.name, found.device, found.place, found.note, found.unit, found.quantity, found.kind,
        found.value, found.low, found.high, found.count, found.rises, found.falls,
    )  # fmt: skip


def points_sheet(
    source: str, found: Sequence[Found], suggestions: Sequence[Suggestion], mapped: Mapping[str, str]
) -> str:
    """One row a signal, in the columns of points.csv and some for people; ``mapped`` are the ids by address."""
    taken: set[str] = set()
    rows = (_row(source, one, suggestion, mapped, taken) for one, suggestion in zip(found, suggestions, strict=True))
    return _sheet(COLUMNS, rows)


def _row(
    source: str, found: Found, suggestion: Suggestion, mapped: Mapping[str, str], taken: set[str]
) -> dict[str, Any]:
    s, known = suggestion, mapped.get(found.address)
    return {
        "point": f"{MAPPED}{known}" if known else point_id(found.address, taken),
        "entity": s.entity.value, "quantity": s.quantity.value, "unit": s.unit.value, "kind": s.kind.value,
        "interval_s": found.interval_s or None, "source": source, "address": found.address,
        "confidence": f"{s.confidence:.2f}", "why": whole(s, "en"),
        "quantity_confidence": f"{s.quantity.confidence:.2f}", "unit_confidence": f"{s.unit.confidence:.2f}",
        "kind_confidence": f"{s.kind.confidence:.2f}",
        "entity_confidence": f"{s.entity.confidence:.2f}", "value": found.value, "name": found.name,
        "device": found.device, "type": s.type, "vendor": found.vendor, "place": found.place, "note": found.note,
    }  # fmt: skip


def point_id(address: str, taken: set[str]) -> str:
    """An address as an id: without blanks, ``#`` and braces, each once."""
    base = re.sub(r"[^\w./:-]+", "-", address).strip("-/") or "point"
    base = re.sub(r"-?/+", "/", base)
    code, number = base, 1
    while code in taken:
        number += 1
        code = f"{base}~{number}"
    taken.add(code)
    return code


def devices_sheet(source: str, types: Sequence[TypeGuess]) -> str:
    """One row a device of the types, in the columns of devices.csv; ``note`` says why."""
    extra = sorted({column for found in types for device in found.devices for column in device.columns})
    rows = (
        {
            "id": device.id, "type": found.name, "source": source, "entity": device.entity.value,
            "confidence": f"{min(found.confidence, device.entity.confidence):.2f}", **device.columns,
            "note": f"place: {why(device.entity, 'en') or 'not told'}; type: {found.why}",
        }
        for found in types
        for device in found.devices
    )  # fmt: skip
    return _sheet(("id", "type", "source", "entity", *extra, "confidence", "note"), rows)


def types_file(source: str, types: Sequence[TypeGuess]) -> str:
    """The types as YAML for ``templates/``; a point that is not sure enough is a remark."""
    lines = [
        f"# Suggestions from what the source {source} sends: read them, correct them, move this file to templates/.",
        "# A point that begins with # is not sure: complete it, or leave it.",
    ]
    for found in types:
        head = f"{_quoted(found.name)}:  # {found.confidence:.2f}: {found.why}"
        points, active = _points(found)
        written = [head, f"  address: {_quoted(found.address)}", f"  class: {found.category}", "  points:", *points]
        lines += written if active else [f"# {line}" for line in written]
    return "\n".join(lines) + "\n"


def _points(found: TypeGuess) -> tuple[list[str], bool]:
    """The lines of the points, and whether one of them is sure enough to be no remark."""
    lines, taken, active = [], set[str](), False
    for path, row in found.points.items():
        key = _key(path or row.quantity.value or "value", taken)
        sure = min(row.quantity.confidence, row.unit.confidence) >= ACTIVE and " " not in path
        fits = row.quantity.value in QUANTITIES and row.unit.value in QUANTITIES[row.quantity.value].units
        kind = "" if row.kind.value in ("", "gauge") else f" {row.kind.value}"
        text = f"{path} {row.quantity.value or 'quantity'} {row.unit.value or 'unit'}{kind}".strip()
        active = active or (sure and fits)
        told = why(row.quantity, "en")
        note = f"{row.quantity.confidence:.2f} {told}; unit {row.unit.confidence:.2f}; read {row.seen.value}"
        lines.append(f"    {'' if sure and fits else '# '}{key}: {_quoted(text)}  # {_one_line(note)}")
    return lines, active


def _key(path: str, taken: set[str]) -> str:
    base = re.sub(r"\W+", "_", path.rstrip("/").rpartition("/")[2]).strip("_") or "value"
    code, number = base, 1
    while code.casefold() in taken:
        number += 1
        code = f"{base}_{number}"
    taken.add(code.casefold())
    return code


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _sheet(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    for row in rows:
        writer.writerow({name: cell(value) for name, value in row.items()})
    return text.getvalue()


def cell(value: object) -> object:
    """A device's own text is no formula of the spreadsheet that opens it; ``twin.tables`` takes the mark off again."""
    if isinstance(value, str) and value.lstrip("\t\r\n ")[:1] in FORMULA:
        return f"'{value}"
    return "" if value is None else value
