"""What ``/api/v1/trends/...`` answers. Times are ms since 1970, UTC; columns are lists of the same length."""

from __future__ import annotations

from pydantic import BaseModel

from server.schemas_trends import Words


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


class OffersOut(BaseModel):
    """What was found, best first; without a question the campus and its buildings."""

    items: list[OfferOut]
