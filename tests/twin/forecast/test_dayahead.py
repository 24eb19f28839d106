"""The day ahead on real meters beside plain forecasts, and what it may and may not know."""

from __future__ import annotations

import json
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pytest

from tests.twin.forecast.real import CAMBRIDGE, ELECTRICITY, Meter, cv_rmse
from twin.forecast.clock import local_time
from twin.forecast.dayahead import CARRIES, CarryState, day_ahead, roll
from twin.forecast.days import at_times, by_day, day_kinds, mode_of_days
from twin.forecast.peers import PEERS
from twin.forecast.unfit import UnfitError

F64 = npt.NDArray[np.float64]
UTC = ZoneInfo("UTC")
MONDAY = 1_767_571_200.0
WARM_UP_DAYS = 56
MOST = 0.9
"""Ratio to the median of four same weekdays that no meter may exceed."""


def compare(meter: Meter, *, calendar: bool = True) -> dict[str, float]:
    """CV(RMSE) [%] of every forecast in one rolling run, over the same hours: those that all of them forecast."""
    when = local_time(meter.times, CAMBRIDGE, 3600)
    first, days = int(when.day.min()), int(when.day.max() - when.day.min()) + 1
    table = by_day(when, meter.values, first, days)
    forecasts = {name: at_times(peer(table), first, when) for name, peer in PEERS.items()}
    forecasts["ours"] = day_ahead(
        meter.times, meter.values, interval_s=3600, zone=CAMBRIDGE, modes=meter.modes if calendar else None
    )
    asked = (when.day >= first + WARM_UP_DAYS) & np.logical_and.reduce([np.isfinite(f) for f in forecasts.values()])
    return {name: cv_rmse(meter.values[asked], forecast[asked]) for name, forecast in forecasts.items()}


@pytest.mark.samples
@pytest.mark.parametrize("name", ELECTRICITY)
def test_every_real_meter_is_forecast_better_than_by_four_same_weekdays(name: str, meters: dict[str, Meter]) -> None:
    cv = compare(meters[name])
    assert cv["ours"] <= MOST * cv["median of four same weekdays"], cv
    assert cv["ours"] <= MOST * min(cv["previous day"], cv["previous week"]), cv


@pytest.mark.samples
def test_the_calendar_helps_and_without_it_the_bar_still_holds(meters: dict[str, Meter]) -> None:
    gains = []
    for meter in meters.values():
        with_it, without = compare(meter), compare(meter, calendar=False)
        gains.append(with_it["ours"] / without["ours"])
        assert without["ours"] <= MOST * without["median of four same weekdays"]
    assert np.mean(gains) < 0.98


def hours(start: float, n: int) -> F64:
    return np.asarray(start + 3600.0 * np.arange(n), np.float64)


def weeks(n: int, seed: int = 0, noise: float = 1.0) -> tuple[F64, F64]:
    """Hours and the load [kW] of an office, with noise that lasts for days."""
    random = np.random.default_rng(seed)
    times = hours(MONDAY, n * 168)
    hour, day = np.arange(n * 168) % 24, np.arange(n * 168) // 24
    level = np.zeros(n * 7)
    for k in range(1, n * 7):
        level[k] = 0.8 * level[k - 1] + random.normal(0, 2)
    busy = (hour >= 8) & (hour < 18) & (day % 7 < 5)
    return times, 30 + 40.0 * busy + noise * (level[day] + random.normal(0, 0.5, len(times)))


def test_no_forecast_knows_its_own_day_or_a_later_one() -> None:
    times, values = weeks(12)
    whole = day_ahead(times, values, interval_s=3600, zone=UTC)
    for day in (20, 47, 70):
        other = values.copy()
        other[day * 24 :] = 1e6 * np.random.default_rng(day).random(len(values) - day * 24)
        known = day_ahead(times, other, interval_s=3600, zone=UTC)[: day * 24 + 24]
        assert known == pytest.approx(whole[: day * 24 + 24], nan_ok=True)


