"""GeoPackage footprints (OGC 12-128): every layer with geometry, columns as tags -> buildings and ground."""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from pyproj import CRS

from models3d import files, footprints, georef
from models3d.footprints import Row
from models3d.model import Finding, Format, Model, ModelError, Options
from models3d.osm_tags import ground_kind, is_building, is_part, tags_of

_LAYER_TAGS: Final[tuple[tuple[str, dict[str, str]], ...]] = (
    ("building", {"building": "yes"}), ("footprint", {"building": "yes"}), ("建筑", {"building": "yes"}), ("楼",
     {"building": "yes"}),
    ("road", {"highway": "service"}), ("street", {"highway": "service"}), ("道路", {"highway": "service"}),
    ("path", {"highway": "footway"}), ("water", {"natural": "water"}), ("水", {"natural": "water"}),
    ("green", {"landuse": "grass"}), ("park", {"leisure": "park"}), ("绿", {"landuse": "grass"}),
    ("tree", {"natural": "tree"}), ("树", {"natural": "tree"}), ("parking", {"amenity": "parking"}),
)  # fmt: skip
"""What a layer's name says of features that have no tags of their own."""


def is_geopackage(head: bytes, path: Path) -> bool:
    """SQLite with GeoPackage's application id, or, from older programs, with its table of contents."""
    if not head.startswith(b"SQLite format 3\x00"):
        return False
    return head[68:72] in (b"GPKG", b"GP10", b"GP11") or b"gpkg_contents" in head


def load(path: Path, options: Options) -> Model:
    """Read every layer; ModelError if none has geometry."""
    import pyogrio

    model = Model(path.name, files.sha256(path), "geopackage", "OGC GeoPackage")
    layers = _layers(path)
    rows: list[Row] = []
    target: CRS | None = None
    for name in layers:
        try:
            with warnings.catch_warnings():  # GDAL grumbles at a file's name; the content is what counts
                warnings.simplefilter("ignore", RuntimeWarning)
                meta, fids, wkb, columns = pyogrio.raw.read(path, layer=name, return_fids=True, force_2d=True)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, UnicodeDecodeError) as error:
            model.findings.append(Finding("bad-layer", f"Layer '{name}' cannot be read ({error}): left out.", name))
            continue
        crs = georef.parse_crs(meta.get("crs"))
        read = list(_rows(name, meta["fields"], fids, wkb, columns, several=len(layers) > 1))
        target = target or crs
        rows.extend(_same_system(read, crs, target, name, model.findings))
    if not rows:
        raise ModelError(
            "no-features", f"'{path.name}' is a GeoPackage without a layer of footprints: export one into it."
        )
    gcj02 = options.datum == "gcj02"
    fallback = target if target is not None else georef.parse_crs("OGC:CRS84")
    footprints.read(model, rows, fallback, declared=target is not None, gcj02=gcj02)
    return model


def _layers(path: Path) -> list[str]:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as database:
            found = database.execute(
                "SELECT table_name FROM gpkg_contents WHERE data_type = 'features' ORDER BY table_name"
            )
            return [str(row[0]) for row in found]
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise ModelError(
            "truncated", f"'{path.name}' is a GeoPackage that is cut off or damaged ({error}): copy or export it again."
        ) from error


def _rows(layer: str, fields: Any, fids: Any, wkb: Any, columns: Any, *, several: bool) -> Iterator[Row]:
    geometries = shapely.from_wkb(wkb, on_invalid="ignore")
    implied = next((tags for word, tags in _LAYER_TAGS if word in layer.lower()), {})
    for index, (fid, geometry) in enumerate(zip(fids, geometries, strict=True)):
        properties = {str(name): _plain(column[index]) for name, column in zip(fields, columns, strict=True)}
        tags = tags_of(properties)
        if not (is_building(tags) or is_part(tags) or ground_kind(tags)):
            tags = {**tags, **implied}
        own = next((str(properties[key]) for key in ("osm_id", "osm_way_id", "id", "uuid") if properties.get(key)), "")
        key = own or (f"{layer}/{fid}" if several else str(fid))
        yield Row(key, tags, geometry if geometry is not None else shapely.Point())


def _same_system(
    rows: list[Row], crs: CRS | None, target: CRS | None, layer: str, findings: list[Finding]
) -> list[Row]:
    """Layers of one file may differ in their coordinate systems: all go into the first one's."""
    if crs is None or target is None or crs.equals(target) or not rows:
        return rows
    from pyproj import Transformer

    transformer = Transformer.from_crs(crs, target, always_xy=True)
    findings.append(
        Finding("reprojected", f"Layer '{layer}' is in '{crs.name}': reprojected to '{target.name}'.", layer, "info")
    )
    moved = shapely.transform(
        np.array([row.geometry for row in rows], dtype=object),
        lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])),
    )
    return [Row(row.key, row.tags, geometry) for row, geometry in zip(rows, moved, strict=True)]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) and not isinstance(value, np.datetime64) else value


FORMAT: Final = Format("geopackage", "GeoPackage", (".gpkg",), is_geopackage, load)
