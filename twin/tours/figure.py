"""A figure that a tour names: ``kpi:energy.power@14``, ``channel:energy.co2@14/05``, ``point:14/EM/power``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from twin.domains import Channel, Kpi, channels, domains
from twin.mistake import nearest

FigureKind = Literal["kpi", "channel", "point"]

_WRITTEN = re.compile(r"(kpi|channel|point):([^\s{}@<>=()]{1,200})(?:@([^\s{}@<>=()]{1,200}))?")
PEOPLE = frozenset({"people", "clients", "pir"})
"""Quantities that tell of people: nothing of them goes to visitors."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A KPI or the roll-up of a channel for a ``place`` ('' = the campus), or a point, which has its own place."""

    kind: FigureKind
    key: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.key}" + (f"@{self.place}" if self.place else "")

    @property
    def unit(self) -> str | None:
        """The unit [as in twin/quantity.py, '' of a count]; None of a point, whose quantity the campus knows."""
        row = self.row
        return None if row is None else "" if row.unit == "1" else row.unit

    @property
    def row(self) -> Kpi | Channel | None:
        """The KPI or channel; None of a point."""
        return None if self.kind == "point" else channels()[self.key] if self.kind == "channel" else kpis()[self.key]

    @property
    def tells_of_people(self) -> bool:
        """Whether somebody's coming and going could be seen in it."""
        row = self.row
        if row is None:
            return False
        tests = (*row.all_of, *row.any_of) if isinstance(row, Kpi) else ()
        return row.domain == "occupancy" or row.quantity in PEOPLE or any(t.quantity in PEOPLE for t in tests)


def kpis() -> dict[str, Kpi]:
    """Every KPI of every domain, by key."""
    return {kpi.key: kpi for row in domains().values() for kpi in row.kpis}


def figure(text: str) -> Figure:
    """The figure of a text; ValueError says what is wrong with it."""
    match = _WRITTEN.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            f"'{text}' is no figure: write kpi:energy.power, kpi:energy.power@14, channel:energy.co2@14 or point:ID"
        )
    kind, key, place = match[1], match[2], match[3] or ""
    if kind == "kpi":
        if key not in (known := kpis()):
            raise ValueError(f"'{key}' is no KPI; {nearest(key, known)}")
        return Figure("kpi", key, place)
    if kind == "channel":
        if key not in channels():
            raise ValueError(f"'{key}' is no channel; {nearest(key, channels())}")
        return Figure("channel", key, place)
    if place:
        raise ValueError(f"'{text}': a point has its own place: write point:{key}")
    return Figure("point", key)
