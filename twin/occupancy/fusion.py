"""The estimate: from what the sources of each space say just now to a number of persons, its interval and its sources.

A reading counts once, when it comes, with the weight min(1, time since the one before / ``LASTS_S``): errors last (a
telephone stays asleep, a window stays open), so that sixty readings of one hour are not sixty witnesses. A source that
is stale or bad says nothing. A space all of whose sources are silent is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.occupancy.air import Air
from twin.occupancy.errors import Errors
from twin.occupancy.grid import LEVELS, Grid, capacities
from twin.occupancy.usual import PLANNED, Usual, place_of

F64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]


class Source(IntEnum):
    """Columns of what is read and said; the last one is the timetable."""

    COUNTER = 0
    CLIENTS = 1
    CO2 = 2
    PIR = 3
    TIMETABLE = 4


NAME = {
    Source.COUNTER: "people",
    Source.CLIENTS: "clients",
    Source.CO2: "co2",
    Source.PIR: "pir",
    Source.TIMETABLE: "timetable",
}
"""What a source is called outside."""
QUANTITY = {Source.COUNTER: "people", Source.CLIENTS: "clients", Source.CO2: "co2", Source.PIR: "pir"}
LASTS_S = {Source.COUNTER: 300.0, Source.CLIENTS: 900.0, Source.CO2: 900.0}
"""How long the errors of a source last [s], a PIR's are in ``Errors.pir_lasts``; docs/reference/occupancy.md says how
these were set."""
OUTLIER = 0.02
"""Share of readings that mean nothing: a doubled client list, a window thrown open."""
COUNTER_SD, COUNTER_SHARE = 0.5, 0.05
"""A people counter is off by half a person and 5 %."""
INTERVAL = (0.1, 0.9)
FLATTER = 0.75
"""Where somebody is thought to be there, the interval is that of the distribution to this power: the model itself is
wrong too (docs/reference/occupancy.md has the coverage)."""
NIGHT = (1, 5)
LONGEST_STEP_H = 2.0


@dataclass(frozen=True, slots=True)
class Said:
    """What came: (spaces, 4) ``value`` [canonical units, NaN = none], ``time`` [s since epoch], ``good``: neither stale
    nor bad nor suspect."""

    value: F64
    time: F64
    good: Bools


@dataclass(frozen=True, slots=True)
class Estimate:
    """(spaces,) ``people``, ``low`` and ``high`` (80 % interval) and ``sd``, NaN = not known; ``weight`` (spaces, 5)
    the share of each source in what is known beyond the usual, ``age`` (spaces, 4) [s]."""

    time: float
    people: F64
    low: F64
    high: F64
    sd: F64
    weight: F64
    age: F64


class Fusion:
    """The estimator of some spaces: ``kind`` (spaces,) numbers their categories, ``area_m2``, ``volume_m3`` (NaN =
    unknown), ``zone`` tells working hours. ``use`` leaves sources out, ``learns`` from counters."""

    def __init__(
        self, kind: Index, area_m2: F64, volume_m3: F64, zone: ZoneInfo, *, use: tuple[Source, ...] = tuple(Source)
    ) -> None:
        n = len(kind)
        self.zone, self.use = zone, use
        capacity = capacities(area_m2)
        self.grid, self.air = Grid(capacity), Air(volume_m3)
        self.errors, self.usual = Errors(kind), Usual(kind, capacity)
        self._taken = np.full((n, 4), -np.inf)
        self._said = np.zeros((4, n, LEVELS), np.float32)
        self._persons, self._persons_sd = np.full(n, np.nan), np.ones(n)
        self._time = self._day = -np.inf
        self._usual: tuple[int, F64] = (-1, np.zeros(0))
        self._lowest = np.full(n, np.inf)
        self.drift = np.zeros(n)

    def step(self, now: float, said: Said, planned: F64 | None = None) -> Estimate:
        """Take in what is there at ``now`` [s since epoch]; ``planned`` (spaces,) are people expected (NaN = none)."""
        place = place_of(now, self.zone)
        hours = float(np.clip((now - self._time) / 3600.0, 0.0, LONGEST_STEP_H)) if np.isfinite(self._time) else 0.0
        anew = now - self._day >= 86_400.0
        if anew:
            self._a_day_on(now)
        chance, persons = self.usual.at(place, anew=anew)
        if place != self._usual[0] or anew:
            self._usual = (place, self.grid.usual(chance, persons))
        usual = own = self._usual[1]
        if planned is not None and Source.TIMETABLE in self.use:
            taught = np.isfinite(planned)
            plan = self.grid.usual(np.full(len(planned), PLANNED), np.maximum(np.nan_to_num(planned), 1.2))
            usual = np.where(taught[:, None], plan, usual)
        if np.isfinite(self._time):
            self.grid.spread(hours, usual)
        else:
            self.grid.p = usual.copy()
        self._time = now
        self._take(now, said, hours, place)
        return self._estimate(now, said, own, usual)

    def _a_day_on(self, now: float) -> None:
        if np.isfinite(self._day):
            self.errors.forget(now - self._day)
            self.usual.forget()
        self._day = now

    def _take(self, now: float, said: Said, hours: float, place: int) -> None:
        fresh = said.good & np.isfinite(said.value) & (said.time > self._taken)
        gap = np.where(np.isfinite(self._taken), np.where(fresh, said.time, 0.0) - self._taken, np.inf)
        counted = said.good[:, Source.COUNTER] & np.isfinite(said.value[:, Source.COUNTER])
        total = np.zeros(self.grid.p.shape, np.float32)
        night = NIGHT[0] <= place % 24 < NIGHT[1]
        if (at := np.flatnonzero(fresh[:, Source.CO2])).size:
            value, time = said.value[at, Source.CO2], said.time[at, Source.CO2]
            self._persons[at], self._persons_sd[at] = self.air.take(at, value, time, night=night)
        self._correct_drift(said, counted, night, place)
        for source in QUANTITY:
            at = np.flatnonzero(fresh[:, source])
            if source == Source.CO2:
                at = at[np.isfinite(self._persons[at])]
            if not at.size:
                continue
            self._said[source, at] = self._log_likelihood(source, at, said.value[at, source])
            if source in self.use:
                lasts = self.errors.pir_lasts[at] if source == Source.PIR else LASTS_S[source]
                share = np.minimum(1.0, gap[at, source] / lasts).astype(np.float32)
                total[at] += share[:, None] * self._said[source, at]
        self.grid.weigh(total)
        self._learn(said, counted, fresh, gap, place)
        self._taken = np.where(fresh, said.time, self._taken)

    def _count(self, said: Said, at: Index) -> F64:
        return np.asarray(np.maximum(said.value[at, Source.COUNTER] - self.drift[at], 0.0))

    def _correct_drift(self, said: Said, counted: Bools, night: bool, place: int) -> None:
        """In and out do not add up over a day: what is left in the night, when nothing else sees anybody, is drift."""
        others = said.good[:, [Source.CLIENTS, Source.PIR]] & np.isfinite(said.value[:, [Source.CLIENTS, Source.PIR]])
        clients, pir = said.value[:, Source.CLIENTS], said.value[:, Source.PIR]
        quiet_clients = clients <= self.errors.staying + 2.0 * np.sqrt(self.errors.staying_var)
        empty = others.any(axis=1) & (~others[:, 0] | quiet_clients) & (~others[:, 1] | (pir < 0.5))
        at = np.flatnonzero(counted & empty & night)
        self._lowest[at] = np.minimum(self._lowest[at], said.value[at, Source.COUNTER])
        if place % 24 == NIGHT[1]:
            due = np.isfinite(self._lowest)
            self.drift[due] = self._lowest[due]
            self._lowest[:] = np.inf

    def _log_likelihood(self, source: Source, at: Index, value: F64) -> npt.NDArray[np.float32]:
        """(rows, LEVELS) ln P(value | persons)."""
        n, e = self.grid.levels[at], self.errors
        if source == Source.PIR:
            none = (1.0 - e.false[at, None]) * np.exp(-e.seen[at, None] * n)
            chance = np.where(value[:, None] >= 0.5, 1.0 - none, none).astype(np.float32)
            return np.asarray(np.log(np.clip(chance, 0.01, 0.99)))
        if source == Source.COUNTER:
            z = np.maximum(value - self.drift[at], 0.0)
            mean, var = n, (COUNTER_SD + COUNTER_SHARE * n) ** 2
        elif source == Source.CLIENTS:
            z = value
            mean = e.staying[at, None] + e.devices[at, None] * n
            var = e.staying_var[at, None] + e.scatter[at, None] * n + (e.devices_error[at, None] * n) ** 2
        else:
            z = self._persons[at]
            mean, var = n, e.air_factor[at, None] * (self._persons_sd[at, None] ** 2 + 0.2 * n)
        # Half the digits cost half the time, and a likelihood has no use for more than seven.
        off, spread = (z[:, None] - mean).astype(np.float32), np.asarray(var, np.float32)
        density = np.exp(np.float32(-0.5) * off * off / spread) / np.sqrt(np.float32(2.0 * np.pi) * spread)
        reach = np.maximum(mean[:, -1:], 1.0).astype(np.float32)
        return np.asarray(np.log(np.float32(1.0 - OUTLIER) * density + np.float32(OUTLIER) / reach))

    def _learn(self, said: Said, counted: Bools, fresh: Bools, gap: F64, place: int) -> None:
        """What a counter sees teaches the others: each reading for as long as it stood, an hour at most."""
        hours = np.minimum(np.where(np.isfinite(gap), gap, 0.0), 3600.0) / 3600.0
        for source in QUANTITY:
            at = np.flatnonzero(counted & fresh[:, source])
            if not at.size:
                continue
            n, weight, value = self._count(said, at), hours[at, source], said.value[at, source]
            if source == Source.COUNTER:
                self.usual.take(at, n, weight, place)
            elif source == Source.CLIENTS:
                self.errors.take_clients(at, value, n, weight)
            elif source == Source.PIR:
                self.errors.take_pir(at, np.where(value >= 0.5, 1.0, 0.0), n, weight)
            else:
                known = np.isfinite(self._persons[at])
                rows = at[known]
                self.air.teach(rows, n[known], weight[known])
                self.errors.take_co2(rows, self._persons[rows], self._persons_sd[rows], n[known], weight[known])

    def _estimate(self, now: float, said: Said, own: F64, usual: F64) -> Estimate:
        grid = self.grid
        speaks = said.good & np.isfinite(said.value) & np.isin(np.arange(4), self.use)
        plans = (own != usual).any(axis=1)
        known = speaks.any(axis=1) | plans
        mean = grid.mean()
        people = np.where(grid.p[:, 0] > 0.5, 0.0, mean)  # rather empty than not: a campus at night has no ghosts
        sd = np.sqrt(np.maximum(np.einsum("ij,ij->i", grid.p, grid.levels**2) - mean**2, 0.0))
        flat = np.where(people[:, None] > 0, grid.p**FLATTER, grid.p)
        low, high = (grid.quantile(q, flat / flat.sum(axis=1, keepdims=True)) for q in INTERVAL)
        none = np.nan
        return Estimate(
            now, np.where(known, people, none), np.where(known, low, none), np.where(known, high, none),
            np.where(known, sd, none), self._weights(speaks, own, usual), now - said.time,
        )  # fmt: skip

    def _weights(self, speaks: Bools, own: F64, usual: F64) -> F64:
        """How much each source alone would tell [nat, Kullback-Leibler against the usual], as shares of their sum."""
        told = np.zeros((len(speaks), 5))
        prior = own.astype(np.float32)
        for source in QUANTITY:
            at = np.flatnonzero(speaks[:, source])
            if at.size:
                said = self._said[source, at]
                said -= said.max(axis=1, keepdims=True)
                p = prior[at] * np.exp(said)
                z = p.sum(axis=1)
                told[at, source] = np.maximum(np.einsum("ij,ij->i", p, said) / z - np.log(z), 1e-6)
        if usual is not own:
            ratio = np.log(np.maximum(usual, 1e-12) / np.maximum(own, 1e-12))
            told[:, Source.TIMETABLE] = (usual * ratio).sum(axis=1)
        total = told.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(told, total, out=np.zeros_like(told), where=total > 0))
