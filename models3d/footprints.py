"""Map features -> buildings with schematic storeys and ground: the common part of GeoJSON and GeoPackage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from models3d import georef, ground, osm_tags, polygons, schematic
from models3d.codes import Codes
from models3d.model import Finding, Model, ModelError
from models3d.osm_tags import Tags
from twin.space import Alias, Area, Building

STRAY_M: Final = 50_000.0
"""A feature this far from the middle of the others is a slip of the hand [m]."""
FARTHEST: Final = 1e11
"""Larger coordinates are no places, in whatever unit."""
SAME: Final = 0.95
"""Intersection over union from which two footprints are one building drawn twice."""
BURIED: Final = 0.9


@dataclass(slots=True)
class Row:
    """One feature of the file: its key there, its tags and its geometry (file coordinates, then local metres)."""

    key: str
    tags: Tags
    geometry: BaseGeometry


@dataclass(slots=True)
class _Footprint:
    row: Row
    area: Area
    parts: list[Row]


def read(model: Model, rows: list[Row], crs: CRS | None, *, declared: bool, gcj02: bool) -> None:
    """Place the rows and fill ``model`` with buildings and ground; ``declared``: the file itself names ``crs``."""
    rows = list(_finite(rows, model.findings))
    if not rows:
        raise ModelError(
            "no-features", f"'{model.path}' has no feature with usable coordinates: export it again with geometry."
        )
    rows = _place(model, rows, crs, declared=declared, gcj02=gcj02)
    rows = list(_near(rows, model.findings))
    ground_rows: list[Row] = []
    solid: list[Row] = []
    parts: list[Row] = []
    ignored = 0
    for row in rows:
        if osm_tags.is_part(row.tags) and row.geometry.area > 0.0:
            parts.append(row)
        elif row.geometry.area > 0.0 and osm_tags.is_building(row.tags):
            solid.append(row)
        elif osm_tags.ground_kind(row.tags) is not None:
            ground_rows.append(row)
        else:
            ignored += 1
    if not solid and not parts and not ground_rows:
        solid, ignored = _assume(model, rows)
    footprints = _deduplicate(list(_clean(solid, model.findings)), model.findings)
    footprints = _with_parts(footprints, parts, model.findings)
    _buildings(model, footprints)
    model.ground.extend(ground.features((row.tags, row.geometry) for row in ground_rows))
    if ignored:
        text = f"{ignored} of {len(rows)} features are neither buildings nor ground (shops, boundaries): left out."
        model.findings.append(
            Finding("features-ignored", text, severity="info", data={"count": ignored, "of": len(rows)})
        )
    if not model.buildings and not model.ground:
        raise ModelError(
            "no-features", f"'{model.path}' has no building and no ground: it needs polygons with building tags."
        )


def _finite(rows: Iterable[Row], findings: list[Finding]) -> Iterator[Row]:
    for row in rows:
        if row.geometry.is_empty:
            findings.append(Finding("no-geometry", f"Feature {row.key} has no geometry: left out.", row.key))
        elif not (np.abs(shapely.get_coordinates(row.geometry)) < FARTHEST).all():
            text = f"Feature {row.key} has coordinates that are not numbers: left out."
            findings.append(Finding("bad-coordinates", text, row.key))
        else:
            yield row


def _place(model: Model, rows: list[Row], crs: CRS | None, *, declared: bool, gcj02: bool) -> list[Row]:
    geometries = np.array([shapely.force_2d(row.geometry) for row in rows], dtype=object)
    middles = np.array([[(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] for box in (g.bounds for g in geometries)])
    swapped = False
    if crs is None or crs.is_geographic:
        crs, swapped = _axes(model, geometries, middles, declared=declared)
    if swapped:
        geometries = shapely.transform(geometries, lambda xy: xy[:, ::-1])
        middles = middles[:, ::-1]
    if crs is not None and crs.is_geographic:
        inside = (np.abs(middles[:, 0]) <= 180.0) & (np.abs(middles[:, 1]) <= 90.0)
        _report_outside([row for row, ok in zip(rows, inside, strict=True) if not ok], model.findings)
        rows = [row for row, ok in zip(rows, inside, strict=True) if ok]
        geometries, middles = geometries[inside], middles[inside]
    centre = middles[_close(middles, 0.5 if crs is not None and crs.is_geographic else STRAY_M)]
    placed = _placed(model, crs, centre, gcj02=gcj02)
    moved = shapely.transform(geometries, lambda xy: np.column_stack(placed.local(xy[:, 0], xy[:, 1])))
    model.frame = placed.frame
    return [Row(row.key, row.tags, geometry) for row, geometry in zip(rows, moved, strict=True)]


def _placed(model: Model, crs: CRS | None, middles: Any, *, gcj02: bool) -> georef.Placed:
    x, y = middles[:, 0], middles[:, 1]
    try:
        placed = (
            georef.place_geographic(x, y, gcj02=gcj02)
            if gcj02 and crs is not None and crs.is_geographic
            else georef.place(crs, x, y)
        )
    except ValueError as error:
        text = f"The declared coordinate system does not fit ({error}): the coordinates are taken as metres."
        model.findings.append(Finding("georeference-ignored", text))
        placed = georef.place(None, x, y)
    if placed.remark == "far-origin":
        offset = placed.frame.origin_offset
        text = (
            f"The coordinates lie {max(abs(offset[0]), abs(offset[1])) / 1000:,.0f} km from their origin: moved to it."
        )
        model.findings.append(Finding("far-origin", text, data={"x": offset[0], "y": offset[1]}))
    elif placed.remark == "reprojected":
        text = "The file's coordinate system is not in true metres: reprojected to a local plane."
        model.findings.append(Finding("reprojected", text, severity="info"))
    return placed


def _axes(model: Model, geometries: Any, middles: Any, *, declared: bool) -> tuple[CRS | None, bool]:
    """Degrees or metres, and in which order: (system or None, whether x and y are swapped)."""
    x, y = np.abs(middles[:, 0]), np.abs(middles[:, 1])
    degrees = georef.parse_crs("OGC:CRS84")
    if float(np.mean((x <= 180.0) & (y <= 90.0))) >= 0.5:
        sizes = shapely.length(geometries[shapely.length(geometries) > 0])
        if declared or not len(sizes) or float(np.median(sizes)) < 0.2:
            return degrees, False
        text = "No coordinate system is named and the shapes are too large for degrees: taken as metres."
        model.findings.append(Finding("no-georeference", text))
        return None, False
    if float(np.mean((y <= 180.0) & (x <= 90.0))) >= 0.5 and _spread(middles) < 5.0:
        text = "Latitude stands before longitude in this file: swapped back. GeoJSON wants longitude first."
        model.findings.append(Finding("axes-swapped", text))
        return degrees, True
    if declared:
        text = "The file declares degrees, but its numbers are too large for them: the coordinates are taken as metres."
        model.findings.append(Finding("georeference-ignored", text))
    else:
        text = (
            "The file names no coordinate system: its coordinates are taken as metres; place it in campus.yaml (place)."
        )
        model.findings.append(Finding("no-georeference", text))
    return None, False


def _spread(middles: Any) -> float:
    low, high = np.percentile(middles, [10, 90], axis=0)
    return float(np.max(high - low))


def _close(middles: Any, reach: float) -> Any:
    """Which of the points lie within ``reach`` of the median; all, if none would be left."""
    near = np.all(np.abs(middles - np.median(middles, axis=0)) <= reach, axis=1)
    return near if near.any() else np.ones(len(middles), bool)


def _report_outside(rows: list[Row], findings: list[Finding]) -> None:
    for row in rows:
        text = f"Feature {row.key} lies at a longitude or latitude that the earth does not have: left out."
        findings.append(Finding("bad-coordinates", text, row.key))


def _near(rows: list[Row], findings: list[Finding]) -> Iterator[Row]:
    middles = np.array(
        [[(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] for box in (row.geometry.bounds for row in rows)]
    )
    finite = np.isfinite(middles).all(axis=1)
    centre = np.median(middles[finite], axis=0) if finite.any() else np.zeros(2)
    for row, middle, ok in zip(rows, middles, finite, strict=True):
        distance = float(np.max(np.abs(middle - centre))) if ok else float("inf")
        if distance <= STRAY_M:
            yield row
            continue
        where = f"{distance / 1000:,.0f} km from the others" if ok else "outside of the map"
        findings.append(
            Finding(
                "stray-feature", f"Feature {row.key} lies {where}: left out.", row.key, data={"distance_m": distance}
            )
        )


def _assume(model: Model, rows: list[Row]) -> tuple[list[Row], int]:
    """Polygons in a file that never says what anything is are footprints."""
    solid = [row for row in rows if row.geometry.area > 0.0]
    if solid:
        text = f"No feature says what it is (building=...): all {len(solid)} polygons are taken as buildings."
        model.findings.append(Finding("assumed-buildings", text, data={"count": len(solid)}))
    return solid, len(rows) - len(solid)


def _clean(rows: list[Row], findings: list[Finding]) -> Iterator[_Footprint]:
    for row in rows:
        cleaned = polygons.clean(row.geometry, least_m2=1.0)
        if cleaned.area is None:
            findings.append(
                Finding(
                    "no-geometry", f"Building {row.key} has no usable outline ({cleaned.reason}): left out.", row.key
                )
            )
            continue
        if cleaned.repaired:
            x, y = polygons.inside_point(cleaned.area)
            text = f"The outline of {row.key} crosses or touches itself ({cleaned.reason}): repaired."
            findings.append(Finding("invalid-polygon", text, row.key, position=(x, y, 0.0)))
        yield _Footprint(row, cleaned.area, [])


def _deduplicate(footprints: list[_Footprint], findings: list[Finding]) -> list[_Footprint]:
    """One building for outlines drawn twice; a finding for outlines that cut into each other."""
    tree = shapely.STRtree([item.area for item in footprints])
    pairs: Any = tree.query([item.area for item in footprints], predicate="intersects").T if footprints else []
    dropped: set[int] = set()
    for a, b in pairs:
        if a >= b or a in dropped or b in dropped:
            continue
        first, second = footprints[a], footprints[b]
        common = first.area.intersection(second.area).area
        smaller = min(first.area.area, second.area.area)
        x, y = polygons.inside_point(second.area)
        if common >= SAME * (first.area.area + second.area.area - common):
            first.row.tags = {**second.row.tags, **first.row.tags}
            dropped.add(b)
            text = f"{second.row.key} is drawn on top of {first.row.key}: taken as one building."
            findings.append(Finding("duplicate-footprint", text, second.row.key, position=(x, y, 0.0)))
        elif common > max(1.0, 0.02 * smaller):
            text = f"The outlines of {first.row.key} and {second.row.key} overlap by {common:.0f} m2."
            data = {"other": first.row.key, "area_m2": common}
            findings.append(Finding("overlap", text, second.row.key, position=(x, y, 0.0), data=data))
    return [item for index, item in enumerate(footprints) if index not in dropped]


def _with_parts(footprints: list[_Footprint], parts: list[Row], findings: list[Finding]) -> list[_Footprint]:
    """Each building:part goes to the outline that holds it; one that none holds is a building of its own."""
    lonely: list[Row] = []
    tree = shapely.STRtree([item.area for item in footprints])
    for part in parts:
        cleaned = polygons.clean(part.geometry, least_m2=1.0)
        if cleaned.area is None:
            continue
        part.geometry = cleaned.area
        shares = [
            (footprints[i].area.intersection(cleaned.area).area, int(i)) for i in tree.query(cleaned.area, "intersects")
        ]
        best = max(shares, default=(0.0, -1))
        if best[0] >= BURIED * cleaned.area.area:
            footprints[best[1]].parts.append(part)
        else:
            lonely.append(part)
    return footprints + list(_clean(lonely, findings))


def _buildings(model: Model, footprints: list[_Footprint]) -> None:
    codes = Codes()
    for item in footprints:
        tags = item.row.tags
        code, changed = codes.take(_code(item.row))
        found = osm_tags.names(tags)
        label = next(iter(found.values()), code)
        if changed and osm_tags.first(tags, osm_tags.CODE):
            text = f"Two buildings have the code of {label}: the second is called {code}."
            model.findings.append(Finding("duplicate-code", text, item.row.key, entity=code))
        building = Building(code, found, category=osm_tags.use(tags), outline=item.area, schematic=True)
        building.aliases = tuple(_aliases(item.row))
        blocks, storey_m, remarks = _blocks(item, label)
        building.storeys = schematic.storeys(code, blocks, storey_m)
        x, y = polygons.inside_point(item.area)
        model.findings.extend(_located(remark, item.row.key, code, (x, y, 0.0)) for remark in remarks)
        model.buildings.append(building)


def _located(remark: Finding, key: str, entity: str, position: tuple[float, float, float]) -> Finding:
    return Finding(remark.code, remark.message, key, remark.severity, entity, position, remark.data)


def _blocks(item: _Footprint, label: str) -> tuple[list[schematic.Block], float, list[Finding]]:
    """The prisms of one building; its parts' levels count where it has parts."""
    whole = _levels(item.row.tags, label)
    if not item.parts:
        block = schematic.Block(item.area, -whole.below if whole.below else whole.lowest, whole.above - 1)
        return [block], whole.storey_m, whole.findings
    blocks: list[schematic.Block] = []
    for part in item.parts:
        own = _levels({**_heights(item.row.tags), **part.tags}, label)
        area = polygons.to_area(part.geometry)
        assert area is not None
        blocks.append(schematic.Block(area, own.lowest, own.above - 1))
    rest = polygons.to_area(item.area.difference(shapely.union_all([block.area for block in blocks])), 5.0)
    if rest is not None:
        blocks.append(schematic.Block(rest, 0, whole.above - 1))
    if whole.below:
        blocks.append(schematic.Block(item.area, -whole.below, -1))
    storey_m = float(
        np.median([_levels({**_heights(item.row.tags), **part.tags}, label).storey_m for part in item.parts])
    )
    return blocks, storey_m, whole.findings if osm_tags.first(item.row.tags, osm_tags.LEVELS) else []


