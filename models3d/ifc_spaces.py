"""Spaces of one storey: human codes, names, categories, areas; and the findings that are about a single space."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
import shapely

from models3d.categories import room_category
from models3d.codes import Codes
from models3d.ifc_quantities import Authored, mismatch
from models3d.ifc_rooms import RoomShape, clean
from models3d.ifc_tree import Node, Tree
from models3d.model import Finding
from models3d.rooms_from_walls import SECTION_M
from models3d.texts import names_of
from twin.space import Alias, Area, Space, Storey

OVERLAP_M2 = 0.5
OVERLAP_SHARE = 0.05
"""Two rooms overlap when they share more than both of these in plan, and more than OVERLAP_HEIGHT_M in height."""
OVERLAP_HEIGHT_M = 0.5
CEILING_M = 0.3
"""What slab and ceiling take of a storey's height [m] where no room tells."""
TAKEN_SHARE = 0.2
"""A derived room of which drawn ones take more than this is none."""
WALL_M = 0.6
"""The thickest wall [m] between two rooms that is closed in a storey's outline."""
_DIGIT = re.compile(r"\d")


def number_and_name(node: Node) -> tuple[str, str]:
    """(room number, room name) of a space: exporters put them into Name and LongName in every mixture.

    >>> number_and_name(Node(1, "IfcSpace", "", "1 - Living room", "Living room", ""))
    ('1', 'Living room')
    >>> number_and_name(Node(1, "IfcSpace", "", "Kitchen", "A-103", ""))
    ('A-103', 'Kitchen')
    """
    number, name = node.name, node.long_name
    if name and name != number and name in number and _DIGIT.search(number.replace(name, "")):
        number = number.replace(name, "").strip(" -_:,.()")
    elif name and not _DIGIT.search(number) and _DIGIT.search(name) and len(name) <= 12:
        number, name = name, number
    elif not name and not _DIGIT.search(number):
        name = number
    return number or name, name


class SpaceMaker:
    """Turns the spaces of a file into ``Space``; ``findings`` receives what is odd about them."""

    def __init__(
        self, tree: Tree, shapes: dict[int, RoomShape], claims: dict[int, Authored], findings: list[Finding]
    ) -> None:
        self.tree = tree
        self.shapes = shapes
        self.claims = claims
        self.findings = findings
        self.groups = self._groups()

    def _groups(self) -> dict[int, list[int]]:
        """Spaces that are made of other spaces with a shape: they are groups, or their area would count twice."""
        groups: dict[int, list[int]] = {}
        for number, node in self.tree.spaces.items():
            if node.parent in self.tree.spaces and number in self.shapes:
                groups.setdefault(node.parent, []).append(number)
        return groups

    @property
    def numbers(self) -> list[int]:
        """The spaces that become rooms, in the file's order."""
        return [number for number in self.tree.spaces if number not in self.groups]

    def make(self, storey: Storey, numbers: list[int]) -> dict[int, Space]:
        """The storey's spaces by STEP number, sorted by room number, with codes that are unique and stable."""
        named = sorted(
            ((*number_and_name(self.tree.spaces[n]), self.tree.spaces[n]) for n in numbers),
            key=lambda row: (_natural(row[0]), row[2].guid, row[2].number),
        )
        codes = Codes()
        made: dict[int, Space] = {}
        for number, name, node in named:
            unique, changed = codes.take(number, "room")
            if changed:
                self._find("duplicate-number", node, f"{storey.id}/{unique}", f"Room number '{number}' is used twice "
                           f"on storey '{storey.id}'; this one is '{unique}'.", severity="info")  # fmt: skip
            made[node.number] = self._space(storey, node, unique, number, name)
        self._overlaps(storey, made)
        return made

    def _space(self, storey: Storey, node: Node, unique: str, number: str, name: str) -> Space:
        shape = self.shapes.get(node.number)
        claim = self.claims.get(node.number, Authored())
        space = Space(
            id=f"{storey.id}/{unique}",
            number=number or unique,
            names=names_of(name, node.description if not name else None),
            category=room_category(name, node.name, node.description),
            polygon=shape.polygon if shape else None,
            elevation_m=shape.floor_m if shape else storey.elevation_m,
            height_m=_clear_height(shape, storey),
            area_m2=shape.area_m2 if shape else None,
            area_authored_m2=claim.area,
            volume_m3=shape.volume_m3 if shape else None,
            aliases=(Alias("ifc-guid", node.guid),) if node.guid else (),
        )
        if shape is None:
            self._find("space-without-geometry", node, space.id, f"Space '{space.number}' has no geometry: it is "
                       "listed, but cannot be drawn.")  # fmt: skip
        else:
            self._compare(node, space, shape, claim)
        return space

    def _compare(self, node: Node, space: Space, shape: RoomShape, claim: Authored) -> None:
        for kind, unit, claims, measured in (
            ("area", "m²", claim.areas, shape.area_m2),
            ("volume", "m³", claim.volumes, shape.volume_m3),
        ):
            found = mismatch(claims, measured)
            if found is None or measured is None:
                continue
            ratio, factor = found
            because = f": the factor is {factor}, a slip of units" if factor else ""
            self._find(
                f"{kind}-mismatch", node, space.id,
                f"Space '{space.number}': the file says {claims[0]:,.2f} {unit}, its geometry {measured:,.2f} {unit}"
                f"{because}. The geometry is used.",
                severity="warning" if factor else "info",
                data={"authored": claims[0], "measured": measured, "ratio": ratio, "factor": factor},
            )  # fmt: skip
        if shape.source == "box":
            self._find("space-without-geometry", node, space.id, f"Space '{space.number}' has only a box around it: "
                       "its outline is that box.")  # fmt: skip
        elif shape.source == "outline":
            self._find("heights-assumed", node, space.id, f"Space '{space.number}' is only drawn in plan: its "
                       "height is that of its storey.", severity="info")  # fmt: skip
        elif not shape.watertight:
            self._find("open-mesh", node, space.id, f"Space '{space.number}' is not closed: it has no volume.",
                       severity="info")  # fmt: skip

    def unparented(self, number: int, storey: str) -> None:
        """Record that a space hung in the air and was put on a storey by its height."""
        node = self.tree.spaces[number]
        self._find("unparented-space", node, "", f"Space '{node.name or node.long_name}' belongs to no storey; it was "
                   f"put on '{storey}' by its height.")  # fmt: skip

    def _overlaps(self, storey: Storey, made: dict[int, Space]) -> None:
        rows = [(number, space) for number, space in made.items() if space.polygon is not None]
        if len(rows) < 2:
            return
        areas = np.array([space.polygon for _, space in rows], dtype=object)
        first, second = shapely.STRtree(areas).query(areas, predicate="intersects")
        keep = first < second
        first, second = first[keep], second[keep]
        shared = shapely.area(shapely.intersection(areas[first], areas[second]))
        sizes = shapely.area(areas)
        bad = (shared > OVERLAP_M2) & (shared > OVERLAP_SHARE * np.minimum(sizes[first], sizes[second]))
        for i, j, area in zip(first[bad], second[bad], shared[bad], strict=True):
            (number, one), (_, other) = rows[i], rows[j]
            common = min(one.elevation_m + one.height_m, other.elevation_m + other.height_m) - max(
                one.elevation_m, other.elevation_m
            )
            if common > OVERLAP_HEIGHT_M:
                self._find("overlap", self.tree.spaces[number], one.id, f"Spaces '{one.number}' and '{other.number}' "
                           f"on storey '{storey.id}' overlap by {area:.1f} m².",
                           data={"other": other.id, "area": float(area)})  # fmt: skip

    def _find(
        self, name: str, node: Node, entity: str, message: str, *, severity: str = "warning",
        data: dict[str, object] | None = None,
    ) -> None:  # fmt: skip
        shape = self.shapes.get(node.number)
        position = None
        if shape is not None:
            point = shape.polygon.representative_point()
            position = (point.x, point.y, shape.floor_m)
        self.findings.append(
            Finding(name, message, element=node.guid or f"#{node.number}", entity=entity, position=position,
                    severity="info" if severity == "info" else "warning", data=data or {})
        )  # fmt: skip


