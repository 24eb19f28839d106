"""The demo's other points: people, air and motion of rooms, Wi-Fi clients of access points, traffic of uplinks.

Their source is the simulator too; what their addresses say stands in docs/reference/simulator.md. An uplink's address
names the edge of the topology that it belongs to, ``<lower id>><upper id>``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from models3d.demo_points import SOURCE, STALE_INTERVALS, is_metered, use_of
from models3d.demo_topology import CAMPUS_MBIT_S, EGRESS_MBIT_S, INTERNET, OTHER_CAMPUSES, uplink_mbit_s
from twin.point import Point
from twin.space import Campus, Equipment, Space

COUNTED = ("classroom", "reading", "study", "stacks")  # rooms with a counter at the door
INTERVAL_S = {"traffic": 30.0, "utilisation": 30.0, "link_state": 30.0, "pir": 600.0}
"""How often points of a quantity report [s]; all others once a minute. Detectors tell a change at once, besides."""
OTHER_S = 60.0
OFFICE_EVERY = 5  # one office in so many has sensors of the air, and of motion
WATCHED = ("seminar", "meeting")  # rooms with a sensor of motion


def _point(
    entity: str,
    quantity: str,
    unit: str,
    address: str,
    name: str = "",
    low: float = 0.0,
    high: float | None = None,
    every: float | None = None,
) -> Point:
    every = INTERVAL_S.get(quantity, OTHER_S) if every is None else every
    return Point(
        id=f"{entity}/{name or quantity}", entity=entity, quantity=quantity, unit=unit, interval_s=every,
        kind="state" if quantity == "pir" else "gauge", stale_s=STALE_INTERVALS * every, low=low, high=high,
        source=SOURCE, address=address,
    )  # fmt: skip


def _spaces(campus: Campus) -> Iterator[Space]:
    for building in campus.buildings:
        for storey in building.storeys:
            yield from storey.spaces


def _rooms(campus: Campus) -> Iterator[Point]:
    """Door counters of classrooms and of the library, sensors of the air there and in some offices, of motion."""
    offices = 0
    for space in _spaces(campus):
        use = use_of(space)
        offices += use == "office"
        room = f"room/{use}/{space.area_m2 or 0.0:.1f}/{space.id}"
        if use in COUNTED:
            yield _point(space.id, "people", "1", f"people/{room}")
        chosen = use == "office" and offices % OFFICE_EVERY == 1
        if use in WATCHED or chosen:
            yield _point(space.id, "pir", "1", f"pir/{room}", high=1.0)
        if use in COUNTED or chosen:
            yield _point(space.id, "co2", "ppm", f"co2/{room}", low=300.0, high=5_000.0)
            yield _point(space.id, "temperature", "°C", f"temperature/{room}", low=-20.0, high=50.0)


def _access_points(campus: Campus) -> Iterator[Point]:
    """An access point serves its part of the room it hangs in; one in a corridor or hall, its storey's small rooms."""
    spaces = {space.id: space for space in _spaces(campus)}
    points = [item for item in campus.equipment if item.category == "access-point"]
    served = [_served(item, spaces[item.space]) for item in points]
    count = Counter(served)
    for item, (level, entity) in zip(points, served, strict=True):
        address = f"clients/{level}/{1 / count[level, entity]:.4f}/{entity}/{item.id.rsplit('/', 1)[1]}"
        yield _point(item.id, "clients", "1", address)


def _served(item: Equipment, space: Space) -> tuple[str, str]:
    """Whether an access point serves a room or a storey, and which."""
    return ("room", space.id) if is_metered(space) else ("storey", item.id.rsplit("/", 1)[0])


def _stations(campus: Campus) -> Iterator[Point]:
    """Traffic in and out of every access point's port of its switch."""
    kinds = {item.id: item.category for item in campus.equipment}
    ratings = uplink_mbit_s(campus)
    for switch in campus.equipment:
        for station in switch.feeds:
            if switch.category == "switch" and kinds.get(station) == "access-point":
                yield from _traffic("ap", station, switch.id, "uplink", ratings[station], "bit/s", OTHER_S)


def _uplinks(campus: Campus) -> Iterator[Point]:
    """Traffic in and out, utilisation and state of the uplinks of buildings and storeys, of the lines outside."""
    devices = {item.id for item in campus.equipment}
    border = next((item.id for item in campus.equipment if item.category == "router"), None)
    if border is None:
        return
    core = border.removesuffix("BORDER") + "CORE"
    ratings = uplink_mbit_s(campus)
    for building in campus.buildings:
        if (head := f"{building.id}/SW0") not in devices:
            continue
        yield from _uplink("building", head, core, "uplink", ratings[head])
        for storey in building.storeys:
            k = 1
            while (switch := f"{storey.id}/SW{k}") in devices:
                yield from _uplink("storey", switch, head, "uplink", ratings[switch])
                k += 1
    for other in OTHER_CAMPUSES:
        yield from _uplink("intercampus", border, other, other, CAMPUS_MBIT_S)
    yield from _uplink("egress", border, INTERNET, INTERNET, EGRESS_MBIT_S)


def _traffic(
    scope: str, lower: str, upper: str, name: str, capacity: float, unit: str = "Mbit/s", every: float | None = None
) -> Iterator[Point]:
    high = capacity * {"Mbit/s": 1.0, "bit/s": 1e6}[unit]
    for way in ("in", "out"):
        address = f"traffic/{scope}/{way}/{capacity:.0f}/{lower}>{upper}"
        yield _point(lower, "traffic", unit, address, f"{name}.{way}", high=high, every=every)


def _uplink(scope: str, lower: str, upper: str, name: str, capacity: float) -> Iterator[Point]:
    link = f"{lower}>{upper}"
    yield from _traffic(scope, lower, upper, name, capacity)
    address = f"utilisation/{scope}/{capacity:.0f}/{link}"
    yield _point(lower, "utilisation", "%", address, f"{name}.utilisation", high=100.0)
    yield _point(lower, "link_state", "1", f"link/{scope}/{link}", f"{name}.link_state", high=1.0)


def signal_points(campus: Campus) -> list[Point]:
    """All points but those of power: rooms, access points, uplinks."""
    return [*_rooms(campus), *_access_points(campus), *_stations(campus), *_uplinks(campus)]
