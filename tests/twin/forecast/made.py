"""Synthetic meters with faults that are known: an office with noise that lasts, and loads left on."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

UTC = ZoneInfo("UTC")
MONDAY = 1_767_571_200.0
"""Monday 2026-01-05, 00:00 UTC."""


@dataclass(frozen=True)
class Office:
    """Hours, load [kW] and outdoor temperature [deg C]."""

    times: F64
    values: F64
    temperature: F64


def office(days: int, seed: int = 0, *, base: float = 30.0, peak: float = 40.0, warm: float = 0.0) -> Office:
    """An office: 8 to 18 on working days, ``warm`` [kW/K] of cooling over 15 deg C, days that differ (sd 5 % of the
    base, two thirds of it carried to the next day), hours that differ (sd 2 %), hour to hour alike by half.
    """
    random = np.random.default_rng(seed)
    n = days * 24
    times = np.asarray(MONDAY + 3600.0 * np.arange(n), np.float64)
    hour, day = np.arange(n) % 24, np.arange(n) // 24
    busy = (hour >= 8) & (hour < 18) & (day % 7 < 5)
    level, ripple = np.zeros(days), np.zeros(n)
    for k in range(1, days):
        level[k] = 0.66 * level[k - 1] + random.normal(0, 0.04 * base)
    for k in range(1, n):
        ripple[k] = 0.5 * ripple[k - 1] + random.normal(0, 0.02 * base)
    season = 12 - 10 * np.cos(2 * np.pi * np.arange(n) / 8760)
    temperature = season + 4 * np.sin(2 * np.pi * (hour - 9) / 24) + np.repeat(random.normal(0, 3, days), 24)
    load = base + (peak + 0.5 * level[day]) * busy + level[day] * 0.6 + ripple * (1 + busy)
    load = load + warm * np.maximum(temperature - 15, 0)
    return Office(times, np.asarray(load, np.float64), np.asarray(temperature, np.float64))


def inject(values: F64, base: F64, first: int, seed: int, sizes: tuple[float, float]) -> tuple[F64, list[range]]:
    """One load left on for 24 h in each ten days from hour ``first`` on, ``sizes`` times the ``base`` load (n,)."""
    random = np.random.default_rng(seed)
    faulty, faults = values.copy(), []
    for start in range(first, len(values) - 120, 240):
        begin = start + int(random.integers(0, 120))
        faulty[begin : begin + 24] += random.uniform(*sizes) * base[begin]
        faults.append(range(begin, begin + 24))
    return faulty, faults
