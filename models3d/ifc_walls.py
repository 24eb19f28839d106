"""Rooms for IFC buildings without IfcSpace, through ``rooms_from_walls``.

Walls are meshed with their openings filled: a door drawn open, or an archway, does not join two rooms. (Measured on
Office_A and AC20-FZK-Haus: cutting the openings that nothing fills recovers fewer rooms, not more.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models3d.ifc_mesh import FAST, Mesh, meshes
from models3d.ifc_safe import ref, refs
from models3d.ifc_tree import Tree
from models3d.rooms_from_walls import SECTION_M, section
from twin.space import Area

SOLID = ("IfcWall", "IfcColumn", "IfcCurtainWall", "IfcPlate")
INFILL = ("IfcDoor", "IfcWindow", "IfcVirtualElement")


@dataclass(frozen=True, slots=True)
class WallJob:
    """What one process sections: STEP numbers, and the heights [m] of the cuts by storey number."""

    solids: tuple[int, ...]
    planes: tuple[tuple[int, float], ...]


def _members(file: Any) -> list[Any]:
    """IfcMember that is part of a curtain wall: a mullion."""
    return [
        member
        for member in file.by_type("IfcMember")
        if any(
            ref(relation, "RelatingObject", "IfcCurtainWall")
            for relation in refs(member, "Decomposes", "IfcRelDecomposes")
        )
    ]


def wall_job(file: Any, tree: Tree, heights: dict[int, float], buildings: set[int]) -> WallJob | None:
    """The work for ``buildings`` (0: those the file does not have) without spaces; None when there is none.

    ``heights`` [m] are the storeys' floors.
    """
    planes = tuple(
        (number, floor + SECTION_M) for number, floor in heights.items() if tree.building_of(number) in buildings
    )
    elements = [e for kind in (*SOLID, *INFILL) for e in file.by_type(kind)] + _members(file)
    bodies = [e.id() for e in elements if ref(e, "Representation", "IfcProductRepresentation")]
    solids = dict.fromkeys(number for number in bodies if tree.building_of(number) in buildings)
    return WallJob(tuple(solids), planes) if planes and solids else None


def section_walls(file: Any, job: WallJob) -> dict[int, list[Area]]:
    """Storey number -> the plans of everything that encloses; each element is cut at every storey that it reaches."""
    found: dict[int, list[Area]] = {}
    solids = [file.by_id(number) for number in job.solids]
    for mesh in meshes(file, solids, FAST, disable_opening_subtractions=True):
        _cut(mesh, job.planes, found)
    return found


def _cut(mesh: Mesh, planes: Sequence[tuple[int, float]], into: dict[int, list[Area]]) -> None:
    for storey, height in planes:
        if mesh.low[2] < height < mesh.high[2]:
            area = section(mesh.vertices, mesh.triangles, height)
            if area is not None:
                into.setdefault(storey, []).append(area)
