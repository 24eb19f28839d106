"""What ``/api/v1/kpis`` answers: headline figures with what they are made of."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel

from server.schemas import QualityWord


class KpiOut(BaseModel):
    """A headline figure. ``value`` is null with a ``reason`` in words; ``have`` of ``of`` (``covers``) count,
    ``oldest`` is the time of the oldest value in it and ``age_s`` its age, ``quality`` the worst.

    ``notes`` say what else it is made of (meters or an integral, since when; the emission factor), ``brief`` the last
    of them in few words; ``formula`` how.
    """

    key: str
    names: dict[str, str]
    value: float | None
    unit: str
    decimals: int
    strip: bool
    have: int
    of: int
    covers: dict[str, str]
    age_s: float | None
    oldest: AwareDatetime | None
    quality: QualityWord
    origin: Literal["measured", "simulated", "derived"]
    reason: dict[str, str] | None
    notes: list[dict[str, str]]
    brief: dict[str, str] | None
    formula: dict[str, str]
    source: str


class KpisOut(BaseModel):
    """The figures of a domain for one place; ``has_points`` is false where the whole campus has no points of it."""

    domain: str
    names: dict[str, str]
    entity: str
    time: AwareDatetime
    headline: str | None
    has_points: bool
    kpis: list[KpiOut]


class KpiHistoryOut(BaseModel):
    """The course of a domain's headline figure: a value each ``step_s`` from ``begin``, null = nothing known."""

    kpi: str
    unit: str
    step_s: int
    begin: AwareDatetime
    values: list[float | None]
