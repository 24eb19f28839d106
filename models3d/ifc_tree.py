"""What an IFC file says of its spatial structure, as it says it: nothing is invented or mended here.

Entities are named by their STEP number (``#123`` -> 123), the only key that is unique in every real file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models3d.ifc_safe import by_type, get, number, numbers, ref, refs, text
from models3d.ifc_units import units
from models3d.texts import mend

PLACEMENT_DEPTH = 50
"""Placements nested deeper than this are a loop."""


@dataclass(slots=True)
class Node:
    """A site, building, storey or space: its texts (mended), and ``origin`` [m], where its placement puts it."""

    number: int
    kind: str
    guid: str
    name: str
    long_name: str
    description: str
    parent: int = 0
    origin: tuple[float, float, float] | None = None
    elevation: float | None = None
    """The authored elevation [m] of a storey, relative to its building."""


@dataclass(slots=True)
class Tree:
    """Sites, buildings, storeys and spaces by number, and where every element is contained."""

    project: str
    unit: float
    """Metres in the file's length unit."""
    sites: dict[int, Node] = field(default_factory=dict)
    buildings: dict[int, Node] = field(default_factory=dict)
    storeys: dict[int, Node] = field(default_factory=dict)
    spaces: dict[int, Node] = field(default_factory=dict)
    container: dict[int, int] = field(default_factory=dict)
    """element -> spatial element that contains it."""
    part_of: dict[int, int] = field(default_factory=dict)
    """part -> whole (aggregation, nesting), of elements and of the structure itself."""
    mended: int = 0
    """How many names had to be decoded again."""
    loops: int = 0
    """How many part-of relations ran in a circle and were cut."""

    def storey_of(self, number: int) -> int:
        """The storey above an element, space or part; 0 when there is none."""
        return self._above(number, self.storeys)

    def building_of(self, number: int) -> int:
        """The building above anything; 0 when there is none."""
        return self._above(number, self.buildings)

    def space_of(self, number: int) -> int:
        """The space that contains an element; 0 when there is none."""
        return self._above(number, self.spaces)

    def _above(self, number: int, wanted: dict[int, Node]) -> int:
        for _ in range(PLACEMENT_DEPTH):
            if number in wanted:
                return number
            number = self.container.get(number) or self.part_of.get(number, 0)
            if not number:
                return 0
        return 0


def _direction(entity: Any, default: tuple[float, float, float]) -> npt.NDArray[np.float64]:
    ratios = numbers(entity, "DirectionRatios") if entity is not None else []
    vector = np.array([*ratios, 0.0, 0.0, 0.0][:3] if ratios else default, dtype=np.float64)
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else np.array(default)


def _axes(placement: Any) -> npt.NDArray[np.float64]:
    """The 4x4 matrix of an IfcAxis2Placement3D (or 2D) in the file's unit."""
    matrix = np.eye(4)
    if placement is None:
        return matrix
    xyz = numbers(ref(placement, "Location", "IfcCartesianPoint"), "Coordinates")[:3]
    matrix[: len(xyz), 3] = xyz
    # asking for an attribute that an entity lacks costs the library 0.14 s once: ask by type
    has_axes = placement.is_a("IfcAxis2Placement3D")
    z = _direction(ref(placement, "Axis", "IfcDirection") if has_axes else None, (0.0, 0.0, 1.0))
    has_x = has_axes or placement.is_a("IfcAxis2Placement2D")
    x = _direction(ref(placement, "RefDirection", "IfcDirection") if has_x else None, (1.0, 0.0, 0.0))
    x = x - z * float(x @ z)
    length = float(np.linalg.norm(x))
    if length > 1e-9:
        matrix[:3, 0] = x / length
        matrix[:3, 1] = np.cross(z, x / length)
        matrix[:3, 2] = z
    return matrix


def placement_matrix(
    placement: Any, known: dict[int, npt.NDArray[np.float64]] | None = None
) -> npt.NDArray[np.float64]:
    """The absolute 4x4 matrix of an IfcLocalPlacement in the file's length unit; loops end after 50 steps.

    ``known`` keeps the matrices of placements by STEP number, for callers that ask for many.
    """
    matrix = np.eye(4)
    steps = []
    for _ in range(PLACEMENT_DEPTH):
        if placement is None:
            break
        if known is not None and placement.id() in known:
            matrix = known[placement.id()]
            break
        steps.append(placement)
        placement = ref(placement, "PlacementRelTo", "IfcLocalPlacement")
    for step in reversed(steps):
        matrix = matrix @ _axes(ref(step, "RelativePlacement", "IfcPlacement"))
        if known is not None:
            known[step.id()] = matrix
    return matrix


