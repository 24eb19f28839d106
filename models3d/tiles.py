"""What the viewer loads: scene index, room packs, shells, ground and light, written as immutable files.

``write_scene`` turns an assembled campus into the files of docs/reference/scene-format.md; ``slots`` is the one
definition of the order in which the live stream, the state texture and picking number the entities.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from models3d.campus import Assembled
from models3d.tiles_files import SceneFile, write_named
from models3d.tiles_ground import ground_document
from models3d.tiles_light import bake_light
from models3d.tiles_outline import ordered_storeys, outline_of, roofs_of
from models3d.tiles_pack import encode_block
from models3d.tiles_rings import Frame, frame_of
from models3d.tiles_shell import encode_shell
from twin.space import Area, Building, Campus, Storey

VERSION = 1
PACK_SPACES = 25_000
"""A pack holds buildings until it has this many spaces."""


@dataclass(frozen=True, slots=True)
class SceneFiles:
    """The files of one scene; ``scene_url`` is the index, the only name that a page must be told."""

    scene_url: str
    files: tuple[SceneFile, ...]


@dataclass(slots=True)
class _Plan:
    """A building with what its plans say, ready to be written."""

    building: Building
    storeys: list[Storey]
    outlines: list[Area | None]
    roofs: list[Area | None]
    frame: Frame
    bounds: tuple[float, float, float, float, float, float]
    block: bytes = b""

    @property
    def spaces(self) -> int:
        """How many spaces it has."""
        return sum(len(s.spaces) for s in self.storeys)


@dataclass(slots=True)
class _Index:
    """The lists of the index that name other files."""

    packs: list[dict[str, Any]] = field(default_factory=list)
    shells: list[dict[str, Any]] = field(default_factory=list)
    files: list[SceneFile] = field(default_factory=list)


def slots(campus: Campus) -> list[str]:
    """Entity ids in slot order: the campus, its buildings, their storeys lowest first, then the storeys' spaces."""
    storeys = [s for b in campus.buildings for s in ordered_storeys(b)]
    return [
        campus.id,
        *(b.id for b in campus.buildings),
        *(s.id for s in storeys),
        *(space.id for s in storeys for space in s.spaces),
    ]


def write_scene(assembled: Assembled, out: Path) -> SceneFiles:
    """Write the scene of a campus into ``out`` (made if it is missing); files of the same content are kept.

    Raises:
        PackError: a building has more rings, points or storeys than the format counts.
        OSError: the folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    campus = assembled.campus
    ground_z = _ground_level(campus)
    plans = [_plan(b, ground_z) for b in campus.buildings]
    index = _Index()
    entries = _write_packs(plans, out, index)
    _write_shells(assembled, entries, out, index)
    labels = write_named(out, "labels", "json", _json(_labels(plans)))
    index.files.append(labels)
    document = ground_document(assembled.ground, ground_z)
    ground = _keep(index, write_named(out, "ground", "json", _json(document))) if document else None
    stack = [(s, roof) for p in plans for s, roof in zip(p.storeys, p.roofs, strict=True) if roof is not None]
    trees = document["trees"] if document else None
    light_bytes = bake_light([(r, s.elevation_m + s.height_m) for s, r in stack], trees, ground_z)
    light = _keep(index, write_named(out, "light", "bin", light_bytes)) if light_bytes else None
    head = {
        "version": VERSION,
        "campus": {
            "id": campus.id,
            "names": campus.names,
            "latitude": campus.latitude,
            "longitude": campus.longitude,
            "timezone": campus.timezone,
            "schematic": campus.schematic,
        },
        "bounds": _joined_bounds([p.bounds for p in plans], ground_z),
        "counts": {
            "buildings": len(plans),
            "storeys": sum(len(p.storeys) for p in plans),
            "spaces": sum(p.spaces for p in plans),
        },
        "sites": [{"id": s.id, "names": s.names} for s in campus.sites],
        "buildings": entries,
        "storeys": _storey_table(plans),
        "packs": index.packs,
        "shells": index.shells,
        "ground": {"url": ground.url if ground else None, "z": round(ground_z, 2)},
        "light": {"url": light.url, "bytes": light.size} if light else None,
        "labels": labels.url,
    }
    scene = _keep(index, write_named(out, "scene", "json", _json(head)))
    return SceneFiles(scene.url, tuple(index.files))


def _keep(index: _Index, file: SceneFile) -> SceneFile:
    index.files.append(file)
    return file


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _ground_level(campus: Campus) -> float:
    """The level that the ground is drawn at [m]: the lowest ground floor, 0 for a campus without storeys."""
    floors = [s.elevation_m for b in campus.buildings for s in b.storeys if s.ordinal == 0]
    if floors:
        return min(floors)
    every = [s.elevation_m for b in campus.buildings for s in b.storeys]
    return min(every) if every else 0.0


def _plan(building: Building, ground_z: float) -> _Plan:
    storeys = ordered_storeys(building)
    outlines = [outline_of(s, building) for s in storeys]
    roofs = roofs_of(storeys, outlines, ground_z)
    rooms = [space.polygon for s in storeys for space in s.spaces if space.polygon is not None]
    shapes = [shape for shape in (*outlines, *rooms) if shape is not None]
    frame = frame_of(shapes)
    return _Plan(building, storeys, outlines, roofs, frame, _bounds(storeys, shapes, ground_z))


def _bounds(
    storeys: Sequence[Storey], shapes: Sequence[Area], ground_z: float
) -> tuple[float, float, float, float, float, float]:
    """The box of a building [m], rounded outwards to centimetres."""
    if not shapes:
        return (0.0, 0.0, ground_z, 0.0, 0.0, ground_z)
    box = shapely.total_bounds(np.array(shapes, dtype=object))
    low = min((s.elevation_m for s in storeys), default=ground_z)
    high = max((s.elevation_m + s.height_m for s in storeys), default=ground_z)
    down, up = np.floor(box[:2] * 100) / 100, np.ceil(box[2:] * 100) / 100
    return (float(down[0]), float(down[1]), round(low, 2), float(up[0]), float(up[1]), round(high, 2))


def _joined_bounds(boxes: Sequence[tuple[float, ...]], ground_z: float) -> list[float]:
    if not boxes:
        return [0.0, 0.0, ground_z, 0.0, 0.0, ground_z]
    table = np.array(boxes)
    return [*table[:, :3].min(axis=0).tolist(), *table[:, 3:].max(axis=0).tolist()]


def _write_packs(plans: Sequence[_Plan], out: Path, index: _Index) -> list[dict[str, Any]]:
    """Write the room packs; the buildings' entries of the index."""
    entries: list[dict[str, Any]] = []
    pack, spaces, storey_at, space_at = bytearray(), 0, 0, 0

    def close() -> None:
        file = _keep(index, write_named(out, "rooms", "bin", bytes(pack)))
        index.packs.append({"url": file.url, "spaces": spaces, "bytes": file.size})

    for plan in plans:
        if pack and spaces + plan.spaces > PACK_SPACES:
            close()
            pack, spaces = bytearray(), 0
        block = encode_block(plan.storeys, plan.outlines, plan.roofs, plan.frame)
        entry = _entry(plan, storey_at, space_at)
        entry |= {"pack": len(index.packs), "offset": len(pack), "length": len(block), "shell": None}
        entries.append(entry)
        pack += block
        spaces += plan.spaces
        storey_at += len(plan.storeys)
        space_at += plan.spaces
    if pack:
        close()
    return entries


