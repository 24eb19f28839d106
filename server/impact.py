"""``GET /api/v1/impact?node=``: what hangs on a node, and what it hangs on; for the scene as a byte a slot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response

from server.frames import BYTES
from server.impact_board import Classes, Known, Named, spaces_of, users
from server.runtime import Runtime
from server.schemas_impact import (
    ClassesOut,
    ClassOut,
    ImpactNodeOut,
    ImpactOut,
    StepOut,
    UsersOut,
    WayOut,
    WeakenedOut,
)
from server.standing_api import live_of
from server.values import instant, utc
from twin.impact import Way
from twin.live import LiveState

SHOWN = 1000
"""Nodes of each list in one answer; the counts tell of all."""

NodeId = Annotated[str, Query(min_length=1, max_length=400)]
Moment = Annotated[str, Query(max_length=60, description="a past instant: ISO 8601 with an offset, or ms since 1970")]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""

    @api.get("/impact")
    async def impact(node: NodeId, at: Moment = "") -> ImpactOut:
        live = await live_of(runtime, at)
        return await asyncio.to_thread(impact_of, runtime, live, node)

    @api.get("/impact/scene", response_class=Response, responses=BYTES)
    async def scene(node: NodeId) -> Response:
        shown = await asyncio.to_thread(_scene, runtime, node)
        return Response(shown, media_type="application/octet-stream", headers={"Cache-Control": "no-store"})


def known_node(runtime: Runtime, node: str) -> Known:
    """What is known, if of ``node`` anything is; 404 says what is missing."""
    known = runtime.impacts.known()
    if not known.knows(node):
        why = "the topology says nothing of" if known.exists(node) else "there is no node"
        raise HTTPException(404, f"{why} '{node[:100]}': see docs/reference/impact.md")
    return known


def _scene(runtime: Runtime, node: str) -> bytes:
    known = known_node(runtime, node)
    failure = known.failure(node)
    return known.places.scene(failure.touched, failure.cause).tobytes()


def impact_of(runtime: Runtime, live: LiveState, node: str) -> ImpactOut:
    """What a failure of ``node`` does, with people and classes at the moment of ``live``; the topology is today's."""
    known = known_node(runtime, node)
    failure = known.failure(node)
    outcome, touched = failure.outcome, failure.touched
    upper = known.upper_end(node)
    ways = known.supply.ways(upper)
    needs = ([] if upper == node else [upper]) + known.supply.needs(upper)
    paths: dict[str, list[str]] = {}
    for way in ways:
        paths.setdefault(way.medium, [step.node for step in way.steps])
    meter = runtime.meters.get(node)
    lost = outcome.lost if failure.node.kind == "link" else (*outcome.failed[1:], *outcome.lost)
    found = users(runtime, live, touched.any_lost & known.places.spaces)
    return ImpactOut(
        node=_one(failure.node), at=utc(live.clock()), failed=len(outcome.failed), lost=_some(known, lost),
        held=_some(known, outcome.held), depends_on=_some(known, needs),
        weakened=[
            WeakenedOut(**_fields(known.named(row.node)), medium=row.medium, left=row.left, of=row.of)
            for row in outcome.weakened[:SHOWN]
        ],
        lost_kinds=known.kinds(lost), held_kinds=known.kinds(outcome.held),
        weakened_kinds=known.kinds(dict.fromkeys(row.node for row in outcome.weakened)),
        lost_spaces=spaces_of(known, touched.any_lost), weakened_spaces=spaces_of(known, touched.weakened),
        spaces={medium: n for medium, mask in touched.lost.items() if (n := spaces_of(known, mask))},
        classes=_classes(known.classes(touched.any_lost, live.clock())),
        users=None if found is None else UsersOut(
            **{name: getattr(found[0], name) for name in UsersOut.model_fields if name != "time"},
            time=instant(found[1]),
        ),
        ways=[_way(known, way) for way in ways], paths=paths, meters=list(meter.of) if meter else [],
        main=meter.main if meter else "", sub_meters=meter.subs[:SHOWN] if meter else [],
    )  # fmt: skip


def _fields(node: Named) -> dict[str, Any]:
    return {"id": node.id, "kind": node.kind, "names": node.names, "place": node.place}


def _one(node: Named) -> ImpactNodeOut:
    return ImpactNodeOut(id=node.id, kind=node.kind, names=node.names, place=node.place)


def _some(known: Known, nodes: Sequence[str]) -> list[ImpactNodeOut]:
    return [_one(known.named(node)) for node in nodes[:SHOWN]]


def _way(known: Known, way: Way) -> WayOut:
    steps = [StepOut(**_fields(known.named(step.node)), suppliers=step.suppliers) for step in way.steps]
    return WayOut(medium=way.medium, steps=steps)


def _classes(found: Classes | None) -> ClassesOut | None:
    if found is None:
        return None
    items = [ClassOut(space=space, people=people) for space, people in found.largest]
    return ClassesOut(rooms=found.rooms, people=found.people, items=items)
