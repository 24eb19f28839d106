"""Trees of the demo campus: rows along roads, groups in parks, on the banks and in courtyards.

No tree stands in a building, on a road, in water or on a sports ground: candidates are drawn first, then asked.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from random import Random

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, MultiPoint
from shapely.geometry.base import BaseGeometry

from models3d.demo_ground import RING_WIDTH, STREET_WIDTH, Ground
from models3d.model import Feature

XY = npt.NDArray[np.float64]
HEIGHTS_M = (5.5, 6.5, 7.5, 8.5, 9.5, 11.0)
LEAST_M = 5.0  # between two trunks


def _row(line: LineString, offset: float, step: float) -> XY:
    """Every ``step`` [m] along ``line``, ``offset`` [m] to its left."""
    side = line.offset_curve(offset) if not line.is_ring else line.buffer(abs(offset)).exterior
    if line.is_ring and offset < 0:
        side = line.buffer(-offset).interiors[0]
    if side.is_empty:
        return np.zeros((0, 2))
    at = np.arange(step / 2, side.length, step)
    return shapely.get_coordinates(shapely.line_interpolate_point(side, at + 0.9 * np.sin(at * 1.7)))  # not like beads


def _scatter(area: BaseGeometry, step: float, share: float, rng: np.random.Generator) -> XY:
    """A jittered grid over ``area``, thinned to clumps: about ``share`` of the places are taken."""
    if area.is_empty:
        return np.zeros((0, 2))
    x0, y0, x1, y1 = area.bounds
    xs, ys = np.meshgrid(np.arange(x0, x1, step), np.arange(y0, y1, step))
    xy = np.column_stack((xs.ravel(), ys.ravel()))
    xy += rng.uniform(-0.36, 0.36, xy.shape) * step
    phase = rng.uniform(0, 2 * np.pi, 3)
    clump = (
        np.sin(xy[:, 0] / 23.0 + phase[0]) + np.sin(xy[:, 1] / 19.0 + phase[1]) + np.sin(xy.sum(1) / 31.0 + phase[2])
    )
    keep = clump / 3 + rng.uniform(-0.45, 0.45, len(xy)) > np.quantile(clump / 3, 1 - share)
    xy = xy[keep]
    inside: XY = xy[shapely.contains_xy(area, xy)]
    return inside


def _candidates(g: Ground, rng: np.random.Generator) -> Iterable[tuple[XY, tuple[int, ...]]]:
    """Places and the heights (as indices of HEIGHTS_M) that grow there; what comes first stands first."""
    for k, line in enumerate(g.avenues):
        for offset in (RING_WIDTH / 2 + 3.5, -RING_WIDTH / 2 - 3.5):
            yield _row(line, offset, 9.0), (2, 3)
            if k == 0:
                yield _row(line, offset * 1.75, 9.0), (2, 3)
    for line in g.streets:
        for offset in (STREET_WIDTH / 2 + 2.8, -STREET_WIDTH / 2 - 2.8):
            yield _row(line, offset, 11.0), (1, 2)
    for wedge in g.wedges:
        yield _scatter(wedge.buffer(-3), 8.0, 0.46, rng), (1, 2, 3, 4, 5)
    for court in g.courts:
        yield _scatter(court.buffer(-3.5), 9.0, 0.34, rng), (0, 1, 2)
    if g.river.is_empty:
        return
    bank = g.river.buffer(60).difference(g.river.buffer(5)).intersection(g.plot.buffer(520))
    yield _scatter(bank, 8.5, 0.62, rng), (1, 2, 3, 4)


def _apart(xy: XY, taken: dict[tuple[int, int], list[tuple[float, float]]]) -> list[tuple[float, float]]:
    """Those of ``xy`` that keep LEAST_M from all before; ``taken`` is a grid of that width."""
    kept = []
    for x, y in xy.tolist():
        i, j = int(x // LEAST_M), int(y // LEAST_M)
        near = (p for a in (i - 1, i, i + 1) for b in (j - 1, j, j + 1) for p in taken[a, b])
        if all((x - p) ** 2 + (y - q) ** 2 >= LEAST_M**2 for p, q in near):
            taken[i, j].append((x, y))
            kept.append((x, y))
    return kept


def trees(g: Ground, seed: int) -> list[Feature]:
    """All trees, as one feature of points for each height [m]."""
    rng = np.random.default_rng((seed, 7))
    dice = Random(f"{seed}/trees")
    forbidden = shapely.union_all(
        [
            g.footprints.buffer(3.4),
            g.area_of("road").buffer(1.6),
            g.area_of("path").buffer(0.8),
            g.area_of("water").buffer(1.5),
            g.area_of("sport", "parking").buffer(1.0),
            g.area_of("plaza").buffer(-5.0),
        ]
    )
    shapely.prepare(forbidden)
    taken: dict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    by_height: dict[float, list[tuple[float, float]]] = {h: [] for h in HEIGHTS_M}
    for places, heights in _candidates(g, rng):
        free = places[~shapely.contains_xy(forbidden, places)] if len(places) else places
        for spot in _apart(np.round(free, 2), taken):
            by_height[HEIGHTS_M[dice.choice(heights)]].append(spot)
    return [Feature("tree", MultiPoint(spots), height_m=h) for h, spots in by_height.items() if spots]
