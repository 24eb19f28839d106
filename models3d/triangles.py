"""Faces in space -> triangles, areas and volumes: what the loaders of solids and surfaces share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import mapbox_earcut
import numpy as np
import numpy.typing as npt
import shapely

from models3d import polygons
from twin.space import Area

Floats = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.int64]

NONE: Final = np.zeros((0, 3), np.int64)
STEEP: Final = 0.5
"""A face whose normal leans further than this from the vertical axis (cosine) is a wall."""


def newell(points: Floats) -> Floats:
    """The normal of a ring (n, 3), its length twice the area: right for concave and slightly bent faces too."""
    following = np.roll(points, -1, axis=0)
    return np.asarray(np.cross(points - points[0], following - points[0]).sum(axis=0))


def face(vertices: Floats, rings: Sequence[Sequence[int]]) -> Triangles:
    """Triangles (indices into ``vertices``) of a flat face with holes, wound like its outer ring."""
    usable = [_open(ring) for ring in rings]
    if not usable or len(usable[0]) < 3:
        return NONE
    usable = [usable[0], *(ring for ring in usable[1:] if len(ring) >= 3)]
    if len(usable) == 1 and len(usable[0]) == 3:
        return np.array([usable[0]], np.int64)
    index = np.concatenate([np.asarray(ring, np.int64) for ring in usable])
    points = vertices[index]
    normal = newell(vertices[np.asarray(usable[0], np.int64)])
    axis = int(np.argmax(np.abs(normal)))
    if normal[axis] == 0.0:
        return NONE
    flat = np.ascontiguousarray(np.delete(points, axis, axis=1))
    ends = np.cumsum([len(ring) for ring in usable]).astype(np.uint32)
    corners = mapbox_earcut.triangulate_float64(flat, ends).astype(np.int64).reshape(-1, 3)
    if not len(corners):
        return NONE
    a, b, c = points[corners[:, 0]], points[corners[:, 1]], points[corners[:, 2]]
    if float(np.cross(b - a, c - a).sum(axis=0) @ normal) < 0.0:
        corners = corners[:, ::-1]
    return np.ascontiguousarray(index[corners])


def normals(vertices: Floats, triangles: Triangles) -> Floats:
    """The unit normals of triangles (m, 3); zero where a triangle has no area."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    found = np.cross(b - a, c - a)
    length = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(np.divide(found, length, out=np.zeros_like(found), where=length > 0.0))


def volume(vertices: Floats, triangles: Triangles) -> float:
    """The volume that closed triangles enclose [m3], by the divergence theorem; the sign is that of the winding."""
    if not len(triangles):
        return 0.0
    local = vertices - vertices[triangles[0, 0]]
    a, b, c = (local[triangles[:, corner]] for corner in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6.0)


def closed(triangles: Triangles) -> bool:
    """Whether every edge is walked once in each direction: a watertight skin, by indices."""
    if not len(triangles):
        return False
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    width = int(edges.max()) + 1
    there, back = np.sort(edges[:, 0] * width + edges[:, 1]), np.sort(edges[:, 1] * width + edges[:, 0])
    return bool(np.array_equal(there, back))


def shadow(vertices: Floats, triangles: Triangles, least_m2: float = polygons.SLIVER_M2) -> Area | None:
    """The plan that the triangles cover, seen from above."""
    if not len(triangles):
        return None
    corners = vertices[triangles][:, :, :2]
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    twice = one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]
    corners = corners[np.abs(twice) > 1e-9]
    if not len(corners):
        return None
    rings = np.concatenate([corners, corners[:, :1]], axis=1)
    flat: Any = shapely.polygons(rings)
    area = polygons.to_area(_merged(flat[shapely.is_valid(flat)]), least_m2)
    return None if area is None else polygons.to_area(shapely.simplify(area, 1e-3), least_m2)


def _merged(flat: Any) -> Any:
    """The union of triangles. Where they only share edges, as terrain does, dissolving those is ten times faster."""
    whole = float(shapely.area(flat).sum())
    try:
        quick = shapely.coverage_union_all(flat)
        if quick.is_valid and abs(quick.area - whole) <= 1e-7 * whole:
            return quick
    except shapely.errors.GEOSException:
        pass
    return shapely.union_all(flat, grid_size=1e-4)


def underside(vertices: Floats, triangles: Triangles, reach_m: float = 0.5) -> Area | None:
    """The floor of a solid: what faces down within ``reach_m`` of its lowest point, else all of it, else its shadow."""
    if not len(triangles):
        return None
    up = normals(vertices, triangles)[:, 2]
    down = triangles[up < -STEEP]
    if len(down):
        lowest = float(vertices[triangles.reshape(-1), 2].min())
        bottom = down[vertices[down][:, :, 2].max(axis=1) <= lowest + reach_m]
        whole = shadow(vertices, triangles)
        for candidate in (bottom, down):
            area = shadow(vertices, candidate)
            if area is not None and (whole is None or area.area >= 0.5 * whole.area):
                return area
    return shadow(vertices, triangles)


def _open(ring: Sequence[int]) -> list[int]:
    """Without the repeated last point and repeated neighbours."""
    found = [index for place, index in enumerate(ring) if place == 0 or index != ring[place - 1]]
    if len(found) > 1 and found[0] == found[-1]:
        found.pop()
    return found
