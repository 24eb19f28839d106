"""Meshes (glTF, GLB, OBJ, STL, PLY) -> one building: its shell by class, its outline, one synthetic storey.

A mesh knows no rooms. Units and the axis that points up are told by the format (glTF: metres, Y up), by a comment in
the file, or by what makes a building of it; every guess is a finding.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np
import shapely

from models3d import files, georef, mesh_read, polygons, schematic
from models3d import triangles as tri
from models3d.cityjson_geometry import COLOURS
from models3d.codes import code
from models3d.mesh_read import Piece, Read
from models3d.model import Feature, Finding, Format, Frame, Model, ModelError, Options, Shell
from models3d.triangles import Floats
from twin.space import Alias, Area, Building

MOST_TRIANGLES: Final = 2_000_000
"""What the view may hold at once; a heavier shell loses its small pieces, then is left out."""
OUTLINE_TRIANGLES: Final = 20_000
SMALL_M: Final = 0.3
_SIZES: Final = ((1.0, "metres"), (1e-3, "millimetres"), (1e-2, "centimetres"), (0.0254, "inches"))

_WORDS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("ground", ("terrain", "topograph", "ground", "site", "landscape", "地形", "场地")),
    ("window", ("window", "glass", "glazing", "pane", "curtain", "fenster", "窗", "玻璃")),
    ("door", ("door", "gate", "tür", "门")),
    ("roof", ("roof", "dach", "屋顶", "屋面")),
    ("wall", ("wall", "facade", "façade", "wand", "mauer", "墙")),
    ("slab", ("slab", "floor", "ceiling", "decke", "boden", "plate", "楼板", "地板")),
)  # fmt: skip


def is_mesh(head: bytes, path: Path) -> bool:
    """Whether the bytes are one of the mesh formats."""
    return mesh_read.kind_of(head, path) is not None


def load(path: Path, options: Options) -> Model:
    """Read the file; ModelError names what is wrong with it."""
    kind = mesh_read.kind_of(files.read_head(path), path)
    assert kind is not None, "sniffed before"
    model = Model(
        path.name, files.sha256(path), "mesh", {"glb": "glTF 2.0 binary", "gltf": "glTF 2.0"}.get(kind, kind.upper())
    )
    found = mesh_read.read(path, kind)
    _to_metres(model, found)
    pieces = _place(model, found.pieces)
    solid = [piece for piece in pieces if _class(piece.name) != "ground"] or pieces
    for piece in pieces:
        if piece not in solid and (area := _outline([piece])) is not None:
            model.ground.append(Feature("land", area, {"": piece.name}))
    _building(model, path, solid, options)
    return model


def _to_metres(model: Model, found: Read) -> None:
    """Turn the pieces to Z up and scale them to metres, in place."""
    everything = np.concatenate([piece.vertices[np.unique(piece.triangles)] for piece in found.pieces])
    extent = everything.max(axis=0) - everything.min(axis=0)
    if _y_up(model, found.kind, extent):
        for piece in found.pieces:
            piece.vertices = np.column_stack([piece.vertices[:, 0], -piece.vertices[:, 2], piece.vertices[:, 1]])
        extent = extent[[0, 2, 1]]
    scale = _scale(model, found, extent)
    if scale != 1.0:
        for piece in found.pieces:
            piece.vertices = piece.vertices * scale


def _y_up(model: Model, kind: str, extent: Floats) -> bool:
    if kind in ("glb", "gltf"):
        return True
    if kind != "obj" or extent[2] < 0.67 * extent[1]:
        return False
    text = "OBJ does not say which way is up: Y is taken as up, as its shape suggests."
    model.findings.append(Finding("up-axis-guessed", text, severity="info"))
    return True


def _scale(model: Model, found: Read, extent: Floats) -> float:
    """Metres per unit of the file: as declared if that makes a building, else what does."""
    plan, height = float(extent[:2].max()), float(extent[2])
    if found.scale is not None and _is_building(
        plan * found.scale, height * found.scale, most_m=3000.0, highest_m=450.0
    ):
        return found.scale
    for scale, name in _SIZES:
        if _is_building(plan * scale, height * scale, most_m=800.0, highest_m=250.0):
            was = "says metres, but" if found.kind in ("glb", "gltf") else "names no unit;"
            text = f"The file {was} measures {plan:,.0f} by {height:,.0f}: taken as {name}."
            model.findings.append(Finding("units-guessed", text, data={"scale": scale, "plan": plan, "height": height}))
            return scale
    fallback = found.scale or 1.0
    text = f"The model measures {plan * fallback:,.4g} m by {height * fallback:,.4g} m, no building: check its unit."
    model.findings.append(Finding("units-guessed", text, data={"scale": fallback, "plan": plan, "height": height}))
    return fallback


def _is_building(plan: float, height: float, *, most_m: float, highest_m: float) -> bool:
    return 2.5 <= plan <= most_m and 1.8 <= height <= highest_m


def _place(model: Model, pieces: list[Piece]) -> list[Piece]:
    """Far origins and a datum far from the lowest point are taken off; the frame keeps them."""
    low = np.min([piece.vertices[np.unique(piece.triangles)].min(axis=0) for piece in pieces], axis=0)
    high = np.max([piece.vertices[np.unique(piece.triangles)].max(axis=0) for piece in pieces], axis=0)
    placed = georef.place_metres(np.array([low[0], high[0]]), np.array([low[1], high[1]]))
    base = float(low[2]) if low[2] > 0.5 or low[2] < -30.0 else 0.0
    x, y = placed.frame.origin_offset[:2]
    model.frame = Frame(height=base, origin_offset=(x, y, base))
    if placed.remark:
        text = f"The coordinates lie {max(abs(x), abs(y)) / 1000:,.0f} km from their origin: moved to it."
        model.findings.append(Finding("far-origin", text, severity="info", data={"x": x, "y": y}))
    offset = np.array([x, y, base])
    for piece in pieces:
        piece.vertices = piece.vertices - offset
    return pieces


def _building(model: Model, path: Path, pieces: list[Piece], options: Options) -> None:
    outline = _outline(pieces)
    if outline is None:
        raise ModelError(
            "invalid-mesh",
            f"'{path.name}' covers no area seen from above: it is a line or a single wall; check the export.",
        )
    name = path.name.split(".")[0]
    building = Building(code(name) or "building", {"": name}, outline=outline)
    building.aliases = tuple(Alias("mesh-node", piece.name) for piece in pieces[:200])
    low = min(float(piece.vertices[piece.triangles.reshape(-1), 2].min()) for piece in pieces)
    high = max(float(piece.vertices[piece.triangles.reshape(-1), 2].max()) for piece in pieces)
    building.storeys = [schematic.whole_storey(building.id, 0, low, max(1.0, high - low), outline, "synthetic")]
    x, y = polygons.inside_point(outline)
    text = "A mesh has no rooms: the building is shown as one synthetic storey."
    model.findings.append(Finding("no-storey", text, entity=building.id, severity="info", position=(x, y, low)))
    model.buildings.append(building)
    if options.shells:
        model.shells.extend(_shells(model, building.id, pieces))


def _outline(pieces: list[Piece]) -> Area | None:
    """The plan: the largest faces that are not upright, seen from above; the hull of all points if there are none.

    Faces that look up and those that look down are joined apart: each set alone mostly shares edges, which is quick.
    """
    corners = np.concatenate([piece.vertices[piece.triangles] for piece in pieces])
    one, two = (corners[:, 1] - corners[:, 0]), (corners[:, 2] - corners[:, 0])
    normal = np.cross(one, two)
    length = np.linalg.norm(normal, axis=1)
    lean = np.divide(normal[:, 2], length, out=np.zeros(len(length)), where=length > 0.0)
    found: list[Area] = []
    for side in (lean > 0.05, lean < -0.05):
        chosen = corners[side]
        order = np.argsort(-np.abs(normal[side][:, 2]), kind="stable")[:OUTLINE_TRIANGLES]
        vertices = chosen[order].reshape(-1, 3)
        area = tri.shadow(vertices, np.arange(len(vertices)).reshape(-1, 3), least_m2=0.5)
        if area is not None:
            found.append(area)
    if not found:
        return polygons.to_area(shapely.MultiPoint(corners.reshape(-1, 3)[:, :2]).convex_hull, 0.5)
    return polygons.union(found, gap_m=0.2) or polygons.union(found)


def _shells(model: Model, building: str, pieces: list[Piece]) -> list[Shell]:
    """The pieces merged by class and colour, bounded."""
    pieces = _bounded(model, building, pieces)
    groups: dict[tuple[str, tuple[float, float, float, float]], list[Piece]] = defaultdict(list)
    for piece in pieces:
        name = _class(piece.name)
        fallback = COLOURS.get(name, COLOURS["other"])
        colour = tuple(round(value * 8) / 8 for value in piece.colour) if piece.colour is not None else fallback
        groups[name if name in COLOURS else "other", colour].append(piece)  # type: ignore[index]
    found: list[Shell] = []
    for (name, colour), members in sorted(groups.items()):
        shifts = np.cumsum([0, *(len(piece.vertices) for piece in members[:-1])])
        corners = np.concatenate([piece.triangles + shift for piece, shift in zip(members, shifts, strict=True)])
        vertices = np.concatenate([piece.vertices for piece in members])
        used, compact = np.unique(corners, return_inverse=True)
        found.append(Shell(building, "", name, vertices[used], compact.reshape(-1, 3).astype(np.uint32), colour))
    return found


def _bounded(model: Model, building: str, pieces: list[Piece]) -> list[Piece]:
    total = sum(len(piece.triangles) for piece in pieces)
    if total <= MOST_TRIANGLES:
        return pieces
    kept = [
        piece for piece in pieces if float(np.ptp(piece.vertices[np.unique(piece.triangles)], axis=0).max()) >= SMALL_M
    ]
    left = sum(len(piece.triangles) for piece in kept)
    if left > MOST_TRIANGLES:
        kept, left = [], 0
    text = f"The shell has {total:,} triangles, over {MOST_TRIANGLES:,}: {left:,} are shown; export less detail."
    model.findings.append(Finding("geometry-bounded", text, entity=building, data={"triangles": total, "shown": left}))
    return kept


def _class(name: str) -> str:
    low = name.lower()
    return next((key for key, words in _WORDS if any(word in low for word in words)), "other")


FORMAT: Final = Format("mesh", "glTF, OBJ, STL or PLY", (".glb", ".gltf", ".obj", ".stl", ".ply"), is_mesh, load)
