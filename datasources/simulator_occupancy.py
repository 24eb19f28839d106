"""How much each room is in use: the people of its place, come early or late, or not at all; classrooms by timetable."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datasources.simulator_calendar import kind_of
from datasources.simulator_loads import LOADS, PERIODS, TIMETABLED
from datasources.simulator_noise import uniform
from datasources.simulator_people import PLACES, STEP_S, STEPS, occupancy
from datasources.simulator_streams import Streams

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


class Occupancy:
    """One row a room, given by its use and its id."""

    def __init__(self, uses: Sequence[str], spaces: Sequence[str], seed: int) -> None:
        self.streams = Streams(spaces, seed)
        self._place = np.array([PLACES.index(LOADS[use].place) for use in uses], np.int32)
        self._absent = np.array([LOADS[use].absent for use in uses], np.float32)
        self._classroom = np.array([use == "classroom" for use in uses], np.bool_)

    def on(self, day: int, local: F64) -> F32:
        """0 to about 1 for each room (rows) at ``local`` [s since midnight] (columns) of local day number ``day``."""
        table = occupancy(kind_of(day))
        shift = (self.streams.once("shift", day) - np.float32(0.5)) * np.float32(5_400)  # +-45 min
        step = ((local[None, :].astype(np.float32) - shift[:, None]) / np.float32(STEP_S)).astype(np.int32) % STEPS
        fill = np.float32(0.55) + np.float32(0.65) * self.streams.once("fill", day)
        fill[self.streams.once("absent", day) < self._absent] = 0.0
        occupied: F32 = np.minimum(table[self._place[:, None], step] * fill[:, None], np.float32(1.1))
        if self._classroom.any():
            occupied[self._classroom] = self._lessons(day, local)
        return occupied

    def _lessons(self, day: int, local: F64) -> F32:
        """Classrooms follow the timetable: in use or not in each period of the day."""
        stream = self.streams.of("lesson", day)[self._classroom]
        hours = local / 3_600.0
        lessons = np.zeros((len(stream), len(local)), np.float32)
        for k, ((begin, end), chance) in enumerate(zip(PERIODS, TIMETABLED[kind_of(day)], strict=True)):
            used = uniform(stream, np.full(1, 2 * k + 1, np.uint64)) < chance
            seats = np.float32(0.6) + np.float32(0.4) * uniform(stream, np.full(1, 2 * k + 2, np.uint64))
            columns = (hours >= begin - 0.1) & (hours < end + 0.1)
            lessons[:, columns] = (used * seats)[:, None]
        return lessons
