"""Hours: what each point did in the running hour, and the means of its last week, in flat columns.

The running hour belongs to the event loop. When it is over it is handed to the checks whole, and a new one begins: no
lock, and nothing that two threads write. Memory: 20,000 points take about 21 MB.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
I32 = npt.NDArray[np.int32]
Bools = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]

HOUR_S = 3600.0
WEEK_H = 168
DAYS = 28
"""Days of which the highest and lowest value are kept."""
MOST_SUSPECT = 0.1
"""Share of flagged readings up to which an hour still teaches what is usual."""


@dataclass(slots=True)
class Hour:
    """One hour: ``start`` [s since epoch, UTC]; of each point the number of readings, their sum, low and high (without
    flagged ones; the low without zeros), how many moved, were 0, or were flagged.
    """

    start: float
    n: I32
    total: F64
    low: F64
    high: F64
    moved: I32
    zero: I32
    suspect: I32

    @classmethod
    def begin(cls, start: float, points: int) -> Hour:
        """An empty hour."""
        counts = [np.zeros(points, np.int32) for _ in range(4)]
        return cls(start, counts[0], np.zeros(points), np.full(points, np.inf), np.full(points, -np.inf), *counts[1:])

    def add(self, point: Index, value: F64, moved: Bools, suspect: Bools) -> None:
        """Usable readings, each point at most once."""
        self.n[point] += 1
        self.total[point] += value
        self.moved[point] += moved
        self.zero[point] += value == 0
        self.suspect[point] += suspect
        fine, clean = point[~suspect], value[~suspect]
        self.high[fine] = np.maximum(self.high[fine], clean)
        self.low[fine] = np.minimum(self.low[fine], np.where(clean == 0, np.inf, clean))

    def mean(self) -> F64:
        """Means of the hour; NaN where nothing came."""
        mean: F64 = np.divide(self.total, self.n, out=np.full(len(self.n), np.nan), where=self.n > 0)
        return mean

    def teaches(self) -> Bools:
        """Which points the hour says something of: they spoke, and were hardly flagged."""
        teaches: Bools = (self.n > 0) & (self.suspect <= MOST_SUSPECT * self.n)
        return teaches


class Week:
    """Hourly means of the last seven days, a column an hour, and highs and lows of the last 28 days."""

    def __init__(self, points: int) -> None:
        self.mean: F32 = np.full((points, WEEK_H), np.nan, np.float32)
        self.low: F32 = np.full((points, DAYS), np.nan, np.float32)
        self.high: F32 = np.full((points, DAYS), np.nan, np.float32)
        self.newest = -1

    def take(self, hour: Hour) -> None:
        """An hour that is over; hours between that nobody saw are empty."""
        number = round(hour.start / HOUR_S)
        if self.newest >= 0:
            for missed in range(self.newest + 1, min(number, self.newest + 1 + WEEK_H)):
                self.mean[:, missed % WEEK_H] = np.nan
        day, before = number // 24, self.newest // 24 if self.newest >= 0 else -1
        for fresh in range(max(before + 1, day - DAYS + 1), day + 1):
            self.low[:, fresh % DAYS] = np.nan
            self.high[:, fresh % DAYS] = np.nan
        self.newest = number
        self.mean[:, number % WEEK_H] = hour.mean()
        fine = hour.teaches()
        place = day % DAYS
        low = np.where(np.isfinite(hour.low), hour.low, np.nan)
        self.low[fine, place] = np.fmin(self.low[fine, place], low[fine])
        self.high[fine, place] = np.fmax(self.high[fine, place], hour.high[fine])

    def last(self, hours: int) -> F32:
        """The means of the last ``hours`` hours, oldest first."""
        return self.mean[:, (self.newest - np.arange(hours)[::-1]) % WEEK_H]

    def reach(self) -> tuple[F32, F32]:
        """Lowest value but 0 and highest value of the kept days; NaN where there is none."""
        return np.fmin.reduce(self.low, axis=1), np.fmax.reduce(self.high, axis=1)


def hour_of_week(start: float, zone: ZoneInfo) -> int:
    """0 (Monday, midnight to one) to 167 of an instant [s since epoch, UTC] in the campus's own time."""
    local = datetime.fromtimestamp(start, UTC).astimezone(zone)
    return local.weekday() * 24 + local.hour
