"""What ``GET /api/v1/meters`` answers. Values are in the quantity's canonical unit, which the page names."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel

from server.schemas import LatestOut, Page, QualityWord

Verdict = Literal["balanced", "over", "rest", "unknown"]


class MeterSumOut(BaseModel):
    """The sub-meters together: ``have`` of ``of`` count, ``estimated`` of them by the meters below them; ``time`` is
    that of the oldest value in it.
    """

    value: float | None
    have: int
    of: int
    coverage_percent: float
    estimated: int
    quality: QualityWord
    time: AwareDatetime | None
    age_s: float | None
    simulated: bool


class MeterOut(BaseModel):
    """A meter: what it ``meters``, its ``main`` and ``level`` in the tree, its ``own`` reading (null: it has no point),
    the ``sum`` of its sub-meters (null: it has none) and the ``difference``, own less sum, of what counts of both.

    ``finding`` is that of the check ``submeter`` while it lasts.
    """

    id: str
    kind: str
    names: dict[str, str]
    place: str
    medium: str
    meters: list[str]
    main: str
    level: int
    sub_meters: list[str]
    own: LatestOut | None
    sum: MeterSumOut | None
    difference: float | None
    difference_percent: float | None
    verdict: Verdict | None
    finding: str | None


class MetersOut(Page[MeterOut]):
    """Meters of a place, each followed by those below it. ``verdicts`` counts those of all of them;
    ``tolerated_percent`` are the shares of a main that may be left over.
    """

    quantity: str
    unit: str
    verdicts: dict[str, int]
    tolerated_percent: tuple[float, float]
