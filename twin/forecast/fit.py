"""Energy against outdoor temperature: the straight line and the change-point models with 3, 4 and 5 parameters.

With (x)+ = max(x, 0), temperature T and change points C (ASHRAE Guideline 14-2014, annex D; Kissock, Haberl and
Claridge 2003, Inverse Modeling Toolkit, ASHRAE Transactions 109(2)):
line E = b0 + b1 T; 3PH E = b0 + b1 (C-T)+; 3PC E = b0 + b1 (T-C)+; 4P E = b0 + b1 (C-T)+ + b2 (T-C)+;
5P E = b0 + b1 (C1-T)+ + b2 (T-C2)+ with C1 <= C2.

For given change points the rest is linear least squares, and all sums of it come from running sums over the sorted
temperatures. One change point is found exactly: the least sum of squares lies at an observation, or where the two
lines fitted freely on either side of a gap between observations meet inside that gap (Hudson 1966, Journal of the
American Statistical Association 61, 1097-1129). Two are found by a grid of pairs whose best valleys are refined until
the grid is finer than a ten-thousandth of a cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from twin.forecast.goodness import Goodness, goodness
from twin.forecast.unfit import UnfitError

F64 = npt.NDArray[np.float64]

Kind = Literal["line", "3PH", "3PC", "4P", "5P"]
KINDS: tuple[Kind, ...] = get_args(Kind)
CHANGE_POINTS: dict[Kind, int] = {"line": 0, "3PH": 1, "3PC": 1, "4P": 1, "5P": 2}
COEFFICIENTS: dict[Kind, int] = {"line": 2, "3PH": 2, "3PC": 2, "4P": 3, "5P": 3}

MARGIN = 0.03
"""Share of the observations that has to lie outside of a change point, on either side."""
PAIR_GRID, VALLEYS, ZOOM, ROUNDS = 60, 8, 11, 12


@dataclass(frozen=True, slots=True)
class ChangePointFit:
    """A fitted model: ``coefficients`` b0, b1, (b2) [unit, unit/K], their ``standard_errors`` given the change points,
    the ``change_points`` [unit of the temperature], and how well it fits.
    """

    kind: Kind
    coefficients: tuple[float, ...]
    standard_errors: tuple[float, ...]
    change_points: tuple[float, ...]
    goodness: Goodness

    def predict(self, temperature: F64) -> F64:
        """Energy (n,) at ``temperature`` (n,), in the units that it was fitted in."""
        fitted: F64 = _design(self.kind, temperature, self.change_points) @ np.array(self.coefficients)
        return fitted


def fit_change_point(temperature: F64, values: F64, kind: Kind) -> ChangePointFit:
    """Least squares over the pairs of ``temperature`` and ``values`` (n,) that have no NaN.

    UnfitError if they are too few.
    """
    known = np.isfinite(temperature) & np.isfinite(values)
    t, y = temperature[known], values[known]
    parameters = COEFFICIENTS[kind] + CHANGE_POINTS[kind]
    if len(y) <= parameters or len(np.unique(t)) <= parameters:
        raise UnfitError(
            "too-little",
            f"A {kind} model of {len(y)} observations at {len(np.unique(t))} temperatures cannot be fitted: "
            f"it has {parameters} parameters. Give more observations or a simpler kind.",
        )
    points = _search(kind, t, y)
    design = _design(kind, t, points)
    coefficients, *_ = np.linalg.lstsq(design, y, rcond=None)
    fit = goodness(y, design @ coefficients, parameters)
    off = y - design @ coefficients
    variance = float(off @ off) / (len(y) - parameters)
    errors = np.sqrt(np.maximum(np.diag(np.linalg.pinv(design.T @ design)), 0.0) * variance)
    return ChangePointFit(kind, tuple(coefficients.tolist()), tuple(errors.tolist()), points, fit)


def _design(kind: Kind, t: F64, points: tuple[float, ...]) -> F64:
    one = np.ones_like(t)
    if kind == "line":
        return np.column_stack((one, t))
    below, above = np.maximum(points[0] - t, 0.0), np.maximum(t - points[-1], 0.0)
    columns = {"3PH": (one, below), "3PC": (one, above)}.get(kind, (one, below, above))
    return np.column_stack(columns)


class _Sums:
    """Sums of squares of a model for many change points at once, from running sums; ``t`` and ``y`` are centred."""

    def __init__(self, kind: Kind, t: F64, y: F64) -> None:
        order = np.argsort(t, kind="stable")
        self.kind, self.t, self.y = kind, t[order], y[order]
        rows = np.column_stack((np.ones_like(t), self.t, self.t**2, self.y, self.t * self.y))
        self.run: F64 = np.vstack((np.zeros(5), np.cumsum(rows, axis=0)))

    def at(self, low: F64, high: F64) -> F64:
        """Sum of squares with change points ``low`` <= ``high`` (k,), less that of the mean alone [unit^2]."""
        n, t, tt, y, ty = self.run[np.searchsorted(self.t, low, "right")].T
        below = (low * n - t, low**2 * n - 2 * low * t + tt, low * y - ty)
        n, t, tt, y, ty = (self.run[-1] - self.run[np.searchsorted(self.t, high, "right")]).T
        above = (t - high * n, tt - 2 * high * t + high**2 * n, ty - high * y)
        # the two columns never overlap: eliminating them one by one leaves the constant's equation
        rest, moment, gained = np.full(len(low), self.run[-1, 0]), np.zeros(len(low)), np.zeros(len(low))
        for name, (total, square, product) in (("3PH", below), ("3PC", above)):
            if self.kind in ("3PH", "3PC") and self.kind != name:
                continue
            there = square > 1e-12 * self.run[-1, 2]
            share = np.divide(product, square, out=np.zeros_like(product), where=there)
            rest -= np.divide(total**2, square, out=np.zeros_like(total), where=there)
            moment -= total * share
            gained += product * share
        told = rest > 1e-12 * self.run[-1, 0]
        less: F64 = gained + np.divide(moment**2, rest, out=np.zeros_like(rest), where=told)
        return -less

    def meetings(self) -> F64:
        """Where the free fits left and right of each gap between observations meet inside it."""
        gap = np.flatnonzero(np.diff(self.t) > 0) + 1
        left, right = self.run[gap], self.run[-1] - self.run[gap]
        a, b = _lines(left, flat=self.kind == "3PC"), _lines(right, flat=self.kind == "3PH")
        with np.errstate(invalid="ignore", divide="ignore"):
            meet = (b[0] - a[0]) / (a[1] - b[1])
            inside = (meet > self.t[gap - 1]) & (meet < self.t[gap])
        met: F64 = meet[inside]
        return met


def _lines(sums: F64, *, flat: bool) -> tuple[F64, F64]:
    """Intercepts and slopes of the lines (or constants) through observations of these running sums."""
    n, t, tt, y, ty = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = np.zeros_like(n) if flat else (n * ty - t * y) / (n * tt - t * t)
        return (y - slope * t) / n, slope


def _search(kind: Kind, t: F64, y: F64) -> tuple[float, ...]:
    """The change points of the least sum of squares, between the outermost shares of the observations."""
    if kind == "line":
        return ()
    centre = float(t.mean())
    sums = _Sums(kind, t - centre, y - y.mean())
    first, last = np.quantile(sums.t, (MARGIN, 1.0 - MARGIN))
    if kind == "5P":
        low, high = _pair(sums, np.unique(np.quantile(sums.t, np.linspace(MARGIN, 1.0 - MARGIN, PAIR_GRID))))
        return (low + centre, high + centre)
    places = np.concatenate((np.unique(sums.t), sums.meetings(), (first, last)))
    places = places[(places >= first) & (places <= last)]
    return (float(places[np.argmin(sums.at(places, places))]) + centre,)


def _pair(sums: _Sums, grid: F64) -> tuple[float, float]:
    """Two change points: the best pairs of a grid, each refined on ever finer grids around it."""
    low, high = (side.ravel() for side in np.meshgrid(grid, grid, indexing="ij"))
    low, high = low[low <= high], high[low <= high]
    best = np.argsort(sums.at(low, high), kind="stable")[:VALLEYS]
    step = float(np.diff(grid).max()) if len(grid) > 1 else 0.0
    found = [_zoom(sums, float(low[k]), float(high[k]), step, (float(grid[0]), float(grid[-1]))) for k in best]
    return min(found)[1:]


def _zoom(sums: _Sums, low: float, high: float, step: float, ends: tuple[float, float]) -> tuple[float, float, float]:
    for _ in range(ROUNDS):
        around = step * np.linspace(-1.0, 1.0, ZOOM)
        one, two = np.meshgrid(np.clip(low + around, *ends), np.clip(high + around, *ends), indexing="ij")
        lows, highs = np.minimum(one, two).ravel(), np.maximum(one, two).ravel()
        depth = sums.at(lows, highs)
        k = int(np.argmin(depth))
        low, high, step = float(lows[k]), float(highs[k]), step * 0.4
    return float(depth[k]), low, high
