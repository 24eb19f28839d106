"""``GET /api/v1/impact``: what depends on a node and what it depends on; the demo's topology as served."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models3d.demo import demo_campus
from tests.server.serving import Served, serve
from twin.topology import Topology, kinds_of


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve(tmp_path_factory.mktemp("cache"), demo_campus(seed=1, spaces=600)) as running:
        yield running


def test_a_board_that_fails_takes_its_storeys_switches_and_access_points(demo: Served) -> None:
    building = demo.runtime.assembled.campus.buildings[0]
    answer = demo.http.get("/api/v1/impact", params={"node": f"{building.id}/MSB"})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["node"]["kind"] == "switchboard"
    assert found["node"]["place"] == building.id
    assert found["node"]["names"]["zh"].endswith("总配电柜")
    assert found["lost_kinds"]["storey"] == len(building.storeys)
    assert found["lost_kinds"]["access-point"] > 0
    assert found["lost_spaces"] == sum(len(storey.spaces) for storey in building.storeys)
    assert [row["id"] for row in found["depends_on"]][-1] == "GRID"
    assert found["paths"]["electricity"][-1] == "GRID"


def test_a_meter_supplies_nothing_and_names_its_sub_meters(demo: Served) -> None:
    building = demo.runtime.assembled.campus.buildings[0]
    found = demo.http.get("/api/v1/impact", params={"node": f"{building.id}/EM"}).json()
    assert found["lost"] == []
    assert building.id in found["meters"]
    assert found["sub_meters"] == [f"{storey.id}/EM" for storey in building.storeys]


@pytest.mark.parametrize(("node", "words"), [("nobody", "there is no node"), ("block", "the topology says nothing of")])
def test_what_has_no_topology_is_said(demo: Served, node: str, words: str) -> None:
    answer = demo.http.get("/api/v1/impact", params={"node": node})
    assert answer.status_code == 404
    assert words in answer.json()["detail"]


def test_the_watch_compares_each_main_with_its_storeys(demo: Served) -> None:
    runtime = demo.runtime
    points = runtime.assembled.points
    found = {points[main].entity: {points[sub].entity for sub in subs} for main, subs in runtime.watch.meters}
    assert found == {b.id: {s.id for s in b.storeys} for b in runtime.assembled.campus.buildings}


def test_the_demos_topology_is_schematic_whole_and_the_same_each_time() -> None:
    campus = demo_campus(seed=1, spaces=600)
    facts = campus.topology
    assert facts == demo_campus(seed=1, spaces=600).topology
    assert {edge.origin for edge in facts.edges} == {node.origin for node in facts.nodes} == {"schematic"}
    graph = Topology(facts.edges, kinds_of(campus.campus, facts.nodes))
    assert [node for node in graph.nodes if node not in graph.kinds] == []
    for building in campus.campus.buildings:
        assert graph.path_to_root(building.storeys[-1].id, "electricity")[-1] == "GRID"
