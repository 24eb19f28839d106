"""The space tree on disk: GeoParquet 1.1 tables, one a kind of entity, written and replaced as a whole.

``sites``, ``buildings``, ``storeys``, ``spaces``, ``zones``, ``equipment`` and ``aliases`` (entity, scheme, value) are
in a folder of their own, which ``campus.json`` beside it names: replacing that one file is what makes a new version the
current one, so that a reader sees the old tables or the new ones, whatever happens in between. Lengths are metres in
the campus's local frame, plan geometries are well-known binary. QGIS, DuckDB, pandas and every other reader of
GeoParquet opens them.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar, cast

import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from twin.space import Alias, Area, Building, Campus, Equipment, Site, Space, Storey, Zone

SCHEMA_VERSION = 1
HEAD = "campus.json"
TABLES = ("sites", "buildings", "storeys", "spaces", "zones", "equipment", "aliases")


class StoreError(Exception):
    """Tables that cannot be read; the message names the file and what to do."""


_NAMES = pa.map_(pa.string(), pa.string())
_STRINGS = pa.list_(pa.string())
_SCHEMAS: dict[str, list[tuple[str, Any]]] = {
    "sites": [("id", pa.string()), ("names", _NAMES)],
    "buildings": [
        ("id", pa.string()), ("names", _NAMES), ("site", pa.string()), ("category", pa.string()),
        ("schematic", pa.bool_()), ("geometry", pa.binary()),
    ],
    "storeys": [
        ("id", pa.string()), ("building", pa.string()), ("names", _NAMES), ("ordinal", pa.int32()),
        ("elevation_m", pa.float64()), ("height_m", pa.float64()), ("geometry", pa.binary()),
    ],
    "spaces": [
        ("id", pa.string()), ("storey", pa.string()), ("number", pa.string()), ("names", _NAMES),
        ("category", pa.string()), ("elevation_m", pa.float64()), ("height_m", pa.float64()), ("area_m2", pa.float64()),
        ("area_authored_m2", pa.float64()), ("volume_m3", pa.float64()), ("origin", pa.string()),
        ("geometry", pa.binary()),
    ],
    "zones": [("id", pa.string()), ("names", _NAMES), ("category", pa.string()), ("spaces", _STRINGS)],
    "equipment": [
        ("id", pa.string()), ("names", _NAMES), ("category", pa.string()), ("space", pa.string()), ("feeds", _STRINGS),
        ("x", pa.float64()), ("y", pa.float64()), ("z", pa.float64()), ("meters", _STRINGS), ("parts", _STRINGS),
    ],
    "aliases": [("entity", pa.string()), ("scheme", pa.string()), ("value", pa.string())],
}  # fmt: skip

Row = dict[str, Any]
T = TypeVar("T")


def _wkb(area: Area | None) -> bytes | None:
    return None if area is None else bytes(shapely.to_wkb(area))


def _rows(campus: Campus) -> dict[str, list[Row]]:
    rows: dict[str, list[Row]] = {name: [] for name in TABLES}
    rows["sites"] = [{"id": s.id, "names": s.names} for s in campus.sites]
    for b in campus.buildings:
        rows["buildings"].append({"id": b.id, "names": b.names, "site": b.site, "category": b.category,
                                  "schematic": b.schematic, "geometry": _wkb(b.outline)})  # fmt: skip
        rows["aliases"].extend(_alias_rows(b.id, b.aliases))
        for s in b.storeys:
            rows["storeys"].append({"id": s.id, "building": b.id, "names": s.names, "ordinal": s.ordinal,
                                    "elevation_m": s.elevation_m, "height_m": s.height_m,
                                    "geometry": _wkb(s.outline)})  # fmt: skip
            rows["aliases"].extend(_alias_rows(s.id, s.aliases))
            for space in s.spaces:
                rows["spaces"].append(_space_row(s.id, space))
                rows["aliases"].extend(_alias_rows(space.id, space.aliases))
    rows["zones"] = [{"id": z.id, "names": z.names, "category": z.category, "spaces": z.spaces} for z in campus.zones]
    for e in campus.equipment:
        x, y, z = e.position or (None, None, None)
        rows["equipment"].append({"id": e.id, "names": e.names, "category": e.category, "space": e.space,
                                  "feeds": e.feeds, "x": x, "y": y, "z": z, "meters": e.meters,
                                  "parts": e.parts})  # fmt: skip
        rows["aliases"].extend(_alias_rows(e.id, e.aliases))
    return rows


def _alias_rows(entity: str, aliases: Iterable[Alias]) -> Iterator[Row]:
    return ({"entity": entity, "scheme": alias.scheme, "value": alias.value} for alias in aliases)


def _space_row(storey: str, space: Space) -> Row:
    return {
        "id": space.id, "storey": storey, "number": space.number, "names": space.names, "category": space.category,
        "elevation_m": space.elevation_m, "height_m": space.height_m, "area_m2": space.area_m2,
        "area_authored_m2": space.area_authored_m2, "volume_m3": space.volume_m3, "origin": space.origin,
        "geometry": _wkb(space.polygon),
    }  # fmt: skip


def _table(name: str, rows: Sequence[Row]) -> pa.Table:
    metadata = {"campus_twin": json.dumps({"table": name, "version": SCHEMA_VERSION})}
    columns = _SCHEMAS[name]
    if any(name == "geometry" for name, _ in columns):
        # crs null: GeoParquet's word for 'a local frame that no registry knows'
        column: Row = {"encoding": "WKB", "geometry_types": [], "crs": None, "edges": "planar"}
        geo = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
        metadata["geo"] = json.dumps(geo)
    schema = pa.schema([pa.field(column, kind) for column, kind in columns], metadata=metadata)
    arrays = [
        pa.array([list(row[c].items()) if kind == _NAMES else row[c] for row in rows], kind) for c, kind in columns
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def write_tables(campus: Campus, folder: Path) -> Path:
    """Write the tree into ``folder`` and make it the current version; the folder of the new tables.

    StoreError when ``folder`` holds something else.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / HEAD).is_file():
        raise StoreError(f"'{folder}' is there and holds no tables: name another folder")
    folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=folder, prefix="tables-"))
    try:
        for name, rows in _rows(campus).items():
            pq.write_table(_table(name, rows), work / f"{name}.parquet", compression="zstd")
        head = {
            "version": SCHEMA_VERSION, "tables": work.name, "id": campus.id, "names": campus.names,
            "timezone": campus.timezone, "latitude": campus.latitude, "longitude": campus.longitude,
            "schematic": campus.schematic,
        }  # fmt: skip
        (work / HEAD).write_text(json.dumps(head, ensure_ascii=False), encoding="utf-8")
        (work / HEAD).replace(folder / HEAD)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise
    for old in folder.glob("tables-*"):
        if old != work:
            shutil.rmtree(old, ignore_errors=True)
    return work


