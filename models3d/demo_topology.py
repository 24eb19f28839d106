"""The demo's supply: mains, a transformer and a main board a building, storeys and switches behind the board.

All of it is invented and marked 'schematic'; the same campus gives the same topology. Meters and the network tree come
from the demo's equipment (``models3d.demo_equipment``): core -> building switch -> storey switch -> access points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from math import ceil

from twin.space import Building, Campus
from twin.topology import Edge, Node, TopologyFacts, edges_of

GRID = "GRID"
RATINGS_KVA = (250.0, 400.0, 630.0, 800.0, 1_000.0, 1_250.0, 1_600.0, 2_000.0, 2_500.0)
"""Usual ratings of distribution transformers."""
DESIGN_VA_PER_M2 = 60.0
INTERNET = "INTERNET"
OTHER_CAMPUSES = ("CAMPUS-2", "CAMPUS-3", "CAMPUS-4")
STATION_MBIT_S, STOREY_MBIT_S, SMALL_MBIT_S, UPLINK_MBIT_S = 1_000.0, 1_000.0, 2_000.0, 10_000.0
"""Capacity of the uplinks of an access point, of a storey's switch, of a building with few access points, and of any
other (assumed)."""
FEW_ACCESS_POINTS = 100
CAMPUS_MBIT_S, EGRESS_MBIT_S = 10_000.0, 34_000.0
"""Capacity of a line to another campus (assumed), and of the egress (published)."""


def topology(campus: Campus) -> TopologyFacts:
    """The supply of every building of the demo, with what its equipment says."""
    facts = TopologyFacts([Node(GRID, "mains", {"zh": "市电 10 kV", "en": "Mains, 10 kV"}, origin="schematic")])
    devices = {item.id for item in campus.equipment}
    for building in campus.buildings:
        nodes, edges = _supply(building)
        facts.nodes += nodes
        facts.edges += [*edges, *_switches(building, devices)]
        if (main := f"{building.id}/EM") in devices:
            facts.edges.append(Edge(main, "meters", building.id, origin="schematic"))
    core = [item.id for item in campus.equipment if item.id.endswith("/CORE")]
    facts.edges += [_feeds(core_id.removesuffix("CORE") + "MSB", core_id) for core_id in core]
    ratings = uplink_mbit_s(campus)
    facts.edges += [
        replace(edge, capacity=ratings[edge.lower], unit="Mbit/s") if edge.lower in ratings else edge
        for edge in edges_of(campus, "schematic")
    ]
    for border in (item.id for item in campus.equipment if item.category == "router"):
        nodes, edges = _outside(border)
        facts.nodes += nodes
        facts.edges += [*edges, _feeds(border.removesuffix("BORDER") + "MSB", border)]
    return facts


def uplink_mbit_s(campus: Campus) -> dict[str, float]:
    """What the uplink of each access point and of each switch of a building or storey can carry [Mbit/s]."""
    served = Counter(item.id.split("/")[0] for item in campus.equipment if item.category == "access-point")
    found = {}
    for item in campus.equipment:
        building, _, rest = item.id.partition("/")
        if item.category == "access-point":
            found[item.id] = STATION_MBIT_S
        if item.category != "switch" or rest == "CORE":
            continue
        of_building = SMALL_MBIT_S if served[building] <= FEW_ACCESS_POINTS else UPLINK_MBIT_S
        found[item.id] = of_building if rest == "SW0" else STOREY_MBIT_S
    return found


def _outside(border: str) -> tuple[list[Node], list[Edge]]:
    """What the border router leads to: the Internet, and the university's other campuses."""
    nodes = [Node(INTERNET, "internet", {"zh": "互联网", "en": "Internet"}, origin="schematic")]
    for k, campus in enumerate(OTHER_CAMPUSES, 2):
        nodes.append(Node(campus, "campus", {"zh": f"校区 {k}", "en": f"Campus {k}"}, origin="schematic"))
    ratings = [EGRESS_MBIT_S, *[CAMPUS_MBIT_S] * len(OTHER_CAMPUSES)]
    edges = [
        Edge(border, "uplinks", node.id, "network", rating, "Mbit/s", origin="schematic")
        for node, rating in zip(nodes, ratings, strict=True)
    ]
    return nodes, edges


def _supply(building: Building) -> tuple[list[Node], list[Edge]]:
    """Transformer (or several side by side), main board, storeys."""
    gross = sum(s.outline.area for s in building.storeys if s.outline is not None)
    wanted = gross * DESIGN_VA_PER_M2 / 1e3
    count = max(1, ceil(wanted / RATINGS_KVA[-1]))
    rating = next(kva for kva in RATINGS_KVA if kva * count >= wanted)
    board = f"{building.id}/MSB"
    zh, en = building.names["zh"], building.names["en"]
    nodes = [Node(board, "switchboard", {"zh": f"{zh}总配电柜", "en": f"{en} main board"}, building.id, "schematic")]
    edges = []
    for k in range(count):
        name = f"{building.id}/TR{k + 1}"
        names = {"zh": f"{zh}变压器 {k + 1}", "en": f"{en} transformer {k + 1}"}
        nodes.append(Node(name, "transformer", names, building.id, "schematic"))
        edges += [_feeds(GRID, name, rating), _feeds(name, board, rating)]
    edges += [_feeds(board, storey.id) for storey in building.storeys]
    return nodes, edges


def _switches(building: Building, devices: set[str]) -> Iterator[Edge]:
    """The building's switch hangs on the main board, the storeys' switches on their storey."""
    if f"{building.id}/SW0" in devices:
        yield _feeds(f"{building.id}/MSB", f"{building.id}/SW0")
    for storey in building.storeys:
        k = 1
        while f"{storey.id}/SW{k}" in devices:
            yield _feeds(storey.id, f"{storey.id}/SW{k}")
            k += 1


def _feeds(upper: str, lower: str, kva: float | None = None) -> Edge:
    return Edge(upper, "feeds", lower, "electricity", kva, "kVA" if kva else "", origin="schematic")
