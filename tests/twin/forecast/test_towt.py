"""Time of week and temperature: published figures of a real building, and models that are known beforehand."""

from __future__ import annotations

import json
import math
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from tests.twin.forecast.real import Commercial
from twin.forecast.segments import components_of, knots_of
from twin.forecast.towt import Towt, fit_towt
from twin.forecast.unfit import UnfitError

F64 = npt.NDArray[np.float64]
UTC = ZoneInfo("UTC")
MONDAY = 1_767_571_200.0


@pytest.mark.samples
def test_the_published_model_of_a_commercial_building(commercial: Commercial) -> None:
    model = fit_towt(
        commercial.times, commercial.load, interval_s=86_400, zone=UTC, temperature=commercial.temperature
    )  # fmt: skip
    fit = model.goodness
    assert fit.r2 == pytest.approx(0.89647274, abs=1e-8)
    assert model.coefficients == 17
    # the publisher's CV(RMSE) of 6.79 % counts the intercepts of both parts, 6.77 % does not
    assert fit.parameters == 19
    assert fit.cv_rmse == pytest.approx(6.79, abs=0.005)
    without = fit.cv_rmse * math.sqrt((fit.n - fit.parameters) / (fit.n - model.coefficients))
    assert without == pytest.approx(6.77, abs=0.005)


def hours(weeks: int, start: float = MONDAY) -> F64:
    return np.asarray(start + 3600.0 * np.arange(weeks * 168), np.float64)


def test_a_week_and_a_slope_are_found_again_exactly() -> None:
    times = hours(20)
    hour = np.arange(len(times)) % 168
    temperature = 15 + 12 * np.sin(np.arange(len(times)) / 400) + 4 * np.sin(np.arange(len(times)) / 3.8)
    busy = (hour % 24 >= 8) & (hour % 24 < 18) & (hour < 120)
    truth = 20 + 40.0 * busy + np.where(busy, 1.5, 0.5) * np.maximum(temperature - 18, 0)
    model = fit_towt(times, truth, interval_s=3600, zone=UTC, temperature=temperature, knots=(10.0, 18.0, 24.0))
    assert (model.occupied == (busy[:168])).all()
    assert model.predict(times, temperature) == pytest.approx(truth, abs=1e-8)
    assert model.parts[0].slopes == pytest.approx([0, 0, 1.5, 1.5], abs=1e-8)
    assert model.parts[1].slopes == pytest.approx([0, 0, 0.5, 0.5], abs=1e-8)


def test_automatic_knots_follow_a_bend() -> None:
    times = hours(30)
    temperature = np.random.default_rng(1).uniform(-5, 35, len(times))
    truth = 30 + 2 * np.maximum(temperature - 15, 0)
    model = fit_towt(times, truth, interval_s=3600, zone=UTC, temperature=temperature)
    assert len(model.knots) == 5
    assert model.goodness.r2 > 0.995


def test_without_temperature_it_is_the_mean_of_each_slot() -> None:
    times = hours(6)
    values = np.random.default_rng(2).normal(50, 5, len(times))
    model = fit_towt(times, values, interval_s=3600, zone=UTC)
    assert model.predict(times) == pytest.approx(np.tile(values.reshape(6, 168).mean(axis=0), 6))
    assert (model.goodness.parameters, model.coefficients, model.knots) == (168, 167, ())


def test_modes_add_a_level_or_a_profile_of_their_own() -> None:
    times = hours(12)
    day = np.arange(len(times)) // 24
    hour = np.arange(len(times)) % 24
    modes = np.where((day >= 20) & (day < 34), "exams", np.where(day >= 70, "vacation", "term")).tolist()
    profile = np.where((hour > 8) & (hour < 20), 30.0, 0.0)
    truth = 40 + profile * (day % 7 < 5) + np.array([{"term": 0, "exams": 7, "vacation": -12}[m] for m in modes])
    flat = fit_towt(times, truth, interval_s=3600, zone=UTC, modes=modes, use="add")
    assert flat.modes == ("term", "exams", "vacation")
    assert flat.predict(times, modes=modes) == pytest.approx(truth)
    assert flat.parts[0].additions[:, 0] == pytest.approx([0, 7, -12])
    late = truth + np.where((np.array(modes) == "exams") & (hour >= 20), 25.0, 0.0)
    shaped = fit_towt(times, late, interval_s=3600, zone=UTC, modes=modes)
    assert shaped.predict(times, modes=modes) == pytest.approx(late)
    assert fit_towt(times, late, interval_s=3600, zone=UTC, modes=modes, use="add").goodness.r2 < 0.99
    assert fit_towt(times, late, interval_s=3600, zone=UTC).goodness.r2 < flat.goodness.r2
    unseen = shaped.predict(times[:24], modes=["fire drill"] * 24)
    assert unseen == pytest.approx(shaped.predict(times[:24], modes=["term"] * 24))


