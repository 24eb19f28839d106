"""One BACnet device: is it the right one, subscribe, renew, read what is quiet, notice that it is gone or restarted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from datasources.bacnet import Target
from datasources.bacnet_address import (
    DEVICE,
    MAX_APDU,
    OBJECT_IDENTIFIER,
    RELIABILITY,
    STATUS_FLAGS,
    SYSTEM_STATUS,
    TIME_OF_RESTART,
    Place,
    verdict,
)
from datasources.bacnet_read import Reader
from datasources.bacnet_station import Peer, Plain, RefusedError, Station, peer_address
from datasources.contract import MisconfiguredError
from datasources.fieldbus import Stream, Wanted, take_due
from twin.reading import RawReading

WHO_IS_S = 1.0
GOODBYE_S = 0.8
AT_ONCE = 4
WILDCARD = 4_194_303
SMALLEST_APDU = 480
"""The least that a device on MS/TP must take [bytes]; assumed of one that does not say."""
_NO_COV_AT_ALL = ("unrecognized-service", "optional-functionality-not-supported")


@dataclass(slots=True)
class Item:
    """A place that points want. ``due`` is when it is to be read [s, monotonic]; ``told`` whether changes are told."""

    place: Place
    addresses: list[str] = field(default_factory=list)
    due: float = 0.0
    told: bool = False
    flags: tuple[int, ...] | None = None
    value: Plain = None
    reliability: int | None = None
    silent: bool = False
    """Whether the object has no reliability: a fault of it stays without a cause."""


class Device:
    """A target of the source; ``run`` is its session."""

    def __init__(self, name: str, target: Target, station: Station, wanted: Wanted[Place], stream: Stream) -> None:
        self._name = name
        self._target = target
        self._station = station
        self._stream = stream
        self._interval = target.interval_s or wanted.interval_s
        self._items: dict[Place, Item] = {}
        for address, place in wanted.places.items():
            self._items.setdefault(place, Item(place)).addresses.append(address)
        where = f"{target.host}:{target.port}"
        if target.network is not None:
            where = f"station {target.mac} of network {target.network} behind {where}"
        address = peer_address(target.host, target.port, target.network, target.mac)
        self._peer = Peer(address, where, target.timeout_s, target.retries)
        self._reader = Reader(station, self._peer)
        self._instance: int | None = None
        self._process = 0
        self._restarted = ""
        self._alive_by = TIME_OF_RESTART
        self._unexplained: set[Place] = set()
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Identify, subscribe, and keep all values fresh, until the device fails or the source is closed."""
        self._process = self._station.add_subscriber(self._notified)
        try:
            await self._identify()
            for item in self._items.values():
                item.told, item.due = False, 0.0
            self._restarted = await self._restart_time()
            await self._subscribe(self._items.values())
            self._stream.live(self._name)
            await self._keep()
        except asyncio.CancelledError:
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._goodbye()
            raise
        finally:
            self._station.remove_subscriber(self._process)

    # -- the right device -------------------------------------------------------------------------------------------

    async def _identify(self) -> None:
        """Ask who is at the address. MisconfiguredError when it is not the device that the settings name."""
        wanted = self._target.device
        answer = await self._station.who_is_at(self._peer, min(WHO_IS_S, self._target.timeout_s))
        if answer is not None:
            instance: int | None = int(answer.iAmDeviceIdentifier[1])
            apdu = int(answer.maxAPDULengthAccepted)
        else:
            instance = await self._instance_by_reading()
            apdu = await self._apdu_by_reading(instance)
        if wanted is not None and instance is not None and instance != wanted:
            raise MisconfiguredError(
                f"{self._peer.where} is device {instance}, not {wanted}: correct 'device', or the address"
            )
        self._instance = wanted if instance is None else instance
        self._reader.fit(apdu)

    async def _instance_by_reading(self) -> int | None:
        """For devices that answer Who-Is by broadcast, or not at all. None where they do not tell, and need not."""
        wanted = self._target.device
        with suppress(RefusedError):
            values = await self._station.read(self._peer, Place(DEVICE, WILDCARD, OBJECT_IDENTIFIER))
            if values and isinstance(values[0], tuple):
                return int(values[0][1])
        if wanted is None:
            return None
        try:
            await self._station.read(self._peer, Place(DEVICE, wanted, OBJECT_IDENTIFIER))
        except RefusedError as refused:
            raise MisconfiguredError(
                f"{self._peer.where} is not device {wanted} ({refused}): correct 'device', or the address"
            ) from None
        return wanted

    async def _apdu_by_reading(self, instance: int | None) -> int:
        with suppress(RefusedError):
            if instance is not None:
                values = await self._station.read(self._peer, Place(DEVICE, instance, MAX_APDU))
                if values and isinstance(values[0], int):
                    return values[0]
        return SMALLEST_APDU

    # -- changes ----------------------------------------------------------------------------------------------------

    async def _subscribe(self, items: Iterable[Item]) -> None:
        """Subscribe to, or renew, what can be told; the rest is read."""
        todo = [item for item in items if item.place.subscribed] if self._target.cov != "off" else []
        unable = False

        async def one(item: Item) -> None:
            nonlocal unable
            if unable:
                item.told = False
                return
            try:
                await self._station.subscribe(
                    self._peer, self._process, item.place, self._target.cov == "confirmed", self._target.lifetime_s
                )
            except RefusedError as refused:
                unable = unable or refused.kind == "reject" or refused.code in _NO_COV_AT_ALL
                item.told = False
            else:
                if not item.told:
                    item.told = True
                    item.due = time.monotonic() + self._interval  # the first notification comes by itself

        await _each(todo, one)

    def _notified(self, kind: int, instance: int, value: Plain, flags: tuple[int, ...] | None) -> None:
        item = self._items.get(Place(kind, instance))
        if item is None:
            return
        item.due = time.monotonic() + self._interval
        self._take(item, value, flags)

    async def _goodbye(self) -> None:
        async def one(item: Item) -> None:
            with suppress(RefusedError):
                await self._station.unsubscribe(self._peer, self._process, item.place)

        if self._stream.is_live(self._name):
            await _each([item for item in self._items.values() if item.told], one)

    # -- keeping fresh ----------------------------------------------------------------------------------------------

    async def _keep(self) -> None:
        renew = check = time.monotonic()
        renew += self._target.lifetime_s / 2
        check += self._target.check_s
        while True:
            now = time.monotonic()
            told = [item for item in self._items.values() if item.told]
            if told and now >= check:
                check = now + self._target.check_s
                if await self._was_restarted():
                    renew = now
            if told and now >= renew:
                renew = now + self._target.lifetime_s / 2
                await self._subscribe(told)
            await self._read_due()
            await self._explain()
            nearest = min(item.due for item in self._items.values())
            await self._rest(min(nearest, renew, check) if told else nearest)

    async def _rest(self, until: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self._wake.wait()
        self._wake.clear()

    async def _read_due(self) -> None:
        """Read what is due."""
        due = take_due(list(self._items.values()), self._interval)
        if not due:
            return
        refusals: list[RefusedError] = []

        def got(place: Place, answer: dict[int, list[Plain]] | RefusedError) -> None:
            if isinstance(answer, RefusedError):
                refusals.append(answer)
            self._answered(self._items[place], answer)

        await self._reader.read([item.place for item in due], got)
        if len(refusals) == len(self._items):
            reason = f"it refuses everything that is asked: {refusals[0]}"
            self._stream.unwell(self._name, "misconfigured", reason)
        else:
            self._stream.live(self._name)

    def _answered(self, item: Item, answer: dict[int, list[Plain]] | RefusedError) -> None:
        if isinstance(answer, RefusedError):
            now = time.time()
            self._stream.put(
                RawReading(name, None, now, bad=f"the device answers: {answer}") for name in item.addresses
            )
            return
        values = answer[item.place.prop]
        flags = answer.get(STATUS_FLAGS)
        reliability = answer.get(RELIABILITY)
        item.reliability = reliability[0] if reliability and isinstance(reliability[0], int) else item.reliability
        value = values[0] if values else None
        self._take(item, value, flags[0] if flags and isinstance(flags[0], tuple) else None)

    def _take(self, item: Item, value: Plain, flags: tuple[int, ...] | None) -> None:
        """Hand over a value. A fault is told at once, and its cause as soon as it has been asked for."""
        item.value, item.flags = value, flags
        fault = len(flags or ()) > 1 and flags is not None and flags[1] == 1
        if not fault:
            item.reliability = None
        elif not item.reliability and not item.silent:
            self._unexplained.add(item.place)
            self._wake.set()
        bad, remark = verdict(flags, item.reliability)
        if isinstance(value, tuple):
            value, bad = None, bad or "not a single value"
        now = time.time()
        self._stream.put(RawReading(name, value, now, bad=bad, remark=remark) for name in item.addresses)

    async def _explain(self) -> None:
        """Ask for the cause of faults."""
        todo, self._unexplained = self._unexplained, set()
        for place in todo:
            item = self._items[place]
            try:
                found = await self._station.read(self._peer, Place(place.type, place.instance, RELIABILITY))
            except RefusedError:
                item.silent = True
                continue
            if found and isinstance(found[0], int) and found[0] and item.flags and item.flags[1]:
                item.reliability = found[0]
                self._take(item, item.value, item.flags)

    # -- is it still there, and the same -----------------------------------------------------------------------------

    async def _was_restarted(self) -> bool:
        """Ask for a sign of life. A restarted device has forgotten the subscriptions."""
        before, self._restarted = self._restarted, await self._restart_time()
        return bool(before) and before != self._restarted

    async def _restart_time(self) -> str:
        """When the device was started, as it writes it; '' where it does not tell, but is there."""
        if self._instance is None or self._target.cov == "off":
            return ""
        try:
            answer = await self._station.read_raw(self._peer, Place(DEVICE, self._instance, self._alive_by))
        except RefusedError:
            self._alive_by = SYSTEM_STATUS
            return ""
        if self._alive_by == SYSTEM_STATUS:
            return ""
        return " ".join(f"{tag.tag_number}:{bytes(tag.tag_data).hex()}" for tag in answer.propertyValue.tagList)


async def _each(items: Sequence[Item], work: Callable[[Item], Awaitable[None]]) -> None:
    """A few at a time; the first failure ends it."""
    for at in range(0, len(items), AT_ONCE):
        results = await asyncio.gather(*(work(item) for item in items[at : at + AT_ONCE]), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
