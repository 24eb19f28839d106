"""BACnet/IP through bacpypes3: changes are subscribed to (COV); what cannot be is read in groups, or one by one.

An address is ``target#analog-input,5`` or ``target#device,1001/system-status`` (``datasources.bacnet_address``).
A target is asked for directly at its address: no broadcast is needed. The device sends no time with its values: the
moment at which they come counts.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from datasources.contract import Found, TargetReport
from datasources.fieldbus import Session, Stream, TargetName, run, sort_points
from twin.point import Point
from twin.reading import RawReading


class Target(BaseModel):
    """A device. ``device`` is its instance number: another one at the address is refused.

    ``network`` and ``mac`` are for a device behind the BACnet router at ``host`` (an MS/TP station number, or 0x with
    hexadecimal digits). ``interval_s`` [s] is how often what cannot be subscribed to is read, and the longest that a
    subscribed value may be quiet before it is read; by default the shortest interval that its points ask.
    ``lifetime_s`` [s] is how long a subscription holds; it is renewed at half of it.
    """

    model_config = ConfigDict(extra="forbid")
    host: Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$")]
    port: Annotated[int, Field(ge=1, le=65535)] = 47808
    device: Annotated[int, Field(ge=0, le=4_194_302)] | None = None
    network: Annotated[int, Field(ge=1, le=65534)] | None = None
    mac: str = ""
    cov: Literal["confirmed", "unconfirmed", "off"] = "confirmed"
    lifetime_s: Annotated[int, Field(ge=2, le=86400)] = 300
    check_s: Annotated[float, Field(ge=0.2, le=3600)] = 10.0
    interval_s: Annotated[float, Field(ge=0.1, le=86400)] | None = None
    timeout_s: Annotated[float, Field(ge=0.1, le=60)] = 3.0
    retries: Annotated[int, Field(ge=0, le=5)] = 2

    @model_validator(mode="after")
    def _routed(self) -> Target:
        if any(int(part) > 255 for part in self.host.split(".")):
            raise ValueError(f"'{self.host}' is no IPv4 address")
        if (self.network is None) != (not self.mac):
            raise ValueError("'network' and 'mac' go together: both for a device behind a router, else neither")
        station = re.fullmatch(r"([0-9]{1,3})|0[xX]([0-9a-fA-F]{2}){1,7}", self.mac)
        if self.mac and (station is None or (station[1] and int(station[1]) > 255)):
            raise ValueError(f"mac '{self.mac}': a station number from 0 to 255, or 0x and pairs of hexadecimal digits")
        return self


class Settings(BaseModel):
    """The devices by name, and our own station: where it listens, and its instance number (unlike any other's).

    ``listen_port`` 0 is any free one; 47808 where devices answer only by broadcast. ``batch_ms`` [ms] is how long
    readings are gathered.
    """

    model_config = ConfigDict(extra="forbid")
    targets: Annotated[dict[TargetName, Target], Field(min_length=1)]
    listen_host: Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$")] = "0.0.0.0"  # noqa: S104
    listen_port: Annotated[int, Field(ge=0, le=65535)] = 0
    instance: Annotated[int, Field(ge=0, le=4_194_302)] = 4_194_300
    batch_ms: Annotated[int, Field(ge=50, le=100)] = 50


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading] | TargetReport]:
    """Subscribe to and read every target that has points, until closed."""
    from datasources.bacnet_address import parse  # the stack takes a second to load: only who uses it pays
    from datasources.bacnet_device import Device
    from datasources.bacnet_station import Station

    wanted, mistakes = sort_points(points, settings.targets, parse)
    stream = Stream(settings.batch_ms / 1000)
    station = await Station.open(settings.listen_host, settings.listen_port, settings.instance)
    try:
        sessions: dict[str, Session] = {
            name: Device(name, settings.targets[name], station, wanted[name], stream).run for name in wanted
        }
        async with aclosing(run(stream, sessions, mistakes)) as merged:  # type: ignore[type-var]
            async for item in merged:
                yield item
    finally:
        await station.shut()


async def discover(settings: Settings, seconds: float) -> list[Found]:
    """The objects of every target that have a value: name, unit, value, what the numbers of a state mean."""
    from datasources.bacnet_discover import browse

    return await browse(settings, seconds)
