"""GeoJSON footprints (RFC 7946, its 2008 forerunner with ``crs``, and feature sequences) -> buildings and ground.

Tags are OpenStreetMap's or a campus's own columns (models3d/osm_tags.py). Coordinates are degrees unless the file
says or shows otherwise. ``"datum": "gcj02"`` at the top of the file, or ``Options.datum``, declares shifted ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from pyproj import CRS
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from models3d import files, footprints, georef
from models3d.footprints import Row
from models3d.model import Finding, Format, Model, ModelError, Options
from models3d.osm_tags import tags_of

_GEOMETRIES: Final = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
)
_KEYS: Final = ("@id", "osm_id", "osm_way_id", "full_id", "id", "fid", "objectid", "OBJECTID", "gid", "uuid")


def is_geojson(head: bytes, path: Path) -> bool:
    """Whether the JSON text holds features; IMDF's and CityJSON's files are asked for before."""
    if not files.is_json(head):
        return False
    if files.mentions(path, head, ('"CityObjects"', '"CityJSON"', '"face_type"')):
        return False
    return files.mentions(path, head, ('"FeatureCollection"', '"Feature"', '"MultiPolygon"', '"Polygon"'))


def load(path: Path, options: Options) -> Model:
    """Read the file; ModelError names what is wrong with it."""
    model = Model(path.name, files.sha256(path), "geojson", "RFC 7946")
    document, features = _document(path)
    crs, declared, gcj02 = _crs(model, document, options)
    rows = list(_rows(features, model.findings))
    footprints.read(model, rows, crs, declared=declared, gcj02=gcj02)
    return model


def _document(path: Path) -> tuple[dict[str, Any], list[Any]]:
    text = files.read_text(path)
    try:
        value = files.parse_json(text, path.name)
    except ModelError as error:
        lines = _sequence(text)
        if lines is None:
            raise error
        return {}, lines
    if isinstance(value, list):
        return {}, value
    if not isinstance(value, dict):
        raise ModelError(
            "invalid-geojson", f"'{path.name}' is JSON, but not a collection of features: export it as GeoJSON."
        )
    kind = value.get("type")
    if kind == "FeatureCollection":
        features = value.get("features")
        if not isinstance(features, list):
            raise ModelError(
                "invalid-geojson", f"'{path.name}' is a FeatureCollection without a list of features: export it again."
            )
        return value, features
    if kind == "Feature":
        return value, [value]
    if kind in _GEOMETRIES:
        return value, [{"type": "Feature", "properties": {}, "geometry": value}]
    raise ModelError(
        "invalid-geojson", f"'{path.name}' is JSON of type {kind!r}, not GeoJSON: export it as a FeatureCollection."
    )


def _sequence(text: str) -> list[Any] | None:
    """Features one a line (GeoJSONL) or after record separators (RFC 8142), or None if it is neither."""
    found: list[Any] = []
    for line in text.replace("\x1e", "\n").splitlines():
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(value, dict) or value.get("type") not in ("Feature", "FeatureCollection"):
            return None
        found.extend(value.get("features") or [] if value["type"] == "FeatureCollection" else [value])
    return found or None


def _crs(model: Model, document: dict[str, Any], options: Options) -> tuple[CRS | None, bool, bool]:
    """(system, whether the file names it, whether the coordinates are declared to be GCJ-02)."""
    member = document.get("crs")
    properties = member.get("properties") if isinstance(member, dict) else None
    name = (
        str((properties or {}).get("name") or (properties or {}).get("code") or "")
        if isinstance(properties, dict)
        else ""
    )
    datum = f"{name} {document.get('datum', '')}".lower().replace("-", "").replace("_", "")
    if "gcj02" in datum or options.datum == "gcj02":
        return georef.parse_crs("OGC:CRS84"), True, True
    if not name:
        return georef.parse_crs("OGC:CRS84"), False, False
    crs = georef.parse_crs(name)
    if crs is None:
        text = f"The coordinate system '{name[:60]}' is unknown: degrees or metres by the size of the numbers."
        model.findings.append(Finding("georeference-ignored", text))
        return georef.parse_crs("OGC:CRS84"), False, False
    return crs, True, False


def _rows(features: list[Any], findings: list[Finding]) -> Iterator[Row]:
    for index, feature in enumerate(features):
        if not isinstance(feature, dict):
            findings.append(Finding("bad-feature", f"Entry {index + 1} is not a feature: left out.", str(index)))
            continue
        properties = feature.get("properties")
        tags = tags_of(properties)
        key = _key(feature, properties if isinstance(properties, dict) else {}, index)
        geometry = feature.get("geometry")
        if geometry is None:
            findings.append(Finding("no-geometry", f"Feature {key} has no geometry: left out.", key))
            continue
        try:
            yield Row(key, tags, _shape(geometry))
        except (ValueError, TypeError, KeyError, AttributeError, IndexError, ShapelyError, RecursionError) as error:
            text = f"Feature {key} has a geometry that cannot be read ({str(error)[:80]}): left out."
            findings.append(Finding("bad-feature", text, key))


def _shape(geometry: Any) -> BaseGeometry:
    with np.errstate(invalid="ignore"):  # coordinates that are not numbers are told apart afterwards
        found: BaseGeometry = shape(geometry)
        return shapely.force_2d(found)


def _key(feature: dict[str, Any], properties: dict[str, Any], index: int) -> str:
    if feature.get("id") not in (None, ""):
        return str(feature["id"])
    return next(
        (str(properties[key]) for key in _KEYS if properties.get(key) not in (None, "")), f"feature-{index + 1}"
    )


FORMAT: Final = Format(
    "geojson", "GeoJSON", (".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson"), is_geojson, load
)
