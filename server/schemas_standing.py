"""What ``/api/v1`` answers of a past moment (``at=``) besides values: sources and findings, as far as they are kept."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, Field


class SourceThenOut(BaseModel):
    """A source as of ``at``. Its counters of then are not kept; ``points`` are those that it has today, of which
    ``spoken`` had a value."""

    name: str
    type: str
    at: AwareDatetime
    state: Literal["connecting", "live", "silent", "down", "misconfigured", "stopped", "unknown"] = Field(
        description="unknown: not kept, or the program did not run"
    )
    reason: str
    since: AwareDatetime | None
    points: int
    spoken: int
    last_reading: AwareDatetime | None
    age_s: float | None = Field(description="age of the last reading at that moment [s]")


class FindingThenOut(BaseModel):
    """A finding that was open at a moment; ``text`` has the figures of ``told``, ``points`` some of ``n_points``."""

    id: str
    check: str
    severity: Literal["info", "warning", "error"]
    points: list[str]
    n_points: int
    entities: list[str]
    since: AwareDatetime
    told: AwareDatetime
    text: dict[str, str]


class QualityThenPage(BaseModel):
    """The findings that were open at ``at``; ``next_offset`` is null on the last page."""

    at: AwareDatetime
    items: list[FindingThenOut]
    total: int
    limit: int
    offset: int
    next_offset: int | None
