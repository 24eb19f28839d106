"""Rooms for IFC storeys without IfcSpace, through ``rooms_from_walls``: which storeys, and what stands on them.

Walls are meshed with their openings filled: a door drawn open, or an archway, does not join two rooms. (Measured on
Office_A and AC20-FZK-Haus: cutting the openings that nothing fills recovers fewer rooms, not more.) Doors and windows
are only meshed where their wall's body has the hole already.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, Point

from models3d.ifc_clips import cut_by_planes
from models3d.ifc_mesh import EXACT, F64, FAST, Mesh, meshes
from models3d.ifc_rooms import plan_of
from models3d.ifc_safe import by_type, get, number, ref, refs
from models3d.ifc_tree import Tree, placement_matrix
from models3d.plan_section import section
from models3d.rooms_from_walls import HEADROOM_M, LOW_M, SECTION_M, TALL_M, Piece, Standing, rooms
from twin.space import Area

SOLID = ("IfcWall", "IfcColumn", "IfcCurtainWall", "IfcPlate", "IfcVirtualElement")
INFILL = ("IfcDoor", "IfcWindow")
LIDS = ("IfcSlab", "IfcRoof", "IfcCovering")
SCREENS = ("IfcWall", "IfcDoor", "IfcBuildingElementPart")
"""Classes that divide no room where they end below head height; low panes may have others above them."""
GLAZING = ("IfcPlate", "IfcCurtainWall", "IfcWindow")
"""Classes that may roof an atrium; upright panes are none."""
SAME_FLOOR_M = 1.0
"""A storey on which nothing stands, nearer [m] to another than this, is another name for it."""
_STEPS_M = 1.0
"""How far [m] below its storey's floor a door may stand."""
_IN_WALL_M = 0.1
_DOOR_M = 0.6
_DOORWAY_M = 1.0


@dataclass(frozen=True, slots=True)
class WallJob:
    """What one process sections: STEP numbers, and the floors [m] by storey number."""

    floors: tuple[tuple[int, float], ...]
    solids: tuple[int, ...]
    infill: tuple[int, ...] = ()
    lids: tuple[int, ...] = ()
    doorways: tuple[int, ...] = ()
    """Doors, and openings that nothing fills."""
    exact: bool = False
    """Everything through the exact kernel: the second try, when the fast one crashed."""


@dataclass(slots=True)
class StoreyWalls:
    """What the walls of one storey say."""

    rooms: list[Area] = field(default_factory=list)
    cuts: list[Area] = field(default_factory=list)
    upright: bool = False
    """Whether anything stands that reaches head height: not on a roof with parapets."""


def bare_storeys(file: Any, tree: Tree) -> set[int]:
    """The storeys that get rooms from walls: all of a building without spaces; in others those that have none, but
    doors or windows (walls alone are a parapet, a gable or a foundation). Reads nothing when no storey is bare.
    """
    furnished = {tree.building_of(space) for space in tree.spaces}
    occupied = {tree.storey_of(space) for space in tree.spaces}
    whole = {storey for storey in tree.storeys if tree.building_of(storey) not in furnished}
    single = set(tree.storeys) - occupied - whole
    if not single:
        return whole
    openings = [element for kind in INFILL for element in by_type(file, kind)]
    signs = openings or by_type(file, "IfcWall")
    return whole | (single & {tree.storey_of(element.id()) for element in signs})


def wall_job(file: Any, tree: Tree, heights: dict[int, float]) -> WallJob | None:
    """The work for the bare storeys; None when there is none. ``heights`` [m] are all storeys' floors."""
    bare = bare_storeys(file, tree)
    if not bare:
        return None
    # what no structure contains belongs to whatever building there is
    buildings = {tree.building_of(storey) for storey in bare} | {0}

    def mine(elements: Iterable[Any]) -> list[int]:
        numbers = (element.id() for element in elements)
        return list(dict.fromkeys(n for n in numbers if tree.building_of(n) in buildings))

    walls = mine(_with_parts(element for kind in SOLID for element in by_type(file, kind)))
    fillings = [element for kind in INFILL for element in by_type(file, kind)]
    infill = mine(filter(_has_body, fillings))
    floors = _floors(tree, heights, bare, [*walls, *infill])
    if not floors or not walls + infill:
        return None
    openings = [o for o in by_type(file, "IfcOpeningElement") if not refs(o, "HasFillings", "IfcRelFillsElement")]
    return WallJob(
        floors=floors,
        solids=tuple(walls),
        infill=tuple(infill),
        lids=tuple(mine(_with_parts(element for kind in LIDS for element in by_type(file, kind)))),
        doorways=(*mine(by_type(file, "IfcDoor")), *(opening.id() for opening in openings)),
    )


