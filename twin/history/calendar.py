"""Hours and days as the campus lives them: where each begins, in milliseconds since the epoch.

Hours begin with the hours of the campus's clock, also where that is half an hour or three quarters off; days are local
days of 23, 24 or 25 hours. A zone that shifts its clock by half an hour keeps the hours of its standard time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from twin.history.columns import I64

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


class Calendar:
    """The hours and days of one zone."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        standard = datetime(2026, 1, 1, tzinfo=zone), datetime(2026, 7, 1, tzinfo=zone)
        offset = min(each.utcoffset() or timedelta() for each in standard)
        self.offset_ms = int(offset.total_seconds() * 1000) % HOUR_MS

    def hour(self, times: I64) -> I64:
        """Where the hour of each time begins [ms]."""
        return times - (times + self.offset_ms) % HOUR_MS

    def hour_of(self, at: int) -> int:
        """Where the hour of a time begins [ms]."""
        return at - (at + self.offset_ms) % HOUR_MS

    def day_of(self, at: int) -> int:
        """Where the local day of a time begins [ms]."""
        return self._begin(self._date(at))

    def day_after(self, at: int) -> int:
        """Where the local day after that of a time begins [ms]."""
        return self._begin(self._date(at) + timedelta(days=1))

    def days(self, starts: I64) -> I64:
        """Where the local day of each of some hours begins [ms]; ``starts`` in any order."""
        unique, inverse = np.unique(starts, return_inverse=True)
        begun = np.array([self.day_of(int(start)) for start in unique], np.int64)
        return begun[inverse] if unique.size else np.zeros(0, np.int64)

    def _date(self, at: int) -> date:
        return datetime.fromtimestamp(at / 1000.0, UTC).astimezone(self.zone).date()

    def _begin(self, day: date) -> int:
        return round(datetime.combine(day, time(), self.zone).timestamp() * 1000)