def _heights(tags: Tags) -> Tags:
    return {key: value for key, value in tags.items() if key in (*osm_tags.LEVELS, *osm_tags.HEIGHT)}


def _levels(tags: Tags, label: str) -> schematic.Levels:
    height = osm_tags.metres(osm_tags.first(tags, osm_tags.HEIGHT))
    roof = osm_tags.metres(osm_tags.first(tags, osm_tags.ROOF_HEIGHT)) or 0.0
    if height is not None and 0.0 < roof < height * 0.7:
        height -= roof
    lowest = osm_tags.number(osm_tags.first(tags, osm_tags.MIN_LEVEL))
    above = osm_tags.number(osm_tags.first(tags, osm_tags.LEVELS))
    below = osm_tags.number(osm_tags.first(tags, osm_tags.UNDERGROUND))
    return schematic.levels(label, above, below, height, lowest=lowest)


def _code(row: Row) -> str:
    """The human code: the file's own, else the English or only name, else the feature's key."""
    names = osm_tags.names(row.tags)
    own = osm_tags.first(row.tags, osm_tags.CODE)
    return own or names.get("en") or names.get("") or names.get("zh") or next(iter(names.values()), "") or row.key


def _aliases(row: Row) -> Iterator[Alias]:
    yield Alias("osm" if row.key.split("/")[0] in ("way", "relation", "node") else "feature", row.key)
    for key in (*osm_tags.OTHER_NAMES, "addr:housename", "wikidata", "ref:nrhp"):
        if value := row.tags.get(key):
            yield Alias("wikidata" if key == "wikidata" else "name", value)
    if own := osm_tags.first(row.tags, osm_tags.CODE):
        yield Alias("ref", own)
    if (street := row.tags.get("addr:street")) and (house := row.tags.get("addr:housenumber")):
        yield Alias("address", f"{house} {street}")
