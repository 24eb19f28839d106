"""``points.csv``: one row a point; every mistake of every row with its line and column name."""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from twin.mistake import Mistake, nearest
from twin.point import Point
from twin.quantity import QUANTITIES
from twin.tables import Row, read_table
from twin.taken import Giver, Taken
from twin.template import INTERVAL_S, KINDS, STALE_INTERVALS, parsed

REQUIRED = ("point", "entity", "quantity", "unit")
OPTIONAL = ("kind", "interval_s", "stale_s", "low", "high", "sentinels", "source", "address", "note")
SUGGESTED = (
    "confidence", "why", "quantity_confidence", "unit_confidence", "kind_confidence", "entity_confidence", "value",
    "name", "device", "type", "vendor", "place",
)  # fmt: skip
"""What ``discover`` writes beside these columns; for people, not read."""


def read_points(
    path: Path, sources: Collection[str], shown: str = "", taken: Taken | None = None
) -> tuple[list[Point], list[Mistake]]:
    """The points whose rows are right, and every mistake. ``sources`` are the names that ``source`` may hold.

    ``taken`` learns what other tables may not have any more.
    Entities are checked where the tree is known (``models3d/campus.py``), not here.
    """
    table = read_table(path, REQUIRED, (*OPTIONAL, *SUGGESTED), shown)
    mistakes = list(table.mistakes)
    points: list[Point] = []
    lines: dict[str, int] = {}
    addresses: dict[tuple[str, str], int] = {}
    for row in table.rows:
        found = _RowReader(table.name, row)
        point = found.point(sources)
        found.once(point.id, lines, "point", "each point is one row")
        if point.address:
            found.once((point.source, point.address), addresses, "address", "one address feeds one point")
        mistakes.extend(found.mistakes)
        if not found.mistakes:
            points.append(point)
        if taken is not None:
            giver = Giver(f"{table.name}:{row.line}", "", point.unit)
            taken.take_id(point, giver)
            taken.take_address(point, giver)
    return points, mistakes


class _RowReader:
    """One row on its way to a point."""

    def __init__(self, file: str, row: Row) -> None:
        self.file = file
        self.row = row
        self.mistakes: list[Mistake] = []

    def wrong(self, column: str, message: str, code: str) -> None:
        """Note a mistake of this row."""
        self.mistakes.append(Mistake(self.file, message, code, self.row.line, 0, column))

    def once(self, value: Any, seen: dict[Any, int], column: str, rule: str) -> None:
        """Note a value that an earlier row has already."""
        if (first := seen.setdefault(value, self.row.line)) != self.row.line:
            shown = value if isinstance(value, str) else " ".join(value)
            self.wrong(column, f"'{shown}' stands in line {first} too: {rule}", f"duplicate-{column}")

    def point(self, sources: Collection[str]) -> Point:
        """The row as a point; what is wrong is noted and replaced by a default."""
        cells = self.row.cells
        for column in REQUIRED:
            if column not in cells:
                self.wrong(column, f"'{column}' is empty: every point needs one", "empty-cell")
        quantity, unit = self._quantity(cells.get("quantity", ""), cells.get("unit", ""))
        kind = cells.get("kind", "gauge").casefold()
        if kind not in KINDS:
            self.wrong("kind", f"'{kind}' is no kind of point; {nearest(kind, KINDS)}", "unknown-kind")
        source = cells.get("source", "")
        if source and source not in sources:
            self.wrong("source", f"campus.yaml has no source '{source}'; {nearest(source, sources)}", "unknown-source")
        interval = self._number("interval_s", above=0.0) or INTERVAL_S
        stale = self._number("stale_s", above=0.0) or STALE_INTERVALS * interval
        low, high = self._number("low"), self._number("high")
        if low is not None and high is not None and low >= high:
            self.wrong("low", f"low {low:g} is not below high {high:g}", "empty-range")
        return Point(
            id=cells.get("point", ""), entity=cells.get("entity", ""), quantity=quantity, unit=unit,
            kind=kind if kind in KINDS else "gauge",
            interval_s=interval, stale_s=stale, low=low, high=high, sentinels=self._sentinels(),
            source=source, address=cells.get("address", ""),
        )  # fmt: skip

    def _quantity(self, quantity: str, unit: str) -> tuple[str, str]:
        known = QUANTITIES.get(quantity)
        if quantity and known is None:
            self.wrong("quantity", f"'{quantity}' is no quantity; {nearest(quantity, QUANTITIES)}", "unknown-quantity")
        elif known is not None and unit and unit not in known.units:
            units = ", ".join(known.units)
            self.wrong("unit", f"'{unit}' is no unit of {quantity}: use one of {units}", "unknown-unit")
        return quantity, unit

    def _number(self, column: str, above: float = -math.inf) -> float | None:
        text = self.row.cells.get(column)
        if text is None:
            return None
        value = parsed(text)
        if value is None or value <= above:
            bound = f" above {above:g}" if math.isfinite(above) else ""
            self.wrong(column, f"'{text}' in {column} is no number{bound}", "not-a-number")
            return None
        return value

    def _sentinels(self) -> tuple[float, ...]:
        texts = re.split(r"[;,\s]+", self.row.cells.get("sentinels", "").strip("; ,"))
        values = {text: parsed(text) for text in texts if text}
        for text, value in values.items():
            if value is None:
                self.wrong("sentinels", f"'{text}' is no number: separate sentinels by blanks", "not-a-number")
        return tuple(value for value in values.values() if value is not None)
