"""Equipment of the demo campus: access points, switches, panel and main meters, each with its space and its place.

Energy runs main meter -> panel meter -> storey; the network runs border router -> campus core -> building switch ->
storey switch -> access points: ``Equipment.feeds`` holds both trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

import shapely

from models3d.demo_points import use_of
from twin.space import Building, Equipment, Space, Storey

ROOM_PER_AP_M2 = 180.0  # one access point for so much of a large room
LEAST_ROOM_M2 = 70.0  # smaller rooms are served from the corridor
CORRIDOR_PER_AP_M2 = 95.0
PORTS = 44  # access points on one storey switch
_NO_AP = {
    "dormitory", "stairs", "lift", "shaft", "toilet", "electrical", "comms", "plant", "ventilation", "storage",
    "kitchen", "laundry", "atrium",
}  # dormitory rooms are served from their corridor  # fmt: skip


def _spots(space: Space, count: int) -> list[tuple[float, float]]:
    """``count`` places [m] along the longer middle line of a four-cornered room; one inside any other."""
    polygon = space.polygon
    assert polygon is not None
    corners = shapely.get_coordinates(polygon)
    if len(corners) != 5 or count == 1:
        point = polygon.centroid if polygon.contains(polygon.centroid) else polygon.representative_point()
        return [(round(point.x, 2), round(point.y, 2))] * min(count, 1)
    a, b, c, d = corners[:4]
    if ((b - a) ** 2).sum() < ((d - a) ** 2).sum():
        a, b, c, d = b, c, d, a
    start, end = (a + d) / 2, (b + c) / 2
    places = [start + (end - start) * (k + 0.5) / count for k in range(count)]
    return [(round(float(x), 2), round(float(y), 2)) for x, y in places]


def _access_points(storey: Storey) -> Iterator[Equipment]:
    for space in storey.spaces:
        use, area = use_of(space), space.area_m2 or 0.0
        if use in _NO_AP:
            continue
        if use == "corridor":
            count = max(1, round(area / CORRIDOR_PER_AP_M2))
        else:
            count = ceil(area / ROOM_PER_AP_M2) if area >= LEAST_ROOM_M2 else 0
        for k, (x, y) in enumerate(_spots(space, count) if count else ()):
            z = round(storey.elevation_m + space.height_m - 0.2, 2)
            names = {"zh": f"无线接入点 {space.number}-{k + 1}", "en": f"Access point {space.number}-{k + 1}"}
            yield Equipment(
                f"{storey.id}/AP{space.number}-{k + 1}", names, "access-point", space.id, position=(x, y, z)
            )


def _first(storeys: list[Storey], use: str) -> Space | None:
    return next((s for storey in storeys for s in storey.spaces if use_of(s) == use), None)


def _in_room(code: str, zh: str, en: str, kind: str, room: Space | None, feeds: tuple[str, ...], at: str) -> Equipment:
    """A device on the wall of ``room`` (or of the storey or building ``at``, which has no such room)."""
    position = None
    if room is not None and room.polygon is not None:
        (x, y), *_ = _spots(room, 1)
        position = (x, y, round(room.elevation_m + 1.5, 2))
    return Equipment(code, {"zh": zh, "en": en}, kind, room.id if room else at, feeds, position)


def _storey(storey: Storey, label: str) -> list[Equipment]:
    points = list(_access_points(storey))
    comms, electrical = _first([storey], "comms"), _first([storey], "electrical")
    devices = []
    for k in range(max(1, ceil(len(points) / PORTS))):
        feeds = tuple(p.id for p in points[k * PORTS : (k + 1) * PORTS])
        names = (f"交换机 {label}-SW{k + 1}", f"Switch {label}-SW{k + 1}")
        devices.append(_in_room(f"{storey.id}/SW{k + 1}", *names, "switch", comms, feeds, storey.id))
    names = (f"楼层电表 {label}", f"Storey meter {label}")
    devices.append(_in_room(f"{storey.id}/EM", *names, "meter", electrical, (storey.id,), storey.id))
    return [*devices, *points]


def equipment(buildings: list[Building], core: str) -> list[Equipment]:
    """All devices; the campus's core switch stands in building ``core``."""
    found: list[Equipment] = []
    heads: list[str] = []
    for building in buildings:
        own: list[Equipment] = []
        for storey in building.storeys:
            own += _storey(storey, f"{building.id}-{storey.ordinal + 1}")
        comms, electrical = _first(building.storeys, "comms"), _first(building.storeys, "electrical")
        meters = tuple(e.id for e in own if e.category == "meter")
        switches = tuple(e.id for e in own if e.category == "switch")
        zh, en = building.names["zh"], building.names["en"]
        head = _in_room(f"{building.id}/SW0", f"{zh}汇聚交换机", f"{en} switch", "switch", comms, switches, building.id)
        main = _in_room(
            f"{building.id}/EM", f"{zh}总电表", f"{en} main meter", "meter", electrical, meters, building.id
        )
        heads.append(head.id)
        found += [main, head, *own]
    home = next((b for b in buildings if b.id == core), None)
    if home is not None:
        room = _first(home.storeys, "server")
        found += [
            _in_room(f"{core}/CORE", "校园核心交换机", "Campus core switch", "switch", room, tuple(heads), core),
            _in_room(
                f"{core}/BORDER", "校园出口路由器", "Campus border router", "router", room, (f"{core}/CORE",), core
            ),
        ]
    return found
