"""Cumulative registers become energy: what a meter counted, over dips, rollovers and replacements, by interval and day.

A register only rises. Where it falls, one of four things happened: it dipped (rounding, two readings out of order) and
holds; it went round, near a power of ten; the reading was garbage and the next ones are as before; or another meter
hangs there, which begins where it likes: an event, from which the count goes on with a new offset. What a meter counted
while nobody read it is shared out evenly in time; where that gap is long the interval says so by its coverage.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

Kind = Literal["dip", "rollover", "replacement", "glitch"]

TOLERANCE = 0.001
"""Share of the register by which it may fall and still be the same count, where the meter's own is not known."""
NEAR = 0.9
"""Share of 10^n that a register has to have reached to go round there."""
LEAST_DIGITS, MOST_DIGITS = 3, 12
KNOWN, FASTER = 24, 1000.0
CONFIRM = 3
"""Readings that agree before another meter is believed."""


@dataclass(frozen=True, slots=True)
class RegisterEvent:
    """Something that befell a register at ``time`` [s since epoch, UTC]: what it showed ``before`` and ``after``, and
    the ``offset`` that its count goes on with [unit of the register].
    """

    kind: Kind
    time: float
    before: float
    after: float
    offset: float


@dataclass(frozen=True, slots=True)
class Read:
    """A reading that was taken: the continuous ``total`` [unit], and the event that it brought, if any.

    ``total`` is None for a reading that waits to be confirmed or was garbage.
    """

    total: float | None
    event: RegisterEvent | None = None


class Register:
    """One register, read in the order of time.

    ``most`` is the most it can count an hour [unit/h], a rise beyond it is garbage or another meter (infinite: 1,000
    times the fastest of its rises, once 24 are known). ``modulus`` is the number at which it begins again (0: a power
    of ten that it was near); ``tolerance`` [unit] a fall that is none (None: 0.1 % of the register).
    """

    def __init__(self, most: float = math.inf, modulus: float = 0.0, tolerance: float | None = None) -> None:
        self.most, self.modulus, self.tolerance = most, modulus, tolerance
        self.offset = 0.0
        self._last: tuple[float, float] | None = None
        self._dipped = False
        self._fastest, self._rises = 0.0, 0
        self._waiting: list[tuple[float, float]] = []

    def read(self, time: float, value: float) -> Read:
        """The register shows ``value`` at ``time`` [s since epoch, UTC]; times rise."""
        if self._last is None:
            return self._take(time, value)
        before_time, before = self._last
        if time <= before_time:
            return Read(None)
        if self._is_next(before_time, before, time, value):
            glitch = (
                RegisterEvent("glitch", self._waiting[0][0], before, self._waiting[0][1], self.offset)
                if self._waiting
                else None
            )
            return self._take(time, value, glitch)
        if self._fell_a_little(before, value):
            return self._hold(time, value)
        if modulus := self._round(before_time, before, time, value):
            self.offset += modulus
            return self._take(time, value, RegisterEvent("rollover", time, before, value, self.offset))
        return self._wait(time, value)

    def _is_next(self, before_time: float, before: float, time: float, value: float) -> bool:
        hours = (time - before_time) / 3600.0
        most = self.most
        if math.isinf(most) and self._rises >= KNOWN:
            most = max(FASTER * self._fastest, 1.0)
        return value >= before and value - before <= most * hours

    def _fell_a_little(self, before: float, value: float) -> bool:
        allowed = TOLERANCE * before if self.tolerance is None else self.tolerance
        return 0 < before - value <= allowed

    def _hold(self, time: float, value: float) -> Read:
        """The count stays at its highest until the register has passed it again."""
        assert self._last is not None
        event = None if self._dipped else RegisterEvent("dip", time, self._last[1], value, self.offset)
        self._dipped, self._waiting = True, []
        self._last = (time, self._last[1])
        return Read(self._last[1] + self.offset, event)

    def _round(self, before_time: float, before: float, time: float, value: float) -> float:
        """The number at which the register went round between the two readings, 0 where it did not."""
        if value >= before or before <= 0:
            return 0.0
        modulus = self.modulus or 10.0 ** max(LEAST_DIGITS, math.floor(math.log10(before)) + 1)
        counted = value + modulus - before
        possible = counted <= min(self.most * (time - before_time) / 3600.0, (1 - NEAR) * modulus)
        return modulus if before >= NEAR * modulus and possible and modulus <= 10.0**MOST_DIGITS else 0.0

    def _wait(self, time: float, value: float) -> Read:
        """What fits nothing is garbage unless the next readings go on from it: then it is another meter."""
        assert self._last is not None
        if self._waiting and not self._is_next(*self._waiting[-1], time, value):
            self._waiting = []
        self._waiting.append((time, value))
        if len(self._waiting) < CONFIRM:
            return Read(None)
        first = self._waiting[0]
        before = self._last[1]
        self.offset += before - first[1]
        event = RegisterEvent("replacement", first[0], before, first[1], self.offset)
        return self._take(time, value, event)

    def _take(self, time: float, value: float, event: RegisterEvent | None = None) -> Read:
        if self._last is not None and event is None and time > self._last[0]:
            self._fastest = max(self._fastest, (value - self._last[1]) / (time - self._last[0]) * 3600.0)
            self._rises += 1
        self._last, self._dipped, self._waiting = (time, value), False, []
        return Read(value + self.offset, event)


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted in each interval [unit] (NaN: nothing known), and the share of it, 0 to 1, that lies between
    readings no further apart than the longest gap allowed.
    """

    amount: F64
    coverage: F64


def continuous(
    times: Sequence[float], values: Sequence[float], register: Register
) -> tuple[F64, F64, list[RegisterEvent]]:
    """Times and continuous totals of the readings that count, and what befell the register."""
    reads = [(time, register.read(time, value)) for time, value in zip(times, values, strict=True)]
    taken = [(time, read.total) for time, read in reads if read.total is not None]
    events = [read.event for _, read in reads if read.event is not None]
    when, totals = (
        (np.array(column, np.float64) for column in zip(*taken, strict=True)) if taken else (np.zeros(0),) * 2
    )
    return when, totals, events


def by_interval(times: F64, totals: F64, edges: F64, longest_s: float = 7200.0) -> Counted:
    """What was counted between each two of ``edges`` [s since epoch, UTC]; the amounts add up to the total's rise.

    Between two readings the count is taken to rise evenly. ``longest_s`` [s] is the gap up to which that is knowledge.
    """
    amount = np.full(len(edges) - 1, np.nan)
    coverage = np.zeros(len(edges) - 1)
    if len(times) < 2:
        return Counted(amount, coverage)
    at = np.interp(edges, times, totals)
    known = np.concatenate(([0.0], np.cumsum(np.where(np.diff(times) <= longest_s, np.diff(times), 0.0))))
    covered = np.diff(np.interp(edges, times, known))
    inside = (edges[1:] > times[0]) & (edges[:-1] < times[-1])
    amount[inside] = np.diff(at)[inside]
    coverage[inside] = covered[inside] / np.diff(edges)[inside]
    return Counted(amount, coverage)


def day_edges(first: date, last: date, zone: ZoneInfo) -> F64:
    """The midnights [s since epoch, UTC] around the days ``first`` to ``last`` in the campus's zone.

    Where clocks change a day has 23 or 25 hours; the days fill the time without a gap all the same.
    """
    days = (last - first).days + 1
    midnights = [datetime.combine(first + timedelta(days=k), datetime.min.time(), zone) for k in range(days + 1)]
    return np.array([moment.timestamp() for moment in midnights], np.float64)
