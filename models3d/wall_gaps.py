"""Gaps between walls that no drawn element fills: a doorway without a door, a wall that ends short of the next.

A wall's piece is lengthened along its own axis until it meets another, or another's lengthened end. Plans in, the
missing pieces out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, Polygon

from models3d.plan_section import polygons
from twin.space import Area

REACH_M = 1.3
"""The widest gap that is bridged [m]: a doorway."""
CORNER_M = 0.6
"""How much [m] two walls are lengthened to meet at a corner."""
THICK_M = 0.8
"""A piece thicker than this [m] has no axis: a pier, or a storey's walls drawn as one."""
_SLIM = 1.5
"""A piece has an axis when it is this much longer than thick."""
_TOUCH_M = 0.02
_PARALLEL = 0.9
"""Ends whose directions' cosine is larger form no corner."""

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _End:
    """One free end of a wall: the middle of it, the direction outwards, and the wall's thickness [m]."""

    start: F64
    way: F64
    width: float

    def ray(self, length: float) -> LineString:
        return LineString([self.start, self.start + self.way * length])

    def strip(self, length: float) -> Polygon:
        side = np.array([-self.way[1], self.way[0]]) * self.width / 2
        back, far = self.start - self.way * _TOUCH_M, self.start + self.way * (length + _TOUCH_M)
        return Polygon([back + side, far + side, far - side, back - side])


def bridges(solids: Sequence[Area], reach: float = REACH_M) -> list[Polygon]:
    """Pieces of wall, as thick as the walls that they lengthen: to the next wall within ``reach`` [m], and to the
    lengthened end of another wall within ``CORNER_M``.
    """
    pieces = _once([piece for solid in solids for piece in polygons(solid)])
    if not pieces:
        return []
    tree = shapely.STRtree(pieces)
    found, loose = [], []
    for piece in pieces:
        for end in _ends(piece):
            length = _free_way(tree, pieces, piece, end, reach)
            if length is None:
                loose.append(end)
            elif length > _TOUCH_M:
                found.append(end.strip(length))
    return found + _corners(loose, min(reach, CORNER_M))


def _once(pieces: Sequence[Polygon]) -> list[Polygon]:
    """Without pieces that lie in larger ones: a wall that was cut at two heights."""
    if not pieces:
        return []
    wide = shapely.buffer(np.array(pieces, dtype=object), _TOUCH_M)
    outer, inner = shapely.STRtree(pieces).query(wide, predicate="contains")
    rank = {at: (-piece.area, at) for at, piece in enumerate(pieces)}
    covered = {small for large, small in zip(outer.tolist(), inner.tolist(), strict=True) if rank[large] < rank[small]}
    return [piece for at, piece in enumerate(pieces) if at not in covered]


def _corners(ends: Sequence[_End], reach: float) -> list[Polygon]:
    """The missing corners of walls that would meet if they were a little longer."""
    if not ends:
        return []
    rays = [end.ray(reach) for end in ends]
    first, second = shapely.STRtree(rays).query(rays, predicate="intersects")
    found = []
    for i, j in zip(first.tolist(), second.tolist(), strict=True):
        if i != j and abs(float(ends[i].way @ ends[j].way)) < _PARALLEL:
            length = float(shapely.distance(shapely.intersection(rays[i], rays[j]), shapely.points(ends[i].start)))
            found.append(ends[i].strip(length + ends[j].width / 2))
    return found


def _ends(piece: Polygon) -> list[_End]:
    """Both ends of a long, thin piece."""
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
    return [_End((corners[1] + corners[2]) / 2, way, width), _End((corners[0] + corners[3]) / 2, -way, width)]


def _free_way(tree: shapely.STRtree, pieces: Sequence[Polygon], own: Polygon, end: _End, reach: float) -> float | None:
    """How far [m] it is from an end to the next piece; None when there is none within ``reach``."""
    ray, start = end.ray(reach), shapely.points(end.start)
    hit = [pieces[at] for at in tree.query(ray, predicate="intersects").tolist() if pieces[at] is not own]
    return min((float(shapely.distance(shapely.intersection(piece, ray), start)) for piece in hit), default=None)
