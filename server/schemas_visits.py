"""What ``/api/v1/visits`` takes and answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from server.visit_store import Kind, State

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class VisitIn(BaseModel):
    """A visit to book or to change. ``contact`` (whom to call) is forgotten 30 days after it."""

    model_config = ConfigDict(extra="forbid")

    begins: AwareDatetime
    minutes: Annotated[int, Field(ge=5, le=600)] = 30
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    kind: Kind = "other"
    people: Annotated[int, Field(ge=1, le=2000)]
    lang: Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")] = "zh"
    guide: Line = ""
    tour: Annotated[str, Field(max_length=80)] = ""
    contact: Line = ""
    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""
    state: State = "booked"


class VisitOut(BaseModel):
    """A visit: ``lasted_min`` [min] is how long its tour took; ``stars`` 1 to 5 -> taps of its phones."""

    id: str
    begins: AwareDatetime
    minutes: int
    name: str
    kind: Kind
    people: int
    lang: str
    guide: str
    tour: str
    contact: str
    note: str
    state: State
    lasted_min: float | None
    stars: dict[int, int]
    made_by: str


class CountsOut(BaseModel):
    """Of a year up to now, and of the year before up to the same day: groups and people that came; what phones tapped:
    ``stars`` is the mean, None without a tap."""

    year: int
    groups: int
    people: int
    groups_before: int
    people_before: int
    booked: int
    rated: int
    taps: int
    stars: float | None


class VisitsOut(BaseModel):
    """The visits of a time, in their order."""

    items: list[VisitOut]
    counts: CountsOut


class CalendarIn(BaseModel):
    """A calendar to take bookings from (iCalendar, RFC 5545)."""

    model_config = ConfigDict(extra="forbid")

    calendar: Annotated[str, Field(max_length=2_000_000)]
    people: Annotated[int, Field(ge=1, le=2000)] = 20


class TakenOut(BaseModel):
    """How many visits are new, how many were there already and are as the calendar says now."""

    new: int
    changed: int


class TapIn(BaseModel):
    """A phone's feedback."""

    model_config = ConfigDict(extra="forbid")

    stars: Literal[1, 2, 3, 4, 5]