def _has_body(element: Any) -> bool:
    return ref(element, "Representation", "IfcProductRepresentation") is not None


def _with_parts(elements: Iterable[Any]) -> Iterator[Any]:
    """Elements with a body, and the parts of each: a curtain wall's mullions, the layers of a wall, a roof's slabs."""
    for element in elements:
        if _has_body(element):
            yield element
        for relation in refs(element, "IsDecomposedBy", "IfcRelDecomposes"):
            yield from filter(_has_body, refs(relation, "RelatedObjects", "IfcElement"))


def _floors(
    tree: Tree, heights: dict[int, float], bare: set[int], standing: Sequence[int]
) -> tuple[tuple[int, float], ...]:
    """The floors of the bare storeys, without second names for a storey: one where nothing stands, near another."""
    own = {tree.storey_of(number) for number in standing}

    def doubled(storey: int) -> bool:
        return storey not in own and any(
            other in own and abs(heights[other] - heights[storey]) < SAME_FLOOR_M for other in heights
        )

    return tuple((storey, heights[storey]) for storey in heights if storey in bare and not doubled(storey))


def section_walls(file: Any, job: WallJob, unit: float) -> dict[int, StoreyWalls]:
    """Storey number -> its rooms and cuts; each element is cut at every storey that it reaches. ``unit`` [m]."""
    return Sections(file, job, unit).run()


