"""Alarms and a book of them as small as incidents need, and a campus of boards, switches and access points."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from twin.impact import Supply
from twin.impact_places import Places
from twin.incidents.cause import Causes
from twin.slots import SlotTree
from twin.topology import Edge, Topology


@dataclass(frozen=True, slots=True)
class FakeAlarm:
    """An alarm that tests raise."""

    id: str
    nodes: tuple[str, ...] = ()
    place: str = ""
    priority: int = 2
    kind: str = "state"
    letter: str = "A"
    active: bool = False
    raised: float | None = None
    changed: float = 0.0
    simulated: bool = False
    rule: str = "rule"
    texts: Mapping[str, str] = field(default_factory=lambda: {"zh": "中断", "en": "down"})


@dataclass(frozen=True, slots=True)
class FakeTransition:
    """What it did."""

    time: float
    alarm: FakeAlarm
    event: str
    actor: str = ""
    reason: str = ""


class FakeBook:
    """Raises, returns, acknowledges and suppresses; tells listeners as the real one does."""

    def __init__(self) -> None:
        self.alarms: dict[str, FakeAlarm] = {}
        self.listeners: list[Callable[[Sequence[Any]], None]] = []

    def put(self, alarm: FakeAlarm, event: str, time: float, actor: str = "", reason: str = "") -> FakeTransition:
        self.alarms[alarm.id] = alarm = replace(alarm, changed=time)
        told = FakeTransition(time, alarm, event, actor, reason)
        for listener in self.listeners:
            listener([told])
        return told

    def alarm(self, id_: str, time: float, **fields: Any) -> FakeTransition:
        known = self.alarms.get(id_) or FakeAlarm(id_, **fields)
        return self.put(replace(known, active=True, letter="B", raised=time), "alarm", time)

    def back(self, id_: str, time: float) -> FakeTransition:
        return self.put(replace(self.alarms[id_], active=False, letter="D"), "return", time)

    def do(
        self, event: Any, ids: Sequence[str], actor: str, reason: str, now: float, until: float | None = None
    ) -> list[FakeTransition]:  # fmt: skip
        told = []
        for id_ in ids:
            before = self.alarms[id_]
            letter = {"ack": "C", "suppress": "H", "unsuppress": "B" if before.active else "A"}[str(event)]
            told.append(self.put(replace(before, letter=letter), str(event), now, actor, reason))
        return told


def block(buildings: int = 2, storeys: int = 3, stations: int = 4) -> tuple[Supply, Places]:
    """Buildings 1, 2 ... with storeys 1/01 ... and rooms 1/01/1 ...: a board a building, a switch a storey, an access
    point a room, all switches on CORE, which hangs on the board of building 1."""
    ids, parent, level = ["campus"], [-1], [0]
    rows: list[tuple[str, str, int]] = []
    edges, kinds, stands = [], {"CORE": "switch", "GRID": "mains"}, {"CORE": "1"}
    for b in range(1, buildings + 1):
        rows.append((str(b), "campus", 1))
        edges.append(Edge("GRID", "feeds", f"{b}/MSB"))
        stands[f"{b}/MSB"] = str(b)
        for s in range(1, storeys + 1):
            storey, switch = f"{b}/0{s}", f"{b}/0{s}/SW"
            rows.append((storey, str(b), 2))
            edges += [Edge(f"{b}/MSB", "feeds", storey), Edge(storey, "feeds", switch),
                      Edge(switch, "uplinks", "CORE", "network")]  # fmt: skip
            stands[switch] = storey
            for r in range(1, stations + 1):
                rows.append((f"{storey}/{r}", storey, 3))
                edges.append(Edge(f"{storey}/AP{r}", "uplinks", switch, "network"))
                kinds[f"{storey}/AP{r}"] = "access-point"
                stands[f"{storey}/AP{r}"] = f"{storey}/{r}"
    edges.append(Edge("1/MSB", "feeds", "CORE"))
    index = {"campus": 0}
    for depth in (1, 2, 3):
        for name, above, at in rows:
            if at == depth:
                index[name] = len(ids)
                ids.append(name)
                parent.append(index[above])
                level.append(depth)
    tree = SlotTree(
        tuple(ids), np.array(parent, np.int32), np.array(level, np.uint8), np.ones(len(ids)), index,
        {name: index[place] for name, place in stands.items()},
    )  # fmt: skip
    supply = Supply(Topology(edges, kinds), tree, {name: index[place] for name, place in stands.items()})
    return supply, Places(supply)


def causes(watched: Sequence[str] | None = None, **size: int) -> Causes:
    """The causes of such a campus, all of whose switches and access points are watched, and no board."""
    supply, places = block(**size)
    nodes = supply.topology.nodes
    told = [node for node in nodes if "/SW" in node or "/AP" in node or node == "CORE"] if watched is None else watched
    return Causes(supply, places, told)
