"""``/api/v1``: the campus, its points and their latest values, for programs. Errors are problem+json."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, TypeVar

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, HTTPException, Path, Query, Response

from server import (
    alarms_api,
    drills,
    forecast_api,
    frames,
    history_api,
    hooks_api,
    impact,
    incidents_api,
    kpis,
    links,
    mapping,
    meters,
    neighbours,
    notes,
    notify_api,
    occupancy,
    provenance,
    push,
    quality,
    reports_api,
    series,
    shift_api,
    tours,
    trends,
    unmapped_api,
    views,
    visits,
    wall_edit_api,
    walls,
)
from server.runtime import Runtime
from server.schemas import (
    BuildingOut,
    CampusOut,
    CheckOut,
    FindingOut,
    HitOut,
    LatestOut,
    Page,
    PointOut,
    SourceOut,
    SpaceOut,
    StateOut,
    StoreyOut,
)
from server.schemas_standing import SourceThenOut
from server.standing_api import live_of, sources_then
from server.values import instant, latest_out, utc, word
from twin.domains import Channel, channels
from twin.frame import FLAG_DERIVED, FLAG_ESTIMATED, FLAG_SIMULATED, FLAG_STALE
from twin.ingest import SourceCounts
from twin.live import LiveState
from twin.point import Point
from twin.quantity import QUANTITIES
from twin.reading import Quality
from twin.rollup import Rolled
from twin.slots import Level
from twin.space import Building, Space, Storey

Row = TypeVar("Row")
Out = TypeVar("Out")

Slots = npt.NDArray[np.intp]
Code = Annotated[str, Query(max_length=200)]
Moment = Annotated[str, Query(max_length=60, description="a past instant: ISO 8601 with an offset, or ms since 1970")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]


def router(runtime: Runtime) -> APIRouter:
    """The routes over one runtime."""
    api = APIRouter(prefix="/api/v1")
    _add_tree(api, runtime)
    _add_search(api, runtime)
    _add_points(api, runtime)
    _add_state(api, runtime)
    alarms_api.add(api, runtime)
    push.add(api, runtime)
    hooks_api.add(api, runtime)
    notify_api.add(api, runtime)
    quality.add(api, runtime)
    forecast_api.add(api, runtime)
    frames.add(api, runtime)
    history_api.add(api, runtime)
    impact.add(api, runtime)
    incidents_api.add(api, runtime)
    kpis.add(api, runtime)
    links.add(api, runtime)
    mapping.add(api, runtime)
    meters.add(api, runtime)
    neighbours.add(api, runtime)
    board = notes.Notes(runtime)
    notes.add(api, runtime, board)
    occupancy.add(api, runtime)
    provenance.add(api, runtime)
    reports_api.add(api, runtime)
    series.add(api, runtime)
    shift_api.add(api, runtime)
    tours.add(api, runtime)
    trends.add(api, runtime, board)
    unmapped_api.add(api, runtime)
    views.add(api, runtime)
    drills.add(api, runtime)
    visits.add(api, runtime)
    walls.add(api, runtime)
    wall_edit_api.add(api, runtime)
    return api


def _page(rows: Sequence[Row], limit: int, offset: int, make: Callable[[Row], Out]) -> Page[Out]:
    shown = rows[offset : offset + limit]
    end = offset + len(shown)
    return Page(
        items=[make(row) for row in shown], total=len(rows), limit=limit, offset=offset,
        next_offset=end if shown and end < len(rows) else None,
    )  # fmt: skip


def _add_tree(api: APIRouter, runtime: Runtime) -> None:
    campus, index = runtime.assembled.campus, runtime.index
    storey_rows = [(building, storey) for building in campus.buildings for storey in building.storeys]
    above = {
        space.id: (building, storey)
        for building in campus.buildings
        for storey in building.storeys
        for space in storey.spaces
    }

    @api.get("/campus")
    async def campus_() -> CampusOut:
        return CampusOut(
            id=campus.id, names=campus.names, timezone=campus.timezone, latitude=campus.latitude,
            longitude=campus.longitude, schematic=campus.schematic,
            sites=[{"id": site.id, "names": site.names} for site in campus.sites],
            buildings=len(campus.buildings), storeys=len(storey_rows), spaces=len(above),
            points=len(runtime.assembled.points), scene_url=runtime.scene.scene_url,
            channels=[{"key": row.key, "quantity": row.quantity, **row.legend()} for row in channels().values()],
            build_id=runtime.build_id,
        )  # fmt: skip

    @api.get("/buildings")
    async def buildings(
        site: Code = "", category: Code = "", limit: Limit = 100, offset: Offset = 0
    ) -> Page[BuildingOut]:
        rows = [b for b in campus.buildings if site in ("", b.site) and category in ("", b.category)]
        return _page(rows, limit, offset, _building)

    @api.get("/storeys")
    async def storeys(building: Code = "", limit: Limit = 100, offset: Offset = 0) -> Page[StoreyOut]:
        rows = [row for row in storey_rows if building in ("", row[0].id)]
        return _page(rows, limit, offset, _storey)

    @api.get("/spaces")
    async def spaces(
        building: Code = "",
        storey: Code = "",
        category: Code = "",
        min_area_m2: Annotated[float | None, Query(ge=0, allow_inf_nan=False)] = None,
        max_area_m2: Annotated[float | None, Query(ge=0, allow_inf_nan=False)] = None,
        limit: Limit = 100,
        offset: Offset = 0,
    ) -> Page[SpaceOut]:
        rows = index.spaces(
            building=building, storey=storey, category=category, min_area=min_area_m2, max_area=max_area_m2
        )
        return _page(rows, limit, offset, lambda space: _space(space, *above[space.id]))


def _add_search(api: APIRouter, runtime: Runtime) -> None:
    @api.get("/search")
    def search(
        q: Annotated[str, Query(min_length=1, max_length=100)], limit: Annotated[int, Query(ge=1, le=100)] = 20
    ) -> list[HitOut]:
        return [
            HitOut(id=h.id, kind=h.kind, label_zh=h.label_zh, label_en=h.label_en, score=float(h.score), why=h.why)
            for h in runtime.search.find(q, limit=limit)
        ]

    @api.get("/check")
    def check() -> CheckOut:
        findings = [
            FindingOut(code=f.code, message=f.message, severity=f.severity, element=f.element, entity=f.entity,
                       position=list(f.position) if f.position else None)
            for f in runtime.assembled.findings
        ]  # fmt: skip
        return CheckOut(files=runtime.assembled.reports, findings=findings)


def _building(building: Building) -> BuildingOut:
    spaces = [space for storey in building.storeys for space in storey.spaces]
    areas = [space.area_m2 for space in spaces if space.area_m2 is not None]
    return BuildingOut(
        id=building.id, names=building.names, site=building.site, category=building.category,
        schematic=building.schematic, storeys=len(building.storeys), spaces=len(spaces),
        area_m2=round(sum(areas), 2) if areas else None,
    )  # fmt: skip


def _storey(row: tuple[Building, Storey]) -> StoreyOut:
    building, storey = row
    return StoreyOut(
        id=storey.id, building=building.id, names=storey.names, ordinal=storey.ordinal, elevation_m=storey.elevation_m,
        height_m=storey.height_m, spaces=len(storey.spaces),
    )  # fmt: skip


def _space(space: Space, building: Building, storey: Storey) -> SpaceOut:
    return SpaceOut(
        id=space.id, building=building.id, storey=storey.id, number=space.number, names=space.names,
        category=space.category, area_m2=space.area_m2, area_authored_m2=space.area_authored_m2,
        volume_m3=space.volume_m3, height_m=space.height_m, origin=space.origin, has_geometry=space.has_geometry,
        aliases=[{"scheme": alias.scheme, "value": alias.value} for alias in space.aliases],
    )  # fmt: skip


def _add_points(api: APIRouter, runtime: Runtime) -> None:
    @api.get("/points")
    async def points(
        building: Code = "", storey: Code = "", space: Code = "", domain: Code = "", quantity: Code = "",
        limit: Limit = 100, offset: Offset = 0,
    ) -> Page[PointOut]:  # fmt: skip
        live = runtime.live
        quantities = {row.quantity for row in channels().values() if row.domain == domain}
        rows = np.flatnonzero(_under(runtime, building, storey, space))
        chosen = [
            point
            for point in (live.points[row] for row in rows.tolist())
            if quantity in ("", point.quantity) and (not domain or point.quantity in quantities)
        ]
        return _page(chosen, limit, offset, _point)

    @api.get("/points/{point:path}/latest")
    async def latest(point: Annotated[str, Path(max_length=400)]) -> LatestOut:
        live = runtime.live
        if point not in live.index:
            raise HTTPException(404, f"there is no point '{point[:100]}': see /api/v1/points")
        return latest_out(live.latest(point))

    @api.get("/sources")
    async def sources(at: Moment = "") -> list[SourceOut] | list[SourceThenOut]:
        if at:
            return await sources_then(runtime, at)
        return [_source(runtime, row) for row in range(len(runtime.sources()))]


def _under(runtime: Runtime, *entities: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which points stand under every entity that is given; 404 names one that does not exist."""
    live = runtime.live
    keep = np.ones(len(live.points), np.bool_)
    for entity in filter(None, entities):
        slot = live.tree.index.get(entity)
        if slot is None:
            raise HTTPException(404, f"there is no '{entity[:100]}' in the campus: see /api/v1/buildings")
        keep &= (live.slot >= 0) & live.tree.under(slot)[live.slot]
    return keep


