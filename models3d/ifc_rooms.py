"""A room's mesh -> its plan polygon, area, height and volume. Geometry is the truth here.

The plan is the union of the projections of the faces that look down: the floor, also where it steps or slopes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon

from models3d.ifc_mesh import F64, I32
from twin.space import Area

FLOOR_SLOPE = 0.3
"""A face belongs to the floor when its unit normal's downward part exceeds this (steeper than 72 degrees: a wall)."""
SLIVER_M2 = 0.01
"""Parts of a plan smaller than this [m2] are artefacts of tessellation."""
SIMPLIFY_M = 0.001
WELD_M = 1e-5


@dataclass(slots=True)
class RoomShape:
    """What a mesh says of a room: lengths [m], ``area_m2`` of the plan, ``volume_m3`` only of a closed mesh."""

    polygon: Area
    floor_m: float
    top_m: float
    area_m2: float
    volume_m3: float | None
    watertight: bool


def _welded(vertices: F64, triangles: I32) -> npt.NDArray[np.int64]:
    """Triangles on vertices that are merged when they round to the same place."""
    keys = np.round((vertices - vertices.min(axis=0)) / WELD_M).astype(np.int64)
    _, index = np.unique(keys, axis=0, return_inverse=True)
    return index.reshape(-1)[triangles].astype(np.int64)


def is_watertight(vertices: F64, triangles: I32) -> bool:
    """Whether every edge is used once in each direction as often as in the other: the mesh encloses a volume."""
    tri = _welded(vertices, triangles)
    start = tri.reshape(-1)
    end = tri[:, [1, 2, 0]].reshape(-1)
    real = start != end
    size = int(tri.max()) + 1
    forward = np.sort((start * size + end)[real])
    backward = np.sort((end * size + start)[real])
    return bool(np.array_equal(forward, backward))


def _footprint(corners: F64, normal: F64, length: F64) -> Area | None:
    """The union of the plan projections of the faces that look down; of all faces when none does."""
    down = normal[:, 2] < -FLOOR_SLOPE * length
    if not down.any():
        down = np.abs(normal[:, 2]) > FLOOR_SLOPE * length
    if not down.any():
        return None
    plan = corners[down][:, :, :2]
    rings = np.concatenate([plan, plan[:, :1]], axis=1)
    return clean(shapely.union_all(shapely.polygons(rings)))


def clean(geometry: shapely.Geometry) -> Area | None:
    """A valid polygon or multipolygon without slivers and needless points; None when nothing is left."""
    if not shapely.is_valid(geometry):
        geometry = shapely.make_valid(geometry)
    simple = shapely.simplify(geometry, SIMPLIFY_M)
    geometry = simple if shapely.is_valid(simple) else geometry
    parts = [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon) and part.area > SLIVER_M2]
    if not parts:
        return None
    parts = [_without_small_holes(part) for part in parts]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _without_small_holes(polygon: Polygon) -> Polygon:
    if not polygon.interiors:
        return polygon
    holes = [ring for ring in polygon.interiors if Polygon(ring).area > SLIVER_M2]
    return polygon if len(holes) == len(polygon.interiors) else Polygon(polygon.exterior, holes)


def _faces(vertices: F64, triangles: I32) -> tuple[F64, F64, float]:
    """(corners, outward normals twice as long as the faces' areas, volume) of a mesh around the origin."""
    corners = vertices[triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    volume = float(np.einsum("ij,ij->", corners[:, 0], normal)) / 6.0
    return corners, (-normal if volume < 0 else normal), abs(volume)  # some exporters turn every face inside out


def plan_of(vertices: F64, triangles: I32) -> Area | None:
    """The plan of the faces of a mesh [m] that look down; None when they have no area."""
    origin = vertices.mean(axis=0)  # far coordinates would lose their digits
    corners, normal, _ = _faces(vertices - origin, triangles)
    polygon = _footprint(corners, normal, np.linalg.norm(normal, axis=1))
    return None if polygon is None else shapely.transform(polygon, lambda points: points + origin[:2])


def room_shape(vertices: F64, triangles: I32) -> RoomShape | None:
    """The room that a mesh [m] encloses; None when its plan has no area."""
    polygon = plan_of(vertices, triangles)
    if polygon is None:
        return None
    _, _, volume = _faces(vertices - vertices.mean(axis=0), triangles)
    closed = is_watertight(vertices, triangles)
    low, high = vertices[:, 2].min(), vertices[:, 2].max()
    return RoomShape(polygon, float(low), float(high), float(polygon.area), volume if closed else None, closed)
