"""Areas and volumes from meshes, against shapes whose area is known: the polygon is the truth of the product."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
import trimesh
from hypothesis import example, given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box

from models3d.ifc_rooms import clean, is_watertight, plan_of, room_shape

SHAPES: Any = trimesh.creation
JOIN: Any = trimesh.util.concatenate


def extruded(polygon: Polygon, height: float, base: float = 0.0) -> tuple[Any, Any]:
    mesh = SHAPES.extrude_polygon(polygon, height, engine="earcut")
    return np.array(mesh.vertices) + np.array([0, 0, base]), np.array(mesh.faces, dtype=np.int32)


def comb(widths: list[float], depths: list[float]) -> Polygon:
    """A rectilinear polygon: boxes of several depths side by side."""
    edges = np.cumsum([0.0, *widths])
    parts = [box(edges[i], 0, edges[i + 1], depth) for i, depth in enumerate(depths)]
    union = shapely.union_all(parts)
    assert isinstance(union, Polygon)
    return union


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.5, 8.0), st.floats(0.5, 12.0)), min_size=1, max_size=8),
    st.floats(0.0, 6.28),
    st.floats(2.0, 5.0),
    st.sampled_from([(0.0, 0.0), (3e4, -2e4), (458_657.3, 5_438_232.25)]),
)
@example(
    [
        (1.8294203354674845, 0.99999),
        (3.568469204638963, 9.0),
        (4.42600506658319, 0.99999),
        (7.920675981893467, 1.890625),
        (5.42600506658319, 0.99999),
        (1.875, 0.99999),
    ],
    0.8515625,
    2.0,
    (0.0, 0.0),
)
def test_area_and_volume_of_extruded_plans(
    strips: list[tuple[float, float]], turn: float, height: float, shift: tuple[float, float]
) -> None:
    plan = comb([width for width, _ in strips], [depth for _, depth in strips])
    plan = shapely.transform(plan, lambda p: p @ [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]] + shift)
    shape = room_shape(*extruded(plan, height, 3.5))
    assert shape is not None
    assert shape.polygon.is_valid
    assert shape.area_m2 == pytest.approx(plan.area, rel=1e-5)
    assert shape.volume_m3 == pytest.approx(plan.area * height, rel=1e-5)
    assert shape.watertight
    assert (shape.floor_m, shape.top_m) == pytest.approx((3.5, 3.5 + height))
    assert shapely.area(shapely.symmetric_difference(shape.polygon, plan)) < 0.002 * plan.length


@pytest.mark.parametrize("seed", range(6))
def test_area_against_the_triangles(seed: int) -> None:
    draw = np.random.default_rng(seed)
    angles = np.sort(draw.uniform(0, 2 * np.pi, 24))
    ring = np.c_[np.cos(angles), np.sin(angles)] * draw.uniform(3, 9, (24, 1))
    plan = Polygon(ring, [[(0.5, 0), (0, 0.5), (-0.5, 0), (0, -0.5)]])
    if not plan.is_valid:
        pytest.skip("the random star crosses itself")
    vertices, triangles = extruded(plan, 3.0)
    flat = vertices[triangles]
    lows = flat[np.all(flat[:, :, 2] < 1e-9, axis=1)][:, :, :2]
    triangle_areas = shapely.area(shapely.polygons(lows))
    shape = room_shape(vertices, triangles)
    assert shape is not None
    assert shape.area_m2 == pytest.approx(triangle_areas.sum(), rel=1e-6)
    assert len(shape.polygon.interiors if isinstance(shape.polygon, Polygon) else []) == 1


def test_a_mesh_turned_inside_out_is_the_same_room() -> None:
    vertices, triangles = extruded(box(0, 0, 4, 3), 2.5)
    shape = room_shape(vertices, triangles[:, ::-1])
    assert shape is not None
    assert (shape.area_m2, shape.volume_m3) == pytest.approx((12.0, 30.0))


def test_a_stepped_floor_counts_once_in_plan() -> None:
    one, two = SHAPES.box(bounds=[[0, 0, 0], [4, 3, 3]]), SHAPES.box(bounds=[[3, 0, 0.5], [6, 3, 3]])
    both = JOIN([one, two])
    shape = room_shape(np.array(both.vertices), np.array(both.faces, dtype=np.int32))
    assert shape is not None
    assert shape.area_m2 == pytest.approx(18.0)


def test_an_open_mesh_has_an_area_but_no_volume() -> None:
    vertices, triangles = extruded(box(0, 0, 4, 3), 2.5)
    lidless = triangles[~np.all(vertices[triangles][:, :, 2] > 2.4, axis=1)]
    shape = room_shape(vertices, lidless)
    assert shape is not None
    assert shape.area_m2 == pytest.approx(12.0)
    assert shape.volume_m3 is None
    assert not is_watertight(vertices, lidless)


def test_vertices_of_each_face_apart_are_still_watertight() -> None:
    vertices, triangles = extruded(box(0, 0, 4, 3), 2.5)
    soup = vertices[triangles].reshape(-1, 3)
    assert is_watertight(soup, np.arange(len(soup), dtype=np.int32).reshape(-1, 3))


def test_a_standing_sheet_has_no_plan() -> None:
    corners = np.array([[0, 0, 0], [1, 0, 0], [1, 0, 2], [0, 0, 2]], dtype=float)
    assert room_shape(corners, np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int32)) is None


def test_two_rooms_in_one_space_are_a_multipolygon() -> None:
    both = JOIN([SHAPES.box(bounds=[[0, 0, 0], [2, 2, 3]]), SHAPES.box(bounds=[[4, 0, 0], [6, 2, 3]])])
    plan = plan_of(np.array(both.vertices), np.array(both.faces, dtype=np.int32))
    assert isinstance(plan, MultiPolygon)
    assert plan.area == pytest.approx(8.0)


def test_cleaning_mends_and_drops_slivers() -> None:
    bow = Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    assert clean(bow) is not None
    assert clean(Point(0, 0).buffer(0.01)) is None
    holed = Polygon(box(0, 0, 4, 4).exterior, [box(1, 1, 1.01, 1.01).exterior])
    cleaned = clean(holed)
    assert cleaned is not None
    assert cleaned.area == pytest.approx(16.0)
