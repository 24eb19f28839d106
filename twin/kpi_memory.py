"""What the server remembers for its KPIs since it started: a value a minute, and today's energy. Nothing on disk.

``Memory.take`` is called a few times a minute with the live state; a minute holds the mean of what was taken in it. The
energy of a place is the rise of its own cumulative meters since local midnight (dips, rollovers and replacements as in
``twin.meter``); beside it the integral of its power, in which a gap is a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.live import LiveState
from twin.meter import Register
from twin.quantity import QUANTITIES
from twin.rollup import Rolled, roll_up
from twin.slots import Level, SlotTree

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
F32 = npt.NDArray[np.float32]

MINUTES = 26 * 60
"""Minutes kept: a day of 25 hours and an hour more."""
DAY = 24 * 60
LONGEST_STEP_S = 150.0
"""Two values further apart than this [s] are a gap: nothing is known of what was drawn in between."""


def midnight(now: float, zone: ZoneInfo) -> float:
    """The last local midnight [s since epoch] at ``now``."""
    local = datetime.fromtimestamp(now, UTC).astimezone(zone)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


@dataclass(frozen=True, slots=True)
class Risen:
    """Today's rise of the meters of ``live`` [kWh]: ``rolled`` up the tree; of each slot whether it has an ``own``
    meter that counts, and ``since`` when its own meters were read [s since epoch], the latest.
    """

    live: LiveState
    rolled: Rolled
    own: Bools
    since: F64


@dataclass(frozen=True, slots=True)
class PastHour:
    """What is remembered of an hour that is over at ``end`` [s since epoch]: the mean of each quantity at each slot of
    the memory (NaN = unknown), power among them, and what the registers said last: (point, time [s since epoch], kWh).
    """

    end: float
    means: Mapping[str, F64]
    registers: tuple[tuple[str, float, float], ...]


class Memory:
    """The memory of one campus. ``slots`` are the campus, its buildings and storeys; every column has a row for each.

    ``kwh`` [kWh] is the integral of power since ``since`` [s since epoch], ``known_s`` [s] the time it covers.
    """

    def __init__(self, tree: SlotTree, quantities: Sequence[str], zone: ZoneInfo) -> None:
        self.zone = zone
        self.slots = np.flatnonzero(tree.level != Level.SPACE)
        self.row = np.full(len(tree.ids), -1, np.intp)
        self.row[self.slots] = np.arange(len(self.slots))
        n = len(self.slots)
        self._ring: dict[str, F32] = {key: np.full((MINUTES, n), np.nan, np.float32) for key in quantities}
        self._number: dict[str, int] = dict.fromkeys(quantities, 0)
        self.minute = -1
        self.begun = np.inf
        self.kwh, self.known_s = np.zeros(n), np.zeros(n)
        self.since = np.full(n, np.inf)
        self._day = -np.inf
        self._last_time = -np.inf
        self._last_power = np.full(n, np.nan)
        self._registers: dict[str, tuple[Register, float]] = {}
        self._totals: dict[str, float] = {}
        self._base: dict[str, tuple[float, float]] = {}
        self._risen: Risen | None = None

    def take(self, live: LiveState) -> None:
        """Remember what is true now; call it more often than once a minute."""
        now = live.clock()
        self.begun = min(self.begun, now)
        self._begin_day(now)
        self._turn_to(int(now // 60))
        for quantity in self._ring:
            value = self._mean(live, quantity)
            self._put(quantity, value)
            if quantity == "power":
                self._integrate(now, value)
        self._count(_registers(live))
        self._reckon(live)

    def hour_of(self, hour: LiveState) -> PastHour:
        """What is remembered of a state that holds the means of an hour, and whose clock stands at the hour's end."""
        means = {quantity: self._mean(hour, quantity) for quantity in {*self._ring, "power"}}
        return PastHour(hour.clock(), means, tuple(_registers(hour)))

    def _mean(self, live: LiveState, quantity: str) -> F64:
        """The rolled up values of a quantity at the slots; NaN where nothing counts."""
        rolled = live.rolled_up(quantity, QUANTITIES[quantity].rollup)
        return np.where(rolled.have > 0, rolled.value, np.nan)[self.slots]

    def recall(self, live: LiveState, hours: Sequence[PastHour]) -> None:
        """Remember what ``hours`` before ``live`` say, the oldest first; between them are gaps where an hour is
        missing. For a new memory only.
        """
        now = live.clock()
        for hour in hours:
            end = hour.end
            self._turn_to(int(end // 60) - 1)
            minutes = np.arange(int(end // 60) - 60, int(end // 60)) % MINUTES
            for quantity, ring in self._ring.items():
                ring[minutes] = hour.means[quantity]
            self._count(hour.registers)
            self._begin_day(end)
            # the part of the hour's energy that is of the day
            self._add(hour.means["power"], max(self._day, end - 3600.0), min(3600.0, end - self._day))
            self.begun = min(self.begun, end - 3600.0)
        self._last_time, self._last_power = now, np.full(len(self.slots), np.nan)
        self.take(live)
        rest = min(now - hours[-1].end, 3600.0) if hours else 0.0
        self._add(self._mean(live, "power"), now - rest, rest)

    def _add(self, power: F64, begin: float, length: float) -> None:
        """Energy at a power [kW] of each slot from ``begin`` on [s since epoch], for so long [s]."""
        known = ~np.isnan(power)
        if length > 0:
            self.kwh[known] += power[known] * length / 3600.0
            self.known_s[known] += length
            self.since[known] = np.minimum(self.since[known], begin)

    def _begin_day(self, now: float) -> None:
        day = midnight(now, self.zone)
        if day == self._day:
            return
        self._day = day
        self.kwh[:] = self.known_s[:] = 0.0
        self.since[:] = np.inf
        # The last reading before midnight is the nearest that anybody has to the register at midnight.
        self._base = {point: (total, day) for point, total in self._totals.items()}

    def _turn_to(self, minute: int) -> None:
        """Go on to ``minute``; the minutes in between are gaps. A clock that was set back begins anew."""
        passed = minute - self.minute
        if passed == 0:
            return
        if self.minute >= 0:
            gone = np.arange(self.minute + 1, minute + 1) % MINUTES if 0 < passed < MINUTES else np.arange(MINUTES)
            for ring in self._ring.values():
                ring[gone] = np.nan
        self.minute = minute
        self._number = dict.fromkeys(self._ring, 0)

    def _put(self, quantity: str, value: F64) -> None:
        """The minute holds the mean of what was taken in it."""
        row, n = self._ring[quantity][self.minute % MINUTES], self._number[quantity]
        fresh = np.isnan(row)
        row[:] = np.where(np.isnan(value), row, np.where(fresh, value, row + (value - row) / (n + 1)))
        self._number[quantity] = n + 1

    def _integrate(self, now: float, power: F64) -> None:
        begin = max(self._last_time, self._day)
        step = now - begin
        known = ~np.isnan(power) & ~np.isnan(self._last_power)
        if 0 < step <= LONGEST_STEP_S and now - self._last_time <= LONGEST_STEP_S:
            mean = (power[known] + self._last_power[known]) / 2.0
            self.kwh[known] += mean * step / 3600.0
            self.known_s[known] += step
            self.since[known] = np.minimum(self.since[known], begin)
        self._last_time, self._last_power = now, power

    def _count(self, told: Iterable[tuple[str, float, float]]) -> None:
        """What registers say: (point, time [s since epoch], kWh)."""
        for point, time, value in told:
            register, before = self._registers.get(point, (Register(), -np.inf))
            if time <= before:
                continue
            self._registers[point] = register, time
            total = register.read(time, value).total
            if total is None:
                continue
            self._totals[point] = total
            self._base.setdefault(point, (total, max(time, self._day)))

    def risen(self, live: LiveState) -> Risen:
        """What the energy points counted today, rolled up the tree of ``live``."""
        if self._risen is None or self._risen.live is not live:
            self._reckon(live)
        assert self._risen is not None
        return self._risen

    def _reckon(self, live: LiveState) -> None:
        """Once after each taking, since every KPI of every place asks for it."""
        rows, columns = live.rows("energy"), live.columns("energy")
        value, since = np.full(len(rows), np.nan), np.full(len(rows), -np.inf)
        for at, row in enumerate(rows.tolist()):
            point = live.points[row].id
            if point in self._base and point in self._totals:
                base, since[at] = self._base[point]
                value[at] = self._totals[point] - base
        columns = replace(columns, value=value)
        counts, n = columns.counts(), len(live.tree.ids)
        own, late = np.zeros(n, np.bool_), np.full(n, -np.inf)
        own[columns.slot[counts]] = True
        np.maximum.at(late, columns.slot[counts], since[counts])
        self._risen = Risen(live, roll_up(live.tree, columns, "sum"), own, late)

    def last_day(self, quantity: str, slot: int) -> F32:
        """The last 24 hours of a place, a value a minute, oldest first; NaN where nothing is known."""
        ring = self._ring[quantity]
        if self.minute < 0 or self.row[slot] < 0:
            return np.full(DAY, np.nan, np.float32)
        day: F32 = ring[np.arange(self.minute - DAY + 1, self.minute + 1) % MINUTES, self.row[slot]]
        return day


def _registers(live: LiveState) -> Iterator[tuple[str, float, float]]:
    """The cumulative meters that count, with time [s since epoch] and value [kWh]."""
    rows, columns = live.rows("energy"), live.columns("energy")
    for at in np.flatnonzero(columns.counts()).tolist():
        row = int(rows[at])
        yield live.points[row].id, float(live.time[row]), float(columns.value[at])
