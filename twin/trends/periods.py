"""Windows of time on the campus's clock: how long a step of a chart should be, and the window to compare with.

The other window is told by the calendar, not by a number of hours: 'last week' begins at the same time of day on the
same weekday, also across a change of clocks, and an instant of it is drawn where the clock shows the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import numpy as np

from twin.history.calendar import DAY_MS, HOUR_MS, Calendar
from twin.history.columns import I64
from twin.history.steps import SeriesError, Step

Compare = Literal["", "previous", "week", "month", "year"]
COMPARES: tuple[Compare, ...] = get_args(Compare)
WEEK, YEAR = 7, 364
"""Days back to the same weekday: last week, last year."""

MINUTE_MS = 60_000
STEPS: tuple[tuple[int, Step], ...] = (
    (2 * HOUR_MS, 30_000), (9 * HOUR_MS, MINUTE_MS), (36 * HOUR_MS, 5 * MINUTE_MS), (5 * DAY_MS, 15 * MINUTE_MS),
    (62 * DAY_MS, "hour"), (200 * DAY_MS, 6 * HOUR_MS),
)  # fmt: skip
"""The step of a window that is at most so long, where nobody says one; of a longer one a day."""


def step_for(start: int, end: int) -> Step:
    """A step that gives a window [ms] some hundred places."""
    return next((step for most, step in STEPS if end - start <= most), "day")


@dataclass(frozen=True, slots=True)
class Other:
    """The window to compare with: from ``start`` to ``end`` [ms]; ``days`` lie between the two on the calendar."""

    start: int
    end: int
    days: int
    zone: ZoneInfo

    def shifted(self, times: I64) -> I64:
        """Where instants of it are drawn: at the same time of the clock, ``days`` later."""
        return np.array([moved(int(at), self.days, self.zone) for at in times.tolist()], np.int64)


def other_window(compare: Compare, start: int, end: int, calendar: Calendar) -> Other:
    """The window before [ms]: ``previous`` is as long and ends where this one begins (in whole local days where it is
    longer than one), ``week`` is 7 and ``year`` 364 days earlier, ``month`` begins on the same day of the month before.
    """
    zone = calendar.zone
    if compare not in COMPARES or not compare:
        raise SeriesError(f"compare='{compare[:40]}' is not known: use {', '.join(COMPARES[1:])}")
    first, last = _day(start, zone), _day(end - 1, zone)
    if compare == "week":
        days = WEEK
    elif compare == "year":
        days = YEAR
    elif compare == "month":
        days = (first - _month_before(first)).days
    else:
        days = (last - first).days + (0 if _tail(start, end, zone) else 1)
        days = max(1, days)
    begin, until = moved(start, -days, zone), moved(end, -days, zone)
    if compare == "month":
        until = min(until, start)  # March has more days than February
    return Other(begin, until, days, zone)


def _tail(start: int, end: int, zone: ZoneInfo) -> bool:
    """Whether a window ends at an earlier time of the day than it begins, or at the same: its last day is none more."""
    a, b = (datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).time() for at in (start, end))
    return time() < b <= a


def moved(at: int, days: int, zone: ZoneInfo) -> int:
    """The instant [ms] at the same time of the clock some days later; where the clocks skip it, as much after."""
    local = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    wanted = (local.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=zone, fold=local.fold)
    return round(wanted.timestamp() * 1000)


def _day(at: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).date()


def _month_before(day: date) -> date:
    last = day.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(day.day, last.day))
