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
from twin.topology_meters import Meter

SHOWN = 1000
"""Nodes of each list in one answer; ``counts`` tell of all."""


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""
    known = _Known(runtime)

    @api.get("/impact")
    def impact(node: Annotated[str, Query(min_length=1, max_length=400)]) -> ImpactOut:
        nonlocal known
        if known.topology is not runtime.topology or known.assembled is not runtime.assembled:
            known = _Known(runtime)
        return known.impact(node, runtime.meters.get(node))


class _Known:
    """What one topology says of its nodes; the runtime's is another one after the wiring or the sheet changed."""

    def __init__(self, runtime: Runtime) -> None:
        self.topology, self.assembled = runtime.topology, runtime.assembled
        campus, nodes = self.assembled.campus, self.assembled.topology.nodes
        self._nodes, self._slots = self.topology.nodes, runtime.live.tree.index
        self._names: dict[str, Names] = {item.id: item.names for item in campus.equipment}
        self._names.update({node.id: node.names for node in nodes})
        self._places = {item.id: item.space for item in campus.equipment}
        self._places.update({node.id: node.place for node in nodes})
        self._of_storey = {storey.id: len(storey.spaces) for b in campus.buildings for storey in b.storeys}

    def _one(self, node: str) -> ImpactNodeOut:
        place = self._places.get(node, node if node in self._slots else "")
        kind = self.topology.kinds.get(node, "")
        return ImpactNodeOut(id=node, kind=kind, names=self._names.get(node, {}), place=place)

    def _some(self, ids: Sequence[str]) -> list[ImpactNodeOut]:
        return [self._one(node) for node in ids[:SHOWN]]

    def _kinds(self, ids: Sequence[str]) -> dict[str, int]:
        return dict(Counter(self.topology.kinds.get(node, "") for node in ids))

    def impact(self, node: str, meter: Meter | None) -> ImpactOut:
        """What a failure of ``node`` does."""
        topology = self.topology
        if node not in self._nodes:
            known = node in topology.kinds
            why = "the topology says nothing of" if known else "there is no node"
            raise HTTPException(404, f"{why} '{node[:100]}': see docs/reference/topology.md")
        found = topology.impact(node)
        paths: dict[str, list[str]] = {
            medium: topology.path_to_root(node, medium) for medium in MEDIA if topology.suppliers(node, medium)
        }
        lost_kinds = self._kinds(found.lost)
        return ImpactOut(
            node=self._one(node), lost=self._some(found.lost), weakened=self._some(found.weakened),
            depends_on=self._some(found.depends_on), lost_kinds=lost_kinds, weakened_kinds=self._kinds(found.weakened),
            lost_spaces=sum(self._of_storey.get(n, 0) for n in found.lost) + lost_kinds.get("space", 0),
            paths=paths, meters=list(meter.of) if meter else [], main=meter.main if meter else "",
            sub_meters=meter.subs[:SHOWN] if meter else [],
        )  # fmt: skip
