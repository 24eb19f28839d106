"""``GET /api/v1/impact?node=``: what depends on a node, and what it depends on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from server.runtime import Runtime
from server.schemas import ImpactNodeOut, ImpactOut
from twin.space import Names
from twin.topology import MEDIA

SHOWN = 1000
"""Nodes of each list in one answer; ``counts`` tell of all."""


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""
    topology, live, campus = runtime.topology, runtime.live, runtime.assembled.campus
    nodes = topology.nodes
    names: dict[str, Names] = {item.id: item.names for item in campus.equipment}
    names.update({node.id: node.names for node in runtime.assembled.topology.nodes})
    places = {item.id: item.space for item in campus.equipment}
    places.update({node.id: node.place for node in runtime.assembled.topology.nodes})
    of_storey = {storey.id: len(storey.spaces) for b in campus.buildings for storey in b.storeys}

    def one(node: str) -> ImpactNodeOut:
        place = places.get(node, node if node in live.tree.index else "")
        return ImpactNodeOut(id=node, kind=topology.kinds.get(node, ""), names=names.get(node, {}), place=place)

    def some(ids: Sequence[str]) -> list[ImpactNodeOut]:
        return [one(node) for node in ids[:SHOWN]]

    def kinds(ids: Sequence[str]) -> dict[str, int]:
        return dict(Counter(topology.kinds.get(node, "") for node in ids))

    @api.get("/impact")
    def impact(node: Annotated[str, Query(min_length=1, max_length=400)]) -> ImpactOut:
        if node not in nodes:
            known = node in topology.kinds
            why = "the topology says nothing of" if known else "there is no node"
            raise HTTPException(404, f"{why} '{node[:100]}': see docs/reference/topology.md")
        found = topology.impact(node)
        meter = runtime.meters.get(node)
        paths: dict[str, list[str]] = {
            medium: topology.path_to_root(node, medium) for medium in MEDIA if topology.suppliers(node, medium)
        }
        return ImpactOut(
            node=one(node), lost=some(found.lost), weakened=some(found.weakened), depends_on=some(found.depends_on),
            lost_kinds=kinds(found.lost), weakened_kinds=kinds(found.weakened),
            lost_spaces=sum(of_storey.get(n, 0) for n in found.lost) + kinds(found.lost).get("space", 0),
            paths=paths, meters=list(meter.of) if meter else [], main=meter.main if meter else "",
            sub_meters=meter.subs[:SHOWN] if meter else [],
        )  # fmt: skip
