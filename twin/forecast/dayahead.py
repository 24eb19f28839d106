"""The day ahead, slot by slot: what days of its kind were, and how much of yesterday's surprise carries over.

The forecast of a day is made at its local midnight from the days before. What a fixed model (TOWT) leaves over, r,
becomes base + sum over j of c[j] x_j: ``base`` is the mean of r over past days, weighted by likeness (same weekday 1,
another working day 0.12, half of that in another mode of the calendar) and by age (half-life 20 days). The carries x_j
are the surprise (r - base) of yesterday in the same slot, its mean over yesterday and over yesterday's last quarter, a
week ago in the same slot; and how far the last five, and the last, days of the group stood from the base. The weights
c are recursive ridge regression (Hoerl and Kennard 1970, doi 10.1080/00401706.1970.10488634) on the days that are
over, forgetting by half in 90 days; it starts from, and is drawn to, half of yesterday's surprise in the same slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.forecast.clock import local_time
from twin.forecast.days import DayKinds, at_times, by_day, day_kinds, mode_of_days
from twin.forecast.towt import fit_towt
from twin.forecast.unfit import UnfitError

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HALF_LIFE, FAST, LAST = 20.0, 5.0, 0.3
"""Half-lives of the base, of the last five days, and of (nearly only) the last day of a group [d]."""
FORGET = 90.0
"""Half-life of what the weights of the carries learn from [d]."""
RIDGE = 50.0
HALF = 0.5
MEMORY = 300
"""Days that a forecast looks back [d]."""
CARRIES = ("yesterday", "yesterday's mean", "yesterday's last quarter", "a week ago", "last five days", "last day")
LEAST_DAYS = 7
"""Days of history from which a day teaches the weights."""
WARM_UP, REFIT = 56, 28
"""Days before the first fit of a TOWT model in a rolling run, and between two fits [d]."""


_FIRST: F64 = np.array([HALF, 0.0, 0.0, 0.0, 0.0, 0.0])


@dataclass(frozen=True, slots=True)
class CarryState:
    """What the weights of the carries rest on: ``gram`` (6, 6) and ``moment`` (6,), in units of ``scale`` [unit]."""

    gram: F64
    moment: F64
    scale: float

    def weights(self) -> F64:
        """Ridge solution (6,), drawn to half of yesterday's surprise."""
        solved = np.linalg.solve(self.gram + RIDGE * np.eye(len(_FIRST)), self.moment + RIDGE * _FIRST)
        return np.asarray(solved, np.float64)

    @classmethod
    def fresh(cls, scale: float) -> CarryState:
        """Nothing learned yet; ``scale`` is how large surprises are [unit], 1 where they are none."""
        return cls(np.zeros((len(CARRIES),) * 2), np.zeros(len(CARRIES)), scale or 1.0)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists."""
        return {"gram": self.gram.tolist(), "moment": self.moment.tolist(), "scale": self.scale}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> CarryState:
        """What ``to_dict`` made."""
        return cls(np.array(kept["gram"], np.float64), np.array(kept["moment"], np.float64), float(kept["scale"]))


class Roller:
    """Forecasts day after day: ``forecast`` a day, ``take`` what it left, go on; ``kinds`` are those of all the days.

    Days that are not taken count as unknown, so that days to come rest on the last that is known. ``trust`` is the
    weight [same weekdays] with which the base is drawn to 0: where a fixed model was fitted to a long past, a few
    recent days do not overrule it.
    """

    def __init__(self, kinds: DayKinds, slots: int, state: CarryState | None = None, trust: float = 0.0) -> None:
        days = len(kinds.group)
        self.kinds, self.state, self.trust = kinds, state, trust
        self.base = np.full((days, slots), np.nan)
        self.surprise = np.full((days, slots), np.nan)
        self._left, self._known = np.zeros((days, slots)), np.zeros((days, slots))
        self._taken = 0 if state is None else LEAST_DAYS
        self._carries = np.zeros((slots, len(CARRIES)))

    def forecast(self, day: int) -> F64:
        """What ``day`` (0 is the first) will leave (slots,) [unit]; NaN where no day before says anything."""
        self.base[day], self._carries = self._look_back(day)
        return self._together(self.base[day], self._carries)

    def peek(self, day: int) -> F64:
        """The same for a day further ahead than the next to be taken."""
        return self._together(*self._look_back(day))

    def _together(self, base: F64, carries: F64) -> F64:
        forecast: F64 = base + carries @ (_FIRST if self.state is None else self.state.weights())
        return forecast

    def _look_back(self, day: int) -> tuple[F64, F64]:
        """The base (slots,) and the carries (slots, 6) of a day."""
        since = max(day - MEMORY, 0)
        age = np.arange(day - since, 0, -1, dtype=np.float64)
        alike, group = self.kinds.alike(day, since)
        base = self._mean(since, day, alike * 0.5 ** (age / HALF_LIFE), self.trust)
        yesterday = self.surprise[day - 1] if day else np.full_like(base, np.nan)
        columns = (
            yesterday,
            np.broadcast_to(_mean(yesterday), yesterday.shape),
            np.broadcast_to(_mean(yesterday[-max(len(yesterday) // 4, 1) :]), yesterday.shape),
            self.surprise[day - 7] if day >= 7 else np.full_like(base, np.nan),
            self._mean(since, day, group * 0.5 ** (age / FAST)) - base,
            self._mean(since, day, group * 0.5 ** (age / LAST)) - base,
        )
        return base, np.nan_to_num(np.column_stack(columns))

    def take(self, day: int, left: F64) -> None:
        """What the day forecast last, ``day``, left (slots,) [unit]; NaN: not known, or not to be believed."""
        known = np.isfinite(left)
        self._left[day], self._known[day] = np.where(known, left, 0.0), known
        self.surprise[day] = left - self.base[day]
        teaches = np.isfinite(self.surprise[day])
        if not known.any():
            return
        self._taken += 1
        if self._taken <= LEAST_DAYS or not teaches.any():
            return
        old = self.state or CarryState.fresh(float(np.abs(self.surprise[day, teaches]).mean()))
        keep = 0.5 ** (1.0 / FORGET)
        x, y = self._carries[teaches] / old.scale, self.surprise[day, teaches] / old.scale
        self.state = CarryState(keep * old.gram + x.T @ x, keep * old.moment + x.T @ y, old.scale)

    def forget(self, day: int, slots: Bools) -> None:
        """Do not believe those ``slots`` of a day that was taken: no later forecast rests on them."""
        self._known[day, slots], self._left[day, slots], self.surprise[day, slots] = 0.0, 0.0, np.nan

    def believe(self, day: int, left: F64) -> None:
        """Believe after all what a day left (slots,) [unit]: later forecasts rest on it, the weights do not."""
        known = np.isfinite(left)
        self._left[day], self._known[day] = np.where(known, left, 0.0), known
        self.surprise[day] = left - self.base[day]

    def _mean(self, since: int, day: int, weight: F64, trust: float = 0.0) -> F64:
        total, n = weight @ self._left[since:day], weight @ self._known[since:day] + trust
        mean: F64 = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
        return mean


def _mean(values: F64) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else 0.0


def roll(
    left: F64, kinds: DayKinds, state: CarryState | None = None, trust: float = 0.0
) -> tuple[F64, CarryState | None]:
    """Forecast each day of ``left`` (days, slots) [unit], what a fixed model leaves over, from the days before it.

    NaN is what is not known. The weights go on from ``state``; the state after the last day comes back.
    """
    roller, forecast = Roller(kinds, left.shape[1], state, trust), np.full_like(left, np.nan)
    for day, row in enumerate(left):
        forecast[day] = roller.forecast(day)
        roller.take(day, row)
    return forecast, roller.state


def roll_leads(
    left: F64, kinds: DayKinds, leads: int, state: CarryState | None = None, trust: float = 0.0
) -> tuple[list[F64], CarryState | None]:
    """As ``roll``, and beside it the forecasts of each day from the days before the day before it, and so on."""
    roller = Roller(kinds, left.shape[1], state, trust)
    ahead = [np.full_like(left, np.nan) for _ in range(leads)]
    for day, row in enumerate(left):
        for lead in range(1, min(leads, len(left) - day)):
            ahead[lead][day + lead] = roller.peek(day + lead)
        ahead[0][day] = roller.forecast(day)
        roller.take(day, row)
    return ahead, roller.state


def day_ahead(
    times: F64, values: F64, *, interval_s: float, zone: ZoneInfo, temperature: F64 | None = None,
    modes: Sequence[str] | None = None,
) -> F64:  # fmt: skip
    """Rolling-origin forecasts (n,) [unit of ``values``]: that of each local day made at its midnight.

    ``times`` (n,) [s since the epoch, UTC]; ``values`` (n,), NaN where a fault is excluded; ``temperature`` (n,)
    [deg C] is that of the day itself (a forecast's, or the actual one: say which when you give figures); ``modes`` (n,)
    from the calendar. With temperature a TOWT model is fitted to the past after 56 days and again
    every 28; the days before the first fit have no forecast.
    """
    if len(times) == 0:
        raise UnfitError("too-little", "A day-ahead forecast needs readings: there are none. Give some weeks.")
    when = local_time(times, zone, interval_s)
    first, days = int(when.day.min()), int(when.day.max() - when.day.min()) + 1
    fixed = np.zeros(len(times)) if temperature is None else np.full(len(times), np.nan)
    for start in range(WARM_UP, days if temperature is not None else 0, REFIT):
        past, now = when.day < first + start, when.day >= first + start
        known = values[past]
        if temperature is None or not np.isfinite(known + temperature[past]).any():
            continue
        model = fit_towt(
            times[past], known, interval_s=interval_s, zone=zone, temperature=temperature[past],
            modes=None if modes is None else [m for m, there in zip(modes, past, strict=True) if there],
        )  # fmt: skip
        # before the first fit its own figures stand in: they are history to look back on, not forecasts
        fixed = np.where(now | np.isnan(fixed), model.predict(times, temperature, modes), fixed)
    kinds = day_kinds(first, days, mode_of_days(when, modes, first, days))
    forecast, _ = roll(by_day(when, values - fixed, first, days), kinds)
    ahead = fixed + at_times(forecast, first, when)
    return ahead if temperature is None else np.where(when.day < first + WARM_UP, np.nan, ahead)
