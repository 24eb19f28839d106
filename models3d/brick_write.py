"""The campus as a Brick graph in Turtle: places, equipment, points, and where each belongs (Brick 1.3 and later).

Every entity's URI is ``urn:campus:<campus>#`` and its id, percent-encoded; a point's has ``point:`` before its id. Its
label without a language is its code, those with one are its names. ``models3d/brick.py`` reads the file back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote

from twin.point import Point
from twin.space import Campus, Names, Space

PREFIXES: Final = """\
@prefix brick: <https://brickschema.org/schema/Brick#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix unit: <http://qudt.org/vocab/unit/> .
@prefix ref: <https://brickschema.org/schema/Brick/ref#> .
"""

CLASSES: Final = {
    "power": "Power_Sensor", "energy": "Energy_Sensor", "temperature": "Temperature_Sensor", "co2": "CO2_Sensor",
    "humidity": "Relative_Humidity_Sensor", "people": "Occupancy_Count_Sensor", "voltage": "Voltage_Sensor",
    "current": "Current_Sensor", "frequency": "Frequency_Sensor", "flow": "Flow_Sensor", "pressure": "Pressure_Sensor",
    "position": "Position_Sensor", "state": "Status", "link_state": "Status", "uptime": "Duration_Sensor",
}  # fmt: skip
"""Quantity -> class of a point that measures it; others are a Sensor."""

EQUIPMENT: Final = {"meter": "Electrical_Meter"}
"""Our own words for equipment -> class; a word that is a class already stays, others are an Equipment."""

UNITS: Final = {
    "kW": "KiloW", "W": "W", "MW": "MegaW", "kWh": "KiloW-HR", "Wh": "W-HR", "MWh": "MegaW-HR", "J": "J", "MJ": "MegaJ",
    "GJ": "GigaJ", "°C": "DEG_C", "degC": "DEG_C", "°F": "DEG_F", "K": "K", "ppm": "PPM", "%": "PERCENT", "V": "V",
    "mV": "MilliV", "kV": "KiloV", "A": "A", "mA": "MilliA", "kA": "KiloA", "Hz": "HZ", "m³": "M3", "m3": "M3",
    "l": "L", "L": "L", "m³/h": "M3-PER-HR", "m3/h": "M3-PER-HR", "m³/s": "M3-PER-SEC", "m3/s": "M3-PER-SEC",
    "l/s": "L-PER-SEC", "l/min": "L-PER-MIN", "l/h": "L-PER-HR", "kPa": "KiloPA", "Pa": "PA", "hPa": "HectoPA",
    "MPa": "MegaPA", "bar": "BAR", "mbar": "MilliBAR", "s": "SEC", "min": "MIN", "h": "HR", "d": "DAY",
    "bit/s": "BIT-PER-SEC", "kbit/s": "KiloBIT-PER-SEC", "Mbit/s": "MegaBIT-PER-SEC", "1": "UNITLESS",
}  # fmt: skip
"""Unit -> QUDT; a unit that is not here is left out."""

_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")


def turtle(campus: Campus, points: Iterable[Point]) -> Iterator[str]:
    """The graph, a block of lines an entity."""
    graph = _Graph(campus)
    yield PREFIXES
    yield from graph.places()
    yield from graph.things()
    for point in points:
        yield graph.point(point)


class _Graph:
    """The campus on its way to text; ``known`` are the ids that may be pointed at."""

    def __init__(self, campus: Campus) -> None:
        self._campus = campus
        self._base = f"urn:campus:{quote(campus.id, safe='')}#"
        self._known = {campus.id, *(s.id for s in campus.sites), *(z.id for z in campus.zones)}
        self._known |= {item.id for item in campus.equipment}
        for building in campus.buildings:
            self._known.add(building.id)
            for storey in building.storeys:
                self._known.add(storey.id)
                self._known.update(space.id for space in storey.spaces)

    def _uri(self, entity: str) -> str:
        return f"<{self._base}{quote(entity, safe='')}>"

    def _block(self, uri: str, kind: str, rest: Iterable[str]) -> str:
        return f"\n{uri} a brick:{kind}" + "".join(f" ;\n    {line}" for line in rest) + " .\n"

    def places(self) -> Iterator[str]:
        """The campus, its sites, buildings, storeys and rooms."""
        campus = self._campus
        sites = {site.id for site in campus.sites}
        yield self._block(self._uri(campus.id), "Site", _labels(campus.id, campus.names))
        for site in campus.sites:
            above = f"brick:isPartOf {self._uri(campus.id)}"
            yield self._block(self._uri(site.id), "Site", [*_labels(site.id, site.names), above])
        for building in campus.buildings:
            home = building.site if building.site in sites else campus.id
            above = f"brick:isPartOf {self._uri(home)}"
            yield self._block(self._uri(building.id), "Building", [*_labels(building.id, building.names), above])
            for storey in building.storeys:
                above = f"brick:isPartOf {self._uri(building.id)}"
                code = storey.id.rsplit("/", 1)[-1]
                yield self._block(self._uri(storey.id), "Floor", [*_labels(code, storey.names), above])
                for space in storey.spaces:
                    yield self._block(self._uri(space.id), "Room", self._room(space, storey.id))

    def _room(self, space: Space, storey: str) -> Iterator[str]:
        yield from _labels(space.id.rsplit("/", 1)[-1], space.names)
        yield f"brick:isPartOf {self._uri(storey)}"
        if space.area_m2 is not None:
            yield f"brick:area [ brick:value {space.area_m2:.3f} ; brick:hasUnit unit:M2 ]"

    def things(self) -> Iterator[str]:
        """Zones and equipment."""
        for zone in self._campus.zones:
            kind = zone.category if _CLASS.fullmatch(zone.category) else "Zone"
            parts = [f"brick:hasPart {self._uri(space)}" for space in zone.spaces if space in self._known]
            yield self._block(self._uri(zone.id), kind, [*_labels("", zone.names), *parts])
        for item in self._campus.equipment:
            known = EQUIPMENT.get(item.category, item.category)
            kind = known if _CLASS.fullmatch(known) else "Equipment"
            rest = list(_labels("", item.names))
            if item.space in self._known:
                rest.append(f"brick:hasLocation {self._uri(item.space)}")
            rest += [f"brick:feeds {self._uri(fed)}" for fed in item.feeds if fed in self._known]
            yield self._block(self._uri(item.id), kind, rest)

    def point(self, point: Point) -> str:
        """One point, with its unit and the id under which its history is asked for."""
        rest = [f"rdfs:label {_literal(point.id)}"]
        if point.entity in self._known:
            rest.append(f"brick:isPointOf {self._uri(point.entity)}")
        if point.unit in UNITS:
            rest.append(f"brick:hasUnit unit:{UNITS[point.unit]}")
        series = f"[ a ref:TimeseriesReference ; ref:hasTimeseriesId {_literal(point.id)} ]"
        rest.append(f"ref:hasExternalReference {series}")
        uri = f"<{self._base}point:{quote(point.id, safe='')}>"
        return self._block(uri, CLASSES.get(point.quantity, "Sensor"), rest)


def _labels(code: str, names: Names | Mapping[str, str]) -> Iterator[str]:
    if code:
        yield f"rdfs:label {_literal(code)}"
    for language, name in sorted(names.items()):
        if name and re.fullmatch(r"[A-Za-z]+(-[A-Za-z0-9]+)*", language):
            yield f"rdfs:label {_literal(name)}@{language}"
        elif name and name != code:
            yield f"rdfs:label {_literal(name)}"


_ESCAPES: Final = {ord("\\"): "\\\\", ord('"'): '\\"', ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}


def _literal(text: str) -> str:
    """A string of Turtle; other control characters, which it may not hold, are left out."""
    clean = "".join(c for c in text if c in "\n\r\t" or (ord(c) >= 0x20 and not 0xD800 <= ord(c) <= 0xDFFF))
    return f'"{clean.translate(_ESCAPES)}"'
