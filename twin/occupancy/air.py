"""Persons from carbon dioxide: the mass balance of a well mixed room.

V dC/dt = n G - a V (C - C_out), so n = V / G (dC/dt + a (C - C_out)) with C as a share of volume. G is what one person
breathes out: 0.0052 l/s, a sedentary adult's at 1.2 to 1.4 met [Persily and de Jonge 2017, doi:10.1111/ina.12383,
tables 3 and 4]. The air change a is learned from how the excess decays in nights, the outdoor level from the lowest
values. What the window does nobody measures: the error grows with the excess.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

M3_PER_H = 0.0052 * 3.6
"""CO2 of one sedentary adult [m3/h]."""
HEIGHT_M, UNKNOWN_M3 = 2.7, 400.0
SMOOTH_S = 900.0
"""Readings are smoothed over this time [s] before they are differentiated: noise of 15 ppm would else be persons."""
LOST_S = 3600.0
AIR_CHANGES, LEAST_AIR, MOST_AIR = 3.0, 0.2, 8.0
"""[1/h] Before a night taught better: about 8 l/s a person at one person a 10 m²."""
AIR_ERROR = 0.5
"""Relative standard deviation of the air change in use: windows, doors, dampers."""
OUTDOOR, LOW_OUTDOOR, HIGH_OUTDOOR = 420.0, 350.0, 500.0
OUTDOOR_RISE = 0.2
"""[ppm/h] The lowest value is forgotten so slowly: sensors drift."""
DECAY_H, LEAST_EXCESS = 1.0, 80.0
DECAY_WEIGHT = 0.2
COUNTED_EXCESS, COUNTED_STEP = 30.0, 0.4
"""Beside a counter the air change follows by e^0.4 an hour in use at most."""


class Air:
    """The CO2 of the spaces. ``volume`` [m3]; rows without a reading are NaN."""

    def __init__(self, volume: F64) -> None:
        n = len(volume)
        self.volume = np.where(np.isfinite(volume), volume, UNKNOWN_M3)
        self.outdoor = np.full(n, OUTDOOR)
        self.air = np.full(n, AIR_CHANGES)
        self.nights = np.zeros(n)
        self._smooth, self._slope, self._time = np.full(n, np.nan), np.zeros(n), np.full(n, -np.inf)
        self._start_c, self._start_t = np.full(n, np.nan), np.full(n, -np.inf)

    def take(self, at: npt.NDArray[np.intp], ppm: F64, time: F64, *, night: bool) -> tuple[F64, F64]:
        """New readings of the spaces ``at``: persons (NaN until there is a slope) and their standard deviation."""
        dt = time - self._time[at]
        first = ~(dt < LOST_S) | np.isnan(self._smooth[at])
        before = np.where(first, ppm, self._smooth[at])
        share = 1.0 - np.exp(-np.where(first, SMOOTH_S, np.maximum(dt, 1.0)) / SMOOTH_S)
        now = before + share * (ppm - before)
        rate = np.where(first, 0.0, (now - before) / np.maximum(dt, 1.0) * 3600.0)
        slope = np.where(first, 0.0, self._slope[at] + share * (rate - self._slope[at]))
        self._smooth[at], self._slope[at], self._time[at] = now, slope, time
        self._learn_outdoor(at, now, np.where(first, 0.0, dt))
        self._learn_air(at, now, time, night=night)
        per_ppm = self.volume[at] / (M3_PER_H * 1e6)
        excess = np.maximum(now - self.outdoor[at], 0.0)
        persons = per_ppm * (slope + self.air[at] * excess)
        error = np.hypot(1.0, per_ppm * AIR_ERROR * self.air[at] * excess)
        return np.where(first, np.nan, persons), error

    def _learn_outdoor(self, at: npt.NDArray[np.intp], now: F64, dt: F64) -> None:
        level = np.minimum(self.outdoor[at] + OUTDOOR_RISE * dt / 3600.0, np.maximum(now, LOW_OUTDOOR))
        self.outdoor[at] = np.clip(level, LOW_OUTDOOR, HIGH_OUTDOOR)

    def teach(self, at: npt.NDArray[np.intp], n: F64, hours: F64) -> None:
        """``n`` persons were counted: the air change that makes the balance hold, its median over the hours in use.

        A median, because a window that stood open for a day, or a counter that missed a meeting, is no ventilation.
        """
        excess = self._smooth[at] - self.outdoor[at]
        use = (n >= 0.5) & (excess > COUNTED_EXCESS)
        rows = at[use]
        made = n[use] * M3_PER_H * 1e6 / self.volume[rows] - self._slope[rows]
        found = np.clip(made / excess[use], LEAST_AIR, MOST_AIR)
        self.air[rows] *= np.exp(COUNTED_STEP * hours[use] * np.sign(found - self.air[rows]))

    def _learn_air(self, at: npt.NDArray[np.intp], now: F64, time: F64, *, night: bool) -> None:
        """An hour of night in which the excess only fell gives one air change; ln of the ratio over the time."""
        excess, began = now - self.outdoor[at], self._start_c[at] - self.outdoor[at]
        hours = (time - self._start_t[at]) / 3600.0
        due = night & (hours >= DECAY_H) & (hours < 2 * DECAY_H) & (began > LEAST_EXCESS) & (excess > 10.0)
        rate = np.log(np.maximum(began, 1.0) / np.maximum(excess, 1.0)) / np.maximum(hours, DECAY_H)
        use = due & (rate > LEAST_AIR) & (rate < MOST_AIR)
        rows = at[use]
        share = np.maximum(DECAY_WEIGHT, 1.0 / (self.nights[rows] + 2.0))
        self.air[rows] *= np.exp(share * np.log(rate[use] / self.air[rows]))
        self.nights[rows] += 1
        again = ~(hours < DECAY_H)
        self._start_c[at[again]], self._start_t[at[again]] = now[again], time[again]
