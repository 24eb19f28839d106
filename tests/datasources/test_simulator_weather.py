"""The simulated weather and calendar against the normals and the dates they claim."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import get_args

import numpy as np
import pytest

from datasources import simulator_weather as weather
from datasources.simulator_calendar import EPOCH, DayKind, kind_of, spring_festival
from datasources.simulator_people import PLACES, POPULATION, STEPS, shares

LOCAL_2026 = datetime(2025, 12, 31, 16, tzinfo=UTC).timestamp()
HOURS: weather.F64 = np.asarray(LOCAL_2026 + np.arange(8_760) * 3_600.0, dtype=np.float64)


def local_month(times: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return (times + weather.UTC_OFFSET_S).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12


def test_twenty_years_have_the_normals_monthly_means() -> None:
    times: weather.F64 = LOCAL_2026 + np.arange(0, 20 * 365.25 * 86_400, 6 * 3_600.0)
    air = weather.temperature(times, seed=1)
    means = [air[local_month(times) == m].mean() for m in range(12)]
    assert means == pytest.approx(weather.MONTHLY_C, abs=0.8)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_extremes_are_near_the_design_values(seed: int) -> None:
    air = weather.temperature(HOURS, seed)
    assert np.quantile(air, 0.996) == pytest.approx(35.9, abs=2.0)
    assert np.quantile(air, 0.004) == pytest.approx(-6.3, abs=2.5)


def test_afternoons_are_warmer_than_mornings() -> None:
    air = weather.temperature(HOURS, 1).reshape(365, 24)
    assert (air[:, 15] > air[:, 5]).all()


def test_weather_is_continuous_and_the_same_in_any_window() -> None:
    fine: weather.F64 = LOCAL_2026 + np.arange(0, 3 * 86_400, 60.0)
    air = weather.temperature(fine, 4)
    assert np.abs(np.diff(air)).max() < 0.1
    assert np.array_equal(weather.temperature(fine[1_000:1_010], 4), air[1_000:1_010])


def test_it_is_dark_at_midnight_and_light_at_noon_all_year() -> None:
    dark = weather.darkness(HOURS).reshape(365, 24)
    assert (dark[:, 0] == 1).all()
    assert (dark[:, 12] == 0).all()
    assert dark[171, 19] < 1 == dark[354, 19]  # at seven in the evening the June sun is still up


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 2, 17), "spring-festival"),
        (date(2026, 4, 15), "term"),
        (date(2026, 4, 18), "weekend"),
        (date(2026, 6, 19), "holiday"),
        (date(2026, 7, 6), "exams"),
        (date(2026, 7, 20), "vacation"),
        (date(2026, 10, 3), "holiday"),
        (date(2026, 11, 23), "term"),
        (date(2026, 12, 31), "term"),
        (date(2027, 1, 12), "exams"),
        (date(2027, 1, 25), "vacation"),
        (date(2027, 2, 6), "spring-festival"),
        (date(2050, 2, 5), "spring-festival"),
    ],
)
def test_days_are_what_the_calendar_says(day: date, kind: str) -> None:
    assert kind_of((day - EPOCH).days) == kind


def test_a_year_has_about_thirty_six_weeks_of_teaching() -> None:
    for year in range(2024, 2036):
        first = (date(year, 1, 1) - EPOCH).days
        kinds = [kind_of(first + k) for k in range(365)]
        assert 30 * 7 <= sum(k in ("term", "weekend", "exams") for k in kinds) <= 42 * 7, year
        assert spring_festival(year).month in (1, 2)


@pytest.mark.parametrize("kind", get_args(DayKind))
def test_people_never_exceed_the_population_and_each_is_in_one_place(kind: DayKind) -> None:
    table = shares(kind)
    assert table.shape == (len(PLACES), STEPS)
    assert (table >= 0).all()
    assert (table.sum(axis=0) * POPULATION <= POPULATION * (1 + 1e-6)).all()