def _entry(plan: _Plan, storey_at: int, space_at: int) -> dict[str, Any]:
    building, frame, box = plan.building, plan.frame, plan.bounds
    top = next((r for r in reversed(plan.roofs) if r is not None), None)
    spot = top.representative_point() if top is not None else None
    x, y = (spot.x, spot.y) if spot is not None else ((box[0] + box[3]) / 2, (box[1] + box[4]) / 2)
    return {
        "id": building.id,
        "names": building.names,
        "site": building.site,
        "category": building.category,
        "schematic": building.schematic,
        "bounds": list(box),
        "frame": [frame.x, frame.y, frame.turn, frame.step],
        "anchor": [round(x, 2), round(y, 2), box[5]],
        "storeys": [storey_at, len(plan.storeys)],
        "spaces": [space_at, plan.spaces],
    }


def _storey_table(plans: Sequence[_Plan]) -> dict[str, list[Any]]:
    table: dict[str, list[Any]] = {
        key: [] for key in ("id", "names", "ordinal", "elevation", "height", "building", "spaces")
    }
    first = 0
    for number, plan in enumerate(plans):
        for storey in plan.storeys:
            row = (
                storey.id,
                storey.names,
                storey.ordinal,
                round(storey.elevation_m, 2),
                round(storey.height_m, 2),
                number,
                [first, len(storey.spaces)],
            )
            for column, value in zip(table.values(), row, strict=True):
                column.append(value)
            first += len(storey.spaces)
    return table


def _labels(plans: Sequence[_Plan]) -> dict[str, list[Any]]:
    """The words of the spaces, in space order; the viewer asks for them after its first picture."""
    spaces = [space for p in plans for s in p.storeys for space in s.spaces]
    return {
        "id": [s.id for s in spaces],
        "number": [s.number for s in spaces],
        "zh": [s.names.get("zh", s.names.get("", "")) for s in spaces],
        "en": [s.names.get("en", s.names.get("", "")) for s in spaces],
        "category": [s.category for s in spaces],
        "area": [None if s.area_m2 is None else round(s.area_m2, 1) for s in spaces],
    }


def _write_shells(assembled: Assembled, entries: list[dict[str, Any]], out: Path, index: _Index) -> None:
    """Write one GLB for each building that brought display geometry."""
    numbers = {b.id: i for i, b in enumerate(assembled.campus.buildings)}
    for building in assembled.campus.buildings:
        shells = [s for s in assembled.shells if s.building == building.id and len(s.triangles)]
        if not shells:
            continue
        data, triangles = encode_shell(shells)
        file = _keep(index, write_named(out, "shell", "glb", data))
        entries[numbers[building.id]]["shell"] = len(index.shells)
        index.shells.append(
            {"url": file.url, "building": numbers[building.id], "triangles": triangles, "bytes": file.size}
        )
