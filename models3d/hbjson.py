"""Honeybee models (HBJSON) -> one building with its rooms by storey, zones, and the outer skin as a shell.

Schema: https://www.ladybug.tools/honeybee-schema/model.html. A room's plan is the union of its floor faces, its volume
the solid that its faces enclose; its storey is ``story``, else the height of its floor.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from models3d import files, georef, polygons
from models3d import triangles as tri
from models3d.categories import room_category
from models3d.cityjson_geometry import COLOURS
from models3d.codes import Codes, storey_code, storey_names
from models3d.levels import by_elevation
from models3d.model import Finding, Format, Frame, Model, ModelError, Options, Shell
from models3d.ordinals import ordinals
from models3d.triangles import Floats, Triangles
from twin.space import Alias, Building, Space, Storey, Zone

_METRES: Final = {"meters": 1.0, "millimeters": 1e-3, "centimeters": 1e-2, "feet": 0.3048, "inches": 0.0254}
_CLASSES: Final = {"Wall": "wall", "RoofCeiling": "roof", "Floor": "slab"}
_OUTSIDE: Final = frozenset({"Outdoors", "Ground", ""})


@dataclass(slots=True)
class _Face:
    """One face of a room: triangles over the building's vertices, its type, whether it is part of the outer skin."""

    kind: str
    outside: bool
    corners: Triangles
    skin: Triangles
    windows: Triangles


@dataclass(slots=True)
class _Room:
    source: dict[str, Any]
    name: str
    faces: list[_Face] = field(default_factory=list)
    low: float = 0.0
    high: float = 0.0


class _Points:
    """The vertices of all faces, in metres, joined into one array at the end."""

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._parts: list[Floats] = []
        self._count = 0

    def add(self, points: Floats) -> int:
        """Append the vertices of a face; the index of its first one."""
        self._parts.append(points)
        self._count += len(points)
        return self._count - len(points)

    def array(self) -> Floats:
        """All vertices [m]."""
        return np.concatenate([np.zeros((0, 3)), *self._parts])


def is_hbjson(head: bytes, path: Path) -> bool:
    """A JSON object with Honeybee's faces, or an empty Honeybee model."""
    return files.is_json(head) and files.mentions(path, head, ('"face_type"', '"angle_tolerance"'))


def load(path: Path, options: Options) -> Model:
    """Read the file; ModelError names what is wrong with it."""
    value = files.read_json(path)
    if not isinstance(value, dict) or not isinstance(value.get("rooms"), list) or not value["rooms"]:
        raise ModelError(
            "invalid-hbjson", f"'{path.name}' is a Honeybee file without rooms: export the whole model with its rooms."
        )
    model = Model(path.name, files.sha256(path), "hbjson", f"HBJSON {value.get('version') or 'of unknown version'}")
    scale = _scale(model, value)
    points = _Points(scale)
    rooms = [found for item in value["rooms"] if (found := _room(model, item, points)) is not None]
    if not rooms:
        raise ModelError("invalid-hbjson", f"'{path.name}' has no room with readable faces: export it again.")
    vertices = _place(model, points.array(), rooms)
    building = _building(model, value, path)
    _storeys(model, building, rooms, vertices, options)
    building.outline = polygons.union(storey.outline for storey in building.storeys if storey.outline is not None)
    model.buildings.append(building)
    extra = sum(
        len(value.get(key) or []) for key in ("orphaned_faces", "orphaned_shades", "orphaned_apertures", "shade_meshes")
    )
    if extra:
        text = f"{extra} faces and shades that belong to no room are left out."
        model.findings.append(Finding("features-ignored", text, severity="info", data={"count": extra}))
    return model


def _scale(model: Model, value: dict[str, Any]) -> float:
    units = str(value.get("units", "Meters")).lower()
    if units not in _METRES:
        model.findings.append(
            Finding(
                "units-guessed", f"The unit '{units[:20]}' is unknown: taken as metres.", data={"units": units[:20]}
            )
        )
    return _METRES.get(units, 1.0)


def _building(model: Model, value: dict[str, Any], path: Path) -> Building:
    name = str(value.get("display_name") or value.get("identifier") or path.stem)
    code, _ = Codes().take(name, path.stem)
    building = Building(code, {"": name})
    building.aliases = (Alias("hbjson", str(value.get("identifier") or name)),)
    return building


