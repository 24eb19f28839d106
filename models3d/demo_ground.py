"""The ground of the demo campus: river, lake, roads, wedges, squares, lawns, sports grounds [m, campus frame].

The plot is the buildings' hull widened until it has its stated 1,750 mu; the ring road follows it. Streets run along
each block's own grid. What grows is in demo_trees.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import affinity
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from models3d.demo_layout import FRAMES, GROUND_M2, BlockFrame
from models3d.model import Feature
from twin.space import Building

RING_WIDTH, AVENUE_WIDTH, STREET_WIDTH, PATH_WIDTH = 12.0, 12.0, 6.5, 3.0
RING_INSET = 13.0
REACH = 1_500.0  # how far river and city roads run [m]

# Streets of each block on its own grid: x of those that run north; y of those that run east, and how far east.
_STREETS: dict[str, tuple[tuple[float, ...], tuple[tuple[float, float], ...]]] = {
    "edu": ((-90.0, 90.0), ((66.0, 900.0), (-66.0, 900.0))),
    "res": ((-90.0, 90.0), ((66.0, 900.0), (-66.0, 900.0))),
    "tra": ((-90.0, 90.0), ((5.0, 900.0), (-134.0, 900.0))),
    "ser": ((-58.0, 56.0, 172.0), ((118.0, 172.0), (-40.0, 900.0))),
}
# The quarter of the plot whose streets they are: x and y from the boulevards outwards.
_QUARTERS = {
    "edu": (-REACH, -112.0, -8.0, REACH), "res": (112.0, REACH, -8.0, REACH),
    "tra": (114.0, REACH, -REACH, -16.0), "ser": (-REACH, -50.0, -REACH, -16.0),
}  # fmt: skip


@dataclass(slots=True)
class Ground:
    """The features, and the areas that trees ask about."""

    features: list[Feature] = field(default_factory=list)
    plot: Polygon = field(default_factory=Polygon)
    footprints: BaseGeometry = field(default_factory=Polygon)
    courts: list[Polygon] = field(default_factory=list)
    wedges: list[Polygon] = field(default_factory=list)
    river: Polygon = field(default_factory=Polygon)
    avenues: list[LineString] = field(default_factory=list)
    streets: list[LineString] = field(default_factory=list)

    def add(self, kind: str, geometry: BaseGeometry, width_m: float = 0.0, zh: str = "", en: str = "") -> None:
        """Append a feature, unless nothing is left of it."""
        if not geometry.is_empty:
            names = {"zh": zh, "en": en} if zh else {}
            self.features.append(Feature(kind, geometry, names, width_m))

    def area_of(self, *kinds: str) -> BaseGeometry:
        """What the features of these kinds cover, lines with their width."""
        parts = [
            f.geometry.buffer(f.width_m / 2) if "Line" in f.geometry.geom_type else f.geometry
            for f in self.features
            if f.kind in kinds
        ]
        return shapely.union_all(parts, grid_size=0.01)  # without a grid, near-touching edges trip GEOS


def smooth(points: Sequence[tuple[float, float]], closed: bool = False, rounds: int = 3) -> list[tuple[float, float]]:
    """Chaikin's corner cutting: a soft line through the neighbourhood of ``points``."""
    xy = np.array(points, dtype=float)
    for _ in range(rounds):
        nxt = np.roll(xy, -1, axis=0) if closed else xy[1:]
        cur = xy if closed else xy[:-1]
        cut = np.stack((0.75 * cur + 0.25 * nxt, 0.25 * cur + 0.75 * nxt), axis=1).reshape(-1, 2)
        xy = cut if closed else np.vstack((xy[:1], cut, xy[-1:]))
    return [(float(x), float(y)) for x, y in np.round(xy, 2)]


def _polygons(shape: BaseGeometry, least: float = 60.0) -> list[Polygon]:
    """The parts of ``shape`` that are polygons of at least ``least`` [m2], in a stable order."""
    parts = [p for p in shapely.get_parts(shape).tolist() if isinstance(p, Polygon) and p.area >= least]
    return sorted(parts, key=lambda p: (round(p.centroid.x, 2), round(p.centroid.y, 2)))


def _plot(footprints: BaseGeometry) -> Polygon:
    """The hull of all buildings, widened by bisection until it has the stated area."""
    hull = footprints.convex_hull
    low, high = 0.0, 200.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if hull.buffer(middle, quad_segs=12).area < GROUND_M2 else (low, middle)
    plot = hull.buffer(low, quad_segs=12)
    assert isinstance(plot, Polygon)
    return plot


def _river(plot: Polygon) -> tuple[Polygon, LineString]:
    """A gentle bend north of the plot, and its middle line."""
    north = plot.bounds[3]
    x = np.linspace(-REACH, REACH, 61)
    y = north + 118 + 34 * np.sin(x / 410.0 + 0.6) - 0.022 * x + 16 * np.sin(x / 173.0)
    middle = LineString(np.round(np.column_stack((x, y)), 2))
    width = 48 + 9 * np.sin(x / 260.0)
    banks = [*zip(x, y + width, strict=True), *reversed([*zip(x, y - width, strict=True)])]
    return Polygon(np.round(np.array(banks), 2)), middle


