"""Rooms of a storey that names none: the areas that what stands on it surrounds.

Format-neutral: plans of walls and their like, cut at the heights given here, in; polygons out. Three rounds, each only
where the ones before found nothing: walls that reach over head height; then also low ones (an attic's walls end below
the cut, and so do parapets: hence only under a roof); then gaps of a doorway's width bridged, under a roof too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import shapely
from shapely.geometry import Polygon

from models3d.plan_section import polygons
from models3d.wall_gaps import bridges
from twin.space import Area

SECTION_M = 1.1
"""Height of the section above the storey's floor [m]: over most sills, under all lintels."""
LOW_M = 0.3
"""Height of the second section [m]: an attic's walls may end below the first."""
TALL_M = 1.9
"""Walls and doors that end below this [m] are screens: cubicles, balustrades, cupboards. They divide no room."""
HEADROOM_M = 1.7
"""What lies lower than this [m] over a floor leaves a crawl space, not a room."""
CLOSE_M = 0.06
"""Half of the widest gap between walls that is closed [m]: walls drawn to their axes, joints, door frames."""
SLOT_M = 0.4
"""A wall that ends this near [m] to another is meant to meet it: nobody passes there."""
MIN_AREA_M2 = 0.8
MIN_WIDTH_M = 0.35
"""Smaller or narrower areas are cavities between wall leaves, not rooms."""
EAVES_M = 0.6
"""A roof that begins at most this far [m] above the top of a low wall closes it."""
SHAFT_M2 = 6.0
"""An area smaller than this [m2] that no door opens to is a shaft, on a storey that has doors."""
_MITRE = 2
_TAKEN = 0.2
_OPEN_TO_THE_SKY = 0.2
_COVERED = 0.5


@dataclass(frozen=True, slots=True)
class Piece:
    """One cut of an element, or a lid, in plan; ``low`` and ``high`` [m] are its element's, above the floor."""

    plan: Area
    low: float
    high: float
    may_be_screen: bool = False
    """A wall or a door: it divides only when it is tall."""


@dataclass(slots=True)
class Standing:
    """What stands on one storey, and what covers it."""

    cut: list[Piece] = field(default_factory=list)
    """Walls and their like at ``SECTION_M``."""
    low: list[Piece] = field(default_factory=list)
    """The same at ``LOW_M``."""
    upper: list[Area] = field(default_factory=list)
    """At ``TALL_M``, what begins above ``SECTION_M``: the window on a wall that is otherwise a screen."""
    lids: list[Piece] = field(default_factory=list)
    """Slabs and roofs that reach above ``LOW_M``, of this storey and all above it."""
    ceilings: list[Area] = field(default_factory=list)
    """Ceilings above ``HEADROOM_M``."""
    passages: list[Area] = field(default_factory=list)
    """Where a door or an open doorway leads through a wall, a little into both sides; empty: doors are not drawn."""

    def roofs(self) -> list[Piece]:
        """Lids that leave headroom, at least somewhere."""
        return [lid for lid in self.lids if lid.high > HEADROOM_M]

    def decks(self) -> list[Area]:
        """Lids that leave none: under them is a crawl space."""
        return [lid.plan for lid in self.lids if lid.high <= HEADROOM_M]


def rooms(storey: Standing) -> list[Polygon]:
    """The rooms of a storey in reading order."""
    tall = [piece.plan for piece in storey.cut if not _is_screen(piece)] + _raised(storey)
    tall += bridges(tall, SLOT_M)
    found = _roofed(enclosed(tall), storey)
    lids = shapely.union_all([*(roof.plan for roof in storey.roofs()), *storey.ceilings])
    if not lids.is_empty:
        solids = tall + _closed_by_roof(storey)
        found += _under(lids, solids, found)
        found += _under(lids, solids, found, bridged=True)
    return sorted(_without_shafts(_without_crawl_spaces(found, storey), storey), key=reading_order)


def _is_screen(piece: Piece) -> bool:
    return piece.may_be_screen and piece.high < TALL_M


def _raised(storey: Standing) -> list[Area]:
    """Screens that carry something up to head height: a low wall under a window that is no part of it."""
    screens = [piece.plan for piece in storey.cut if _is_screen(piece)]
    if not storey.upper or not screens:
        return []
    above = shapely.buffer(shapely.union_all(storey.upper), 2 * CLOSE_M)
    return [screen for screen in screens if _share(screen, above) > _COVERED]


