"""Spaces as plain triangles, the way a library without our engine would be given them: the peers' geometry."""

from __future__ import annotations

from dataclasses import dataclass

import mapbox_earcut
import numpy as np
import numpy.typing as npt
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.polygon import orient

from twin.space import Area, Campus


@dataclass(frozen=True, slots=True)
class Prisms:
    """Extruded spaces: ``positions`` float32 (n, 3) [m], ``triangles`` uint32 (m, 3).

    ``first_vertex`` and ``first_triangle`` are uint32 (spaces + 1): where each space's rows begin.
    """

    positions: npt.NDArray[np.float32]
    triangles: npt.NDArray[np.uint32]
    first_vertex: npt.NDArray[np.uint32]
    first_triangle: npt.NDArray[np.uint32]


def _polygons(area: Area) -> list[Polygon]:
    return list(area.geoms) if isinstance(area, MultiPolygon) else [area]


def _prism(polygon: Polygon, low: float, high: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint32]]:
    """One polygon between two heights [m]: floor, ceiling and walls, counter-clockwise from outside."""
    polygon = orient(polygon)
    rings = [np.asarray(ring.coords[:-1], float) for ring in (polygon.exterior, *polygon.interiors)]
    flat = np.concatenate(rings)
    ends = np.cumsum([len(ring) for ring in rings]).astype(np.uint32)
    cap = mapbox_earcut.triangulate_float64(flat, ends).reshape(-1, 3).astype(np.uint32)
    n = len(flat)
    bottom = np.column_stack([flat, np.full(n, low)])
    top = np.column_stack([flat, np.full(n, high)])
    here = np.arange(n, dtype=np.uint32)
    after = here + 1
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        after[end - 1] = start
    walls = np.concatenate(
        [np.column_stack([here, after, after + n]), np.column_stack([here, after + n, here + n])],
    )
    triangles = np.concatenate([cap[:, ::-1], cap + n, walls]).astype(np.uint32)
    return np.concatenate([bottom, top]).astype(np.float32), triangles


def prisms(campus: Campus) -> Prisms:
    """Every space of ``campus`` that has geometry, in tree order; spaces without it get no rows."""
    positions: list[npt.NDArray[np.float32]] = []
    triangles: list[npt.NDArray[np.uint32]] = []
    first_vertex, first_triangle = [0], [0]
    for building in campus.buildings:
        for storey in building.storeys:
            for space in storey.spaces:
                vertices, faces = first_vertex[-1], first_triangle[-1]
                for polygon in _polygons(space.polygon) if space.polygon is not None else ():
                    p, t = _prism(polygon, space.elevation_m, space.elevation_m + space.height_m)
                    positions.append(p)
                    triangles.append(t + np.uint32(vertices))
                    vertices += len(p)
                    faces += len(t)
                first_vertex.append(vertices)
                first_triangle.append(faces)
    return Prisms(
        np.concatenate(positions), np.concatenate(triangles),
        np.array(first_vertex, np.uint32), np.array(first_triangle, np.uint32),
    )  # fmt: skip
