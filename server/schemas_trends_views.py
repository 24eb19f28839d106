"""What ``/api/v1/trends/...`` answers. Times are ms since 1970, UTC; columns are lists of the same length."""

from __future__ import annotations

from pydantic import BaseModel

from server.schemas_trends import Column, Words


class TrendOfferOut(BaseModel):
    """A trend of a place: ``what`` to ask for, ``own`` points of it or of what is below."""

    what: str
    quantity: str
    point: str
    names: Words
    unit: str


class OfferOut(BaseModel):
    """A place that was found, where it is (``above``), and what can be shown of it."""

    id: str
    kind: str
    names: Words
    above: Words
    trends: list[TrendOfferOut]


class NamedOut(BaseModel):
    """What a trend is called."""

    what: str
    names: Words
    unit: str


class NamesOut(BaseModel):
    """The names of the trends asked for; what there is not is left out."""

    items: list[NamedOut]


class OffersOut(BaseModel):
    """What was found, best first; without a question the campus and its buildings."""

    items: list[OfferOut]


class CarpetLineOut(BaseModel):
    """What a carpet is of."""

    what: str
    entity: str
    names: Words
    unit: str
    simulated: bool


class CarpetOut(BaseModel):
    """A value for each hour of the clock (24 rows) and each day that begins at ``days``. ``state`` of each cell: 0
    known, 1 missing, 2 to come or outside of the window, 3 an hour that the clock skips. ``limits`` are the eight
    borders of the seven classes, ``fixed``: they do not come from the values. ``twice``: [row, column] of hours that
    the clock shows twice."""

    start: int
    end: int
    now: int
    timezone: str
    line: CarpetLineOut
    method: Words
    days: list[int]
    value: list[Column]
    state: list[list[int]]
    coverage: list[list[float]]
    twice: list[list[int]]
    limits: list[float]
    fixed: bool


class CurveOut(BaseModel):
    """A load duration curve: for ``share`` (0 to 1) of the ``hours`` known of ``of`` the value [``unit``] was at least
    ``value``."""

    what: str
    entity: str
    names: Words
    unit: str
    period: int
    simulated: bool
    share: list[float]
    value: list[float]
    hours: float
    of: float


class DurationOut(BaseModel):
    """Load duration curves, made of steps of ``step``."""

    start: int
    end: int
    now: int
    timezone: str
    step: str
    method: Words
    lines: list[CurveOut]


class UseOut(BaseModel):
    """The metered rooms of a category: ``kwh``, ``rooms`` of them, ``coverage`` (0 to 1) of the time."""

    category: str
    names: Words
    kwh: float
    rooms: int
    coverage: float


class PartOut(BaseModel):
    """A part of a place (several ``ids``: the smaller ones together): ``kwh`` (null: nothing is known) with its
    ``coverage``, its ``uses``, the ``rest`` [kWh] that no sub-meter tells of, and by how much they contradict the meter
    (``over`` [kWh])."""

    ids: list[str]
    names: Words
    kwh: float | None
    coverage: float
    uses: list[UseOut]
    rest: float
    over: float


class FlowsOut(BaseModel):
    """Where energy went, in the whole hours of the window that are rolled up."""

    start: int
    end: int
    now: int
    timezone: str
    entity: str
    names: Words
    method: Words
    simulated: bool
    kwh: float | None
    coverage: float
    parts: list[PartOut]
    rest: float


class RankedOut(BaseModel):
    """A place and its ``value``; ``area`` [m²], ``expected`` [kWh] of the hours in which it used ``compared`` [kWh]."""

    id: str
    names: Words
    above: Words
    value: float
    kwh: float | None
    area: float | None
    coverage: float
    expected: float | None
    compared: float | None
    quality: str


class RankingOut(BaseModel):
    """The first rows of a ranking of ``ranked`` places; ``left_out`` could not be ranked."""

    start: int
    end: int
    now: int
    timezone: str
    by: str
    of: str
    unit: str
    lowest: bool
    method: Words
    simulated: bool
    rows: list[RankedOut]
    ranked: int
    left_out: int
