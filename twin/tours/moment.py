"""When a step shows the campus: now, an instant, or a stretch played in some seconds.

``live``; ``2026-06-17 12:00`` (the campus's zone, or with an offset of its own); ``today 08:00``, ``yesterday 12:00``,
``3 days ago 12:00``; two of them with ``to``, the second may be a bare ``24:00`` of the same day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

LEAST_PLAY_S, LONGEST_PLAY_S = 5.0, 60.0
MOST_DAYS = 400
_RELATIVE = re.compile(r"(today|yesterday|(\d{1,3}) days? ago)\s+(\d{1,2}):([0-5]\d)")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class Instant:
    """So many ``days`` ago at a ``minute`` of the day, local; or ``at`` exactly, of local time where it has no zone."""

    days: int = 0
    minute: int = 0
    at: datetime | None = None

    def resolve(self, now: float, zone: ZoneInfo) -> float:
        """The instant [s since epoch] as seen from ``now``; never later than ``now``, for nothing is told of the
        future."""
        if self.at is not None:
            at = self.at if self.at.tzinfo else self.at.replace(tzinfo=zone)
        else:
            day = datetime.fromtimestamp(now, UTC).astimezone(zone).date() - timedelta(days=self.days)
            later, minute = divmod(self.minute, 1440)
            at = datetime.combine(day + timedelta(days=later), time(minute // 60, minute % 60), zone)
        return min(now, at.timestamp())


@dataclass(frozen=True, slots=True)
class Moment:
    """``begin`` None is live; with an ``end`` a stretch, played in ``play_s`` [s]."""

    begin: Instant | None = None
    end: Instant | None = None
    play_s: float = 0.0

    @property
    def live(self) -> bool:
        """Whether it is now."""
        return self.begin is None

    def resolve(self, now: float, zone: ZoneInfo) -> tuple[float, float] | None:
        """Begin and end [s since epoch], the same for an instant; None for live."""
        if self.begin is None:
            return None
        begin = self.begin.resolve(now, zone)
        return begin, max(begin, begin if self.end is None else self.end.resolve(now, zone))


LIVE = Moment()


def instant(text: str) -> Instant:
    """One instant; ValueError says how it is written."""
    words = text.strip()
    if match := _RELATIVE.fullmatch(words):
        days = {"today": 0, "yesterday": 1}.get(match[1], int(match[2] or 0))
        if days <= MOST_DAYS:
            return Instant(days, _minute(match[3], match[4], words))
        raise ValueError(f"'{words}': at most {MOST_DAYS} days ago")
    try:
        return Instant(at=datetime.fromisoformat(words))
    except ValueError:
        raise ValueError(
            f"'{words}' is no time: live, 2026-06-17 12:00, today 08:00, yesterday 12:00 or 3 days ago 12:00"
        ) from None


def moment(text: str, play_s: float = 0.0) -> Moment:
    """The moment of a text; ``play_s`` [s] belongs to a stretch. ValueError says what is wrong."""
    if text.strip() == "live":
        if play_s:
            raise ValueError("what is live is not played: leave 'play' out, or name a stretch as 'at'")
        return LIVE
    first, joined, second = text.partition(" to ")
    begin = instant(first)
    if not joined:
        if play_s:
            raise ValueError("an instant is not played: write a stretch, as in yesterday 06:00 to 22:00")
        return Moment(begin)
    if (match := _CLOCK.fullmatch(second.strip())) and begin.at is None:
        end = Instant(begin.days, _minute(match[1], match[2], text))
    elif match and begin.at is not None:
        minutes = _minute(match[1], match[2], text)
        end = Instant(at=datetime.combine(begin.at.date(), time(), begin.at.tzinfo) + timedelta(minutes=minutes))
    else:
        end = instant(second)
    if not _rises(begin, end):
        raise ValueError(f"'{text}' ends before it begins")
    return Moment(begin, end, play_s or 12.0)


def _rises(begin: Instant, end: Instant) -> bool:
    if begin.at is None and end.at is None:
        return (-begin.days, begin.minute) < (-end.days, end.minute)
    if begin.at is not None and end.at is not None and (begin.at.tzinfo is None) == (end.at.tzinfo is None):
        return begin.at < end.at
    return True


def _minute(hours: str, minutes: str, text: str) -> int:
    found = int(hours) * 60 + int(minutes)
    if found > 1440:
        raise ValueError(f"'{text}': a day has 24:00 at most")
    return found
