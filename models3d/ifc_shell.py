"""The display shell of an IFC file: triangles of all elements, merged per storey and class.

Runs in forked workers (``models3d.forked``), because a kernel of native code may crash on one element of one file;
then that element is tried with the other kernel, and left out when it crashes both.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from models3d.forked import Crash, run_all
from models3d.ifc_clips import cut_by_planes
from models3d.ifc_mesh import EXACT, F64, FAST, I32, KERNEL_ERRORS, Mesh, meshes
from models3d.ifc_rooms import plan_of
from models3d.ifc_safe import by_type, ref, refs
from models3d.ifc_tree import Tree
from twin.space import Area

CLASSES: tuple[tuple[str, str], ...] = (
    ("IfcFeatureElement", ""), ("IfcVirtualElement", ""), ("IfcReinforcingElement", ""),
    ("IfcElementAssembly", "frame"), ("IfcMechanicalFastener", ""), ("IfcFastener", ""),
    ("IfcDiscreteAccessory", ""), ("IfcSurfaceFeature", ""),
    ("IfcWall", "wall"), ("IfcCurtainWall", "facade"), ("IfcWindow", "window"), ("IfcDoor", "door"),
    ("IfcSlab", "slab"), ("IfcRoof", "roof"), ("IfcCovering", "covering"), ("IfcColumn", "column"), ("IfcBeam", "beam"),
    ("IfcStair", "stair"), ("IfcStairFlight", "stair"), ("IfcRamp", "stair"), ("IfcRampFlight", "stair"),
    ("IfcRailing", "railing"), ("IfcPlate", "facade"), ("IfcMember", "frame"), ("IfcFooting", "foundation"),
    ("IfcPile", "foundation"), ("IfcBuildingElementProxy", "proxy"), ("IfcFurnishingElement", "furniture"),
    ("IfcTransportElement", "transport"), ("IfcTransportationDevice", "transport"),
    ("IfcFlowSegment", "services"), ("IfcFlowFitting", "services"), ("IfcDistributionElement", "equipment"),
    ("IfcGeographicElement", "terrain"), ("IfcCivilElement", "terrain"),
)  # fmt: skip
"""IFC class -> class of the shell; '' is not drawn. The first row that an element is a kind of counts."""
VOID_SAFE = ("wall", "slab", "roof", "covering", "facade", "frame", "beam", "column", "stair", "foundation")
"""Classes whose openings the fast kernel cuts well; it crashes on openings in furniture, whose bodies are no solids."""
CHUNK = 3000
"""Elements a worker; large files are cut so that all cores have work."""
GLASS_OPACITY = 0.95


@dataclass(slots=True)
class Piece:
    """Triangles of one (storey, class); ``colour`` sRGB and opacity of most of its area."""

    vertices: F64
    triangles: I32
    colour: tuple[float, float, float, float]


@dataclass(slots=True)
class ShellResult:
    """Merged pieces by (storey number, class), where elements are, and what could not be converted."""

    pieces: dict[tuple[int, str], list[Piece]] = field(default_factory=dict)
    floors: dict[int, list[Area]] = field(default_factory=dict)
    """Plans of slabs by storey number."""
    middles: dict[int, tuple[float, float, float]] = field(default_factory=dict)
    """Middle of every element [m]."""
    crashed: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """One element of the shell: its STEP number, the storey it belongs to (0: none) and its class."""

    number: int
    storey: int
    category: str


@dataclass(frozen=True, slots=True)
class Job:
    """Work for one process."""

    parts: tuple[Part, ...]
    kernel: str


def categories(file: Any) -> dict[int, str]:
    """Class of the shell of every element that is drawn, by STEP number."""
    drawn: dict[int, str] = {}
    for kind, category in CLASSES:
        for element in by_type(file, kind):
            drawn.setdefault(element.id(), category)
    for element in file.by_type("IfcElement"):
        drawn.setdefault(element.id(), "other")
    return {number: category for number, category in drawn.items() if category}


@dataclass(slots=True)
class _Group:
    """Arrays of one (storey, class) while they are collected."""

    vertices: list[F64] = field(default_factory=list)
    triangles: list[I32] = field(default_factory=list)
    count: int = 0
    colours: dict[bytes, int] = field(default_factory=dict)

    def add(self, vertices: F64, triangles: I32, colour: bytes) -> None:
        self.vertices.append(vertices)
        self.triangles.append(triangles + np.int32(self.count))
        self.count += len(vertices)
        self.colours[colour] = self.colours.get(colour, 0) + len(triangles)

    def piece(self) -> Piece:
        colour = max(self.colours.items(), key=lambda item: item[1])[0]
        red, green, blue, alpha = np.frombuffer(colour or _GREY, np.float64)[:4].tolist()
        return Piece(np.concatenate(self.vertices), np.concatenate(self.triangles), (red, green, blue, alpha))


_GREY = np.array([0.8, 0.8, 0.8, 1.0]).tobytes()


def _split_glass(mesh: Mesh) -> npt.NDArray[np.bool_] | None:
    """Which triangles are see-through; None when none or all of the element's materials are."""
    if len(mesh.colours) < 2:
        return None
    clear = mesh.colours[:, 3] < GLASS_OPACITY
    if clear.all() or not clear.any():
        return None
    mask: npt.NDArray[np.bool_] = np.append(clear, False)[mesh.material]  # -1, 'no material', is the appended one
    return mask if mask.any() else None


