"""Real files of five programs in one campus, and two towns of footprints: made, assembled and opened again."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import shapely

from models3d.cache import ModelCache
from models3d.campus import assemble
from models3d.check import check_folder
from models3d.model import Options
from models3d.new import NewCampus, new_campus
from models3d.tiles import write_scene
from twin.index import SpaceIndex
from twin.search import Search

pytestmark = pytest.mark.samples

FILES = ("LargeBuilding", "TallBuilding", "Office_A_20110811", "AC20-FZK-Haus", "duplex")
SPACES = {"LargeBuilding": 8, "TallBuilding": 3, "Office_A_20110811": 99, "FZK-Haus": 7, "duplex": 21}
DERIVED = {"LargeBuilding": 1, "TallBuilding": 9}
"""Rooms from walls, of storeys without spaces."""
AREAS_M2 = {"LargeBuilding": 299, "TallBuilding": 59, "Office_A_20110811": 3428, "FZK-Haus": 209, "duplex": 376}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def mixed(samples: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> NewCampus:
    files = [samples / "ifc" / f"{name}.ifc" for name in FILES]
    return new_campus(tmp_path_factory.mktemp("campus") / "mixed", files, ModelCache(cache).load)


def test_five_models_of_five_programs_become_one_campus(mixed: NewCampus) -> None:
    campus = mixed.assembled.campus
    assert mixed.refused == []
    rooms = {b.id: [space for s in b.storeys for space in s.spaces] for b in campus.buildings}
    found = {building: [space for space in spaces if space.origin == "authored"] for building, spaces in rooms.items()}
    for building, spaces in rooms.items():
        assert [space.origin for space in spaces].count("derived") == DERIVED.get(building, 0)
        assert len(spaces) == SPACES[building] + DERIVED.get(building, 0)
    assert {building: len(spaces) for building, spaces in found.items()} == SPACES
    for building, spaces in found.items():
        assert sum(space.area_m2 or 0.0 for space in spaces) == pytest.approx(AREAS_M2[building], abs=1)
        # placing turns and moves, it never stretches
        for space in spaces:
            if space.polygon is not None and space.area_m2 is not None:
                assert space.polygon.is_valid
    assert len(SpaceIndex(campus)) > len(SPACES)
    assert {shell.building for shell in mixed.assembled.shells} <= set(SPACES)


def test_they_stand_apart_on_the_same_ground(mixed: NewCampus) -> None:
    outlines = {}
    for building in mixed.assembled.campus.buildings:
        rooms = [s.polygon for storey in building.storeys for s in storey.spaces if s.polygon is not None]
        outlines[building.id] = shapely.convex_hull(shapely.union_all(rooms))
        ground = [storey.elevation_m for storey in building.storeys if storey.ordinal == 0]
        assert ground == pytest.approx([0.0], abs=0.5), building.id
    names = list(outlines)
    for n, one in enumerate(names):
        for other in names[n + 1 :]:
            assert not outlines[one].intersects(outlines[other]), (one, other)


def test_a_second_open_is_quick(mixed: NewCampus, cache: Path) -> None:
    load, office = ModelCache(cache).load, mixed.folder / "models" / "Office_A_20110811.ifc"
    times = []
    for _ in range(5):
        start = time.thread_time()
        load(office, Options())
        times.append(time.thread_time() - start)
    assert sorted(times)[2] < 0.1


def test_the_campus_is_drawn_searched_and_checked(mixed: NewCampus, cache: Path, tmp_path: Path) -> None:
    built = assemble(mixed.folder, cache)
    scene = write_scene(built, tmp_path)
    assert scene.scene_url
    hits = Search(SpaceIndex(built.campus)).find("duplex A101")
    assert hits[0].id.startswith("duplex/")
    assert hits[0].id.endswith("/A101")
    found = check_folder(mixed.folder, ModelCache(cache).load)
    assert found.exit_code == 1
    assert found.figures["spaces"] == sum(SPACES.values()) + sum(DERIVED.values())
    assert {f.code for f in found.findings} >= {"placed-side-by-side", "volume-mismatch"}


@pytest.mark.parametrize(
    ("file", "buildings", "area_m2", "latitude"),
    [("geojson/colorado_college.geojson", 93, 189_982, 38.85), ("cityjson/delft.json", 160, 11_023, 52.0)],
)
def test_towns_of_footprints(
    samples: Path, cache: Path, tmp_path: Path, file: str, buildings: int, area_m2: float, latitude: float
) -> None:
    made = new_campus(tmp_path / "town", [samples / file], ModelCache(cache).load)
    campus = made.assembled.campus
    spaces = [space for b in campus.buildings for s in b.storeys for space in s.spaces]
    assert len(campus.buildings) == buildings
    assert sum(space.area_m2 or 0.0 for space in spaces) == pytest.approx(area_m2, rel=0.001)
    assert campus.schematic
    assert {space.origin for space in spaces} == {"schematic"}
    assert campus.latitude == pytest.approx(latitude, abs=0.02)
    assert any("footprints only" in line for line in made.missing)
