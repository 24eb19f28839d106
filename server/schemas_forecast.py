"""What ``GET /api/v1/forecast`` and ``GET /api/v1/models`` answer."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel

ForecastQuality = Literal["calibrated", "indicative", "none"]


class ForecastOut(BaseModel):
    """What is expected of ``entity`` in the hours that begin at ``times``: mean power, and the band from ``low`` to
    ``high`` that nine of ten hours lie in; null where nothing can be told. ``quality`` none has no hours and a
    ``reason``.
    """

    entity: str
    unit: str
    origin: Literal["forecast"]
    quality: ForecastQuality
    reason: dict[str, str]
    made: AwareDatetime | None
    times: list[AwareDatetime]
    expected: list[float | None]
    low: list[float | None]
    high: list[float | None]


class ModelOut(BaseModel):
    """A model, or why there is none. ``trained`` is when that was tried last, ``next_training`` when it is again;
    ``coverage`` the share of the training time with readings, ``points`` how many points make it up. ``open_finding``
    is the id of its open finding of the check ``energy``.
    """

    entity: str
    kind: Literal["campus", "building", "meter"]
    names: dict[str, str]
    points: int
    quality: ForecastQuality
    reason: dict[str, str]
    trained: AwareDatetime | None
    next_training: AwareDatetime
    coverage: float | None
    outdoor: str
    open_finding: str | None
    simulated: bool


class ModelCardOut(ModelOut):
    """The same with the whole ``card`` (docs/reference/forecast.md), null without a model, and the ``message`` of the
    refusal, '' with one.
    """

    card: dict[str, Any] | None
    message: str


class ModelsOut(BaseModel):
    """All of them, the campus last."""

    items: list[ModelOut]
    total: int
