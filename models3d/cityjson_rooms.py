"""BuildingStorey, BuildingUnit and BuildingRoom of CityJSON 2.0 -> storeys and spaces, units as zones."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from models3d import cityjson_geometry as geometry
from models3d import osm_tags, polygons
from models3d import triangles as tri
from models3d.categories import room_category
from models3d.cityjson_geometry import Body
from models3d.codes import Codes, storey_code, storey_names
from models3d.levels import by_elevation
from models3d.model import Finding, Model
from models3d.ordinals import ordinals
from twin.space import Alias, Space, Storey, Zone

if TYPE_CHECKING:
    from models3d.cityjson_buildings import City

_NUMBER = ("number", "roomnumber", "room:number", "roomnr", "ref", "code", "longname", "id")


def storeys(model: Model, city: City, key: str, building: str, ground: float) -> list[Storey]:
    """The storeys that the file draws for a building, lowest first; none if it draws no room."""
    rooms = list(city.below(key, "BuildingRoom"))
    with_rooms = {parent for room in rooms for parent in _ancestors(city, room)}
    rooms += [unit for unit in city.below(key, "BuildingUnit") if unit not in with_rooms and city.geometries(unit)]
    floors = list(city.below(key, "BuildingStorey"))
    rooms += [
        floor
        for floor in floors
        if floor not in with_rooms and not _inside(city, floor, rooms) and city.geometries(floor)
    ]
    bodies = {room: city.body(room, lambda lods: lods[-1]) for room in rooms}
    drawn = [room for room in rooms if not bodies[room].is_empty]
    if not drawn:
        return []
    groups: list[tuple[str, list[str]]] = [
        (floor, [room for room in drawn if floor in (room, *_ancestors(city, room))]) for floor in floors
    ]
    groups = [(floor, members) for floor, members in groups if members]
    placed = {room for _, members in groups for room in members}
    loose = [room for room in drawn if room not in placed]
    if loose:
        text = f"{len(loose)} rooms of building {building} belong to no storey: grouped by the height of their floors."
        model.findings.append(Finding("no-storey", text, key, entity=building, data={"count": len(loose)}))
        levels = by_elevation([bodies[room].bounds_z()[0] for room in loose])
        groups += [("", [loose[index] for index in level]) for level in levels]
    groups.sort(key=lambda group: min(bodies[room].bounds_z()[0] for room in group[1]))
    elevations = [min(bodies[room].bounds_z()[0] for room in members) for _, members in groups]
    numbers = ordinals([_label(city, floor) for floor, _ in groups], elevations, ground)
    found: list[Storey] = []
    codes = Codes()
    places: dict[str, str] = {}
    for (floor, members), elevation, ordinal in zip(groups, elevations, numbers, strict=True):
        storey = _storey(city, building, floor, ordinal, elevation, codes)
        taken = Codes()
        for room in members:
            space = _space(model, city, room, bodies[room], storey, taken)
            storey.spaces.append(space)
            places[room] = space.id
        storey.height_m = max(2.0, max(space.height_m for space in storey.spaces))
        storey.outline = polygons.union(
            (space.polygon for space in storey.spaces if space.polygon is not None), gap_m=0.6
        )
        found.append(storey)
    _close_heights(found)
    _zones(model, city, key, building, places)
    return found


def _label(city: City, floor: str) -> str:
    """What a storey is called, or ''."""
    tags = osm_tags.tags_of(city.objects[floor].get("attributes")) if floor else {}
    return next(iter(osm_tags.names(tags).values()), "")


def _close_heights(found: list[Storey]) -> None:
    """Floor to floor is what lies between two storeys, where that is a storey's height."""
    for lower, upper in itertools.pairwise(found):
        between = upper.elevation_m - lower.elevation_m
        if between >= 2.0:
            lower.height_m = between


def _storey(city: City, building: str, floor: str, ordinal: int, elevation: float, codes: Codes) -> Storey:
    tags = osm_tags.tags_of(city.objects[floor].get("attributes")) if floor else {}
    code, _ = codes.take(osm_tags.first(tags, osm_tags.CODE) or storey_code(ordinal))
    names = osm_tags.names(tags) or storey_names(ordinal)
    aliases = (Alias("cityjson", floor),) if floor else ()
    return Storey(f"{building}/{code}", names, ordinal, elevation, aliases=aliases)


def _space(model: Model, city: City, room: str, body: Body, storey: Storey, taken: Codes) -> Space:
    item: dict[str, Any] = city.objects[room]
    tags = osm_tags.tags_of(item.get("attributes"))
    names = osm_tags.names(tags)
    number = osm_tags.first(tags, _NUMBER) or next(iter(names.values()), room)
    code, changed = taken.take(number)
    low, high = body.bounds_z()
    area = geometry.floor(body)
    space = Space(f"{storey.id}/{code}", number, names, polygon=area, elevation_m=low, height_m=max(0.5, high - low))
    space.category = room_category(*names.values(), tags.get("function", ""), tags.get("usage", ""))
    space.aliases = (Alias("cityjson", room),)
    if area is None:
        model.findings.append(
            Finding("no-geometry", f"Room {number} has no floor that encloses an area.", room, entity=space.id)
        )
        return space
    space.area_m2 = float(area.area)
    solid = abs(tri.volume(body.vertices, body.triangles)) if body.solid or tri.closed(body.triangles) else 0.0
    space.volume_m3 = solid if solid > 0.1 * space.area_m2 else space.area_m2 * space.height_m
    space.area_authored_m2 = osm_tags.number(tags.get("area", ""))
    if changed:
        text = f"Two rooms of {storey.id} have the number {number}: the second is called {code}."
        model.findings.append(Finding("duplicate-code", text, room, entity=space.id))
    return space


def _zones(model: Model, city: City, key: str, building: str, places: dict[str, str]) -> None:
    """A dwelling or tenant's unit that holds rooms is a zone over them."""
    for unit in city.below(key, "BuildingUnit"):
        members = tuple(places[room] for room in places if unit in _ancestors(city, room))
        if members:
            tags = osm_tags.tags_of(city.objects[unit].get("attributes"))
            model.zones.append(Zone(f"{building}:{unit}", osm_tags.names(tags), "unit", members))


def _ancestors(city: City, key: str) -> list[str]:
    """The parents of an object, their parents and so on, nearest first."""
    found: list[str] = []
    queue = [key]
    while queue:
        parents = city.objects.get(queue.pop(0), {}).get("parents")
        for parent in parents if isinstance(parents, list) else []:
            if str(parent) not in found and str(parent) in city.objects:
                found.append(str(parent))
                queue.append(str(parent))
    return found


def _inside(city: City, floor: str, rooms: list[str]) -> bool:
    return any(floor in _ancestors(city, room) for room in rooms)
