"""Rooms between walls: by construction, and on real files whose rooms are known and hidden."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from shapely.geometry import Point, Polygon, box

from models3d.ifc import load
from models3d.model import Options
from models3d.rooms_from_walls import enclosed, outline, recovered, section
from twin.space import Area

SHAPES: Any = trimesh.creation
TURNS: Any = trimesh.transformations


def test_the_section_of_a_tube_is_a_ring() -> None:
    tube = SHAPES.annulus(r_min=1.0, r_max=2.0, height=4.0, sections=64)
    ring = section(np.array(tube.vertices), np.array(tube.faces), 0.5)
    assert ring is not None
    assert len(list(ring.interiors if isinstance(ring, Polygon) else [])) == 1
    assert ring.area == pytest.approx(np.pi * 3.0, rel=0.01)
    assert section(np.array(tube.vertices), np.array(tube.faces), 5.0) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_section_of_random_boxes_has_their_area(seed: int) -> None:
    draw = np.random.default_rng(seed)
    size = draw.uniform(0.1, 5.0, 3)
    solid = SHAPES.box(extents=size, transform=TURNS.rotation_matrix(draw.uniform(0, 6), [0, 0, 1]))
    cut = section(np.array(solid.vertices), np.array(solid.faces), draw.uniform(-0.4, 0.4) * size[2])
    assert cut is not None
    assert cut.area == pytest.approx(size[0] * size[1], rel=1e-3)


def test_a_door_of_loose_faces_still_closes_its_opening() -> None:
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 2], [0, 0, 2]], dtype=float)
    cut = section(corners, np.array([[0, 1, 2], [0, 2, 3]]), 1.1)
    assert cut is not None
    assert cut.bounds[2] - cut.bounds[0] == pytest.approx(1.0)


def walls(*boxes: tuple[float, float, float, float]) -> list[Area]:
    return [box(*corners) for corners in boxes]


FRAME = walls((0, 0, 10, 0.2), (0, 5.8, 10, 6), (0, 0, 0.2, 6), (9.8, 0, 10, 6))


def test_two_rooms_and_the_outline() -> None:
    solids = [*FRAME, *walls((4.9, 0.2, 5.1, 5.8))]
    assert [round(room.area, 2) for room in enclosed(solids)] == [26.32, 26.32]
    whole = outline(solids)
    assert whole is not None
    assert whole.area == pytest.approx(60.0)


def test_a_small_gap_is_closed_and_a_door_is_not_needed_for_it() -> None:
    solids = [*FRAME, *walls((4.9, 0.2, 5.1, 5.75))]
    assert len(enclosed(solids)) == 2


def test_a_wide_gap_joins_the_rooms() -> None:
    assert len(enclosed([*FRAME, *walls((4.9, 0.2, 5.1, 4.5))])) == 1


def test_a_core_inside_a_hall_is_a_room_in_a_room() -> None:
    core = walls((4, 2, 6, 2.2), (4, 3.8, 6, 4), (4, 2, 4.2, 4), (5.8, 2, 6, 4))
    areas = sorted(round(room.area, 2) for room in enclosed([*FRAME, *core]))
    assert areas == [pytest.approx(1.6 * 1.6), pytest.approx(9.6 * 5.6 - 4.0)]


def test_cavities_between_leaves_and_free_columns_are_no_rooms() -> None:
    leaves = walls((4.8, 0.2, 4.9, 5.8), (5.1, 0.2, 5.2, 5.8))
    column = [Point(2, 3).buffer(0.2)]
    assert len(enclosed([*FRAME, *leaves, *column])) == 2
    assert enclosed([]) == []


@pytest.mark.samples
@pytest.mark.parametrize(
    ("name", "known", "least"),
    [
        # misses are open plans: rooms of a file that no wall divides, and attics whose walls end below the cut
        ("AC20-FZK-Haus", 7, 3),
        ("duplex", 21, 10),
        ("Office_A_20110811", 99, 85),
        ("LargeBuilding", 8, 8),
        ("TallBuilding", 3, 3),
        ("SampleHouse4", 4, 3),
    ],
)
def test_hidden_rooms_of_real_files_are_found_again(
    samples: Path, tmp_path: Path, name: str, known: int, least: int
) -> None:
    """The spaces are taken out of the file; IoU > 0.8 counts as found. In all: 112 of 142."""
    source = samples / "ifc" / f"{name}.ifc"
    truth = {
        storey.id: [space.polygon for space in storey.spaces if space.polygon is not None]
        for storey in load(source, Options(shells=False)).buildings[0].storeys
    }
    bare = tmp_path / f"{name}.ifc"
    bare.write_bytes(re.sub(rb"#\d+\s*=\s*IFCSPACE\(.*?\)\s*;", b"", source.read_bytes(), flags=re.DOTALL))
    model = load(bare, Options(shells=False))
    found = {storey.id: storey.spaces for storey in model.buildings[0].storeys}
    assert {space.origin for spaces in found.values() for space in spaces} == {"derived"}
    again = sum(
        recovered(polygons, [space.polygon for space in found[key] if space.polygon is not None])
        for key, polygons in truth.items()
    )
    assert sum(map(len, truth.values())) == known
    assert again >= least, f"{again} of {known}"