def test_a_surprise_that_lasts_carries_over() -> None:
    times, values = weeks(30)
    table = values.reshape(-1, 24)
    _, state = roll(table, day_kinds(int(MONDAY // 86400), 210))
    assert state is not None
    weights = dict(zip(CARRIES, state.weights().tolist(), strict=True))
    assert sum(weights[k] for k in ("yesterday", "yesterday's mean", "yesterday's last quarter")) > 0.5
    carried = cv_rmse(values[-100 * 24 :], day_ahead(times, values, interval_s=3600, zone=UTC)[-100 * 24 :])
    plain = cv_rmse(values[-100 * 24 :], PEERS["median of four same weekdays"](table).ravel()[-100 * 24 :])
    assert carried < 0.8 * plain


def test_it_begins_with_half_of_yesterdays_surprise() -> None:
    kinds = day_kinds(4, 9)  # 1970-01-05, a Monday
    table = np.full((9, 24), 10.0)
    table[7] = 14.0
    forecast, _ = roll(table[:8], day_kinds(4, 8))
    later, state = roll(np.vstack((table[:8], np.full((1, 24), np.nan))), kinds)
    assert forecast[7] == pytest.approx(np.full(24, 10.0))
    assert np.isnan(forecast[0]).all()
    assert CarryState.fresh(1.0).weights()[0] == 0.5
    assert (later[8] > 11).all()
    assert state is not None


def test_a_day_off_is_like_a_sunday_and_a_day_to_come_rests_on_the_last_known() -> None:
    times, values = weeks(10, noise=0.1)
    modes = ["term"] * len(times)
    modes[64 * 24 : 65 * 24] = ["holiday"] * 24  # a Tuesday
    values[62 * 24 :] = np.nan
    off = day_ahead(times, values, interval_s=3600, zone=UTC, modes=modes)
    assert off[64 * 24 + 12] == pytest.approx(30, abs=2)
    assert off[65 * 24 + 12] == pytest.approx(70, abs=2)
    assert off[69 * 24 + 12] == pytest.approx(30, abs=2)


def test_temperature_is_learned_on_the_way() -> None:
    times, values = weeks(30, noise=0.3)
    temperature = 15 + 10 * np.sin(np.arange(len(times)) / 700) + np.repeat(
        np.random.default_rng(4).normal(0, 4, len(times) // 24), 24
    )  # fmt: skip
    warm = values + 2.0 * np.maximum(temperature - 15, 0)
    temperature[500:510] = np.nan
    with_it = day_ahead(times, warm, interval_s=3600, zone=UTC, temperature=temperature, modes=["term"] * len(times))
    assert np.isnan(with_it[: 56 * 24]).all()
    late = slice(100 * 24, None)
    without = day_ahead(times, warm, interval_s=3600, zone=UTC)
    assert cv_rmse(warm[late], with_it[late]) < 0.5 * cv_rmse(warm[late], without[late])
    blind = day_ahead(times, warm, interval_s=3600, zone=UTC, temperature=np.full(len(times), np.nan))
    assert np.isnan(blind).all()


def test_holes_are_no_zeros_and_no_readings_no_forecast() -> None:
    times, values = weeks(10)
    holes = values.copy()
    holes[30 * 24 : 33 * 24] = np.nan
    forecast = day_ahead(times, holes, interval_s=3600, zone=UTC)
    assert np.isfinite(forecast[24:]).all()
    assert cv_rmse(values[-20 * 24 :], forecast[-20 * 24 :]) < 8
    with pytest.raises(UnfitError, match="there are none"):
        day_ahead(times[:0], values[:0], interval_s=3600, zone=UTC)


def test_an_hour_that_comes_twice_is_its_mean_and_one_that_is_missing_unknown() -> None:
    times = hours(1_792_800_000.0, 72)  # from 2026-10-24 00:00 UTC: clocks go back on 25 October
    when = local_time(times, CAMBRIDGE, 3600)
    table = by_day(when, np.arange(72.0), int(when.day.min()), 3)
    twice = np.flatnonzero((when.day == when.day[40]) & (when.slot == 1))
    assert len(twice) == 2
    assert table[1, 1] == pytest.approx(np.arange(72.0)[twice].mean())
    spring = local_time(hours(1_774_742_400.0, 24), CAMBRIDGE, 3600)  # 2026-03-29
    assert np.isnan(by_day(spring, np.ones(24), int(spring.day[0]), 1)[0, 1])
    assert at_times(table, int(when.day.min()) + 1, when)[0] != at_times(table, int(when.day.min()), when)[0]


def test_the_mode_of_a_day_is_what_most_of_it_is() -> None:
    when = local_time(hours(MONDAY, 48), UTC, 3600)
    modes = ["term"] * 20 + ["exams"] * 28
    assert mode_of_days(when, modes, int(when.day[0]) - 1, 3) == ["", "term", "exams"]


def test_a_kept_state_forecasts_the_same() -> None:
    _, values = weeks(12)
    table = values.reshape(-1, 24)
    kinds = day_kinds(int(MONDAY // 86400), 84)
    _, state = roll(table, kinds)
    assert state is not None
    kept = CarryState.from_dict(json.loads(json.dumps(state.to_dict())))
    again, _ = roll(table, kinds, kept)
    assert again == pytest.approx(roll(table, kinds, state)[0], nan_ok=True)


def test_a_slot_that_was_never_known_teaches_nothing() -> None:
    table = np.full((9, 24), np.nan)
    table[:8, 3] = 5.0
    table[8, 7] = 5.0
    forecast, state = roll(table, day_kinds(4, 9))
    assert forecast[8, 3] == pytest.approx(5.0)
    assert np.isnan(forecast[8, 7])
    assert state is not None
