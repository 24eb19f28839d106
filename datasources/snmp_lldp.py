"""LLDP: what a device says of its neighbours, and when a running source reads that again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from datasources.contract import Neighbour, Neighbours, SourceError
from datasources.snmp_mib import Profile
from datasources.snmp_plan import Index, Planner, text_of
from datasources.snmp_session import Absent, Row, Session, Value

SYS_NAME = "1.3.6.1.2.1.1.5.0"
LOCAL_CHASSIS_SUBTYPE, LOCAL_CHASSIS = "1.0.8802.1.1.2.1.3.1.0", "1.0.8802.1.1.2.1.3.2.0"
LOCAL_SUBTYPE = "1.0.8802.1.1.2.1.3.7.1.2"
LOCAL_PORT = "1.0.8802.1.1.2.1.3.7.1.3"
REMOTE = "1.0.8802.1.1.2.1.4.1.1"
CHASSIS_SUBTYPE, CHASSIS, PORT_SUBTYPE, PORT, PORT_DESCRIPTION, SYSTEM_NAME = 4, 5, 6, 7, 8, 9
SUBTYPE_CHASSIS_MAC, SUBTYPE_PORT_MAC, SUBTYPE_INTERFACE_NAME, SUBTYPE_LOCAL = 4, 3, 5, 7

FIRST_S = 60.0
"""Within so long after the start [s] every device is read for the first time."""
MOST = 4096
"""No device has so many neighbours or ports: a longer table has no end."""
AGAIN_S = 300.0
"""A device whose neighbours could not be read is asked again so soon [s]."""


class Timer:
    """When the neighbours of one device are read: every ``interval_s`` [s], 0 never, spread so that devices that were
    started together are not asked together. ``jitter`` gives a number between two others.
    """

    def __init__(
        self,
        interval_s: float,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self._interval = interval_s
        self._clock = clock
        self._jitter = jitter
        self._next = clock() + jitter(0, min(interval_s, FIRST_S))

    @property
    def due(self) -> bool:
        """Whether it is time."""
        return self._interval > 0 and self._clock() >= self._next

    def wait(self, failed: bool = False) -> None:
        """The next time: a tenth of the interval earlier or later; sooner where it ``failed``."""
        interval = min(self._interval, AGAIN_S) if failed else self._interval
        self._next = self._clock() + interval * self._jitter(0.9, 1.1)


async def read_neighbours(session: Session, target: str, profile: Profile) -> Neighbours:
    """Everything that a device says of its neighbours, and its own names; one without LLDP has none."""
    own = await session.get((SYS_NAME, LOCAL_CHASSIS_SUBTYPE, LOCAL_CHASSIS))
    name, subtype, chassis = (
        None if isinstance(value := own[oid], Absent) else value
        for oid in (SYS_NAME, LOCAL_CHASSIS_SUBTYPE, LOCAL_CHASSIS)
    )
    names = (_words(name), _identifier(chassis, subtype == SUBTYPE_CHASSIS_MAC))
    return Neighbours(target, tuple(filter(None, names)), tuple(await rows_of(session, target, profile)))


async def rows_of(session: Session, target: str, profile: Profile) -> list[Neighbour]:
    """The lines of a device's LLDP table."""
    table: dict[tuple[int, ...], dict[int, Value]] = {}
    for column in (CHASSIS_SUBTYPE, CHASSIS, PORT_SUBTYPE, PORT, PORT_DESCRIPTION, SYSTEM_NAME):
        for suffix, value in await _walk(session, f"{REMOTE}.{column}"):
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
                target,
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
    subtypes = dict(await _walk(session, LOCAL_SUBTYPE))
    found = dict(by_number)
    for suffix, value in await _walk(session, LOCAL_PORT):
        text = text_of(value)
        if subtypes.get(suffix) == SUBTYPE_INTERFACE_NAME or text in index:
            found[suffix[0]] = text
        elif subtypes.get(suffix) == SUBTYPE_LOCAL and text.isdigit() and int(text) in by_number:
            found[suffix[0]] = by_number[int(text)]
    return found


async def _walk(session: Session, oid: str) -> list[Row]:
    rows = await session.walk(oid, MOST)
    if len(rows) >= MOST:
        raise SourceError(f"its LLDP table has {MOST} rows and more")
    return rows


def _words(value: Value | None) -> str:
    return "" if value is None else text_of(value)


def _identifier(value: Value | None, mac: bool) -> str:
    return value.hex(":") if mac and isinstance(value, bytes) else _words(value)
