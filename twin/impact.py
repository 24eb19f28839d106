"""What a failure does, and what something hangs on: the topology and the space tree as one graph of numbers.

A device lives while in every medium in which something supplies it one supplier lives. A place is no device: a storey
without air has current still, so each medium of a place stands for itself, and where a place has no supplier of its own
in a medium it has that of the place around it. Suppliers that only hold one another up (a ring that is cut off) are
lost together. A UPS carries what hangs on it for a while: that is *held*, not lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from twin.impact_rings import root_rings
from twin.slots import SlotTree
from twin.topology import MEDIA, Medium, Topology

WAYS = 6
"""Access points of one place whose way is told."""
_UPS = "ups"
_DEEP = 200
_UNTOUCHED, _REACHED, _FAILED, _ALIVE = range(4)


@dataclass(frozen=True, slots=True)
class Weakened:
    """``node`` has ``left`` of its ``of`` suppliers in ``medium``."""

    node: str
    medium: Medium
    left: int
    of: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a failure does. ``lost`` and ``held`` are nodes from near to far, ``places`` which of the places among the
    lost have lost which medium; ``held`` live on the battery of a UPS. ``failed`` is all that failed itself."""

    failed: tuple[str, ...]
    lost: tuple[str, ...]
    held: tuple[str, ...]
    weakened: tuple[Weakened, ...]
    places: Mapping[Medium, tuple[str, ...]]
    held_places: Mapping[Medium, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Step:
    """A node on the way to the root; ``suppliers`` is how many it has in the medium of the way (0: it is the root)."""

    node: str
    suppliers: int


@dataclass(frozen=True, slots=True)
class Way:
    """How something is supplied with ``medium``: from it, or from the place around it, up to the root."""

    medium: Medium
    steps: tuple[Step, ...]


class Supply:
    """The graph of one topology over one space tree. ``stands`` says in which slot a device stands."""

    def __init__(
        self, topology: Topology, tree: SlotTree, stands: Mapping[str, int], zones: Iterable[str] = ()
    ) -> None:
        self.topology, self.tree, self.stands = topology, tree, stands
        self._places = {*tree.ids, *zones}
        self._units: dict[tuple[str, str], int] = {}
        self._names: list[tuple[str, str]] = []
        self._own: list[list[int]] = []
        self._gives: list[list[int]] = []
        self._owner: list[int] = []
        self._takes: list[list[int]] = []
        self._medium: list[Medium] = []
        for node in sorted(topology.nodes):
            for medium in MEDIA:
                if uppers := topology.suppliers(node, medium):
                    self._socket(self._unit(node, medium), medium, [self._unit(upper, medium) for upper in uppers])
        self._take_from_around()
        kinds = topology.kinds
        self._free = root_rings(self._own, self._gives, self._takes, self._owner)
        self._ring_roots = {
            (self._names[self._owner[socket]][0], self._medium[socket])
            for socket, is_free in enumerate(self._free)
            if is_free
        }
        self._battery = bytearray(_UPS in _words(kinds.get(node, "")) for node, _ in self._names)
        here: dict[int, list[str]] = {}
        for device, slot in stands.items():
            here.setdefault(slot, []).append(device)
        self._here = here
        self._stations = {node for node, kind in kinds.items() if kind.replace("_", "-").casefold() == "access-point"}

    def _unit(self, node: str, medium: str) -> int:
        """What can be lost at once: a device, or one medium of a place."""
        key = (node, medium if node in self._places else "")
        number = self._units.get(key)
        if number is None:
            number = self._units[key] = len(self._names)
            self._names.append(key)
            self._own.append([])
            self._gives.append([])
        return number

    def _socket(self, unit: int, medium: Medium, uppers: list[int]) -> None:
        number = len(self._owner)
        self._owner.append(unit)
        self._takes.append(uppers)
        self._medium.append(medium)
        self._own[unit].append(number)
        for upper in uppers:
            self._gives[upper].append(number)

    def _take_from_around(self) -> None:
        """A place without a supplier of its own has that of the place around it."""
        index, parent, ids = self.tree.index, self.tree.parent, self.tree.ids
        number = 0
        while number < len(self._names):  # it grows meanwhile: of the places around
            node, medium = self._names[number]
            slot = index.get(node, -1)
            if medium and slot > 0 and not self._own[number] and (above := int(parent[slot])) > 0:
                self._socket(number, medium, [self._unit(ids[above], medium)])  # type: ignore[arg-type]
            number += 1

    def knows(self, node: str) -> bool:
        """Whether anything can be said of ``node``: it has an edge, stands somewhere, or is a place of the campus."""
        return node in self.topology.nodes or node in self.stands or self.tree.index.get(node, 0) > 0

    def stations(self, failed: Iterable[str]) -> list[str]:
        """Which of some nodes are access points."""
        return [node for node in failed if node in self._stations]

    @property
    def all_stations(self) -> set[str]:
        """Every access point."""
        return self._stations

    def together(self, node: str) -> list[str]:
        """What fails with ``node``: of a place all that is inside it and all devices that stand there."""
        slot = self.tree.index.get(node)
        if slot is None:
            return [node]
        below = self.tree.under(slot).nonzero()[0].tolist()
        devices = [device for place in below for device in self._here.get(place, ())]
        return [node, *(self.tree.ids[place] for place in below if place != slot), *devices]

    def fails(self, *nodes: str, cut: Sequence[tuple[str, str]] = ()) -> Outcome:
        """What the failure of these nodes together means; ``cut`` are wires (lower, upper) that break."""
        failed = tuple(dict.fromkeys(each for node in nodes for each in self.together(node)))
        units = [unit for node in failed for unit in self._units_of(node)]
        wires = {
            (socket, self._units[upper, ""])
            for lower, upper in cut
            if (lower, "") in self._units and (upper, "") in self._units
            for socket in self._own[self._units[lower, ""]]
            if self._units[upper, ""] in self._takes[socket]
        }
        order, state = self._states(units, wires, batteries=True)
        lost = [unit for unit in order if state[unit] == _REACHED]
        held: list[int] = []
        if any(self._battery[unit] and state[unit] == _ALIVE for unit in order):
            further, without = self._states(units, wires, batteries=False)
            held = [unit for unit in further if without[unit] == _REACHED and state[unit] != _REACHED]
        apart = set(held)
        return Outcome(
            failed, self._nodes(lost), self._nodes(held),
            tuple(self._weak([unit for unit in order if state[unit] == _ALIVE and unit not in apart], state, wires)),
            self._by_medium(lost), self._by_medium(held),
        )  # fmt: skip

    def _units_of(self, node: str) -> list[int]:
        keys = [(node, medium) for medium in MEDIA] if node in self._places else [(node, "")]
        return [self._units[key] for key in keys if key in self._units]

    def _states(
        self, failed: Sequence[int], wires: set[tuple[int, int]], *, batteries: bool
    ) -> tuple[list[int], bytearray]:
        """The units that are touched, from near to far, and the state of every unit."""
        order, state = self._spread(failed, wires, batteries=batteries)
        sure: dict[int, bool] = {}
        alive = [unit for unit in order if state[unit] == _ALIVE and not (batteries and self._battery[unit])]
        if all(self._is_sure(unit, state, wires, sure, 0) for unit in alive):
            return order, state
        order = self._reach(failed, wires)
        return order, self._judge(failed, order, wires, batteries=batteries)

    def _spread(
        self, failed: Sequence[int], wires: set[tuple[int, int]], *, batteries: bool
    ) -> tuple[list[int], bytearray]:
        """The same, as if no ring could hold itself up: it looks no further than to what still has a supplier."""
        state, order = bytearray(len(self._names)), list[int]()
        left: dict[int, int] = {}
        for unit in failed:
            state[unit] = _FAILED
        queue = deque(socket for unit in failed for socket in self._gives[unit])
        queue.extend(socket for socket, _ in wires)
        while queue:
            socket = queue.popleft()
            unit = self._owner[socket]
            left[socket] = n = left.get(socket, len(self._takes[socket])) - 1
            if state[unit] == _UNTOUCHED:
                state[unit] = _ALIVE
                order.append(unit)
            if n or state[unit] != _ALIVE or self._free[socket] or (batteries and self._battery[unit]):
                continue
            state[unit] = _REACHED
            queue.extend(self._gives[unit])
        return order, state

    def _is_sure(
        self, unit: int, state: bytearray, wires: set[tuple[int, int]], known: dict[int, bool], depth: int
    ) -> bool:
        """Whether a unit is supplied from a root without going in a circle; False where that is not seen at once."""
        found = known.get(unit)
        if found is None:
            known[unit] = False  # on its way: who comes by again goes in a circle
            found = known[unit] = depth < _DEEP and all(
                self._free[socket]
                or any(
                    state[upper] in (_UNTOUCHED, _ALIVE)
                    and (socket, upper) not in wires
                    and self._is_sure(upper, state, wires, known, depth + 1)
                    for upper in self._takes[socket]
                )
                for socket in self._own[unit]
            )
        return found

    def _reach(self, failed: Sequence[int], wires: set[tuple[int, int]]) -> list[int]:
        """All that may be touched, from near to far."""
        seen = bytearray(len(self._names))
        for unit in failed:
            seen[unit] = 1
        order: list[int] = []
        queue = deque(failed)
        first = [self._owner[socket] for socket, _ in wires]
        for unit in first:
            if not seen[unit]:
                seen[unit] = 1
                order.append(unit)
                queue.append(unit)
        owner, gives = self._owner, self._gives
        while queue:
            for socket in gives[queue.popleft()]:
                unit = owner[socket]
                if not seen[unit]:
                    seen[unit] = 1
                    order.append(unit)
                    queue.append(unit)
        return order

    def _judge(
        self, failed: Sequence[int], order: Sequence[int], wires: set[tuple[int, int]], *, batteries: bool
    ) -> bytearray:
        """The state of every unit: what was reached lives where each of its sockets has a supplier that lives, counted
        from outside inwards, so that none lives by holding up itself."""
        state = bytearray(len(self._names))
        for unit in order:
            state[unit] = _REACHED
        for unit in failed:
            state[unit] = _FAILED
        fed, ready = bytearray(len(self._owner)), list[int]()
        dark: dict[int, int] = {}
        for unit in order:
            missing = 0
            for socket in self._own[unit]:
                if self._free[socket] or any(
                    state[upper] == _UNTOUCHED and (socket, upper) not in wires for upper in self._takes[socket]
                ):
                    fed[socket] = 1
                else:
                    missing += 1
            dark[unit] = missing
            if not missing or (batteries and self._battery[unit]):
                ready.append(unit)
        self._revive(ready, state, fed, dark, wires)
        return state

    def _revive(
        self, ready: list[int], state: bytearray, fed: bytearray, dark: dict[int, int], wires: set[tuple[int, int]]
    ) -> None:
        """Those that are ready live, and what hangs on them, as far as it lacks nothing else."""
        while ready:
            unit = ready.pop()
            state[unit] = _ALIVE
            for socket in self._gives[unit]:
                owner = self._owner[socket]
                if fed[socket] or state[owner] != _REACHED or (socket, unit) in wires:
                    continue
                fed[socket] = 1
                dark[owner] -= 1
                if not dark[owner]:
                    ready.append(owner)

    def _weak(self, alive: Iterable[int], state: bytearray, wires: set[tuple[int, int]]) -> Iterable[Weakened]:
        for unit in alive:
            for socket in self._own[unit]:
                uppers = () if self._free[socket] else self._takes[socket]
                left = sum(state[u] in (_UNTOUCHED, _ALIVE) and (socket, u) not in wires for u in uppers)
                if left < len(uppers):
                    yield Weakened(self._names[unit][0], self._medium[socket], left, len(uppers))

    def _nodes(self, units: Iterable[int]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._names[unit][0] for unit in units))

    def _by_medium(self, units: Iterable[int]) -> dict[Medium, tuple[str, ...]]:
        found: dict[Medium, list[str]] = {}
        for unit in units:
            node, medium = self._names[unit]
            if medium:
                found.setdefault(medium, []).append(node)  # type: ignore[arg-type]
        return {medium: tuple(nodes) for medium, nodes in found.items()}

    def ways(self, node: str) -> list[Way]:
        """How ``node`` is supplied, one way a medium; of a place also those of the access points that serve it."""
        found: list[Way] = []
        around = self.around(node) if self.tree.index.get(node, 0) > 0 else [node]
        for medium in MEDIA:
            begin = next((place for place in around if self.topology.suppliers(place, medium)), None)
            if begin is not None:
                path = self._root_path(begin, medium)
                found.append(self._way(medium, path if begin == node else [node, *path]))
            else:
                found += [
                    self._way(medium, [node, *self._root_path(upper, medium)]) for upper in self._inside(node, medium)
                ]
        if self.tree.index.get(node, 0) > 0:
            found += [self._way("network", [node, *path]) for path in self._air_ways(around)]
        return found

    def _inside(self, node: str, medium: Medium) -> list[str]:
        """What supplies the places directly inside one without a supplier: of a building whose storeys are fed."""
        slot = self.tree.index.get(node, 0)
        inner = (self.tree.parent == slot).nonzero()[0].tolist() if slot else []
        uppers = (upper for place in inner for upper in self.topology.suppliers(self.tree.ids[place], medium))
        return list(dict.fromkeys(uppers))[:WAYS]

    def _air_ways(self, around: Sequence[str]) -> list[list[str]]:
        """The ways of the access points in the nearest place that has any, but for the campus."""
        for place in around:
            here = self._here.get(self.tree.index.get(place, 0), ())
            if stations := self.stations(here):
                return [self._root_path(station, "network") for station in stations[:WAYS]]
        return []

    def _root_path(self, node: str, medium: Medium) -> list[str]:
        return self.topology.path_to_root(node, medium, self._ring_roots)

    def _way(self, medium: Medium, path: Sequence[str]) -> Way:
        return Way(medium, tuple(Step(node, len(self.topology.suppliers(node, medium))) for node in path))

    def around(self, node: str) -> list[str]:
        """``node`` and the places around it, near to far, without the campus; of a device those where it stands."""
        slot, found = self.tree.index.get(node, 0), [node]
        if not slot and (slot := self.stands.get(node, 0)) > 0:
            found.append(self.tree.ids[slot])
        while slot > 0 and (slot := int(self.tree.parent[slot])) > 0:
            found.append(self.tree.ids[slot])
        return found

    def needs(self, node: str) -> list[str]:
        """Everything that ``node`` depends on in any medium, near to far."""
        begins = [way.steps[1].node for way in self.ways(node) if len(way.steps) > 1]
        first = dict.fromkeys([*self.topology.upstream(node), *begins])
        for begin in begins:
            first.update(dict.fromkeys(self.topology.upstream(begin)))
        first.pop(node, None)
        return list(first)


def _words(kind: str) -> list[str]:
    return kind.casefold().replace("_", "-").split("-")
