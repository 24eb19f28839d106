"""What goes on paper: a document as data. Whoever has something to print (a report, the sheet of a shift) makes one of
these; ``paper_html`` gives all of them the same look, on the screen and on A4.

Texts are plain; nothing in them is markup. Every block is one of a few kinds, so that what is printed tomorrow looks
like what was printed today.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from server.texts import Lang

Align = Literal["start", "end"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that counts: its name, the number and its unit, and under it what must be known of it (coverage, time,
    method). ``strong``: the one figure that the page is about."""

    label: str
    value: str
    unit: str = ""
    notes: Sequence[str] = ()
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """Numbers side by side."""

    items: Sequence[Figure]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A sentence; ``quiet`` ones explain, ``warning`` ones stand out by a rule at their side."""

    text: str
    tone: Literal["plain", "quiet", "warning"] = "plain"


@dataclass(frozen=True, slots=True)
class Points:
    """Sentences as a list."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: numbers end at the same place."""

    title: str
    align: Align = "start"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table: the text, in a second line smaller what belongs to it, and with ``share`` [0..1] a bar
    behind the number."""

    text: str
    note: str = ""
    share: float | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a caption; the first cell of a row is its head. Its head is repeated on each page."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart: finished SVG of our own making, the sentence that says the same to who cannot see it, and under it what
    the signs mean."""

    svg: str
    label: str
    caption: str
    legend: Sequence[tuple[str, str]] = ()
    """(sign, text): the signs are solid, hatch, line, band."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """Lines to sign on: of each who signs it."""

    items: Sequence[str]


Block = Figures | Paragraph | Points | Table | Drawing | Signatures


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part; ``new_page``: it begins one."""

    title: str
    blocks: Sequence[Block]
    new_page: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A whole one. ``over`` is the line above the title (whose campus), ``under`` the line below it (which time),
    ``facts`` short lines of what must be known of all of it; ``marks`` cannot be missed (simulated, not complete);
    ``foot`` stands at the foot of every page."""

    lang: Lang
    over: str
    title: str
    under: str
    facts: Sequence[str]
    marks: Sequence[tuple[str, str]]
    foot: str
    page_of: str
    """'page {n} of {all}' in the document's language, with these two marks in it."""
    sections: Sequence[Section] = field(default_factory=list)
    compact: bool = False
    """Set closer: what has to fit one page."""
