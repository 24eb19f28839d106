"""Every meter of the tree against its sub-meters, as it stands now: own value, their sum, what is left over.

A sub-meter that says nothing usable is replaced by the meters below it, and is then *estimated*. A reading that is
stale, bad or probably wrong is in no sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from twin.frame import FLAG_SIMULATED
from twin.live import LiveState
from twin.reading import SUSPECT, Quality
from twin.topology_meters import Balance, Meter, balance


@dataclass(frozen=True, slots=True)
class MeterSum:
    """The sub-meters of a meter together: ``have`` of ``of`` count, ``estimated`` of them by the meters below them.

    ``value`` is None where none counts; ``quality`` is the worst of what counts, at least uncertain where anything is
    missing or estimated; ``oldest`` [s since epoch] the time of the oldest value in it.
    """

    value: float | None
    have: int
    of: int
    estimated: int
    quality: Quality
    oldest: float | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class MeterState:
    """A meter at ``level`` of the tree (0 = no main). ``row`` is that of its point, None = it has none; ``own`` its
    value while that counts; ``balance`` compares it with ``subs``, both None without sub-meters.
    """

    meter: Meter
    level: int
    row: int | None
    own: float | None
    subs: MeterSum | None
    balance: Balance | None

    @property
    def rest(self) -> float | None:
        """What the meter measures beyond the sub-meters that count."""
        if self.own is None or self.subs is None or self.subs.value is None:
            return None
        return self.own - self.subs.value


@dataclass(frozen=True, slots=True)
class _Counted:
    """The rows that stand for a meter; ``whole``: none is missing; ``own``: it is the meter's own."""

    rows: tuple[int, ...]
    whole: bool
    own: bool


def meter_states(meters: Mapping[str, Meter], rows: Mapping[str, int], live: LiveState) -> list[MeterState]:
    """Every meter, each followed by those below it; ``rows`` are those of the points (``rows_of``)."""
    reader = _Reader(meters, rows, live)
    return [reader.state(meter, level) for meter, level in _in_order(meters)]


def _in_order(meters: Mapping[str, Meter]) -> Iterator[tuple[Meter, int]]:
    stack = [(meter, 0) for meter in reversed(list(meters.values())) if not meter.main]
    while stack:
        meter, level = stack.pop()
        yield meter, level
        stack.extend((meters[sub], level + 1) for sub in reversed(meter.subs))


class _Reader:
    """The columns as they were at one moment."""

    def __init__(self, meters: Mapping[str, Meter], rows: Mapping[str, int], live: LiveState) -> None:
        self._meters, self._rows = meters, rows
        self._value, self._time, self._quality = live.value.copy(), live.time.copy(), live.quality.copy()
        self._flags = live.flags.copy()
        suspect = live.reasons.having(*SUSPECT)[live.reason]
        self._usable = ~np.isnan(self._value) & ~live.stale & (self._quality <= Quality.UNCERTAIN) & ~suspect
        self._counted: dict[str, _Counted] = {}
        for meter, _ in reversed(list(_in_order(meters))):  # those below come first
            self._counted[meter.id] = self._count(meter)

    def _count(self, meter: Meter) -> _Counted:
        row = self._rows.get(meter.id)
        if row is not None and self._usable[row]:
            return _Counted((row,), True, True)
        below = [self._counted[sub] for sub in meter.subs]
        rows = tuple(row for part in below for row in part.rows)
        return _Counted(rows, bool(below) and all(part.whole for part in below), False)

    def state(self, meter: Meter, level: int) -> MeterState:
        """A meter and its sub-meters."""
        row = self._rows.get(meter.id)
        own = float(self._value[row]) if row is not None and self._usable[row] else None
        if not meter.subs:
            return MeterState(meter, level, row, own, None, None)
        parts = [self._counted[sub] for sub in meter.subs]
        # What a sub-meter's own sub-meters measure is no judgement of the main where some of them are silent.
        known = [self._total(part) if part.rows and part.whole else np.nan for part in parts]
        found = balance(np.nan if own is None else own, known)
        return MeterState(meter, level, row, own, self._sum(parts), found)

    def _total(self, part: _Counted) -> float:
        return float(self._value[list(part.rows)].sum())

    def _sum(self, parts: list[_Counted]) -> MeterSum:
        rows = [row for part in parts for row in part.rows]
        have = sum(bool(part.rows) for part in parts)
        estimated = sum(bool(part.rows) and not part.own for part in parts)
        if not rows:
            return MeterSum(None, 0, len(parts), 0, Quality.NONE, None, False)
        worst = Quality(int(self._quality[rows].max()))
        whole = have == len(parts) and not estimated
        return MeterSum(
            float(self._value[rows].sum()), have, len(parts), estimated,
            worst if whole else max(worst, Quality.UNCERTAIN), float(self._time[rows].min()),
            bool((self._flags[rows] & FLAG_SIMULATED).any()),
        )  # fmt: skip