def origin_of(product: Any, unit: float) -> tuple[float, float, float] | None:
    """Where a product's placement puts it [m]; None without one."""
    placement = ref(product, "ObjectPlacement", "IfcLocalPlacement")
    if placement is None:
        return None
    x, y, z = (placement_matrix(placement)[:3, 3] * unit).tolist()
    return (x, y, z) if np.isfinite((x, y, z)).all() else None


class Reader:
    """Reads the structure of one opened file into a ``Tree``."""

    def __init__(self, file: Any) -> None:
        self.file = file
        projects = by_type(file, "IfcProject")
        self.tree = Tree(project="", unit=units(file).length)
        self.tree.project = self._text(projects[0], "LongName") or self._text(projects[0], "Name") if projects else ""

    def read(self) -> Tree:
        """Everything: nodes first, then the relations between them."""
        tree = self.tree
        tree.sites = self._nodes("IfcSite")
        tree.buildings = self._nodes("IfcBuilding") or self._nodes("IfcFacility")
        tree.storeys = self._nodes("IfcBuildingStorey")
        if not tree.storeys:
            tree.storeys = self._nodes("IfcFacilityPart")
        tree.spaces = self._nodes("IfcSpace", placed=False)
        for kind in ("IfcRelAggregates", "IfcRelNests"):
            for relation in by_type(self.file, kind):
                self._link(tree.part_of, relation, "RelatedObjects", "RelatingObject")
        for relation in by_type(self.file, "IfcRelContainedInSpatialStructure"):
            self._link(tree.container, relation, "RelatedElements", "RelatingStructure")
        self._cut_loops()
        for nodes in (tree.buildings, tree.storeys, tree.spaces):
            for node in nodes.values():
                node.parent = tree.part_of.get(node.number) or tree.container.get(node.number, 0)
        return tree

    def _text(self, entity: Any, name: str) -> str:
        raw = text(entity, name)
        mended = mend(raw)
        self.tree.mended += mended != raw
        return " ".join(mended.split())

    def _nodes(self, kind: str, *, placed: bool = True) -> dict[int, Node]:
        nodes = {}
        for entity in by_type(self.file, kind):
            node = Node(
                number=entity.id(),
                kind=kind,
                guid=text(entity, "GlobalId"),
                name=self._text(entity, "Name"),
                long_name=self._text(entity, "LongName"),
                description=self._text(entity, "Description"),
                origin=origin_of(entity, self.tree.unit) if placed else None,
            )
            elevation = number(get(entity, "Elevation")) if kind == "IfcBuildingStorey" else None
            node.elevation = None if elevation is None else elevation * self.tree.unit
            nodes[node.number] = node
        return nodes

    def _cut_loops(self) -> None:
        """Part-of relations that run in a circle hang the geometry library: the part that ranks highest is freed."""
        tree = self.tree
        rank = {
            n: at for at, nodes in enumerate((tree.sites, tree.buildings, tree.storeys, tree.spaces)) for n in nodes
        }
        for start in list(tree.part_of):
            seen: list[int] = []
            at = start
            while at and at not in seen:
                seen.append(at)
                at = tree.part_of.get(at, 0)
            if at:
                top = min(seen[seen.index(at) :], key=lambda number: (rank.get(number, 9), number))
                self._free(top, tree.part_of.pop(top))
                tree.loops += 1

    def _free(self, part: int, whole: int) -> None:
        """Take ``part`` out of the relation that makes it a part of ``whole``, in the opened file."""
        for kind in ("IfcRelAggregates", "IfcRelNests"):
            for relation in by_type(self.file, kind):
                owner = ref(relation, "RelatingObject", "IfcObjectDefinition")
                if owner is not None and owner.id() == whole:
                    others = [e for e in refs(relation, "RelatedObjects", "IfcObjectDefinition") if e.id() != part]
                    if others:
                        relation.RelatedObjects = others
                    else:
                        self.file.remove(relation)

    @staticmethod
    def _link(table: dict[int, int], relation: Any, parts: str, whole: str) -> None:
        owner = ref(relation, whole, "IfcObjectDefinition")
        if owner is None:
            return
        number_of_whole = owner.id()
        for part in refs(relation, parts, "IfcObjectDefinition"):
            table.setdefault(part.id(), number_of_whole)


def read_tree(file: Any) -> Tree:
    """The spatial structure of an opened IFC file."""
    return Reader(file).read()
