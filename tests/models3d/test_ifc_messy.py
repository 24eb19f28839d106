"""Every mess of real IFC files, one small file each: nothing is lost, everything is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from models3d.ifc import load
from models3d.model import Finding, Model, Options
from tests.models3d.ifc_fixtures import IfcMaker, rectangle, small_house

FAST = Options(threads=2, shells=False)


def spaces(model: Model) -> dict[str, float | None]:
    return {
        space.id: space.area_m2 and round(space.area_m2, 3)
        for building in model.buildings
        for storey in building.storeys
        for space in storey.spaces
    }


def found(model: Model, code: str) -> list[Finding]:
    return [finding for finding in model.findings if finding.code == code]


@pytest.mark.parametrize("schema", ["IFC2X3", "IFC4", "IFC4X3_ADD2"])
@pytest.mark.parametrize("unit", [1.0, 0.001, 0.3048])
def test_the_same_house_in_every_schema_and_unit(tmp_path: Path, schema: str, unit: float) -> None:
    model = load(small_house(tmp_path / "h.ifc", schema, unit=unit), Options())
    assert model.schema == schema
    assert spaces(model) == {
        "B1/1F/101": 12.0, "B1/1F/102": 20.0, "B1/2F/201": 15.0, "B1/2F/202": 25.0,
    }  # fmt: skip
    ground, upper = model.buildings[0].storeys
    assert (ground.ordinal, upper.ordinal) == (0, 1)
    assert upper.elevation_m == pytest.approx(3.5)
    assert ground.height_m == pytest.approx(3.5)
    assert [space.category for space in ground.spaces + upper.spaces] == ["office", "corridor", "laboratory", "toilet"]
    assert ground.spaces[1].names == {"zh": "走廊"}
    assert ground.spaces[0].volume_m3 == pytest.approx(36.0)
    assert ground.spaces[0].aliases[0].scheme == "ifc-guid"
    assert ground.outline is not None
    assert ground.outline.area == pytest.approx(10.8 * 5.6, rel=1e-3)
    assert [shell.category for shell in model.shells] == ["slab"]
    assert model.shells[0].storey == "B1/1F"
    assert model.findings == []


@pytest.mark.parametrize(
    ("area", "factor"), [(44_190_000.0, "1e6"), (44_190.0, "1e3"), (475.66, "10.764 (square feet)"), (60.0, "")]
)
def test_an_authored_area_that_is_off_is_kept_and_flagged(tmp_path: Path, area: float, factor: str) -> None:
    maker = IfcMaker()
    maker.space(maker.storey("1F", 0), "1", rectangle(0, 0, 9, 4.91), area=area)
    model = load(maker.write(tmp_path / "a.ifc"), FAST)
    space = model.buildings[0].storeys[0].spaces[0]
    assert space.area_m2 == pytest.approx(44.19)
    assert space.area_authored_m2 == pytest.approx(area)
    (finding,) = found(model, "area-mismatch")
    assert finding.data["factor"] == factor
    assert finding.entity == space.id
    assert finding.position is not None
    assert finding.severity == ("warning" if factor else "info")


def test_a_file_without_a_site_or_building_or_storey_gets_them(tmp_path: Path) -> None:
    maker = IfcMaker(site=False, building=None)
    low = maker.space(None, "1", rectangle(0, 0, 4, 3))
    high = maker.space(None, "2", rectangle(0, 0, 4, 3), base=3.6)
    maker.aggregate(maker.project, low, high)
    model = load(maker.write(tmp_path / "bare.ifc"), FAST)
    assert spaces(model) == {"bare/01/1": 12.0, "bare/02/2": 12.0}
    assert {finding.code for finding in model.findings} == {"no-site", "no-building", "no-storey"}
    assert [storey.elevation_m for storey in model.buildings[0].storeys] == pytest.approx([0.0, 3.6])


def test_a_space_that_hangs_in_the_air_is_put_on_the_storey_of_its_height(tmp_path: Path) -> None:
    maker = IfcMaker()
    maker.storey("1F", 0)
    maker.storey("2F", 4)
    loose = maker.space(None, "205", rectangle(0, 0, 2, 2), base=4.05)
    maker.aggregate(maker.building, loose)
    model = load(maker.write(tmp_path / "a.ifc"), FAST)
    assert spaces(model) == {"B1/2F/205": 4.0}
    assert len(found(model, "unparented-space")) == 1


def test_a_space_without_geometry_is_listed(tmp_path: Path) -> None:
    maker = IfcMaker()
    maker.space(maker.storey("1F", 0), "101", None, area=12.5)
    model = load(maker.write(tmp_path / "a.ifc"), FAST)
    space = model.buildings[0].storeys[0].spaces[0]
    assert not space.has_geometry
    assert space.area_m2 is None
    assert space.area_authored_m2 == 12.5
    assert len(found(model, "space-without-geometry")) == 1


def test_a_space_that_is_only_drawn_in_plan_or_as_a_box(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 2.0)
    corners = [maker.point(*corner) for corner in [*rectangle(0, 0, 4, 3), (0.0, 0.0)]]
    line = maker.make("IfcPolyline", Points=corners)
    box = maker.make("IfcBoundingBox", Corner=maker.point(10, 0, 0), XDim=5.0, YDim=2.0, ZDim=2.5)
    for number, identifier, kind, item in (
        ("1", "FootPrint", "Curve2D", line),
        ("2", "FootPrint", "GeometricCurveSet", maker.make("IfcGeometricCurveSet", Elements=[line])),
        ("3", "Box", "BoundingBox", box),
    ):
        space = maker.space(storey, number, None)
        shape = maker.make("IfcShapeRepresentation", ContextOfItems=maker.context, RepresentationIdentifier=identifier,
                           RepresentationType=kind, Items=[item])  # fmt: skip
        space.Representation = maker.make("IfcProductDefinitionShape", Representations=[shape])
    model = load(maker.write(tmp_path / "a.ifc"), FAST)
    assert spaces(model) == {"B1/1F/1": 12.0, "B1/1F/2": 12.0, "B1/1F/3": 10.0}
    rooms = model.buildings[0].storeys[0].spaces
    assert [room.elevation_m for room in rooms] == pytest.approx([2.0] * 3)
    assert [room.volume_m3 for room in rooms] == [None, None, pytest.approx(25.0)]
    assert len(found(model, "heights-assumed")) == 2
    assert len(found(model, "space-without-geometry")) == 1


def test_two_sites_and_two_buildings_stay_apart(tmp_path: Path) -> None:
    maker = IfcMaker(building="A")
    other = maker.root("IfcSite", "North", ObjectPlacement=maker.place((0, 0, 0)), CompositionType="ELEMENT")
    maker.aggregate(maker.project, other)
    second = maker.add_building("B", (100, 0, 0), site=other)
    maker.space(maker.storey("1F", 0), "1", rectangle(0, 0, 2, 2))
    maker.space(maker.storey("1F", 0, building=second), "1", rectangle(0, 0, 3, 3))
    model = load(maker.write(tmp_path / "a.ifc"), FAST)
    assert spaces(model) == {"A/1F/1": 4.0, "B/1F/1": 9.0}
    assert len(model.sites) == 2
    assert len({building.site for building in model.buildings}) == 2


def test_one_globalid_for_two_things_is_reported_and_both_are_kept(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    maker.space(storey, "1", rectangle(0, 0, 2, 2), guid="1" * 22)
    maker.space(storey, "2", rectangle(3, 0, 2, 2), guid="1" * 22)
    model = load(maker.write(tmp_path / "a.ifc"), FAST)
    assert len(spaces(model)) == 2
    (finding,) = found(model, "duplicate-guid")
    assert finding.data["count"] == 2


def test_site_and_project_that_share_a_globalid(tmp_path: Path) -> None:
    maker = IfcMaker()
    maker.site.GlobalId = maker.project.GlobalId
    maker.space(maker.storey("1F", 0), "1", rectangle(0, 0, 2, 2))
    assert len(found(load(maker.write(tmp_path / "a.ifc"), FAST), "duplicate-guid")) == 1


def test_rooms_of_the_same_number_get_codes_of_their_own_and_keep_them(tmp_path: Path) -> None:
    def codes(order: tuple[int, ...]) -> dict[str, float | None]:
        maker = IfcMaker()
        storey = maker.storey("1F", 0)
        for at in order:
            maker.space(storey, "Room", rectangle(5 * at, 0, 2 + at, 2), guid=f"{at}" * 22)
        return spaces(load(maker.write(tmp_path / "a.ifc"), FAST))

    assert codes((0, 1, 2)) == codes((2, 0, 1)) == {"B1/1F/Room": 4.0, "B1/1F/Room~2": 6.0, "B1/1F/Room~3": 8.0}


@pytest.mark.parametrize("north", [(0.0, 1.0, 0.0), (0.0, 2.0)])
def test_a_strange_true_north_is_ignored_aloud(tmp_path: Path, north: tuple[float, ...]) -> None:
    maker = IfcMaker(true_north=north)
    maker.space(maker.storey("1F", 0), "1", rectangle(0, 0, 2, 2))
    model = load(maker.write(tmp_path / "a.ifc"), FAST)
    assert model.frame.rotation_deg == 0.0
    assert len(found(model, "true-north-ignored")) == 1


def test_a_sound_true_north_turns_the_model(tmp_path: Path) -> None:
    maker = IfcMaker(true_north=(0.5, 0.8660254037844386))
    maker.space(maker.storey("1F", 0), "1", rectangle(0, 0, 2, 2))
    model = load(maker.write(tmp_path / "a.ifc"), FAST)
    assert model.frame.rotation_deg == pytest.approx(30.0)
    assert model.findings == []


@pytest.mark.parametrize("unit", [0.001, 1.0])
def test_coordinates_of_6_7e9_mm_come_near_the_origin_without_losing_digits(tmp_path: Path, unit: float) -> None:
    maker = IfcMaker(unit=unit, origin=(458_657.3, 6_700_000.25, 0.0))
    maker.space(maker.storey("1F", 0), "1", rectangle(0, 0, 4, 3))
    model = load(maker.write(tmp_path / "a.ifc"), FAST)
    space = model.buildings[0].storeys[0].spaces[0]
    assert space.polygon is not None
    assert space.area_m2 == pytest.approx(12.0, abs=1e-5)
    assert max(map(abs, space.polygon.bounds)) < 10.0
    assert len(found(model, "far-origin")) == 1
    x = space.polygon.bounds[0] + model.frame.origin_offset[0]
    y = space.polygon.bounds[1] + model.frame.origin_offset[1]
    assert (x, y) == pytest.approx((458_657.3, 6_700_000.25), abs=1e-4)
    assert (model.frame.easting, model.frame.northing) == pytest.approx(model.frame.origin_offset[:2])


def test_overlapping_rooms_are_found_but_stacked_ones_are_not(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    maker.space(storey, "1", rectangle(0, 0, 4, 4), height=2.5)
    maker.space(storey, "2", rectangle(2, 0, 4, 4), height=2.5)
    maker.space(storey, "3", rectangle(0, 0, 4, 4), height=1.0, base=2.6)
    (finding,) = found(load(maker.write(tmp_path / "a.ifc"), FAST), "overlap")
    assert finding.data["area"] == pytest.approx(8.0)


def test_a_space_made_of_spaces_is_a_zone_and_counts_once(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    flat = maker.space(storey, "Flat 1", rectangle(0, 0, 8, 4))
    maker.space(flat, "1a", rectangle(0, 0, 4, 4))
    maker.space(flat, "1b", rectangle(4, 0, 4, 4))
    model = load(maker.write(tmp_path / "a.ifc"), FAST)
    assert spaces(model) == {"B1/1F/1a": 16.0, "B1/1F/1b": 16.0}
    (zone,) = model.zones
    assert (zone.id, zone.category, zone.spaces) == ("B1/zones/Flat-1", "space-group", ("B1/1F/1a", "B1/1F/1b"))


def test_a_building_that_is_part_of_its_own_storey_does_not_hang(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    maker.space(storey, "1", rectangle(0, 0, 4, 3))
    path = maker.write(tmp_path / "a.ifc")
    site, building = maker.site.id(), maker.building.id()
    text = path.read_text()
    loop = text.replace(f"#{site},(#{building})", f"#{storey.id()},(#{building})")
    assert loop != text
    path.write_text(loop)
    model = load(path, FAST)
    assert spaces(model) == {"B1/1F/1": 12.0}
    assert found(model, "parse-errors")[0].data == {"count": 1}


def test_zones_hold_their_rooms(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    rooms = [maker.space(storey, str(at), rectangle(3 * at, 0, 2, 2)) for at in range(3)]
    zone = maker.root("IfcZone", "防火分区1")
    maker.root("IfcRelAssignsToGroup", None, RelatedObjects=rooms[:2], RelatingGroup=zone)
    (made,) = load(maker.write(tmp_path / "a.ifc"), FAST).zones
    assert made.names == {"zh": "防火分区1"}
    assert made.spaces == ("B1/1F/0", "B1/1F/1")


def test_devices_find_their_room_and_pipes_are_no_devices(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    maker.space(storey, "101", rectangle(0, 0, 4, 4))
    room = maker.space(storey, "102", rectangle(5, 0, 4, 4))
    maker.element(
        "IfcSensor", storey, rectangle(1, 1, 0.1, 0.1), 0.1, name="T-101", base=1.5, PredefinedType="TEMPERATURESENSOR"
    )
    maker.element("IfcPipeSegment", storey, rectangle(1, 2, 2, 0.1), 0.1)
    board = maker.root(
        "IfcElectricDistributionBoard", "DB-1", ObjectPlacement=maker.place((20, 20, 0), storey), Tag="77"
    )
    maker.contain(room, board)
    devices = {device.id: device for device in load(maker.write(tmp_path / "a.ifc"), Options()).equipment}
    assert set(devices) == {"B1/equipment/T-101", "B1/equipment/DB-1"}
    sensor, switchboard = devices["B1/equipment/T-101"], devices["B1/equipment/DB-1"]
    assert (sensor.category, sensor.space) == ("Temperature_Sensor", "B1/1F/101")
    assert sensor.position == pytest.approx((1.05, 1.05, 1.55))
    assert (switchboard.category, switchboard.space) == ("Switchboard", "B1/1F/102")
    assert [alias.scheme for alias in switchboard.aliases] == ["ifc-guid", "ifc-tag"]


def test_storeys_whose_placements_are_all_zero_take_their_height_from_the_attribute(tmp_path: Path) -> None:
    maker = IfcMaker()
    for at in range(3):
        storey = maker.storey(f"{at + 1}F", 4.0 * at, placed=False)
        maker.space(storey, f"{at + 1}01", rectangle(0, 0, 3, 3), base=4.0 * at)
    storeys = load(maker.write(tmp_path / "a.ifc"), FAST).buildings[0].storeys
    assert [storey.elevation_m for storey in storeys] == pytest.approx([0.0, 4.0, 8.0])


def test_number_and_name_are_found_in_either_attribute(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    for at, (name, long) in enumerate([("A-1", "Office"), ("Kitchen", "A-2"), ("A-3 - Lab", "Lab"), ("Toilet", None)]):
        maker.space(storey, name, rectangle(5 * at, 0, 3, 3), long=long)
    rooms = load(maker.write(tmp_path / "a.ifc"), FAST).buildings[0].storeys[0].spaces
    assert [(room.number, room.names.get("", ""), room.category) for room in rooms] == [
        ("A-1", "Office", "office"), ("A-2", "Kitchen", "kitchen"), ("A-3", "Lab", "laboratory"),
        ("Toilet", "Toilet", "toilet"),
    ]  # fmt: skip


def test_rooms_are_derived_from_walls_where_there_are_no_spaces(tmp_path: Path) -> None:
    maker = IfcMaker()
    for at in range(2):
        maker.box_of_walls(maker.storey(f"{at + 1}F", 3.5 * at), 10.0, 6.0)
    model = load(maker.write(tmp_path / "a.ifc"), Options())
    rooms = [space for storey in model.buildings[0].storeys for space in storey.spaces]
    assert [room.id for room in rooms] == ["B1/1F/D01", "B1/1F/D02", "B1/2F/D01", "B1/2F/D02"]
    assert {room.origin for room in rooms} == {"derived"}
    assert [room.area_m2 for room in rooms] == pytest.approx([4.7 * 5.6] * 4, rel=1e-3)
    assert rooms[2].elevation_m == pytest.approx(3.5)
    assert len(found(model, "no-spaces")) == 1
    without = load(tmp_path / "a.ifc", Options(rooms_from_walls=False))
    assert spaces(without) == {}


def test_a_storey_whose_columns_enclose_nothing_is_one_space(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    for x in (1.0, 5.0, 9.0):
        maker.element("IfcColumn", storey, rectangle(x, 1, 0.3, 0.3))
    maker.element("IfcSlab", storey, rectangle(0, 0, 10, 6), 0.2, base=-0.2)
    (space,) = load(maker.write(tmp_path / "a.ifc"), Options()).buildings[0].storeys[0].spaces
    assert (space.id, space.origin) == ("B1/1F/S01", "synthetic")
    assert space.area_m2 == pytest.approx(60.0)


def test_a_lone_far_element_does_not_stretch_the_scene(tmp_path: Path) -> None:
    maker = IfcMaker()
    storey = maker.storey("1F", 0)
    maker.space(storey, "1", rectangle(0, 0, 4, 3))
    maker.element("IfcWall", storey, rectangle(0, 0, 4, 0.2))
    maker.element("IfcWall", storey, rectangle(900_000, 0, 4, 0.2), name="astray")
    model = load(maker.write(tmp_path / "a.ifc"), Options())
    assert max(abs(shell.vertices[:, :2]).max() for shell in model.shells) < 10.0
    (finding,) = found(model, "far-element")
    assert "astray" in finding.message
