"""The campus as tagged entities of Project Haystack: one grid in its JSON encoding (Haystack 4, ``_kind``).

Ids are refs: ``/`` becomes ``:``, and what a ref may not hold becomes its code between tildes. A point's ref begins
with ``point:``, because a device of one point may have its id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from twin.point import Point
from twin.quantity import QUANTITIES
from twin.space import Building, Campus, Equipment, Names

MARKER: Final = {"_kind": "marker"}

TAGS: Final = {
    "power": ("elec", "power", "active"), "energy": ("elec", "energy", "active"), "temperature": ("temp",),
    "co2": ("air", "co2", "concentration"), "humidity": ("air", "humidity"), "clients": ("network",),
    "people": ("occupied",), "voltage": ("elec", "volt"), "current": ("elec", "current"), "frequency": ("elec", "freq"),
    "power_factor": ("elec", "pf"), "volume": ("volume",), "flow": ("flow",), "pressure": ("pressure",),
    "traffic": ("network",), "errors": ("network",), "link_state": ("network", "state"), "state": ("state",),
    "battery": ("battery",),
}  # fmt: skip
"""Quantity -> tags of a point beside ``point`` and ``sensor``; others have none."""

UNITS: Final = {"degC": "°C", "m3": "m³", "l": "L", "m3/h": "m³/h", "m3/s": "m³/s", "l/s": "L/s", "l/min": "L/min",
                "l/h": "L/h", "s": "sec", "h": "hr", "d": "day", "1": ""}  # fmt: skip
"""Units that Haystack writes in another way; '' for none."""


def grid(campus: Campus, points: Iterable[Point]) -> dict[str, Any]:
    """The grid: sites, spaces, equipment, points, each row with its tags."""
    rows = [*_places(campus), *(_equip(campus, item) for item in campus.equipment)]
    homes = _homes(campus)
    rows += [_point(campus, point, homes) for point in points]
    columns = dict.fromkeys(name for row in rows for name in row)
    return {
        "_kind": "grid",
        "meta": {"ver": "3.0", "dis": _dis(campus.id, campus.names)},
        "cols": [{"name": name} for name in columns],
        "rows": rows,
    }


def ref(entity: str, dis: str = "") -> dict[str, str]:
    """A reference to an entity."""
    code = re.sub(r"[^A-Za-z0-9_./-]", lambda match: f"~{ord(match[0]):x}~", entity).replace("/", ":")
    return {"_kind": "ref", "val": code, **({"dis": dis} if dis else {})}


def _dis(entity: str, names: Names) -> str:
    return names.get("en") or names.get("zh") or next((name for name in names.values() if name), "") or entity


def _row(entity: str, names: Names, *markers: str) -> dict[str, Any]:
    dis = _dis(entity, names)
    row: dict[str, Any] = {"id": ref(entity, dis), "dis": dis, **dict.fromkeys(markers, MARKER)}
    return {**row, "disZh": names["zh"]} if names.get("zh") else row


def _places(campus: Campus) -> Iterator[dict[str, Any]]:
    yield {**_row(campus.id, campus.names, "site"), "tz": campus.timezone.rsplit("/", 1)[-1]}
    for building in campus.buildings:
        yield {**_row(building.id, building.names, "space", "building"), "siteRef": ref(campus.id)}
        yield from _rooms(campus, building)


def _rooms(campus: Campus, building: Building) -> Iterator[dict[str, Any]]:
    site = {"siteRef": ref(campus.id)}
    for storey in building.storeys:
        row = _row(storey.id, storey.names, "space", "floor")
        yield {**row, **site, "spaceRef": ref(building.id), "floorNum": {"_kind": "number", "val": storey.ordinal}}
        for space in storey.spaces:
            room = {**_row(space.id, space.names, "space", "room"), **site, "spaceRef": ref(storey.id)}
            if space.area_m2 is not None:
                room["area"] = {"_kind": "number", "val": round(space.area_m2, 3), "unit": "m²"}
            yield room


def _equip(campus: Campus, item: Equipment) -> dict[str, Any]:
    word = item.category.lower()
    tags = [tag for tag in ("meter", "ahu", "vav", "chiller", "boiler", "pump", "fan") if tag in word.split("_")]
    row = {**_row(item.id, item.names, "equip", *tags), "siteRef": ref(campus.id)}
    return {**row, "spaceRef": ref(item.space)} if item.space else row


def _homes(campus: Campus) -> dict[str, tuple[str, str]]:
    """Entity -> the tag that a point of it has, and the id that the tag holds."""
    homes = {item.id: ("equipRef", item.id) for item in campus.equipment}
    for building in campus.buildings:
        homes[building.id] = ("spaceRef", building.id)
        for storey in building.storeys:
            homes[storey.id] = ("spaceRef", storey.id)
            homes.update({space.id: ("spaceRef", space.id) for space in storey.spaces})
    return homes


def _point(campus: Campus, point: Point, homes: dict[str, tuple[str, str]]) -> dict[str, Any]:
    quantity = QUANTITIES[point.quantity]
    tags = dict.fromkeys(("point", "sensor", *TAGS.get(point.quantity, ())), MARKER)
    unit = UNITS.get(point.unit, point.unit)
    unit = "%RH" if point.quantity == "humidity" else unit
    row: dict[str, Any] = {
        "id": ref(f"point/{point.id}", point.id), "dis": f"{point.id} {quantity.en}", **tags, "kind": "Number",
        "siteRef": ref(campus.id),
    }  # fmt: skip
    if unit:
        row["unit"] = unit
    if point.entity in homes:
        tag, entity = homes[point.entity]
        row[tag] = ref(entity)
    if point.low is not None:
        row["minVal"] = {"_kind": "number", "val": point.low, **({"unit": unit} if unit else {})}
    if point.high is not None:
        row["maxVal"] = {"_kind": "number", "val": point.high, **({"unit": unit} if unit else {})}
    return row
