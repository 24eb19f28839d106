"""The simulated air over Xi'an: monthly normals, a daily wave, spells of a few days. Pure functions of time and seed.

Sources: monthly means of the normals, design values -6.3 and 35.9 °C (ASHRAE/CSWD); the daily half range by month is
an assumption (clear continental days swing by 9 to 13 K). Declination of the sun: Cooper 1969,
doi:10.1016/0038-092X(69)90047-4.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from datasources.simulator_noise import normal

F64 = npt.NDArray[np.float64]

UTC_OFFSET_S = 8 * 3600  # China keeps one time and no summer time
LATITUDE, LONGITUDE = 34.30, 108.93  # [deg]
DAY_S = 86_400

MONTHLY_C = (0.3, 3.6, 8.7, 15.4, 20.5, 25.3, 27.0, 25.1, 20.3, 14.1, 7.2, 1.5)
HALF_RANGE_K = (4.8, 5.2, 5.9, 6.5, 6.7, 6.6, 6.0, 5.7, 5.2, 5.3, 5.4, 4.9)
_LENGTHS = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_STARTS = np.concatenate(([0.0], np.cumsum(_LENGTHS)))
_MIDDLES = (_STARTS[:-1] + _STARTS[1:]) / 2
YEAR_D = float(_STARTS[-1])

SPELL_SD_K = 2.5
SPELL_MEMORY = 0.68  # from one day to the next
SPELL_DAYS = 18  # 0.68^18 is 0.1 %


def _interpolate(nodes: F64, day_of_year: F64) -> F64:
    """Straight lines through the middles of the months, round the year."""
    middles = np.concatenate((_MIDDLES[-1:] - YEAR_D, _MIDDLES, _MIDDLES[:1] + YEAR_D))
    values: F64 = np.interp(day_of_year % YEAR_D, middles, np.concatenate((nodes[-1:], nodes, nodes[:1])))
    return values


@lru_cache(maxsize=1)
def _mean_nodes() -> F64:
    """Nodes whose interpolation has exactly the monthly means (through the means themselves, summers come out cool)."""
    days = np.arange(0.5, YEAR_D)
    month = np.searchsorted(_STARTS, days, side="right") - 1
    weights = np.column_stack([_interpolate(unit, days) for unit in np.eye(12)])
    means = np.vstack([weights[month == m].mean(axis=0) for m in range(12)])
    nodes: F64 = np.linalg.solve(means, np.array(MONTHLY_C))
    return nodes


@lru_cache(maxsize=4_096)
def spell(seed: int, day: int) -> float:
    """How much warmer than normal local day number ``day`` (since 1970) is [K]: a moving average of daily chance."""
    scale: float = SPELL_SD_K * (1 - SPELL_MEMORY**2) ** 0.5
    total: float = sum(SPELL_MEMORY**k * normal(seed, "spell", day - k) for k in range(SPELL_DAYS))
    return scale * total


def day_of_year(times: F64) -> F64:
    """Days since the year's first local midnight, from seconds since the epoch (UTC)."""
    local = (times + UTC_OFFSET_S).astype("datetime64[s]")
    since: F64 = (local - local.astype("datetime64[Y]")).astype(np.float64) / DAY_S
    return since


def temperature(times: F64, seed: int) -> F64:
    """Outdoor air temperature [°C] at ``times`` [s since epoch, UTC]."""
    local = (times + UTC_OFFSET_S) / DAY_S
    days = np.floor(local - 0.5).astype(int)  # spells change over from noon to noon
    share = local - 0.5 - days
    chance = {int(d): spell(seed, int(d)) for d in np.unique(np.concatenate((days, days + 1)))}
    before, after = (np.array([chance[int(d)] for d in which]) for which in (days, days + 1))
    doy = day_of_year(times)
    hour = (local % 1.0) * 24.0
    wave = np.cos(2 * np.pi * (hour - 15.0) / 24.0) + 0.12 * np.cos(4 * np.pi * (hour - 15.0) / 24.0)
    air: F64 = (
        _interpolate(_mean_nodes(), doy)
        + _interpolate(np.array(HALF_RANGE_K), doy) * wave
        + before * (1 - share)
        + after * share
    )
    return air


def felt_by_buildings(times: F64, seed: int) -> F64:
    """What walls and slabs make of the air [°C]: the mean of now, three, six and twelve hours ago."""
    lags = (0.0, 3.0, 6.0, 12.0)
    total = sum((temperature(times - 3_600 * lag, seed) for lag in lags), np.zeros(len(times)))
    return total / len(lags)


def darkness(times: F64) -> F64:
    """1 at night, 0 with the sun over 20 deg: how much artificial light is wanted."""
    doy = day_of_year(times)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + doy) / 365.25)
    solar_hour = (times / 3_600.0 + LONGITUDE / 15.0) % 24.0
    angle = np.pi * (solar_hour - 12.0) / 12.0
    latitude = np.radians(LATITUDE)
    height = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    dark: F64 = np.clip(1.0 - height / np.sin(np.radians(20.0)), 0.0, 1.0)
    return dark
