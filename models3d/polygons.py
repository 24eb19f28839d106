"""Plan geometry of real files made fit to compute with: valid, flat, oriented polygons, and what had to be mended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import GeometryCollection, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from twin.space import Area

SLIVER_M2: Final = 0.01
"""Pieces smaller than this are drawing dirt, not space [m2]."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A polygon fit for use, or None, and ``repaired``: whether its ring crossed or touched itself before."""

    area: Area | None
    repaired: bool = False
    reason: str = ""


def clean(geometry: BaseGeometry, least_m2: float = SLIVER_M2) -> Cleaned:
    """The valid area of ``geometry`` [m]: flat, crossings untangled, slivers gone, outer rings counter-clockwise."""
    if geometry.is_empty:
        return Cleaned(None, reason="it is empty")
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        return Cleaned(None, reason="it has coordinates that are not numbers")
    flat = shapely.force_2d(geometry)
    repaired = not flat.is_valid
    reason = str(shapely.is_valid_reason(flat)) if repaired else ""
    if repaired:
        flat = _untangled(flat)
    area = to_area(flat, least_m2)
    if area is None:
        return Cleaned(None, repaired, reason or "it encloses no area")
    return Cleaned(area, repaired, reason)


def _untangled(flat: BaseGeometry) -> BaseGeometry:
    """A valid geometry; micrometres first, for the repair itself trips over corners that lie closer than that."""
    rounded: BaseGeometry = shapely.transform(flat, lambda xy: np.round(xy, 6))
    fixed = shapely.make_valid(rounded, method="structure", keep_collapsed=False)
    return fixed if fixed.is_valid else fixed.buffer(0.0)


def to_area(geometry: BaseGeometry, least_m2: float = SLIVER_M2) -> Area | None:
    """The polygons in ``geometry``, without slivers, oriented; None if there are none."""
    parts = [part for part in _polygons(geometry) if part.area >= least_m2]
    if not parts:
        return None
    whole: Area = shapely.orient_polygons(parts[0] if len(parts) == 1 else MultiPolygon(parts))
    return whole


def union(areas: Iterable[BaseGeometry], gap_m: float = 0.0) -> Area | None:
    """The union of areas; ``gap_m`` closes joints up to that width [m] (rooms drawn to the face of a wall)."""
    parts = list(areas)
    if not parts:
        return None
    if gap_m > 0.0:
        grown = shapely.union_all(shapely.buffer(np.array(parts, dtype=object), gap_m / 2, join_style="mitre"))
        merged: BaseGeometry = shapely.buffer(grown, -gap_m / 2, join_style="mitre")
    else:
        merged = shapely.union_all(np.array(parts, dtype=object))
    return to_area(merged if merged.is_valid else shapely.make_valid(merged, method="structure", keep_collapsed=False))


def from_rings(rings: Sequence[npt.NDArray[np.float64]]) -> Cleaned:
    """A polygon from its outer ring and holes, each (n, 2) [m]."""
    usable = [ring for ring in rings if len(ring) >= 3]
    if not usable or len(rings[0]) < 3:
        return Cleaned(None, reason="its outline has fewer than three corners")
    if not all(np.isfinite(ring).all() for ring in usable):
        return Cleaned(None, reason="it has coordinates that are not numbers")
    return clean(Polygon(usable[0], usable[1:]))


def inside_point(area: BaseGeometry) -> tuple[float, float]:
    """A point inside the area [m], for labels and findings."""
    point = area.representative_point()
    return (float(point.x), float(point.y))


def _polygons(geometry: Any) -> list[Polygon]:
    if isinstance(geometry, Polygon):
        return [] if geometry.is_empty else [geometry]
    if isinstance(geometry, MultiPolygon | GeometryCollection):
        return [polygon for part in geometry.geoms for polygon in _polygons(part)]
    return []
