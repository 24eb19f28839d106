"""Several files of one building: rooms, shell, equipment and points come together, and nothing is lost silently."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models3d.campus import Assembled
from models3d.join import groups, has_rooms
from models3d.model import Frame, Model, ModelPoint
from models3d.remarks import FINDINGS
from tests.models3d.test_campus import build
from tests.models3d.tiny import tiny
from twin.index import SpaceIndex
from twin.space import Alias, Equipment, Space, Storey

YAML = "campus: {id: c}\nmodels:\n" + "".join(
    f"  - {{file: {name}, building: '14'}}\n" for name in ("rooms.ifc", "shell.glb", "brick.ifc")
)


def rooms() -> Model:
    return tiny("rooms.ifc", "Project 7", at=(100.0, 50.0))


def shell() -> Model:
    model = tiny("shell.glb", "mesh", at=(100.0, 50.0), storeys=1, rooms=1)
    model.buildings[0].storeys[0].spaces[0].origin = "synthetic"
    model.zones, model.equipment, model.points, model.findings = [], [], [], []
    model.shells[0].category = "roof"
    return model


def brick() -> Model:
    """Rooms without outlines, some of the same numbers, with equipment and points."""
    model = Model("brick.ifc", "sha", "brick", "1.3")
    spaces = [
        Space("Soda/x/101", "101", aliases=(Alias("brick-uri", "urn:101"),)),
        Space("Soda/x/202", "202"),
        Space("Soda/x/999", "999"),
    ]
    model.buildings = tiny("brick.ifc", "Soda", storeys=1).buildings
    model.buildings[0].outline = None
    model.buildings[0].storeys = [Storey("Soda/x", {"en": "Floor 2"}, 1, spaces=spaces)]
    model.equipment = [
        Equipment("ahu-1", space="Soda/x/101", feeds=("Soda/x/202",)),
        Equipment("vav", space="Soda/x/999"),
    ]
    places = (("t1", "Soda/x/202", "ahu-1"), ("t2", "Soda/x/999", ""), ("t3", "Soda", ""), ("t4", "Soda/x", ""))
    model.points = [ModelPoint(name, "Sensor", space, item) for name, space, item in places]
    return model


MODELS: dict[str, Callable[[], Model]] = {"rooms.ifc": rooms, "shell.glb": shell, "brick.ifc": brick}


@pytest.fixture
def built(tmp_path: Path) -> Assembled:
    return build(tmp_path, YAML, MODELS)


def test_three_files_are_one_building(built: Assembled) -> None:
    (building,) = built.campus.buildings
    assert building.id == "14"
    assert [s.id for storey in building.storeys for s in storey.spaces] == [
        "14/01/101", "14/01/102", "14/02/201", "14/02/202",
    ]  # fmt: skip
    SpaceIndex(built.campus)
    assert len(built.reports) == 3
    assert all(entry["ok"] for entry in built.reports)
    assert [len(entry["points"]) for entry in built.reports] == [1, 0, 4]


def test_the_shell_that_was_given_is_the_one_to_see_where_the_rooms_are(built: Assembled) -> None:
    (seen,) = built.shells
    assert (seen.building, seen.category) == ("14", "roof")
    assert seen.storey == "14/01"
    room = built.campus.buildings[0].storeys[0].spaces[0].polygon
    assert room is not None
    np.testing.assert_allclose(seen.vertices[0][:2], room.bounds[:2])


def test_equipment_and_points_find_their_rooms_by_number(built: Assembled) -> None:
    items = {item.id: item for item in built.campus.equipment}
    assert set(items) == {"ahu-1", "ahu-1~2", "vav"}
    assert (items["ahu-1~2"].space, items["ahu-1~2"].feeds) == ("14/01/101", ("14/02/202",))
    points = {p.id: p for p in built.model_points}
    assert (points["t1"].space, points["t1"].equipment) == ("14/02/202", "ahu-1~2")
    assert points["t3"].space == "14"
    assert points["t4"].space == "14/02"
    assert Alias("brick-uri", "urn:101") in built.campus.buildings[0].storeys[0].spaces[0].aliases


def test_what_matches_no_room_hangs_on_the_building_and_is_told(built: Assembled) -> None:
    points = {p.id: p for p in built.model_points}
    assert points["t2"].space == "14"
    (finding,) = [f for f in built.findings if f.code == "unmatched-space"]
    assert "1 rooms of 'brick.ifc' are none of 'rooms.ifc' (999)" in finding.message
    assert finding.code in FINDINGS


def test_the_order_in_the_campus_file_does_not_matter(tmp_path: Path) -> None:
    lines = YAML.splitlines()
    backwards = "\n".join([*lines[:2], *reversed(lines[2:])]) + "\n"
    built = build(tmp_path, backwards, MODELS)
    (building,) = built.campus.buildings
    assert len([s for storey in building.storeys for s in storey.spaces]) == 4
    assert building.storeys[0].elevation_m == 0
    assert len(built.model_points) == 5


def test_files_that_know_their_place_are_one_building_there(tmp_path: Path) -> None:
    place = Frame(latitude=34.25, longitude=108.65)

    def here(make: Callable[[], Model]) -> Callable[[], Model]:
        def made() -> Model:
            model = make()
            model.frame = place
            return model

        return made

    built = build(tmp_path, YAML, {name: here(make) for name, make in MODELS.items()})
    assert "georeference-overlap" not in {f.code for f in built.findings}
    assert len(built.campus.buildings) == 1


def test_without_rooms_anywhere_the_first_file_is_the_building(tmp_path: Path) -> None:
    text = "campus: {id: c}\nmodels: [{file: a.glb, building: A}, {file: b.glb, building: A}]\n"
    built = build(tmp_path, text, {"a.glb": shell, "b.glb": shell})
    assert not has_rooms(shell())
    assert [b.id for b in built.campus.buildings] == ["A"]
    assert len(built.shells) == 1


def test_items_of_one_key_stand_together() -> None:
    assert groups([("", 1), ("a", 2), ("", 3), ("a", 4), ("b", 5)]) == [[1], [2, 4], [3], [5]]