def read_tables(folder: Path) -> Campus:
    """The tree in ``folder``; StoreError when it is not there, damaged or of a later version."""
    try:
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        version = head["version"]
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"'{folder}' has tables of version {version}, this program reads {SCHEMA_VERSION}: update it"
            )
        tables = folder / str(head["tables"])
        rows = {name: pq.read_table(tables / f"{name}.parquet").to_pylist() for name in TABLES}
        return _campus(head, rows)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException, shapely.errors.ShapelyError) as error:
        raise StoreError(f"the tables in '{folder}' cannot be read ({error}): write them again") from error


def _campus(head: Row, rows: dict[str, list[Row]]) -> Campus:
    aliases: dict[str, tuple[Alias, ...]] = {
        entity: tuple(Alias(row["scheme"], row["value"]) for row in group)
        for entity, group in groupby(rows["aliases"], lambda row: row["entity"])
    }
    spaces = _grouped(rows["spaces"], "storey", lambda row: _space(row, aliases))
    storeys = _grouped(
        rows["storeys"], "building",
        lambda r: Storey(r["id"], dict(r["names"]), r["ordinal"], r["elevation_m"], r["height_m"], _area(r["geometry"]),
                         spaces.get(r["id"], []), aliases.get(r["id"], ())),
    )  # fmt: skip
    buildings = [
        Building(r["id"], dict(r["names"]), r["site"], r["category"], storeys.get(r["id"], []), _area(r["geometry"]),
                 aliases.get(r["id"], ()), r["schematic"])
        for r in rows["buildings"]
    ]  # fmt: skip
    zones = [Zone(r["id"], dict(r["names"]), r["category"], tuple(r["spaces"])) for r in rows["zones"]]
    equipment = [
        Equipment(r["id"], dict(r["names"]), r["category"], r["space"], tuple(r["feeds"]),
                  None if r["x"] is None else (r["x"], r["y"], r["z"]), aliases.get(r["id"], ()),
                  tuple(r.get("meters") or ()), tuple(r.get("parts") or ()))
        for r in rows["equipment"]
    ]  # fmt: skip
    sites = [Site(r["id"], dict(r["names"])) for r in rows["sites"]]
    return Campus(head["id"], head["names"], head["timezone"], head["latitude"], head["longitude"],
                  sites, buildings, zones, equipment, head["schematic"])  # fmt: skip


def _grouped(rows: Iterable[Row], key: str, make: Callable[[Row], T]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for row in rows:
        found.setdefault(row[key], []).append(make(row))
    return found


def _area(wkb: bytes | None) -> Area | None:
    return None if wkb is None else cast("Area", shapely.from_wkb(wkb))


def _space(r: Row, aliases: dict[str, tuple[Alias, ...]]) -> Space:
    return Space(
        r["id"], r["number"], dict(r["names"]), r["category"], _area(r["geometry"]), r["elevation_m"], r["height_m"],
        r["area_m2"], r["area_authored_m2"], r["volume_m3"], r["origin"], aliases.get(r["id"], ()),
    )  # fmt: skip
