"""Rooms from walls in IFC files: each mess of real files that hides rooms, or feigns them, one small file each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ifcopenshell
import pytest
from shapely.geometry import Polygon

from models3d.ifc import load
from models3d.ifc_build import storey_heights
from models3d.ifc_geometry import AnyJob, AnyResult, Geometry, Walls, _again
from models3d.ifc_tree import read_tree
from models3d.ifc_walls import WallJob, bare_storeys, section_walls, wall_job
from models3d.model import Finding, Model, Options
from tests.models3d.ifc_fixtures import IfcMaker, Point, rectangle

QUICK = Options(threads=2, shells=False)
WHOLE = 9.6 * 5.6
HALF = 4.7 * 5.6
_IFC: Any = ifcopenshell


def derived(model: Model) -> dict[str, list[Any]]:
    """Storey id -> areas of its derived rooms [m2], to be compared within one per cent."""
    found: dict[str, list[Any]] = {}
    for building in model.buildings:
        for storey in building.storeys:
            areas = [space.area_m2 or 0.0 for space in storey.spaces if space.origin == "derived"]
            if areas:
                found[storey.id] = [pytest.approx(area, rel=0.01) for area in areas]
    return found


def read(maker: IfcMaker, folder: Path) -> dict[str, list[Any]]:
    return derived(load(maker.write(folder / "a.ifc"), QUICK))


def findings(model: Model, code: str) -> list[Finding]:
    return [finding for finding in model.findings if finding.code == code]


def outer_walls(maker: IfcMaker, storey: Any, heights: Sequence[float] = (3.0, 3.0, 3.0, 3.0), **options: Any) -> None:
    """South, north, west, east around 10 x 6 m, 0.2 m thick."""
    outlines = (
        rectangle(0, 0, 10, 0.2), rectangle(0, 5.8, 10, 0.2), rectangle(0, 0.2, 0.2, 5.6), rectangle(9.8, 0.2, 0.2, 5.6)
    )  # fmt: skip
    for outline, height in zip(outlines, heights, strict=True):
        maker.element("IfcWall", storey, outline, height, **options)


def profile(maker: IfcMaker, corners: Sequence[Point], x: float, length: float) -> Any:
    """A product shape: an outline in (y, z) drawn from ``x`` along x: a pitched roof."""
    curve = maker.make("IfcPolyline", Points=[maker.point(*corner) for corner in [*corners, corners[0]]])
    area = maker.make("IfcArbitraryClosedProfileDef", ProfileType="AREA", OuterCurve=curve)
    along, across = (
        maker.make("IfcDirection", DirectionRatios=ratios) for ratios in ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    )
    up = maker.make("IfcDirection", DirectionRatios=[0.0, 0.0, 1.0])
    place = maker.make("IfcAxis2Placement3D", Location=maker.point(x, 0, 0), Axis=along, RefDirection=across)
    body = maker.make("IfcExtrudedAreaSolid", SweptArea=area, Position=place, ExtrudedDirection=up,
                      Depth=length / maker.unit)  # fmt: skip
    shape = maker.make("IfcShapeRepresentation", ContextOfItems=maker.context, RepresentationIdentifier="Body",
                       RepresentationType="SweptSolid", Items=[body])  # fmt: skip
    return maker.make("IfcProductDefinitionShape", Representations=[shape])


def opening(
    maker: IfcMaker, storey: Any, wall: Any, x: float, y: float, width: float, *, filled: str | None = "IfcDoor",
    foot: float = 0.0, height: float = 2.1,
) -> Any:  # fmt: skip
    """An opening along x through ``wall`` of 0.2 m, and the door or window in it; what was made."""
    place = maker.place((x, y, foot), storey)
    shape = maker.solid(rectangle(0, 0, width, 0.2), height)
    hole = maker.root("IfcOpeningElement", "hole", ObjectPlacement=place, Representation=shape)
    maker.root("IfcRelVoidsElement", None, RelatingBuildingElement=wall, RelatedOpeningElement=hole)
    if filled is None:
        return hole
    # drawn open: its leaf stands across the wall, so that its section does not close the opening
    leaf = maker.solid(rectangle(0, 0.1, 0.05, width), height)
    door = maker.root(filled, "fill", ObjectPlacement=place, Representation=leaf,
                      OverallWidth=width / maker.unit, OverallHeight=height / maker.unit)  # fmt: skip
    maker.root("IfcRelFillsElement", None, RelatingOpeningElement=hole, RelatedBuildingElement=door)
    maker.contain(storey, door)
    return door


# ---- what encloses


@pytest.mark.parametrize("unit", [1.0, 0.001])
def test_a_door_drawn_open_joins_no_rooms_and_leaves_no_notch(tmp_path: Path, unit: float) -> None:
    maker = IfcMaker(unit=unit)
    storey = maker.storey("1F", 0)
    outer_walls(maker, storey)
    middle = maker.element("IfcWall", storey, rectangle(0.2, 2.9, 9.6, 0.2))
    opening(maker, storey, middle, 4, 2.9, 0.9)
    model = load(maker.write(tmp_path / "a.ifc"), QUICK)
    assert derived(model) == {"B1/1F": [9.6 * 2.7, 9.6 * 2.7]}
    for room in model.buildings[0].storeys[0].spaces:
        assert isinstance(room.polygon, Polygon)
        assert len(room.polygon.exterior.coords) == 5, "a rectangle: the leaf cuts nothing out of it"


def test_a_door_in_a_wall_whose_body_has_the_hole_already(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    outer_walls(maker, storey)
    for x, width in ((0.2, 4.0), (5.2, 4.6)):
        maker.element("IfcWall", storey, rectangle(x, 2.9, width, 0.2))
    maker.element("IfcDoor", storey, rectangle(4.2, 2.98, 1.0, 0.05), 2.1)
    assert read(maker, tmp_path) == {"B1/1F": [9.6 * 2.7, 9.6 * 2.7]}


def test_an_outer_doorway_without_a_door_loses_no_room_under_a_roof(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    outer_walls(maker, storey)
    south = maker.file.by_type("IfcWall")[0]
    south.Representation = maker.solid(rectangle(0, 0, 4, 0.2), 3.0)
    maker.element("IfcWall", storey, rectangle(5, 0, 5, 0.2))
    maker.element("IfcSlab", storey, rectangle(0, 0, 10, 6), 0.2, base=3.0)
    assert read(maker, tmp_path) == {"B1/1F": [WHOLE]}


@pytest.mark.parametrize("short", [0.1, 0.25])
def test_walls_that_end_short_of_their_corners(tmp_path: Path, short: float) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    s = short
    for outline in (
        rectangle(s, 0, 10 - 2 * s, 0.2), rectangle(s, 5.8, 10 - 2 * s, 0.2),
        rectangle(0, s, 0.2, 6 - 2 * s), rectangle(9.8, s, 0.2, 6 - 2 * s),
        rectangle(4.9, 0.2 + s, 0.2, 5.6 - 2 * s),
    ):  # fmt: skip
        maker.element("IfcWall", storey, outline)
    assert read(maker, tmp_path) == {"B1/1F": [HALF, HALF]}


def test_a_curtain_wall_of_panes_and_mullions(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    for outline in (rectangle(0, 5.8, 10, 0.2), rectangle(0, 0, 0.2, 5.8), rectangle(9.8, 0, 0.2, 5.8)):
        maker.element("IfcWall", storey, outline)
    facade = maker.root("IfcCurtainWall", "facade", ObjectPlacement=maker.place((0, 0, 0), storey))
    maker.contain(storey, facade)
    parts = []
    for at in range(4):
        x = 0.2 + 2.4 * at
        for kind, outline, height, base in (
            ("IfcMember", rectangle(x, 0.05, 0.06, 0.1), 3.0, 0.0),
            ("IfcPlate", rectangle(x + 0.06, 0.09, 2.34, 0.02), 1.2, 0.0),
            ("IfcPlate", rectangle(x + 0.06, 0.09, 2.34, 0.02), 1.8, 1.2),
        ):
            parts.append(maker.root(kind, "part", ObjectPlacement=maker.place((0, 0, 0), storey),
                                    Representation=maker.solid(outline, height, base)))  # fmt: skip
    maker.aggregate(facade, *parts)
    assert read(maker, tmp_path) == {"B1/1F": [9.6 * 5.69]}


def test_a_wall_that_is_only_its_layers(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    outer_walls(maker, storey)
    middle = maker.root("IfcWall", "layers", ObjectPlacement=maker.place((0, 0, 0), storey))
    maker.contain(storey, middle)
    layers = [
        maker.root("IfcBuildingElementPart", "layer", ObjectPlacement=maker.place((0, 0, 0), storey),
                   Representation=maker.solid(rectangle(x, 0.2, 0.05, 5.6), 3.0))
        for x in (4.9, 4.95, 5.05)
    ]  # fmt: skip
    maker.aggregate(middle, *layers)
    assert read(maker, tmp_path) == {"B1/1F": [HALF, HALF]}


def test_walls_that_no_storey_contains_belong_to_the_building(tmp_path: Path) -> None:
    maker = IfcMaker()
    maker.storey("1F", 0)
    outer_walls(maker, None)
    assert read(maker, tmp_path) == {"B1/1F": [WHOLE]}


def test_walls_of_several_storeys_enclose_rooms_on_each(tmp_path: Path) -> None:
    maker = IfcMaker()
    ground = maker.storey("1F", 0)
    maker.storey("2F", 3.5)
    outer_walls(maker, ground, (7.0,) * 4)
    assert read(maker, tmp_path) == {"B1/1F": [WHOLE], "B1/2F": [WHOLE]}


def test_a_low_wall_with_a_window_on_it_divides(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    outer_walls(maker, storey)
    maker.element("IfcWall", storey, rectangle(4.9, 0.2, 0.2, 5.6), 1.2)
    maker.element("IfcWindow", storey, rectangle(4.95, 0.2, 0.1, 5.6), 1.6, base=1.2)
    assert read(maker, tmp_path) == {"B1/1F": [HALF, HALF]}


def test_an_attic_whose_walls_end_below_the_section(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    for outline in (rectangle(0, 0, 10, 0.2), rectangle(0, 5.8, 10, 0.2)):
        maker.element("IfcWall", storey, outline, 0.5)
    gable: list[Point] = [(0.2, 0.0), (5.8, 0.0), (5.8, 0.6), (3.0, 3.4), (0.2, 0.6)]
    for x in (0.0, 9.8):
        wall = maker.root("IfcWall", "gable", ObjectPlacement=maker.place((0, 0, 0), storey),
                          Representation=profile(maker, gable, x, 0.2))  # fmt: skip
        maker.contain(storey, wall)
    for corners in ([(0.0, 0.5), (3.0, 3.5), (3.0, 3.7), (0.0, 0.7)], [(6.0, 0.5), (3.0, 3.5), (3.0, 3.7), (6.0, 0.7)]):
        roof = maker.root("IfcRoof", "roof", ObjectPlacement=maker.place((0, 0, 0), storey),
                          Representation=profile(maker, corners, 0, 10))  # fmt: skip
        maker.contain(storey, roof)
    assert read(maker, tmp_path) == {"B1/1F": [WHOLE]}


# ---- what only looks as if it did


def test_cubicles_divide_no_room(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    outer_walls(maker, storey)
    for x in (2.0, 3.0, 4.0):
        maker.element("IfcWall", storey, rectangle(x, 0.2, 0.03, 1.5), 1.5, base=0.3)
    maker.element("IfcWall", storey, rectangle(0.2, 1.7, 3.83, 0.03), 1.5, base=0.3)
    assert read(maker, tmp_path) == {"B1/1F": [WHOLE]}


def test_parapets_on_a_roof_enclose_no_room(tmp_path: Path) -> None:
    maker = IfcMaker()
    ground, roof = maker.storey("1F", 0), maker.storey("RF", 3.5)
    outer_walls(maker, ground)
    maker.element("IfcSlab", roof, rectangle(0, 0, 10, 6), 0.3, base=-0.3)
    outer_walls(maker, roof, (1.2,) * 4)
    model = load(maker.write(tmp_path / "a.ifc"), Options())
    assert derived(model) == {"B1/1F": [WHOLE]}
    assert model.buildings[0].storeys[1].spaces == []


def test_a_foundation_encloses_no_room(tmp_path: Path) -> None:
    maker = IfcMaker()
    base, ground = maker.storey("FD", -1.3), maker.storey("1F", 0)
    outer_walls(maker, base, (1.3,) * 4)
    maker.element("IfcSlab", ground, rectangle(0, 0, 10, 6), 0.2, base=-0.2)
    outer_walls(maker, ground)
    maker.element("IfcSlab", ground, rectangle(0, 0, 10, 6), 0.2, base=3.0)
    assert read(maker, tmp_path) == {"B1/1F": [WHOLE]}


def test_a_courtyard_is_no_room(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    outer_walls(maker, storey)
    for outline in (
        rectangle(3, 2, 4, 0.2), rectangle(3, 3.8, 4, 0.2), rectangle(3, 2.2, 0.2, 1.6), rectangle(6.8, 2.2, 0.2, 1.6)
    ):  # fmt: skip
        maker.element("IfcWall", storey, outline)
    roof = maker.element("IfcSlab", storey, rectangle(0, 0, 10, 6), 0.2, base=3.0)
    hole = maker.root("IfcOpeningElement", "hole", ObjectPlacement=maker.place((0, 0, 2.5), storey),
                      Representation=maker.solid(rectangle(3, 2, 4, 2), 1.5))  # fmt: skip
    maker.root("IfcRelVoidsElement", None, RelatingBuildingElement=roof, RelatedOpeningElement=hole)
    assert read(maker, tmp_path) == {"B1/1F": [WHOLE - 8.0]}


@pytest.mark.parametrize("door", [False, True])
def test_a_shaft_is_a_room_only_with_a_door(tmp_path: Path, door: bool) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    outer_walls(maker, storey)
    front = maker.element("IfcWall", storey, rectangle(8.0, 2.0, 1.8, 0.2))
    maker.element("IfcWall", storey, rectangle(8.0, 0.2, 0.2, 1.8))
    south = maker.file.by_type("IfcWall")[0]
    opening(maker, storey, south, 3.0, 0.0, 1.0)
    if door:
        opening(maker, storey, front, 8.6, 2.0, 0.9)
    rooms = read(maker, tmp_path)["B1/1F"]
    assert len(rooms) == 1 + door
    assert max(rooms, key=lambda area: area.expected) == WHOLE - 1.8 * 2.0


def test_a_second_name_of_a_storey_gets_no_rooms(tmp_path: Path) -> None:
    maker = IfcMaker()
    ground = maker.storey("1F", 0)
    maker.storey("screed", 0.15)
    outer_walls(maker, ground)
    assert read(maker, tmp_path) == {"B1/1F": [WHOLE]}


# ---- single storeys


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


# ---- kernels


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
