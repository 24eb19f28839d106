"""Suggestions for signals that were found: what each measures, where it belongs, and which devices are of one type.

A suggestion is for people to judge: nothing here maps anything.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from twin.guess import Guess, Seen, kind_of, quantity_of, unit_of
from twin.guess_places import PlaceGuess
from twin.guess_reason import because
from twin.guess_words import FAIR, matches


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One signal and what it may be. ``device`` is the pattern of the address without its ``path``."""

    seen: Seen
    quantity: Guess
    unit: Guess
    kind: Guess
    entity: Guess
    device: str = ""
    path: str = ""
    type: str = ""

    @property
    def confidence(self) -> float:
        """How sure the least sure part is; 0 where one is missing."""
        parts = self.parts.values()
        return min(part.confidence for part in parts) if all(part.value for part in parts) else 0.0

    @property
    def parts(self) -> dict[str, Guess]:
        """Its four guesses by what they are about."""
        return {"quantity": self.quantity, "unit": self.unit, "kind": self.kind, "entity": self.entity}


def suggest(seen: Sequence[Seen], places: PlaceGuess) -> list[Suggestion]:
    """A suggestion for each signal, in their order."""
    levels = Counter(level for one in seen if "#" not in one.address for level in _levels(one.address))
    parts = [split(one.address, levels) for one in seen]
    found = []
    for one, quantity, (device, path) in zip(
        seen, _beside([quantity_of(one) for one in seen], parts), parts, strict=True
    ):
        unit = unit_of(one, quantity.value)
        named = device if path.startswith("/") else one.address  # a place in JSON is no place
        entity = places.of(named, "" if one.device in one.address else one.device, one.place)
        found.append(Suggestion(one, quantity, unit, kind_of(one, quantity.value), entity, device, path))
    return found


_ELECTRIC = frozenset(("power", "energy", "voltage", "current", "frequency", "power_factor"))
_AIR = frozenset(("temperature", "humidity", "co2"))
_HALF, _KNOWN, _TOGETHER = 0.5, 0.8, 0.85


def _beside(guesses: Sequence[Guess], parts: Sequence[tuple[str, str]]) -> list[Guess]:
    """Names of one letter are believed where a device has several that belong together: u, i and p; t beside rh."""
    devices: dict[str, dict[str, float]] = {}
    for guess, (device, path) in zip(guesses, parts, strict=True):
        if path and guess.confidence >= _HALF:
            there = devices.setdefault(device, {})
            there[guess.value] = max(there.get(guess.value, 0.0), guess.confidence)
    return [_raised(guess, devices.get(device, {})) for guess, (device, _) in zip(guesses, parts, strict=True)]


def _raised(guess: Guess, there: dict[str, float]) -> Guess:
    if not _HALF <= guess.confidence < _KNOWN:
        return guess
    electric = _ELECTRIC & there.keys()
    meter = guess.value in _ELECTRIC and len(electric) >= 3 and {"voltage", "current", "power_factor"} & electric
    sure = {quantity for quantity, confidence in there.items() if confidence >= _KNOWN}
    air = guess.value in _AIR and (sure & _AIR) - {guess.value}
    if meter or air:
        others = tuple(sorted((electric if meter else sure & _AIR) - {guess.value}))
        return replace(guess, confidence=_TOGETHER, why=guess.why + because("beside", quantities=others))
    return guess


Level = tuple[int, int, str]


def _levels(address: str) -> list[Level]:
    parts = address.split("/")
    return [(len(parts), place, part) for place, part in enumerate(parts)]


def split(address: str, levels: Counter[Level]) -> tuple[str, str]:
    """The device's part of an address, with ``{path}`` where the signal's stood, and that path.

    ``device#path`` says it itself. Of a path of levels that one is the signal's which says what is measured and comes
    again in other addresses; else the last one, if that comes again.
    """
    device, mark, path = address.partition("#")
    if mark:
        return device, path
    rows = _levels(address)
    again = [row for row in rows if levels[row] > 1]
    telling = [(max((m.weight for m in matches(row[2])), default=0.0), row[1], row) for row in again]
    telling = [entry for entry in telling if entry[0] > 0]
    if telling:
        chosen = max(telling)[2]
    elif again and again[-1] == rows[-1]:
        chosen = rows[-1]
    else:
        return address, ""
    parts = [row[2] for row in rows]
    return "/".join([*parts[: chosen[1]], "{path}", *parts[chosen[1] + 1 :]]), chosen[2]


@dataclass(slots=True)
class DeviceGuess:
    """A device of a type that was seen: its id, its cells of the type's columns, where it may stand."""

    id: str
    columns: dict[str, str]
    entity: Guess
    address: str


@dataclass(slots=True)
class TypeGuess:
    """Devices that send the same: a name, a pattern of addresses, a suggestion for each point (of one such device)."""

    name: str
    address: str
    points: dict[str, Suggestion]
    devices: list[DeviceGuess] = field(default_factory=list)
    category: str = "Equipment"
    confidence: float = 0.0
    why: str = ""


