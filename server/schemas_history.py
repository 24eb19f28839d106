"""What ``GET /api/v1/history`` answers: what is kept of the past, and what happened in a window of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, Field

Share = Annotated[float, Field(ge=0, le=1)]


class SpanOut(BaseModel):
    """The oldest and the newest instant that is kept."""

    oldest: AwareDatetime
    newest: AwareDatetime


class PastEventOut(BaseModel):
    """Something that happened; ``until`` is null where it was a moment or lasts; ``entity`` is its place, or ''."""

    time: AwareDatetime
    until: AwareDatetime | None
    kind: str
    subject: str
    state: str
    entity: str
    text: dict[str, str]


class HistoryOut(BaseModel):
    """``kept``: whether any history is kept; ``coverage`` has the share of points with values for each step of
    ``step_s`` [s] from ``start`` on.
    """

    kept: bool
    timezone: str
    now: AwareDatetime
    span: SpanOut | None
    start: AwareDatetime
    end: AwareDatetime
    step_s: float
    coverage: list[Share]
    events: list[PastEventOut]
