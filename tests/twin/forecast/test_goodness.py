"""R2, CV(RMSE) and NMBE against hand-made sums, and what is undefined."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from twin.forecast.goodness import Goodness, goodness


def test_the_figures_of_four_observations_by_hand() -> None:
    fit = goodness(np.array([10.0, 12.0, 14.0, np.nan, 16.0]), np.array([11.0, 12.0, 13.0, 5.0, 14.0]), parameters=2)
    assert fit.n == 4
    assert fit.r2 == pytest.approx(1 - 6 / 20)
    assert fit.adjusted_r2 == pytest.approx(1 - 6 / 20 * 3 / 2)
    assert fit.cv_rmse == pytest.approx(100 * math.sqrt(6 / 2) / 13)
    assert fit.nmbe == pytest.approx(100 * 2 / (2 * 13))


def test_what_is_undefined_is_not_a_number_and_kept_as_none() -> None:
    few = goodness(np.ones(2), np.ones(2), parameters=2)
    assert math.isnan(few.cv_rmse)
    flat = goodness(np.ones(5), np.ones(5))
    assert math.isnan(flat.r2)
    assert flat.cv_rmse == 0.0
    balanced = goodness(np.array([-1.0, 1.0]), np.zeros(2))
    assert math.isnan(balanced.nmbe)
    assert balanced.r2 == 0.0
    kept = Goodness.from_dict(json.loads(json.dumps(few.to_dict(), allow_nan=False)))
    assert (kept.n, kept.parameters) == (2, 2)
    assert math.isnan(kept.r2)
    assert Goodness.from_dict(flat.to_dict()).nmbe == 0.0
