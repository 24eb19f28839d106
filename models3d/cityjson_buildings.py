"""CityJSON's building objects -> the space tree: parts, storeys, units and rooms, or schematic storeys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models3d import cityjson_geometry as geometry
from models3d import cityjson_rooms, osm_tags, polygons, schematic
from models3d.cityjson_geometry import Body, Templates
from models3d.codes import Codes
from models3d.model import Finding, Model
from models3d.triangles import Floats
from twin.space import Alias, Building

ABOVE: Final = ("storeysaboveground", "b3:bouwlagen", "numberofstoreys", "nrofstoreys", *osm_tags.LEVELS)
BELOW: Final = ("storeysbelowground", *osm_tags.UNDERGROUND)
IDS: Final = ("identificatie", "identificatiebagpnd", "lokaalid", "gml:id", "gmlid", "osm:id", "egid", "fid")
INTERIOR: Final = frozenset({"BuildingStorey", "BuildingUnit", "BuildingRoom"})
_PIECES: Final = frozenset(
    {"BuildingPart", "BuildingInstallation", "BuildingConstructiveElement", "IntBuildingInstallation"}
)

Pick = Callable[[list[float]], float]


@dataclass(slots=True)
class City:
    """The file's objects by id, its vertices [m, local] and its templates."""

    objects: dict[str, dict[str, Any]]
    vertices: Floats
    templates: Templates

    def geometries(self, key: str) -> list[dict[str, Any]]:
        """The geometries of an object that can be read as such."""
        found = self.objects.get(key, {}).get("geometry")
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    def body(self, key: str, pick: Pick) -> Body:
        """The object's geometry at the level of detail that ``pick`` takes from the sorted levels there are."""
        geometries = self.geometries(key)
        levels = sorted({geometry.lod(item) for item in geometries})
        if not levels:
            return Body(self.vertices)
        chosen = pick(levels)
        shift = int(self.objects[key].get("_shift", 0))
        vertices = self.vertices[shift:] if shift else self.vertices
        return geometry.build((item for item in geometries if geometry.lod(item) == chosen), vertices, self.templates)

    def children(self, key: str) -> list[str]:
        """The ids of an object's children that exist, in the file's order."""
        found = self.objects.get(key, {}).get("children")
        return [str(item) for item in found if str(item) in self.objects] if isinstance(found, list) else []

    def below(self, key: str, *kinds: str) -> Iterator[str]:
        """The descendants of these kinds, each once; circles in damaged files end."""
        seen, queue = {key}, self.children(key)
        while queue:
            child = queue.pop(0)
            if child in seen:
                continue
            seen.add(child)
            if self.objects[child].get("type") in kinds:
                yield child
            queue.extend(self.children(child))

    def used_by(self, *kinds: str) -> npt.NDArray[np.bool_]:
        """Which vertices the objects of these kinds use."""
        used = np.zeros(len(self.vertices), bool)
        for item in self.objects.values():
            if item.get("type") in kinds:
                for one in item.get("geometry") or []:
                    index = np.fromiter(_flat(one.get("boundaries") if isinstance(one, dict) else None), np.int64)
                    index = index + int(item.get("_shift", 0))
                    used[index[(index >= 0) & (index < len(used))]] = True
        return used


def build(model: Model, city: City, *, shells: bool) -> None:
    """Every building of the city into the model."""
    codes = Codes()
    nowhere = 0
    for key in city.objects:
        item = city.objects[key]
        if item.get("type") != "Building" and not _is_orphan_part(city, item):
            continue
        bodies = _bodies(city, key, lambda lods: lods[0] if lods[0] >= 1.0 or len(lods) == 1 else lods[1])
        rooms = list(city.below(key, *INTERIOR))
        if all(body.is_empty for body in bodies) and not rooms:
            nowhere += 1
            continue
        _building(model, city, key, bodies, codes, shells=shells)
    if nowhere:
        text = f"{nowhere} buildings have no geometry: left out."
        model.findings.append(Finding("no-geometry", text, data={"count": nowhere}))


def _is_orphan_part(city: City, item: dict[str, Any]) -> bool:
    """A part whose building is not in the file stands for itself."""
    parents = item.get("parents")
    known = isinstance(parents, list) and any(str(parent) in city.objects for parent in parents)
    return item.get("type") == "BuildingPart" and not known


