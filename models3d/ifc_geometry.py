"""All geometry of an opened IFC file, in forked processes: rooms, shell, and what encloses where there are no rooms.

A process that a kernel crashes is started again on halves of its work, until only the culprits are left out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from shapely.errors import GEOSException

from models3d.forked import Crash, run_all
from models3d.ifc_mesh import EXACT, KERNEL_ERRORS, meshes
from models3d.ifc_quantities import Authored, authored
from models3d.ifc_rooms import RoomShape, drawn_shape, room_shape
from models3d.ifc_safe import ref
from models3d.ifc_shell import Job, ShellResult, convert, jobs, merge, parts, retry
from models3d.ifc_tree import Tree
from models3d.ifc_units import Units
from models3d.ifc_walls import StoreyWalls, WallJob, section_walls, wall_job
from models3d.model import Options

FAILURES = (*KERNEL_ERRORS, GEOSException)
"""What a body or a plan that cannot be computed raises: the work is then done again without the culprit."""


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


@dataclass(slots=True)
class Walls:
    """What the walls of storeys without spaces say, by storey number."""

    storeys: dict[int, StoreyWalls] = field(default_factory=dict)


@dataclass(slots=True)
class Geometry:
    """Everything the kernels said; ``walls_crashed`` when the section of the walls could not be made."""

    rooms: Rooms = field(default_factory=Rooms)
    shell: ShellResult = field(default_factory=ShellResult)
    walls: Walls = field(default_factory=Walls)
    walls_crashed: bool = False


AnyJob = RoomJob | WallJob | Job
AnyResult = Rooms | Walls | ShellResult


def measure(file: Any, scales: Units, job: RoomJob) -> Rooms:
    """Shapes and authored quantities of spaces."""
    rooms = Rooms()
    spaces = [file.by_id(number) for number in job.numbers]
    for space in spaces:
        rooms.claims[space.id()] = authored(space, scales)
    with_body = [space for space in spaces if ref(space, "Representation", "IfcProductRepresentation")]
    for mesh in meshes(file, with_body, EXACT):
        shape = room_shape(mesh.vertices, mesh.triangles)
        known = rooms.shapes.get(mesh.element)  # a space may have several bodies: the largest is the room
        if shape is not None and (known is None or shape.area_m2 > known.area_m2):
            rooms.shapes[mesh.element] = shape
    _measure_drawn(file, [space for space in with_body if space.id() not in rooms.shapes], rooms)
    return rooms


def _measure_drawn(file: Any, spaces: list[Any], rooms: Rooms) -> None:
    """Spaces without a body may have an outline in plan, or a box."""
    for mesh in meshes(file, spaces, EXACT, outlines=True):
        if mesh.edges is not None:
            shape = drawn_shape(mesh.vertices, mesh.edges)
        else:
            shape = room_shape(mesh.vertices, mesh.triangles)
            if shape is not None:
                shape.source = "box"
        if shape is not None and (mesh.element not in rooms.shapes or shape.source == "outline"):
            rooms.shapes[mesh.element] = shape


def _work(file: Any, scales: Units, job: AnyJob) -> AnyResult:
    if isinstance(job, RoomJob):
        return measure(file, scales, job)
    if isinstance(job, WallJob):
        return Walls(section_walls(file, job, scales.length))
    return convert(file, job)


def _jobs(file: Any, tree: Tree, heights: dict[int, float], options: Options) -> list[AnyJob]:
    todo: list[AnyJob] = [RoomJob(tuple(tree.spaces))] if tree.spaces else []
    if options.rooms_from_walls:
        job = wall_job(file, tree, heights)
        todo.extend([job] if job else [])
    if options.shells:
        todo.extend(jobs(file, parts(file, tree), max(1, options.threads - len(todo))))
    return todo


def read_geometry(file: Any, tree: Tree, scales: Units, heights: dict[int, float], options: Options) -> Geometry:
    """Run every job in ``options.threads`` processes; ``heights`` [m] are the storeys' floors."""
    work: Callable[[AnyJob], AnyResult] = functools.partial(_work, file, scales)
    todo = _jobs(file, tree, heights, options)
    found = Geometry()
    for job, outcome in zip(todo, run_all(work, todo, at_once=options.threads, failures=FAILURES), strict=True):
        if isinstance(outcome, Rooms):
            found.rooms.take(outcome)
        elif isinstance(outcome, Walls):
            found.walls = outcome
        elif isinstance(outcome, ShellResult):
            merge(found.shell, outcome)
        elif outcome.hung:
            _give_up(job, found)
        else:
            _again(file, work, job, found)
    return found


def _give_up(job: AnyJob, found: Geometry) -> None:
    """Work that never ended is not tried again: what it was about is left out."""
    if isinstance(job, RoomJob):
        found.rooms.crashed.extend(job.numbers)
    elif isinstance(job, WallJob):
        found.walls_crashed = True
    else:
        found.shell.crashed.extend(part.number for part in job.parts)


def _again(file: Any, work: Callable[[AnyJob], AnyResult], job: AnyJob, found: Geometry) -> None:
    """What is done about a crashed job."""
    if isinstance(job, RoomJob):
        _retry_rooms(work, job, found.rooms)
    elif isinstance(job, WallJob):
        _retry_walls(work, job, found)
    else:
        retry(file, job, found.shell)


def _retry_walls(work: Callable[[AnyJob], AnyResult], job: WallJob, found: Geometry) -> None:
    """The whole section through the exact kernel: halves of it would not enclose a room."""
    again: list[AnyJob] = [replace(job, exact=True)]
    outcome = run_all(work, again, at_once=1, failures=FAILURES)[0]
    if isinstance(outcome, Walls):
        found.walls = outcome
    else:
        found.walls_crashed = True


def _retry_rooms(work: Callable[[AnyJob], AnyResult], job: RoomJob, rooms: Rooms) -> None:
    queue = [job]
    while queue:
        numbers = queue.pop().numbers
        if len(numbers) == 1:
            rooms.crashed.append(numbers[0])
            continue
        middle = len(numbers) // 2
        halves: list[AnyJob] = [RoomJob(numbers[:middle]), RoomJob(numbers[middle:])]
        for half, outcome in zip(halves, run_all(work, halves, at_once=1, failures=FAILURES), strict=True):
            if isinstance(outcome, Crash) and isinstance(half, RoomJob):
                queue.append(half)
            elif isinstance(outcome, Rooms):
                rooms.take(outcome)
