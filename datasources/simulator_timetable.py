"""The simulated timetable: in which periods of the week each classroom has a course, and how many come.

A course of a term meets twice a week, on Monday and Wednesday or on Tuesday and Thursday, or once, on Friday; it is the
same in every term. On other days (week ends, examinations, vacations) single bookings are drawn for each day.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datasources.simulator_calendar import kind_of
from datasources.simulator_loads import PERIODS, TIMETABLED
from datasources.simulator_noise import U64, uniform
from datasources.simulator_streams import Streams

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
