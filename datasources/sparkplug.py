"""Sparkplug B 3.0 over MQTT: edge nodes and devices with births, deaths and metrics.

An address is ``group/node#metric`` or ``group/node/device#metric``. Metrics that no point names are handed over too,
so that the ingest lists them. With ``host_id`` the program says that it is there, as a primary host does.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Annotated

from gmqtt import Message as Will
from pydantic import AfterValidator, Field

from datasources.contract import Found, MisconfiguredError, SourceError, TargetReport
from datasources.fieldbus import MISTAKES_AGAIN_S, AddressError
from datasources.mqtt_link import BrokerSettings, Connection
from datasources.sparkplug_node import Host, parse_address
from datasources.sparkplug_payload import rebirth
from twin.point import Point
from twin.reading import RawReading

SPACE = "spBv1.0"
BIRTH_WAIT_S = 5.0
"""How long births may take that come by themselves, before the others are asked for [s]."""


def _level(text: str) -> str:
    if not text or any(mark in text for mark in "/+#\0"):
        raise ValueError(f"'{text}' is no name of Sparkplug: it has no /, + or #")
    return text


Level = Annotated[str, AfterValidator(_level)]


class Settings(BrokerSettings):
    """A broker, and the ``groups`` to listen to, by default those of the points.

    ``rebirth`` lets the program ask a node for its birth certificates; ``host_id`` is the name under which it says that
    it is there.
    """

    groups: list[Level] = Field(default=[])
    rebirth: bool = True
    host_id: Level | None = None


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading] | TargetReport]:
    """Connect, subscribe, and hand over what arrives until the connection ends."""
    addresses, mistakes = _sorted(points)
    host = Host(addresses)
    groups = settings.groups or sorted({name.partition("/")[0] for name in host.nodes})
    if not groups:
        why = next(iter(mistakes.values()), "give 'groups', or points whose source is this broker")
        raise MisconfiguredError(f"nothing to subscribe to: {why}")
    link = _Link(settings, host)
    try:
        await link.open(groups)
        yield []
        if mistakes:
            yield _complaints(mistakes)
        complained = time.monotonic()
        async for batch in link.readings():
            if batch:
                yield batch
            for report in link.reports():
                yield report
            if mistakes and time.monotonic() - complained > MISTAKES_AGAIN_S:
                complained = time.monotonic()
                yield _complaints(mistakes)
    finally:
        await link.close()


def _sorted(points: Sequence[Point]) -> tuple[list[str], dict[str, str]]:
    """The addresses, and those that cannot be read with the reason."""
    addresses, mistakes = [], {}
    for point in points:
        try:
            parse_address(point.address)
            addresses.append(point.address)
        except AddressError as error:
            mistakes[point.address] = str(error)
    return addresses, mistakes


def _complaints(mistakes: dict[str, str]) -> list[RawReading]:
    now = time.time()
    return [RawReading(address, None, now, bad=reason) for address, reason in mistakes.items()]


class _Link:
    """The connection and the host behind it."""

    def __init__(self, settings: Settings, host: Host) -> None:
        self._settings = settings
        self._host = host
        self._born = round(time.time() * 1000)
        self._state = f"{SPACE}/STATE/{settings.host_id}" if settings.host_id else ""
        will = Will(self._state, self._online(False), qos=1, retain=True) if self._state else None
        self._connection = Connection(settings, will)
        self._opened = False

    def _online(self, online: bool) -> bytes:
        return json.dumps({"online": online, "timestamp": self._born}).encode()

    async def open(self, groups: Sequence[str]) -> None:
        """Connect and subscribe, then say that the host is there."""
        await self._connection.open([f"{SPACE}/{group}/#" for group in groups])
        self._opened = True
        if self._state:
            self._connection.publish(self._state, self._online(True), qos=1, retain=True)

    async def readings(self) -> AsyncIterator[list[RawReading]]:
        """Batch by batch, an empty one where only states changed; asks for rebirths as they are due."""
        wait_s = self._settings.batch_ms / 1000
        asked: float | None = asyncio.get_running_loop().time() + BIRTH_WAIT_S
        pending: asyncio.Task[list[tuple[str, bytes, bool, float]]] | None = None
        try:
            while True:
                pending = pending or asyncio.create_task(self._connection.take(wait_s))
                left = None if asked is None else max(0.0, asked - asyncio.get_running_loop().time())
                done, _ = await asyncio.wait({pending}, timeout=left)
                if not done:
                    self._host.unborn()
                    asked = None
                    self._ask()
                    continue
                messages, pending = pending.result(), None
                self._connection.oversized()  # told by their reports: what metrics they had nobody knows
                batch = [
                    reading
                    for topic, payload, retained, received in messages
                    if not retained  # nothing but STATE may be: an old certificate says nothing of now
                    for reading in self._host.take(topic, payload, received)
                ]
                self._ask()
                yield batch
        finally:
            if pending is not None:
                pending.cancel()
                with suppress(asyncio.CancelledError, SourceError):
                    await pending

    def _ask(self) -> None:
        names, self._host.outbox = self._host.outbox, []
        for name in names if self._settings.rebirth else ():
            group, _, node = name.partition("/")
            self._connection.publish(f"{SPACE}/{group}/NCMD/{node}", rebirth(round(time.time() * 1000)))

    def reports(self) -> list[TargetReport]:
        """What changed with the nodes."""
        reports, self._host.reports = self._host.reports, []
        return reports + self._connection.reports()

    async def close(self) -> None:
        """Say that the host goes, and goodbye."""
        if self._state and self._opened:
            with suppress(OSError):
                self._connection.publish(self._state, self._online(False), qos=1, retain=True)
        await self._connection.close()


async def discover(settings: Settings, seconds: float) -> list[Found]:
    """The metrics of every node that is born, or says anything and is asked for its birth, within ``seconds`` [s]."""
    host = Host(())
    link = _Link(settings, host)
    found: dict[str, Found] = {}
    try:
        await link.open(settings.groups or ["+"])
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for batch in link.readings():
                    for r in batch:
                        device, _, name = r.address.partition("#")
                        if name and not name.startswith("alias "):
                            found[r.address] = Found(r.address, r.value, device, name, note=r.bad or r.remark)
    finally:
        await link.close()
    return list(found.values())
