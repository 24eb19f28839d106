"""How much each room is in use: the people of its place, come early or late, or not at all; classrooms by timetable.

What chance gives a room for a day is one of a few *classes*: how early or late it is (steps of ten minutes), how full
(eight levels), or empty. So a day's sum over all rooms needs a table of classes, not every room at every step
(datasources/simulator_daysums.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from datasources.simulator_calendar import DayKind, kind_of
from datasources.simulator_loads import LOADS
from datasources.simulator_people import PLACES, STEP_S, STEPS, occupancy
from datasources.simulator_streams import Streams
from datasources.simulator_timetable import Courses, period_of

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

SHIFT_STEPS = np.arange(-8, 9, 2)
"""How many steps (of STEP_S) a room comes later than its place: up to 40 minutes either way."""
FILLS = np.concatenate(([0.0], 0.55 + 0.65 * (np.arange(8) + 0.5) / 8)).astype(np.float32)
"""How full a room is against its place; the first is one that stays empty for the day."""
SHAPES = 256
"""How many courses of a room's own mood there are in a day."""
KEPT = 4  # days


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a day's chance gives each room: ``cls`` (row of ``table_of``) and ``shape`` of its mood."""

    cls: I64
    shape: I64


@lru_cache(maxsize=8)
def table_of(kind: DayKind) -> F32:
    """(classes, STEPS) how much rooms of each class are in use; class = (place, shift, fill), fill running first."""
    table: F32 = (full_table_of(kind)[:, None, :] * FILLS[None, :, None]).reshape(-1, STEPS)
    return table


@lru_cache(maxsize=8)
def full_table_of(kind: DayKind) -> F32:
    """(places x shifts, STEPS) how full places are for rooms that are as full as theirs, by how late they are."""
    place = np.minimum(occupancy(kind), np.float32(1))
    step = (np.arange(STEPS)[None, :] - SHIFT_STEPS[:, None]) % STEPS
    table: F32 = place[:, step].reshape(-1, STEPS)
    return table


class Occupancy:
    """One row a room, given by its use and its id."""

    def __init__(self, uses: Sequence[str], spaces: Sequence[str], seed: int) -> None:
        self.streams = Streams(spaces, seed)
        self._place = np.array([PLACES.index(LOADS[use].place) for use in uses], np.int64)
        self._absent = np.array([round(LOADS[use].absent * 65_536) for use in uses], np.int64)
        self.classrooms = np.flatnonzero(np.array([use == "classroom" for use in uses], np.bool_))
        self.courses = Courses([spaces[row] for row in self.classrooms.tolist()], seed)
        self._drawn: dict[int, Drawn] = {}

    def drawn(self, day: int) -> Drawn:
        """What chance gives each room on local day number ``day``."""
        found = self._drawn.get(day)
        if found is None:
            bits = self.streams.bits("use", day)
            part = [((bits >> np.uint64(16 * k)) & np.uint64(0xFFFF)).astype(np.int64) for k in range(4)]
            shift = (part[0] * len(SHIFT_STEPS)) >> 16
            fill = np.where(part[2] < self._absent, 0, 1 + ((part[1] * (len(FILLS) - 1)) >> 16))
            cls = (self._place * len(SHIFT_STEPS) + shift) * len(FILLS) + fill
            found = Drawn(cls, (part[3] * SHAPES) >> 16)
            while len(self._drawn) >= KEPT:
                del self._drawn[next(iter(self._drawn))]
            self._drawn[day] = found
        return found

    def on(self, day: int, local: F64) -> F32:
        """0 to about 1 for each room (rows) at ``local`` [s since midnight] (columns) of local day number ``day``."""
        table = table_of(kind_of(day))
        step = (local / STEP_S).astype(np.int64) % STEPS
        occupied: F32 = table[:, step][self.drawn(day).cls]
        if self.classrooms.size:
            occupied[self.classrooms] = self._lessons(day, local)
        return occupied

    def _lessons(self, day: int, local: F64) -> F32:
        """Classrooms follow the timetable: in use or not in each period of the day."""
        seats = self.courses.attended(day)
        lessons: F32 = np.append(seats, np.zeros_like(seats[:, :1]), axis=1)[:, period_of(local)]
        return lessons