def _point(point: Point) -> PointOut:
    return PointOut(
        id=point.id, entity=point.entity, quantity=point.quantity, unit=QUANTITIES[point.quantity].unit,
        source_unit=point.unit, kind=point.kind, interval_s=point.interval_s, stale_s=point.stale_s,
        source=point.source, address=point.address,
    )  # fmt: skip


def _source(runtime: Runtime, number: int) -> SourceOut:
    state = runtime.sources()[number]
    counts = runtime.ingest.counts.get(state.name) or SourceCounts()
    samples = [
        {"address": s.address, "reason": s.reason, "raw": s.raw, "received": instant(s.received)}
        for s in counts.samples.values()
    ]
    return SourceOut(
        name=state.name, type=state.type, state=state.state, reason=state.reason, since=utc(state.since),
        points=state.points, last_reading=instant(state.last_reading), interval_s=state.interval_s,
        restarts=state.restarts, readings=counts.readings, accepted=counts.accepted, bad=counts.bad,
        duplicate=counts.duplicate, late=counts.late, unmapped=counts.unmapped, refused=counts.refused,
        reasons=dict(counts.reasons),
        unmapped_names=dict(counts.unmapped_names.most_common(100)), samples=samples,
        notes=runtime.wiring.notes(state.name),
    )  # fmt: skip


