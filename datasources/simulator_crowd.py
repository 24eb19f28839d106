"""People of each room, as whole numbers, every five minutes: the cause of its CO2, its warmth and its Wi-Fi clients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datasources.simulator_address import Room
from datasources.simulator_occupancy import Occupancy
from datasources.simulator_people import STEP_S, people_per_m2
from datasources.simulator_steps import Curves
from datasources.simulator_streams import local_days
from datasources.simulator_weather import DAY_S, UTC_OFFSET_S

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
MEMORY_STEPS = 72  # six hours: what is older has left no more than 1 % in rooms with 0.8 air changes an hour


class Crowd:
    """One row a room; ``seats`` is how many people it has when its place is at its fullest."""

    def __init__(self, rooms: Sequence[Room], seed: int) -> None:
        self.rooms = list(rooms)
        self.number = {room.space: k for k, room in enumerate(self.rooms)}
        self.seats: F32 = np.array([people_per_m2(r.use) * r.area for r in self.rooms], np.float32)
        self.people = Curves(self._people)
        self._occupancy = Occupancy([r.use for r in self.rooms], [r.space for r in self.rooms], seed)

    def _people(self, steps: Sequence[int]) -> F32:
        """Whole people at the nodes ``steps``: each room rounds up or down by its own chance of the day."""
        times = np.array(steps, np.float64) * STEP_S
        days = local_days(times)
        people = np.zeros((len(self.rooms), len(times)), np.float32)
        for day in np.unique(days).tolist():
            columns = np.flatnonzero(days == day)
            occupied = self._occupancy.on(day, times[columns] + UTC_OFFSET_S - day * DAY_S)
            chance = self._occupancy.streams.once("people", day)[:, None]
            people[:, columns] = np.floor(self.seats[:, None] * occupied + chance)
        return people

    def remembered(self, per_hour: F32) -> Curves:
        """What a store that forgets at the rate ``per_hour`` [1/h] (one a room) holds of the people of the last hours.

        The solution of dm/dt = a (n - m) for people n that are constant over each step h: the sum over k of
        (1 - e^-ah) e^-akh n of k + 1 steps ago. Each node is summed by itself, in the same order in any window.
        """
        decay = np.exp(-per_hour.astype(np.float64) * STEP_S / 3_600.0)[:, None]
        weights = ((1 - decay) * decay ** np.arange(MEMORY_STEPS)).astype(np.float32)

        def make(steps: Sequence[int]) -> F32:
            wanted = sorted({step - 1 - k for step in steps for k in range(MEMORY_STEPS)}, reverse=True)
            column = {step: k for k, step in enumerate(wanted)}
            people = self.people.nodes(wanted)
            held = np.zeros((len(self.rooms), len(steps)), np.float32)
            weighted = np.zeros((len(self.rooms), MEMORY_STEPS), np.float32)
            for k, step in enumerate(steps):
                first = column[step - 1]
                np.multiply(weights, people[:, first : first + MEMORY_STEPS], out=weighted)
                held[:, k] = weighted.sum(axis=1)
            return held

        return Curves(make)
