"""Modbus TCP through pymodbus: many devices, each polled at its own pace; neighbouring registers in one request.

An address is ``target#area:register:type``; ``datasources.modbus_address`` has the grammar, ``modbus_plan`` the merging
of requests. The device sends no time: the moment of the answer counts. What a register means when a sensor is absent
(0x7FFF, 0xFFFF, NaN) differs from device to device: name it as the point's sentinel.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from datasources.contract import Found, SourceError, TargetReport
from datasources.fieldbus import Pace, Session, Stream, TargetName, Wanted, run, sort_points, words
from datasources.modbus_address import Area, Place, ValueFault, parse, value_of
from datasources.modbus_link import Link, RefusedError
from datasources.modbus_plan import MAX_BITS, MAX_REGISTERS, Block, Plan, Span
from twin.point import Point
from twin.reading import RawReading

REFUSED_AGAIN_S = 300.0
"""How long a refused register is left alone before the device is asked again [s]."""


class Target(BaseModel):
    """A device, or a unit behind a gateway.

    ``interval_s`` [s] is how often it is read; by default the shortest interval that its points ask. ``timeout_s`` [s]
    is the time for one answer. ``gap`` is how many registers that nobody wants may be read to save a request. ``share``
    puts targets of one host and port on one connection, for gateways that take only a few.
    """

    model_config = ConfigDict(extra="forbid")
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 502
    unit: Annotated[int, Field(ge=0, le=255)] = 1
    framing: Literal["tcp", "rtu"] = "tcp"
    interval_s: Annotated[float, Field(ge=0.05, le=86400)] | None = None
    timeout_s: Annotated[float, Field(ge=0.05, le=60)] = 3.0
    retries: Annotated[int, Field(ge=0, le=5)] = 1
    gap: Annotated[int, Field(ge=0, le=124)] = 8
    max_registers: Annotated[int, Field(ge=4, le=MAX_REGISTERS)] = MAX_REGISTERS
    share: bool = False


class Settings(BaseModel):
    """The devices by name. ``batch_ms`` [ms] is how long readings are gathered."""

    model_config = ConfigDict(extra="forbid")
    targets: Annotated[dict[TargetName, Target], Field(min_length=1)]
    batch_ms: Annotated[int, Field(ge=50, le=100)] = 50


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading] | TargetReport]:
    """Poll every target that has points, until closed."""
    wanted, mistakes = sort_points(points, settings.targets, parse)
    stream = Stream(settings.batch_ms / 1000)
    links = _links(settings, wanted)
    sessions: dict[str, Session] = {
        name: _Device(name, settings.targets[name], links[name], wanted[name], stream).poll for name in wanted
    }
    try:
        async with aclosing(run(stream, sessions, mistakes)) as merged:  # type: ignore[type-var]
            async for item in merged:
                yield item
    finally:
        for link in set(links.values()):
            await link.close()


def _links(settings: Settings, names: Iterable[str]) -> dict[str, Link]:
    """A connection for each target; one for all that share a host and port."""
    shared: dict[tuple[str, int, str], Link] = {}
    links = {}
    for name in names:
        target = settings.targets[name]
        link = Link(target.host, target.port, target.framing)
        if target.share:
            link = shared.setdefault((target.host, target.port, target.framing), link)
        links[name] = link
    return links


class _Device:
    """One target: what to read there, and what it refused so far."""

    def __init__(self, name: str, target: Target, link: Link, wanted: Wanted[Place], stream: Stream) -> None:
        self._name = name
        self._target = target
        self._link = link
        self._stream = stream
        self._interval = target.interval_s or wanted.interval_s
        self._at: dict[tuple[Area, Span], list[tuple[str, Place]]] = {}
        for address, place in wanted.places.items():
            self._at.setdefault((place.area, Span(place.start, place.count)), []).append((address, place))
        self._plans = {area: self._plan(area) for area in sorted({area for area, _ in self._at})}
        self._refusals: dict[tuple[Area, Span], tuple[float, str]] = {}

    def _plan(self, area: Area) -> Plan:
        bits = area in ("coil", "discrete")
        most = MAX_BITS if bits else self._target.max_registers
        return Plan((span for where, span in self._at if where == area), self._target.gap * (16 if bits else 1), most)

    async def poll(self) -> None:
        """Read everything, at the target's pace, for as long as it answers."""
        pace = Pace(self._interval)
        try:
            while True:
                await pace.tick()
                await self._round()
        finally:
            if not self._target.share:
                await self._link.close()

    async def _round(self) -> None:
        answered = False
        for area, plan in self._plans.items():
            todo = list(plan.blocks)
            while todo:
                block = todo.pop(0)
                if self._left_alone(area, block):
                    continue
                try:
                    raw = await self._read(area, block)
                except RefusedError as error:
                    halves = plan.refused(block)
                    todo[:0] = halves
                    if not halves:
                        self._refuse(area, block.spans[0], str(error))
                    continue
                answered = True
                self._hand_over(area, block, raw)
        if answered:
            self._stream.live(self._name)
        else:
            reason = next(reason for _, reason in self._refusals.values())
            self._stream.unwell(self._name, "misconfigured", f"it refuses everything that is asked: {reason}")

    async def _read(self, area: Area, block: Block) -> Sequence[int] | Sequence[bool]:
        """One request, tried again where the line failed: a single lost answer is no outage."""
        target = self._target
        for left in range(target.retries, -1, -1):
            try:
                return await self._link.read(area, block.start, block.count, target.unit, target.timeout_s)
            except (SourceError, OSError):
                if not left:
                    raise
        raise AssertionError("the loop returns or raises")

    def _hand_over(self, area: Area, block: Block, raw: Sequence[int] | Sequence[bool]) -> None:
        now = time.time()
        for span in block.spans:
            self._refusals.pop((area, span), None)
            part = raw[span.start - block.start : span.end - block.start]
            self._stream.put(_reading(address, place, part, now) for address, place in self._at[area, span])

    def _left_alone(self, area: Area, block: Block) -> bool:
        """Whether the device refused this a short while ago: then only say so again."""
        if len(block.spans) > 1 or (area, block.spans[0]) not in self._refusals:
            return False
        since, reason = self._refusals[area, block.spans[0]]
        if time.monotonic() - since > REFUSED_AGAIN_S:
            return False
        self._say_refused(area, block.spans[0], reason)
        return True

    def _refuse(self, area: Area, span: Span, reason: str) -> None:
        self._refusals[area, span] = (time.monotonic(), reason)
        self._say_refused(area, span, reason)

    def _say_refused(self, area: Area, span: Span, reason: str) -> None:
        now = time.time()
        self._stream.put(RawReading(address, None, now, bad=reason) for address, _ in self._at[area, span])


