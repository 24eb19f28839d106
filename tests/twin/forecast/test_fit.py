"""Change-point models: published fits of a real building, and the optimum against a slow, obvious search."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.forecast.real import Commercial
from twin.forecast.fit import CHANGE_POINTS, KINDS, ChangePointFit, Kind, fit_change_point
from twin.forecast.unfit import UnfitError

F64 = npt.NDArray[np.float64]


def made(kind: Kind, seed: int, noise: float = 0.0, n: int = 300) -> tuple[F64, F64, tuple[float, ...]]:
    """Temperatures, energy of a model of ``kind`` with slopes of 3 and 2, and its change points."""
    random = np.random.default_rng(seed)
    t = random.uniform(-10, 35, n)
    low = float(random.uniform(2, 14))
    high = low + float(random.uniform(2, 10))
    cold, hot = np.maximum(low - t, 0), np.maximum(t - (high if kind == "5P" else low), 0)
    y = {"line": 50 + 3 * t, "3PH": 50 + 3 * cold, "3PC": 50 + 2 * hot}.get(kind, 50 + 3 * cold + 2 * hot)
    points = {"line": (), "5P": (low, high)}.get(kind, (low,))
    return t, y + noise * random.normal(size=n), points


@pytest.mark.samples
def test_the_published_line_of_a_commercial_building(commercial: Commercial) -> None:
    fit = fit_change_point(commercial.temperature, commercial.load, "line")
    assert fit.goodness.r2 == pytest.approx(0.69089025, abs=1e-8)
    assert fit.goodness.cv_rmse == pytest.approx(11.46, abs=0.005)
    assert (fit.goodness.n, fit.goodness.parameters) == (364, 2)
    assert fit.goodness.nmbe == pytest.approx(0.0, abs=1e-9)


@pytest.mark.samples
def test_the_published_four_parameter_model_of_a_commercial_building(commercial: Commercial) -> None:
    fit = fit_change_point(commercial.temperature, commercial.load, "4P")
    assert fit.goodness.r2 == pytest.approx(0.71974381, abs=1e-8)
    assert min(commercial.temperature) < fit.change_points[0] < max(commercial.temperature)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_without_noise_is_found_again(kind: Kind) -> None:
    t, y, points = made(kind, seed=3)
    fit = fit_change_point(t, y, kind)
    assert fit.change_points == pytest.approx(points, abs=1e-4)
    assert fit.goodness.r2 == pytest.approx(1.0, abs=1e-9)
    assert fit.predict(t) == pytest.approx(y, abs=1e-3)
    assert len(fit.change_points) == CHANGE_POINTS[kind]


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from(["3PH", "3PC", "4P"]))
def test_no_point_of_a_fine_grid_is_better(seed: int, kind: Kind) -> None:
    t, y, _ = made(kind, seed, noise=15.0, n=80)
    fit = fit_change_point(t, y, kind)
    found = squares(fit, t, y)
    for point in np.quantile(t, np.linspace(0.03, 0.97, 600)):
        assert found <= squares_at(kind, t, y, (float(point),)) * (1 + 1e-9)


@settings(max_examples=6)
@given(st.integers(0, 10_000))
def test_no_pair_of_a_grid_is_better(seed: int) -> None:
    t, y, _ = made("5P", seed, noise=10.0, n=80)
    found = squares(fit_change_point(t, y, "5P"), t, y)
    grid = np.quantile(t, np.linspace(0.03, 0.97, 60)).tolist()
    for k, low in enumerate(grid):
        for high in grid[k:]:
            assert found <= squares_at("5P", t, y, (low, high)) * (1 + 1e-9)


def squares(fit: ChangePointFit, t: F64, y: F64) -> float:
    return float(((y - fit.predict(t)) ** 2).sum())


def squares_at(kind: Kind, t: F64, y: F64, points: tuple[float, ...]) -> float:
    cold, hot = np.maximum(points[0] - t, 0), np.maximum(t - points[-1], 0)
    columns = {"3PH": [cold], "3PC": [hot]}.get(kind, [cold, hot])
    design = np.column_stack([np.ones_like(t), *columns])
    return float(((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2).sum())


def test_standard_errors_tell_how_far_repeated_fits_scatter() -> None:
    fits = [fit_change_point(*made("line", seed=k, noise=5.0)[:2], "line") for k in range(200)]
    slopes = np.array([fit.coefficients[1] for fit in fits])
    told = np.mean([fit.standard_errors[1] for fit in fits])
    assert slopes.std() == pytest.approx(told, rel=0.15)


def test_missing_values_are_left_out_and_too_few_are_refused() -> None:
    t, y, _ = made("4P", seed=1)
    holes = np.where(np.arange(300) < 10, np.nan, y)
    assert fit_change_point(t, holes, "4P").goodness.n == 290
    with pytest.raises(UnfitError, match=r"5P model of 4 observations.*simpler kind") as refused:
        fit_change_point(t[:4], y[:4], "5P")
    assert refused.value.reason == "too-little"
    with pytest.raises(UnfitError, match="at 1 temperatures"):
        fit_change_point(np.ones(50), y[:50], "3PH")


def test_temperatures_that_hardly_differ_leave_one_change_point_to_choose() -> None:
    t = np.concatenate((np.full(996, 10.0), [0.0, 1.0, 2.0, 30.0, 31.0, 32.0]))
    assert fit_change_point(t, 2 * t, "4P").change_points == (10.0,)
    assert fit_change_point(t, 2 * t, "5P").change_points == (10.0, 10.0)
