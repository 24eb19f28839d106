"""How much of what the sources send is mapped: points by source and type, and what a sheet of ``discover`` tells.

Without a running server the sheet is what is known of a source: what it sent that no point wants (unmapped), points
whose address was not among it (silent), and units that the source told and the campus has otherwise.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin.config import CampusConfig
from twin.mistake import Mistake
from twin.point import Point
from twin.tables import MAX_BYTES, plain_cell
from twin.yaml_tree import decode

_NAMED = 5
TOLD = 1.0
"""The confidence of a unit that the source told itself."""


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A signal of a sheet that ``discover`` wrote; ``unit`` only where the source told it."""

    source: str
    address: str
    unit: str = ""


@dataclass(slots=True)
class SourceFound:
    """What the sheet has of one source: how many signals, which of them no point wants, which points it lacks."""

    found: int = 0
    unmapped: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)

    @property
    def mapped_percent(self) -> float:
        """The share of the signals that have a point [%]."""
        return 100.0 * (self.found - len(self.unmapped)) / self.found if self.found else 0.0


@dataclass(slots=True)
class CampusMapping:
    """The mapping of a campus; ``sources`` and ``types`` count points, ``devices`` those of each type."""

    points: int = 0
    of_devices: int = 0
    sources: dict[str, int] = field(default_factory=dict)
    without_source: int = 0
    types: dict[str, int] = field(default_factory=dict)
    described: dict[str, dict[str, str]] = field(default_factory=dict)
    found: dict[str, SourceFound] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The mapping in ``check --json``."""
        return {
            "points": self.points, "points_of_devices": self.of_devices, "points_by_source": self.sources,
            "points_without_source": self.without_source, "devices_by_type": self.types,
            "types": self.described,
            "types_without_devices": [name for name, count in self.types.items() if not count],
            "found": {
                name: {
                    "found": row.found, "mapped_percent": round(row.mapped_percent, 2), "unmapped": row.unmapped,
                    "silent": row.silent,
                }
                for name, row in self.found.items()
            },
        }  # fmt: skip

    def as_text(self) -> list[str]:
        """Lines for people."""
        by_source = ", ".join(f"{name} {count:,}" for name, count in self.sources.items())
        lines = []
        if self.sources:
            lines.append(f"points by source: {by_source}" + self._sourceless())
        if self.types:
            devices = sum(self.types.values())
            used = sum(1 for count in self.types.values() if count)
            lines.append(f"{devices:,} devices of {used} types with {self.of_devices:,} points")
        for name, row in self.found.items():
            mapped = row.found - len(row.unmapped)
            text = f"{name}: {mapped:,} of {row.found:,} signals found are mapped ({row.mapped_percent:.1f} %)"
            lines.append(f"{text}, {len(row.unmapped):,} are not; {len(row.silent):,} points were not seen")
        return lines

    def _sourceless(self) -> str:
        return f"; {self.without_source:,} have none" if self.without_source else ""


def mapping_of(config: CampusConfig, points: Sequence[Point], sheet: Path | None = None) -> CampusMapping:
    """The mapping of a campus whose points are ``points``, against what a sheet of ``discover`` has."""
    counts = Counter(point.source for point in points)
    mapping = CampusMapping(len(points), sum(len(device.points) for device in config.devices))
    mapping.sources = {name: counts[name] for name in config.file.sources}
    mapping.without_source = counts[""]
    used = Counter(device.type for device in config.devices)
    mapping.types = {name: used[name] for name in config.templates}
    mapping.described = {
        name: {"class": t.category, "maker": t.maker, "model": t.model, "file": f"{t.file}:{t.line}"}
        for name, t in config.templates.items()
    }
    if sheet is not None:
        rows, mapping.mistakes = read_found(sheet)
        _compare(mapping, rows, points, config.file.sources, sheet.name)
    return mapping


def read_found(path: Path) -> tuple[list[FoundRow], list[Mistake]]:
    """The signals of a sheet of ``discover``, those that are mapped already too."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return [], [Mistake(path.name, f"{path.name} has more than {MAX_BYTES:,} bytes", "too-large")]
        reader = csv.DictReader(io.StringIO(decode(path.read_bytes()), newline=""))
        names = reader.fieldnames or []
        if not {"source", "address"} <= set(names):
            message = f"{path.name} is no sheet of discover: it has no columns 'source' and 'address'"
            return [], [Mistake(path.name, message, "not-found-sheet", 1, 1)]
        return [row for cells in reader if (row := _found_row(cells)) is not None], []
    except OSError as error:
        return [], [Mistake(path.name, f"{path.name} cannot be read: {error.strerror}", "read")]
    except csv.Error as error:
        return [], [Mistake(path.name, f"{path.name} is no readable CSV: {error}", "not-csv")]


def _found_row(cells: Mapping[str | Any, str | Any]) -> FoundRow | None:
    text = {str(name): plain_cell(str(value or "").strip()) for name, value in cells.items()}
    try:
        told = float(text.get("unit_confidence") or 0.0) >= TOLD
    except ValueError:
        told = False
    if not text["source"] or not text["address"]:
        return None
    return FoundRow(text["source"], text["address"], text.get("unit", "") if told else "")


def _compare(
    mapping: CampusMapping, rows: Sequence[FoundRow], points: Sequence[Point], sources: Mapping[str, Any], sheet: str
) -> None:
    wanted: dict[str, dict[str, Point]] = {}
    for point in points:
        wanted.setdefault(point.source, {})[point.address or point.id] = point
    seen: dict[str, set[str]] = {}
    for row in rows:
        if row.source not in sources:
            seen.setdefault(row.source, set())
            continue
        found = mapping.found.setdefault(row.source, SourceFound())
        if row.address in seen.setdefault(row.source, set()):
            continue
        seen[row.source].add(row.address)
        found.found += 1
        known = wanted.get(row.source, {}).get(row.address)
        if known is None:
            found.unmapped.append(row.address)
        elif row.unit and row.unit != known.unit:
            said = f"the source {row.source} says {row.unit} of '{row.address}'"
            message = f"{said}, but the point '{known.id}' has {known.unit}: one of the two is wrong"
            mapping.mistakes.append(Mistake(sheet, message, "unit-conflict", severity="warning"))
    for name in seen.keys() - sources.keys():
        message = f"campus.yaml has no source '{name}': the sheet is of another campus, or the source was renamed"
        mapping.mistakes.append(Mistake(sheet, message, "unknown-source", severity="warning"))
    for name, found in mapping.found.items():
        found.silent = [point.id for address, point in wanted.get(name, {}).items() if address not in seen[name]]
        mapping.mistakes += _told(name, found, sheet)


def _told(name: str, found: SourceFound, sheet: str) -> list[Mistake]:
    told = []
    if found.unmapped:
        message = (
            f"{len(found.unmapped):,} signals of {name} have no point ({_some(found.unmapped)}): map them, if wanted"
        )
        told.append(Mistake(sheet, message, "unmapped", severity="warning"))
    if found.silent:
        message = f"{len(found.silent):,} points of {name} were not seen ({_some(found.silent)}): check their addresses"
        told.append(Mistake(sheet, message, "silent", severity="warning"))
    return told


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")
