"""The shifts of a campus: ``shifts`` of campus.yaml, and which one an instant lies in, on the campus's clock."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

DAY_MIN = 1440
MOST = 12


def _hours(text: str) -> str:
    span_of(text)
    return text


def span_of(text: str) -> tuple[int, int]:
    """``08:00-16:00`` as minutes of the day; an end that is not after its begin lies on the next day. ValueError says
    how it is written."""
    match = re.fullmatch(r"\s*(\d{1,2}):([0-5]\d)\s*[-–]\s*(\d{1,2}):([0-5]\d)\s*", text)
    if match is not None:
        begin, end = (int(match[n]) * 60 + int(match[n + 1]) for n in (1, 3))
        if begin < DAY_MIN and end <= DAY_MIN:
            return begin, end if end > begin else end + DAY_MIN
    raise ValueError(f"'{text}' is no span of hours: write it in quotes, as in \"08:00-16:00\"")


class ShiftEntry(BaseModel):
    """One shift of campus.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    names: dict[str, Annotated[str, Field(min_length=1, max_length=40)]]
    hours: Annotated[str, AfterValidator(_hours)]


def _whole_day(rows: dict[str, ShiftEntry]) -> dict[str, ShiftEntry]:
    spans = sorted(span_of(entry.hours) for entry in rows.values())
    if not 1 <= len(spans) <= MOST:
        raise ValueError(f"give one to {MOST} shifts")
    for (_, end), (begin, _) in zip(spans, [*spans[1:], (spans[0][0] + DAY_MIN, 0)], strict=True):
        if end != begin:
            what = "overlap" if end > begin else "leave a gap"
            at = min(begin, end) % DAY_MIN
            raise ValueError(f"the shifts {what} at {at // 60:02}:{at % 60:02}: together they must be one whole day")
    return rows


ShiftEntries = Annotated[dict[str, ShiftEntry], AfterValidator(_whole_day)]
"""All shifts by name: together a whole day, without gap or overlap."""

DEFAULT: dict[str, ShiftEntry] = TypeAdapter(ShiftEntries).validate_python({
    "day": {"names": {"zh": "白班", "en": "Day shift"}, "hours": "08:00-16:00"},
    "evening": {"names": {"zh": "中班", "en": "Evening shift"}, "hours": "16:00-24:00"},
    "night": {"names": {"zh": "夜班", "en": "Night shift"}, "hours": "00:00-08:00"},
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift of one day, from ``start`` to before ``end`` [s since epoch]."""

    id: str
    names: dict[str, str]
    start: float
    end: float


class Shifts:
    """The shifts of a campus in its zone."""

    def __init__(self, entries: Mapping[str, ShiftEntry], zone: ZoneInfo) -> None:
        self._zone = zone
        self._rows: Sequence[tuple[int, int, str, dict[str, str]]] = sorted(
            (*span_of(row.hours), id_, dict(row.names)) for id_, row in entries.items()
        )

    def at(self, instant: float) -> Shift:
        """The shift that an instant [s since epoch] lies in."""
        today = datetime.fromtimestamp(instant, UTC).astimezone(self._zone).date()
        for day in (today, today - timedelta(days=1), today + timedelta(days=1)):
            midnight = datetime(day.year, day.month, day.day, tzinfo=self._zone)
            for begin, end, id_, names in self._rows:
                start, over = (self._clock(midnight, minutes) for minutes in (begin, end))
                if start <= instant < over:
                    return Shift(id_, names, start, over)
        raise AssertionError("the shifts are a whole day")

    def _clock(self, midnight: datetime, minutes: int) -> float:
        """An instant by the wall clock: a day on which clocks change has a shorter or a longer shift."""
        return (midnight + timedelta(minutes=minutes)).timestamp()

    def before(self, shift: Shift) -> Shift:
        """The shift before one."""
        return self.at(shift.start - 1.0)

    def after(self, shift: Shift) -> Shift:
        """The shift after one."""
        return self.at(shift.end + 1.0)
