"""Meshes cut at a height: the plan that comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import trimesh
from shapely.geometry import Polygon

from models3d.plan_section import section

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