def _clear_height(shape: RoomShape | None, storey: Storey) -> float:
    """The height of a room [m]: its body's, else what its storey leaves under the ceiling."""
    if shape is None or shape.top_m <= shape.floor_m:
        return max(storey.height_m - CEILING_M, 2.0)
    return max(shape.top_m - shape.floor_m, 0.1)


def unoccupied(storey: Storey, rooms: Sequence[Area], known: Iterable[RoomShape]) -> list[Area]:
    """Rooms from walls that no drawn room takes already: one of a storey at the same height, or a high hall below."""
    at = storey.elevation_m + SECTION_M
    taken = shapely.union_all([shape.polygon for shape in known if shape.floor_m < at < shape.top_m])
    return [room for room in rooms if shapely.intersection(room, taken).area < TAKEN_SHARE * room.area]


def derived_spaces(storey: Storey, rooms: Sequence[Area]) -> list[Space]:
    """Rooms found between the walls of a storey that has none: numbered in reading order, marked ``derived``."""
    digits = max(2, len(str(len(rooms))))
    return [
        Space(
            id=f"{storey.id}/D{at:0{digits}d}",
            number=f"D{at:0{digits}d}",
            polygon=room,
            elevation_m=storey.elevation_m,
            height_m=max(storey.height_m - CEILING_M, 2.0),
            area_m2=room.area,
            origin="derived",
        )
        for at, room in enumerate(rooms, start=1)
    ]


def whole_storey(storey: Storey, slabs: Sequence[Area]) -> list[Space]:
    """A storey whose walls enclose nothing, as one space in the shape of its slabs, marked ``synthetic``."""
    floor = clean(shapely.union_all(list(slabs))) if slabs else None
    if floor is None:
        return []
    space = derived_spaces(storey, [floor])[0]
    space.id, space.number, space.origin = f"{storey.id}/S01", "S01", "synthetic"
    return [space]


def storey_outline(spaces: Sequence[Space], slabs: Sequence[Area], walls: Sequence[Area]) -> Area | None:
    """The storey's plan: its slabs; where they are less than its rooms, all with the walls between closed."""
    floor = shapely.union_all(list(slabs)) if slabs else None
    if floor is not None and floor.area > sum(space.area_m2 or 0.0 for space in spaces):
        return clean(floor)
    pieces = [*slabs, *walls, *(space.polygon for space in spaces if space.polygon is not None)]
    if not pieces:
        return None
    wide = shapely.buffer(shapely.union_all(pieces), WALL_M / 2, join_style="mitre", mitre_limit=2)
    return clean(shapely.buffer(wide, -WALL_M / 2, join_style="mitre", mitre_limit=2))


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that sorts '2' before '10' and 'A2' before 'A10'."""
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text) if part)