def types_of(rows: Sequence[Suggestion]) -> tuple[list[TypeGuess], list[Suggestion]]:
    """The types of which there are several devices; the suggestions again, with the name of their type."""
    devices: dict[str, dict[str, Suggestion]] = {}
    for row in rows:
        if "{" not in row.device.replace("{path}", ""):
            devices.setdefault(row.device, {})[row.path] = row
    types: list[TypeGuess] = []
    names: dict[str, str] = {}
    taken: Counter[str] = Counter()
    for group in _groups(devices):
        if len(group) > 1:
            found = _type(group, devices, taken)
            types.append(found)
            names.update(dict.fromkeys(group, found.name))
    _own_ids(types)
    return types, [replace(row, type=names.get(row.device, "")) for row in rows]


def _skeleton(device: str) -> tuple[int, str]:
    """What devices of one type share beside their points: how many levels, and the first where that is a plain word."""
    levels = device.split("/")
    word = levels[0] if len(levels) > 1 and not any(c.isdigit() for c in levels[0]) else ""
    return len(levels), word


def _groups(devices: dict[str, dict[str, Suggestion]]) -> list[list[str]]:
    """Devices with the same points; one with half of them and more joins those that have all."""
    shapes: dict[tuple[tuple[int, str], frozenset[str]], list[str]] = {}
    for device, points in devices.items():
        shapes.setdefault((_skeleton(device), frozenset(points)), []).append(device)
    groups: list[tuple[tuple[int, str], frozenset[str], list[str]]] = []
    for (skeleton, shape), members in sorted(shapes.items(), key=lambda item: (-len(item[0][1]), -len(item[1]))):
        home = next((g for g in groups if g[0] == skeleton and shape < g[1] and 2 * len(shape) >= len(g[1])), None)
        if home is not None:
            home[2].extend(members)
        else:
            groups.append((skeleton, shape, members))
    return [members for _, _, members in groups]


def _type(group: list[str], devices: dict[str, dict[str, Suggestion]], taken: Counter[str]) -> TypeGuess:
    points: dict[str, Suggestion] = {}
    for device in group:
        for path, row in devices[device].items():
            if path not in points or row.quantity.confidence > points[path].quantity.confidence:
                points[path] = row
    levels = [device.split("/") for device in group]
    varying = [at for at in range(len(levels[0])) if len({row[at] for row in levels}) > 1]
    unique = [at for at in varying if len({row[at] for row in levels}) == len(group)]
    own = unique[-1] if unique else None
    columns = {at: "id" if at == own else f"level{at + 1}" for at in varying}
    pattern = [f"{{{columns[at]}}}" if at in columns else part for at, part in enumerate(levels[0])]
    same = all(devices[device].keys() == points.keys() for device in group)
    found = TypeGuess(_name(pattern, points, taken), "/".join(pattern), points)
    found.category, _ = _class(points)
    found.confidence = (0.9 if len(group) >= 5 else 0.75) if same and len(points) > 1 else 0.65
    found.why = (
        f"{len(group)} devices send the same {len(points)} points" if same else f"{len(group)} devices are alike"
    )
    for device, parts in zip(group, levels, strict=True):
        code = parts[own] if own is not None else "-".join(parts[at] for at in varying)
        cells = {columns[at]: parts[at] for at in varying if at != own}
        entity = max((one.entity for one in devices[device].values()), key=lambda guess: guess.confidence)
        found.devices.append(DeviceGuess(code, cells, entity, device))
    return found


_CLASSES = (
    ({"clients"}, "access-point", "Equipment"), ({"traffic"}, "switch", "Equipment"),
    ({"people"}, "people-counter", "Occupancy_Sensor_Equipment"), ({"co2"}, "room-air", "IAQ_Sensor_Equipment"),
    ({"voltage"}, "meter", "Electrical_Meter"), ({"energy"}, "meter", "Electrical_Meter"),
    ({"volume"}, "water-meter", "Water_Meter"), ({"battery"}, "ups", "Equipment"),
    ({"temperature", "humidity"}, "room-air", "Thermostat"), ({"temperature"}, "thermometer", "Sensor_Equipment"),
    ({"state"}, "state", "Equipment"),
)  # fmt: skip
"""What a device is, told by what it measures: the first row all of whose quantities it has."""


def _class(points: dict[str, Suggestion]) -> tuple[str, str]:
    there = {row.quantity.value for row in points.values() if row.quantity.confidence >= FAIR}
    return next(((category, name) for needs, name, category in _CLASSES if needs <= there), ("Equipment", "type"))


def _name(pattern: list[str], points: dict[str, Suggestion], taken: Counter[str]) -> str:
    """The last plain word of the pattern, else what its quantities say; each name once."""
    words = [w for part in pattern if (w := re.sub(r"[^\w-]", "", part.partition("#")[0])) and "{" not in part]
    plain = [w for w in words if not any(c.isdigit() for c in w)]
    name = plain[0] if plain else _class(points)[1]
    taken[name] += 1
    return name if taken[name] == 1 else f"{name}-{taken[name]}"


def _own_ids(types: Sequence[TypeGuess]) -> None:
    """Ids that two types share get the type's name before them."""
    count = Counter(device.id for found in types for device in found.devices)
    for found in types:
        for device in found.devices:
            if count[device.id] > 1:
                device.columns.setdefault("code", device.id)
        if any("code" in device.columns for device in found.devices):
            found.address = found.address.replace("{id}", "{code}")
            for device in found.devices:
                device.columns.setdefault("code", device.id)
                device.id = f"{found.name}-{device.id}"
