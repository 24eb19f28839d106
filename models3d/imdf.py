"""IMDF (Indoor Mapping Data Format, OGC 20-094) -> sites, buildings, levels, units, zones and fixed things.

https://docs.ogc.org/cs/20-094/. IMDF knows no heights: storeys are stacked 4 m apart by their ordinal. Units that are
walls or voids are no spaces. Levels without a building are ground.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from models3d import files, georef, imdf_archive, osm_tags, polygons, schematic
from models3d.categories import room_category
from models3d.codes import Codes, storey_code, storey_names
from models3d.imdf_archive import Archive, Item
from models3d.model import Feature, Finding, Format, Model, ModelError, Options
from twin.space import Alias, Area, Building, Equipment, Site, Space, Storey, Zone

STOREY_M: Final = 4.0
_NO_SPACE: Final = frozenset({"opentobelow", "structure", "column", "brick", "concrete", "glass", "wood", "drywall"})

UNITS: Final[dict[str, str]] = {
    "auditorium": "lecture-hall", "theater": "lecture-hall", "movietheater": "lecture-hall", "classroom": "classroom",
    "conferenceroom": "meeting", "lobby": "lobby", "foodservice": "dining", "kitchen": "kitchen",
    "laboratory": "laboratory",
    "library": "library", "lounge": "living", "mothersroom": "living", "office": "office", "parking": "parking",
    "restroom": "toilet", "shower": "toilet", "escalator": "stair", "ramp": "stair", "stairs": "stair",
    "steps": "stair",
    "elevator": "lift", "fitnessroom": "sports", "firstaid": "medical", "storage": "storage", "walkway": "corridor",
    "footbridge": "corridor", "movingwalkway": "corridor", "waitingroom": "lobby", "serverroom": "data",
    "checkin": "lobby",
}  # fmt: skip
"""IMDF's unit categories in the product's words; the rest is told from the unit's name."""

_GROUND: Final[dict[str, str]] = {
    "road": "road",
    "walkway": "path",
    "parking": "parking",
    "vegetation": "green",
    "sand": "land",
}


def load(path: Path, options: Options) -> Model:
    """Read the archive; ModelError names what is wrong with it."""
    model = Model(path.name, files.sha256(path), "imdf", "")
    archive = imdf_archive.read(path, model.findings)
    model.schema = f"IMDF {archive.manifest.get('version') or 'of unknown version'}"
    _place(model, archive, path, gcj02=options.datum == "gcj02")
    tree = _Tree(model, archive)
    tree.build()
    if not model.buildings:
        raise ModelError(
            "invalid-imdf", f"'{path.name}' is IMDF without a level or footprint of a building: export all its layers."
        )
    return model


def _place(model: Model, archive: Archive, path: Path, *, gcj02: bool) -> None:
    items = [item for kind in imdf_archive.TYPES for item in archive.of(kind) if item.geometry is not None]
    shapes = np.array([item.geometry for item in items], dtype=object)
    if not len(shapes):
        raise ModelError("invalid-imdf", f"'{path.name}' has no feature with a usable geometry: export it again.")
    core = [i for kind in ("level", "unit", "footprint") for i in archive.of(kind) if i.geometry is not None]
    corners = shapely.get_coordinates(np.array([item.geometry for item in core] or shapes, dtype=object))
    middle = np.median(corners, axis=0)
    near = corners[np.abs(corners - middle).max(axis=1) < 0.5]
    placed = georef.place_geographic(near[:, 0], near[:, 1], gcj02=gcj02)
    moved = shapely.transform(shapes, lambda xy: np.column_stack(placed.local(xy[:, 0], xy[:, 1])))
    model.frame = placed.frame
    for item, geometry in zip(items, moved, strict=True):
        item.geometry = geometry
    far = [item for item in items if not _is_near(item)]
    for item in far:
        item.geometry = None
        model.findings.append(
            Finding("stray-feature", f"Feature {item.id} lies over 50 km from the others: left out.", item.id)
        )


