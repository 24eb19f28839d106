"""SNMP v2c and v3 through gufo-snmp: every device asked by itself, ports and access points known by name.

An address says which device, which object of it, and which row:

    core-1#octets_in[Gi1/0/24]       an object of a row: the interface's ifName, the access point's name
    wlc#clients[AP-14-0501]
    wlc#clients_total                an object without rows
    ups#1.3.6.1.2.1.33.1.2.4.0       any other object, by its whole numeric OID

Names of objects are those of the device's profile (``datasources/snmp_profiles/``, chosen by its sysObjectID) and of
the standard MIBs; docs/reference/snmp.md lists them. There is no address by ifIndex: a device may give a port another
number at every restart. Counters are handed over as they are, with the time from which the device counts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence

from datasources.contract import MisconfiguredError, Neighbour, Neighbours, TargetReport
from datasources.snmp_discover import discover, neighbours
from datasources.snmp_plan import NOT_AN_ADDRESS, parse
from datasources.snmp_session import stopped
from datasources.snmp_settings import Settings, Target
from datasources.snmp_target import Device, Lanes
from twin.point import Point
from twin.reading import RawReading

__all__ = ["Neighbour", "Settings", "Target", "batches", "discover", "neighbours"]

WAITING = 1000
"""Devices' batches that wait to be taken; then the devices wait."""
NO_TARGET = "the source has no target of this name"

Item = list[RawReading] | TargetReport | Neighbours


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[Item]:
    """Ask every device at its own pace; what came within 50 ms goes out together."""
    if not settings.targets:
        raise MisconfiguredError("there is nothing to ask: give 'targets'")
    items: asyncio.Queue[Item] = asyncio.Queue(WAITING)
    by_target: dict[str, dict[str, None]] = {name: {} for name in settings.targets}
    lost: dict[str, str] = {}
    for point in points:
        address = parse(point.address)
        if address is None:
            lost[point.address] = NOT_AN_ADDRESS
        elif address.target not in by_target:
            lost[point.address] = NO_TARGET
        else:
            by_target[address.target][point.address] = None
    addresses = {name: list(wanted) for name, wanted in by_target.items()}
    counters = frozenset(point.address for point in points if point.kind == "counter")
    most = settings.max_concurrency
    lanes = Lanes(asyncio.Semaphore(most), asyncio.Semaphore(4 * most))
    tasks = [
        asyncio.create_task(Device(settings.access(name), wanted, counters, lanes, items.put).forever())
        for name, wanted in addresses.items()
    ]
    if lost:
        tasks.append(asyncio.create_task(_complain(lost, settings.interval_s, items)))
    try:
        while True:
            for batch in await _gathered(items, settings.batch_ms / 1000):
                yield batch
    finally:
        await stopped(tasks)


async def _gathered(items: asyncio.Queue[Item], wait_s: float) -> list[Item]:
    """What is there ``wait_s`` [s] after the first item came: reports and neighbours, then all readings in one list."""
    found = [await items.get()]
    await asyncio.sleep(wait_s)
    while not items.empty():
        found.append(items.get_nowait())
    reports: list[Item] = [item for item in found if not isinstance(item, list)]
    batch = [reading for item in found if isinstance(item, list) for reading in item]
    return [*reports, batch] if batch else reports


async def _complain(lost: Mapping[str, str], interval_s: float, items: asyncio.Queue[Item]) -> None:
    """Addresses that lead nowhere are bad readings, so that they are seen and not forgotten."""
    while True:
        now = time.time()
        await items.put([RawReading(address, None, now, bad=why) for address, why in lost.items()])
        await asyncio.sleep(interval_s)
