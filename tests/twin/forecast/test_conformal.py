"""Bands: the promise on exchangeable data, the bound under drift, and the coverage on real meters."""

from __future__ import annotations

import json
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.forecast.real import CAMBRIDGE, ELECTRICITY, Meter
from twin.forecast.bands import BandState, roll_bands
from twin.forecast.clock import local_time
from twin.forecast.conformal import KEPT, Scores, adapt, rank_of, scatter
from twin.forecast.dayahead import day_ahead
from twin.forecast.days import by_day, day_kinds, mode_of_days

F64 = npt.NDArray[np.float64]
WARM_UP_DAYS = 56


@pytest.mark.samples
@pytest.mark.parametrize("name", ELECTRICITY)
def test_a_band_of_90_percent_covers_87_to_93_of_a_real_meter(name: str, meters: dict[str, Meter]) -> None:
    meter = meters[name]
    when = local_time(meter.times, CAMBRIDGE, 3600)
    first, days = int(when.day.min()), int(when.day.max() - when.day.min()) + 1
    forecast = day_ahead(meter.times, meter.values, interval_s=3600, zone=CAMBRIDGE, modes=meter.modes)
    off = by_day(when, meter.values - forecast, first, days)
    half, _ = roll_bands(off, day_kinds(first, days, mode_of_days(when, meter.modes, first, days)))
    off, half = off[WARM_UP_DAYS:], half[WARM_UP_DAYS:]
    covered = np.mean(np.abs(off[np.isfinite(off)]) <= half[np.isfinite(off)])
    assert 0.87 <= covered <= 0.93
    assert half[:, 3].mean() < 0.75 * half[:, 12].mean()


@given(st.integers(1, 3000), st.floats(0.01, 0.5))
def test_the_rank_is_the_least_that_keeps_the_promise(n: int, alpha: float) -> None:
    rank = rank_of(n, alpha)
    assert rank / (n + 1) >= 1 - alpha - 1e-9
    assert rank == 1 or (rank - 1) / (n + 1) < 1 - alpha
    assert rank <= n + 1


@settings(max_examples=20)
@given(st.integers(5, 300), st.sampled_from([0.05, 0.1, 0.3]), st.integers(0, 10**6))
def test_exchangeable_scores_are_covered_as_promised(n: int, alpha: float, seed: int) -> None:
    """Over 2,000 calibrations the coverage of one new score lies in [1 - alpha, 1 - alpha + 1/(n+1)]."""
    random = np.random.default_rng(seed)
    drawn = np.sort(random.standard_t(3, (2000, n)), axis=1)
    rank = rank_of(n, alpha)
    bound = np.full(2000, np.inf) if rank > n else drawn[:, rank - 1]
    covered = np.mean(random.standard_t(3, 2000) <= bound)
    assert 1 - alpha - 0.03 <= covered <= 1 - alpha + 1 / (n + 1) + 0.03
    assert Scores.of(drawn[0]).bound(alpha) == bound[0]


@given(st.integers(KEPT + 1, 5000), st.floats(0.01, 0.5), st.integers(0, 10**6))
def test_thinned_scores_are_never_narrower_and_hardly_wider(n: int, alpha: float, seed: int) -> None:
    scores = np.random.default_rng(seed).random(n)
    exact = float(np.sort(scores)[rank_of(n, alpha) - 1])
    thinned = Scores.of(scores)
    assert len(thinned.sorted) == KEPT
    assert exact <= thinned.bound(alpha) <= np.sort(scores)[min(rank_of(n, alpha) - 1 + n // 100 + 2, n - 1)]


def test_too_few_scores_give_an_open_band() -> None:
    assert Scores.of(np.array([1.0, np.nan, 2.0])).bound(0.1) == math.inf
    assert Scores.of(np.arange(1.0, 20.0)).bound(0.1) == 18.0


@given(st.floats(0.01, 100.0), st.integers(0, 1000))
def test_scatter_scales_with_the_residuals_and_forgives_rare_places(factor: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    place = random.integers(0, 5, 400)
    off = random.normal(0, 1 + place, 400)
    assert scatter(factor * off, place, 6) == pytest.approx(factor * scatter(off, place, 6))
    assert scatter(off, place, 6)[5] == pytest.approx(np.abs(off).mean())
    weights = np.where(np.arange(400) < 200, 0.0, 1.0)
    assert scatter(off, place, 6, weights) == pytest.approx(scatter(off[200:], place[200:], 6))


def test_scatter_of_nothing_is_small_but_positive() -> None:
    assert (scatter(np.zeros(4), np.arange(4), 4) > 0).all()
    assert (scatter(np.full(4, np.nan), np.arange(4), 4) > 0).all()


@given(st.lists(st.floats(0, 1), min_size=50, max_size=400), st.floats(0.005, 0.2))
def test_the_coverage_of_the_adaptation_is_bounded_whatever_comes(noise: list[float], gamma: float) -> None:
    """Gibbs and Candes 2021, proposition 4.1: below 0 the band is open, over 1 it is empty."""
    alpha, outside = 0.1, []
    for share in noise:
        out = 0.0 if alpha <= 0 else 1.0 if alpha >= 1 else round(share)
        outside.append(out)
        alpha = adapt(alpha, out, gamma=gamma)
    assert abs(np.mean(outside) - 0.1) <= (0.9 + gamma) / (gamma * len(noise)) + 1e-9


def drifting(days: int, seed: int = 0) -> F64:
    """Residuals whose scatter trebles half-way; nights a quarter of noon."""
    random = np.random.default_rng(seed)
    shape = 1 + 3 * np.sin(np.pi * np.arange(24) / 23) ** 2
    growth = np.where(np.arange(days) < days // 2, 1.0, 3.0)[:, None]
    return np.asarray(random.normal(0, 1, (days, 24)) * shape * growth, np.float64)


@pytest.mark.parametrize("seed", range(3))
def test_bands_follow_a_drift_and_keep_nights_narrow(seed: int) -> None:
    off = drifting(300, seed)
    half, _ = roll_bands(off, day_kinds(4, 300))
    covered = np.abs(off) <= half
    assert 0.87 <= covered[60:].mean() <= 0.93
    assert 0.87 <= covered[200:].mean() <= 0.93
    assert half[60:150, 0].mean() < 0.45 * half[60:150, 12].mean()
    assert half[200:].mean() > 2 * half[60:150].mean()


def test_adaptation_is_what_holds_when_scores_grow() -> None:
    """Scatter that grows by the day outruns the pool of past scores; alpha falls until the band holds again."""
    off = np.random.default_rng(2).normal(0, 1, (300, 24)) * np.exp(np.arange(300) / 12)[:, None]
    kinds = day_kinds(4, 300)
    with_it, without = (np.abs(off) <= roll_bands(off, kinds, gamma=g)[0] for g in (0.03, 0.0))
    assert abs(with_it[60:].mean() - 0.9) < abs(without[60:].mean() - 0.9)


def test_a_band_goes_on_from_a_kept_state_and_over_days_without_readings() -> None:
    off = drifting(100)
    kinds = day_kinds(4, 100)
    first, state = roll_bands(off, kinds)
    assert np.isinf(first[0]).all()
    kept = BandState.from_dict(json.loads(json.dumps(state.to_dict())))
    off[3] = np.nan
    again, _ = roll_bands(off, kinds, kept)
    assert np.isfinite(again).all()
    assert again[4] == pytest.approx(again[3], rel=1e-9, abs=1e-9) or kinds.group[3] != kinds.group[4]
