"""Wires that devices tell of, put into the topology: a sheet wins, a model gives way, every difference is told.

Where ``topology.csv`` says what a device has its uplinks in, that is so, and LLDP only adds the ports where no note
names them. Elsewhere the uplinks that LLDP tells of go before those of models. Nothing is guessed: a name that two
devices have matches neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from twin.neighbours import Device
from twin.point import Point
from twin.space import Campus
from twin.topology import Edge, Node, TopologyFacts, kinds_of
from twin.topology_lldp import Wiring, match, plain, uplinks

_PLACES = ("space", "storey", "building", "zone", "campus")
_CORES = ("core", "router", "border", "internet", "egress", "isp", "wan")

Difference = Literal["other-uplink", "not-seen", "model-replaced"]


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Where LLDP and what else is known differ about ``device``: ``told`` are its uppers by LLDP, ``known`` those of
    the sheet or model. ``other-uplink``: the sheet wins; ``not-seen``: LLDP sees other wires of the device,
    but not that of the sheet, whose upper end was read too; ``model-replaced``: LLDP wins.
    """

    kind: Difference
    device: str
    told: tuple[str, ...]
    known: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True)
class Merged:
    """The topology's edges with those of LLDP, what LLDP tells by itself, which device each name is, differences."""

    edges: tuple[Edge, ...]
    wiring: Wiring
    names: Mapping[str, str]
    disagreements: tuple[Disagreement, ...] = ()


def merged(facts: TopologyFacts, campus: Campus, points: Sequence[Point], devices: Sequence[Device]) -> Merged:
    """Put what ``devices`` tell into the edges of ``facts``; it takes a moment for thousands of devices."""
    if not devices:
        return Merged(tuple(facts.edges), Wiring(), {})
    kinds = kinds_of(campus, facts.nodes)
    names = _names(campus, facts.nodes, points, devices, kinds)
    network = [e for e in facts.edges if _is_wire(e, kinds)]
    wires = [seen.wire for device in devices for seen in list(device.wires.values())]
    pairs = [(edge.lower, edge.upper) for edge in network]
    wiring = uplinks(wires, names, _cores(network, kinds, names), pairs)
    read = {found for device in devices if device.wires and (found := match(names, device.target))}
    return _Merge(facts, network, wiring, read).result(names)


def _is_wire(edge: Edge, kinds: Mapping[str, str]) -> bool:
    return (
        edge.medium == "network" and edge.relation in ("uplinks", "feeds") and kinds.get(edge.lower) not in _PLACES
        and kinds.get(edge.upper) not in _PLACES
    )  # fmt: skip


def _cores(network: Sequence[Edge], kinds: Mapping[str, str], names: Mapping[str, str]) -> set[str]:
    """What everything hangs on: what is called a core or router and has nothing above it; else what has not."""
    lowers = {edge.lower for edge in network}
    tops = {edge.upper for edge in network} - lowers
    named = {
        device for device in (tops | set(names.values())) - lowers
        if any(word in kinds.get(device, "").casefold() for word in _CORES)
    }  # fmt: skip
    return named or tops


def _names(
    campus: Campus, nodes: Iterable[Node], points: Sequence[Point], devices: Sequence[Device], kinds: Mapping[str, str]
) -> dict[str, str]:
    """What devices are called, in ``plain`` writing: names that are one device's only."""
    called: dict[str, set[str]] = {}

    def call(device: str, names: Iterable[str]) -> None:
        for name in names:
            if name and (text := plain(name)):
                called.setdefault(text, set()).add(device)

    for item in campus.equipment:
        call(item.id, (item.id, *item.names.values(), *(alias.value for alias in item.aliases)))
    for node in nodes:
        call(node.id, (node.id, *node.names.values()))
    sure = {name: next(iter(ids)) for name, ids in called.items() if len(ids) == 1}
    owners = _owners(points, kinds)
    for device in devices:
        found = next(filter(None, (match(sure, name) for name in (device.target, *device.names))), None)
        found = found or owners.get((device.source, device.target))
        if found:
            call(found, (device.target, *device.names))
    return {name: next(iter(ids)) for name, ids in called.items() if len(ids) == 1}


def _owners(points: Sequence[Point], kinds: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """The one device, if it is one, that the points of a target belong to."""
    found: dict[tuple[str, str], set[str]] = {}
    for point in points:
        target, mark, _ = point.address.partition("#")
        if mark and kinds.get(point.entity, "space") not in _PLACES:
            found.setdefault((point.source, target), set()).add(point.entity)
    return {key: next(iter(ids)) for key, ids in found.items() if len(ids) == 1}


class _Merge:
    """One merge on its way."""

    def __init__(self, facts: TopologyFacts, network: Sequence[Edge], wiring: Wiring, read: set[str]) -> None:
        self._facts, self._network, self._wiring, self._read = facts, network, wiring, read
        self._told: dict[str, list[str]] = {}
        for edge in wiring.edges:
            self._told.setdefault(edge.lower, []).append(edge.upper)
        self._wired: dict[str, set[str]] = {}
        for a, b in [*((edge.lower, edge.upper) for edge in wiring.edges), *wiring.cross]:
            self._wired.setdefault(a, set()).add(b)
            self._wired.setdefault(b, set()).add(a)
        self._sheet: dict[str, list[Edge]] = {}
        for edge in network:
            if edge.origin == "sheet":
                self._sheet.setdefault(edge.lower, []).append(edge)

    def result(self, names: Mapping[str, str]) -> Merged:
        """The edges and what differs."""
        notes = {(edge.lower, edge.upper): edge.note for edge in self._wiring.edges}
        wires = set(self._network)
        replaced = {edge for edge in wires if self._gives_way(edge)}
        edges = [
            replace(edge, note=notes[edge.lower, edge.upper])
            if edge in wires and not edge.note and (edge.lower, edge.upper) in notes
            else edge
            for edge in self._facts.edges
            if edge not in replaced
        ]
        known = {frozenset((edge.lower, edge.upper)) for edge in wires - replaced}
        edges += [
            edge for edge in self._wiring.edges
            if edge.lower not in self._sheet and frozenset((edge.lower, edge.upper)) not in known
        ]  # fmt: skip
        return Merged(tuple(edges), self._wiring, names, (*self._against_the_sheet(), *self._in_place_of(replaced)))

    def _gives_way(self, edge: Edge) -> bool:
        told = self._told.get(edge.lower)
        if not told or edge.origin in ("sheet", "lldp") or edge.lower in self._sheet:
            return False
        return edge.upper not in told and edge.lower not in self._told.get(edge.upper, ())

    def _against_the_sheet(self) -> Iterable[Disagreement]:
        for lower, edges in self._sheet.items():
            uppers = tuple(edge.upper for edge in edges)
            if more := tuple(upper for upper in self._told.get(lower, ()) if upper not in uppers):
                yield Disagreement("other-uplink", lower, more, uppers, edges[0].line)
            for edge in edges:
                wired = self._wired.get(lower, set())
                if wired and edge.upper in self._read and edge.upper not in wired:
                    yield Disagreement("not-seen", lower, tuple(sorted(wired)), (edge.upper,), edge.line)

    def _in_place_of(self, replaced: Iterable[Edge]) -> Iterable[Disagreement]:
        gone: dict[str, list[str]] = {}
        for edge in replaced:
            gone.setdefault(edge.lower, []).append(edge.upper)
        for lower, uppers in sorted(gone.items()):
            yield Disagreement("model-replaced", lower, tuple(self._told[lower]), tuple(sorted(uppers)))
