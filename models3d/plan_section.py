"""The plan of a mesh cut at a height: meshes in, polygons out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon

from twin.space import Area

_SNAP_M = 1e-4
_THIN_M = 0.01

F64 = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.integer]


def polygons(geometry: shapely.Geometry) -> list[Polygon]:
    """The polygons in any geometry."""
    return [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon) and not part.is_empty]


def section(vertices: F64, triangles: Triangles, height: float) -> Area | None:
    """The plan of a mesh cut at ``height`` [m]: closed loops by even-odd nesting, else the hull of what was cut."""
    z = vertices[:, 2] - height
    z = np.where(np.abs(z) < 1e-9, 1e-9, z)  # a vertex in the plane counts as above it
    above = z[triangles] > 0
    crossing = above.any(axis=1) & ~above.all(axis=1)
    if not crossing.any():
        return None
    segments = _segments(vertices, z, triangles[crossing], above[crossing])
    lines = shapely.set_precision(shapely.MultiLineString(list(segments)), _SNAP_M)
    area = shapely.build_area(shapely.union_all(lines))
    if area.is_empty or area.area < 1e-4:  # an open shell: a door of loose faces, a virtual boundary
        area = shapely.buffer(shapely.convex_hull(lines), _THIN_M, cap_style="flat")
    parts = [part for part in polygons(area) if part.area > 1e-5]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _segments(vertices: F64, z: F64, triangles: Triangles, above: npt.NDArray[np.bool_]) -> F64:
    """(n, 2, 2) plan segments where triangles cross the plane: from the lone corner to the two on the other side."""
    lone_is_above = above.sum(axis=1) == 1
    lone = np.argmax(above == lone_is_above[:, None], axis=1)
    rows = np.arange(len(triangles))
    tip = triangles[rows, lone]
    ends = []
    for step in (1, 2):
        other = triangles[rows, (lone + step) % 3]
        share = z[tip] / (z[tip] - z[other])
        ends.append(vertices[tip, :2] + (vertices[other, :2] - vertices[tip, :2]) * share[:, None])
    return np.stack(ends, axis=1)
