"""Real meters for the forecast's tests: how they are read, masked and put beside their calendar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Commercial:
    """Daily loads [kWh] and temperatures [deg C] of the 364 days that the published fits rest on."""

    times: F64
    load: F64
    temperature: F64


def commercial(samples: Path) -> Commercial:
    rows = pd.read_csv(samples / "reference" / "nmecr_daily_commercial.csv", parse_dates=["time_utc"])[:364]
    times = rows.time_utc.dt.as_unit("s").astype("int64").to_numpy(np.float64)
    celsius = (rows.temperature_F.to_numpy(np.float64) - 32.0) / 1.8
    return Commercial(times, rows.load_kWh.to_numpy(np.float64), celsius)


ELECTRICITY = (
    "b0_electricity_2018", "b0_electricity_2019", "b101_electricity_2018", "b101_electricity_2019",
    "b113_electricity_2019", "b119_electricity_2018", "b119_electricity_2019",
)  # fmt: skip
CAMBRIDGE = ZoneInfo("Europe/London")
BANK_HOLIDAYS = frozenset(
    {
        "2018-01-01", "2018-03-30", "2018-04-02", "2018-05-07", "2018-05-28", "2018-08-27", "2018-12-25", "2018-12-26",
        "2019-01-01", "2019-04-19", "2019-04-22", "2019-05-06", "2019-05-27", "2019-08-26", "2019-12-25", "2019-12-26",
    }
)  # fmt: skip
"""England's; beside them the university is closed from 24 to 31 December."""
FULL_TERMS = (
    ("2018-01-16", "2018-03-16"), ("2018-04-24", "2018-06-15"), ("2018-10-02", "2018-11-30"),
    ("2019-01-15", "2019-03-15"), ("2019-04-23", "2019-06-14"), ("2019-10-08", "2019-12-06"),
)  # fmt: skip
STANDS = 6
"""Hours of one value from which it counts as stuck [h]."""


def mode_of(day: str) -> str:
    """The calendar of Cambridge: holiday, term, or vacation."""
    if day in BANK_HOLIDAYS or "12-24" <= day[5:] <= "12-31":
        return "holiday"
    return "term" if any(first <= day <= last for first, last in FULL_TERMS) else "vacation"


@dataclass(frozen=True)
class Meter:
    """Hourly consumption [kWh] of a real building, faults masked, and the calendar of each hour."""

    name: str
    times: F64
    values: F64
    modes: list[str]
    masked: int


def faulty(values: F64) -> Bools:
    """The one rule by which hours are masked, for every forecast alike: 0 (missing was written so), a value that
    stands for six hours or more, the hour before and after those (half of it is missing), and the first hour of a file.
    """
    edges = np.concatenate(([0], np.flatnonzero(np.diff(values) != 0) + 1, [len(values)]))
    stands = np.repeat(np.diff(edges) >= STANDS, np.diff(edges))
    bad: Bools = (values == 0) | stands
    wide = bad.copy()
    wide[1:] |= bad[:-1]
    wide[:-1] |= bad[1:]
    wide[0] = True
    return wide


def read_meter(samples: Path, name: str) -> Meter:
    rows = pd.read_csv(samples / "energy" / f"{name}.csv", parse_dates=["datetime"])
    times = rows.datetime.dt.as_unit("s").astype("int64").to_numpy(np.float64)
    values = rows.iloc[:, 1].to_numpy(np.float64).copy()
    masked = faulty(values)
    values[masked] = np.nan
    days = rows.datetime.dt.tz_localize("UTC").dt.tz_convert("Europe/London").dt.strftime("%Y-%m-%d")
    return Meter(name, times, values, [mode_of(day) for day in days], int(masked.sum()))


def cv_rmse(values: F64, forecast: F64) -> float:
    """CV(RMSE) [%] over the hours that are known and forecast."""
    known = np.isfinite(values) & np.isfinite(forecast)
    off = (values - forecast)[known]
    return float(100 * np.sqrt(np.mean(off**2)) / values[known].mean())
