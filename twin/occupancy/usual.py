"""How a space usually is at an hour of a working or a free day: the prior, from its own past or from a timetable.

Past: how often somebody was counted at that hour, and how many on average when somebody was. Rooms without a counter
take their kind's. Before anything is known: somebody is there in 15 % of the time, a tenth of the room's capacity.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

HOURS = 48
"""24 hours of working days, then 24 of Saturdays and Sundays."""
OCCUPIED, FILLED = 0.15, 0.1
PRIOR_H = 2.0
FORGET = 0.97
"""What was seen counts so much less each day."""
PLANNED = 0.9
"""A planned event takes place with this chance; the people expected come on average."""
_NEAR = np.exp(-0.5 * (np.minimum(np.arange(24), 24 - np.arange(24)) / 1.0) ** 2)


def place_of(now: float, zone: ZoneInfo) -> int:
    """The number of the hour in ``HOURS``."""
    local = datetime.fromtimestamp(now, zone)
    return local.hour + (24 if local.weekday() >= 5 else 0)


class Usual:
    """Hours seen and hours in use (spaces, HOURS), with the persons then (spaces,)."""

    def __init__(self, kind: Index, capacity: F64) -> None:
        n = len(kind)
        self.kind, self.capacity = kind, capacity
        self.seen, self.used = np.zeros((n, HOURS)), np.zeros((n, HOURS))
        self.persons, self.hours = np.zeros(n), np.zeros(n)
        self._made = -1
        self._rows: tuple[F64, F64] = (np.full(n, OCCUPIED), np.maximum(1.5, FILLED * capacity))

    def take(self, at: Index, n: F64, hours: F64, place: int) -> None:
        """``n`` persons were counted for ``hours``."""
        some = hours * (n >= 0.5)
        self.seen[at, place] += hours
        self.used[at, place] += some
        self.persons[at] += some * n
        self.hours[at] += some

    def forget(self) -> None:
        """A day has gone."""
        for column in (self.seen, self.used, self.persons, self.hours):
            column *= FORGET

    def at(self, place: int, *, anew: bool = False) -> tuple[F64, F64]:
        """(chance that somebody is there, persons then) of every space at that hour."""
        if place != self._made or anew:
            self._made, self._rows = place, self._work_out(place)
        return self._rows

    def _work_out(self, place: int) -> tuple[F64, F64]:
        hour, first = place % 24, place - place % 24
        near = np.roll(_NEAR, hour)
        seen = self.seen[:, first : first + 24] @ near
        used = self.used[:, first : first + 24] @ near
        kinds = int(self.kind.max(initial=0)) + 1
        all_seen, all_used, all_persons = (
            np.bincount(self.kind, column, kinds)[self.kind] for column in (seen, used, self.persons)
        )
        share = (all_used + PRIOR_H * OCCUPIED) / (all_seen + PRIOR_H)
        chance = (used + PRIOR_H * share) / (seen + PRIOR_H)
        # A hall and a seminar room of one kind differ by size: shares of the capacity are what they have in common.
        room = np.bincount(self.kind, self.hours * self.capacity, kinds)[self.kind]
        filled = (all_persons + PRIOR_H * FILLED * self.capacity) / (room + PRIOR_H * self.capacity)
        persons = (self.persons + PRIOR_H * filled * self.capacity) / (self.hours + PRIOR_H)
        return np.clip(chance, 0.005, 0.98), np.maximum(persons, 1.2)
