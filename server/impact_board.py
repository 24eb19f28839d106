"""What the running campus knows of failures: the graph of its topology, kept until that is another one."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np

from twin.frame import FLAG_SIMULATED
from twin.impact import Outcome, Supply
from twin.impact_places import Mask, Places, Touched, Users, told
from twin.live import LiveState
from twin.occupancy.totals import Sum, total
from twin.point import DERIVED
from twin.slots import Level
from twin.space import Names
from twin.timetable import Timetable

if TYPE_CHECKING:
    from server.runtime import Runtime

ROOMS = 20
"""Booked rooms that are told one by one."""


@dataclass(frozen=True, slots=True)
class Named:
    """A node as it is told: ``kind`` as the topology has it, ``link`` for a wire; ``place`` is where it stands."""

    id: str
    kind: str
    names: Names
    place: str


@dataclass(frozen=True, slots=True)
class Classes:
    """Booked rooms: how many, for how many persons, the largest ones."""

    rooms: int
    people: float
    largest: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure of ``node`` and the slots that it touches; ``cause`` is the slot where it stands, -1 nowhere."""

    node: Named
    outcome: Outcome
    touched: Touched
    cause: int


class ImpactBoard:
    """Answers about failures in ``runtime``'s campus; from any thread."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: Known | None = None
        self._lock = threading.Lock()

    def known(self) -> Known:
        """What is known now; it takes some tenths of a second after the topology became another one."""
        with self._lock:
            known = self._known
            if known is None or not known.is_of(self._runtime):
                known = self._known = Known(self._runtime)
            return known


class Known:
    """One topology over one space tree. ``states`` are the links by the points that tell whether they are up."""

    def __init__(self, runtime: Runtime) -> None:
        self._of = runtime.topology, runtime.assembled, runtime.live.tree, runtime.links
        self.topology, assembled, self.tree, links = self._of
        campus, nodes = assembled.campus, assembled.topology.nodes
        self._names: dict[str, Names] = {item.id: item.names for item in campus.equipment}
        self._names.update({node.id: node.names for node in nodes})
        self._places = {item.id: item.space for item in campus.equipment}
        self._places.update({node.id: node.place for node in nodes})
        index = self.tree.index
        stands = {node: index[place] for node, place in self._places.items() if place in index and node not in index}
        self.supply = Supply(self.topology, self.tree, stands, (zone.id for zone in campus.zones))
        self.places = Places(self.supply)
        self._wires = {link.id: [(link.lower.id, link.upper.id)] for link in links.links}
        self._uplinks = Counter(link.lower.id for link in links.links)
        for line in links.lines:
            ends = [(links.links[n].lower.id, links.links[n].upper.id) for n in line.links]
            self._wires.setdefault(line.id, ends)
        points = runtime.live.points
        self.states = {points[link.bound.state].id: link.id for link in links.links if link.bound.state >= 0}
        booked = sorted({lesson.space for lesson in assembled.timetable} & index.keys())
        self._booked = np.array([index[space] for space in booked], np.intp)
        self._timetable = Timetable(assembled.timetable, booked, ZoneInfo(campus.timezone))
        self._turn = threading.Lock()

    def is_of(self, runtime: Runtime) -> bool:
        """Whether this is still what ``runtime`` serves."""
        now = runtime.topology, runtime.assembled, runtime.live.tree, runtime.links
        return all(mine is theirs for mine, theirs in zip(self._of, now, strict=True))

    def knows(self, node: str) -> bool:
        """Whether anything can be said of ``node``: a device, a place, or a link."""
        return node in self._wires or self.supply.knows(node)

    def exists(self, node: str) -> bool:
        """Whether anything of that id is in the campus at all."""
        return self.knows(node) or node in self.topology.kinds

    @property
    def schematic(self) -> bool:
        """Whether all of the topology is invented."""
        edges = self.topology.edges
        return bool(edges) and all(edge.origin == "schematic" for edge in edges)

    @property
    def wires(self) -> Mapping[str, Sequence[tuple[str, str]]]:
        """The lower and upper ends of each link, and of all links of a line, by its id."""
        return self._wires

    def wire(self, node: str) -> tuple[str, str] | None:
        """The lower and upper end of a link, None where ``node`` is none."""
        return self._wires[node][0] if self.named(node).kind == "link" else None

    def named(self, node: str) -> Named:
        """A node with what is known of it."""
        if node in self._wires and not self.supply.knows(node):
            lower, upper = self._wires[node][0]
            return Named(node, "link", {}, self._place(lower) or self._place(upper))
        return Named(node, self.topology.kinds.get(node, ""), self._names.get(node, {}), self._place(node))

    def _place(self, node: str) -> str:
        return self._places.get(node, node if node in self.tree.index else "")

    def failing(self, point: str, nodes: Sequence[str]) -> Sequence[str]:
        """What an alarm of ``point`` that speaks of ``nodes`` is about: of a device with more links only the link."""
        link = self.states.get(point)
        others = self._uplinks.get(nodes[0], 0) if nodes else 0
        return nodes if link is None or others < 2 else (link,)

    def kinds(self, nodes: Iterable[str]) -> dict[str, int]:
        """How many of each kind, the most first."""
        return dict(Counter(self.topology.kinds.get(node, "") for node in nodes).most_common())

    def failure(self, node: str) -> Failure:
        """What the failure of a node or link does."""
        named = self.named(node)
        is_wire = named.kind == "link"
        outcome = self.supply.fails(cut=self._wires[node]) if is_wire else self.supply.fails(node)
        cause = -1 if is_wire else self.tree.index.get(named.place, -1)
        return Failure(named, outcome, self.places.touched(outcome), cause)

    def upper_end(self, node: str) -> str:
        """Of a link the node that it hangs on, else the node itself."""
        ends = self.wire(node)
        return ends[1] if ends else node

    def classes(self, lost: Mask, now: float) -> Classes | None:
        """The rooms of ``lost`` that are booked at ``now`` [s since epoch]; None where the campus has no timetable."""
        if not len(self._timetable):
            return None
        with self._turn:  # it keeps the rows of one day
            planned = self._timetable.planned(now)
        held = np.flatnonzero(lost[self._booked] & np.isfinite(planned) & (planned > 0))
        first = held[np.argsort(-planned[held], kind="stable")][:ROOMS]
        rooms = tuple((self.tree.ids[self._booked[row]], float(planned[row])) for row in first.tolist())
        return Classes(len(held), float(planned[held].sum()), rooms)


def users(runtime: Runtime, live: LiveState, lost: Mask) -> tuple[Users, float | None] | None:
    """The people in the spaces of ``lost`` at the moment of ``live``, and of when that is [s since epoch]; None where
    the campus estimates none. Of a past moment only the numbers are kept, not their intervals."""
    if live is runtime.live:
        watch = runtime.people
        if not watch.ids:
            return None
        inside = lost[watch.live.slot[watch.rows]]
        estimate = watch.estimate
        if estimate is None:
            return told(Sum(np.nan, np.nan, np.nan, 0, int(inside.sum()))), None
        found = total(estimate.people[inside], estimate.sd[inside])
        rows = watch.rows[inside & np.isfinite(estimate.people)]
        return told(_simulated(found, watch.live, rows)), estimate.time
    derived = np.array([row for row, point in enumerate(live.points) if point.source == DERIVED], np.intp)
    if not len(derived):
        return None
    at = derived[lost[live.slot[derived]]]
    known = at[live.counting(at)]
    number = float(live.value[known].sum()) if len(known) else np.nan
    return told(_simulated(Sum(number, np.nan, np.nan, len(known), len(at)), live, known)), live.clock()


def _simulated(found: Sum, live: LiveState, rows: Sequence[int] | np.ndarray[tuple[int], np.dtype[np.intp]]) -> Sum:
    simulated = bool((live.flags[rows] & FLAG_SIMULATED).any())
    return Sum(found.people, found.low, found.high, found.have, found.of, simulated)


def spaces_of(known: Known, mask: Mask) -> int:
    """How many spaces a mask has."""
    return int((mask & (known.tree.level == Level.SPACE)).sum())
