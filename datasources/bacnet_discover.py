"""Browsing BACnet devices: every object that has a value, with what the device tells of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from datasources.bacnet import Settings, Target
from datasources.bacnet_address import (
    ACTIVE_TEXT,
    DESCRIPTION,
    DEVICE,
    INACTIVE_TEXT,
    LOCATION,
    OBJECT_IDENTIFIER,
    OBJECT_LIST,
    OBJECT_NAME,
    PRESENT_VALUE,
    STATE_TEXT,
    UNITS,
    VENDOR_NAME,
    Place,
    object_name,
    unit_of,
)
from datasources.bacnet_station import Peer, Plain, RefusedError, Station, peer_address
from datasources.contract import Found, SourceError
from datasources.fieldbus import quantity_of, words

MAX_OBJECTS = 10_000
WILDCARD = 4_194_303
_ASKED = (OBJECT_NAME, DESCRIPTION, PRESENT_VALUE, UNITS, INACTIVE_TEXT, ACTIVE_TEXT, STATE_TEXT)
_OBJECTS_A_GROUP = 4

Told = dict[int, list[Plain]]


async def browse(settings: Settings, seconds: float) -> list[Found]:
    """All targets at once, each for at most ``seconds`` [s]; what was found until then counts."""
    station = await Station.open(settings.listen_host, settings.listen_port, settings.instance)
    found: list[Found] = []
    failures: list[str] = []

    async def one(name: str, target: Target) -> None:
        try:
            async with asyncio.timeout(seconds):
                await _Browser(name, target, station, found).browse()
        except TimeoutError as error:
            failures.append(f"{name}: {words(error) if str(error) else f'not done within {seconds:g} s'}")
        except (RefusedError, SourceError, OSError) as error:
            failures.append(f"{name}: {words(error)}")

    try:
        await asyncio.gather(*(one(name, target) for name, target in settings.targets.items()))
    finally:
        await station.shut()
    if failures and not found:
        raise SourceError(f"nothing was found: {'; '.join(failures[:3])}")
    return found + [Found(f"{text.partition(':')[0]}#", device=text.partition(":")[0], name="not browsed",
                          note=text.partition(": ")[2]) for text in failures]  # fmt: skip


class _Browser:
    """One device."""

    def __init__(self, name: str, target: Target, station: Station, found: list[Found]) -> None:
        self._name = name
        self._station = station
        self._found = found
        self._wanted = target.device
        address = peer_address(target.host, target.port, target.network, target.mac)
        self._peer = Peer(address, f"{target.host}:{target.port}", target.timeout_s, target.retries)
        self._groups = True

    async def browse(self) -> None:
        """Read the list of objects, and each object in it."""
        instance = await self._instance()
        device = await self._tell([Place(DEVICE, instance, name) for name in (VENDOR_NAME, LOCATION)])
        about = device.get((DEVICE, instance), {})
        vendor, place = _text(about, VENDOR_NAME), _text(about, LOCATION)
        objects = [(int(row[0]), int(row[1])) for row in await self._objects(instance) if row[0] != DEVICE]
        for at in range(0, len(objects), _OBJECTS_A_GROUP):
            group = objects[at : at + _OBJECTS_A_GROUP]
            told = await self._tell([Place(kind, number, name) for kind, number in group for name in _ASKED])
            for kind, number in group:
                row = _found(self._name, kind, number, told.get((kind, number), {}), vendor, place)
                if row is not None:
                    self._found.append(row)

    async def _instance(self) -> int:
        answer = await self._station.who_is_at(self._peer, min(1.0, self._peer.timeout_s))
        if answer is not None:
            return int(answer.iAmDeviceIdentifier[1])
        with suppress(RefusedError):
            values = await self._station.read(self._peer, Place(DEVICE, WILDCARD, OBJECT_IDENTIFIER))
            if values and isinstance(values[0], tuple):
                return int(values[0][1])
        if self._wanted is None:
            raise SourceError(f"{self._peer.where} does not tell its instance number: set 'device'")
        return self._wanted

    async def _objects(self, instance: int) -> list[tuple[int, ...]]:
        """The list of objects: whole, or one by one from a device that cannot send so much at once."""
        try:
            rows = await self._station.read(self._peer, Place(DEVICE, instance, OBJECT_LIST))
        except RefusedError:
            count = await self._station.read(self._peer, Place(DEVICE, instance, OBJECT_LIST, 0))
            most = min(int(count[0]) if count and isinstance(count[0], int) else 0, MAX_OBJECTS)
            rows = []
            for index in range(1, most + 1):
                rows += await self._station.read(self._peer, Place(DEVICE, instance, OBJECT_LIST, index))
        return [row for row in rows[:MAX_OBJECTS] if isinstance(row, tuple) and len(row) == 2]

    async def _tell(self, places: Sequence[Place]) -> dict[tuple[int, int], Told]:
        """What the device tells of ``places``, by object; what it refuses is left out."""
        told: dict[tuple[int, int], Told] = {}
        if self._groups:
            try:
                for place, answer in (await self._station.read_many(self._peer, places)).items():
                    if isinstance(answer, list):
                        told.setdefault((place.type, place.instance), {})[place.prop] = answer
                return told
            except RefusedError:
                self._groups = False
        for place in places:
            with suppress(RefusedError):
                answer = await self._station.read(self._peer, place)
                told.setdefault((place.type, place.instance), {})[place.prop] = answer
        return told


def _found(target: str, kind: int, number: int, told: Told, vendor: str, place: str) -> Found | None:
    """A row for an object; None for one without a value."""
    values = told.get(PRESENT_VALUE)
    if not values or isinstance(values[0], tuple):
        return None
    name = object_name(kind, number)
    units = told.get(UNITS)
    unit = unit_of(units[0]) if units and isinstance(units[0], int) else ""
    return Found(
        f"{target}#{name}", values[0], target, _text(told, OBJECT_NAME), unit, quantity_of(unit),
        _kind(name), vendor=vendor, place=place, note="; ".join(_notes(told)),
    )  # fmt: skip


def _kind(name: str) -> str:
    if name.startswith(("binary-", "multi-state-")):
        return "state"
    return "counter" if name.startswith(("accumulator", "pulse-converter")) else "gauge"


def _notes(told: Told) -> list[str]:
    """The description, and what the numbers of a state mean."""
    texts = {number: _text(told, name) for number, name in ((0, INACTIVE_TEXT), (1, ACTIVE_TEXT))}
    texts |= {number: str(text) for number, text in enumerate(told.get(STATE_TEXT, []), start=1)}
    states = ", ".join(f"{number} = {text}" for number, text in texts.items() if text)
    return [part for part in (_text(told, DESCRIPTION), states) if part]


def _text(told: Told, name: int) -> str:
    values = told.get(name)
    return values[0].strip() if values and isinstance(values[0], str) else ""
