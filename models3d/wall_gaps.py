"""Gaps between walls that no drawn element fills: a doorway without a door, a wall that ends short of the next.

A wall's piece is lengthened along its own axis until it meets another piece. Plans in, the missing pieces out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon

from models3d.plan_section import polygons
from twin.space import Area

REACH_M = 1.3
"""The widest gap that is bridged [m]: a doorway."""
THICK_M = 0.8
"""A piece thicker than this [m] has no axis: a pier, or a storey's walls drawn as one."""
_SLIM = 1.5
"""A piece has an axis when it is this much longer than thick."""
_TOUCH_M = 0.02

F64 = npt.NDArray[np.float64]


def bridges(solids: Sequence[Area], reach: float = REACH_M) -> list[Polygon]:
    """Pieces of wall, as thick as the walls that they lengthen, across gaps of up to ``reach`` [m]."""
    pieces = [piece for solid in solids for piece in polygons(solid)]
    if not pieces:
        return []
    tree = shapely.STRtree(pieces)
    found = []
    for piece in pieces:
        for start, way, width in _ends(piece):
            length = _free_way(tree, pieces, piece, start, way, reach)
            if length is not None:
                found.append(_strip(start, way, width, length))
    return found


def _ends(piece: Polygon) -> list[tuple[F64, F64, float]]:
    """(middle of the end, direction outwards, thickness [m]) of both ends of a long, thin piece."""
    box = shapely.oriented_envelope(piece)
    if not isinstance(box, Polygon):
        return []
    corners = np.array(box.exterior.coords)[:4]
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    if math.hypot(*first) < math.hypot(*second):
        corners = np.roll(corners, -1, axis=0)
        first, second = second, corners[2] - corners[1]
    length, width = math.hypot(*first), math.hypot(*second)
    # an L or a curve does not fill its box: its box's axis is not the wall's
    if not 0 < width <= THICK_M or length < _SLIM * width or piece.area < 0.9 * box.area:
        return []
    way = first / length
    return [((corners[1] + corners[2]) / 2, way, width), ((corners[0] + corners[3]) / 2, -way, width)]


def _free_way(
    tree: shapely.STRtree, pieces: Sequence[Polygon], own: Polygon, start: F64, way: F64, reach: float
) -> float | None:
    """How far [m] it is from an end to the next piece; None when it touches one already, or meets none."""
    ray = shapely.linestrings([start, start + way * reach])
    nearest = math.inf
    for index in tree.query(ray, predicate="intersects").tolist():
        if pieces[index] is own:
            continue
        nearest = min(nearest, float(shapely.distance(pieces[index].intersection(ray), shapely.points(start))))
    return nearest if _TOUCH_M < nearest <= reach else None


def _strip(start: F64, way: F64, width: float, length: float) -> Polygon:
    side = np.array([-way[1], way[0]]) * width / 2
    back, far = start - way * _TOUCH_M, start + way * (length + _TOUCH_M)
    return Polygon([back + side, far + side, far - side, back - side])