def test_the_campus_zone_decides_where_a_day_begins() -> None:
    """Over a change of clocks the office opens at 8 local time; in UTC it moves by an hour."""
    zone = ZoneInfo("Europe/London")
    times = hours(12, start=1_772_409_600.0)  # Monday 2026-03-02; clocks change on 29 March
    local = (np.floor((times + np.where(times >= 1_774_746_000, 3600, 0)) / 3600) % 24).astype(int)
    truth = np.where((local >= 8) & (local < 18), 60.0, 20.0)
    assert fit_towt(times, truth, interval_s=3600, zone=zone).goodness.r2 == pytest.approx(1.0)
    assert fit_towt(times, truth, interval_s=3600, zone=UTC).goodness.r2 < 0.95


def test_slots_that_were_never_seen_are_not_known() -> None:
    times = hours(8)
    night = np.where(np.arange(len(times)) % 24 < 3, np.nan, 10.0 + np.arange(len(times)) % 24)
    model = fit_towt(times, night, interval_s=3600, zone=UTC)
    expected = model.predict(times)
    assert np.isnan(expected[:3]).all()
    assert np.isfinite(expected[3:24]).all()


@pytest.mark.parametrize("warm", [True, False])
def test_a_kept_model_says_the_same(warm: bool) -> None:
    times = hours(8)
    random = np.random.default_rng(3)
    temperature = random.uniform(0, 30, len(times)) if warm else None
    modes = random.choice(["a", "b", "c"], len(times)).tolist()
    values = random.normal(50, 9, len(times))
    values[np.arange(len(times)) % 168 == 5] = np.nan
    model = fit_towt(times, values, interval_s=3600, zone=UTC, temperature=temperature, modes=modes)
    kept = Towt.from_dict(json.loads(json.dumps(model.to_dict(), allow_nan=False)))
    assert kept.predict(times, temperature, modes) == pytest.approx(
        model.predict(times, temperature, modes), nan_ok=True
    )
    assert kept.goodness == model.goodness


def test_what_cannot_be_fitted_or_asked_is_refused_in_words() -> None:
    times = hours(1)
    with pytest.raises(UnfitError, match="all of them are missing"):
        fit_towt(times, np.full(168, np.nan), interval_s=3600, zone=UTC)
    warm = fit_towt(times, np.ones(168), interval_s=3600, zone=UTC, temperature=np.arange(168.0))
    with pytest.raises(UnfitError, match="give the temperature"):
        warm.predict(times)
    with pytest.raises(ValueError, match="does not divide a day"):
        fit_towt(times, np.ones(168), interval_s=7000, zone=UTC)


def test_a_building_without_an_occupied_slot_has_one_part_that_counts() -> None:
    times = hours(4)
    temperature = np.random.default_rng(5).uniform(0, 30, len(times))
    model = fit_towt(times, np.full(len(times), 7.0), interval_s=3600, zone=UTC, temperature=temperature)
    assert model.predict(times, temperature) == pytest.approx(np.full(len(times), 7.0))


def test_knots_with_too_few_observations_beyond_are_dropped() -> None:
    assert knots_of(np.arange(600.0)) == (99.0, 199.0, 299.0, 399.0, 499.0)
    assert knots_of(np.arange(60.0)) == (29.0, 39.0)
    assert len(knots_of(np.arange(12.0))) == 1


def test_components_add_up_to_the_temperature() -> None:
    t = np.array([-7.0, 3.0, 12.5, 31.0])
    parts = components_of(t, (0.0, 10.0, 20.0))
    assert parts.sum(axis=1) == pytest.approx(t)
    assert parts[2] == pytest.approx([0, 10, 2.5, 0])
