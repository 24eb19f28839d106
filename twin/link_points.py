"""Which points are a link's own. Three rules, from sure to less sure; what none of them settles stays unbound.

``address``: the point's address ends in ``<lower id>><upper id>`` (the simulator's do). ``port``: the edge's note names
the lower device's port, or both as ``Te1/1/1 - Gi1/0/24`` (LLDP writes it so), and a point of that device is of that
port: ``[port]`` ends its address, as SNMP's do, or its id is ``<device>/<port>/<word>``. ``device``: the lower device
has one uplink alone, and one point of a kind that names no port. Points of an upper device's port are turned: what it
sends, the lower one receives.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from twin.kpi_points import IN, OUT, link, way
from twin.point import Point
from twin.topology import Edge

Rule = Literal["address", "port", "device", ""]
Why = Literal["", "no-points", "which-port"]

_PORT = re.compile(r"\[([^\[\]]+)\]$")
_WORD = re.compile(r"[a-z_]+", re.IGNORECASE)
_BETWEEN = " - "


@dataclass(frozen=True, slots=True)
class Bound:
    """The rows of a link's points: ``into`` and ``out`` of traffic, ``used`` of utilisation, ``state``; -1 is none.

    ``rule`` says how they were found; without any, ``why`` says why not.
    """

    into: int = -1
    out: int = -1
    used: tuple[int, int] = (-1, -1)
    state: int = -1
    rule: Rule = ""
    why: Why = ""

    @property
    def rows(self) -> tuple[int, ...]:
        """The rows there are."""
        return tuple(row for row in (self.into, self.out, *self.used, self.state) if row >= 0)

    def turned(self) -> Bound:
        """As seen from the other end."""
        return Bound(self.out, self.into, self.used[::-1], self.state, self.rule, self.why)


NOTHING = Bound(why="no-points")


@dataclass(slots=True)
class Candidates:
    """The points that could be a link's, by their device."""

    points: Sequence[Point]
    by_device: Mapping[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found: dict[str, list[int]] = {}
        for row, point in enumerate(self.points):
            if point.quantity in ("traffic", "link_state") or (point.quantity == "utilisation" and link(point.id)):
                found.setdefault(point.entity, []).append(row)
        self.by_device = found

    def of(self, device: str) -> list[int]:
        """Rows of a device's candidates."""
        return self.by_device.get(device, [])


def bind(edge: Edge, candidates: Candidates, *, alone: bool) -> Bound:
    """The points of one edge; ``alone``: its lower device has no other uplink."""
    here, there = candidates.of(edge.lower), candidates.of(edge.upper)
    points = candidates.points
    name = f"{edge.lower}>{edge.upper}"
    named = [row for row in (*here, *there) if points[row].address.endswith(name)]
    if named:
        return _sorted(points, named, "address") or Bound(why="which-port")
    lower_port, upper_port = _ports(edge)
    mine = [row for row in here if lower_port and _is_of(points[row], lower_port)]
    theirs = [row for row in there if upper_port and _is_of(points[row], upper_port)]
    if mine or theirs:
        found = _sorted(points, mine, "port") if mine else None
        other = _sorted(points, theirs, "port") if theirs else None
        return found or (other.turned() if other else Bound(why="which-port"))
    bare = [row for row in here if not port_of(points[row])]
    if alone and bare and (found := _sorted(points, bare, "device")) is not None:
        return found
    return Bound(why="which-port") if here else NOTHING


def port_of(point: Point) -> str:
    """The port that a point's address ends in, in brackets; '' where it names none."""
    found = _PORT.search(point.address)
    return found[1] if found else ""


def _ports(edge: Edge) -> tuple[str, str]:
    lower, _, upper = edge.note.partition(_BETWEEN)
    return lower.strip().casefold(), upper.strip().casefold()


def _is_of(point: Point, port: str) -> bool:
    """Whether a point is of a port, by its address or by its id."""
    if named := port_of(point):
        return named.casefold() == port
    rest = point.id.removeprefix(f"{point.entity}/").casefold()
    tail = rest.removeprefix(port)
    return rest != tail and tail[:1] in (".", "/", ":", "#", "_", "-") and _WORD.fullmatch(tail[1:]) is not None


def _sorted(points: Sequence[Point], rows: Iterable[int], rule: Rule) -> Bound | None:
    """The rows by what they are; None where two are the same, and none of them can be told to be the one."""
    into, out, used, used_way, state = [], [], [], [], []  # type: ignore[var-annotated]
    for row in rows:
        point = points[row]
        direction = way(point.id)
        if point.quantity == "link_state":
            state.append(row)
        elif point.quantity == "utilisation":
            used.append(row)
            used_way.append(direction)
        elif direction in (IN, OUT):
            (into if direction == IN else out).append(row)
    if max(len(into), len(out), len(state)) > 1 or len(used) > 2 or (len(used) == 2 and sorted(used_way) != [IN, OUT]):
        return None
    if not (into or out or used or state):
        return None
    if len(used) == 2 and used_way[0] == OUT:
        used.reverse()
    pair = (used[0] if used else -1, used[1] if len(used) > 1 else -1)
    if len(used) == 1 and used_way[0] == OUT:
        pair = (-1, used[0])
    return Bound(into[0] if into else -1, out[0] if out else -1, pair, state[0] if state else -1, rule)
