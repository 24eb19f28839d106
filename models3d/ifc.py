"""IFC2x3, IFC4 and IFC4.3 files -> ``Model``: tree, room polygons, shells, zones, equipment, georeference.

The steps: pre-flight (``step_preflight``), open, read the structure (``ifc_tree``), then rooms and shell in forked
workers (``ifc_rooms``, ``ifc_shell``), far origins taken off, and the product's tree built (``ifc_build``).
"""

from __future__ import annotations

import functools
import resource
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ifcopenshell

from models3d import step_preflight
from models3d.forked import Crash, run_all
from models3d.ifc_build import Builder, Built
from models3d.ifc_equipment import equipment, interesting
from models3d.ifc_georef import frame
from models3d.ifc_mesh import EXACT, meshes
from models3d.ifc_origin import far_offset, move
from models3d.ifc_quantities import Authored, authored
from models3d.ifc_rooms import RoomShape, room_shape
from models3d.ifc_shell import Job, Part, ShellResult, categories, convert, jobs, joined, merge, retry
from models3d.ifc_tree import Tree, read_tree
from models3d.ifc_units import Units, units
from models3d.ifc_zones import zones
from models3d.model import Finding, Format, Model, ModelError, Options, Shell


@dataclass(frozen=True, slots=True)
class RoomJob:
    """Spaces for one process, by STEP number."""

    numbers: tuple[int, ...]


@dataclass(slots=True)
class Rooms:
    """What the exact kernel and the quantity sets say of spaces."""

    shapes: dict[int, RoomShape] = field(default_factory=dict)
    claims: dict[int, Authored] = field(default_factory=dict)
    crashed: list[int] = field(default_factory=list)

    def take(self, other: Rooms) -> None:
        """Add another process's result."""
        self.shapes.update(other.shapes)
        self.claims.update(other.claims)


def _measure(file: Any, scales: Units, job: RoomJob) -> Rooms:
    rooms = Rooms()
    spaces = [file.by_id(number) for number in job.numbers]
    for space in spaces:
        rooms.claims[space.id()] = authored(space, scales)
    with_body = [space for space in spaces if space.Representation is not None]
    for mesh in meshes(file, with_body, EXACT):
        shape = room_shape(mesh.vertices, mesh.triangles)
        if shape is not None:
            rooms.shapes[mesh.element] = shape
    return rooms


def _work(file: Any, scales: Units, job: RoomJob | Job) -> Rooms | ShellResult:
    return _measure(file, scales, job) if isinstance(job, RoomJob) else convert(file, job)


def _geometry(file: Any, tree: Tree, scales: Units, options: Options) -> tuple[Rooms, ShellResult]:
    """Rooms and shell of the opened file, in ``options.threads`` processes."""
    work = functools.partial(_work, file, scales)
    todo: list[RoomJob | Job] = [RoomJob(tuple(tree.spaces))] if tree.spaces else []
    if options.shells:
        todo.extend(jobs(file, _parts(file, tree), max(1, options.threads - len(todo))))
    rooms, shell = Rooms(), ShellResult()
    for job, outcome in zip(todo, run_all(work, todo, at_once=options.threads), strict=True):
        if isinstance(outcome, Rooms):
            rooms.take(outcome)
        elif isinstance(outcome, ShellResult):
            merge(shell, outcome)
        elif isinstance(job, RoomJob):
            _retry_rooms(work, job, rooms)
        else:
            retry(file, job, shell)
    return rooms, shell


def _retry_rooms(work: Any, job: RoomJob, rooms: Rooms) -> None:
    """Measure spaces again after a crash, in halves, until only those that crash the kernel are left out."""
    queue = [job]
    while queue:
        numbers = queue.pop().numbers
        if len(numbers) == 1:
            rooms.crashed.append(numbers[0])
            continue
        middle = len(numbers) // 2
        halves = [RoomJob(numbers[:middle]), RoomJob(numbers[middle:])]
        for half, outcome in zip(halves, run_all(work, halves, at_once=1), strict=True):
            if isinstance(outcome, Crash):
                queue.append(half)
            else:
                rooms.take(outcome)


