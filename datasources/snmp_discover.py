"""What devices say of themselves when they are browsed: identity, ports, access points, neighbours by LLDP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from datasources.contract import Found, Neighbour, SourceError
from datasources.snmp_clock import HEAD, DeviceClock
from datasources.snmp_lldp import rows_of
from datasources.snmp_mib import Mib, Profile, profile_of, view
from datasources.snmp_plan import Index, Planner, text_of
from datasources.snmp_reading import Answers, readings
from datasources.snmp_session import SYS_UPTIME, Absent, Session, Value, stopped
from datasources.snmp_settings import Settings
from twin.reading import RawReading

T = TypeVar("T")

SYSTEM = ("1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.2.0", "1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.1.6.0", SYS_UPTIME)
IF_TYPE = "1.3.6.1.2.1.2.2.1.3"
IF_ALIAS = "1.3.6.1.2.1.31.1.1.1.18"
IF_HIGH_SPEED = "1.3.6.1.2.1.31.1.1.1.15"
PORT_TYPES = frozenset({6, 7, 26, 62, 69, 117, 161})
"""ifType of ports and bundles of ports (ethernetCsmacd, ieee8023adLag ...): not VLANs, tunnels, loopbacks."""
PORT_OBJECTS = ("octets_in", "octets_out", "errors_in", "errors_out", "discards_in", "discards_out", "link")
AP_OBJECTS = ("clients", "ap_state")
PLAIN_OBJECTS = ("clients_total", "uptime", "cpu", "memory", "battery", "battery_temperature", "load", "power")
NAMED_OBJECTS = ("temperature", "storage")


@dataclass(frozen=True, slots=True)
class Identity:
    """How a device introduces itself (RFC 3418); ``profile`` is the one that is used for it."""

    target: str
    name: str
    description: str
    object_id: str
    location: str
    profile: str
    vendor: str


@dataclass(frozen=True, slots=True)
class Port:
    """An interface: ifName, ifAlias (what people wrote about it), speed [Mbit/s; 0 unknown]."""

    name: str
    alias: str
    speed_mbit_s: int
    kind: int


async def discover(settings: Settings, seconds: float) -> list[Found]:
    """Everything that is worth a point on the targets that answer within ``seconds`` [s]."""
    found = await _each(settings, _found, seconds)
    return [row for rows in found for row in rows]


async def neighbours(settings: Settings, seconds: float = 30.0) -> list[Neighbour]:
    """The LLDP neighbours of all targets that answer within ``seconds`` [s], read once; some have none."""
    found = await _each(settings, _neighbours, seconds)
    return [row for rows in found for row in rows]


async def _each(
    settings: Settings, question: Callable[[Session, Identity, Profile], Awaitable[list[T]]], seconds: float
) -> list[list[T]]:
    """The question put to all targets side by side; one that fails, or is too slow, adds nothing."""
    gate = asyncio.Semaphore(settings.max_concurrency)
    masters: dict[tuple[str, str], bytes] = {}

    async def one(name: str) -> list[T]:
        access = settings.access(name)
        session = Session(access, masters)
        async with gate:
            await session.open()
            identity = await identify(session, name, access.profile)
            return await question(session, identity, view(identity.profile))

    tasks = {name: asyncio.create_task(one(name)) for name in settings.targets}
    if tasks:
        await asyncio.wait(tasks.values(), timeout=seconds)
    await stopped(tasks.values())
    results = await asyncio.gather(*tasks.values(), return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, SourceError):
            raise result
    return [result for result in results if isinstance(result, list)]


async def identify(session: Session, target: str, profile: str = "") -> Identity:
    """Ask a device who it is."""
    answers = await session.get(SYSTEM)
    description, object_id, name, location = (
        "" if isinstance(value := answers[oid], Absent) else text_of(value) for oid in SYSTEM[:4]
    )
    chosen = profile or profile_of(object_id)
    return Identity(target, name, description, object_id, location, chosen, view(chosen).vendor)


async def ports(session: Session, index: Index) -> list[Port]:
    """The interfaces of a device that have a name of their own."""
    columns = [dict(await session.walk(oid)) for oid in (IF_ALIAS, IF_HIGH_SPEED, IF_TYPE)]
    found = []
    for name, rows in index.items():
        if len(rows) == 1:
            alias, speed, kind = (column.get(rows[0].suffix) for column in columns)
            words = "" if alias is None else text_of(alias)
            found.append(Port(name, words, _integer(speed), _integer(kind)))
    return found


def _integer(value: Value | None) -> int:
    return value if isinstance(value, int) else 0


async def _found(session: Session, identity: Identity, profile: Profile) -> list[Found]:
    planner = Planner(session, profile)
    drafts: list[tuple[str, str]] = [
        (f"{identity.target}#{thing}", _introduction(identity) if thing == "uptime" else f"{identity.name} {thing}")
        for thing in PLAIN_OBJECTS
        if thing in profile.objects
    ]
    for port in await ports(session, await planner.index("interface")):
        if port.kind in PORT_TYPES:
            label = " ".join(filter(None, (port.name, port.alias, _speed(port.speed_mbit_s))))
            drafts += [(f"{identity.target}#{thing}[{port.name}]", f"{label} {thing}") for thing in PORT_OBJECTS]
    for thing in (*AP_OBJECTS, *NAMED_OBJECTS):
        names = await _row_names(planner, profile, thing)
        drafts += [(f"{identity.target}#{thing}[{name}]", f"{name} {thing}") for name in names]
    plan = await planner.plan([address for address, _ in drafts])
    answers = Answers()
    async for part in session.parts([HEAD, *plan.groups]):
        answers.take(part, time.time())
    clock = DeviceClock()
    clock.see_answers(answers.values, answers.received[SYS_UPTIME], answers.first)
    rows = []
    for (_, label), want, reading in zip(drafts, plan.wants, readings(plan.wants, answers, clock), strict=True):
        if not reading.bad:
            rows.append(_row(label, want.mib, reading, identity))
    return rows


def _introduction(identity: Identity) -> str:
    used = f"profile {identity.profile}" if identity.profile else "no profile, standard MIBs only"
    return f"{identity.name}: {identity.description} ({identity.object_id}, {used})"


def _row(label: str, mib: Mib, reading: RawReading, identity: Identity) -> Found:
    return Found(
        reading.address, reading.value, device=identity.name or identity.target, name=label, unit=mib.unit,
        quantity=mib.quantity, kind=mib.kind, vendor=identity.vendor, place=identity.location,
    )  # fmt: skip


async def _row_names(planner: Planner, profile: Profile, thing: str) -> list[str]:
    mib = profile.objects.get(thing)
    of = (profile.objects[mib.use[0]] if mib.use else mib).of if mib else ""
    return [name for name, rows in (await planner.index(of)).items() if len(rows) == 1] if of else []


def _speed(mbit_s: int) -> str:
    if mbit_s >= 1000 and mbit_s % 1000 == 0:
        return f"{mbit_s // 1000} Gbit/s"
    return f"{mbit_s} Mbit/s" if mbit_s else ""


async def _neighbours(session: Session, identity: Identity, profile: Profile) -> list[Neighbour]:
    return await rows_of(session, identity.target, profile)
