"""What an IFC file says of its spatial structure, as it says it: nothing is invented or mended here.

Entities are named by their STEP number (``#123`` -> 123), the only key that is unique in every real file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

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
    ratios = list(entity.DirectionRatios) if entity is not None else []
    vector = np.array([*ratios, 0.0, 0.0, 0.0][:3] if ratios else default, dtype=np.float64)
    length = float(np.linalg.norm(vector))
    return vector / length if length > 0 else np.array(default)


def _axes(placement: Any) -> npt.NDArray[np.float64]:
    """The 4x4 matrix of an IfcAxis2Placement3D (or 2D) in the file's unit."""
    matrix = np.eye(4)
    if placement is None or not placement.is_a("IfcPlacement"):
        return matrix
    location = placement.Location
    if location is not None and location.is_a("IfcCartesianPoint"):
        xyz = list(location.Coordinates)
        matrix[: len(xyz[:3]), 3] = xyz[:3]
    # asking for an attribute that an entity lacks costs the library 0.14 s once: ask by type
    has_axes = placement.is_a("IfcAxis2Placement3D")
    z = _direction(placement.Axis if has_axes else None, (0.0, 0.0, 1.0))
    has_x = has_axes or placement.is_a("IfcAxis2Placement2D")
    x = _direction(placement.RefDirection if has_x else None, (1.0, 0.0, 0.0))
    x = x - z * float(x @ z)
    length = float(np.linalg.norm(x))
    if length > 1e-9:
        matrix[:3, 0] = x / length
        matrix[:3, 1] = np.cross(z, x / length)
        matrix[:3, 2] = z
    return matrix


def placement_matrix(placement: Any) -> npt.NDArray[np.float64]:
    """The absolute 4x4 matrix of an IfcLocalPlacement in the file's length unit; loops end after 50 steps."""
    matrix = np.eye(4)
    for _ in range(PLACEMENT_DEPTH):
        if placement is None or not placement.is_a("IfcLocalPlacement"):
            break
        matrix = _axes(placement.RelativePlacement) @ matrix
        placement = placement.PlacementRelTo
    return matrix


def origin_of(product: Any, unit: float) -> tuple[float, float, float] | None:
    """Where a product's placement puts it [m]; None without one."""
    placement = product.ObjectPlacement
    if placement is None:
        return None
    x, y, z = (placement_matrix(placement)[:3, 3] * unit).tolist()
    return (x, y, z) if np.isfinite((x, y, z)).all() else None


class Reader:
    """Reads the structure of one opened file into a ``Tree``."""

    def __init__(self, file: Any) -> None:
        self.file = file
        projects = _by_type(file, "IfcProject")
        self.tree = Tree(project="", unit=units(file).length)
        self.tree.project = self._text(projects[0].LongName or projects[0].Name) if projects else ""

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
            for relation in _by_type(self.file, kind):
                self._link(tree.part_of, relation.RelatedObjects, relation.RelatingObject)
        for relation in _by_type(self.file, "IfcRelContainedInSpatialStructure"):
            self._link(tree.container, relation.RelatedElements, relation.RelatingStructure)
        for nodes in (tree.buildings, tree.storeys, tree.spaces):
            for node in nodes.values():
                node.parent = tree.part_of.get(node.number) or tree.container.get(node.number, 0)
        return tree

    def _text(self, value: object) -> str:
        raw = str(value or "")
        text = mend(raw)
        self.tree.mended += text != raw
        return " ".join(text.split())

    def _nodes(self, kind: str, *, placed: bool = True) -> dict[int, Node]:
        nodes = {}
        for entity in _by_type(self.file, kind):
            node = Node(
                number=entity.id(),
                kind=kind,
                guid=entity.GlobalId or "",
                name=self._text(entity.Name),
                long_name=self._text(entity.LongName),
                description=self._text(entity.Description),
                origin=origin_of(entity, self.tree.unit) if placed else None,
            )
            if kind == "IfcBuildingStorey" and entity.Elevation is not None:
                node.elevation = float(entity.Elevation) * self.tree.unit
            nodes[node.number] = node
        return nodes

    @staticmethod
    def _link(table: dict[int, int], parts: Iterable[Any] | None, whole: Any) -> None:
        if whole is None or not parts:
            return
        number = whole.id()
        for part in parts:
            table.setdefault(part.id(), number)


def _by_type(file: Any, kind: str) -> list[Any]:
    """Entities of a type; none where the file's schema does not know it."""
    try:
        return list(file.by_type(kind))
    except RuntimeError:
        return []


def read_tree(file: Any) -> Tree:
    """The spatial structure of an opened IFC file."""
    return Reader(file).read()
