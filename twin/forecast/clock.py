"""Local time of a campus for arrays of instants: slots of the week and of the day, and local days.

A local day has 23 or 25 hours where clocks change; then a slot of the day is missing or comes twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

DAY_S = 86_400
EPOCH_WEEKDAY = 3
"""1 January 1970 was a Thursday (Monday is 0)."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """For each instant (n,): its local ``day`` [days since 1970-01-01] and ``slot`` of that day, 0 to ``slots`` - 1."""

    day: I64
    slot: I64
    slots: int

    @property
    def weekday(self) -> I64:
        """0 Monday to 6 Sunday."""
        weekday: I64 = (self.day + EPOCH_WEEKDAY) % 7
        return weekday

    @property
    def of_week(self) -> I64:
        """Slot of the week: 0 is the first of Monday; 168 of them for hours, 7 for days."""
        place: I64 = self.weekday * self.slots + self.slot
        return place


def local_time(times: F64, zone: ZoneInfo, interval_s: float) -> LocalTime:
    """Local days and slots of ``times`` (n,) [s since the epoch, UTC], slots of ``interval_s`` [s].

    ValueError if a day does not divide into such slots.
    """
    slots = DAY_S / interval_s
    if slots < 1 or slots != round(slots):
        raise ValueError(
            f"An interval of {interval_s} s does not divide a day into equal slots. "
            "Bring the readings to 900, 1800, 3600 or 86400 s first."
        )
    local = times + _offsets(times, zone)
    day = np.floor_divide(local, DAY_S)
    slot = np.floor_divide(local - day * DAY_S, interval_s)
    return LocalTime(day.astype(np.int64), slot.astype(np.int64), round(slots))


def _offsets(times: F64, zone: ZoneInfo) -> F64:
    """Offset from UTC [s] at each instant.

    A UTC day at both ends of which it is the same has no change of clocks; in the others every quarter of an hour is
    asked, at which zones change theirs.
    """
    days, back = np.unique(np.floor_divide(times, DAY_S), return_inverse=True)
    starts = np.array([_offset(day * DAY_S, zone) for day in days.tolist()], np.float64)
    ends = np.array([_offset((day + 1) * DAY_S, zone) for day in days.tolist()], np.float64)
    offsets = starts[back]
    for k in np.flatnonzero((starts != ends)[back]):
        offsets[k] = _offset(float(np.floor_divide(times[k], 900.0)) * 900.0, zone)
    return offsets


def _offset(at: float, zone: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
    return 0.0 if offset is None else offset.total_seconds()