def _is_near(item: Item) -> bool:
    corners = shapely.get_coordinates(item.geometry)
    return bool(np.isfinite(corners).all() and np.abs(corners).max() < 50_000.0)


class _Tree:
    """The space tree under construction."""

    def __init__(self, model: Model, archive: Archive) -> None:
        self.model, self.archive = model, archive
        self.codes = Codes()
        self.buildings: dict[str, Building] = {}
        self.storeys: dict[tuple[str, int], Storey] = {}
        self.taken: dict[str, Codes] = defaultdict(Codes)
        self.spaces: dict[str, Space] = {}
        self.level_spaces: dict[str, list[Space]] = defaultdict(list)
        self.anchors = {item.id: item for item in archive.of("anchor")}
        self.occupants: dict[str, list[Item]] = defaultdict(list)

    def build(self) -> None:
        """Everything into the model."""
        for item in self.archive.of("occupant"):
            anchor = self.anchors.get(item.text("anchor_id"))
            if anchor is not None:
                self.occupants[anchor.text("unit_id")].append(item)
        self._venues_and_buildings()
        self._levels()
        self._units()
        self._whole_levels()
        self._zones()
        self._things()
        for building in self.model.buildings:
            building.storeys.sort(key=lambda storey: storey.ordinal)
            areas = [storey.outline for storey in building.storeys if storey.outline is not None]
            building.outline = building.outline or polygons.union(areas)
        self.model.buildings = [building for building in self.model.buildings if building.storeys]

    def _venues_and_buildings(self) -> None:
        taken = Codes()
        for venue in self.archive.of("venue"):
            names = venue.names()
            site = Site(taken.take(_title(names) or venue.id)[0], names)
            self.model.sites.append(site)
        site_id = self.model.sites[0].id if self.model.sites else ""
        outlines: dict[str, list[BaseGeometry]] = defaultdict(list)
        for item in self.archive.of("footprint"):
            if item.geometry is not None and item.text("category") in ("ground", ""):
                for building in item.ids("building_ids"):
                    outlines[building].append(item.geometry)
        for item in self.archive.of("building"):
            self._building(item.id, item.names(), site_id, item.text("category"), outlines.get(item.id, []))

    def _building(self, key: str, names: dict[str, str], site: str, use: str, outlines: list[BaseGeometry]) -> Building:
        found = Building(self.codes.take(_title(names) or key)[0], names, site, osm_tags.USES.get(use, "other"))
        found.aliases = (Alias("imdf", key),)
        found.outline = polygons.union(outlines)
        self.buildings[key] = found
        self.model.buildings.append(found)
        return found

    def _homes(self, level: Item) -> list[Building]:
        """The buildings of a level; one made up for an indoor level that names none."""
        found = [self.buildings[key] for key in level.ids("building_ids") if key in self.buildings]
        if found or level.properties.get("outdoor") is True:
            return found
        if "" not in self.buildings:
            names = self.model.sites[0].names if self.model.sites else {}
            made = self._building("", dict(names), self.model.sites[0].id if self.model.sites else "", "", [])
            text = f"Some levels name no building that is in the archive: they go to '{made.id}'."
            self.model.findings.append(Finding("no-building", text, level.id, entity=made.id))
        return [self.buildings[""]]

    def _levels(self) -> None:
        for level in self.archive.of("level"):
            ordinal = osm_tags.number(level.text("ordinal"))
            number = int(ordinal) if ordinal is not None and abs(ordinal) < 200 else 0
            area = polygons.clean(level.geometry).area if level.geometry is not None else None
            homes = self._homes(level)
            if not homes and area is not None:
                self.model.ground.append(Feature("land", area, level.names()))
            for building in homes:
                outline = _share(area, building) if len(homes) > 1 else area
                self._storey(building, level, number, outline)
        assumed = f"IMDF says nothing of heights: storeys are stacked {STOREY_M:g} m apart."
        self.model.findings.append(Finding("heights-assumed", assumed, severity="info", data={"storey_m": STOREY_M}))

    def _storey(self, building: Building, level: Item, ordinal: int, outline: Area | None) -> None:
        storey = self.storeys.get((building.id, ordinal))
        if storey is None:
            label = next(iter(level.names("short_name").values()), "")
            code, _ = self.taken[building.id].take(label or storey_code(ordinal))
            names = level.names() or storey_names(ordinal)
            storey = Storey(f"{building.id}/{code}", names, ordinal, ordinal * STOREY_M, STOREY_M)
            self.storeys[building.id, ordinal] = storey
            building.storeys.append(storey)
        storey.aliases += (Alias("imdf", level.id),)
        storey.outline = polygons.union([area for area in (storey.outline, outline) if area is not None])

    def _storeys_of(self, level_id: str) -> list[Storey]:
        return [storey for storey in self.storeys.values() if any(alias.value == level_id for alias in storey.aliases)]

    def _units(self) -> None:
        by_level = {level.id: self._storeys_of(level.id) for level in self.archive.of("level")}
        outdoor = {level.id for level in self.archive.of("level") if not by_level[level.id]}
        lost = 0
        for unit in self.archive.of("unit"):
            level = unit.text("level_id")
            category = unit.text("category")
            if category in _NO_SPACE:
                continue
            if level in outdoor:
                self._outside(unit, category)
            elif not by_level.get(level):
                lost += 1
            else:
                self._space(unit, category, _best(by_level[level], unit.geometry), level)
        if lost:
            text = f"{lost} units belong to a level that is not in the archive: left out."
            self.model.findings.append(Finding("unparented-space", text, data={"count": lost}))

    def _outside(self, unit: Item, category: str) -> None:
        area = polygons.clean(unit.geometry).area if unit.geometry is not None else None
        if area is not None:
            self.model.ground.append(Feature(_GROUND.get(category, "plaza"), area, unit.names()))

    def _space(self, unit: Item, category: str, storey: Storey, level: str) -> None:
        names = unit.names() or next((item.names() for item in self.occupants[unit.id] if item.names()), {})
        other = unit.names("alt_name")
        number = next((text for text in (*other.values(), *names.values()) if any(c.isdigit() for c in text)), "")
        code, changed = self.taken[storey.id].take(number or _title(names) or category, "unit")
        space = Space(f"{storey.id}/{code}", number or code, names)
        space.elevation_m, space.height_m = storey.elevation_m, storey.height_m
        space.category = UNITS.get(category.split(".")[0]) or room_category(*names.values(), category)
        space.aliases = (Alias("imdf", unit.id), *(Alias("name", text) for text in other.values()))
        space.aliases += tuple(
            Alias("occupant", _title(item.names())) for item in self.occupants[unit.id] if item.names()
        )
        storey.spaces.append(space)
        self.spaces[unit.id] = space
        self.level_spaces[level].append(space)
        cleaned = (
            polygons.clean(unit.geometry)
            if unit.geometry is not None
            else polygons.Cleaned(None, reason="it is missing")
        )
        space.polygon = cleaned.area
        if cleaned.area is None:
            text = f"Unit {space.id} has no outline that can be used ({cleaned.reason})."
            self.model.findings.append(Finding("no-geometry", text, unit.id, entity=space.id))
            return
        space.area_m2 = float(cleaned.area.area)
        space.volume_m3 = space.area_m2 * space.height_m
        x, y = polygons.inside_point(cleaned.area)
        position = (x, y, space.elevation_m)
        if cleaned.repaired:
            text = f"The outline of {space.id} crosses or touches itself ({cleaned.reason}): repaired."
            self.model.findings.append(Finding("invalid-polygon", text, unit.id, "warning", space.id, position))
        if changed and number:
            text = f"Two units of {storey.id} have the number {number}: one is called {code}."
            self.model.findings.append(Finding("duplicate-code", text, unit.id, "warning", space.id, position))

    def _whole_levels(self) -> None:
        """A level without units is one space, so that it can be seen; so is a building that is only a footprint."""
        for building in self.model.buildings:
            for storey in building.storeys:
                if not storey.spaces and storey.outline is not None:
                    whole = schematic.whole_storey(
                        building.id, storey.ordinal, storey.elevation_m, storey.height_m, storey.outline, "synthetic"
                    )
                    whole.spaces[0].id = f"{storey.id}/all"
                    storey.spaces = whole.spaces
                    text = f"Level {storey.id} has no units: shown as one space."
                    self.model.findings.append(Finding("no-spaces", text, entity=storey.id, severity="info"))
            if not building.storeys and building.outline is not None:
                found = schematic.levels(building.id, None, None, None)
                building.storeys = schematic.storeys(building.id, [schematic.Block(building.outline)], found.storey_m)
                building.schematic = True
                self.model.findings.extend(found.findings)

    def _zones(self) -> None:
        taken = Codes()
        for section in self.archive.of("section"):
            shape = section.geometry
            inside = [
                space.id
                for space in self.level_spaces.get(section.text("level_id"), [])
                if shape is not None
                and space.polygon is not None
                and shape.intersects(space.polygon.representative_point())
            ]
            if inside:
                code, _ = taken.take(_title(section.names()) or section.id)
                self.model.zones.append(Zone(code, section.names(), section.text("category") or "zone", tuple(inside)))

    def _things(self) -> None:
        """Amenities, fixtures and kiosks stand in a unit, at a place; anchors tell where if they have no shape."""
        taken = Codes()
        for kind in ("amenity", "fixture", "kiosk"):
            for item in self.archive.of(kind):
                anchor = self.anchors.get(item.text("anchor_id"))
                shape = item.geometry if item.geometry is not None else anchor.geometry if anchor is not None else None
                units = [*item.ids("unit_ids"), anchor.text("unit_id") if anchor is not None else ""]
                space = next((self.spaces[unit] for unit in units if unit in self.spaces), None)
                space = space or self._under(item.text("level_id"), shape)
                names = item.names()
                label = item.text("category") or kind
                found = Equipment(taken.take(_title(names) or f"{label}-1", kind)[0], names, f"{kind}.{label}")
                found.space = space.id if space is not None else ""
                if shape is not None:
                    x, y = polygons.inside_point(shape)
                    found.position = (x, y, space.elevation_m if space is not None else 0.0)
                found.aliases = (Alias("imdf", item.id),)
                self.model.equipment.append(found)

    def _under(self, level: str, shape: BaseGeometry | None) -> Space | None:
        if shape is None:
            return None
        point = shape.representative_point()
        return next(
            (s for s in self.level_spaces.get(level, []) if s.polygon is not None and s.polygon.intersects(point)), None
        )


def _title(names: dict[str, str]) -> str:
    return names.get("en") or names.get("zh") or next(iter(names.values()), "")


def _share(area: Area | None, building: Building) -> Area | None:
    """A level of several buildings: what lies over this building's footprint."""
    if area is None or building.outline is None:
        return area
    return polygons.to_area(area.intersection(building.outline)) or area


def _best(storeys: list[Storey], shape: BaseGeometry | None) -> Storey:
    """The storey of the building that a unit lies in, where a level spans several."""
    if len(storeys) == 1 or shape is None or not shape.is_valid:
        return storeys[0]
    return max(
        storeys, key=lambda storey: storey.outline.intersection(shape).area if storey.outline is not None else 0.0
    )


FORMAT: Final = Format("imdf", "IMDF", (".zip", ".imdf"), imdf_archive.is_imdf, load)
