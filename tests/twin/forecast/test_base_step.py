"""Steps of the base load: found on their day, in made and real meters, and not in drifts or single nights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.forecast.real import CAMBRIDGE, Meter
from twin.forecast.base_step import base_steps, daily_minima
from twin.forecast.clock import local_time
from twin.forecast.days import by_day

F64 = npt.NDArray[np.float64]


def nights(days: int, seed: int, level: float = 20.0) -> F64:
    return np.asarray(level * (1 + 0.02 * np.random.default_rng(seed).normal(size=days)), np.float64)


@given(st.integers(20, 70), st.floats(0.2, 2.0), st.integers(0, 1000), st.booleans())
def test_a_step_is_found_on_its_day(day: int, share: float, seed: int, up: bool) -> None:
    minima = nights(90, seed)
    minima[day:] *= 1 + share if up else 1 / (1 + share)
    (step,) = base_steps(minima)
    assert step.day == day
    assert step.before == pytest.approx(20.0, rel=0.05)
    assert step.size == pytest.approx(20.0 * ((1 + share if up else 1 / (1 + share)) - 1), rel=0.25)


@given(st.integers(0, 1000))
def test_quiet_nights_a_drift_and_a_party_are_no_steps(seed: int) -> None:
    assert base_steps(nights(120, seed)) == []
    assert base_steps(nights(120, seed) * np.linspace(1, 1.3, 120)) == []
    party = nights(120, seed)
    party[60:62] *= 2
    assert base_steps(party) == []


def test_two_steps_and_days_that_are_not_known() -> None:
    minima = nights(120, 1)
    minima[40:] += 8
    minima[80:] += 8
    minima[55:60] = np.nan
    assert [step.day for step in base_steps(minima)] == [40, 80]
    assert base_steps(np.full(60, np.nan)) == []


def test_the_minimum_of_a_day_needs_half_of_it() -> None:
    table = np.full((3, 24), 5.0)
    table[0, 4] = 3.0
    table[1, :13] = np.nan
    table[2, :12] = np.nan
    assert daily_minima(table) == pytest.approx([3.0, np.nan, 5.0], nan_ok=True)


@pytest.mark.samples
def test_the_building_that_trebled_its_load_in_october(meters: dict[str, Meter]) -> None:
    meter = meters["b119_electricity_2018"]
    when = local_time(meter.times, CAMBRIDGE, 3600)
    first = int(when.day.min())
    steps = base_steps(daily_minima(by_day(when, meter.values, first, 365)))
    largest = max(steps, key=lambda step: step.size)
    assert 240 <= largest.day <= 310
    assert largest.after > 1.3 * largest.before