def _reading(address: str, place: Place, raw: Sequence[int] | Sequence[bool], now: float) -> RawReading:
    try:
        return RawReading(address, value_of(place, raw), now)
    except ValueFault as fault:
        return RawReading(address, None, now, bad=str(fault), raw=repr(list(raw)).encode())


async def discover(settings: Settings, seconds: float) -> list[Found]:
    """What each device says of itself (function 43). Modbus has no list of registers: none is invented."""
    names = list(settings.targets)
    answers = await asyncio.gather(*(_identify(settings.targets[name], seconds) for name in names))
    found: list[Found] = []
    silent: list[str] = []
    for name, answer in zip(names, answers, strict=True):
        if isinstance(answer, str):
            silent.append(f"{name}: {answer}")
            found.append(Found(f"{name}#", device=name, name="does not identify itself", note=answer))
            continue
        vendor = answer.get("vendor name", "")
        found += [Found(f"{name}#", value, name, what, kind="identification", vendor=vendor)
                  for what, value in answer.items()]  # fmt: skip
    if len(silent) == len(names):
        raise SourceError(f"no device identifies itself: {'; '.join(silent[:3])}")
    return found


async def _identify(target: Target, seconds: float) -> dict[str, str] | str:
    """The identification of one device, or why there is none."""
    link = Link(target.host, target.port, target.framing)
    try:
        return await link.identify(target.unit, min(target.timeout_s, seconds)) or "it tells nothing"
    except (RefusedError, SourceError, OSError) as error:
        return words(error)
    finally:
        await link.close()
