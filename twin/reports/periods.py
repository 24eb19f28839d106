"""The time that a report is of: a local day, an ISO week (Monday to Sunday) or a calendar month of the campus."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

Kind = Literal["day", "week", "month"]
KINDS: tuple[Kind, ...] = get_args(Kind)

OLDEST = date(1971, 1, 1)
NEWEST = date(9000, 1, 1)
YEAR_OF_WEEKS = timedelta(weeks=52)
"""So far back lies the same weekday of last year."""


class PeriodError(ValueError):
    """A period that cannot be reported; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the local midnight before ``first`` to the one after ``last`` (both included) in ``zone``."""

    kind: Kind
    first: date
    last: date
    zone: ZoneInfo

    @classmethod
    def of(cls, kind: Kind, day: date, zone: ZoneInfo) -> Period:
        """The period of that kind that ``day`` lies in; PeriodError for a year that no clock knows."""
        if not OLDEST <= day <= NEWEST:
            raise PeriodError(f"date={day} is out of reach: name a day from {OLDEST} on, as in 2026-11-26")
        if kind == "day":
            return cls(kind, day, day, zone)
        if kind == "week":
            monday = day - timedelta(days=day.weekday())
            return cls(kind, monday, monday + timedelta(days=6), zone)
        first = day.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        return cls(kind, first, following - timedelta(days=1), zone)

    @property
    def start(self) -> int:
        """Where it begins [ms since the epoch]."""
        return midnight(self.first, self.zone)

    @property
    def end(self) -> int:
        """Where it ends [ms since the epoch]; that instant is the first of the next one."""
        return midnight(self.last + timedelta(days=1), self.zone)

    @property
    def days(self) -> list[date]:
        """Its local days."""
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def before(self) -> Period:
        """The period just before it."""
        return Period.of(self.kind, self.first - timedelta(days=1), self.zone)

    def week_before(self) -> Period:
        """The same weekday of last week (of a day; of others the period before)."""
        return Period.of("day", self.first - timedelta(days=7), self.zone) if self.kind == "day" else self.before()

    def year_before(self) -> Period:
        """The same of last year: the same month; of days and weeks the same weekdays, 52 weeks before."""
        if self.kind == "month":
            return Period.of("month", self.first.replace(year=self.first.year - 1), self.zone)
        return Period.of(self.kind, self.first - YEAR_OF_WEEKS, self.zone)


def midnight(day: date, zone: ZoneInfo) -> int:
    """Where a local day begins [ms since the epoch]."""
    return round(datetime.combine(day, time(), zone).timestamp() * 1000)


def local(ms: int, zone: ZoneInfo) -> datetime:
    """An instant [ms since the epoch] on the campus's clock."""
    return datetime.fromtimestamp(ms / 1000.0, UTC).astimezone(zone)


def read_date(text: str) -> date:
    """A date as people write it: 2026-11-26; PeriodError says what is wrong with it."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise PeriodError(f"date='{text[:40]}' is no date: write it as 2026-11-26") from None