class Sections:
    """Fills a ``Standing`` for every storey of one job."""

    def __init__(self, file: Any, job: WallJob, unit: float) -> None:
        self.file = file
        self.job = job
        self.unit = unit
        self.clipped = cut_by_planes(file)
        self.placed: dict[int, F64] = {}
        self.storeys = {storey: Standing() for storey, _ in job.floors}

    def run(self) -> dict[int, StoreyWalls]:
        """Walls first: they tell which doors and windows are needed."""
        self._walls(self.job.solids)
        self._walls(self._unfilled())
        self._lids()
        self._passages()
        return {storey: self._result(standing) for storey, standing in self.storeys.items()}

    @staticmethod
    def _result(standing: Standing) -> StoreyWalls:
        cuts = [piece.plan for piece in (*standing.cut, *standing.low)]
        upright = any(not piece.may_be_screen or piece.high >= TALL_M for piece in standing.cut)
        return StoreyWalls(list(rooms(standing)), cuts, upright)

    def _meshes(self, numbers: Iterable[int], **options: Any) -> Iterator[tuple[Any, Mesh]]:
        """(element, mesh); what is cut by planes through the exact kernel: the fast one keeps the wrong side."""
        fast: list[Any] = []
        exact: list[Any] = []
        for at in numbers:
            (exact if self.job.exact or at in self.clipped else fast).append(self.file.by_id(at))
        for elements, kernel in ((fast, FAST), (exact, EXACT)):
            for mesh in meshes(self.file, elements, kernel, **options):
                yield self.file.by_id(mesh.element), mesh

    def _walls(self, numbers: Sequence[int]) -> None:
        for element, mesh in self._meshes(numbers, disable_opening_subtractions=True):
            screen = any(element.is_a(kind) for kind in SCREENS)
            for storey, floor in self.job.floors:
                self._cut(mesh, floor, screen, self.storeys[storey])
            if any(element.is_a(kind) for kind in GLAZING):
                self._cover(mesh, above=HEADROOM_M)

    @staticmethod
    def _cut(mesh: Mesh, floor: float, screen: bool, into: Standing) -> None:
        low, high = float(mesh.low[2]) - floor, float(mesh.high[2]) - floor

        def at(height: float) -> Area | None:
            return section(mesh.vertices, mesh.triangles, floor + height) if low < height < high else None

        for height, pieces in ((SECTION_M, into.cut), (LOW_M, into.low)):
            if (area := at(height)) is not None:
                pieces.append(Piece(area, low, high, screen))
        if low >= SECTION_M and (area := at(TALL_M)) is not None:
            into.upper.append(area)

    def _unfilled(self) -> list[int]:
        """Doors and windows that no wall's section replaces, at some storey that they reach."""
        walls = {
            storey: shapely.STRtree([piece.plan for piece in standing.cut]) for storey, standing in self.storeys.items()
        }
        return [at for at in self.job.infill if not self._in_wall(self.file.by_id(at), walls)]

    def _in_wall(self, element: Any, walls: dict[int, shapely.STRtree]) -> bool:
        size = number(get(element, "OverallHeight"))
        if size is None or not refs(element, "FillsVoids", "IfcRelFillsElement"):
            return False
        middle, _ = self._middle(element)
        if not np.isfinite(middle).all():
            return False
        low, high = middle[2] - _IN_WALL_M, middle[2] + size * self.unit + _IN_WALL_M
        point = Point(middle[:2])
        return all(
            len(walls[storey].query(point, "dwithin", distance=_IN_WALL_M)) > 0
            for storey, floor in self.job.floors
            if low < floor + SECTION_M < high
        )

    def _middle(self, element: Any) -> tuple[F64, F64]:
        """(middle of the foot of a door or window [m], direction across its wall), from its placement and width."""
        matrix = placement_matrix(ref(element, "ObjectPlacement", "IfcLocalPlacement"), self.placed)
        # an opening has no width: asking for an attribute that an entity lacks costs the library 0.14 s once
        width = 0.0 if element.is_a("IfcOpeningElement") else number(get(element, "OverallWidth")) or 0.0
        return (matrix[:3, 3] + matrix[:3, 0] * width / 2) * self.unit, matrix[:2, 1]

    def _lids(self) -> None:
        for element, mesh in self._meshes(self.job.lids):
            self._cover(mesh, ceiling=element.is_a("IfcCovering"))

    def _cover(self, mesh: Mesh, *, ceiling: bool = False, above: float = -math.inf) -> None:
        """Put a mesh over every storey that lies under it; only if all of it lies ``above`` [m] the storey's floor."""
        floors = [(storey, floor) for storey, floor in self.job.floors if mesh.low[2] - floor > above]
        under = [(storey, floor) for storey, floor in floors if mesh.high[2] - floor > LOW_M]
        plan = plan_of(mesh.vertices, mesh.triangles) if under else None
        if plan is None:
            return
        for storey, floor in under:
            low, high = float(mesh.low[2]) - floor, float(mesh.high[2]) - floor
            if not ceiling:
                self.storeys[storey].lids.append(Piece(plan, low, high))
            elif high > HEADROOM_M:
                self.storeys[storey].ceilings.append(plan)

    def _passages(self) -> None:
        """Doors, and doorways without one, on the storey at whose floor they stand; none where no door is drawn."""
        elements = [self.file.by_id(at) for at in self.job.doorways]
        ways = [(element.is_a("IfcDoor"), *self._middle(element)) for element in elements]
        ways = [way for way in ways if np.isfinite(way[1]).all()]
        for storey, floor in self.job.floors:
            places: list[Area] = []
            doors = 0
            for is_door, foot, across in ways:
                if is_door and -_STEPS_M < foot[2] - floor < SECTION_M:
                    doors += 1
                    places.append(
                        LineString([foot[:2] - across * _DOOR_M, foot[:2] + across * _DOOR_M]).buffer(_IN_WALL_M)
                    )
                elif not is_door and abs(foot[2] - floor) < LOW_M:
                    places.append(Point(foot[:2]).buffer(_DOORWAY_M))
            if doors:
                self.storeys[storey].passages = places
