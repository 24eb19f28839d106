"""``timetable.csv``: which spaces are booked when, and for how many persons; every mistake of every row with its line.

A row holds on its weekdays from one time of day to another (over midnight where the second is earlier), local time of
the campus, between two dates; with ``every`` 2 every other week, counted from the week of ``since``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.mistake import Mistake, nearest
from twin.tables import Row, read_table
from twin.template import parsed

REQUIRED = ("space", "days", "from", "to", "people")
OPTIONAL = ("since", "until", "every", "note")
DAYS = {
    **{str(n): n for n in range(1, 8)},
    **{name: n for n, name in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), 1)},
    **{name: n for n, name in enumerate("一二三四五六日", 1)}, "天": 7,
}  # fmt: skip
"""Names of weekdays, 1 = Monday (ISO 8601)."""
_MINUTES = 1440
_FIRST, _LAST = date(1970, 1, 1), date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A row: ``days`` (1 = Monday), ``begin`` and ``end`` [minutes of the day], ``people`` expected."""

    space: str
    days: frozenset[int]
    begin: int
    end: int
    people: float
    since: date = _FIRST
    until: date = _LAST
    every: int = 1
    line: int = 0

    def holds_on(self, day: date) -> bool:
        """Whether it begins on that day."""
        if day.isoweekday() not in self.days or not self.since <= day <= self.until:
            return False
        monday = self.since - timedelta(days=self.since.weekday())
        return self.every == 1 or (day - monday).days // 7 % self.every == 0


def read_timetable(path: Path, shown: str = "") -> tuple[list[Lesson], list[Mistake]]:
    """The rows that are right, and every mistake. Spaces are checked where the tree is known (``misplaced``)."""
    table = read_table(path, REQUIRED, OPTIONAL, shown)
    lessons, mistakes = [], list(table.mistakes)
    if mistakes:
        return [], mistakes
    for row in table.rows:
        found = _Reader(table.name, row)
        lesson = found.lesson()
        mistakes.extend(found.mistakes)
        if not found.mistakes:
            lessons.append(lesson)
    return lessons, mistakes


def misplaced(lessons: Sequence[Lesson], spaces: Collection[str], file: str) -> list[Mistake]:
    """Rows whose space no model has."""
    lost: dict[str, int] = {}
    for lesson in lessons:
        if lesson.space not in spaces:
            lost.setdefault(lesson.space, lesson.line)
    return [
        Mistake(
            file, f"no model has the space '{space}'; {nearest(space, spaces)}", "timetable-space", line, 0, "space"
        )
        for space, line in lost.items()
    ]


class Timetable:
    """The people expected in some spaces. ``ids`` are the spaces, in the order of what ``planned`` answers."""

    def __init__(self, lessons: Sequence[Lesson], ids: Sequence[str], zone: ZoneInfo) -> None:
        at = {space: number for number, space in enumerate(ids)}
        self._n, self._zone = len(ids), zone
        self._lessons = [(at[lesson.space], lesson) for lesson in lessons if lesson.space in at]
        self._day: date | None = None
        self._rows = np.zeros((0, 4))

    def __len__(self) -> int:
        """Rows that concern these spaces."""
        return len(self._lessons)

    def planned(self, now: float) -> npt.NDArray[np.float64]:
        """(spaces,) persons expected at ``now`` [s since epoch], NaN where nothing is booked."""
        local = datetime.fromtimestamp(now, UTC).astimezone(self._zone)
        if local.date() != self._day:
            self._day, self._rows = local.date(), self._of(local.date())
        minute = local.hour * 60 + local.minute
        people = np.full(self._n, np.nan)
        held = self._rows[(self._rows[:, 1] <= minute) & (minute < self._rows[:, 2])]
        np.fmax.at(people, held[:, 0].astype(np.intp), held[:, 3])  # two courses at once in one room: the larger
        return people

    def _of(self, day: date) -> npt.NDArray[np.float64]:
        """(rows, 4) space, begin, end, people of what is held on a day, and what is left of the night before."""
        rows = []
        for at, lesson in self._lessons:
            late = lesson.end <= lesson.begin
            if lesson.holds_on(day):
                rows.append((at, lesson.begin, _MINUTES if late else lesson.end, lesson.people))
            if late and lesson.holds_on(day - timedelta(days=1)):
                rows.append((at, 0, lesson.end, lesson.people))
        return np.array(rows, np.float64).reshape(-1, 4)


class _Reader:
    """One row on its way to a lesson."""

    def __init__(self, file: str, row: Row) -> None:
        self.file, self.line, self.cells = file, row.line, row.cells
        self.mistakes: list[Mistake] = []

    def wrong(self, column: str, message: str, code: str) -> None:
        """Note a mistake of this row."""
        self.mistakes.append(Mistake(self.file, message, code, self.line, 0, column))

    def lesson(self) -> Lesson:
        """The row; what is wrong is noted and replaced by a default."""
        for column in REQUIRED:
            if column not in self.cells:
                self.wrong(column, f"'{column}' is empty: every row needs one", "empty-cell")
        since, until = self._date("since", _FIRST), self._date("until", _LAST)
        if since > until:
            self.wrong("until", f"until {until} is before since {since}", "empty-range")
        every = self.cells.get("every", "1")
        if every not in ("1", "2"):
            self.wrong("every", f"'{every}' in every: 1 is each week, 2 every other week from that of since", "every")
        elif every == "2" and "since" not in self.cells:
            self.wrong("since", "every 2 needs the date since when: it says which weeks", "every")
        return Lesson(
            self.cells.get("space", ""), self._days(), self._minute("from"), self._minute("to"), self._people(),
            since, until, 2 if every == "2" else 1, self.line,
        )  # fmt: skip

    def _days(self) -> frozenset[int]:
        found: set[int] = set()
        for part in re.split(r"[,;\s、，]+", self.cells.get("days", "").casefold().replace("周", "").strip()):
            ends = [DAYS.get(name.strip()) for name in re.split(r"[-–至到]", part)] if part else []
            if part and (None in ends or len(ends) > 2):
                text = "1-5, mon-fri, sat or 周一至周五 (1 is Monday)"
                self.wrong("days", f"'{part}' in days is no weekday: write them as {text}", "no-weekday")
            elif ends:
                first, last = ends[0] or 0, ends[-1] or 0
                found.update(range(first, last + 1) if first <= last else {*range(first, 8), *range(1, last + 1)})
        return frozenset(found)

    def _minute(self, column: str) -> int:
        text = self.cells.get(column, "0:00")
        match = re.fullmatch(r"([01]?\d|2[0-4])[:：]([0-5]\d)(?::00)?", text)  # spreadsheets add seconds
        if match is None or (minute := int(match[1]) * 60 + int(match[2])) > _MINUTES:
            self.wrong(column, f"'{text}' in {column} is no time of day: write it as 08:00", "no-time")
            return 0
        return minute

    def _people(self) -> float:
        text = self.cells.get("people", "0")
        value = parsed(text)
        if value is None or not 0 <= value <= 100_000:
            self.wrong("people", f"'{text}' in people is no number of persons", "not-a-number")
            return 0.0
        return value

    def _date(self, column: str, otherwise: date) -> date:
        text = self.cells.get(column)
        if text is None:
            return otherwise
        try:
            return date.fromisoformat(re.sub(r"[/.]", "-", text))
        except ValueError:
            self.wrong(column, f"'{text}' in {column} is no date: write it as 2026-09-01", "no-date")
            return otherwise
