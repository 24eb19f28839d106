"""The campus as a drawing: blocks of clay from the south-west, one group a building. For phones, which load no model.

Its colours are the stylesheet's: ``clay-top``, ``clay-front``, ``clay-side``; a group says its building in ``data-id``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from html import escape

import shapely

from twin.space import Building, Campus

AZIMUTH, PITCH = math.radians(18.0), math.radians(34.0)
COARSE_M = 2.0
WIDTH = 1000.0
MARGIN = 12.0
Ring = list[tuple[float, float]]
Corner = tuple[float, float, float]


def drawing(campus: Campus) -> str:
    """The drawing as SVG; '' where no building has a plan."""
    blocks = [block for building in campus.buildings if (block := _block(building)) is not None]
    if not blocks:
        return ""
    blocks.sort(key=lambda block: -_depth(shapely.Polygon(block[1]).centroid.coords[0]))
    corners = [_at((x, y, z)) for _, ring, _, low, high in blocks for x, y in ring for z in (low, high)]
    left, right = min(x for x, _ in corners), max(x for x, _ in corners)
    top, bottom = min(y for _, y in corners), max(y for _, y in corners)
    scale = (WIDTH - 2 * MARGIN) / max(1.0, right - left)
    paper = _Paper(left, top, scale)
    groups = "".join(_group(paper, *block) for block in blocks)
    height = (bottom - top) * scale + 2 * MARGIN
    return (
        f'<svg class="campus-drawing" viewBox="0 0 {WIDTH:.0f} {height:.0f}" aria-hidden="true" focusable="false">'
        f"{groups}</svg>"
    )


class _Paper:
    """Where corners [m] stand on the drawing."""

    def __init__(self, left: float, top: float, scale: float) -> None:
        self._left, self._top, self._scale = left, top, scale

    def points(self, corners: list[Corner]) -> str:
        """Corners as SVG has them."""
        return " ".join(self.point(corner) for corner in corners)

    def point(self, corner: Corner) -> str:
        """One corner."""
        x, y = _at(corner)
        return f"{(x - self._left) * self._scale + MARGIN:.0f},{(y - self._top) * self._scale + MARGIN:.0f}"


def _at(corner: Corner) -> tuple[float, float]:
    """A corner [m] seen from afar: to the right, and down."""
    x, y, z = corner
    across = x * math.cos(AZIMUTH) - y * math.sin(AZIMUTH)
    return across, -(_depth((x, y)) * math.sin(PITCH) + z * math.cos(PITCH))


def _depth(place: tuple[float, ...]) -> float:
    return place[0] * math.sin(AZIMUTH) + place[1] * math.cos(AZIMUTH)


def _block(building: Building) -> tuple[str, Ring, list[Ring], float, float] | None:
    """Id, outline, courts, floor and roof [m] of a building; None without a plan."""
    storeys = [storey for storey in building.storeys if storey.ordinal >= 0] or building.storeys
    shapes = [shape for storey in storeys if (shape := storey.outline) is not None and not shape.is_empty]
    if not shapes and building.outline is not None:
        shapes = [building.outline]
    if not shapes:
        shapes = [room.polygon for storey in storeys for room in storey.spaces if room.polygon is not None]
    if not shapes:
        return None
    whole = shapely.unary_union([shapely.make_valid(shape) for shape in shapes])
    parts = [part for part in shapely.get_parts(whole.simplify(COARSE_M)) if isinstance(part, shapely.Polygon)]
    if not parts:
        return None
    largest = shapely.geometry.polygon.orient(max(parts, key=lambda part: part.area))
    courts = [_ring(ring) for ring in largest.interiors if shapely.Polygon(ring).area > 16 * COARSE_M**2]
    low = min(storey.elevation_m for storey in storeys) if storeys else 0.0
    high = max((storey.elevation_m + storey.height_m for storey in storeys), default=4.0)
    return building.id, _ring(largest.exterior), courts, low, max(high, low + 3.0)


def _ring(ring: shapely.LinearRing) -> Ring:
    return [(x, y) for x, y, *_ in ring.coords[:-1]]


def _group(paper: _Paper, id_: str, outline: Ring, courts: list[Ring], low: float, high: float) -> str:
    walls = [
        *_walls(paper, outline, low, high),
        *(wall for court in courts for wall in _walls(paper, court, low, high)),
    ]
    roof = "".join(
        f"M{paper.points([(x, y, high) for x, y in ring]).replace(' ', 'L')}Z" for ring in (outline, *courts)
    )
    path = f'<path class="clay-top" fill-rule="evenodd" d="{roof}"/>'
    return f'<g data-id="{escape(id_)}">{"".join(walls)}{path}</g>'


def _walls(paper: _Paper, ring: Ring, low: float, high: float) -> Iterator[str]:
    """The walls that look this way; outlines run with the land at their left, courts the other way about."""
    for (x0, y0), (x1, y1) in zip(ring, [*ring[1:], ring[0]], strict=True):
        outward = (y1 - y0, x0 - x1)
        if _depth(outward) >= 0:
            continue
        kind = "side" if outward[0] * math.cos(AZIMUTH) - outward[1] * math.sin(AZIMUTH) > 0 else "front"
        points = paper.points([(x0, y0, low), (x1, y1, low), (x1, y1, high), (x0, y0, high)])
        yield f'<polygon class="clay-{kind}" points="{points}"/>'