def _closed_by_roof(storey: Standing) -> list[Area]:
    """What the low section adds: tall elements there, and low walls on which a roof comes down (not parapets)."""
    added = [piece.plan for piece in storey.low if piece.high >= TALL_M]
    screens = [piece for piece in storey.cut if _is_screen(piece)]
    screens += [piece for piece in storey.low if piece.high < TALL_M]
    if screens and storey.lids:
        tree = shapely.STRtree([lid.plan for lid in storey.lids])
        added += [
            piece.plan
            for piece in screens
            if any(_comes_down(storey.lids[at], piece) for at in tree.query(piece.plan, "intersects").tolist())
        ]
    return added


def _comes_down(lid: Piece, wall: Piece) -> bool:
    """Whether a lid over a wall lies on it, or begins little above it."""
    return lid.low <= wall.high + EAVES_M and lid.high >= wall.high - CLOSE_M


def _under(
    lids: shapely.Geometry, solids: Sequence[Area], known: Sequence[Polygon], *, bridged: bool = False
) -> list[Polygon]:
    """Further rooms under a roof, outside of those that are known."""
    taken = shapely.union_all(list(known))
    if _all_claimed(solids, taken):
        return []
    new = enclosed([*solids, *(bridges(solids) if bridged else [])])
    return [room for room in new if _share(room, taken) < _TAKEN and _share(room, lids) > _COVERED]


def _all_claimed(everything: Sequence[Area], taken: shapely.Geometry) -> bool:
    """Whether rooms fill the outline of what stands so far that no further room fits."""
    rest = shapely.difference(shapely.convex_hull(shapely.union_all(list(everything))), taken)
    return bool(shapely.buffer(rest, -0.5).area < MIN_AREA_M2)


def _roofed(found: list[Polygon], storey: Standing) -> list[Polygon]:
    """Without courtyards: areas open to the sky, where most of the others have a roof in the model."""
    roof = shapely.union_all([lid.plan for lid in storey.roofs()])
    covered = sum(shapely.intersection(room, roof).area for room in found)
    if covered <= _COVERED * sum(room.area for room in found):
        return found  # the roof is not drawn
    lids = shapely.union_all([roof, *storey.ceilings])
    return [room for room in found if _share(room, lids) >= _OPEN_TO_THE_SKY]


def _without_crawl_spaces(found: list[Polygon], storey: Standing) -> list[Polygon]:
    decks = shapely.union_all(storey.decks())
    return [room for room in found if _share(room, decks) <= _COVERED]


def _without_shafts(found: list[Polygon], storey: Standing) -> list[Polygon]:
    if not storey.passages:
        return found
    ways = shapely.union_all(storey.passages)
    return [room for room in found if room.area >= SHAFT_M2 or shapely.intersects(room, ways)]


def _share(area: Area, cover: shapely.Geometry) -> float:
    """How much of ``area`` lies under ``cover``, 0 to 1."""
    return float(shapely.intersection(area, cover).area / area.area)


def closed_union(solids: Sequence[Area]) -> shapely.Geometry:
    """The union of the cuts with gaps of up to twice ``CLOSE_M`` closed, corners kept."""
    union = shapely.union_all(list(solids))
    wide = shapely.buffer(union, CLOSE_M, join_style="mitre", mitre_limit=_MITRE)
    return shapely.buffer(wide, -CLOSE_M, join_style="mitre", mitre_limit=_MITRE)


def enclosed(solids: Sequence[Area]) -> list[Polygon]:
    """The areas that the cuts surround, largest cavities of walls left out, in reading order (north to south)."""
    if not solids:
        return []
    union = closed_union(solids)
    filled = shapely.union_all([Polygon(part.exterior) for part in polygons(union)])
    found = [room for room in polygons(shapely.difference(filled, union)) if _is_room(room)]
    found = [clean for room in found for clean in polygons(shapely.make_valid(shapely.simplify(room, 0.005)))]
    return sorted(found, key=reading_order)


def reading_order(room: Polygon) -> tuple[float, float]:
    """Rows of 2 m from north to south, west to east in a row: how a person numbers rooms, and stable on re-import."""
    point = room.representative_point()
    return (-round(point.y / 2.0), point.x)


def _is_room(room: Polygon) -> bool:
    if room.area < MIN_AREA_M2:
        return False
    return not shapely.buffer(room, -MIN_WIDTH_M / 2.0).is_empty
