"""Roads, green, water, squares, walls and trees from tagged map features (metres)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import shapely
from shapely.geometry import LineString, MultiLineString, MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from models3d import osm_tags, polygons
from models3d.model import Feature
from models3d.osm_tags import Tags

TREE_M: Final = 8.0
"""A tree's height where the file gives none [m]."""
_AREAL: Final = frozenset({"green", "water", "sport", "parking", "plaza", "land"})


def features(rows: Iterable[tuple[Tags, BaseGeometry]]) -> Iterator[Feature]:
    """Ground features of tagged geometries; what is no ground is skipped."""
    for tags, geometry in rows:
        kind = osm_tags.ground_kind(tags)
        if kind is None or geometry.is_empty:
            continue
        names = osm_tags.names(tags)
        yield from _feature(kind, tags, shapely.force_2d(geometry), names)


def _feature(kind: str, tags: Tags, geometry: BaseGeometry, names: dict[str, str]) -> Iterator[Feature]:
    if kind == "tree":
        height = osm_tags.metres(tags.get("height", "")) or TREE_M
        for point in _points(geometry):
            yield Feature("tree", point, names, height_m=min(max(height, 1.0), 60.0))
        return
    for line in _lines(geometry) if not (geometry.area > 0.0) else ():
        if kind in _AREAL and kind != "water":
            if line.is_closed and (area := polygons.clean(shapely.Polygon(line.coords)).area) is not None:
                yield Feature(kind, area, names)
        else:
            yield Feature(kind, line, names, width_m=osm_tags.width(tags, kind))
    if geometry.area > 0.0 and (area := polygons.clean(geometry).area) is not None:
        if kind in ("wall", "tree-row"):
            yield Feature(kind, shapely.boundary(area), names, width_m=osm_tags.width(tags, kind))
        else:
            yield Feature("plaza" if kind == "path" else kind, area, names)


def _points(geometry: Any) -> list[Point]:
    if isinstance(geometry, Point):
        return [geometry]
    if isinstance(geometry, MultiPoint):
        return list(geometry.geoms)
    return [geometry.representative_point()]


def _lines(geometry: Any) -> list[LineString]:
    if isinstance(geometry, LineString):
        return [geometry]
    if isinstance(geometry, MultiLineString):
        return list(geometry.geoms)
    return []