def _parts(file: Any, tree: Tree) -> list[Part]:
    """Every element that is drawn, with its storey; without one, the building's number with a minus sign."""
    return [
        Part(number, tree.storey_of(number) or -tree.building_of(number), category)
        for number, category in categories(file).items()
    ]


def _shells(built: Built, shell: ShellResult) -> list[Shell]:
    home = built.buildings[0].id if built.buildings else ""
    shells = []
    for (where, category), pieces in sorted(shell.pieces.items()):
        building, storey = built.storey_of.get(where) or (built.building_of.get(-where, home), "")
        vertices, triangles, colour = joined(pieces)
        shells.append(Shell(building, storey, category, vertices, triangles, colour))
    return shells


def _kernel_findings(file: Any, numbers: Iterable[int], what: str) -> list[Finding]:
    return [
        Finding(
            "kernel-crashed",
            f"{file.by_id(number).is_a()} '{file.by_id(number).Name or number}' crashed the geometry kernel; {what}.",
            element=file.by_id(number).GlobalId or f"#{number}",
        )
        for number in numbers
    ]


def _duplicates(file: Any, tree: Tree) -> list[Finding]:
    """GlobalIds that several sites, buildings, storeys, spaces, devices or the project share."""
    seen: dict[str, list[str]] = {}
    for entity in file.by_type("IfcProject"):
        seen.setdefault(entity.GlobalId or "", []).append(f"{entity.is_a()} #{entity.id()}")
    for nodes in (tree.sites, tree.buildings, tree.storeys, tree.spaces):
        for node in nodes.values():
            seen.setdefault(node.guid, []).append(f"{node.kind} #{node.number}")
    for entity in interesting(file):
        seen.setdefault(entity.GlobalId or "", []).append(f"{entity.is_a()} #{entity.id()}")
    return [
        Finding(
            "duplicate-guid",
            f"GlobalId {guid} is used {len(owners)} times ({', '.join(owners[:3])}): it identifies nothing.",
            element=guid, data={"count": len(owners)},
        )
        for guid, owners in seen.items() if guid and len(owners) > 1
    ]  # fmt: skip


def _open(ready: step_preflight.Prepared, name: str) -> Any:
    try:
        return ifcopenshell.open(str(ready.path))
    except (RuntimeError, OSError, ValueError, ifcopenshell.Error) as error:
        raise ModelError(
            "unreadable", f"'{name}' cannot be parsed as {ready.schema} ({error}). Export the model again."
        ) from error


def load(path: Path, options: Options) -> Model:
    """Read an IFC file; ModelError with one sentence when it cannot be read.

    Geometry runs in forked copies of this process: ``options.threads`` of them at once.
    """
    began = time.perf_counter()
    with step_preflight.prepared(path) as ready:
        file = _open(ready, path.name)
        scales = units(file)
        tree = read_tree(file)
        findings = list(ready.findings)
        if tree.mended:
            what = f"{tree.mended} names were decoded again: they had been read as Latin letters."
            findings.append(Finding("encoding-repaired", what, data={"names": tree.mended}))
        rooms, shell = _geometry(file, tree, scales, options)
        place = frame(file, scales.length, findings)
        offset = far_offset(tree, rooms.shapes, shell)
        if any(offset):
            place = move(offset, place, tree, rooms.shapes, shell, findings)
        findings.extend(_duplicates(file, tree))
        built = Builder(tree, rooms.shapes, rooms.claims, path.stem, findings).build()
        findings.extend(_kernel_findings(file, rooms.crashed, "the room is listed without its shape"))
        findings.extend(_kernel_findings(file, shell.crashed, "it is not drawn"))
        model = Model(
            path=str(path), sha256=ready.sha256, format="ifc", schema=ready.schema,
            buildings=built.buildings, sites=built.sites, zones=zones(file, tree, built),
            equipment=equipment(file, tree, built, shell, offset), shells=_shells(built, shell),
            findings=findings, frame=place,
        )  # fmt: skip
    model.seconds = time.perf_counter() - began
    usage = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    model.peak_mb = max(usage) / 1024
    return model


FORMAT = Format(
    key="ifc",
    title="IFC (STEP), also zipped",
    suffixes=(".ifc", ".ifczip", ".zip"),
    sniff=step_preflight.sniff,
    load=load,
)
