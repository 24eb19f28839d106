"""``GET /api/v1/occupancy``: how many persons, how sure, and from which sources."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, HTTPException, Query

from server.runtime import Runtime
from server.schemas import OccupancyOut, OccupancySource
from server.values import instant
from twin.occupancy.fusion import NAME
from twin.occupancy.totals import Sum
from twin.occupancy.watch import SUFFIX, OfSpace
from twin.slots import Level


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""

    @api.get("/occupancy")
    async def occupancy(space: Annotated[str, Query(max_length=200)] = "") -> OccupancyOut:
        people = runtime.people  # another one after points came or went
        tree = people.live.tree
        slot = tree.index.get(space) if space else 0
        if slot is None:
            raise HTTPException(404, f"there is no '{space[:80]}' in the campus: see /api/v1/spaces")
        entity = tree.ids[slot]
        if tree.level[slot] != Level.SPACE:
            return _sum(entity, people.under(entity), people.estimate.time if people.estimate else None)
        if entity not in people.index:
            raise HTTPException(
                404, f"'{space[:80]}' has no clients, CO2, PIR, people counter or timetable: nothing to estimate from"
            )
        return _space(entity, people.of_space(entity))


def _space(entity: str, found: OfSpace | None) -> OccupancyOut:
    if found is None:
        return _sum(entity, None, None, entity + SUFFIX)
    sources = [
        OccupancySource(source=NAME[source], weight=round(weight, 3), age_s=round(age, 1))  # type: ignore[arg-type]
        for source, weight, age in found.sources
    ]
    known = np.isfinite(found.people)
    return OccupancyOut(
        id=entity, point=entity + SUFFIX, people=_number(found.people), low=_number(found.low),
        high=_number(found.high), origin="derived", simulated=found.simulated, time=instant(found.time),
        have=int(known), of=1, sources=sources,
    )  # fmt: skip


def _sum(entity: str, found: Sum | None, time: float | None, point: str = "") -> OccupancyOut:
    row = found or Sum(np.nan, np.nan, np.nan, 0, int(bool(point)))
    return OccupancyOut(
        id=entity, point=point, people=_number(row.people), low=_number(row.low), high=_number(row.high),
        origin="derived", simulated=row.simulated, time=instant(time), have=row.have, of=row.of, sources=[],
    )  # fmt: skip


def _number(value: float) -> float | None:
    return round(value, 1) if np.isfinite(value) else None
