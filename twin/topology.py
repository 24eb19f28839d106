"""Topology: what feeds, serves, meters and uplinks what, as one graph over all media, and what depends on what.

An edge runs from what supplies to what is supplied, whatever its relation says in words (``uplinks`` is written the
other way round). A node lives while in every medium in which something supplies it at least one supplier lives: so a
switch with two uplinks outlasts one of them, and an access point dies with the board that feeds its switch. Meters
supply nothing: their edges make the meter tree (``twin.topology_meters``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal, get_args

from twin.space import Campus, Names

Relation = Literal["feeds", "serves", "meters", "uplinks"]
RELATIONS: tuple[Relation, ...] = get_args(Relation)
Medium = Literal["electricity", "network", "air", "water", "heat", "cooling", "gas", "other"]
MEDIA: tuple[Medium, ...] = get_args(Medium)
TREES: frozenset[str] = frozenset({"electricity", "air", "gas"})
"""Media that run one way: a circle in them is a mistake. Networks and water run in rings."""
DEFAULT_MEDIUM: Mapping[Relation, Medium] = {
    "feeds": "electricity", "serves": "air", "meters": "electricity", "uplinks": "network",
}  # fmt: skip

Origin = Literal["sheet", "model", "lldp", "schematic"]


@dataclass(frozen=True, slots=True)
class Edge:
    """``source`` feeds, serves, meters, or has its uplink in ``target`` (entity ids); ``capacity`` in ``unit``.

    ``origin`` says where it is known from, ``line`` where it stands in a sheet (0 = in none).
    """

    source: str
    relation: Relation
    target: str
    medium: Medium = "electricity"
    capacity: float | None = None
    unit: str = ""
    note: str = ""
    origin: Origin = "sheet"
    line: int = 0

    @property
    def upper(self) -> str:
        """The one that supplies."""
        return self.target if self.relation == "uplinks" else self.source

    @property
    def lower(self) -> str:
        """The one that is supplied."""
        return self.source if self.relation == "uplinks" else self.target


@dataclass(frozen=True, slots=True)
class Node:
    """Something that no model has but the topology needs: the mains, a transformer. ``place`` is where it stands."""

    id: str
    kind: str
    names: Names = field(default_factory=dict)
    place: str = ""
    origin: Origin = "sheet"


@dataclass(slots=True)
class TopologyFacts:
    """What is known of a campus's topology: nodes of its own, and edges."""

    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Impact:
    """What a failure of ``node`` does: ``lost`` has no supply left in some medium, ``weakened`` lost one of several.

    ``depends_on`` is everything upstream; each list runs from near to far.
    """

    node: str
    lost: tuple[str, ...]
    weakened: tuple[str, ...]
    depends_on: tuple[str, ...]


class Topology:
    """The graph. ``kinds`` names what each node is, where that is known."""

    def __init__(self, edges: Iterable[Edge], kinds: Mapping[str, str] | None = None) -> None:
        self.edges = tuple(dict.fromkeys(edges))
        self.kinds = dict(kinds or {})
        self._below: dict[str, dict[Medium, list[str]]] = {}
        self._above: dict[str, dict[Medium, list[str]]] = {}
        self.metered: dict[str, list[str]] = {}
        for edge in self.edges:
            if edge.relation == "meters":
                self.metered.setdefault(edge.source, []).append(edge.target)
                continue
            _add(self._below, edge.upper, edge.medium, edge.lower)
            _add(self._above, edge.lower, edge.medium, edge.upper)

    @property
    def nodes(self) -> set[str]:
        """Every node that some edge names."""
        return {end for edge in self.edges for end in (edge.source, edge.target)}

    def suppliers(self, node: str, medium: Medium | None = None) -> list[str]:
        """What supplies ``node`` directly."""
        return _of(self._above, node, medium)

    def supplied(self, node: str, medium: Medium | None = None) -> list[str]:
        """What ``node`` supplies directly."""
        return _of(self._below, node, medium)

    def upstream(self, node: str, medium: Medium | None = None) -> list[str]:
        """Everything that ``node`` depends on, near to far; without a medium through all of them."""
        return list(_walk(self._above, node, medium))[1:]

    def downstream(self, node: str, medium: Medium | None = None) -> list[str]:
        """Everything below ``node``, near to far."""
        return list(_walk(self._below, node, medium))[1:]

    def path_to_root(
        self, node: str, medium: Medium, roots: AbstractSet[tuple[str, Medium]] = frozenset()
    ) -> list[str]:  # fmt: skip
        """``node``, its supplier, and so on up to one that nothing supplies, the shortest way; ``roots`` are (node,
        medium) that end it as well: those of rings that nothing supplies."""
        came: dict[str, str] = {node: ""}
        queue = deque([node])
        while queue:
            here = queue.popleft()
            above = self.suppliers(here, medium)
            if not above or (here, medium) in roots:
                path = [here]
                while came[path[-1]]:
                    path.append(came[path[-1]])
                return path[::-1]
            for upper in above:
                if upper not in came:
                    came[upper] = here
                    queue.append(upper)
        return [node]

    def common_ancestor(self, nodes: Sequence[str], medium: Medium | None = None) -> str | None:
        """The lowest node that all of ``nodes`` depend on (one of them may be it); None where there is none."""
        if not nodes:
            return None
        first, *others = (list(_walk(self._above, node, medium)) for node in dict.fromkeys(nodes))
        common = [node for node in first if all(node in other for other in map(set, others))]
        shared = set(common)
        lowest = [node for node in common if not shared & set(self.downstream(node, medium)) - {node}]
        return lowest[0] if lowest else common[0] if common else None

    def impact(self, *failed: str) -> Impact:
        """What the failure of these nodes together means."""
        lost = dict.fromkeys(failed)
        queue = deque(failed)
        while queue:
            for lower in self.supplied(queue.popleft()):
                if lower not in lost and self._is_cut(lower, lost):
                    lost[lower] = None
                    queue.append(lower)
        below = {lower: None for node in lost for lower in self.supplied(node) if lower not in lost}
        upstream = dict.fromkeys(node for f in failed for node in self.upstream(f))
        return Impact(failed[0], tuple(lost)[len(dict.fromkeys(failed)) :], tuple(below), tuple(upstream))

    def _is_cut(self, node: str, lost: Mapping[str, None]) -> bool:
        return any(all(upper in lost for upper in uppers) for uppers in self._above[node].values())


