"""Readings and their quality, in OPC UA's three classes with reasons in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal, NamedTuple

ValueOrigin = Literal["measured", "simulated", "forecast", "manual", "derived"]


class Quality(IntEnum):
    """OPC UA's classes, plus NONE for a point that has never spoken."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2
    NONE = 3


FLAT, UNIT, SPIKE, ZERO = "flat line", "unit change", "spike", "0 instead of nothing"
SUSPECT = (FLAT, UNIT, SPIKE, ZERO)
"""Reasons of an uncertain value that is probably wrong: shown with its state, left out of every total."""
OVERDUE = "overdue"
"""Reason of a value whose successor is late by more than an interval, and which is not stale yet."""


class RawReading(NamedTuple):
    """What a source hands over: an address, a value as it came, and the device's own time if it sent one.

    A tuple, because there are tens of thousands of them a second: made in 0.3 us, a batch turned into columns by zip.

    ``time`` and ``received`` are seconds since the epoch, UTC. ``value`` is whatever was decoded: a number,
    text, bool or None; the ingest judges it. ``bad`` is the protocol's own complaint, in words; ``remark`` what it says
    of a value that can still be used (uncertain, overridden by hand).
    ``retained`` marks a value that a broker kept from before we listened. ``raw`` is the payload where the value alone
    does not show what came (text that is not JSON), kept as a sample for the operator. Where the source knows them, a
    counter brings ``boot``, when the device began to count [s since epoch], and ``wrap``, the number at which it begins
    again (2**32, 2**64; 0 unknown).
    """

    address: str
    value: float | int | str | bool | None
    received: float
    time: float | None = None
    retained: bool = False
    bad: str = ""
    raw: bytes | None = None
    boot: float | None = None
    wrap: int = 0
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading after the ingest: canonical unit, both times [s since epoch, UTC], quality with reasons."""

    point: str
    value: float | None
    time: float
    received: float
    quality: Quality
    reasons: tuple[str, ...] = ()
    origin: ValueOrigin = "measured"
    raw: object = None
