"""What the series of ``/api/v1`` answer as JSON; the other formats have the same columns."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel


class SeriesPointOut(BaseModel):
    """A point, or for totals an entity, whose rows are in the answer; ``unit`` is that of its values."""

    id: str
    quantity: str
    unit: str


class GapOut(BaseModel):
    """Where nothing usable was known of a point (or entity)."""

    id: str
    start: AwareDatetime
    end: AwareDatetime


class ReadingOut(BaseModel):
    """A reading as it was kept."""

    point: str
    quantity: str
    unit: str
    time: AwareDatetime
    value: float | None
    quality: str
    origin: str
    reasons: list[str]
    received: AwareDatetime


class BucketOut(BaseModel):
    """What the readings of a point say of a step; with ``agg`` only one of the four figures is there."""

    point: str
    quantity: str
    unit: str
    start: AwareDatetime
    end: AwareDatetime
    n: int
    coverage: float
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    last: float | None = None
    quality: str
    origin: str
    finished: bool


class PlaceOut(BaseModel):
    """A place of a line to draw."""

    point: str
    quantity: str
    unit: str
    time: AwareDatetime
    value: float


class TotalOut(BaseModel):
    """A quantity of an entity in a step: from ``have`` of ``of`` points."""

    entity: str
    quantity: str
    unit: str
    start: AwareDatetime
    end: AwareDatetime
    value: float
    have: int
    of: int
    coverage: float
    quality: str
    origin: str
    estimated: bool
    finished: bool


class SeriesOut(BaseModel):
    """``start`` to ``end`` is what the answer covers: whole steps; ``step`` '' for readings, else 'hour', 'day', or
    seconds; ``method`` says in words how the rows were made.
    """

    start: AwareDatetime
    end: AwareDatetime
    step: str
    method: str
    timezone: str
    points: list[SeriesPointOut]
    gaps: list[GapOut]
    rows: list[ReadingOut] | list[BucketOut] | list[PlaceOut] | list[TotalOut]
