"""The temperature side of TOWT: knots, piecewise-linear components, and which slots of the week are occupied."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from twin.forecast.clock import LocalTime

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SEGMENTS = 6
LEAST_BEYOND = 20
"""Observations that have to lie beyond an outermost knot: the slope there rests on them alone."""
OCCUPIED_SHARE = 0.65
BALANCE = (10.0, (65.0 - 32.0) / 1.8)
"""Heating and cooling balance points [deg C] of the regression that tells occupied slots (50 and 65 deg F)."""


def knots_of(temperature: F64, segments: int = SEGMENTS) -> tuple[float, ...]:
    """Knots [deg C] that cut ``temperature`` (n,) [deg C] into ``segments`` of equally many observations.

    Outermost knots with fewer than 20 observations beyond are dropped; one knot always stays.
    """
    ordered = np.sort(temperature)
    n = len(ordered)
    # rank k n / segments counted from 1; the small term holds where the division is exact but for rounding
    ranks = np.floor(np.arange(1, segments + 1) * (n / segments) + 0.001).astype(np.int64)
    knots: list[float] = ordered[np.maximum(ranks, 1) - 1].tolist()
    while len(knots) > 1 and np.count_nonzero(temperature > knots[-1]) < LEAST_BEYOND:
        knots.pop()
    while len(knots) > 1 and np.count_nonzero(temperature < knots[0]) < LEAST_BEYOND:
        knots.pop(0)
    return tuple(knots)


def components_of(temperature: F64, knots: tuple[float, ...]) -> F64:
    """Components (n, knots + 1) [K] of ``temperature`` (n,): component j grows only between knots j and j + 1.

    They add up to the temperature itself (the first begins at 0 deg C); NaN stays NaN.
    """
    edges = np.array([-np.inf, *knots, np.inf])
    below = np.array([0.0, *knots])
    reached: F64 = np.clip(temperature[:, None], edges[:-1], edges[1:]) - below
    return reached


def occupied_slots(temperature: F64, values: F64, when: LocalTime) -> Bools:
    """Which slots of the week are occupied: a regression on temperature alone says too little there in over 65 % of
    the observations (Mathieu et al. 2011, section III-B; balance points as LBNL's code has them).
    """
    cold = np.minimum(temperature - BALANCE[0], 0.0)
    hot = np.maximum(temperature - BALANCE[1], 0.0)
    design = np.column_stack((np.ones_like(cold), cold, hot))
    solved, *_ = np.linalg.lstsq(design, values, rcond=None)
    over = (values - design @ solved > 0).astype(np.float64)
    slots = 7 * when.slots
    n = np.bincount(when.of_week, minlength=slots)
    occupied: Bools = np.bincount(when.of_week, weights=over, minlength=slots) > OCCUPIED_SHARE * n
    return occupied
