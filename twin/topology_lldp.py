"""LLDP neighbours become uplinks: who is wired to whom, matched to devices by name or chassis, turned towards the core.

LLDP says that two ports are wired, not which of the two is above: the one that is fewer wires away from a core is. What
matches no device is listed, and so is a wire between two that are equally far, which is no uplink of either.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from twin.topology import Edge


class Wire(Protocol):
    """A line of a device's LLDP table (``datasources.contract.Neighbour`` is one)."""

    @property
    def target(self) -> str: ...  # noqa: D102
    @property
    def local_port(self) -> str: ...  # noqa: D102
    @property
    def remote_name(self) -> str: ...  # noqa: D102
    @property
    def remote_port(self) -> str: ...  # noqa: D102
    @property
    def remote_chassis(self) -> str: ...  # noqa: D102


@dataclass(slots=True)
class Wiring:
    """``edges`` of devices that are known; ``unmatched`` systems by what they call themselves, with where they were
    seen; ``cross`` wires between devices equally far from a core, and those that reach none.
    """

    edges: list[Edge] = field(default_factory=list)
    unmatched: dict[str, list[str]] = field(default_factory=dict)
    cross: list[tuple[str, str]] = field(default_factory=list)


def uplinks(
    wires: Iterable[Wire], names: Mapping[str, str], cores: Collection[str], known: Iterable[tuple[str, str]] = ()
) -> Wiring:
    """The uplinks that ``wires`` tell of.

    ``names`` maps what a device is called (SNMP target, sysName, chassis id; any case, with or without domain) to its
    id; ``cores`` are the ids that everything hangs on; ``known`` are wires between ids that are known anyway: they
    lead to a core where LLDP alone does not.
    """
    called = {plain(name): device for name, device in names.items()}
    found = Wiring()
    ports: dict[tuple[str, str], str] = {}
    for wire in wires:
        here = match(called, wire.target)
        there = match(called, wire.remote_name) or match(called, wire.remote_chassis)
        where = f"{wire.target} {wire.local_port}"
        if there is None:
            found.unmatched.setdefault(wire.remote_name or wire.remote_chassis, []).append(where)
        elif here is None:
            found.unmatched.setdefault(wire.target, []).append(where)
        elif here != there:
            ports.setdefault((here, there), f"{wire.local_port} - {wire.remote_port}")
    pairs = dict.fromkeys(tuple(sorted(pair)) for pair in ports)
    told = [(a, b) for a, b in pairs]
    far = _distances(told, _roots(told, cores, _distances(known, cores)))
    for a, b in pairs:
        if a not in far or far[a] == far[b]:
            found.cross.append((a, b))
            continue
        lower, upper = (a, b) if far[a] > far[b] else (b, a)
        note = ports.get((lower, upper)) or " - ".join(reversed(ports[upper, lower].split(" - ")))
        found.edges.append(Edge(lower, "uplinks", upper, "network", note=note, origin="lldp"))
    return found


def plain(name: str) -> str:
    """A name as it is compared: any case; a MAC address however it is written."""
    text = name.strip().casefold()
    digits = text.replace(":", "").replace("-", "").replace(".", "")
    if len(digits) == 12 and all(c in "0123456789abcdef" for c in digits):
        return digits
    return text


def match(known: Mapping[str, str], name: str) -> str | None:
    """The device of a name, with its domain or without."""
    text = plain(name)
    return (known.get(text) or known.get(text.partition(".")[0])) if text else None


def _roots(pairs: Sequence[tuple[str, str]], cores: Collection[str], far: Mapping[str, int]) -> set[str]:
    """Where the distances of each group of wired devices begin: its cores, else those that are known to be nearest to
    one by ``far``.
    """
    near = _near(pairs)
    roots: set[str] = set()
    seen: set[str] = set()
    for device in near:
        if device in seen:
            continue
        group = set(_spread({device: 0}, near))
        seen |= group
        least = min((far[each] for each in group if each in far), default=None)
        roots |= group.intersection(cores) or {each for each in group if each in far and far[each] == least}
    return roots


def _distances(pairs: Iterable[tuple[str, str]], cores: Collection[str]) -> dict[str, int]:
    """Wires between each device and the nearest core; only devices that reach one."""
    near = _near(pairs)
    return _spread({core: 0 for core in cores if core in near}, near)


def _near(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    near: dict[str, list[str]] = {}
    for a, b in pairs:
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    return near


def _spread(far: dict[str, int], near: Mapping[str, Sequence[str]]) -> dict[str, int]:
    queue = deque(far)
    while queue:
        here = queue.popleft()
        for other in near[here]:
            if other not in far:
                far[other] = far[here] + 1
                queue.append(other)
    return far
