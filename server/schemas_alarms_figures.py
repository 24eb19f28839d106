"""What ``GET /api/v1/alarms/figures`` answers."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field


class CallerOut(BaseModel):
    """An alarm that calls often."""

    alarm: str
    text: dict[str, str]
    place: str
    calls: int
    share: float


class StaleOut(BaseModel):
    """An alarm that has been true for more than a day."""

    alarm: str
    text: dict[str, str]
    place: str
    since: AwareDatetime | None


class ShareOut(BaseModel):
    """The calls of a priority beside what is aimed at."""

    priority: str
    calls: int
    share: float | None
    target: float = Field(description="EEMUA 191: about 80 % low, 15 % medium, 5 % high")


class AlarmFiguresOut(BaseModel):
    """How well the alarms serve: EEMUA 191, ISA-18.2. Null is 'not known'; rates are over what the journal knows."""

    start: AwareDatetime
    end: AwareDatetime
    known_since: AwareDatetime | None
    coverage: float = Field(description="share of the span that the journal knows, 0 to 1")
    calls: int
    per_day: float | None
    per_day_aim: int
    per_day_most: int
    per_ten_minutes: float | None
    most_in_ten_minutes: int
    flood_share: float | None = Field(description="of ten-minute stretches with more than 10 calls; aim below 0.01")
    floods: int
    priorities: list[ShareOut]
    chattering: list[CallerOut]
    worst: list[CallerOut]
    standing: int = Field(description="alarms that operators see now")
    stale: list[StaleOut] = Field(description="true for more than 24 h now, the oldest first")
    stale_total: int
    shelved: int
    suppressed: int
    out_of_service: int
    unacknowledged: int = Field(description="alarms that waited for an acknowledgement at the end of the span")
    ack_median_s: float | None
    ack_p90_s: float | None
    acknowledged_by: dict[str, int]
    simulated: int = Field(description="of the alarms that stand now, how many are of simulated values")
