"""Rooms from walls in IFC files: each mess of real files that hides rooms, or feigns them, one small file each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Polygon

from models3d.ifc import load
from models3d.model import Options
from tests.models3d.ifc_fixtures import IfcMaker, Point, rectangle
from tests.models3d.wall_fixtures import HALF, QUICK, WHOLE, derived, opening, outer_walls, read


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


def test_a_glazed_atrium_is_a_room(tmp_path: Path) -> None:
    """As the courtyard, with panes over it."""
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    outer_walls(maker, storey)
    for outline in (
        rectangle(3, 2, 4, 0.2), rectangle(3, 3.8, 4, 0.2), rectangle(3, 2.2, 0.2, 1.6), rectangle(6.8, 2.2, 0.2, 1.6)
    ):  # fmt: skip
        maker.element("IfcWall", storey, outline)
    for outline in (rectangle(0, 0, 10, 2), rectangle(0, 4, 10, 2), rectangle(0, 2, 3, 2), rectangle(7, 2, 3, 2)):
        maker.element("IfcSlab", storey, outline, 0.2, base=3.0)
    maker.element("IfcPlate", storey, rectangle(3, 2, 4, 2), 0.03, base=3.1)
    assert read(maker, tmp_path) == {"B1/1F": [3.6 * 1.6, WHOLE - 8.0]}


@pytest.mark.parametrize("kind", ["IfcWall", "IfcPlate"])
def test_a_loggia_behind_a_parapet_or_a_pane_is_no_room(tmp_path: Path, kind: str) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    outer_walls(maker, storey)
    maker.element("IfcWall", storey, rectangle(0, -2, 0.2, 2))
    maker.element("IfcWall", storey, rectangle(9.8, -2, 0.2, 2))
    maker.element(kind, storey, rectangle(0.2, -2, 9.6, 0.1), 1.0)
    maker.element("IfcSlab", storey, rectangle(0, -2, 10, 8), 0.2, base=3.0)
    assert read(maker, tmp_path) == {"B1/1F": [WHOLE]}


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
