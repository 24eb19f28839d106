"""Polygons to whole-number rings and cap triangles: the smallest pieces of a room pack.

A *group* is one outer ring with its holes; a multipolygon is several groups. Rings are open, outer rings
counter-clockwise, holes clockwise, and begin at their lowest-leftmost point, so that equal rooms give equal bytes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import mapbox_earcut
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from twin.space import Area

I64 = npt.NDArray[np.int64]
MAX_STEPS = 65535
"""Coordinates of a building are u16 steps from its frame's corner."""
MAX_RING = 32767
"""Points of one ring: bit 15 of its count marks a hole."""
STRAIGHT_M = 0.002
"""Points nearer than this to the line of their neighbours say nothing [m]."""
_QUAD = np.array([[0, 1, 2], [0, 2, 3]], dtype=np.int64)
_TRIANGLE = np.array([[0, 1, 2]], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Frame:
    """Where a building's whole numbers stand: ``xy = (x, y) + rotate((u, v) * step, turn)``.

    ``turn`` [rad, counter-clockwise] is the building's main direction: walls along it become rings with one
    constant coordinate a side, which is what makes a turned building as small as a straight one.
    """

    x: float
    y: float
    turn: float = 0.0
    step: float = 0.01

    def to_steps(self, xy: npt.NDArray[np.float64]) -> I64:
        """Campus coordinates (n, 2) [m] to whole steps, clipped to u16."""
        c, s = math.cos(self.turn), math.sin(self.turn)
        d = xy - (self.x, self.y)
        u = np.rint((d @ np.array([[c, -s], [s, c]])) / self.step)
        steps: I64 = np.minimum(np.maximum(u, 0), MAX_STEPS).astype(np.int64)
        return steps

    def to_metres(self, uv: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Whole steps (n, 2) to campus coordinates [m]."""
        c, s = math.cos(self.turn), math.sin(self.turn)
        d = uv * self.step
        return np.column_stack((self.x + d[:, 0] * c - d[:, 1] * s, self.y + d[:, 0] * s + d[:, 1] * c))


def frame_of(shapes: Sequence[BaseGeometry]) -> Frame:
    """The frame of a building with these outlines: turned to its main direction, fine enough for u16."""
    xy = shapely.get_coordinates(np.array(shapes, dtype=object)) if len(shapes) else np.zeros((0, 2))
    if len(xy) == 0:
        return Frame(0.0, 0.0)
    turn = _main_direction(shapes)
    c, s = math.cos(turn), math.sin(turn)
    uv = np.column_stack((xy[:, 0] * c + xy[:, 1] * s, xy[:, 1] * c - xy[:, 0] * s))
    low, high = uv.min(axis=0), uv.max(axis=0)
    # the corner stands on whole centimetres, and a little outside: rounding must never clip
    low = np.floor(low * 100 - 1) / 100
    step = 0.01 * max(1, math.ceil((high - low).max() / (0.01 * (MAX_STEPS - 2))))
    return Frame(
        float(round(low[0] * c - low[1] * s, 6)), float(round(low[0] * s + low[1] * c, 6)), turn, round(step, 2)
    )


def _main_direction(shapes: Sequence[BaseGeometry]) -> float:
    """The direction that most of the walls follow [rad], within a quarter turn; 0 for round or straight ones."""
    rings = shapely.get_rings(np.array(shapes, dtype=object))
    xy, owner = shapely.get_coordinates(rings, return_index=True)
    d = np.diff(xy, axis=0)[np.diff(owner) == 0]
    z = d[:, 0] + 1j * d[:, 1]
    length = np.abs(z)
    keep = length > 0.05
    total = complex((length[keep] * (z[keep] / length[keep]) ** 4).sum())
    if abs(total) < 1e-6:
        return 0.0
    turn = math.atan2(total.imag, total.real) / 4
    return 0.0 if abs(turn) < 1e-4 else round(turn, 7)


@dataclass(frozen=True, slots=True)
class Group:
    """One outer ring and its holes in whole steps, with the triangles of its cap (indices into the joined rings)."""

    rings: tuple[I64, ...]
    triangles: I64

    @property
    def area_steps(self) -> float:
        """Area of the rings [steps^2], holes taken off."""
        return sum(_signed_area(r) for r in self.rings)

    @property
    def covered(self) -> bool:
        """Whether the triangles cover the rings exactly; they do not where a ring crosses itself."""
        if self.triangles is _QUAD or self.triangles is _TRIANGLE:
            return True
        points = np.concatenate(self.rings)
        a, b, c = (points[self.triangles[:, k]] for k in range(3))
        twice = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
        return bool(abs(twice.sum() / 2 - self.area_steps) < 0.75)


def slim(areas: Sequence[Area | None]) -> list[Area | None]:
    """The areas without points on the straight, all at once."""
    slimmed: list[Area | None] = shapely.simplify(np.array(areas, dtype=object), STRAIGHT_M).tolist()
    return slimmed


def groups_of(area: Area | None, frame: Frame) -> list[Group]:
    """The ring groups of a polygon or multipolygon; parts and holes that vanish on the grid are left out."""
    if area is None or area.is_empty:
        return []
    found = []
    for part in parts_of(area):
        rings = [frame.to_steps(shapely.get_coordinates(r)) for r in (part.exterior, *part.interiors)]
        group = _group(rings)
        if group is not None and not group.covered:
            found += _repaired(rings)
        elif group is not None:
            found.append(group)
    return found


def _group(rings: Sequence[I64]) -> Group | None:
    outer = _clean(rings[0], 1)
    if outer is None:
        return None
    kept = (outer, *(h for h in (_clean(r, -1) for r in rings[1:]) if h is not None))
    triangles = _triangulate(kept)
    return Group(kept, triangles) if len(triangles) else None


def _repaired(rings: Sequence[I64]) -> list[Group]:
    """The groups of rings that rounding made cross themselves (needles, holes that touch the rim)."""
    whole = shapely.make_valid(Polygon(rings[0], rings[1:]))
    snapped = shapely.set_precision(whole, 1.0)
    groups = (
        _group([np.rint(shapely.get_coordinates(r)).astype(np.int64) for r in (part.exterior, *part.interiors)])
        for part in parts_of(snapped)
    )
    return [g for g in groups if g is not None and g.covered]


def parts_of(area: BaseGeometry) -> list[Polygon]:
    """The polygons of any geometry, empty ones left out."""
    if isinstance(area, Polygon):
        return [] if area.is_empty else [area]
    if isinstance(area, MultiPolygon):
        return [p for p in area.geoms if not p.is_empty]
    return [p for p in shapely.get_parts(area).tolist() if p.geom_type == "Polygon" and not p.is_empty]


def _signed_area(ring: I64) -> float:
    x, y = ring[:, 0], ring[:, 1]
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def _clean(ring: I64, turn: int) -> I64 | None:
    """An open ring turned the wanted way, without repeated and straight points, from its lowest-leftmost point.

    Plain lists: most rings have five points, where numpy's calls cost more than the work.
    """
    points: list[tuple[int, int]] = list(zip(*ring.T.tolist(), strict=True))
    before = 0
    while len(points) != before:
        before = len(points)
        points = [p for k, p in enumerate(points) if p != points[k - 1]]
        last = len(points)
        points = [p for k, p in enumerate(points) if _bends(points[k - 1], p, points[(k + 1) % last])]
    if len(points) < 3 or len(points) > MAX_RING:
        return None
    area = sum(p[0] * q[1] - q[0] * p[1] for p, q in zip(points, [*points[1:], points[0]], strict=True))
    if area == 0:
        return None
    if area * turn < 0:
        points.reverse()
    first = min(range(len(points)), key=lambda k: points[k][::-1])
    return np.array(points[first:] + points[:first], dtype=np.int64)


def _bends(before: tuple[int, int], point: tuple[int, int], after: tuple[int, int]) -> bool:
    """Whether the ring turns at this point."""
    (ax, ay), (bx, by), (cx, cy) = before, point, after
    return (bx - ax) * (cy - by) != (by - ay) * (cx - bx)


def _triangulate(rings: tuple[I64, ...]) -> I64:
    """Counter-clockwise triangles of one group; convex quadrilaterals, most rooms, skip the general method."""
    outer = rings[0]
    if len(rings) == 1:
        if len(outer) == 3:
            return _TRIANGLE
        if len(outer) == 4 and _convex(outer):
            return _QUAD
    points = np.concatenate(rings)
    ends = np.cumsum([len(r) for r in rings]).astype(np.uint32)
    found = mapbox_earcut.triangulate_float64(points.astype(np.float64), ends).astype(np.int64).reshape(-1, 3)
    return _counter_clockwise(points, found)


def triangles_of(part: Polygon) -> tuple[npt.NDArray[np.float64], I64]:
    """Points (n, 2) [m] of a polygon's rings and its counter-clockwise triangles."""
    shape = shapely.geometry.polygon.orient(part)
    rings = [shapely.get_coordinates(r)[:-1] for r in (shape.exterior, *shape.interiors)]
    points = np.concatenate(rings)
    ends = np.cumsum([len(r) for r in rings]).astype(np.uint32)
    found = mapbox_earcut.triangulate_float64(points, ends).astype(np.int64).reshape(-1, 3)
    return points, _counter_clockwise(points, found)


def _counter_clockwise(points: npt.NDArray[Any], triangles: I64) -> I64:
    """Triangles turned counter-clockwise; those without area are dropped."""
    a, b, c = points[triangles[:, 0]], points[triangles[:, 1]], points[triangles[:, 2]]
    twice = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    turned: I64 = np.where((twice < 0)[:, None], triangles[:, [0, 2, 1]], triangles)[twice != 0]
    return turned


def _convex(ring: I64) -> bool:
    points: list[list[int]] = ring.tolist()
    return all(
        (bx - ax) * (cy - by) > (by - ay) * (cx - bx)
        for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:] + points[:1], points[2:] + points[:2], strict=True)
    )
