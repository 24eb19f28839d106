"""Real IFC files: counts and areas as they were read once and checked against what the files themselves say."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from models3d.ifc import load
from models3d.model import Model, Options
from twin.space import Space

pytestmark = pytest.mark.samples


@lru_cache(maxsize=16)
def read(path: Path) -> Model:
    return load(path, Options())


def rooms(model: Model, origin: str = "authored") -> list[Space]:
    spaces = [space for building in model.buildings for storey in building.storeys for space in storey.spaces]
    return [space for space in spaces if space.origin == origin]


def codes(model: Model) -> dict[str, int]:
    count: dict[str, int] = {}
    for finding in model.findings:
        count[finding.code] = count.get(finding.code, 0) + 1
    return count


@pytest.mark.parametrize(
    ("name", "schema", "storeys", "spaces", "area", "triangles"),
    [
        ("LargeBuilding", "IFC2X3", [0, 1], 8, 299.48, 36_000),
        ("TallBuilding", "IFC2X3", [0, 1, 2, 3, 4], 3, 58.52, 5_400),
        ("Office_A_20110811", "IFC2X3", [0, 1, 2], 99, 3427.62, 53_000),
        ("AC20-FZK-Haus", "IFC4", [0, 1], 7, 208.55, 22_400),
        ("duplex", "IFC2X3", [-1, 0, 1, 2], 21, 375.75, 24_000),
        ("SampleHouse4", "IFC4", [0, 1], 4, 152.57, 24_000),
    ],
)
def test_counts_and_areas(
    samples: Path, name: str, schema: str, storeys: list[int], spaces: int, area: float, triangles: int
) -> None:
    model = read(samples / "ifc" / f"{name}.ifc")
    (building,) = model.buildings
    assert model.schema == schema
    assert [storey.ordinal for storey in building.storeys] == storeys
    assert len(rooms(model)) == spaces
    assert sum(space.area_m2 or 0.0 for space in rooms(model)) == pytest.approx(area, abs=0.01)
    assert all(space.polygon is not None and space.polygon.is_valid for space in rooms(model))
    assert all(space.area_m2 == pytest.approx(space.polygon.area) for space in rooms(model) if space.polygon)
    assert sum(len(shell.triangles) for shell in model.shells) >= triangles
    assert len({space.id for space in rooms(model)}) == spaces


@pytest.mark.parametrize(
    ("name", "derived"),
    [
        # upper storeys without spaces; roofs with parapets and foundations get none
        ("LargeBuilding", {"LargeBuilding/Level-2": 1}),
        ("TallBuilding", {f"TallBuilding/Level-{level}": 3 for level in (2, 4, 5)}),
        ("Office_A_20110811", {}),
        ("AC20-FZK-Haus", {}),
        ("duplex", {}),
        ("SampleHouse4", {}),
    ],
)
def test_storeys_without_spaces_get_rooms_from_their_walls(samples: Path, name: str, derived: dict[str, int]) -> None:
    model = read(samples / "ifc" / f"{name}.ifc")
    found = [space.id.rsplit("/", 1)[0] for space in rooms(model, "derived")]
    assert {storey: found.count(storey) for storey in found} == derived
    said = {finding.entity for finding in model.findings if finding.code == "storey-without-spaces"}
    assert said == set(derived)


@pytest.mark.parametrize("name", ["LargeBuilding", "TallBuilding", "SampleHouse4", "AC20-FZK-Haus"])
def test_the_geometry_agrees_with_the_areas_that_the_files_state(samples: Path, name: str) -> None:
    model = read(samples / "ifc" / f"{name}.ifc")
    for space in rooms(model):
        assert space.area_authored_m2 is not None
        if space.names.get("") == "Galerie":  # its net area leaves out what is under 2 m of roof
            assert (space.area_m2, space.area_authored_m2) == pytest.approx((107.16, 74.51), abs=0.01)
            continue
        # ArchiCAD's net area is 3 % less than the gross area that the polygon is
        assert space.area_m2 == pytest.approx(space.area_authored_m2, rel=0.031)


def test_largebuilding_states_volumes_a_thousand_times_too_large(samples: Path) -> None:
    model = read(samples / "ifc" / "LargeBuilding.ifc")
    slips = [finding for finding in model.findings if finding.code == "volume-mismatch"]
    assert len(slips) == 8
    assert {finding.data["factor"] for finding in slips} == {"1e3"}
    assert sorted({round(space.volume_m3 or 0, 2) for space in rooms(model)}) == [107.44, 132.72, 159.12, 199.68]
    assert {finding.entity for finding in slips} == {space.id for space in rooms(model)}


def test_fzk_haus_volumes_are_those_of_its_quantities(samples: Path) -> None:
    model = read(samples / "ifc" / "AC20-FZK-Haus.ifc")
    volumes = {space.number: round(space.volume_m3 or 0, 3) for space in rooms(model)}
    assert volumes["4"] == 55.181
    assert volumes["1"] == 28.655  # the net volume: a beam runs through the hall
    assert model.frame.rotation_deg == pytest.approx(50.0)
    assert (model.frame.latitude, model.frame.longitude) == pytest.approx((49.100435, 8.436539))
    assert [space.category for space in rooms(model)] == [
        "corridor", "office", "toilet", "bedroom", "living", "kitchen", "corridor",
    ]  # fmt: skip


def test_duplex_survives_the_furniture_that_crashes_the_fast_kernel(samples: Path) -> None:
    model = read(samples / "ifc" / "duplex.ifc")
    furniture = [shell for shell in model.shells if shell.category == "furniture"]
    assert {shell.storey.split("/")[-1] for shell in furniture} == {"Level-1", "Level-2"}
    assert "kernel-crashed" not in codes(model)
    assert [space.number for space in model.buildings[0].storeys[1].spaces][:3] == ["A101", "A102", "A103"]


def test_office_a_devices_stand_in_their_rooms(samples: Path) -> None:
    model = read(samples / "ifc" / "Office_A_20110811.ifc")
    assert len(model.equipment) == 31
    known = {space.id for space in rooms(model)} | {storey.id for storey in model.buildings[0].storeys}
    assert all(device.space in known and device.position is not None for device in model.equipment)


def test_default_locations_of_the_authoring_tool_are_no_locations(samples: Path) -> None:
    for name in ("LargeBuilding", "TallBuilding", "Office_A_20110811", "duplex", "SampleHouse4"):
        model = read(samples / "ifc" / f"{name}.ifc")
        assert model.frame.latitude is None, name
        assert codes(model)["default-location"] == 1


@pytest.mark.parametrize(
    ("name", "crs", "easting", "northing"),
    [("utm", "EPSG:25832", 458_657.3, 5_438_232.25), ("gk", "EPSG:31467", 3_458_715.92, 5_439_966.65)],
)
def test_a_map_conversion_places_the_model(samples: Path, name: str, crs: str, easting: float, northing: float) -> None:
    model = read(samples / "ifc" / f"geographic-referencing-{name}.ifc")
    assert model.frame.crs == crs
    assert (model.frame.easting, model.frame.northing) == pytest.approx((easting, northing))
    assert model.frame.height == pytest.approx(113.7)
    assert model.frame.rotation_deg == pytest.approx(74.3)
    assert model.frame.scale == 1.0


def test_a_rigid_operation_is_ignored_aloud(samples: Path) -> None:
    model = read(samples / "ifc" / "geographic-referencing-rigid-operation.ifc")
    assert model.frame.crs is None
    assert {"georeference-ignored", "no-building", "no-storey", "no-spaces"} <= set(codes(model))


@pytest.mark.parametrize("name", ["Office_A_20110811", "duplex", "AC20-FZK-Haus", "SampleHouse4"])
def test_shells_are_sound(samples: Path, name: str) -> None:
    model = read(samples / "ifc" / f"{name}.ifc")
    keys = [(shell.building, shell.storey, shell.category) for shell in model.shells]
    assert len(keys) == len(set(keys)), "merged per storey and class"
    storeys = {storey.id for storey in model.buildings[0].storeys} | {""}
    for shell in model.shells:
        assert shell.vertices.dtype == np.float64
        assert shell.triangles.dtype == np.uint32
        assert shell.triangles.max() < len(shell.vertices)
        assert shell.storey in storeys
        assert all(0.0 <= part <= 1.0 for part in shell.colour)


def test_storey_outlines_cover_their_rooms(samples: Path) -> None:
    for storey in read(samples / "ifc" / "Office_A_20110811.ifc").buildings[0].storeys[:2]:
        assert storey.outline is not None
        inside = sum(shapely.area(shapely.intersection(storey.outline, space.polygon)) for space in storey.spaces)
        assert inside == pytest.approx(sum(space.area_m2 or 0 for space in storey.spaces), rel=1e-3)


def test_reading_twice_gives_the_same_ids_and_polygons(samples: Path) -> None:
    path = samples / "ifc" / "duplex.ifc"
    again = load(path, Options(threads=1))
    first = {space.id: space.polygon for space in rooms(read(path))}
    second = {space.id: space.polygon for space in rooms(again)}
    assert first.keys() == second.keys()
    assert all(first[key] == second[key] for key in first)


def walls(model: Model) -> NDArray[np.float64]:
    """The corners of all walls of the shell [m]."""
    return np.concatenate([s.vertices[np.unique(s.triangles)] for s in model.shells if s.category == "wall"])


def test_walls_under_a_roof_are_cut_by_it(samples: Path) -> None:
    """The fast kernel leaves them whole, or keeps the part above the cut."""
    house = walls(read(samples / "ifc" / "AC20-FZK-Haus.ifc"))
    eaves = house[(house[:, 1] < 0.3) | (house[:, 1] > 9.7)]
    assert eaves[:, 2].max() == pytest.approx(3.2, abs=0.02)
    office = walls(read(samples / "ifc" / "Office_A_20110811.ifc"))
    peaks = office[office[:, 2] > 13.5]
    assert len(peaks)
    assert abs(np.ptp(peaks[:, 1])) < 6, "the gables rise in the middle, not at the corners"
