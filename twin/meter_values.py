"""Every meter of the tree against its sub-meters, as it stands now: own value, their sum, what is left over.

A sub-meter that says nothing usable is replaced by the meters below it, and is then *estimated*. A reading that is
stale, bad or probably wrong is in no sum.
"""

from __future__ import annotations

import math
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
    """Where the values that stand for a meter are; ``whole``: none is missing; ``own``: it is the meter's own."""

    at: tuple[int, ...]
    whole: bool
    own: bool


@dataclass(frozen=True, slots=True)
class _Now:
    """The meters' columns as they were at one moment; of all the points only theirs."""

    value: list[float]
    time: list[float]
    quality: list[int]
    simulated: list[bool]
    usable: list[bool]


class MeterReader:
    """What stays of the meters while their values change; ``rows`` are those of the points (``rows_of``)."""

    def __init__(self, meters: Mapping[str, Meter], rows: Mapping[str, int]) -> None:
        self._order = list(_in_order(meters))
        self._rows = rows
        self._points = np.array([rows[meter.id] for meter, _ in self._order if meter.id in rows], np.intp)
        self._at = {meter: at for at, meter in enumerate(meter.id for meter, _ in self._order if meter.id in rows)}

    def states(self, live: LiveState) -> list[MeterState]:
        """Every meter, each followed by those below it."""
        now, counted = self._now(live), dict[str, _Counted]()
        for meter, _ in reversed(self._order):  # those below come first
            counted[meter.id] = self._count(meter, now, counted)
        return [self._state(meter, level, now, counted) for meter, level in self._order]

    def _now(self, live: LiveState) -> _Now:
        at = self._points
        value, quality = live.value[at], live.quality[at]
        suspect = live.reasons.having(*SUSPECT)[live.reason[at]]
        usable = ~np.isnan(value) & ~live.stale[at] & (quality <= Quality.UNCERTAIN) & ~suspect
        simulated = (live.flags[at] & FLAG_SIMULATED) > 0
        return _Now(value.tolist(), live.time[at].tolist(), quality.tolist(), simulated.tolist(), usable.tolist())

    def _count(self, meter: Meter, now: _Now, counted: Mapping[str, _Counted]) -> _Counted:
        at = self._at.get(meter.id)
        if at is not None and now.usable[at]:
            return _Counted((at,), True, True)
        below = [counted[sub] for sub in meter.subs]
        every = tuple(each for part in below for each in part.at)
        return _Counted(every, bool(below) and all(part.whole for part in below), False)

    def _state(self, meter: Meter, level: int, now: _Now, counted: Mapping[str, _Counted]) -> MeterState:
        at, row = self._at.get(meter.id), self._rows.get(meter.id)
        own = now.value[at] if at is not None and now.usable[at] else None
        if not meter.subs:
            return MeterState(meter, level, row, own, None, None)
        parts = [counted[sub] for sub in meter.subs]
        # What a sub-meter's own sub-meters measure is no judgement of the main where some of them are silent.
        known = [sum(now.value[each] for each in part.at) if part.at and part.whole else math.nan for part in parts]
        found = balance(math.nan if own is None else own, known)
        return MeterState(meter, level, row, own, _sum(parts, now), found)


def _sum(parts: list[_Counted], now: _Now) -> MeterSum:
    every = [each for part in parts for each in part.at]
    have = sum(bool(part.at) for part in parts)
    estimated = sum(bool(part.at) and not part.own for part in parts)
    if not every:
        return MeterSum(None, 0, len(parts), 0, Quality.NONE, None, False)
    worst = Quality(max(now.quality[each] for each in every))
    whole = have == len(parts) and not estimated
    return MeterSum(
        sum(now.value[each] for each in every), have, len(parts), estimated,
        worst if whole else max(worst, Quality.UNCERTAIN), min(now.time[each] for each in every),
        any(now.simulated[each] for each in every),
    )  # fmt: skip


def _in_order(meters: Mapping[str, Meter]) -> Iterator[tuple[Meter, int]]:
    stack = [(meter, 0) for meter in reversed(list(meters.values())) if not meter.main]
    while stack:
        meter, level = stack.pop()
        yield meter, level
        stack.extend((meters[sub], level + 1) for sub in reversed(meter.subs))
