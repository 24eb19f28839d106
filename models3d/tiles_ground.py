"""The ground as the viewer loads it: features cut so that none overlaps another, in triangles, and tree positions.

Without overlaps the ground needs no layers in depth: one mesh, one draw, no flicker where a path crosses a lawn.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from models3d.model import Feature
from models3d.tiles_rings import parts_of, triangles_of

ORDER = ("sport", "plaza", "road", "path", "parking", "water", "green", "land")
"""Which kind wins where two overlap, strongest first: a road crosses a river, a path a lawn."""
LINE_WIDTH_M = {"road": 7.0, "path": 2.5, "water": 6.0, "wall": 0.4}
TREE_SPACING_M = 8.0
CROWN_PER_HEIGHT = 0.32
"""Radius of a crown over the height of its tree."""
TREE_HEIGHT_M = 9.0
STEP_M = 0.05
"""The ground is drawn to 5 cm."""


def ground_document(features: Sequence[Feature], z: float) -> dict[str, Any] | None:
    """The ground's JSON (docs/reference/scene-format.md), or None where the campus has no ground features."""
    if not features:
        return None
    areas = {kind: _area_of(features, kind) for kind in ORDER}
    box = shapely.total_bounds(np.array([a for a in areas.values() if not a.is_empty] or [Polygon()], dtype=object))
    origin = (0.0, 0.0) if np.isnan(box).any() else (float(np.floor(box[0])), float(np.floor(box[1])))
    taken: BaseGeometry = Polygon()
    meshes = []
    for kind in ORDER:
        area = areas[kind]
        if area.is_empty:
            continue
        rest = area if taken.is_empty else area.difference(taken)
        taken = area if taken.is_empty else taken.union(area)
        mesh = _mesh(kind, rest, origin)
        if mesh["tri"]:
            meshes.append(mesh)
    return {
        "z": round(z, 2),
        "origin": list(origin),
        "step": STEP_M,
        "meshes": meshes,
        "names": _names(features),
        "trees": tree_table(features, z),
    }


def _area_of(features: Sequence[Feature], kind: str) -> BaseGeometry:
    shapes = [flat for f in features if f.kind == kind for flat in [_flat(f)] if flat is not None]
    if not shapes:
        return Polygon()
    return shapely.union_all(shapes).simplify(STEP_M)


def _flat(feature: Feature) -> BaseGeometry | None:
    """A feature's area: polygons as they are, lines with their width."""
    shape: BaseGeometry = shapely.force_2d(feature.geometry)
    if shape.is_empty:
        return None
    if shape.geom_type in ("Polygon", "MultiPolygon"):
        valid: BaseGeometry = shape if shape.is_valid else shapely.make_valid(shape)
        return valid
    if "LineString" in shape.geom_type:
        width = feature.width_m or LINE_WIDTH_M.get(feature.kind, 3.0)
        wide: BaseGeometry = shape.buffer(width / 2, quad_segs=4)
        return wide
    return None


def _mesh(kind: str, area: BaseGeometry, origin: tuple[float, float]) -> dict[str, Any]:
    """Points in whole steps from the origin (each from the one before) and triangles of all parts of one kind."""
    points: list[np.ndarray[Any, Any]] = []
    triangles: list[np.ndarray[Any, Any]] = []
    base = 0
    for part in parts_of(area):
        if part.area < 0.5:
            continue
        xy, tri = triangles_of(part)
        points.append(xy)
        triangles.append(tri + base)
        base += len(xy)
    if not points:
        return {"kind": kind, "x": [], "y": [], "tri": []}
    steps = np.rint((np.concatenate(points) - origin) / STEP_M).astype(np.int64)
    deltas = np.diff(steps, axis=0, prepend=np.zeros((1, 2), np.int64))
    return {
        "kind": kind,
        "x": deltas[:, 0].tolist(),
        "y": deltas[:, 1].tolist(),
        "tri": np.concatenate(triangles).reshape(-1).tolist(),
    }


def _names(features: Iterable[Feature]) -> list[dict[str, Any]]:
    """Named features with a point inside them, for labels (a river, a square)."""
    named = [(f, f.geometry.representative_point()) for f in features if f.names and not f.geometry.is_empty]
    return [{"kind": f.kind, "names": f.names, "x": round(p.x, 1), "y": round(p.y, 1)} for f, p in named]


def tree_table(features: Iterable[Feature], z: float) -> dict[str, list[float]]:
    """Crowns: centre on the ground (x, y, z) and radius r [m]; rows are planted every 8 m; sizes vary a little."""
    dice = random.Random(7)  # noqa: S311 - the same campus gets the same trees
    table: dict[str, list[float]] = {"x": [], "y": [], "z": [], "r": []}
    for feature in features:
        if feature.kind not in ("tree", "tree-row"):
            continue
        crown = CROWN_PER_HEIGHT * (feature.height_m or TREE_HEIGHT_M)
        for x, y in _standing(feature.geometry):
            size = crown * dice.uniform(0.82, 1.18)
            for key, value in zip("xyzr", (x, y, z, size), strict=True):
                table[key].append(round(value, 1))
    return table


def _standing(shape: BaseGeometry) -> list[tuple[float, float]]:
    """Where the trees of a feature stand: its points, or along its lines."""
    if "LineString" in shape.geom_type:
        spots = []
        for line in shapely.get_parts(shape).tolist():
            count = max(1, round(line.length / TREE_SPACING_M))
            spots += shapely.line_interpolate_point(line, np.arange(count + 1) / count, normalized=True).tolist()
        return [(p.x, p.y) for p in spots]
    points = shapely.get_coordinates(shape if "Point" in shape.geom_type else shape.centroid)
    return [(float(x), float(y)) for x, y in points]
