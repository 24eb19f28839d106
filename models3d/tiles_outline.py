"""The outside of a building: the outline of each storey, and the part of it that is roof.

The viewer draws a closed building from these: a glazed band and a slab edge along every outline, a roof with its
parapet where no storey stands above.
"""

from __future__ import annotations

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from models3d.tiles_rings import parts_of
from twin.space import Area, Building, Storey

WALL_M = 0.45
"""Gaps between rooms up to twice this are walls [m]."""
SMALLEST_PART_M2 = 2.0
SMALLEST_ROOF_M2 = 4.0
SLIVER_M = 0.3
"""Strips narrower than twice this between two storeys' outlines are no terrace [m]."""


def ordered_storeys(building: Building) -> list[Storey]:
    """Storeys lowest first: by floor level, then by ordinal. The one order that slots and packs follow."""
    return sorted(building.storeys, key=lambda s: (s.elevation_m, s.ordinal))


def outline_of(storey: Storey, building: Building) -> Area | None:
    """The plan of a storey [m]: as its model gives it, else its rooms grown together over the walls between them.

    A storey with neither takes the building's outline; None if that is unknown too.
    """
    if storey.outline is not None and not storey.outline.is_empty:
        return _area(shapely.make_valid(storey.outline).simplify(0.02))
    shapes = [s.polygon for s in storey.spaces if s.polygon is not None and not s.polygon.is_empty]
    if not shapes:
        return _area(building.outline)
    grown = shapely.union_all(shapely.buffer(shapes, WALL_M, join_style="mitre", mitre_limit=2.0))
    joined = shapely.buffer(grown, 0.15 - WALL_M, join_style="mitre", mitre_limit=2.0).simplify(0.08)
    return _area(joined)


def _area(shape: BaseGeometry | None) -> Area | None:
    """The parts and holes large enough to see, or None."""
    if shape is None or shape.is_empty:
        return None
    kept = [
        Polygon(p.exterior, [h for h in p.interiors if Polygon(h).area >= SMALLEST_PART_M2])
        for p in parts_of(shape)
        if p.area >= SMALLEST_PART_M2
    ]
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else MultiPolygon(kept)


def roofs_of(storeys: list[Storey], outlines: list[Area | None], ground_z: float) -> list[Area | None]:
    """For each storey the part of its outline that lies under the sky, None where there is none."""
    roofs: list[Area | None] = [None] * len(storeys)
    above: BaseGeometry = Polygon()
    for i in range(len(storeys) - 1, -1, -1):
        outline = outlines[i]
        if outline is None:
            continue
        if storeys[i].elevation_m + storeys[i].height_m > ground_z + 1.0:
            roofs[i] = _roof(outline, above)
        above = outline if above.is_empty else above.union(outline)
    return roofs


def _roof(outline: Area, above: BaseGeometry) -> Area | None:
    if above.is_empty:
        return outline
    if above.contains(outline):
        return None
    free = outline.difference(above)
    opened = free.buffer(-SLIVER_M, join_style="mitre").buffer(SLIVER_M, join_style="mitre", mitre_limit=2.0)
    kept = [p for p in parts_of(opened.simplify(0.02)) if p.area >= SMALLEST_ROOF_M2]
    if not kept:
        return None
    return kept[0] if len(kept) == 1 else MultiPolygon(kept)
