"""Answers of a device -> raw readings: numbers as they came, counters with boot and wrap, or why there is no value."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from datasources.snmp_clock import DeviceClock
from datasources.snmp_mib import Mib
from datasources.snmp_plan import Want, text_of
from datasources.snmp_session import NO_OBJECT, SYS_UPTIME, Absent, Value
from twin.reading import RawReading

MOVED = "its row moved while it was read"
NO_VALUE = "the device says that it has no value"
NO_STATE = "a state that is neither up nor down"
NOT_A_NUMBER = "not a number"

_REDUCE: dict[str, Callable[[Sequence[float]], float]] = {"sum": sum, "mean": fmean, "max": max}


@dataclass(slots=True)
class Answers:
    """The answers of one poll and when each came [s since epoch]."""

    values: dict[str, Value | Absent] = field(default_factory=dict)
    received: dict[str, float] = field(default_factory=dict)
    first: float = 0.0
    """When the first answer came, on the monotonic clock [s]."""

    def take(self, part: Mapping[str, Value | Absent], received: float) -> None:
        """Add one answer of the device."""
        self.first = self.first or time.monotonic()
        self.values.update(part)
        self.received.update(dict.fromkeys(part, received))


def readings(wants: Iterable[Want], answers: Answers, clock: DeviceClock) -> list[RawReading]:
    """One reading for each address."""
    values, times = answers.values, answers.received
    now = times[SYS_UPTIME]
    batch = []
    for want in wants:
        if want.bad:
            batch.append(RawReading(want.address, None, now, bad=want.bad))
            continue
        first = want.oids[0]
        received = times.get(first, now)
        if want.guard and values[want.guard] != want.expected:
            batch.append(RawReading(want.address, None, received, bad=MOVED))
            continue
        value = values[first]
        if want.mib.kind == "counter" and type(value) is int:
            batch.append(RawReading(want.address, value, received, boot=clock.boot, wrap=want.wrap))
        else:
            batch.append(_reading(want, [values[oid] for oid in want.oids], received, clock))
    return batch


def _reading(want: Want, found: Sequence[Value | Absent], received: float, clock: DeviceClock) -> RawReading:
    there = [value for value in found if not isinstance(value, Absent)]
    if not there:
        return RawReading(want.address, None, received, bad=str(found[0]) if found else NO_OBJECT)
    mib = want.mib
    if mib.percent_of:
        return _percent(want, there, received)
    if mib.quantity == "uptime" and want.oids == (SYS_UPTIME,):
        return RawReading(want.address, clock.uptime, received)
    if mib.reduce:
        numbers = [value for value in there if isinstance(value, int | float) and value not in mib.none]
        if not numbers:
            return RawReading(want.address, None, received, bad=NO_VALUE)
        return RawReading(want.address, _REDUCE[mib.reduce](numbers) * mib.scale, received)
    return _single(want.address, mib, there[0], received)


def _single(address: str, mib: Mib, value: Value, received: float) -> RawReading:
    plain = text_of(value) if isinstance(value, bytes) else value
    raw = value[:200] if isinstance(value, bytes) else None
    if plain in mib.none:
        return RawReading(address, None, received, bad=NO_VALUE, raw=f"{plain}".encode())
    if mib.states:
        state = mib.states.get(plain) if isinstance(plain, int | str) else None
        bad = "" if state is not None else NO_STATE
        return RawReading(address, state, received, bad=bad, raw=f"{plain}".encode() if bad else raw)
    if mib.scale != 1 and isinstance(plain, int | float):
        plain *= mib.scale
    return RawReading(address, plain, received, raw=raw)


def _percent(want: Want, there: Sequence[Value], received: float) -> RawReading:
    if len(there) == 2:
        part, whole = there
        if isinstance(part, int | float) and isinstance(whole, int | float) and whole > 0:
            return RawReading(want.address, 100 * part / whole, received)
    return RawReading(want.address, None, received, bad=NOT_A_NUMBER)
