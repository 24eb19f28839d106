"""Real meters for the forecast's tests: how they are read, masked and put beside their calendar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

F64 = npt.NDArray[np.float64]


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