def _room(model: Model, item: Any, points: _Points) -> _Room | None:
    if not isinstance(item, dict):
        model.findings.append(Finding("bad-feature", "An entry of the list of rooms is no room: left out."))
        return None
    room = _Room(item, str(item.get("display_name") or item.get("identifier") or "room"))
    lost = 0
    for entry in item.get("faces") or []:
        try:
            face = _face(entry, points)
        except (ValueError, TypeError, KeyError, AttributeError):
            face = None
        if face is None:
            lost += 1
        else:
            room.faces.append(face)
    if lost:
        text = f"{lost} faces of room {room.name} cannot be read: left out."
        model.findings.append(Finding("bad-feature", text, room.name, data={"count": lost}))
    return room if room.faces else None


def _face(entry: dict[str, Any], points: _Points) -> _Face | None:
    shape = entry["geometry"]
    windows = [item["geometry"]["boundary"] for key in ("apertures", "doors") for item in entry.get(key) or []]
    rings = [_ring(ring, points.scale) for ring in (shape["boundary"], *(shape.get("holes") or []), *windows)]
    ends = np.cumsum([len(ring) for ring in rings]).tolist()
    index = [list(range(end - len(ring), end)) for ring, end in zip(rings, ends, strict=True)]
    vertices = np.concatenate(rings)
    solid, glass = index[: len(index) - len(windows)], index[len(index) - len(windows) :]
    corners = tri.face(vertices, solid)
    if not len(corners):
        return None
    panes = np.concatenate([tri.NONE, *(tri.face(vertices, [ring]) for ring in glass)])
    skin = tri.face(vertices, index) if windows else corners
    whole, cut, open_m2 = (_area(vertices, part) for part in (corners, skin, panes))
    if abs(whole - cut - open_m2) > 0.01 * whole:
        skin, panes = corners, tri.NONE
    condition = entry.get("boundary_condition")
    outside = str(condition.get("type", "") if isinstance(condition, dict) else "") in _OUTSIDE
    shift = points.add(vertices)
    return _Face(str(entry.get("face_type", "")), outside, corners + shift, skin + shift, panes + shift)


def _ring(ring: Any, scale: float) -> Floats:
    """A ring's vertices [m]; ValueError if they are not triples of sensible numbers."""
    with np.errstate(over="ignore"):
        found: Floats = np.array(ring, np.float64).reshape(-1, 3) * scale
    if not (np.abs(found) < 1e11).all():
        raise ValueError("coordinates that are no places")
    return found


def _area(vertices: Floats, corners: Triangles) -> float:
    if not len(corners):
        return 0.0
    a, b, c = (vertices[corners[:, corner]] for corner in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2.0)


def _place(model: Model, vertices: Floats, rooms: list[_Room]) -> Floats:
    """Far origins and a datum far below the lowest floor are taken off; the frame keeps them."""
    placed = georef.place_metres(vertices[:, 0], vertices[:, 1])
    if placed.remark:
        x, y = placed.frame.origin_offset[:2]
        text = f"The coordinates lie {max(abs(x), abs(y)) / 1000:,.0f} km from their origin: moved to it."
        model.findings.append(Finding("far-origin", text, severity="info", data={"x": x, "y": y}))
    lowest = float(vertices[:, 2].min())
    base = lowest if lowest > 0.5 or lowest < -100.0 else 0.0
    offset = (*placed.frame.origin_offset[:2], base)
    model.frame = Frame(height=base, origin_offset=offset)
    moved: Floats = vertices - np.array(offset)
    for room in rooms:
        floors = [face.corners for face in room.faces if face.kind == "Floor"] or [face.corners for face in room.faces]
        room.low = float(min(moved[part.reshape(-1), 2].min() for part in floors))
        room.high = float(max(moved[face.corners.reshape(-1), 2].max() for face in room.faces))
    return moved


def _storeys(model: Model, building: Building, rooms: list[_Room], vertices: Floats, options: Options) -> None:
    groups = _groups(model, building, rooms)
    elevations = [float(np.median([room.low for room in members])) for _, members in groups]
    numbers = ordinals([name for name, _ in groups], elevations)
    codes = Codes()
    for (name, members), elevation, ordinal in zip(groups, elevations, numbers, strict=True):
        code, _ = codes.take(name or storey_code(ordinal))
        storey = Storey(f"{building.id}/{code}", {"": name} if name else storey_names(ordinal), ordinal, elevation)
        taken = Codes()
        storey.spaces = [_space(model, room, storey, taken, vertices) for room in members]
        storey.height_m = max(2.0, float(np.median([space.height_m for space in storey.spaces])))
        storey.outline = polygons.union(
            (space.polygon for space in storey.spaces if space.polygon is not None), gap_m=0.6
        )
        building.storeys.append(storey)
        if options.shells:
            model.shells.extend(_shells(building, storey, members, vertices))
    for lower, upper in itertools.pairwise(building.storeys):
        if upper.elevation_m - lower.elevation_m >= 2.0:
            lower.height_m = upper.elevation_m - lower.elevation_m
    _zones(model, building, rooms)


