"""``GET /api/v1/trends/...``: what else a history tells: what can be shown, carpets, load duration curves, flows of
energy, rankings.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from server.runtime import Runtime
from server.schemas_trends_views import OfferOut, OffersOut
from server.trends_offers import offers


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""

    @api.get("/trends/find")
    def find(
        q: Annotated[str, Query(max_length=100)] = "", limit: Annotated[int, Query(ge=1, le=50)] = 12
    ) -> OffersOut:
        return OffersOut(items=[OfferOut.model_validate(row) for row in offers(runtime, q, limit)])
