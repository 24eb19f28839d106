"""``GET /api/v1/quality``: what the checks of the data found, and how far each of them has learned."""

from __future__ import annotations

from math import isfinite
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import AwareDatetime

from server.quality_text import action, sentence, unit_of
from server.runtime import Runtime
from server.schemas import QualityCheckOut, QualityFindingOut, QualityPage
from server.schemas_standing import QualityThenPage
from server.standing_api import findings_then
from server.values import utc
from twin.forecast.meter_model import LEAST_DAYS
from twin.quality.engine import Readiness
from twin.quality.finding import CHECKS, Finding


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""

    @api.get("/quality")
    async def quality(
        check: Annotated[str, Query(max_length=40)] = "",
        building: Annotated[str, Query(max_length=200)] = "",
        point: Annotated[str, Query(max_length=400)] = "",
        since: AwareDatetime | None = None,
        only_open: Annotated[bool, Query(alias="open")] = False,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
        at: Annotated[str, Query(max_length=60, description="a past instant: what was open then")] = "",
    ) -> QualityPage | QualityThenPage:
        live = runtime.live  # another one after points came or went
        if check and check not in CHECKS:
            raise HTTPException(404, f"there is no check '{check}': use {', '.join(CHECKS)}")
        if point and point not in live.index:
            raise HTTPException(404, f"there is no point '{point[:100]}': see /api/v1/points")
        slot = live.tree.index.get(building) if building else 0
        if slot is None:
            raise HTTPException(404, f"there is no building '{building[:80]}': see /api/v1/buildings")
        if at:
            return await findings_then(
                runtime, at, check=check, building=building, point=point, limit=limit, offset=offset
            )
        under = live.tree.under(slot)
        after = since.timestamp() if since else None
        rows = [
            finding
            for finding in runtime.watch.findings()
            if check in ("", finding.check)
            and (not point or point in finding.points)
            and (not building or any((place := live.tree.slot(e)) >= 0 and under[place] for e in finding.entities))
            and (after is None or finding.until is None or finding.until >= after)
            and not (only_open and finding.until is not None)
        ]
        return _page(runtime, rows, limit, offset)


def open_findings(runtime: Runtime, limit: int) -> list[QualityFindingOut]:
    """What lasts now, the newest first, at most ``limit``."""
    return [_finding(runtime, row) for row in runtime.watch.findings() if row.until is None][:limit]


def _page(runtime: Runtime, rows: list[Finding], limit: int, offset: int) -> QualityPage:
    shown = rows[offset : offset + limit]
    end = offset + len(shown)
    opened, tally = runtime.watch.ledger.open_by_check(), runtime.watch.ledger.tally
    checks = [
        QualityCheckOut(
            check=row.check, open=opened[row.check], opened=tally[row.check].opened, dropped=tally[row.check].dropped,
            ready=row.ready, of=row.of, needs=row.needs,
        )
        for row in (*runtime.watch.readiness, _energy(runtime))
    ]  # fmt: skip
    return QualityPage(
        items=[_finding(runtime, row) for row in shown], total=len(rows), limit=limit, offset=offset,
        next_offset=end if shown and end < len(rows) else None, checks=checks,
    )  # fmt: skip


def _energy(runtime: Runtime) -> Readiness:
    """How many models judge what is used, of how many things that may have one."""
    keeper = None if runtime.forecasts is None else runtime.forecasts.keeper
    ready, of = (0, 0) if keeper is None else (len(keeper.outlooks), len(keeper.subjects))
    return Readiness("energy", ready, of, f"{LEAST_DAYS} d")


def _finding(runtime: Runtime, row: Finding) -> QualityFindingOut:
    at = runtime.live.index.get(row.points[0])  # None where the point has gone since: an ended finding outlives it
    unit = "" if at is None else unit_of(runtime.live.points[at].quantity)
    evidence = {name: value for name, value in row.figures.items() if isinstance(value, str) or isfinite(value)}
    return QualityFindingOut(
        id=row.id, check=row.check, variant=row.variant, severity=row.severity, points=list(row.points),
        n_points=row.n_points, entities=list(row.entities), source=row.source, since=utc(row.since),
        last_seen=utc(row.last_seen), until=None if row.until is None else utc(row.until), unit=unit,
        evidence=evidence, text={"zh": sentence(row, unit, "zh"), "en": sentence(row, unit, "en")},
        action={"zh": action(row, unit, "zh"), "en": action(row, unit, "en")},
    )  # fmt: skip
