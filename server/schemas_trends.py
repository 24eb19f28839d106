"""What ``/api/v1/trends`` answers. Columns are lists of the same length; times are ms since 1970, UTC."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from server.schemas_forecast import ForecastQuality
from server.schemas_notes import NoteOut

Words = dict[str, str]
Column = list[float | None]
StretchKind = Literal["silent", "bad", "uncertain", "estimated", "low"]


class StretchOut(BaseModel):
    """A stretch of a line that is not as good as the rest: ``bad`` (what came is of no use), ``silent`` (nothing came),
    ``uncertain``, ``estimated`` (what is below a silent meter stands in), ``low`` (less than four fifths known)."""

    kind: StretchKind
    start: int
    end: int


class TotalSumOut(BaseModel):
    """What a window comes to: ``energy`` [kWh] of a power, ``mean``, ``low`` and ``high`` of what is known, ``by`` what
    it comes to normalised [``by_unit``]; ``coverage`` (0 to 1) of the window's ``hours`` that are over."""

    energy: float | None
    mean: float | None
    low: float | None
    high: float | None
    by: float | None
    by_unit: str
    coverage: float
    hours: float


class LineOut(BaseModel):
    """A line: ``period`` 0 in the window, 1 in the one to compare with. ``value`` [``unit``] is the mean of each
    bucket, ``low`` and ``high`` its extremes (null where nobody knows them), ``coverage`` how much of it is known, in
    time and points, ``have`` of ``of`` points."""

    what: str
    entity: str
    point: str
    quantity: str
    names: Words
    unit: str
    period: Literal[0, 1]
    simulated: bool
    value: Column
    low: Column
    high: Column
    coverage: list[float]
    have: list[int]
    of: list[int]
    stretches: list[StretchOut]
    total: TotalSumOut


class OtherOut(BaseModel):
    """The window to compare with, ``days`` earlier on the calendar; its ``borders``, and where they are drawn."""

    start: int
    end: int
    days: int
    borders: list[int]
    drawn: list[int]


class DifferenceOut(BaseModel):
    """How much more the window has than the other [``unit``], over the ``buckets`` of ``of`` that both know at least by
    half; null ``change`` where there is none."""

    what: str
    change: float | None
    percent: float | None
    unit: str
    buckets: int
    of: int


class BandOut(BaseModel):
    """What is expected of a line in the hours that begin at ``times``, and the band that nine of ten hours lie in."""

    what: str
    times: list[int]
    expected: Column
    low: Column
    high: Column
    quality: ForecastQuality
    reason: Words


class TrendsOut(BaseModel):
    """A chart. ``borders`` of its buckets have one more than columns; ``method`` says in words how it was made."""

    start: int
    end: int
    now: int
    timezone: str
    step: str
    method: Words
    borders: list[int]
    other: OtherOut | None
    lines: list[LineOut]
    differences: list[DifferenceOut]
    bands: list[BandOut]
    notes: list[NoteOut]
