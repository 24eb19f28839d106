"""When a rule counts and when a window is open: weekdays, hours, vacations; local time of the campus."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from twin.timetable import DAYS

EVERY_DAY = frozenset(range(1, 8))
MINUTES = 1440
WHOLE_DAY = ((0, MINUTES),)

Vacation = Literal["any", "never", "only"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """``days`` (1 = Monday) and ``spans`` [minutes of the day]; a span whose end is not after its begin goes over
    midnight and belongs to the day of its begin. ``vacation``: whether it holds in vacations. ``occupied``: only while
    somebody is in the place, or is expected there."""

    days: frozenset[int] = EVERY_DAY
    spans: tuple[tuple[int, int], ...] = WHOLE_DAY
    vacation: Vacation = "any"
    occupied: bool = False


ALWAYS = Schedule()


@dataclass(frozen=True, slots=True)
class Calendar:
    """The vacations of a campus (first and last day, both included) and its zone."""

    vacations: tuple[tuple[date, date], ...] = ()
    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))

    def holds(self, schedule: Schedule, now: float) -> bool:
        """Whether the schedule holds at ``now`` [s since epoch], apart from who is there."""
        local = datetime.fromtimestamp(now, UTC).astimezone(self.zone)
        today, minute = local.date(), local.hour * 60 + local.minute
        yesterday = today - timedelta(days=1)
        for begin, end in schedule.spans:
            if end > begin:
                if begin <= minute < end and self._on(schedule, today):
                    return True
            elif (minute >= begin and self._on(schedule, today)) or (minute < end and self._on(schedule, yesterday)):
                return True
        return False

    def _on(self, schedule: Schedule, day: date) -> bool:
        if day.isoweekday() not in schedule.days:
            return False
        if schedule.vacation == "any":
            return True
        off = any(first <= day <= last for first, last in self.vacations)
        return off is (schedule.vacation == "only")


def weekdays(text: str) -> frozenset[int]:
    """``mon-fri``, ``6,7`` or ``周一至周五`` as numbers, 1 = Monday; ValueError says which part is none."""
    found: set[int] = set()
    for part in re.split(r"[,;\s、，]+", text.casefold().replace("周", "").strip()):
        names = [DAYS.get(name.strip()) for name in re.split(r"[-–至到]", part)]
        if None in names or not 1 <= len(names) <= 2:
            raise ValueError(f"'{part}' is no weekday: write them as mon-fri, 6,7 or 周一至周五 (1 is Monday)")
        first, last = names[0] or 0, names[-1] or 0
        found.update(range(first, last + 1) if first <= last else {*range(first, 8), *range(1, last + 1)})
    return frozenset(found)


def hours(text: str) -> tuple[tuple[int, int], ...]:
    """``08:00-12:00, 13:00-18:00`` as minutes of the day; ValueError says which part is none."""
    return tuple(_span(part) for part in re.split(r"[,;，、]\s*", text.strip()))


def _span(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"\s*(\d{1,2}):([0-5]\d)\s*[-–]\s*(\d{1,2}):([0-5]\d)\s*", text)
    if match is not None:
        begin, end = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
        if begin < MINUTES and end <= MINUTES:
            return begin, end
    raise ValueError(f"'{text}' is no span of hours: write it in quotes, as in \"08:00-18:00\"")
