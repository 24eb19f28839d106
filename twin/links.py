"""The links of the network: each uplink of the topology with its two ends, its capacity and the points that are its.

A link is the wire between a lower device and an upper one; ``in`` is what the lower one receives through it. Which
points are a link's is never guessed: ``twin.link_points`` says by which rule they were found, or why none were. Values
are worked out in ``twin.link_values``.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from twin.link_places import End, Ends
from twin.link_points import Bound, Candidates, bind
from twin.live import LiveState
from twin.quantity import QUANTITIES
from twin.slots import SlotTree
from twin.space import Campus
from twin.topology import Edge, Node, Origin, Topology

_RELATIONS = ("uplinks", "feeds")
_KNOWN_BEST: Mapping[Origin, int] = {"sheet": 0, "lldp": 1, "model": 2, "schematic": 3}


@dataclass(frozen=True, slots=True)
class Link:
    """One link. ``capacity`` [Mbit/s] each way, None where nobody says it; ``note`` as in the sheet: the ports."""

    id: str
    lower: End
    upper: End
    capacity: float | None
    note: str
    origin: Origin
    bound: Bound


@dataclass(frozen=True, slots=True)
class Line:
    """All links between the same two buildings, or between a building and a place outside: one line on the map.

    ``links`` are their numbers; of those in ``turned`` the lower end is the line's upper one.
    """

    id: str
    lower: End
    upper: End
    links: tuple[int, ...]
    turned: frozenset[int]
    capacity: float | None


@dataclass(frozen=True, slots=True)
class Links:
    """Every link and line of a campus; ``layout`` changes when any of them does, so that others notice."""

    links: tuple[Link, ...] = ()
    lines: tuple[Line, ...] = ()
    layout: str = ""

    def under(self, tree: SlotTree, slot: int) -> npt.NDArray[np.bool_]:
        """Which links have an end under a slot; under that of the campus all of them."""
        if slot == 0:
            return np.ones(len(self.links), np.bool_)
        inside = np.append(tree.under(slot), False)  # -1: in no place
        ends = [[tree.index.get(end.place, -1) for end in (link.lower, link.upper)] for link in self.links]
        rows = np.array(ends, np.intp).reshape(-1, 2)
        found: npt.NDArray[np.bool_] = inside[rows[:, 0]] | inside[rows[:, 1]]
        return found

    @classmethod
    def of(
        cls,
        live: LiveState,
        topology: Topology,
        campus: Campus,
        nodes: Iterable[Node] = (),
        egress: Sequence[str] = (),
    ) -> Links:
        """The links of ``topology``; ``egress`` are points that campus.yaml names as the way out.

        It takes a moment for thousands of devices: not on the event loop.
        """
        edges = _edges(topology)
        ends = Ends(campus, live.tree, nodes, topology.kinds)
        candidates = Candidates(live.points)
        uppers: dict[str, int] = {}
        for edge in edges:
            uppers[edge.lower] = uppers.get(edge.lower, 0) + 1
        found = [
            Link(
                f"{edge.lower}>{edge.upper}", ends.of(edge.lower), ends.of(edge.upper), mbit_s(edge), edge.note,
                edge.origin, bind(edge, candidates, alone=uppers[edge.lower] == 1),
            )
            for edge in edges
        ]  # fmt: skip
        named = {live.index[point] for point in egress if point in live.index}
        links = tuple(ends.settle(_egress(link, named) for link in found))
        lines = tuple(_lines(links))
        text = "\n".join(f"{link.id} {link.capacity} {link.bound.rows}" for link in links)
        return cls(links, lines, f"{zlib.crc32(text.encode()):08x}")


def mbit_s(edge: Edge) -> float | None:
    """What an edge can carry each way [Mbit/s]."""
    quantity = QUANTITIES["traffic"]
    if edge.capacity is None or edge.unit not in quantity.units:
        return None
    return quantity.to_canonical(edge.capacity, edge.unit)


def _edges(topology: Topology) -> list[Edge]:
    """One edge a pair of devices: what a sheet says goes before what a model says, a capacity is taken from any."""
    found: dict[tuple[str, str], Edge] = {}
    for edge in topology.edges:
        if edge.medium != "network" or edge.relation not in _RELATIONS:
            continue
        if topology.kinds.get(edge.lower) in ("space", "storey", "building", "zone"):
            continue  # a switch that serves a room is no wire to a device
        other = found.get((edge.lower, edge.upper))
        found[edge.lower, edge.upper] = edge if other is None else _merged(edge, other)
    return list(found.values())


def _merged(a: Edge, b: Edge) -> Edge:
    first, second = sorted((a, b), key=lambda edge: _KNOWN_BEST[edge.origin])
    if first.capacity is None and second.capacity is not None:
        first = replace(first, capacity=second.capacity, unit=second.unit)
    return first if first.note else replace(first, note=second.note)


def _egress(link: Link, named: set[int]) -> Link:
    """The link whose points campus.yaml names as the egress leads out, whatever its upper end is called."""
    if not named.intersection(link.bound.rows) or not link.upper.outside:
        return link
    return replace(link, upper=replace(link.upper, role="egress"))


def _lines(links: Sequence[Link]) -> Iterable[Line]:
    groups: dict[frozenset[str], list[int]] = {}
    for number, link in enumerate(links):
        a, b = link.lower.group, link.upper.group
        if a and b and a != b:
            groups.setdefault(frozenset((a, b)), []).append(number)
    for numbers in groups.values():
        first = links[numbers[0]]
        a, b = first.lower.group, first.upper.group
        turned = frozenset(n for n in numbers if links[n].lower.group != a)
        known = [c for n in numbers if (c := links[n].capacity) is not None]
        whole = sum(known) if len(known) == len(numbers) else None
        yield Line(f"{a}>{b}", first.lower.as_place(), first.upper.as_place(), tuple(numbers), turned, whole)