def _groups(model: Model, building: Building, rooms: list[_Room]) -> list[tuple[str, list[_Room]]]:
    """Rooms by their ``story``, those without one by height, lowest first."""
    named: dict[str, list[_Room]] = defaultdict(list)
    for room in rooms:
        named[str(room.source.get("story") or "")].append(room)
    loose = named.pop("", [])
    groups: list[tuple[str, list[_Room]]] = list(named.items())
    if loose:
        text = f"{len(loose)} of {len(rooms)} rooms name no storey: grouped by the height of their floors."
        model.findings.append(
            Finding("no-storey", text, entity=building.id, severity="info", data={"count": len(loose)})
        )
        groups += [("", [loose[index] for index in level]) for level in by_elevation([room.low for room in loose])]
    return sorted(groups, key=lambda group: float(np.median([room.low for room in group[1]])))


def _space(model: Model, room: _Room, storey: Storey, taken: Codes, vertices: Floats) -> Space:
    code, changed = taken.take(room.name)
    floors = [face.corners for face in room.faces if face.kind == "Floor"]
    whole = np.concatenate([face.corners for face in room.faces])
    area = tri.shadow(vertices, np.concatenate(floors)) if floors else None
    if area is None:
        area = tri.underside(vertices, whole)
    space = Space(f"{storey.id}/{code}", code, {"": room.name}, polygon=area, elevation_m=room.low)
    space.height_m = max(0.5, room.high - room.low)
    identifier = str(room.source.get("identifier") or room.name)
    space.aliases = (Alias("hbjson", identifier),)
    space.category = _category(room)
    if area is None:
        text = f"Room {room.name} has no floor that encloses an area."
        model.findings.append(Finding("no-geometry", text, identifier, entity=space.id))
        return space
    space.area_m2 = float(area.area)
    solid = abs(tri.volume(vertices, whole))
    prism = space.area_m2 * space.height_m
    space.volume_m3 = solid if 0.2 * prism <= solid <= 1.2 * prism else prism
    x, y = polygons.inside_point(area)
    if changed:
        text = f"Two rooms of {storey.id} are called {room.name}: the second is {code}."
        model.findings.append(Finding("duplicate-code", text, identifier, entity=space.id, position=(x, y, room.low)))
    times = room.source.get("multiplier")
    if isinstance(times, int) and times > 1:
        text = f"Room {room.name} stands for {times} rooms of its kind: it is drawn once."
        model.findings.append(
            Finding("multiplier", text, identifier, "info", space.id, (x, y, room.low), {"multiplier": times})
        )
    return space


def _category(room: _Room) -> str:
    properties = room.source.get("properties")
    energy = properties.get("energy") if isinstance(properties, dict) else None
    program = str(energy.get("program_type") or "") if isinstance(energy, dict) else ""
    return room_category(program.rsplit("::", 1)[-1], room.name)


def _zones(model: Model, building: Building, rooms: list[_Room]) -> None:
    """Rooms that share a ``zone`` (thermal zone)."""
    by_alias = {space.aliases[0].value: space.id for storey in building.storeys for space in storey.spaces}
    members: dict[str, list[str]] = defaultdict(list)
    for room in rooms:
        if zone := room.source.get("zone"):
            members[str(zone)].append(by_alias[str(room.source.get("identifier") or room.name)])
    for zone, spaces in members.items():
        model.zones.append(Zone(f"{building.id}:{zone}", {"": zone}, "hvac", tuple(spaces)))


def _shells(building: Building, storey: Storey, rooms: list[_Room], vertices: Floats) -> list[Shell]:
    """The outer faces of a storey merged by class, with panes cut out of the walls."""
    parts: dict[str, list[Triangles]] = defaultdict(list)
    for room in rooms:
        for face in room.faces:
            if face.outside and face.kind in _CLASSES:
                parts[_CLASSES[face.kind]].append(face.skin)
                if len(face.windows):
                    parts["window"].append(face.windows)
    found: list[Shell] = []
    for name in sorted(parts):
        used, compact = np.unique(np.concatenate(parts[name]), return_inverse=True)
        corners = compact.reshape(-1, 3).astype(np.uint32)
        found.append(Shell(building.id, storey.id, name, vertices[used], corners, COLOURS[name]))
    return found


FORMAT: Final = Format("hbjson", "HBJSON (Honeybee)", (".hbjson", ".json"), is_hbjson, load)
