"""Far origins: national coordinates lose their digits in float32, so they are taken off in float64 before."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import shapely

from models3d.ifc_geometry import Geometry
from models3d.ifc_shell import ShellResult
from models3d.ifc_tree import Tree
from models3d.model import Finding, Frame
from twin.space import Area

FAR_ORIGIN_M = 10_000.0
"""Beyond this [m] float32 cannot hold a millimetre."""
FAR_M = 5000.0
"""An element this far [m] from the middle of the others was misplaced: it is not drawn."""

Offset = tuple[float, float, float]


def _centres(tree: Tree, found: Geometry) -> list[tuple[float, float, float]]:
    """Places of things, best witnesses first: rooms, else elements, else the placements of storeys."""
    if found.rooms.shapes:
        points = [(shape.polygon.centroid, shape.floor_m) for shape in found.rooms.shapes.values()]
        return [(point.x, point.y, z) for point, z in points]
    if found.shell.middles:
        return list(found.shell.middles.values())
    nodes = [*tree.storeys.values(), *tree.buildings.values(), *tree.sites.values()]
    return [node.origin for node in nodes if node.origin]


def far_offset(tree: Tree, found: Geometry) -> Offset:
    """What is to be subtracted [m], whole metres; zeros when the model lies near its origin."""
    centres = _centres(tree, found)
    if not centres:
        return (0.0, 0.0, 0.0)
    x, y, z = np.median(np.array(centres), axis=0).tolist()
    far = math.hypot(x, y) > FAR_ORIGIN_M
    return (round(x) * 1.0 if far else 0.0, round(y) * 1.0 if far else 0.0, round(z) if abs(z) > FAR_ORIGIN_M else 0.0)


def drop_far(found: Geometry) -> list[int]:
    """Take elements off the shell that their author lost kilometres away; their STEP numbers.

    Far is more than ``FAR_M`` from the middle of all, and twenty times as far as nine in ten of the elements.
    """
    middles = found.shell.middles
    if len(middles) < 2:
        return []
    places = np.array(list(middles.values()))[:, :2]
    rooms = [shape.polygon.centroid.coords[0] for shape in found.rooms.shapes.values()]
    middle = np.median(np.array(rooms) if rooms else places, axis=0)
    distance = np.linalg.norm(places - middle, axis=1)
    limit = max(FAR_M, 20.0 * float(np.quantile(distance, 0.9, method="lower")))
    far = [number for number, away in zip(middles, distance.tolist(), strict=True) if away > limit]
    if far:
        _cut_beyond(found.shell, middle, limit)
    return far


def _cut_beyond(shell: ShellResult, middle: npt.NDArray[np.float64], limit: float) -> None:
    for key, group in list(shell.pieces.items()):
        for piece in group:
            near = np.max(np.abs(piece.vertices[:, :2] - middle), axis=1) <= limit
            piece.triangles = piece.triangles[np.all(near[piece.triangles], axis=1)]
            used, index = np.unique(piece.triangles, return_inverse=True)
            piece.vertices = piece.vertices[used]
            piece.triangles = index.reshape(-1, 3).astype(np.int32)
        kept = [piece for piece in group if len(piece.triangles)]
        if kept:
            shell.pieces[key] = kept
        else:
            del shell.pieces[key]


def _shifted(areas: list[Area], dx: float, dy: float) -> list[Area]:
    return [shapely.transform(area, lambda points: points - np.array([dx, dy])) for area in areas]


def move(offset: Offset, place: Frame, tree: Tree, found: Geometry, findings: list[Finding]) -> Frame:
    """Subtract ``offset`` everywhere; the frame that keeps the world coordinates as they were."""
    dx, dy, dz = offset
    shell = found.shell
    for shape in found.rooms.shapes.values():
        (shape.polygon,) = _shifted([shape.polygon], dx, dy)
        shape.floor_m -= dz
        shape.top_m -= dz
    for storey, areas in shell.floors.items():
        shell.floors[storey] = _shifted(areas, dx, dy)
    for walls in found.walls.storeys.values():
        walls.rooms = _shifted(walls.rooms, dx, dy)
        walls.cuts = _shifted(walls.cuts, dx, dy)
    for node in (*tree.storeys.values(), *tree.buildings.values(), *tree.sites.values()):
        if node.origin:
            node.origin = (node.origin[0] - dx, node.origin[1] - dy, node.origin[2] - dz)
    for group in shell.pieces.values():
        for piece in group:
            piece.vertices = piece.vertices - np.array(offset)
    for number, (x, y, z) in shell.middles.items():
        shell.middles[number] = (x - dx, y - dy, z - dz)
    findings.append(
        Finding(
            "far-origin",
            f"The model lies {math.hypot(dx, dy) / 1000:,.1f} km from its origin; ({dx:,.0f}, {dy:,.0f}, {dz:,.0f}) m"
            " was taken off.",
            severity="info", data={"x": dx, "y": dy, "z": dz},
        )
    )  # fmt: skip
    turn = math.radians(place.rotation_deg)
    east = (dx * math.cos(turn) - dy * math.sin(turn)) * place.scale
    north = (dx * math.sin(turn) + dy * math.cos(turn)) * place.scale
    return replace(
        place,
        easting=place.easting + east,
        northing=place.northing + north,
        height=place.height + dz,
        origin_offset=offset,
    )