def _add_state(api: APIRouter, runtime: Runtime) -> None:
    @api.get("/state", response_model=StateOut)
    async def state(domain: Code = "energy.power", building: Code = "", at: Moment = "") -> Response:
        channel = channels().get(domain) or next((c for c in channels().values() if c.domain == domain), None)
        if channel is None:
            raise HTTPException(404, f"there is no channel or domain '{domain[:80]}': use {', '.join(channels())}")
        slot = runtime.live.tree.index.get(building) if building else 0
        if slot is None:
            raise HTTPException(404, f"there is no building '{building[:80]}': see /api/v1/buildings")
        live = await live_of(runtime, at)
        told = await asyncio.to_thread(lambda: b"".join(state_json(live, channel, slot)))
        return Response(told, media_type="application/json")


def state_json(live: LiveState, channel: Channel, slot: int) -> Iterator[bytes]:
    """A ``StateOut`` in pieces. A model a row would take a second for 20,000 spaces, and one call of the encoder would
    hold up the live stream for as long as it takes.
    """
    level = live.tree.level
    rolled = live.rolled(channel)
    shown = (rolled.of > 0) & live.tree.under(slot)
    head = {"channel": channel.key, "unit": channel.unit, "time": _text(live.clock())}
    campus = next(_levels(live.tree.ids, rolled, np.zeros(1, np.intp)))
    yield json.dumps({**head, "campus": campus[0]}).encode()[:-1]
    for name, wanted in (("buildings", Level.BUILDING), ("storeys", Level.STOREY), ("spaces", Level.SPACE)):
        yield f', "{name}": ['.encode()
        rows = _levels(live.tree.ids, rolled, np.flatnonzero(shown & (level == wanted)))
        for number, piece in enumerate(rows):
            yield (b", " if number else b"") + json.dumps(piece).encode()[1:-1]
        yield b"]"
    yield b"}"


def _levels(ids: Sequence[str], rolled: Rolled, slots: Slots, piece: int = 1000) -> Iterator[list[dict[str, Any]]]:
    """The rows of some slots as ``LevelState``, a thousand at a time."""
    for first in range(0, len(slots), piece):
        part = slots[first : first + piece]
        columns = (rolled.value[part], rolled.flags[part], rolled.have[part], rolled.of[part], rolled.oldest[part])
        yield [
            {
                "id": ids[slot],
                "value": None if value != value else value,
                "quality": _WORDS[flags & 3],
                "stale": bool(flags & FLAG_STALE),
                "simulated": bool(flags & FLAG_SIMULATED),
                "estimated": bool(flags & FLAG_ESTIMATED),
                "derived": bool(flags & FLAG_DERIVED),
                "have": have,
                "of": of,
                "oldest": _text(oldest) if oldest < np.inf else None,
            }
            for slot, value, flags, have, of, oldest in zip(
                part.tolist(), *(column.tolist() for column in columns), strict=True
            )
        ]


_WORDS = tuple(word(quality) for quality in Quality)


def _text(seconds: float) -> str:
    return utc(seconds).isoformat()