def ground(buildings: list[Building], planned: list[Building], outer: bool = True) -> Ground:
    """Everything flat, from the buildings that stand on it and those that are ``planned``, whose hull is the plot.

    ``outer``: with the river and the city's roads.
    """
    shapes = [b.outline for b in buildings if b.outline is not None]
    g = Ground(footprints=shapely.union_all(shapes))
    g.plot = _plot(shapely.union_all([b.outline for b in planned if b.outline is not None]))
    g.add("land", g.plot)
    _roads(g)
    if outer:
        _surroundings(g)
    _centre(g)
    _wedges(g)
    _sports(g)
    _courts(g, shapes)
    _lawns(g)
    return g


def _line_inside(line: LineString, area: BaseGeometry) -> Iterable[LineString]:
    for part in shapely.get_parts(line.intersection(area)).tolist():
        if isinstance(part, LineString) and part.length > 12:
            yield part


def _roads(g: Ground) -> None:
    inner = g.plot.buffer(-RING_INSET, quad_segs=12)
    assert isinstance(inner, Polygon)
    ring = LineString(inner.exterior.coords)
    g.avenues.append(ring)
    g.add("road", ring, RING_WIDTH, "环路", "Ring road")
    for line, zh, en in _avenues():
        for part in _line_inside(line, inner):
            g.avenues.append(part)
            g.add("road", part, AVENUE_WIDTH, zh, en)
    loop = affinity.scale(Point(0, 44).buffer(1.0, quad_segs=24), 100.0, 156.0)
    assert isinstance(loop, Polygon)
    g.avenues.append(LineString(loop.exterior.coords))
    g.add("road", LineString(loop.exterior.coords), 9.0)
    for line in _streets(inner):
        g.streets.append(line)
        g.add("road", line, STREET_WIDTH)


def _avenues() -> list[tuple[LineString, str, str]]:
    """The boulevard from west to east, which parts for the central loop, and those along the two wedges."""
    return [
        (LineString(smooth([(-900, -6), (-400, -8), (-160, 0), (-95, 12)])), "西大道", "West Avenue"),
        (LineString(smooth([(95, 12), (160, 0), (400, -22), (900, -34)])), "东大道", "East Avenue"),
        (LineString(smooth([(-88, 118), (-104, 220), (-106, 330), (-104, 700)])), "", ""),
        (LineString(smooth([(88, 118), (104, 220), (106, 330), (104, 700)])), "", ""),
        (LineString(smooth([(-44, -96), (-46, -200), (-50, -320), (-52, -700)])), "", ""),
        (LineString(smooth([(62, -80), (100, -150), (112, -300), (114, -700)])), "", ""),
    ]


def _streets(inner: Polygon) -> Iterable[LineString]:
    for block, (xs, ys) in _STREETS.items():
        frame = FRAMES[block]
        x0, x1, y0, y1 = _QUARTERS[block]
        quarter = box(x0, y0, x1, y1).intersection(inner)
        for dx in xs:
            yield from _line_inside(LineString([frame.at(dx, -800), frame.at(dx, 800)]), quarter)
        for dy, east in ys:
            yield from _line_inside(LineString([frame.at(-900, dy), frame.at(east, dy)]), quarter)


def _surroundings(g: Ground) -> None:
    """The river with green banks and a path on each, a bridge, and the city's roads."""
    g.river, middle = _river(g.plot)
    g.add("water", g.river, zh="北河", en="North River")
    g.add("road", middle.offset_curve(136.0), 11.0)
    north, south = g.plot.bounds[3], g.plot.bounds[1]
    for points, width in (
        ([(-106.0, north - 20), (-108.0, north + 90), (-120.0, north + 170), (-128.0, north + 420)], 11.0),
        ([(-REACH, south - 46), (-500.0, south - 34), (500.0, south - 30), (REACH, south - 60)], 16.0),
        ([(20.0, south + 12), (20.0, south - 30)], AVENUE_WIDTH),
    ):
        g.add("road", LineString(smooth(points)), width)
    belt = middle.buffer(126, quad_segs=4, cap_style="flat").difference(g.river).difference(g.plot)
    for part in _polygons(belt, 500):
        g.add("green", part)
    for offset in (66.0, -66.0):
        g.add("path", middle.offset_curve(offset), 4.0)


def _centre(g: Ground) -> None:
    """The library's round square, the lake, the promenade between them, the squares at the gates."""
    lake = Polygon(
        smooth([(-62, -8), (-40, 18), (6, 24), (50, 16), (64, -14), (44, -44), (4, -52), (-44, -42)], True, 4)
    )
    g.add("water", lake, zh="镜湖", en="Mirror Lake")
    g.add("plaza", lake.buffer(9, quad_segs=8).difference(lake))
    g.add("plaza", Point(0, 112).buffer(80, quad_segs=24))  # no name: it would hide the library's
    g.add("plaza", box(-15, 10, 15, 60).difference(lake))
    south = g.plot.bounds[1]
    g.add(
        "plaza",
        Polygon([(-6, south + 26), (46, south + 26), (64, south + 2), (-24, south + 2)]),
        zh="南门",
        en="South Gate",
    )
    loop = affinity.scale(Point(0, 44).buffer(1.0, quad_segs=24), 94.0, 150.0)
    inner = loop.difference(Point(0, 112).buffer(80)).difference(lake.buffer(9)).difference(box(-15, 15, 15, 60))
    for part in _polygons(inner.buffer(-2)):
        g.add("green", part)
    g.wedges += [p for p in _polygons(inner.buffer(-2)) if p.area > 400]


