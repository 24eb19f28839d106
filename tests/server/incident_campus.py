"""A campus whose incidents are served: a board a building, a switch a storey, an access point a room; all of them told
by points of their own, or by another system."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from server.alarms import open_desk
from server.incidents import IncidentDesk, open_incidents
from server.runtime import Runtime
from tests.server.serving import Served, serve, small_campus
from tests.twin.alarms.grounds import rule
from twin.alarms.alarm import External
from twin.alarms.rule import AlarmRules, Condition
from twin.space import Equipment
from twin.topology import Edge, Node, TopologyFacts

WINDOW_S = 0.6
HOT = AlarmRules({"hot": rule("hot", "power", condition=Condition("outside", high=5.0))})  # kW


def wired(buildings: int = 2, storeys: int = 2, rooms: int = 6) -> Any:
    """The small campus with GRID -> board of each building -> switch of each storey <- access point of each room."""
    assembled = small_campus(buildings, storeys, rooms)
    campus = assembled.campus
    edges: list[Edge] = []

    def add(id_: str, name: str, category: str, place: str) -> None:
        campus.equipment.append(Equipment(id_, {"zh": name, "en": name}, category, place))

    for building in campus.buildings:
        board = f"{building.id}/MSB"
        add(board, f"Board {building.id}", "board", building.id)
        edges.append(Edge("GRID", "feeds", board))
        for storey in building.storeys:
            switch = f"{storey.id}/SW"
            add(switch, f"Switch {storey.id}", "switch", storey.id)
            edges += [Edge(board, "feeds", storey.id), Edge(storey.id, "feeds", switch)]
            for space in storey.spaces:
                station = f"{space.id}/AP"
                add(station, f"AP {space.number}", "access-point", space.id)
                edges.append(Edge(station, "uplinks", switch, "network"))
    assembled.topology = TopologyFacts([Node("GRID", "mains", {"zh": "市电", "en": "Mains"})], edges)
    return assembled


@contextmanager
def incidental(folder: Path, assembled: Any = None, prepare: Any = None) -> Iterator[Served]:
    """That campus, served with its alarms and incidents kept in ``folder``; groups wait half a second only."""

    def adjust(runtime: Runtime) -> None:
        runtime.state_folder = folder / "state"
        open_desk(runtime, HOT, folder / "state")
        open_incidents(runtime, folder / "state", window=lambda alarm: WINDOW_S)

    with serve(folder / "cache", assembled or wired(), adjust=adjust, prepare=prepare) as served:
        yield served


def desk_of(served: Served) -> IncidentDesk:
    assert served.runtime.incidents is not None
    return served.runtime.incidents


def down(served: Served, nodes: Iterable[str], *, active: bool = True, priority: int = 2) -> None:
    """Another system tells that nodes are down, or up again."""
    places = {item.id: item.space for item in served.runtime.assembled.campus.equipment}
    rows = [
        External(
            node, active, priority, {"zh": f"{node} 中断", "en": f"{node} is down"}, places.get(node, ""), (node,),
            time.time(), {"zh": "到现场检查电源", "en": "Check the power on site"},
        ) for node in nodes
    ]  # fmt: skip
    served.call(lambda: desk_of(served).alarms.take_external(rows, "nms"))


def until(served: Served, done: Any, seconds: float = 8.0) -> Any:
    """Wait until something is true on the server's loop."""
    end = time.monotonic() + seconds
    while not (found := served.call(done)):
        assert time.monotonic() < end, [row.text for row in desk_of(served).board.rows]
        time.sleep(0.03)
    return found
