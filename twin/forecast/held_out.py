"""What a TOWT model says of data it has not seen: each part of the time by a model fitted to the other parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.forecast.clock import LocalTime
from twin.forecast.conformal import ALPHA, Scores, scatter
from twin.forecast.goodness import Goodness, goodness
from twin.forecast.towt import fit_towt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

Blocks = Literal["months", "weeks"]

FOLDS = 4
LEAST_MONTHS = 6
"""Months from which whole months are held out; before, weeks are."""
WHOLE = 0.8
"""Share of a month's slots that has to be known for the month to count."""


def blocks_of(when: LocalTime) -> tuple[I64, Blocks]:
    """The month, or week, of each instant, numbered on, and which of the two it is."""
    months = month_of(when)
    if len(np.unique(months)) >= LEAST_MONTHS:
        return months, "months"
    return np.floor_divide(when.day - when.day.min(), 7), "weeks"


def month_of(when: LocalTime) -> I64:
    """Local months (n,), counted from January of the year 0."""
    days, back = np.unique(when.day, return_inverse=True)
    dates = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=int(day)) for day in days]
    return np.array([date.year * 12 + date.month - 1 for date in dates], np.int64)[back]


def predict_held_out(
    times: F64, values: F64, block: I64, *, interval_s: float, zone: ZoneInfo, temperature: F64 | None,
    modes: Sequence[str] | None,
) -> F64:  # fmt: skip
    """Each block by a model fitted to the others, in four folds of every fourth block; NaN where a slot was unseen."""
    expected = np.full(len(values), np.nan)
    for fold in range(FOLDS):
        held = block % FOLDS == fold
        rest = values.copy()
        rest[held] = np.nan
        model = fit_towt(times, rest, interval_s=interval_s, zone=zone, temperature=temperature, modes=modes)
        expected[held] = model.predict(
            times[held],
            None if temperature is None else temperature[held],
            None if modes is None else [mode for mode, there in zip(modes, held, strict=True) if there],
        )
    return expected


def by_month(values: F64, expected: F64, when: LocalTime) -> Goodness:
    """How well the sums of whole months agree, over the instants that are known in both."""
    known = np.isfinite(values) & np.isfinite(expected)
    months, number = np.unique(month_of(when), return_inverse=True)
    n = np.bincount(number[known], minlength=len(months))
    whole = n >= WHOLE * 30 * when.slots
    sums = [np.bincount(number[known], weights=column[known], minlength=len(months)) for column in (values, expected)]
    # months with more gaps would weigh less: means, so that each counts as a month
    means = [np.divide(total, n, out=np.full(len(n), np.nan), where=whole) for total in sums]
    return goodness(means[0], means[1])


def coverage_held_out(off: F64, place: I64, places: int, block: I64) -> float:
    """Share [1] of the residuals ``off`` (n,) inside of bands made from the other folds' scores."""
    known = np.isfinite(off)
    inside = np.zeros(len(off))
    for fold in range(FOLDS):
        held = block % FOLDS == fold
        scale = scatter(off[~held], place[~held], places)
        bound = Scores.of(np.abs(off[~held]) / scale[place[~held]]).bound(ALPHA)
        inside[held] = np.abs(off[held]) <= bound * scale[place[held]]
    return float(inside[known].mean()) if known.any() else float("nan")
