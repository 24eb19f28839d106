"""The tree of an IFC file and the shapes of its rooms -> buildings, storeys and spaces with human codes.

What a file lacks is made up here, and every invention is a finding: a site, a building, storeys, a storey for a space
that hangs in the air.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median

from models3d.codes import Codes, storey_code, storey_names
from models3d.ifc_geometry import Geometry
from models3d.ifc_spaces import SpaceMaker, derived_spaces, storey_outline, unoccupied, whole_storey
from models3d.ifc_tree import Node, Tree
from models3d.ifc_walls import StoreyWalls
from models3d.model import Finding
from models3d.ordinals import ordinals
from models3d.texts import names_of
from twin.space import Alias, Building, Names, Site, Space, Storey

PLACEHOLDER = re.compile(
    r"^\W*(default|site|surface:\d+|building|building ?/? ?name|gebäude|gebaeude|project ?(name|number)|unnamed|"
    r"undefined|none|null|n/?a|my ?(building|site|project)|建筑|项目名称|场地)?\W*$",
    re.IGNORECASE,
)
"""Names that authoring tools fill in by themselves."""
STOREY_GAP_M = 1.5
"""Floors nearer to each other than this [m] belong to one invented storey."""
DEFAULT_HEIGHT_M = 3.0
BELOW_FLOOR_M = 0.5
"""A room may begin this far [m] below its storey (steps, screed)."""


@dataclass(slots=True)
class Level:
    """One storey in the making; ``number`` is 0 for an invented one."""

    number: int
    node: Node | None
    elevation: float = 0.0
    spaces: list[int] = field(default_factory=list)
    name: str = ""
    names: Names = field(default_factory=dict)


@dataclass(slots=True)
class Built:
    """The product's tree, and where the file's entities went."""

    sites: list[Site] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)
    storey_of: dict[int, tuple[str, str]] = field(default_factory=dict)
    """storey number -> (building id, storey id)"""
    building_of: dict[int, str] = field(default_factory=dict)
    space_of: dict[int, Space] = field(default_factory=dict)


def is_placeholder(text: str) -> bool:
    """Whether a name says nothing ('Default', '// BUILDING/NAME //', '')."""
    return bool(PLACEHOLDER.match(text))


def storey_heights(tree: Tree) -> dict[int, float]:
    """Floor heights [m] by storey number: the placement's, or the attribute's where all placements are the same."""
    placed = {number: node.origin[2] for number, node in tree.storeys.items() if node.origin}
    heights = {number: placed.get(number, node.elevation or 0.0) for number, node in tree.storeys.items()}
    for building in {tree.building_of(number) for number in tree.storeys}:
        mine = [number for number in tree.storeys if tree.building_of(number) == building]
        authored = {number: tree.storeys[number].elevation for number in mine}
        known = [value for value in authored.values() if value is not None]
        if len({round(heights[number], 2) for number in mine}) == 1 and len({round(v, 2) for v in known}) > 1:
            node = tree.buildings.get(building)
            base = node.origin[2] if node and node.origin else 0.0
            heights.update({number: value + base for number, value in authored.items() if value is not None})
    return heights


class Builder:
    """Makes the tree; ``findings`` receives what had to be made up.

    Rooms come from ``found.rooms``; where a building or a storey has none, from the sections of its walls.
    """

    def __init__(self, tree: Tree, found: Geometry, stem: str, findings: list[Finding]) -> None:
        self.found = found
        self.heights = storey_heights(tree)
        self.tree = tree
        self.shapes = found.rooms.shapes
        self.stem = stem
        self.findings = findings
        self.built = Built()
        self.spaces = SpaceMaker(tree, found.rooms.shapes, found.rooms.claims, findings)

    def build(self) -> Built:
        """Sites, then buildings with their storeys and spaces."""
        self._sites()
        levels = self._levels()
        codes = Codes()
        for number, mine in levels.items():
            self._building(number, mine, codes)
        return self.built

    def _sites(self) -> None:
        codes = Codes()
        for node in self.tree.sites.values():
            fallback = f"site-{len(self.built.sites) + 1}" if len(self.tree.sites) > 1 else "site"
            text = "" if is_placeholder(node.name) else node.name
            site = Site(codes.take(text, fallback)[0], names_of(node.long_name, text))
            self.built.sites.append(site)
        if not self.tree.sites:
            self.built.sites.append(Site("site"))
            self._find("no-site", "The file has no site; one was made up.", severity="info")

    def _site_id(self, building: int) -> str:
        numbers = list(self.tree.sites)
        number = self.tree.part_of.get(building, 0)
        for _ in range(10):
            if number in numbers:
                return self.built.sites[numbers.index(number)].id
            number = self.tree.part_of.get(number, 0)
        return self.built.sites[0].id

    def _levels(self) -> dict[int, list[Level]]:
        """Building number (0 = invented) -> its storeys with their spaces' numbers."""
        levels: dict[int, list[Level]] = {number: [] for number in self._real_buildings()}
        if not levels:
            levels[0] = []
            self._find("no-building", "The file has no building; one was made up for everything in it.")
        first = next(iter(levels))
        for number, node in self.tree.storeys.items():
            owner = self.tree.building_of(number)
            if owner not in levels:
                owner = first
                self._find(
                    "unparented-storey", f"Storey '{node.name}' belongs to no building; it was put in the first."
                )
            levels[owner].append(Level(number, node))
        loose = self._place_spaces(levels)
        for mine in levels.values():
            self._elevations(mine)
        self._place_loose(loose, levels, first)
        return levels

    def _real_buildings(self) -> list[int]:
        """Buildings that hold anything; a complex of buildings is a frame around them."""
        used = {self.tree.building_of(number) for number in (*self.tree.storeys, *self.tree.spaces)}
        used |= {number for number in self.tree.container.values() if number in self.tree.buildings}
        numbers = [number for number in self.tree.buildings if number in used]
        for number, node in self.tree.buildings.items():
            if numbers and number not in used and node.kind == "IfcBuilding":
                self._find("empty-building", f"Building '{node.name}' holds nothing; it was left out.", severity="info")
        return numbers or list(self.tree.buildings)[:1]

    def _place_spaces(self, levels: dict[int, list[Level]]) -> list[int]:
        """Put spaces on the storeys that the file names; the numbers of those without one."""
        by_number = {level.number: level for mine in levels.values() for level in mine}
        loose = []
        for number in self.spaces.numbers:
            level = by_number.get(self.tree.storey_of(number))
            if level is None:
                loose.append(number)
            else:
                level.spaces.append(number)
        return loose

    def _elevations(self, mine: list[Level]) -> None:
        """Sort storeys by elevation: by their placement, or by their attribute where rooms fit that better."""
        for level in mine:
            level.elevation = self.heights.get(level.number, 0.0)
        base = self._base(mine)
        if self._misfit(mine, base) < self._misfit(mine, None) - 0.01:
            for level in mine:
                if level.node and level.node.elevation is not None:
                    level.elevation = level.node.elevation + base
        mine.sort(key=lambda level: (level.elevation, level.number))

    def _base(self, mine: list[Level]) -> float:
        """The height that authored elevations count from: the building's placement."""
        node = self.tree.buildings.get(self.tree.building_of(mine[0].number)) if mine else None
        return node.origin[2] if node and node.origin else 0.0

    def _misfit(self, mine: list[Level], base: float | None) -> float:
        """How far rooms' floors are from their storeys [m], by placement (``base`` None) or by attribute."""
        gaps: list[float] = []
        for level in mine:
            height = level.elevation
            if base is not None and level.node and level.node.elevation is not None:
                height = level.node.elevation + base
            gaps.extend(abs(self.shapes[n].floor_m - height) for n in level.spaces if n in self.shapes)
        return median(gaps) if gaps else 0.0

    def _place_loose(self, loose: list[int], levels: dict[int, list[Level]], first: int) -> None:
        owners: dict[int, list[int]] = defaultdict(list)
        for number in loose:
            owner = self.tree.building_of(number)
            owners[owner if owner in levels else first].append(number)
        for owner, mine in levels.items():
            numbers = owners.get(owner, [])
            if not mine:
                self._invent_storeys(mine, numbers)
                continue
            for number in numbers:
                level = self._level_at(mine, number)
                level.spaces.append(number)
                self.spaces.unparented(number, level.name or (level.node.name if level.node else ""))

    def _level_at(self, mine: list[Level], number: int) -> Level:
        """The storey that a loose space stands on by its height; the ground floor when it has no shape."""
        shape = self.shapes.get(number)
        height = shape.floor_m if shape else 0.0
        below = [level for level in mine if level.elevation <= height + BELOW_FLOOR_M]
        return below[-1] if below else mine[0]

    def _invent_storeys(self, mine: list[Level], numbers: list[int]) -> None:
        """Storeys from the floor heights of the spaces; one storey when there are none."""
        shaped = sorted((n for n in numbers if n in self.shapes), key=lambda n: (self.shapes[n].floor_m, n))
        for number in shaped:
            floor = self.shapes[number].floor_m
            if not mine or floor - mine[-1].elevation > STOREY_GAP_M:
                mine.append(Level(0, None, floor))
            mine[-1].spaces.append(number)
        if not mine:
            mine.append(Level(0, None))
        mine[0].spaces.extend(n for n in numbers if n not in self.shapes)
        for at, level in enumerate(mine):
            level.name, level.names = storey_code(at), storey_names(at)
        how = "from the heights of its rooms" if shaped else "for everything in it"
        self._find("no-storey", f"The building has no storeys; {len(mine)} invented {how}.")

    def _building(self, number: int, mine: list[Level], codes: Codes) -> None:
        node = self.tree.buildings.get(number)
        texts = [text for text in ((node.name, node.long_name) if node else ()) if not is_placeholder(text)]
        identity = codes.take(texts[0] if texts else self.stem, "building")[0]
        building = Building(
            id=identity,
            names=names_of(*reversed(texts)) or {"": self.stem},
            site=self._site_id(number),
            aliases=(Alias("ifc-guid", node.guid),) if node and node.guid else (),
        )
        self.built.building_of[number] = identity
        self.built.buildings.append(building)
        reference = node.origin[2] if node and node.origin else 0.0
        floors = ordinals([self._level_name(level) for level in mine], [level.elevation for level in mine], reference)
        storey_codes = Codes()
        authored = any(level.spaces for level in mine)
        for at, (level, ordinal) in enumerate(zip(mine, floors, strict=True)):
            above = next((other.elevation for other in mine[at + 1 :] if other.elevation > level.elevation + 0.5), None)
            storey = self._storey(building, level, ordinal, above, storey_codes)
            self._rooms_from_walls(storey, level, whole=not authored)
            building.storeys.append(storey)
        self._report_derived(building, whole=not authored)

    def _rooms_from_walls(self, storey: Storey, level: Level, *, whole: bool) -> None:
        """The rooms of a storey without spaces, and the outline of any; ``whole``: nor has its building any."""
        walls = self.found.walls.storeys.get(level.number, StoreyWalls())
        slabs = self.found.shell.floors.get(level.number, [])
        if not level.spaces:
            storey.spaces = derived_spaces(storey, unoccupied(storey, walls.rooms, self.shapes.values()))
            if whole and walls.upright and not storey.spaces:
                storey.spaces = whole_storey(storey, slabs)
        storey.outline = storey_outline(storey.spaces, slabs, walls.cuts)

    def _report_derived(self, building: Building, *, whole: bool) -> None:
        spaces = [space for storey in building.storeys for space in storey.spaces]
        if not spaces:
            self._find(
                "no-spaces", f"Building '{building.id}' has no rooms: no IfcSpace, and no walls that enclose any."
            )
        elif whole:
            self._find("no-spaces", f"Building '{building.id}' has no IfcSpace; rooms derived from its walls:"
                       f" {len(spaces)}.")  # fmt: skip
        else:
            for storey in building.storeys:
                if storey.spaces and all(space.origin == "derived" for space in storey.spaces):
                    self._find("storey-without-spaces", f"Storey '{storey.id}' has no IfcSpace; rooms derived from its"
                               f" walls: {len(storey.spaces)}.", entity=storey.id)  # fmt: skip

    @staticmethod
    def _level_name(level: Level) -> str:
        return level.node.name or level.node.long_name if level.node else level.name

    def _storey(self, building: Building, level: Level, ordinal: int, above: float | None, codes: Codes) -> Storey:
        name = self._level_name(level)
        identity = f"{building.id}/{codes.take(name, storey_code(ordinal))[0]}"
        tops = [self.shapes[number].top_m for number in level.spaces if number in self.shapes]
        top = above if above is not None else max(tops, default=level.elevation + DEFAULT_HEIGHT_M)
        node = level.node
        storey = Storey(
            id=identity,
            names=names_of(node.name, node.long_name) if node else level.names,
            ordinal=ordinal,
            elevation_m=level.elevation,
            height_m=max(top - level.elevation, 1.0),
            aliases=(Alias("ifc-guid", node.guid),) if node and node.guid else (),
        )
        if level.number:
            self.built.storey_of[level.number] = (building.id, identity)
        made = self.spaces.make(storey, level.spaces)
        storey.spaces = list(made.values())
        self.built.space_of.update(made)
        return storey

    def _find(self, name: str, message: str, severity: str = "warning", entity: str = "") -> None:
        self.findings.append(
            Finding(name, message, severity="info" if severity == "info" else "warning", entity=entity)
        )