def _add(table: dict[str, dict[Medium, list[str]]], node: str, medium: Medium, other: str) -> None:
    row = table.setdefault(node, {}).setdefault(medium, [])
    if other not in row:
        row.append(other)


def _of(table: Mapping[str, Mapping[Medium, list[str]]], node: str, medium: Medium | None) -> list[str]:
    row = table.get(node, {})
    if medium is not None:
        return list(row.get(medium, ()))
    return list(dict.fromkeys(other for others in row.values() for other in others))


def _walk(table: Mapping[str, Mapping[Medium, list[str]]], node: str, medium: Medium | None) -> Iterator[str]:
    seen = {node}
    queue = deque([node])
    while queue:
        here = queue.popleft()
        yield here
        for other in _of(table, here, medium):
            if other not in seen:
                seen.add(other)
                queue.append(other)


_NETWORK = ("access-point", "access_point", "switch", "router", "gateway", "controller", "server", "idf", "mdf")
_AIR = ("ahu", "vav", "fan", "fcu", "rtu", "air", "damper", "crac", "crah", "duct", "diffuser", "hood", "terminal_unit")
_WATER = ("pump", "water", "chiller", "boiler", "valve", "tower", "coil", "exchanger", "loop", "hot", "chilled")
_ELECTRIC = (
    "switchboard",
    "switchgear",
    "transformer",
    "panel",
    "breaker",
    "meter",
    "inverter",
    "electrical",
    "busway",
)


def medium_of(category: str) -> Medium:
    """The medium that equipment of a category hands on; 'other' where its words tell none."""
    words = category.casefold()
    media: tuple[tuple[Medium, tuple[str, ...]], ...] = (
        ("electricity", _ELECTRIC), ("air", _AIR), ("water", _WATER), ("network", _NETWORK),
    )  # fmt: skip
    return next((medium for medium, marks in media if any(mark in words for mark in marks)), "other")


def edges_of(campus: Campus, origin: Origin = "model") -> Iterator[Edge]:
    """What the campus's own equipment says: ``feeds``, ``meters`` and ``parts`` of devices, spaces of zones."""
    devices = {item.id: item for item in campus.equipment}
    zones = {zone.id for zone in campus.zones}
    for item in campus.equipment:
        medium = medium_of(item.category)
        is_meter = "meter" in item.category.casefold()
        for target in item.feeds:
            if is_meter:
                yield Edge(item.id, "meters", target, medium, origin=origin)
            elif medium == "network" and target in devices:
                yield Edge(target, "uplinks", item.id, medium, origin=origin)
            else:
                yield Edge(item.id, "feeds" if target in devices else "serves", target, medium, origin=origin)
        for target in item.meters:
            yield Edge(item.id, "meters", target, medium, origin=origin)
        for target in item.parts:
            yield Edge(item.id, "feeds", target, medium, note="part", origin=origin)
    served = {target for item in campus.equipment for target in item.feeds if target in zones}
    for zone in campus.zones:
        if zone.id in served:
            for space in zone.spaces:
                yield Edge(zone.id, "serves", space, "air", origin=origin)


def kinds_of(campus: Campus, nodes: Iterable[Node] = ()) -> dict[str, str]:
    """What everything is: building, storey, space, zone, an equipment's category, or a node's kind."""
    kinds = {campus.id: "campus"}
    for building in campus.buildings:
        kinds[building.id] = "building"
        for storey in building.storeys:
            kinds[storey.id] = "storey"
            kinds.update((space.id, "space") for space in storey.spaces)
    kinds.update((zone.id, "zone") for zone in campus.zones)
    kinds.update((item.id, item.category) for item in campus.equipment)
    kinds.update((node.id, node.kind) for node in nodes)
    return kinds


def surroundings(campus: Campus) -> dict[str, str]:
    """What stands in what: a space in its storey, a storey in its building, a building in the campus."""
    around: dict[str, str] = {}
    for building in campus.buildings:
        around[building.id] = campus.id
        for storey in building.storeys:
            around[storey.id] = building.id
            around.update((space.id, storey.id) for space in storey.spaces)
    return around
