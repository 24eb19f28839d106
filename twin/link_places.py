"""Where the ends of links stand: a device in its room, and a place drawn outside for what is not on the campus."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import shapely

from twin.slots import Level, SlotTree
from twin.space import Area, Building, Campus, Names, Storey
from twin.topology import Node

if TYPE_CHECKING:
    from twin.links import Link

Role = Literal["", "egress", "campus", "outside"]
Position = tuple[float, float, float]

EGRESS_KINDS = ("internet", "egress", "isp", "wan")
CAMPUS_KINDS = ("campus",)
"""Kinds of nodes (``X,is,internet`` in topology.csv) that are the way out, and other campuses."""

OUTSIDE_HEIGHT_M = 30.0
"""How high over the ground places outside are drawn: about as high as roofs."""
DEVICE_HEIGHT_M = 2.5
"""Where in a room a device without a position of its own is drawn, over the floor."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link.

    ``place`` is the space, storey or building it stands in, '' where nobody says. ``position`` [m] in the campus's
    frame; with ``schematic`` nobody measured it (the middle of the place, or beside the campus for what is
    ``outside``). ``role`` says what an outside end is.
    """

    id: str
    kind: str = ""
    names: Names = field(default_factory=dict)
    place: str = ""
    storey: str = ""
    building: str = ""
    position: Position | None = None
    schematic: bool = True
    outside: bool = False
    role: Role = ""
    seat: Position | None = None
    house: Names = field(default_factory=dict)

    @property
    def group(self) -> str:
        """What stands for this end on the map: its building, or itself outside; '' where its place is unknown."""
        return self.building or (self.id if self.outside else "")

    def as_place(self) -> End:
        """The end of a line on the map: the building, over its roof (``seat``)."""
        if self.outside:
            return self
        return replace(
            self, id=self.building, kind="building", names=self.house, place=self.building, storey="",
            position=self.seat, schematic=True,
        )  # fmt: skip


class Ends:
    """Finds ends; each device is looked up once."""

    def __init__(self, campus: Campus, tree: SlotTree, nodes: Iterable[Node], kinds: Mapping[str, str]) -> None:
        self._tree = tree
        self._kinds = kinds
        self._devices = {item.id: item for item in campus.equipment}
        self._nodes = {node.id: node for node in nodes}
        self._buildings = {building.id: building for building in campus.buildings}
        self._shapes: dict[str, tuple[Area | None, float]] = {}
        for building in campus.buildings:
            for storey in building.storeys:
                self._shapes[storey.id] = (_storey_area(storey), storey.elevation_m)
                self._shapes.update((space.id, (space.polygon, space.elevation_m)) for space in storey.spaces)
        self._seats = {building.id: _seat(building) for building in campus.buildings}
        self._known: dict[str, End] = {}

    def of(self, node: str) -> End:
        """The end at a device or node."""
        if node not in self._known:
            self._known[node] = self._find(node)
        return self._known[node]

    def _find(self, node: str) -> End:
        device, declared = self._devices.get(node), self._nodes.get(node)
        kind = self._kinds.get(node, "")
        if device is not None:
            return self._placed(End(node, kind, device.names, position=device.position), device.space)
        if declared is not None and declared.place:
            return self._placed(End(node, kind, declared.names), declared.place)
        if node in self._tree.index:
            return self._placed(End(node, kind), node)
        role: Role = "egress" if kind in EGRESS_KINDS else "campus" if kind in CAMPUS_KINDS else "outside"
        return End(node, kind, declared.names if declared else {}, outside=True, role=role)

    def _placed(self, end: End, place: str) -> End:
        slot = self._tree.index.get(place, -1)
        if slot < 0:
            return replace(end, schematic=end.position is None)
        above = {Level(int(self._tree.level[s])): self._tree.ids[s] for s in self._path(slot)}
        building = above.get(Level.BUILDING, "")
        return replace(
            end, place=place, storey=above.get(Level.STOREY, ""), building=building,
            position=end.position or self._middle(place, building), schematic=end.position is None,
            seat=self._seats.get(building), house=self._buildings[building].names if building else {},
        )  # fmt: skip

    def _path(self, slot: int) -> Iterator[int]:
        while slot >= 0:
            yield slot
            slot = int(self._tree.parent[slot])

    def _middle(self, place: str, building: str) -> Position | None:
        area, floor = self._shapes.get(place, (None, 0.0))
        if area is None:
            return self._seats.get(building)
        point = area.centroid if area.contains(area.centroid) else area.representative_point()
        return round(point.x, 2), round(point.y, 2), round(floor + DEVICE_HEIGHT_M, 2)

    def settle(self, links: Iterable[Link]) -> list[Link]:
        """The links with places for their outside ends: a row beyond the edge that is nearest to what leads there."""
        found = list(links)
        outside = {end.id: end for link in found for end in (link.lower, link.upper) if end.outside}
        outside.update({link.upper.id: link.upper for link in found if link.upper.role == "egress"})
        order = sorted(outside.values(), key=lambda end: (end.role != "egress", end.role != "campus", end.id))
        seats = [seat for seat in self._seats.values() if seat is not None]
        if not order or not seats:
            return found
        (x0, y0, _), (x1, y1, _) = np.min(seats, axis=0).tolist(), np.max(seats, axis=0).tolist()
        inside = [link.lower.seat for link in found if link.upper.outside and link.lower.seat is not None]
        x, y, _ = np.mean(inside or seats, axis=0).tolist()
        gap = 0.1 * max(x1 - x0, y1 - y0, 300.0)
        gaps = {"south": y - y0, "north": y1 - y, "east": x1 - x, "west": x - x0}
        side = min(gaps, key=gaps.__getitem__)
        beyond = {"south": y0 - gap, "north": y1 + gap, "east": x1 + gap, "west": x0 - gap}[side]
        level = side in ("south", "north")
        # the row lies along the campus's edge, not past its corner
        low, high, middle = (x0, x1, x) if level else (y0, y1, y)
        half = (len(order) - 1) / 2 * gap
        inner = half + gap
        middle = min(max(middle, low + inner), high - inner) if high - low > 2 * inner else (low + high) / 2
        for k, end in enumerate(order):
            along = middle - half + k * gap
            spot = (along, beyond) if level else (beyond, along)
            outside[end.id] = replace(end, position=(round(spot[0], 1), round(spot[1], 1), OUTSIDE_HEIGHT_M))
        return [
            replace(
                link, lower=outside.get(link.lower.id, link.lower), upper=outside.get(link.upper.id, link.upper)
            )
            for link in found
        ]  # fmt: skip


def _storey_area(storey: Storey) -> Area | None:
    if storey.outline is not None:
        return storey.outline
    shapes = [space.polygon for space in storey.spaces if space.polygon is not None]
    return shapely.box(*shapely.total_bounds(shapes)) if shapes else None


def _seat(building: Building) -> Position | None:
    """The middle of a building, at the height of its roof."""
    shape = building.outline
    if shape is None:
        areas = [area for storey in building.storeys if (area := _storey_area(storey)) is not None]
        shape = shapely.box(*shapely.total_bounds(areas)) if areas else None
    if shape is None:
        return None
    top = max((storey.elevation_m + storey.height_m for storey in building.storeys), default=0.0)
    return round(shape.centroid.x, 2), round(shape.centroid.y, 2), round(top, 2)
