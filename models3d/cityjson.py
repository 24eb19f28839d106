"""CityJSON 1.0, 1.1, 2.0 and CityJSON text sequences -> buildings, rooms where they are drawn, shells and ground.

The JSON is read here, without a library: https://www.cityjson.org/specs/2.0.1/. Each building takes its storeys from
BuildingStorey and BuildingRoom (2.0) if it has them, else from its level count or height, as schematic storeys. The
display shell is the finest level of detail; the plan is the ground surface, or the underside, of the coarsest body.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from shapely.geometry import Point

from models3d import cityjson_buildings, files, georef
from models3d import cityjson_geometry as geometry
from models3d import triangles as tri
from models3d.cityjson_buildings import City
from models3d.model import Feature, Finding, Format, Frame, Model, ModelError, Options
from models3d.triangles import Floats

FARTHEST: Final = 1e11
"""Larger coordinates are no places, in whatever unit."""
_VERSIONS: Final = ("1.0", "1.1", "2.0")
_GROUND: Final[dict[str, str]] = {
    "Road": "road", "TransportSquare": "plaza", "Railway": "road", "Waterway": "water", "WaterBody": "water",
    "PlantCover": "green", "LandUse": "land", "Bridge": "path",
}  # fmt: skip


def is_cityjson(head: bytes, path: Path) -> bool:
    """A JSON object with CityObjects, or a sequence that starts with a CityJSON object."""
    return files.is_json(head) and files.mentions(path, head, ('"CityObjects"', '"CityJSON"', '"CityJSONFeature"'))


def load(path: Path, options: Options) -> Model:
    """Read the file; ModelError names what is wrong with it."""
    document = _document(path)
    version = str(document.head.get("version", "?"))
    model = Model(path.name, files.sha256(path), "cityjson", f"CityJSON {version}")
    if version[:3] not in _VERSIONS:
        text = f"Version '{version[:20]}' of CityJSON is unknown: read as 2.0."
        model.findings.append(Finding("schema-mapped", text, data={"version": version[:20]}))
    city = _city(model, document)
    cityjson_buildings.build(model, city, shells=options.shells)
    _ground(model, city)
    if not model.buildings and not model.ground:
        kinds = ", ".join(sorted({str(item.get("type")) for item in document.objects.values()})[:5]) or "nothing"
        raise ModelError(
            "no-buildings", f"'{path.name}' has no building with geometry (it holds {kinds}): export the buildings too."
        )
    return model


@dataclass(slots=True)
class _Document:
    """One CityJSON object, or a sequence joined into one."""

    name: str
    head: dict[str, Any]
    objects: dict[str, dict[str, Any]] = field(default_factory=dict)
    vertices: list[Any] = field(default_factory=list)
    broken: int = 0


def _document(path: Path) -> _Document:
    text = files.read_text(path)
    lines = text.lstrip().split("\n", 1)
    if len(lines) == 2 and lines[1].strip() and '"CityJSONFeature"' in lines[1]:
        return _sequence(path.name, text)
    value = files.parse_json(text, path.name)
    if not isinstance(value, dict) or value.get("type") not in ("CityJSON", "CityJSONFeature"):
        kind = value.get("type") if isinstance(value, dict) else type(value).__name__
        raise ModelError("invalid-cityjson", f"'{path.name}' is JSON of type {kind!r}, not CityJSON: export it again.")
    objects, vertices = value.get("CityObjects"), value.get("vertices")
    if not isinstance(objects, dict) or not isinstance(vertices, list):
        raise ModelError(
            "invalid-cityjson",
            f"'{path.name}' lacks CityObjects or vertices, which CityJSON must have: export it again.",
        )
    kept = {key: {**item, "_shift": 0} for key, item in objects.items() if isinstance(item, dict)}
    return _Document(path.name, value, kept, vertices, len(objects) - len(kept))


def _sequence(name: str, text: str) -> _Document:
    """CityJSONSeq: a header line, then one feature a line with vertices of its own."""
    lines = [line for line in text.splitlines() if line.strip()]
    head = files.parse_json(lines[0], name)
    if not isinstance(head, dict):
        raise ModelError("invalid-cityjson", f"'{name}' does not begin with a CityJSON object: export it again.")
    found = _Document(name, head, dict(head.get("CityObjects") or {}), list(head.get("vertices") or []))
    for line in lines[1:]:
        try:
            feature = json.loads(line)
            objects, vertices = dict(feature["CityObjects"]), list(feature["vertices"])
        except (ValueError, KeyError, TypeError, RecursionError):
            found.broken += 1
            continue
        shift = len(found.vertices)
        found.vertices.extend(vertices)
        for key, item in objects.items():
            if isinstance(item, dict):
                item["_shift"] = shift
                found.objects[key] = item
    return found


def _city(model: Model, document: _Document) -> City:
    vertices = _vertices(document)
    if document.broken:
        text = f"{document.broken} objects of the file are damaged: left out."
        model.findings.append(Finding("bad-feature", text, data={"count": document.broken}))
    city = City(document.objects, vertices, geometry.Templates(document.head.get("geometry-templates")))
    used = city.used_by("Building", "BuildingPart", "BuildingRoom", "BuildingStorey", "BuildingUnit")
    points = vertices[used] if used.any() else vertices
    if len(points) and not np.isfinite(points).all():
        points = points[np.isfinite(points).all(axis=1)]
        if not len(points):
            raise ModelError("bad-coordinates", f"'{document.name}' has no vertex that is a place: export it again.")
    if not len(points):
        raise ModelError("invalid-cityjson", f"'{document.name}' has no vertices: export it again with geometry.")
    metadata = document.head.get("metadata")
    name = metadata.get("referenceSystem") if isinstance(metadata, dict) else None
    crs = georef.parse_crs(name)
    if name and crs is None:
        text = f"The coordinate system '{str(name)[:60]}' is unknown: the coordinates are taken as metres."
        model.findings.append(Finding("georeference-ignored", text))
    elif not name:
        text = (
            "The file names no coordinate system: its coordinates are taken as metres; place it in campus.yaml (place)."
        )
        model.findings.append(Finding("no-georeference", text, severity="info"))
    placed = _place(model, crs, points)
    if placed.remark == "far-origin":
        far_x, far_y = placed.frame.origin_offset[:2]
        text = f"The coordinates lie {max(abs(far_x), abs(far_y)) / 1000:,.0f} km from their origin: moved to it."
        model.findings.append(Finding("far-origin", text, severity="info", data={"x": far_x, "y": far_y}))
    x, y = placed.local(vertices[:, 0], vertices[:, 1])
    ground = float(np.round(np.percentile(points[:, 2], 2), 2))
    base = ground if abs(ground) > 0.5 else 0.0
    city.vertices = np.column_stack([x, y, vertices[:, 2] - base])
    frame = placed.frame
    offset = (*frame.origin_offset[:2], base)
    model.frame = Frame(
        frame.crs,
        frame.easting,
        frame.northing,
        base,
        latitude=frame.latitude,
        longitude=frame.longitude,
        origin_offset=offset,
    )
    return city


def _place(model: Model, crs: Any, points: Floats) -> georef.Placed:
    try:
        return georef.place(crs, points[:, 0], points[:, 1])
    except ValueError as error:
        text = f"The declared coordinate system does not fit ({error}): the coordinates are taken as metres."
        model.findings.append(Finding("georeference-ignored", text))
        return georef.place(None, points[:, 0], points[:, 1])


def _vertices(document: _Document) -> Floats:
    """The vertices in the file's system, after its transform, NaN where they are no places."""
    try:
        found = np.array(document.vertices, np.float64).reshape(-1, 3)
        transform = document.head.get("transform")
        if isinstance(transform, dict):
            with np.errstate(over="ignore", invalid="ignore"):
                found = found * np.array(transform["scale"], np.float64) + np.array(transform["translate"], np.float64)
    except (TypeError, ValueError, KeyError) as error:
        raise ModelError(
            "invalid-cityjson",
            f"'{document.name}' has vertices or a transform that are not three numbers: export it again.",
        ) from error
    found[~(np.abs(found) < FARTHEST).all(axis=1)] = np.nan
    return found


def _ground(model: Model, city: City) -> None:
    for key in sorted(city.objects):
        item = city.objects[key]
        kind = str(item.get("type", ""))
        if kind == "SolitaryVegetationObject":
            _tree(model, city, key)
        elif kind in _GROUND:
            body = city.body(key, lambda lods: lods[-1])
            area = tri.shadow(body.vertices, body.triangles)
            if area is not None:
                model.ground.append(Feature(_GROUND[kind], area, cityjson_buildings.names(item)))


def _tree(model: Model, city: City, key: str) -> None:
    body = city.body(key, lambda lods: lods[-1])
    if body.is_empty:
        return
    low, high = body.bounds_z()
    x, y = body.vertices[body.triangles.reshape(-1), :2].mean(axis=0)
    model.ground.append(Feature("tree", Point(float(x), float(y)), height_m=min(max(high - low, 1.0), 60.0)))


FORMAT: Final = Format("cityjson", "CityJSON", (".json", ".city.json", ".jsonl", ".cityjson"), is_cityjson, load)
