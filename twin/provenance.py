"""How a point's latest number came to be: what its source sent, how that was converted, what it was checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from twin.ingest import bounds_of
from twin.live import FUTURE_S, OVERDUE_INTERVALS, Latest
from twin.point import DERIVED, Point
from twin.quantity import QUANTITIES
from twin.reading import OVERDUE, SUSPECT, Quality, RawReading

RAW_CHARS = 200
"""What came is shown up to this length."""

CLOCK = ("device clock ahead", "device clock not set")

CheckName = Literal["usable", "sentinel", "range", "clock", "habit", "due", "age"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """A step from what came to what is shown: 'rate' makes counts ``before`` to counts a second ``after``, 'unit' is
    ``after`` = ``before`` x ``factor`` + ``offset``; both are units."""

    kind: Literal["rate", "unit"]
    before: str
    after: str
    factor: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Check:
    """What the number was checked against. ``low`` and ``high`` are in the quantity's unit, ``limit_s`` in s;
    ``passed`` is None where there is nothing to judge (a source that sends no time, a point that never spoke)."""

    name: CheckName
    passed: bool | None
    low: float | None = None
    high: float | None = None
    limit_s: float | None = None
    values: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """``value`` is what the source module read, ``payload`` the message around it where it was kept (else ''); both as
    text of at most 200 characters. ``device_time`` [s since epoch] is None where the source sent none."""

    value: str
    payload: str
    device_time: float | None
    conversions: tuple[Conversion, ...]
    checks: tuple[Check, ...]


def provenance_of(latest: Latest, reading: RawReading | None) -> Provenance:
    """The provenance of a point's latest number; ``reading`` is what it was made of, None when nobody kept it."""
    point = latest.point
    value, payload = "", ""
    if reading is not None:
        value = "" if reading.value is None else str(reading.value)[:RAW_CHARS]
        payload = "" if reading.raw is None else reading.raw[:RAW_CHARS].decode("utf-8", "replace")
    time = None if reading is None else reading.time
    derived = point.source == DERIVED
    return Provenance(
        value, "" if payload == value else payload, time,
        () if derived else tuple(conversions(point)),
        () if derived else tuple(_checks(latest, time)),
    )  # fmt: skip


def conversions(point: Point) -> list[Conversion]:
    """The steps from the unit that ``point``'s source sends to the quantity's own; none where they are the same."""
    quantity = QUANTITIES[point.quantity]
    steps = []
    unit = point.unit
    if point.kind == "counter" and quantity.counted:
        counts = point.unit.removesuffix("/s")
        steps.append(Conversion("rate", "" if counts == "1" else counts, unit))
    factor, offset = quantity.units[unit]
    if (factor, offset) != (1.0, 0.0):
        steps.append(Conversion("unit", unit, quantity.unit, factor, offset))
    return steps


def _checks(latest: Latest, device_time: float | None) -> list[Check]:
    point, reasons = latest.point, set(latest.reasons)
    spoken = latest.quality != Quality.NONE

    def ok(passed: bool) -> bool | None:
        return passed if spoken else None

    told = {"sentinel", "out of range", *CLOCK, *SUSPECT, OVERDUE}
    low, high = bounds_of(point)
    checks = [Check("usable", ok(latest.value is not None or bool(reasons & {"sentinel", "out of range"})
                                 or not reasons - told))]  # fmt: skip
    if point.sentinels:
        checks.append(Check("sentinel", ok("sentinel" not in reasons), values=point.sentinels))
    checks.append(Check("range", ok("out of range" not in reasons), low, high))
    timed = device_time is not None and spoken
    checks.append(Check("clock", not reasons & set(CLOCK) if timed else None, limit_s=FUTURE_S))
    checks.append(Check("habit", ok(not reasons & set(SUSPECT))))
    limit_s = OVERDUE_INTERVALS * point.interval_s
    if limit_s < point.stale_s:
        checks.append(Check("due", ok(OVERDUE not in reasons and not latest.stale), limit_s=limit_s))
    checks.append(Check("age", ok(not latest.stale), limit_s=point.stale_s))
    return checks