def _used(vertices: F64, triangles: I32) -> tuple[F64, I32]:
    """Only the vertices that ``triangles`` use."""
    index, inverse = np.unique(triangles, return_inverse=True)
    return vertices[index], inverse.reshape(triangles.shape).astype(np.int32)


def _add(groups: dict[tuple[int, str], _Group], part: Part, mesh: Mesh) -> None:
    glass = _split_glass(mesh)
    if glass is None:
        see_through = len(mesh.colours) > 0 and bool(mesh.colours[0, 3] < GLASS_OPACITY)
        category = "glass" if see_through and part.category in ("window", "facade", "door") else part.category
        colour = mesh.colours[0].tobytes() if len(mesh.colours) else b""
        groups.setdefault((part.storey, category), _Group()).add(mesh.vertices, mesh.triangles, colour)
        return
    for mask, category in ((glass, "glass"), (~glass, part.category)):
        if not mask.any():
            continue
        material = int(mesh.material[int(np.argmax(mask))])
        colour = mesh.colours[material].tobytes() if material >= 0 else b""
        groups.setdefault((part.storey, category), _Group()).add(*_used(mesh.vertices, mesh.triangles[mask]), colour)


def convert(file: Any, job: Job) -> ShellResult:
    """Mesh and merge the elements of one job."""
    mine = {part.number: part for part in job.parts}
    result = ShellResult()
    groups: dict[tuple[int, str], _Group] = {}
    elements = [file.by_id(number) for number in mine]
    for mesh in meshes(file, elements, job.kernel):
        part = mine[mesh.element]
        x, y, z = ((mesh.low + mesh.high) / 2).tolist()
        result.middles[part.number] = (x, y, z)
        if part.category == "slab" and part.storey > 0 and (plan := plan_of(mesh.vertices, mesh.triangles)):
            result.floors.setdefault(part.storey, []).append(plan)
        _add(groups, part, mesh)
    result.pieces = {key: [group.piece()] for key, group in groups.items()}
    return result


def parts(file: Any, tree: Tree) -> list[Part]:
    """Every element that is drawn, with its storey; without one, the building's number with a minus sign."""
    return [
        Part(number, tree.storey_of(number) or -tree.building_of(number), category)
        for number, category in categories(file).items()
    ]


def _has_body(element: Any) -> bool:
    return ref(element, "Representation", "IfcProductRepresentation") is not None


def jobs(file: Any, drawn: Sequence[Part], workers: int) -> list[Job]:
    """The work, cut for ``workers`` processes; what the fast kernel gets wrong goes to the exact one: openings in
    furniture and the like, and bodies that are cut by planes.
    """
    clipped = cut_by_planes(file)
    fast: list[Part] = []
    exact: list[Part] = []
    for part in drawn:
        element = file.by_id(part.number)
        if _has_body(element):
            voided = part.category not in VOID_SAFE and refs(element, "HasOpenings", "IfcRelVoidsElement")
            (exact if voided or part.number in clipped else fast).append(part)
    size = max(1, min(CHUNK, -(-len(fast) // max(workers, 1))))
    cut = [Job(tuple(fast[at : at + size]), FAST) for at in range(0, len(fast), size)]
    return cut + ([Job(tuple(exact), EXACT)] if exact else [])


def retry(file: Any, job: Job, total: ShellResult) -> None:
    """Do a crashed job again: with the exact kernel, then in halves, until only the culprits are left out."""
    queue = [Job(job.parts, EXACT)] if job.kernel == FAST else _halves(job)
    while queue:
        again = queue.pop()
        outcome = run_all(functools.partial(convert, file), [again], at_once=1, failures=KERNEL_ERRORS)[0]
        if not isinstance(outcome, Crash):
            merge(total, outcome)
        elif len(again.parts) == 1:
            total.crashed.append(again.parts[0].number)
        else:
            queue.extend(_halves(again))


def _halves(job: Job) -> list[Job]:
    middle = len(job.parts) // 2
    return [Job(part, job.kernel) for part in (job.parts[:middle], job.parts[middle:]) if part]


def merge(total: ShellResult, part: ShellResult) -> None:
    """Add one job's result to the whole."""
    for key, pieces in part.pieces.items():
        total.pieces.setdefault(key, []).extend(pieces)
    total.middles.update(part.middles)
    total.crashed.extend(part.crashed)
    for storey, plans in part.floors.items():
        total.floors.setdefault(storey, []).extend(plans)


def joined(pieces: Sequence[Piece]) -> tuple[F64, npt.NDArray[np.uint32], tuple[float, float, float, float]]:
    """One piece of several: (vertices, triangles, linear colour of the largest)."""
    offsets = np.cumsum([0, *(len(piece.vertices) for piece in pieces)])
    triangles = np.concatenate([piece.triangles + at for piece, at in zip(pieces, offsets[:-1], strict=True)])
    red, green, blue, alpha = max(pieces, key=lambda piece: len(piece.triangles)).colour
    linear = (_linear(red), _linear(green), _linear(blue), min(max(alpha, 0.0), 1.0))
    return np.concatenate([piece.vertices for piece in pieces]), triangles.astype(np.uint32), linear


def _linear(value: float) -> float:
    """sRGB 0..1 to linear (IEC 61966-2-1)."""
    value = min(max(value, 0.0), 1.0)
    return float(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
