"""A trained model of a meter: what is expected and in which band, in the long term or from recent readings on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.forecast.bands import BandRoller, BandState, places_of
from twin.forecast.card import Card
from twin.forecast.clock import LocalTime, local_time
from twin.forecast.conformal import ALPHA, Scores
from twin.forecast.dayahead import CarryState, Roller
from twin.forecast.days import DayKinds, at_times, by_day, day_kinds, mode_of_days
from twin.forecast.towt import Towt
from twin.forecast.unfit import UnfitError
from twin.forecast.watch import Watch

F64 = npt.NDArray[np.float64]

VERSION = 1
TRUST = 0.25
"""Weight of the long-term model beside recent days of the same kind [same weekdays]."""


@dataclass(frozen=True, slots=True)
class Band:
    """Expected ``value`` and the band from ``low`` to ``high`` that 90 % of readings lie in, (n,) each [unit]."""

    value: F64
    low: F64
    high: F64


@dataclass(frozen=True, slots=True)
class Recent:
    """Readings of the last days: ``times`` (n,) [s since the epoch, UTC], ``values`` (n,) [unit], NaN where one is not
    to be believed; ``temperature`` (n,) [deg C] and ``modes`` (n,) where the model was trained with them.
    """

    times: F64
    values: F64
    temperature: F64 | None = None
    modes: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class MeterModel:
    """A trained model; ``card`` says what it is worth, ``watch`` what is usual (None where days have few readings)."""

    towt: Towt
    carry: CarryState | None
    bands: BandState
    scale: F64
    scores: Scores
    floor: float
    watch: Watch | None
    card: Card

    def expected(
        self, times: F64, temperature: F64 | None = None, modes: Sequence[str] | None = None,
        recent: Recent | None = None,
    ) -> Band:  # fmt: skip
        """What is expected at ``times`` (n,) [s since the epoch, UTC].

        With ``recent`` each local day rests on the days before it alone, whether it lies in the recent past or to come;
        further than one day after the last reading the band is at least as wide as the long-term one. NaN where the
        temperature is missing, or a slot of the week was never seen.
        """
        when = local_time(times, ZoneInfo(self.card.zone), self.card.interval_s)
        value = self.towt.predict(times, temperature, modes)
        first, days = int(when.day.min()), int(when.day.max() - when.day.min()) + 1
        kinds = day_kinds(first, days, mode_of_days(when, modes, first, days))
        half = at_times(self.long_term_half(kinds, when.slots), first, when)
        if recent is not None and len(recent.times):
            ahead, narrow, last = self._from_recent(recent, when, modes)
            value = value + np.nan_to_num(ahead)
            known = np.isfinite(narrow)
            half = np.where(known & (when.day <= last + 1), narrow, np.where(known, np.fmax(narrow, half), half))
        return Band(value, np.maximum(value - half, self.floor), value + half)

    def long_term_half(self, kinds: DayKinds, slots: int) -> F64:
        """Half the width (days, slots) [unit] of the band without recent readings."""
        half: F64 = self.scale[places_of(kinds, slots)] * self.scores.bound(ALPHA)
        return half

    def left(self, recent: Recent) -> F64:
        """What the long-term model leaves of recent readings (n,) [unit]."""
        return recent.values - self.towt.predict(recent.times, recent.temperature, recent.modes)

    def _from_recent(self, recent: Recent, when: LocalTime, modes: Sequence[str] | None) -> tuple[F64, F64, int]:
        past = local_time(recent.times, ZoneInfo(self.card.zone), self.card.interval_s)
        first = int(min(past.day.min(), when.day.min()))
        days = int(max(past.day.max(), when.day.max())) - first + 1
        names = mode_of_days(past, recent.modes, first, days)
        asked = mode_of_days(when, modes, first, days)
        kinds = day_kinds(first, days, [mode or other for mode, other in zip(names, asked, strict=True)])
        table = by_day(past, self.left(recent), first, days)
        roller, bands = Roller(kinds, when.slots, self.carry, TRUST), BandRoller(when.slots, self.bands)
        places, ahead, half = places_of(kinds, when.slots), np.zeros_like(table), np.zeros_like(table)
        for day, row in enumerate(table):
            ahead[day], half[day] = roller.forecast(day), bands.half(places[day])
            roller.take(day, row)
            bands.take(places[day], row - ahead[day], half[day])
        last = int(past.day[np.isfinite(recent.values)].max(initial=first - 1))
        return at_times(ahead, first, when), at_times(half, first, when), last

    def to_dict(self) -> dict[str, Any]:
        """Plain values, to be kept as JSON."""
        return {
            "version": VERSION, "towt": self.towt.to_dict(), "bands": self.bands.to_dict(), "card": self.card.to_dict(),
            "carry": None if self.carry is None else self.carry.to_dict(), "scale": self.scale.tolist(),
            "scores": self.scores.to_dict(), "watch": None if self.watch is None else self.watch.to_dict(),
            "floor": None if np.isinf(self.floor) else self.floor,
        }  # fmt: skip

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> MeterModel:
        """What ``to_dict`` made; UnfitError for one of another version."""
        if kept.get("version") != VERSION:
            raise UnfitError(
                "version", f"The kept model is of version {kept.get('version')}, not {VERSION}. Train it again."
            )
        return cls(
            Towt.from_dict(kept["towt"]), None if kept["carry"] is None else CarryState.from_dict(kept["carry"]),
            BandState.from_dict(kept["bands"]), np.array(kept["scale"], np.float64), Scores.from_dict(kept["scores"]),
            -np.inf if kept["floor"] is None else kept["floor"],
            None if kept["watch"] is None else Watch.from_dict(kept["watch"]), Card.from_dict(kept["card"]),
        )  # fmt: skip
