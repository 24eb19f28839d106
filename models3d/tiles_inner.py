"""Walls of rooms that have another room behind them, and rooms that lie under another storey.

From afar nobody sees those walls and tops, and most of a campus is such: the viewer leaves them out of whole buildings
so far away that the gap between two rooms is below a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import shapely

from models3d.tiles_rings import Group
from twin.space import Area, Storey

REACH_M = 0.45
"""The room behind a wall is looked for at this distance [m]: walls between rooms are thinner."""
SPACING_M = 2.0
"""One place is looked at for so much of a wall [m], at least two a wall and at most six."""
MOST_PLACES = 6
SHARE = 0.75
"""Of the places looked at, so many lie in a room: the gaps between the rooms behind a long wall do not count."""
LOWER_CM = 30
"""The room behind may be so much lower [cm]."""
OVERHANG_M = 0.4
"""The storey above may end so much earlier [m]."""
KEPT = 3
"""Of so many storeys one shows all its tops."""

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def inner_walls(spaces: Sequence[Sequence[Group]], storey: I64, floor_cm: I64, top_cm: I64, step: float) -> Bools:
    """For each point of the spaces' rings, in their order: whether a room as high lies behind its wall to the next.

    ``storey``, ``floor_cm`` and ``top_cm`` [cm] are one a space, rings are in steps of ``step`` [m].
    """
    walls = _Walls.of(spaces)
    inner = np.zeros(len(walls.start), np.bool_)
    for level in np.unique(storey[walls.space]).tolist() if len(walls.space) else []:
        mine = np.flatnonzero(storey[walls.space] == level)
        inner[mine] = _behind(spaces, walls, mine, floor_cm, top_cm, step)
    return inner


def covered(storeys: Sequence[Storey], outlines: Sequence[Area | None]) -> Bools:
    """For each space of the storeys, lowest first: whether the outlines of the storeys above cover it whole [m].

    Spaces of every third storey never count as covered: an eye that looks down through the gaps between rooms would see
    the sunlit ground behind the building otherwise, bright specks where near rooms show the dark between them.
    """
    found = [np.zeros(len(storey.spaces), np.bool_) for storey in storeys]
    above: list[Area] = []
    for i in range(len(storeys) - 1, -1, -1):
        storey, outline = storeys[i], outlines[i]
        if above and storey.spaces and storey.ordinal % KEPT != 0:
            roof = shapely.buffer(shapely.union_all(above), OVERHANG_M, join_style="mitre")
            shapely.prepare(roof)
            level = storey.elevation_m + storey.height_m + LOWER_CM / 100
            low = np.array([space.elevation_m + space.height_m <= level for space in storey.spaces])
            found[i] = low & shapely.covers(roof, np.array([space.polygon for space in storey.spaces], object))
        if outline is not None:
            above.append(outline)
    return np.concatenate(found) if found else np.zeros(0, np.bool_)


class _Walls:
    """The walls of all rings: where they start and end [steps] and whose they are."""

    def __init__(self, start: F64, end: F64, space: I64) -> None:
        self.start, self.end, self.space = start, end, space

    @classmethod
    def of(cls, spaces: Sequence[Sequence[Group]]) -> _Walls:
        rings = [ring for groups in spaces for group in groups for ring in group.rings]
        if not rings:
            return cls(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, np.int64))
        owner = [k for k, groups in enumerate(spaces) for group in groups for _ in group.rings]
        lengths = np.array([len(ring) for ring in rings])
        start = np.concatenate(rings).astype(np.float64)
        last = np.cumsum(lengths) - 1
        following = np.arange(1, len(start) + 1)
        following[last] = last - lengths + 1
        return cls(start, start[following], np.repeat(np.array(owner, np.int64), lengths))


def _behind(
    spaces: Sequence[Sequence[Group]], walls: _Walls, mine: I64, floor_cm: I64, top_cm: I64, step: float
) -> Bools:
    """The walls ``mine`` of one storey: whether enough of the places behind them lie in a room as high."""
    rooms = np.unique(walls.space[mine])
    polygons, owner = _polygons(spaces, rooms.tolist())
    place, wall = _places(walls.start[mine], walls.end[mine], step)
    hit_place, hit_polygon = shapely.STRtree(polygons).query(shapely.points(place), predicate="intersects")
    own, other = walls.space[mine][wall[hit_place]], owner[hit_polygon]
    high = (floor_cm[other] <= floor_cm[own]) & (top_cm[other] + LOWER_CM >= top_cm[own])
    found = np.zeros(len(place), np.bool_)
    found[hit_place[(own != other) & high]] = True
    count = np.bincount(wall, minlength=len(mine))
    share: Bools = np.bincount(wall, found, len(mine)) >= SHARE * count
    return share


def _polygons(spaces: Sequence[Sequence[Group]], rooms: list[int]) -> tuple[npt.NDArray[np.object_], I64]:
    """The outer rings of the rooms as polygons, and whose each is; a hole is no place to stand in, but rare."""
    outer = [(group.rings[0], k) for k in rooms for group in spaces[k]]
    lengths = np.array([len(ring) + 1 for ring, _ in outer])
    closed = np.concatenate([np.concatenate((ring, ring[:1])) for ring, _ in outer]).astype(np.float64)
    rings = shapely.linearrings(closed, indices=np.repeat(np.arange(len(outer)), lengths))
    polygons: npt.NDArray[np.object_] = np.asarray(shapely.polygons(rings), object)
    return polygons, np.array([k for _, k in outer], np.int64)


def _places(start: F64, end: F64, step: float) -> tuple[F64, I64]:
    """The places to look at (n, 2) [steps], and the wall of each. A room lies left of its rings: behind is right."""
    along = end - start
    length = np.hypot(along[:, 0], along[:, 1])
    count = np.clip(np.ceil(length * step / SPACING_M).astype(np.int64), 2, MOST_PLACES)
    wall = np.repeat(np.arange(len(start)), count)
    within = np.arange(len(wall)) - np.repeat(np.cumsum(count) - count, count)
    share = ((within + 0.5) / count[wall])[:, None]
    out = np.column_stack((along[:, 1], -along[:, 0])) / np.maximum(length, 1e-9)[:, None]
    place: F64 = start[wall] + share * along[wall] + out[wall] * (REACH_M / step)
    return place, wall
