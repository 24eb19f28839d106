"""Rows of a timetable as the text of a ``timetable.csv``, as ``twin.timetable`` reads it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from twin.timetable import OPTIONAL, REQUIRED, Lesson


def as_csv(lessons: Iterable[Lesson]) -> str:
    """One line a row, after a line with the names of the columns."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow([*REQUIRED, *(name for name in OPTIONAL if name != "note")])
    for lesson in lessons:
        days = ",".join(map(str, sorted(lesson.days)))
        times = (_time(lesson.begin), _time(lesson.end))
        out.writerow([lesson.space, days, *times, f"{lesson.people:g}", lesson.since, lesson.until, lesson.every])
    return text.getvalue()


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
