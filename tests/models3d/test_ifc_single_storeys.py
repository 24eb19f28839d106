"""Storeys without spaces beside storeys that have them, and what happens when a kernel crashes on walls."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ifcopenshell
import pytest

from models3d.ifc import load
from models3d.ifc_build import storey_heights
from models3d.ifc_geometry import AnyJob, AnyResult, Geometry, Walls, _again
from models3d.ifc_tree import read_tree
from models3d.ifc_walls import WallJob, bare_storeys, section_walls, wall_job
from models3d.model import Finding, Model, Options
from tests.models3d.ifc_fixtures import IfcMaker, rectangle
from tests.models3d.wall_fixtures import HALF, QUICK, WHOLE, derived, opening, outer_walls, read

_IFC: Any = ifcopenshell


def findings(model: Model, code: str) -> list[Finding]:
    return [finding for finding in model.findings if finding.code == code]


def partly(maker: IfcMaker, *, doors: bool = True) -> Any:
    """A ground floor with a space and walls; an upper one with walls and, with ``doors``, a door, but no space."""
    ground, upper = maker.storey("1F", 0), maker.storey("2F", 3.5)
    maker.space(ground, "101", rectangle(0.2, 0.2, 9.6, 5.6))
    outer_walls(maker, ground)
    outer_walls(maker, upper)
    if doors:
        opening(maker, upper, maker.file.by_type("IfcWall")[4], 3, 0, 1.0)
    return upper


def test_a_storey_without_spaces_gets_rooms_beside_storeys_that_have_them(tmp_path: Path) -> None:
    maker = IfcMaker()
    partly(maker)
    model = load(maker.write(tmp_path / "a.ifc"), QUICK)
    ground, upper = model.buildings[0].storeys
    assert [(room.id, room.origin) for room in ground.spaces] == [("B1/1F/101", "authored")]
    assert [(room.id, room.origin) for room in upper.spaces] == [("B1/2F/D01", "derived")]
    assert upper.spaces[0].elevation_m == pytest.approx(3.5)
    assert upper.spaces[0].area_m2 == pytest.approx(WHOLE, rel=1e-3)
    assert upper.outline is not None
    (finding,) = findings(model, "storey-without-spaces")
    assert (finding.entity, finding.severity) == ("B1/2F", "warning")
    assert findings(model, "no-spaces") == []
    assert derived(load(tmp_path / "a.ifc", Options(rooms_from_walls=False))) == {}


def test_walls_alone_are_a_roof_or_a_foundation_and_cost_no_work(tmp_path: Path) -> None:
    maker = IfcMaker()
    partly(maker, doors=False)
    opening(maker, maker.file.by_type("IfcBuildingStorey")[0], maker.file.by_type("IfcWall")[0], 3, 0, 1.0)
    assert read(maker, tmp_path) == {}
    file = _IFC.open(str(tmp_path / "a.ifc"))
    tree = read_tree(file)
    assert bare_storeys(file, tree) == set()
    assert wall_job(file, tree, storey_heights(tree)) is None


def test_where_no_door_is_drawn_at_all_walls_are_enough(tmp_path: Path) -> None:
    maker = IfcMaker()
    partly(maker, doors=False)
    assert read(maker, tmp_path) == {"B1/2F": [WHOLE]}


def test_a_storey_at_the_height_of_drawn_rooms_gets_none(tmp_path: Path) -> None:
    """Two storeys at one height, rooms on the one and walls on the other; and a hall two storeys high."""
    maker = IfcMaker()
    rooms, walls, upper = maker.storey("1F", 0), maker.storey("1F walls", 0), maker.storey("2F", 3.5)
    maker.space(rooms, "101", rectangle(0.2, 0.2, 4.7, 5.6), height=7.0)
    maker.space(rooms, "102", rectangle(5.1, 0.2, 4.7, 5.6))
    for storey in (walls, upper):
        outer_walls(maker, storey)
        maker.element("IfcWall", storey, rectangle(4.9, 0.2, 0.2, 5.6))
    opening(maker, walls, maker.file.by_type("IfcWall")[0], 3, 0, 1.0)
    opening(maker, upper, maker.file.by_type("IfcWall")[5], 6, 0, 1.0)
    model = load(maker.write(tmp_path / "a.ifc"), QUICK)
    assert derived(model) == {"B1/2F": [HALF]}
    assert [finding.entity for finding in findings(model, "storey-without-spaces")] == ["B1/2F"]


def test_columns_on_a_single_storey_do_not_make_it_one_space(tmp_path: Path) -> None:
    maker = IfcMaker()
    ground, upper = maker.storey("1F", 0), maker.storey("2F", 3.5)
    maker.space(ground, "101", rectangle(0, 0, 9, 5))
    maker.element("IfcColumn", upper, rectangle(1, 1, 0.3, 0.3))
    maker.element("IfcDoor", upper, rectangle(3, 1, 1, 0.1), 2.1)
    maker.element("IfcSlab", upper, rectangle(0, 0, 10, 6), 0.2, base=-0.2)
    assert load(maker.write(tmp_path / "a.ifc"), Options()).buildings[0].storeys[1].spaces == []


def test_when_the_fast_kernel_crashes_the_exact_one_derives_the_same_rooms(tmp_path: Path) -> None:
    maker = IfcMaker()
    maker.box_of_walls(maker.storey("1F", 0), 10, 6)
    file = _IFC.open(str(maker.write(tmp_path / "a.ifc")))
    tree = read_tree(file)
    job = wall_job(file, tree, storey_heights(tree))
    assert job is not None

    def crashing(task: AnyJob) -> AnyResult:
        assert isinstance(task, WallJob)
        if not task.exact:
            os.abort()
        return Walls(section_walls(file, task, 1.0))

    def hopeless(task: AnyJob) -> AnyResult:
        os.abort()

    found, lost = Geometry(), Geometry()
    _again(file, crashing, job, found)
    _again(file, hopeless, job, lost)
    (walls,) = found.walls.storeys.values()
    assert [walls.rooms] == [fast.rooms for fast in section_walls(file, job, 1.0).values()]
    assert [room.area for room in walls.rooms] == pytest.approx([HALF, HALF], rel=1e-3)
    assert (found.walls_crashed, lost.walls_crashed) == (False, True)
    assert lost.walls.storeys == {}
