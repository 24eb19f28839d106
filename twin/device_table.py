"""``devices.csv``: one row a device, expanded by its type into points; every mistake with line and column.

Where a device and what it serves are in the tree is found out where the tree is known (``models3d/place_devices.py``).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from twin.mistake import Mistake, nearest
from twin.point import Point
from twin.tables import Row, Table, read_table
from twin.taken import Giver, Taken
from twin.template import FIELDS, INTERVAL_S, STALE_INTERVALS, FormError, Pattern, Signal, Template, number, with_field
from twin.template_files import TemplateFiles

REQUIRED = ("id", "type")
OPTIONAL = ("entity", "source", "serves", "feeds", "name_zh", "name_en", "interval_s", "stale_s", "note")
OVERRIDES = (*FIELDS, "entity")
NONE = "-"
"""In ``<point>.path``: this device has no such point."""

_LOOKS_LIKE = 0.8
_NO_CHANGES: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Device:
    """A device as it is written. ``entity`` is where it stands, ``serves`` what its points belong to where that is
    something else, ``feeds`` what comes after it. A point's ``entity`` is empty unless the row says one of its own.
    """

    id: str
    type: str
    category: str
    entity: str
    file: str
    line: int
    serves: str = ""
    feeds: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    points: tuple[Point, ...] = ()


@dataclass(slots=True)
class Devices:
    """The devices whose rows are right, and every mistake."""

    devices: list[Device] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def read_devices(
    path: Path, types: TemplateFiles, sources: Collection[str], shown: str = "", taken: Taken | None = None
) -> Devices:
    """The devices of a table whose types are ``types``; ``sources`` are the names that ``source`` may hold.

    ``taken`` are the points that other tables have already.
    """
    table = read_table(path, REQUIRED, None, shown)
    found = Devices(mistakes=list(table.mistakes))
    if not {*REQUIRED} <= {*table.columns}:
        return found
    found.mistakes.extend(_columns(table, types))
    reader = _Reader(table, types, frozenset(sources), taken or Taken())
    for row in table.rows:
        before = len(reader.mistakes)
        device = reader.device(row)
        if device is not None and len(reader.mistakes) == before:
            found.devices.append(device)
    found.mistakes.extend(reader.mistakes)
    used = {row.cells.get("type", "") for row in table.rows}
    found.mistakes.extend(_unused(types, used, table.name))
    return found


def _unused(types: TemplateFiles, used: Collection[str], sheet: str) -> Iterator[Mistake]:
    for name, template in types.templates.items():
        if name not in used:
            message = f"no device of {sheet} has the type '{name}': use it or take it out"
            yield Mistake(template.file, message, "unused-type", template.line, 1, name, "warning")


def _columns(table: Table, types: TemplateFiles) -> Iterator[Mistake]:
    """Columns that nothing uses and that look like one that is known; columns that a type needs and nobody wrote."""
    known = {*REQUIRED, *OPTIONAL}
    points = {signal.key.casefold() for t in types.templates.values() for signal in t.signals}
    needed = {column for t in types.templates.values() for column in t.columns()}
    for name in table.columns:
        point, dot, last = name.rpartition(".")
        if dot and (point not in points or last not in OVERRIDES) and not types.broken:
            what = nearest(point, points) if point not in points else nearest(last, OVERRIDES)
            message = f"the column '{name}' overrules no point of a type: write point.key, as in p.high; {what}"
            yield Mistake(table.name, message, "unknown-column", 1, 1, name)
        elif not dot and name not in known | needed and (like := _like(name, known | needed)):
            message = f"no type uses the column '{name}'; did you mean '{like}'?"
            yield Mistake(table.name, message, "unused-column", 1, 1, name, "warning")
    for template in types.templates.values():
        for column in sorted(template.columns() - set(table.columns) - known):
            if not any(row.cells.get("type") == template.name for row in table.rows):
                continue
            message = (
                f"the type '{template.name}' ({template.file}:{template.line}) needs {{{column}}}: add the column "
                f"'{column}' to {table.name}, or take it out of the type; {nearest(column, table.columns)}"
            )
            yield Mistake(table.name, message, "missing-column", 1, 1, column)


def _like(name: str, known: Collection[str]) -> str:
    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=_LOOKS_LIKE)), "")


class _Reader:
    """The rows of one table on their way to devices."""

    def __init__(self, table: Table, types: TemplateFiles, sources: frozenset[str], taken: Taken) -> None:
        self._file = table.name
        self._types = types
        self._sources = sources
        self._taken = taken
        self._columns = set(table.columns)
        self._ids: dict[str, int] = {}
        self._near: dict[str, str] = {}
        parts = [(column, *column.rpartition(".")) for column in table.columns]
        self._overrides = [(column, point, name) for column, point, dot, name in parts if dot and name in OVERRIDES]
        self.mistakes: list[Mistake] = []

    def _wrong(self, row: Row, column: str, message: str, code: str) -> None:
        self.mistakes.append(Mistake(self._file, message, code, row.line, 0, column))

    def device(self, row: Row) -> Device | None:
        """The row as a device with its points; what is wrong is noted."""
        cells = row.cells
        for column in REQUIRED:
            if column not in cells:
                self._wrong(row, column, f"'{column}' is empty: every device needs one", "empty-cell")
                return None
        if (first := self._ids.setdefault(cells["id"], row.line)) != row.line:
            message = f"'{cells['id']}' stands in line {first} too: each device is one row"
            self._wrong(row, "id", message, "duplicate-id")
        if not cells.get("entity") and not cells.get("serves"):
            message = "'entity' is empty: write the space, storey, building or machine where the device stands"
            self._wrong(row, "entity", message, "empty-cell")
        template = self._types.templates.get(cells["type"])
        if template is None:
            if cells["type"] not in self._types.broken:  # what is wrong with it is told where it is written
                why = self._nearest(cells["type"], self._types.templates)
                self._wrong(row, "type", f"there is no device type '{cells['type']}'; {why}", "unknown-type")
            return None
        return Device(
            id=cells["id"], type=template.name, category=template.category, entity=cells.get("entity", ""),
            file=self._file, line=row.line, serves=cells.get("serves", ""), feeds=_list(cells.get("feeds", "")),
            names=self._names(row, template), points=tuple(self._points(row, template, self._source(row, template))),
        )  # fmt: skip

    def _names(self, row: Row, template: Template) -> dict[str, str]:
        names = {
            language: row.cells[f"name_{language}"] for language in ("zh", "en") if f"name_{language}" in row.cells
        }
        for language, pattern in template.names.items():
            if language not in names and (text := self._fill(pattern, row, "the name")):
                names[language] = text
        return names

    def _nearest(self, word: str, known: Collection[str]) -> str:
        """``nearest``, asked once for each word: a wrong word may stand in 20,000 rows."""
        if word not in self._near:
            self._near[word] = nearest(word, known)
        return self._near[word]

    def _source(self, row: Row, template: Template) -> str:
        source = row.cells.get("source") or template.source
        if source and source not in self._sources:
            why = self._nearest(source, self._sources)
            where = "" if "source" in row.cells else f" (the type {template.name} names it)"
            self._wrong(row, "source", f"campus.yaml has no source '{source}'{where}; {why}", "unknown-source")
        elif not source:
            message = f"'source' is empty: name a source of campus.yaml here or in the type {template.name}"
            self._wrong(row, "source", message, "empty-cell")
        return source

    def _fill(self, pattern: Pattern, row: Row, what: str) -> str:
        try:
            return pattern.fill(row.cells)
        except KeyError as missing:
            column = str(missing.args[0])
            if column in self._columns:  # a column that is not there at all is told once
                message = f"'{column}' is empty: {what} is {pattern.text}"
                self._wrong(row, column, message, "empty-cell")
            return ""

    def _points(self, row: Row, template: Template, source: str) -> Iterator[Point]:
        own = self._own(row, template)
        every, stale = self._seconds(row, "interval_s"), self._seconds(row, "stale_s")
        for signal, pattern, id_pattern in zip(template.signals, template.addresses, template.ids, strict=True):
            changes = own.get(signal.key.casefold(), _NO_CHANGES)
            if changes:
                changed = self._changed(row, signal, changes)
                if changed is None:
                    continue
                signal = changed
                pattern = template.address_of(signal) if "path" in changes else pattern
            address = self._fill(pattern, row, "the address")
            point_id = self._fill(id_pattern, row, "the id")
            if not address or not point_id:
                continue
            interval = (signal.interval_s if "interval_s" in changes else every or signal.interval_s) or INTERVAL_S
            late = signal.stale_s if "stale_s" in changes else stale or signal.stale_s
            point = Point(
                point_id, signal.entity, signal.quantity, signal.unit, signal.kind, interval,
                late or STALE_INTERVALS * interval, signal.low, signal.high, signal.sentinels, source, address,
            )  # fmt: skip
            self._once(row, signal.key, point)
            yield point

    def _own(self, row: Row, template: Template) -> dict[str, dict[str, str]]:
        """What the row overrules, by point."""
        own: dict[str, dict[str, str]] = {}
        for column, point, name in self._overrides:
            if (text := row.cells.get(column)) is None:
                continue
            if all(signal.key.casefold() != point for signal in template.signals):
                message = f"the type '{template.name}' has no point '{point}': empty this cell"
                self._wrong(row, column, message, "unknown-point")
            own.setdefault(point, {})[name] = text
        return own

    def _changed(self, row: Row, signal: Signal, changes: Mapping[str, str]) -> Signal | None:
        """The signal as this device has it, None where it has none."""
        if changes.get("path") == NONE:
            return None
        try:
            for name, text in changes.items():
                signal = with_field(signal, name, text)
            return signal.checked()
        except FormError as error:
            self._wrong(row, f"{signal.key.casefold()}.{error.column}", str(error), error.code)
            return None

    def _seconds(self, row: Row, column: str) -> float:
        text = row.cells.get(column)
        try:
            return number(column, text, above=0.0) if text else 0.0
        except FormError as error:
            self._wrong(row, column, str(error), error.code)
            return 0.0

    def _once(self, row: Row, key: str, point: Point) -> None:
        """Note an id or an address that another point has already."""
        giver = Giver(f"{self._file}:{row.line}", key, point.unit)
        if first := self._taken.take_id(point, giver):
            message = f"the point '{point.id}' stands in {first.where} too: give the type another 'id'"
            self._wrong(row, "id", message, "duplicate-point")
        if not point.address.isprintable():
            self._wrong(row, "id", f"the address {point.address!r} has a line break or another control", "bad-address")
        if first := self._taken.take_address(point, giver):
            conflict = "" if first.unit == point.unit else f", there in {first.unit} and here in {point.unit}"
            message = f"'{point.source} {point.address}' feeds {first.where} too{conflict}: one address feeds one point"
            self._wrong(row, "id", message, "unit-conflict" if conflict else "duplicate-address")


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split("[;|]", text) if part.strip())
