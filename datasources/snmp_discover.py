"""What devices say of themselves: identity, ports, access points, and their neighbours by LLDP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from datasources.contract import Found, SourceError
from datasources.snmp_clock import HEAD, DeviceClock
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

LLDP_LOCAL_SUBTYPE = "1.0.8802.1.1.2.1.3.7.1.2"
LLDP_LOCAL_PORT = "1.0.8802.1.1.2.1.3.7.1.3"
LLDP_REMOTE = "1.0.8802.1.1.2.1.4.1.1"
CHASSIS_SUBTYPE, CHASSIS, PORT_SUBTYPE, PORT, PORT_DESCRIPTION, SYSTEM_NAME = 4, 5, 6, 7, 8, 9
SUBTYPE_CHASSIS_MAC, SUBTYPE_PORT_MAC, SUBTYPE_INTERFACE_NAME, SUBTYPE_LOCAL = 4, 3, 5, 7


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


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One line of a device's LLDP table: ``local_port`` of ``target`` is wired to ``remote_port`` of another system.

    ``remote_chassis`` identifies the other system where it has no name: a MAC address, mostly.
    """

    target: str
    local_port: str
    remote_name: str
    remote_port: str
    remote_port_description: str = ""
    remote_chassis: str = ""


async def discover(settings: Settings, seconds: float) -> list[Found]:
    """Everything that is worth a point on the targets that answer within ``seconds`` [s]."""
    found = await _each(settings, _found, seconds)
    return [row for rows in found for row in rows]


async def neighbours(settings: Settings, seconds: float = 30.0) -> list[Neighbour]:
    """The LLDP neighbours of all targets that answer within ``seconds`` [s]; devices without LLDP have none."""
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
    table: dict[tuple[int, ...], dict[int, Value]] = {}
    for column in (CHASSIS_SUBTYPE, CHASSIS, PORT_SUBTYPE, PORT, PORT_DESCRIPTION, SYSTEM_NAME):
        for suffix, value in await session.walk(f"{LLDP_REMOTE}.{column}"):
            table.setdefault(suffix, {})[column] = value
    if not table:
        return []
    local = await _local_ports(session, await Planner(session, profile).index("interface"))
    rows = []
    for suffix, row in sorted(table.items()):
        if len(suffix) != 3:  # lldpRemTimeMark, lldpRemLocalPortNum, lldpRemIndex
            continue
        rows.append(
            Neighbour(
                identity.target,
                local.get(suffix[1], str(suffix[1])),
                _words(row.get(SYSTEM_NAME)),
                _identifier(row.get(PORT), row.get(PORT_SUBTYPE) == SUBTYPE_PORT_MAC),
                _words(row.get(PORT_DESCRIPTION)),
                _identifier(row.get(CHASSIS), row.get(CHASSIS_SUBTYPE) == SUBTYPE_CHASSIS_MAC),
            )
        )
    return rows


async def _local_ports(session: Session, index: Index) -> dict[int, str]:
    """lldpLocPortNum -> ifName. Where the port's id is not its name, devices use the ifIndex for both."""
    by_number = {rows[0].suffix[0]: name for name, rows in index.items() if len(rows) == 1 and rows[0].suffix}
    subtypes = dict(await session.walk(LLDP_LOCAL_SUBTYPE))
    found = dict(by_number)
    for suffix, value in await session.walk(LLDP_LOCAL_PORT):
        text = text_of(value)
        if subtypes.get(suffix) == SUBTYPE_INTERFACE_NAME or text in index:
            found[suffix[0]] = text
        elif subtypes.get(suffix) == SUBTYPE_LOCAL and text.isdigit() and int(text) in by_number:
            found[suffix[0]] = by_number[int(text)]
    return found


def _words(value: Value | None) -> str:
    return "" if value is None else text_of(value)


def _identifier(value: Value | None, mac: bool) -> str:
    return value.hex(":") if mac and isinstance(value, bytes) else _words(value)
