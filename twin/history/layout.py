"""Where the readings and hours of the default historian are: a table a day while they are young, a file a day after.

Both kinds are kept alike. Of a day there can be a table of what came in order (``hot``), a file (``sealed``), and
beside either a table of what came late, whose rows win.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from twin.history.calendar import DAY_MS

Kept = Literal["readings", "hours"]


def day_text(day: int) -> str:
    """A day (days since the epoch, UTC) as 2026-11-27."""
    return datetime.fromtimestamp(day * DAY_MS / 1000, UTC).date().isoformat()


def hot_table(kept: Kept, day: int) -> str:
    """The table of what came in order in a day."""
    return f"{kept}_{day_text(day).replace('-', '')}"


def late_table(kept: Kept, day: int) -> str:
    """The table of what came late for a day."""
    return f"late_{hot_table(kept, day)}"


def file_name(kept: Kept, day: int, number: int) -> str:
    """The file of a day in the history's folder; ``number`` rises each time it is written anew."""
    text = day_text(day)
    return f"{kept}/{text[:4]}/{text}.{number}.parquet"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file of one day: its ``name`` in the history's folder, how many rows, its size [bytes], the times of its first
    and last row [ms], its number, and the age [days] to which it was cleared of what need not be kept longer."""

    name: str
    rows: int
    size: int
    first: int
    last: int
    number: int
    trimmed: int = 0


@dataclass(frozen=True, slots=True)
class Days:
    """The days (days since the epoch, UTC) of one kind by how they are kept. Never changed, only replaced."""

    hot: frozenset[int] = frozenset()
    late: frozenset[int] = frozenset()
    sealed: Mapping[int, Sealed] = field(default_factory=dict)

    def with_hot(self, day: int) -> Days:
        """With a table of what came in order in ``day``."""
        return replace(self, hot=self.hot | {day})

    def with_late(self, day: int) -> Days:
        """With a table of what came late for ``day``."""
        return replace(self, late=self.late | {day})

    def put_away(self, day: int, file: Sealed | None) -> Days:
        """With the file of ``day`` in place of its tables; None: nothing is left of the day."""
        kept = {key: value for key, value in self.sealed.items() if key != day}
        return Days(self.hot - {day}, self.late - {day}, kept if file is None else {**kept, day: file})

    def within(self, start: int, end: int) -> list[int]:
        """The days that have anything from ``start`` to before ``end`` [ms], ascending."""
        first, last = start // DAY_MS, (end - 1) // DAY_MS
        return sorted(day for day in self.hot | self.late | set(self.sealed) if first <= day <= last)

    def files(self, folder: Path) -> set[Path]:
        """The files that belong to it."""
        return {folder / file.name for file in self.sealed.values()}
