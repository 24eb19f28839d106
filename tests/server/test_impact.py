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


def test_a_room_tells_what_serves_it_and_who_is_in_it(demo: Served) -> None:
    station = next(item for item in demo.runtime.assembled.campus.equipment if item.category == "access-point")
    demo.call(lambda: demo.runtime.people.publish(now := demo.runtime.people.gather(), demo.runtime.people.step(now)))
    found = demo.http.get("/api/v1/impact", params={"node": station.space}).json()
    assert found["lost_spaces"] == 1
    assert {way["medium"] for way in found["ways"]} == {"electricity", "network"}
    assert station.id in [row["id"] for row in found["depends_on"]]
    network = next(way for way in found["ways"] if way["medium"] == "network")
    assert network["steps"][1]["kind"] == "access-point"
    assert found["users"]["of"] == 1
    assert found["users"]["people"] is None or found["users"]["people"] % 5 == 0
    assert found["classes"] is None or found["classes"]["rooms"] in (0, 1)


def test_a_link_takes_what_hangs_on_it_alone(demo: Served) -> None:
    link = next(row for row in demo.runtime.links.links if row.lower.id.endswith("/SW1"))
    found = demo.http.get("/api/v1/impact", params={"node": link.id}).json()
    assert (found["node"]["kind"], found["failed"]) == ("link", 0)
    assert found["lost"][0]["id"] == link.lower.id
    assert found["depends_on"][0]["id"] == link.upper.id


def test_the_scene_has_a_byte_for_each_slot(demo: Served) -> None:
    building = demo.runtime.assembled.campus.buildings[0]
    tree = demo.runtime.live.tree
    answer = demo.http.get("/api/v1/impact/scene", params={"node": f"{building.id}/MSB"})
    assert answer.headers["content-type"] == "application/octet-stream"
    shown = dict(zip(tree.ids, answer.content, strict=True))
    assert shown[building.id] == 2
    assert {shown[space.id] for storey in building.storeys for space in storey.spaces} == {2}
    assert shown[demo.runtime.assembled.campus.buildings[-1].storeys[0].id] == 0
    station = next(item for item in demo.runtime.assembled.campus.equipment if item.category == "access-point")
    answer = demo.http.get("/api/v1/impact/scene", params={"node": station.id})
    assert dict(zip(tree.ids, answer.content, strict=True))[station.space] == 3


def test_a_past_moment_needs_a_history(demo: Served) -> None:
    answer = demo.http.get("/api/v1/impact", params={"node": "GRID", "at": "2026-04-15T08:00:00Z"})
    assert answer.status_code == 404
    assert "keeps no history" in answer.json()["detail"]


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
