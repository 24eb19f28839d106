"""Light baked at import: how high the campus stands and how much sky each spot of ground and roof sees.

The viewer shades courtyards, street canyons and the feet of walls from these two small maps instead of tracing
anything. Sky visibility of a level spot is the cosine-weighted share of the dome above its horizon,
``1 - mean(sin^2 h)`` over 48 directions, with h the horizon's elevation (the height-field form of ambient
occlusion: Max, The Visual Computer 4, 1988, doi:10.1007/BF01905562).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import shapely

from models3d.tiles_rings import parts_of
from twin.space import Area

MAGIC = b"CTL1"
HEADER = struct.Struct("<4sII6fI")
LARGEST = 1024
"""Texels along the longer side."""
FINEST_M = 0.5
MARGIN_M = 60.0
DIRECTIONS = 48
"""At the farthest reach they lie 8 texels apart: fewer pass a slender tower by, and the ground round it is blotched."""
REACH = (1, 2, 3, 5, 8, 12, 18, 27, 40, 60)
"""Distances that are looked at [texels]."""
SKY_STEP = 4
"""Sky visibility is kept in steps of 4/255: finer than eyes see, and half the bytes."""
CANOPY = 1.9
"""Height of a tree over the radius of its crown, as the viewer draws it."""

F32 = npt.NDArray[np.float32]


def bake_light(
    roofs: Sequence[tuple[Area, float]], trees: Mapping[str, Sequence[float]] | None, ground_z: float
) -> bytes:
    """The light file of roofs (plan, height above the datum [m]) and trees; empty bytes without roofs."""
    if not roofs:
        return b""
    box = (
        shapely.total_bounds(np.array([shape for shape, _ in roofs], dtype=object))
        + np.array([-1, -1, 1, 1]) * MARGIN_M
    )
    texel = max(FINEST_M, float(max(box[2] - box[0], box[3] - box[1])) / LARGEST)
    # whole multiples of 4: rows of single bytes need no padding on the graphics card
    width, height = (math.ceil((box[i + 2] - box[i]) / texel / 4) * 4 for i in (0, 1))
    field = np.full((height, width), ground_z, np.float32)
    for shape, top in roofs:
        raise_area(field, shape, top, (box[0], box[1]), texel)
    sky = sky_visibility(field, _with_trees(field, trees, (box[0], box[1]), texel, ground_z), texel)
    z_step = max(0.05, float(field.max() - ground_z) / 255)
    levels = np.clip(np.rint((field - ground_z) / z_step), 0, 255).astype(np.uint8)
    shades = np.minimum(np.rint(sky * 255 / SKY_STEP) * SKY_STEP, 255).astype(np.uint8)
    x1, y1 = box[0] + width * texel, box[1] + height * texel
    head = HEADER.pack(MAGIC, width, height, box[0], box[1], x1, y1, ground_z, z_step, 0)
    return head + _rows_from_rows(levels) + _rows_from_rows(shades)


def _rows_from_rows(image: npt.NDArray[np.uint8]) -> bytes:
    """Each row as its difference from the row before, modulo 256: what makes gzip work on smooth maps."""
    return np.diff(image, axis=0, prepend=np.zeros((1, image.shape[1]), np.uint8)).tobytes()


def raise_area(field: F32, shape: Area, top: float, origin: tuple[float, float], texel: float) -> None:
    """Lift ``field`` to ``top`` [m] where texel centres lie inside ``shape``; what is higher stays."""
    for part in parts_of(shape):
        rings = [(shapely.get_coordinates(r) - origin) / texel - 0.5 for r in (part.exterior, *part.interiors)]
        low = np.maximum(np.floor(rings[0].min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(rings[0].max(axis=0)).astype(int) + 1, [field.shape[1], field.shape[0]])
        if np.any(high <= low):
            continue
        inside = _inside([r - low for r in rings], int(high[0] - low[0]), int(high[1] - low[1]))
        window = field[low[1] : high[1], low[0] : high[0]]
        window[inside] = np.maximum(window[inside], np.float32(top))


def _inside(rings: Sequence[npt.NDArray[np.float64]], width: int, height: int) -> npt.NDArray[np.bool_]:
    """Even-odd fill: mark where an edge crosses a row, then count the crossings to the left of each texel."""
    marks = np.zeros((height, width + 1), np.int32)
    for ring in rings:
        for (x0, y0), (x1, y1) in zip(ring[:-1].tolist(), ring[1:].tolist(), strict=True):
            first, last = max(math.ceil(min(y0, y1)), 0), min(math.ceil(max(y0, y1)), height)
            if last <= first:
                continue
            rows = np.arange(first, last)
            columns = np.ceil(x0 + (rows - y0) * ((x1 - x0) / (y1 - y0))).astype(int)
            np.add.at(marks, (rows, np.clip(columns, 0, width)), 1)
    return np.asarray(np.cumsum(marks[:, :width], axis=1) % 2 == 1)


def _with_trees(
    field: F32, trees: Mapping[str, Sequence[float]] | None, origin: tuple[float, float], texel: float, ground_z: float
) -> F32:
    """The height field with crowns standing on it: they shade the ground, but no light is kept for their tops."""
    if not trees:
        return field
    covered = field.copy()
    rows, columns = field.shape
    for x, y, r in zip(trees["x"], trees["y"], trees["r"], strict=True):
        u, v, reach = (x - origin[0]) / texel, (y - origin[1]) / texel, r * 0.75 / texel
        u0, u1 = max(round(u - reach), 0), min(round(u + reach), columns)
        v0, v1 = max(round(v - reach), 0), min(round(v + reach), rows)
        if u1 > u0 and v1 > v0:
            window = covered[v0:v1, u0:u1]
            np.maximum(window, np.float32(ground_z + r * CANOPY), out=window)
    return covered


def sky_visibility(field: F32, covered: F32, texel: float) -> F32:
    """Share of the sky, 0..1, that each texel of ``field`` [m] sees over the heights of ``covered`` [m]."""
    rows, columns = field.shape
    pad = max(REACH) + 1
    around = np.pad(covered, pad, mode="edge")
    total = np.zeros_like(field)
    slope = np.zeros_like(field)
    for k in range(DIRECTIONS):
        angle = 2 * math.pi * (k + 0.5) / DIRECTIONS
        slope[:] = 0
        for reach in REACH:
            dx, dy = round(math.cos(angle) * reach), round(math.sin(angle) * reach)
            away = math.hypot(dx, dy) * texel
            there = around[pad + dy : pad + dy + rows, pad + dx : pad + dx + columns]
            np.maximum(slope, (there - field) * np.float32(1 / away), out=slope)
        total += 1 / (1 + slope * slope)
    total /= DIRECTIONS
    return total
