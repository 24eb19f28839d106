"""The simulated timetable: in which periods of the week each classroom has a course, and how many come.

A course of a term meets twice a week, on Monday and Wednesday or on Tuesday and Thursday, or once, on Friday; it is the
same in every term, and stands in the timetable (``lessons``). On other days (week ends, examinations, vacations) single
bookings are drawn for each day, which stand in none.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from datasources.simulator_calendar import EPOCH, kind_of
from datasources.simulator_loads import PERIODS, TIMETABLED
from datasources.simulator_noise import U64, uniform
from datasources.simulator_people import people_per_m2
from datasources.simulator_streams import Streams
from twin.point import Point
from twin.timetable import Lesson

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

MEETS = (0, 1, 0, 1, 2)
"""The group of weekdays that Monday to Friday belong to: the courses of a group meet on each of its days."""
MARGIN_H = 0.1  # people come before a lesson and leave after it
KEPT = 4  # days


def weekday(day: int) -> int:
    """0 (Monday) to 6 of local day number ``day`` (since 1970-01-01, a Thursday)."""
    return (day + 3) % 7


def period_of(local: F64) -> I64:
    """The period whose lessons have people at ``local`` [s since midnight]; len(PERIODS) between lessons."""
    hours = local / 3_600.0
    period = np.full(len(local), len(PERIODS), np.int64)
    for k, (begin, end) in enumerate(PERIODS):
        period[(hours >= begin - MARGIN_H) & (hours < end + MARGIN_H)] = k
    return period


class Courses:
    """One row a classroom."""

    def __init__(self, spaces: Sequence[str], seed: int) -> None:
        self.spaces = list(spaces)
        self._streams = Streams(spaces, seed)
        self._attended: dict[int, F32] = {}

    def enrolled(self, group: int) -> F32:
        """(classrooms, periods) how full a course of a term fills its room on the days of ``group``; 0: no course."""
        chances = TIMETABLED["term"]
        return self._booked(self._streams.of("course", group), chances)

    def attended(self, day: int) -> F32:
        """(classrooms, periods) how full each classroom is in each period of local day number ``day``; 0: no lesson."""
        found = self._attended.get(day)
        if found is None:
            kind, stream = kind_of(day), self._streams.of("lesson", day)
            booked = self.enrolled(MEETS[weekday(day)]) if kind == "term" else self._booked(stream, TIMETABLED[kind])
            came = uniform(stream[:, None], np.arange(101, 101 + len(PERIODS), dtype=np.uint64)[None, :])
            found = booked * (np.float32(0.85) + np.float32(0.15) * came)
            while len(self._attended) >= KEPT:
                del self._attended[next(iter(self._attended))]
            self._attended[day] = found
        return found

    @staticmethod
    def _booked(stream: U64, chances: Sequence[float]) -> F32:
        places = np.arange(1, 2 * len(PERIODS) + 1, dtype=np.uint64)
        drawn = uniform(stream[:, None], places[None, :])
        used = drawn[:, 0::2] < np.array(chances, np.float32)
        booked: F32 = np.where(used, np.float32(0.65) + np.float32(0.4) * drawn[:, 1::2], np.float32(0))
        return booked


def lessons(points: Sequence[Point], seed: int, first: date, last: date) -> list[Lesson]:
    """The courses of the classrooms that ``points`` name, as rows of a timetable from ``first`` to ``last``.

    A row holds for a run of working days of a term; holidays, examinations and vacations lie between the runs.
    """
    areas = _classrooms(points)
    courses = Courses(list(areas), seed)
    people = np.array([people_per_m2("classroom") * area for area in areas.values()])[:, None]
    runs = list(_runs(first, last))
    found = []
    for group in sorted(set(MEETS)):
        days = frozenset(day + 1 for day, of in enumerate(MEETS) if of == group)
        expected = np.round(courses.enrolled(group) * people)
        for row, period in np.argwhere(expected > 0).tolist():
            begin, end = (round(60 * hour) for hour in PERIODS[period])
            found += [
                Lesson(courses.spaces[row], days, begin, end, float(expected[row, period]), since, until)
                for since, until in runs
                if _meets(days, since, until)
            ]
    return sorted(found, key=lambda lesson: (lesson.space, lesson.since, lesson.begin, min(lesson.days)))


def _classrooms(points: Sequence[Point]) -> dict[str, float]:
    """Area [m2] of each classroom that an address names, ``<family>/room/classroom/<m2>/<space>``."""
    parts = (point.address.split("/", 4) for point in points)
    rooms = {part[4]: float(part[3]) for part in parts if len(part) == 5 and part[1:3] == ["room", "classroom"]}
    return dict(sorted(rooms.items()))


def _runs(first: date, last: date) -> Iterator[tuple[date, date]]:
    """First and last days of the runs of working days of terms; a week end does not end one."""
    begin = end = None
    for day in range((first - EPOCH).days, (last - EPOCH).days + 1):
        kind, today = kind_of(day), EPOCH + timedelta(days=day)
        if kind == "term":
            begin, end = begin or today, today
        elif kind != "weekend" and begin is not None and end is not None:
            yield begin, end
            begin = end = None
    if begin is not None and end is not None:
        yield begin, end


def _meets(days: Container[int], since: date, until: date) -> bool:
    """Whether any of the weekdays ``days`` (1 = Monday) lies between two dates."""
    return any((since + timedelta(days=k)).isoweekday() in days for k in range(min(7, (until - since).days + 1)))
