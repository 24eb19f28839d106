"""The real rooms of the samples, played through the estimator, and the simplest calibrated estimator of each source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from twin.occupancy.fusion import Fusion, Said, Source

F64 = npt.NDArray[np.float64]

ZONE = ZoneInfo("Europe/Amsterdam")
STEP_S = 300
STALE_S = 1800.0
SPLIT = pd.Timestamp("2022-10-27", tz=ZONE).timestamp()
BEGIN = pd.Timestamp("2022-10-20", tz=ZONE).timestamp()
ROOM_A, ROOM_A_M3 = 999169, 75.0
MEASURED = {  # what plays which source: (device, property)
    Source.COUNTER: ("xovis", "occupancy__p"),
    Source.CLIENTS: ("CO2-meter-SCD4x", "occupancy__p"),
    Source.CO2: ("CO2-meter-SCD4x", "co2__ppm"),
    Source.PIR: ("bms", "occupancy__bool"),
}


@dataclass(frozen=True)
class Room:
    """Steps of five minutes: ``value`` and ``time`` (steps, 4) of the newest reading of each source."""

    now: F64
    value: F64
    time: F64

    @property
    def counted(self) -> npt.NDArray[np.bool_]:
        """Steps at which the counter spoke."""
        fresh: npt.NDArray[np.bool_] = self.now - self.time[:, Source.COUNTER] < STEP_S
        return fresh


def room(samples: Path, number: int = ROOM_A, measured: dict[Source, tuple[str, str]] = MEASURED) -> Room:
    data = pd.read_parquet(samples / "occupancy" / "b4b_rooms_a_b.parquet")
    data = data[data.id == number]
    columns = {}
    for source, (device, name) in measured.items():
        rows = data[(data.source == device) & (data.property == name)]
        seconds = rows.timestamp.dt.tz_convert("UTC").astype("int64").to_numpy() / 1e6
        order = np.argsort(seconds, kind="stable")
        columns[source] = seconds[order], rows.value.to_numpy(np.float64)[order]
    last = columns[Source.COUNTER][0][-1]
    now = np.arange(BEGIN, last + 1, STEP_S)
    value, time = np.full((len(now), 4), np.nan), np.full((len(now), 4), -np.inf)
    for source, (seconds, values) in columns.items():
        at = np.searchsorted(seconds, now, side="right") - 1
        value[at >= 0, source], time[at >= 0, source] = values[at[at >= 0]], seconds[at[at >= 0]]
    return Room(now, value, time)


@dataclass(frozen=True)
class Played:
    """(steps,) estimates; NaN = not known."""

    people: F64
    low: F64
    high: F64


def play(room: Room, *use: Source, split: float = SPLIT) -> Played:
    """The estimator over the whole of a room; it learns from the counter up to ``split`` and never sees it after."""
    one = np.zeros(1, np.intp)
    fusion = Fusion(one, np.array([ROOM_A_M3 / 2.7]), np.array([ROOM_A_M3]), ZONE, use=use)
    rows = []
    for now, value, time in zip(room.now, room.value, room.time, strict=True):
        good = now - time <= STALE_S
        good[Source.COUNTER] &= now < split
        estimate = fusion.step(float(now), Said(value[None], time[None], good[None]))
        rows.append((estimate.people[0], estimate.low[0], estimate.high[0]))
    return Played(*np.array(rows).T)


def straight_line(room: Room, source: Source, split: float = SPLIT) -> F64:
    """The source's best straight line to the counter before the split, never below 0."""
    z, truth = room.value[:, source], room.value[:, Source.COUNTER]
    use = room.counted & (room.now < split) & (room.now - room.time[:, source] <= STALE_S) & np.isfinite(z)
    slope, base = np.polyfit(z[use], truth[use], 1)
    return np.maximum(np.where(room.now - room.time[:, source] <= STALE_S, base + slope * z, np.nan), 0.0)


@dataclass(frozen=True)
class Score:
    """n steps, MAE and RMSE [persons]; ``cover`` of the 80 % interval over all steps, ``busy`` over those at which
    somebody was counted or the interval is not '0 to 0' (``n_busy``)."""

    n: int
    mae: float
    rmse: float
    cover: float = np.nan
    busy: float = np.nan
    n_busy: int = 0


def score(room: Room, people: F64, low: F64 | None = None, high: F64 | None = None, split: float = SPLIT) -> Score:
    truth = room.value[:, Source.COUNTER]
    use = room.counted & (room.now >= split) & np.isfinite(people)
    error = people[use] - truth[use]
    mae, rmse = float(np.abs(error).mean()), float(np.sqrt((error**2).mean()))
    if low is None or high is None:
        return Score(int(use.sum()), mae, rmse)
    inside = (truth[use] >= low[use]) & (truth[use] <= high[use])
    busy = (truth[use] > 0) | (high[use] > 0)
    return Score(int(use.sum()), mae, rmse, float(inside.mean()), float(inside[busy].mean()), int(busy.sum()))
