"""The demo's meters: rooms with something plugged in, storey panels, main meters with power and cumulative register.

Their source is the simulator, and their address tells it what to simulate (datasources/simulator.py reads it):
``power/room/<use>/<area m2>/<space id>``, ``power/storey/<kind>/<shared area m2>/<storey id>`` and
``power/building/<kind>/<gross m2>/<building id>``; ``energy/building/<building id>`` is the main meter's register. A
panel measures its rooms and what they share (corridors, stairs, lifts, pumps), a main meter its panels and the losses:
so they add up.
"""

from __future__ import annotations

from collections.abc import Iterator

from models3d.demo_names import USES
from twin.point import Point
from twin.space import Building, Space, Storey

SOURCE = "simulator"
MAIN_S, PANEL_S, ROOM_S = 15.0, 30.0, 60.0
"""How often main meters, panel meters and rooms report [s]."""
STALE_INTERVALS = 3  # a point that misses so many of its own intervals is stale


def use_of(space: Space) -> str:
    """What the demo built the space for: a finer word than its category."""
    return next(alias.value for alias in space.aliases if alias.scheme == "use")


def is_metered(space: Space) -> bool:
    """Whether the space has a power point of its own."""
    return USES[use_of(space)].plugged


def _point(entity: str, level: str, what: str, area_m2: float) -> Point:
    address = f"power/{level}/{what}/{area_m2:.1f}/{entity}"
    every = {"room": ROOM_S, "storey": PANEL_S, "building": MAIN_S}[level]
    return Point(
        id=f"{entity}/power", entity=entity, quantity="power", unit="kW", interval_s=every,
        stale_s=STALE_INTERVALS * every, low=0.0, source=SOURCE, address=address,
    )  # fmt: skip


def _storey_points(storey: Storey, kind: str) -> Iterator[Point]:
    shared = 0.0
    for space in storey.spaces:
        area = space.area_m2 or 0.0
        if is_metered(space):
            yield _point(space.id, "room", use_of(space), area)
        else:
            shared += area
    yield _point(storey.id, "storey", kind, shared)


def _register(building: str) -> Point:
    """The cumulative register of a building's main meter."""
    return Point(
        id=f"{building}/energy", entity=building, quantity="energy", unit="kWh", kind="counter", interval_s=MAIN_S,
        stale_s=STALE_INTERVALS * MAIN_S, low=0.0, source=SOURCE, address=f"energy/building/{building}",
    )  # fmt: skip


def meter_points(buildings: list[Building], kinds: dict[str, str]) -> list[Point]:
    """The points of all meters, rooms before their panel, panels before their building; ``kinds`` by building id."""
    points: list[Point] = []
    for building in buildings:
        for storey in building.storeys:
            points += _storey_points(storey, kinds[building.id])
        gross = sum(s.outline.area for s in building.storeys if s.outline is not None)
        points += [_point(building.id, "building", kinds[building.id], gross), _register(building.id)]
    return points