def _wedges(g: Ground) -> None:
    """Two parks on the axis with winding paths; number 2 opens to the river, number 3 to the south gate."""
    top, bottom = g.plot.bounds[3] - 24, g.plot.bounds[1] + 30
    north = Polygon(smooth([(-80, 196), (0, 208), (80, 196), (96, 300), (95, top), (-95, top), (-96, 300)], True, 2))
    south = Polygon(smooth([(-34, -112), (20, -114), (54, -100), (96, -190), (103, bottom), (-41, bottom), (-38, -200)],
                           True, 2))  # fmt: skip
    paths = (
        [(-70, 205), (-30, 250), (40, 290), (-40, 345), (20, 400), (0, 470)],
        [(80, 225), (30, 245), (-50, 300), (50, 360), (92, 380)],
        [(-98, 262), (-40, 280), (20, 262), (98, 285)],
        [(10, -104), (40, -160), (0, -220), (60, -280), (10, -350), (20, -430)],
        [(-40, -180), (10, -195), (70, -175), (106, -200)],
        [(-42, -300), (20, -310), (60, -330), (108, -300)],
    )
    g.add("green", north, zh="2号绿楔", en="Green Wedge 2")
    g.add("green", south, zh="3号绿楔", en="Green Wedge 3")
    g.wedges += [north, south]
    park = north.union(south).buffer(8)
    for points in paths:
        for part in _line_inside(LineString(smooth([(float(x), float(y)) for x, y in points])), park):
            g.add("path", part, PATH_WIDTH)
    g.add("plaza", Point(8, 318).buffer(13))
    g.add("plaza", Point(38, -245).buffer(12))


def _at(frame: BlockFrame, shape: BaseGeometry, dx: float, dy: float) -> BaseGeometry:
    x, y = frame.at(dx, dy)
    return affinity.translate(affinity.rotate(shape, frame.turn, origin=(0, 0)), x, y)


def _sports(g: Ground) -> None:
    """A running track with its field, courts, and car parks by the ring."""
    frame = FRAMES["ser"]
    track = LineString([(-42.2, 0), (42.2, 0)]).buffer(45.5, quad_segs=16)
    field_ = box(-52.5, -34, 52.5, 34)
    g.add(
        "sport",
        _at(frame, track.difference(field_.intersection(track.buffer(-9))), 282, -128),
        zh="田径场",
        en="Running track",
    )
    g.add("green", _at(frame, field_.intersection(track.buffer(-9)), 282, -128))
    for k in range(4):
        g.add("sport", _at(frame, box(0, 0, 15, 28), 62 + 19.0 * k, -172))
    for block, spots in (("tra", ((112, -168), (178, -156))), ("ser", ((118, -128), (260, 168)))):
        for dx, dy in spots:
            lot = _at(FRAMES[block], box(-24, -13, 24, 13), dx, dy)
            g.add("parking", lot.intersection(g.plot.buffer(-24)).difference(g.area_of("road").buffer(3)))


def _courts(g: Ground, shapes: Sequence[BaseGeometry]) -> None:
    """Lawns in courtyards and between wings: what a building encloses, less a paved strip along its walls."""
    for shape in shapes:
        closed = shapely.union_all([Polygon(p.exterior) for p in _polygons(shape)])
        hull = closed.buffer(24, join_style="mitre").buffer(-24, join_style="mitre")
        open_ = hull.difference(shape.buffer(5.5, join_style="mitre")).buffer(-2.5).buffer(2.5, quad_segs=4)
        for court in _polygons(open_, 220):
            g.courts.append(court)
            g.add("green", court)
            x0, y0, x1, y1 = court.bounds
            if min(x1 - x0, y1 - y0) > 24:
                c = court.centroid
                g.add("plaza", c.buffer(5.5, quad_segs=6))
                for line in (LineString([(x0, c.y), (x1, c.y)]), LineString([(c.x, y0), (c.x, y1)])):
                    for part in _line_inside(line, court):
                        g.add("path", part, 2.2)


def _lawns(g: Ground) -> None:
    """What is left of the plot in pieces wide enough to be a lawn."""
    built = g.footprints.buffer(8, join_style="mitre")
    hard = g.area_of("road").buffer(3.5)
    taken = shapely.union_all([built, hard, g.area_of("plaza", "sport", "parking", "water", "green")], grid_size=0.01)
    rest = g.plot.difference(taken.buffer(1.0)).buffer(-4.5).buffer(4.5, quad_segs=4)
    for part in _polygons(rest, 350):
        g.add("green", part)
        if isinstance(part, Polygon | MultiPolygon) and part.area > 1_500:
            g.wedges.append(part)
