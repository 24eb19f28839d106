"""The checks on meters and rooms that really were: what is false on clean days, what is found of the faults in them.

A day of a meter is clean when it has 24 readings, no 0 among them, and no value that stands for six hours or more. A
day of a room is clean when no value of it stands for three hours or more (the sensors there speak every ten minutes).
False is every reading of a clean day, from the second week on, that is flagged as suspect.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from tests.twin.quality.replay import HOUR, MONDAY, Replay, hourly, meter
from twin.point import Point

pytestmark = pytest.mark.samples
DAYS = 120
MOST_FALSE = 0.005
YEARS = ("b0_electricity_2019", "b101_electricity_2019", "b113_electricity_2019", "b119_electricity_2019",
         "b119_electricity_2018", "b113_gas_2019", "b119_gas_2019")  # fmt: skip


@pytest.fixture(scope="module")
def played(samples: Path) -> tuple[Replay, dict[str, npt.NDArray[np.float64]]]:
    """The first 120 days of seven meters, side by side; every second hour the checks run."""
    columns = {name: meter(samples, name)[: DAYS * 24] for name in YEARS}
    replay = Replay(hourly(*YEARS))
    for hour in range(DAYS * 24):
        replay.send({name: float(values[hour]) for name, values in columns.items()}, inspect=hour % 2 == 0)
        replay.now += HOUR
    return replay, columns


def hours(replay: Replay, name: str) -> set[int]:
    return {round((at - MONDAY) / HOUR) for at in replay.flagged[name]}


def longest(values: npt.NDArray[np.floating]) -> int:
    return max(len(list(run)) for _, run in groupby(values.tolist()))


def test_clean_days_of_meters_are_left_alone(played: tuple[Replay, dict[str, npt.NDArray[np.float64]]]) -> None:
    replay, columns = played
    false = total = 0
    for name, values in columns.items():
        flagged = hours(replay, name)
        for day in range(7, DAYS):
            of_day = values[day * 24 : day * 24 + 24]
            if (of_day == 0).any() or longest(of_day) >= 6:
                continue
            total += 24
            false += len(flagged & set(range(day * 24, day * 24 + 24)))
    assert total > 10_000
    assert false / total <= MOST_FALSE, (false, total)


def test_missing_written_as_zero_is_found_in_every_meter_that_has_it(
    played: tuple[Replay, dict[str, npt.NDArray[np.float64]]],
) -> None:
    replay, columns = played
    found = there = 0
    for name in ("b101_electricity_2019", "b113_electricity_2019", "b119_electricity_2019"):
        zeros = {h for h in np.flatnonzero(columns[name] == 0).tolist() if h >= 168}
        there += len(zeros)
        found += len(zeros & hours(replay, name))
    assert there > 250
    assert found / there >= 0.95, (found, there)


def test_the_day_on_which_a_meter_stood_still(played: tuple[Replay, dict[str, npt.NDArray[np.float64]]]) -> None:
    replay, columns = played
    stuck = [f for f in replay.ever("flat") if f.points == ("b119_electricity_2018",)]
    assert len(stuck) == 1
    began = round((stuck[0].since - MONDAY) / HOUR)
    assert longest(columns["b119_electricity_2018"][began : began + 24]) == 24
    assert len(hours(replay, "b119_electricity_2018") & set(range(began, began + 24))) >= 16


def test_two_gas_meters_that_are_shares_of_one(played: tuple[Replay, dict[str, npt.NDArray[np.float64]]]) -> None:
    replay, _ = played
    found = replay.ever("twins")
    assert {f.points for f in found} == {("b113_gas_2019", "b119_gas_2019")}
    assert found[0].figures["ratio"] == pytest.approx(2.626, abs=0.03)


def test_the_air_of_two_rooms(samples: Path) -> None:
    data = pd.read_parquet(samples / "occupancy" / "b4b_rooms_a_b.parquet")
    kinds = {
        "co2__ppm": ("co2", "ppm", 1.0),
        "rel_humidity__0": ("humidity", "%", 100.0),
        "temp_in__degC": ("temperature", "°C", 1.0),
    }
    slots: dict[str, dict[int, float]] = {}
    points = []
    for (room, source, kind), rows in data[data.property.isin(kinds)].groupby(
        ["id", "source", "property"], observed=True
    ):
        name = f"{room}-{source}-{kind}"
        quantity, unit, factor = kinds[str(kind)]
        every = 6 if rows.timestamp.sort_values().diff().dt.total_seconds().median() > 1000 else 1
        seconds = rows.timestamp.dt.tz_convert("UTC").astype("int64") // 10**6
        slots[name] = dict(
            zip((seconds // (600 * every) * every).tolist(), (rows.value * factor).tolist(), strict=True)
        )
        points.append(
            Point(name, "A/1/1", quantity, unit, interval_s=600 * every, stale_s=1800 * every, source="s", address=name)
        )
    first, last = (f(min(s) if f is min else max(s) for s in slots.values()) for f in (min, max))
    replay = Replay(points, start=first * 600.0, zone="Europe/Amsterdam")
    for slot in range(first, last + 1):
        replay.now = slot * 600.0
        replay.send({n: s[slot] for n, s in slots.items() if slot in s}, inspect=slot % 6 == 0)
    false = total = 0
    for name, values in slots.items():
        series = pd.Series(values).sort_index()
        for day, of_day in series.groupby(series.index // 144):
            at = of_day.index.to_numpy()
            step = float(np.median(np.diff(at))) if len(at) > 1 else 1.0
            if day * 144 < first + 7 * 144 or longest(of_day.to_numpy(np.float64)) * step >= 18:
                continue
            total += len(of_day)
            false += sum(at.min() <= t / 600 <= at.max() for t in replay.flagged[name])
    assert total > 8_000
    assert false / total <= MOST_FALSE, (false, total)