def _bodies(city: City, key: str, pick: Pick) -> list[Body]:
    parts = [part for part in city.below(key, "BuildingPart") if city.geometries(part)]
    found = [city.body(one, pick) for one in (key, *parts)]
    return [body for body in found if not body.is_empty] or found[:1]


def _building(model: Model, city: City, key: str, bodies: list[Body], codes: Codes, *, shells: bool) -> None:
    item = city.objects[key]
    tags = osm_tags.tags_of(item.get("attributes"))
    own = osm_tags.first(tags, osm_tags.CODE)
    label = own or next(iter(names(item).values()), "")
    code, _ = codes.take(label or key)
    plans = [(geometry.floor(body), body) for body in bodies if not body.is_empty]
    areas = [area for area, _ in plans if area is not None]
    outline = polygons.union(areas)
    building = Building(code, names(item), category=_use(item, tags), outline=outline)
    building.aliases = tuple(_aliases(key, tags))
    lost = sum(body.lost for body in bodies)
    if lost:
        text = f"{lost} faces of building {code} point to vertices that do not exist: left out."
        model.findings.append(Finding("bad-feature", text, key, entity=code, data={"count": lost}))
    ground = min((body.bounds_z()[0] for body in bodies if not body.is_empty), default=0.0)
    building.storeys = cityjson_rooms.storeys(model, city, key, code, ground)
    if not building.storeys:
        building.schematic = True
        remarks = _schematic(building, tags, plans, ground)
        x, y = polygons.inside_point(outline) if outline is not None else (0.0, 0.0)
        model.findings.extend(
            Finding(remark.code, remark.message, key, remark.severity, code, (x, y, ground), remark.data)
            for remark in remarks
        )
    if building.storeys:
        model.buildings.append(building)
        if shells:
            for body in _bodies(city, key, lambda lods: lods[-1]):
                model.shells.extend(geometry.shells(code, "", body))
            for piece in city.below(key, *(_PIECES - {"BuildingPart"})):
                model.shells.extend(geometry.shells(code, "", city.body(piece, lambda lods: lods[-1])))
    elif outline is None:
        text = f"Building {code} has no plan that encloses an area: left out."
        model.findings.append(Finding("no-geometry", text, key))


def _schematic(
    building: Building, tags: osm_tags.Tags, plans: Sequence[tuple[Any, Body]], ground: float
) -> list[Finding]:
    """Storeys from the level count or the height, over the parts' plans."""
    usable = [(area, body.bounds_z()) for area, body in plans if area is not None]
    if not usable:
        return []
    top = max(high for _, (_, high) in usable)
    measured = osm_tags.metres(osm_tags.first(tags, osm_tags.HEIGHT))
    height = measured if measured is not None and measured > 1.0 else top - ground
    above = osm_tags.number(osm_tags.first(tags, ABOVE))
    below = osm_tags.number(osm_tags.first(tags, BELOW))
    found = schematic.levels(building.id, above, below, height if height >= 1.0 else None)
    blocks: list[schematic.Block] = []
    for area, (low, high) in usable:
        lowest = max(0, round((low - ground) / found.storey_m))
        highest = max(lowest, round((high - ground) / found.storey_m) - 1)
        blocks.append(
            schematic.Block(area, lowest, found.above - 1 if len(usable) == 1 else min(highest, found.above - 1))
        )
    blocks[0].lowest = min(blocks[0].lowest, 0) if len(usable) == 1 else blocks[0].lowest
    if found.below and building.outline is not None:
        blocks.append(schematic.Block(building.outline, -found.below, -1))
    building.storeys = schematic.storeys(building.id, blocks, found.storey_m, ground_m=ground)
    return found.findings


def names(item: dict[str, Any]) -> dict[str, str]:
    """The object's names by language."""
    tags = osm_tags.tags_of(item.get("attributes"))
    found = osm_tags.names(tags)
    if not found and (text := tags.get("gml:name") or tags.get("naam") or tags.get("bezeichnung")):
        found[""] = text
    return found


def _use(item: dict[str, Any], tags: osm_tags.Tags) -> str:
    return osm_tags.use({**tags, "building": tags.get("function") or tags.get("usage") or tags.get("class") or ""})


def _aliases(key: str, tags: osm_tags.Tags) -> Iterator[Alias]:
    yield Alias("cityjson", key)
    for name in IDS:
        if value := tags.get(name):
            yield Alias(name, value)


def _flat(boundaries: Any) -> Iterator[int]:
    """All indices in nested boundaries, without recursion: files nest as deep as they like."""
    stack = [boundaries]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, int):
            yield item
