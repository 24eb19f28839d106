"""Rooms of a storey that names none: section what encloses, and take what it encloses.

Walls, columns, doors and windows are cut about 1.1 m above the floor (above sills, below lintels); small gaps between
the cuts are closed; the areas that the union surrounds are the rooms. Format-neutral: meshes in, polygons out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon

from twin.space import Area

SECTION_M = 1.1
"""Height of the section above the storey's floor [m]."""
CLOSE_M = 0.06
"""Half of the widest gap between walls that is closed [m]: walls drawn to their axes, joints, door frames."""
MIN_AREA_M2 = 0.8
MIN_WIDTH_M = 0.35
"""Smaller or narrower areas are cavities between wall leaves, not rooms."""
_SNAP_M = 1e-4
_THIN_M = 0.01
_MITRE = 2

F64 = npt.NDArray[np.float64]


def section(vertices: F64, triangles: npt.NDArray[np.integer], height: float) -> Area | None:
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


def _segments(
    vertices: F64, z: F64, triangles: npt.NDArray[np.integer], above: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
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


def closed_union(solids: Sequence[Area]) -> shapely.Geometry:
    """The union of the cuts with gaps of up to twice ``CLOSE_M`` closed, corners kept."""
    union = shapely.union_all(list(solids))
    wide = shapely.buffer(union, CLOSE_M, join_style="mitre", mitre_limit=_MITRE)
    return shapely.buffer(wide, -CLOSE_M, join_style="mitre", mitre_limit=_MITRE)


def enclosed(solids: Sequence[Area]) -> list[Polygon]:
    """The areas that the cuts surround, largest cavities of walls left out, in reading order (north to south)."""
    if not solids:
        return []
    union = closed_union(solids)
    filled = shapely.union_all([Polygon(part.exterior) for part in polygons(union)])
    rooms = [room for room in polygons(shapely.difference(filled, union)) if _is_room(room)]
    rooms = [clean for room in rooms for clean in polygons(shapely.make_valid(shapely.simplify(room, 0.005)))]
    return sorted(rooms, key=reading_order)


def outline(solids: Sequence[Area]) -> Area | None:
    """The outside of a storey from its cuts, courtyards included as floor; None without cuts."""
    if not solids:
        return None
    parts = polygons(shapely.union_all([Polygon(part.exterior) for part in polygons(closed_union(solids))]))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def reading_order(room: Polygon) -> tuple[float, float]:
    """Rows of 2 m from north to south, west to east in a row: how a person numbers rooms, and stable on re-import."""
    point = room.representative_point()
    return (-round(point.y / 2.0), point.x)


def polygons(geometry: shapely.Geometry) -> list[Polygon]:
    """The polygons in any geometry."""
    return [part for part in shapely.get_parts(geometry) if isinstance(part, Polygon) and not part.is_empty]


def _is_room(room: Polygon) -> bool:
    if room.area < MIN_AREA_M2:
        return False
    return not shapely.buffer(room, -MIN_WIDTH_M / 2.0).is_empty


def recovered(known: Iterable[Area], found: Sequence[Area], threshold: float = 0.8) -> int:
    """How many of ``known`` have a counterpart in ``found`` with an intersection over union beyond ``threshold``."""
    if not found:
        return 0
    count = 0
    candidates = np.array(found, dtype=object)
    tree = shapely.STRtree(candidates)
    for room in known:
        near = candidates[tree.query(room)]
        if len(near):
            shared = shapely.area(shapely.intersection(near, room))
            union = shapely.area(near) + room.area - shared
            count += bool((shared / union).max() > threshold)
    return count
