"""LLDP in the topology: a sheet wins, a model gives way, names that two devices have match none."""

from __future__ import annotations

from collections.abc import Sequence

from datasources.contract import Neighbour
from twin.neighbours import Neighbourhood
from twin.point import Point
from twin.space import Alias, Campus, Equipment
from twin.topology import Edge, Topology, TopologyFacts
from twin.topology_wiring import Merged, merged

CAMPUS = Campus(
    "c",
    equipment=[
        Equipment("CORE", {"en": "core-1"}, "router"),
        Equipment("14/SW0", {"en": "sw14"}, "switch"),
        Equipment("14/05/SW1", {"en": "sw14-5"}, "switch"),
        Equipment("14/06/SW1", {}, "switch", aliases=(Alias("asset", "sw14-6"),)),
        Equipment("14/AP1", {"en": "ap"}, "access-point"),
        Equipment("15/AP1", {"en": "ap"}, "access-point"),
    ],
)
WIRES = {
    "core-1": [("Te1/1", "sw14.example.edu", "Te0/1", "")],
    "sw14": [("Te0/1", "core-1", "Te1/1", ""), ("Gi1", "sw14-5", "Gi48", ""), ("Gi2", "SW14-6", "Gi48", "")],
}


def told(**more: list[tuple[str, str, str, str]]) -> Neighbourhood:
    found = Neighbourhood()
    for target, rows in {**WIRES, **{name.replace("_", "-"): rows for name, rows in more.items()}}.items():
        wires = [Neighbour(target, port, name, there, "", chassis) for port, name, there, chassis in rows]
        found.take("net", target, (), wires, 0.0)
    return found


def merge(edges: Sequence[Edge], wires: Neighbourhood, points: Sequence[Point] = ()) -> Merged:
    return merged(TopologyFacts(edges=list(edges)), CAMPUS, points, wires.devices())


def network(found: Merged) -> set[tuple[str, str, str, str]]:
    return {(e.lower, e.upper, e.note, e.origin) for e in found.edges if e.medium == "network"}


def test_without_a_sheet_the_uplinks_are_those_of_lldp() -> None:
    found = merge([Edge("GRID", "feeds", "14/SW0")], told())
    assert network(found) == {
        ("14/SW0", "CORE", "Te0/1 - Te1/1", "lldp"),
        ("14/05/SW1", "14/SW0", "Gi48 - Gi1", "lldp"),
        ("14/06/SW1", "14/SW0", "Gi48 - Gi2", "lldp"),
    }
    assert Edge("GRID", "feeds", "14/SW0") in found.edges
    assert found.disagreements == ()
    impact = Topology(found.edges).impact("14/SW0")
    assert set(impact.lost) == {"14/05/SW1", "14/06/SW1"}


def test_a_sheet_wins_and_the_difference_is_told() -> None:
    sheet = [
        Edge("14/SW0", "uplinks", "CORE", "network", 10, "Gbit/s", "", line=2),
        Edge("14/05/SW1", "uplinks", "CORE", "network", note="Gi1/9", line=3),
    ]
    found = merge(sheet, told(sw14_5=[("Gi48", "sw14", "Gi1", "")]))
    assert network(found) == {
        ("14/SW0", "CORE", "Te0/1 - Te1/1", "sheet"),  # the ports that no note names
        ("14/05/SW1", "CORE", "Gi1/9", "sheet"),
        ("14/06/SW1", "14/SW0", "Gi48 - Gi2", "lldp"),
    }
    assert next(e for e in found.edges if e.source == "14/SW0").capacity == 10
    assert [(d.kind, d.device, d.told, d.known, d.line) for d in found.disagreements] == [
        ("other-uplink", "14/05/SW1", ("14/SW0",), ("CORE",), 3),
        ("not-seen", "14/05/SW1", ("14/SW0",), ("CORE",), 3),
    ]


def test_a_wire_that_the_sheet_writes_the_other_way_round_makes_no_circle() -> None:
    sheet = [Edge("14/05/SW1", "uplinks", "CORE", "network", line=2), Edge("14/SW0", "uplinks", "14/05/SW1", "network")]
    found = merge(sheet, told())
    assert ("14/05/SW1", "14/SW0") not in {(low, up) for low, up, _, _ in network(found)}
    assert ("14/SW0", "14/05/SW1", "Gi1 - Gi48", "sheet") not in network(found), "its ports are those of another edge"


def test_a_model_gives_way() -> None:
    model = [
        Edge("14/05/SW1", "uplinks", "CORE", "network", origin="model"),
        Edge("14/06/SW1", "uplinks", "14/SW0", "network", origin="schematic"),
        Edge("14/AP1", "uplinks", "14/05/SW1", "network", origin="model"),
    ]
    found = merge(model, told())
    assert network(found) == {
        ("14/SW0", "CORE", "Te0/1 - Te1/1", "lldp"),
        ("14/05/SW1", "14/SW0", "Gi48 - Gi1", "lldp"),
        ("14/06/SW1", "14/SW0", "Gi48 - Gi2", "schematic"),
        ("14/AP1", "14/05/SW1", "", "model"),
    }
    assert [(d.kind, d.device, d.told, d.known) for d in found.disagreements] == [
        ("model-replaced", "14/05/SW1", ("14/SW0",), ("CORE",))
    ]


def test_a_name_that_two_devices_have_matches_neither() -> None:
    found = merge([], told(sw14_5=[("Gi3", "ap", "eth0", "")]))
    assert found.wiring.unmatched == {"ap": ["sw14-5 Gi3"]}


def test_a_target_is_the_device_that_its_points_belong_to_or_that_it_calls_itself() -> None:
    wires = Neighbourhood()
    core = [Neighbour("10.0.0.1", "Te1/1", "", "Te0/1", "", "aa:bb:cc:dd:ee:ff")]
    wires.take("net", "10.0.0.1", ("core-1.example.edu",), core, 0.0)
    wires.take("net", "10.0.0.2", ("whatever", "aabb.ccdd.eeff"), [], 0.0)
    points = [Point("p", "14/SW0", "traffic", "B/s", source="net", address="10.0.0.2#octets_in[Te0/1]")]
    found = merge([], wires, points)
    assert network(found) == {("14/SW0", "CORE", "Te0/1 - Te1/1", "lldp")}
    assert merge([], wires).wiring.unmatched == {"aa:bb:cc:dd:ee:ff": ["10.0.0.1 Te1/1"]}


def test_no_device_no_change() -> None:
    edges = [Edge("14/SW0", "uplinks", "CORE", "network", origin="model")]
    assert merge(edges, Neighbourhood()).edges == tuple(edges)
