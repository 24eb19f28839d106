"""How well a model fits: R2, CV(RMSE), NMBE as ASHRAE Guideline 14-2014 defines them.

With ``n`` observations y of mean ybar, fits f and ``p`` parameters of the model:
R2 = 1 - sum (y-f)^2 / sum (y-ybar)^2; adjusted R2 = 1 - (1-R2) (n-1)/(n-p);
CV(RMSE) = 100 sqrt(sum (y-f)^2 / (n-p)) / ybar [%]; NMBE = 100 sum (y-f) / ((n-p) ybar) [%].
On data that a model was not fitted to, ``p`` is 0. NMBE above 0: more was used than the model says.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Goodness:
    """``n`` observations, ``parameters`` of the model, R2, adjusted R2 [1], CV(RMSE), NMBE [%]; NaN: undefined."""

    n: int
    parameters: int
    r2: float
    adjusted_r2: float
    cv_rmse: float
    nmbe: float

    def to_dict(self) -> dict[str, float | int | None]:
        """Plain numbers; what is undefined is None."""
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, kept: dict[str, float | int | None]) -> Goodness:
        """What ``to_dict`` made."""
        figures = {name: math.nan if kept[name] is None else kept[name] for name in ("r2", "adjusted_r2")}
        figures |= {name: math.nan if kept[name] is None else kept[name] for name in ("cv_rmse", "nmbe")}
        return cls(int(kept["n"] or 0), int(kept["parameters"] or 0), **{k: float(v or 0) for k, v in figures.items()})


def goodness(values: F64, fitted: F64, parameters: int = 0) -> Goodness:
    """Of ``values`` and ``fitted`` (n,) [any one unit]; pairs with a NaN are left out."""
    known = np.isfinite(values) & np.isfinite(fitted)
    y, off = values[known], (values - fitted)[known]
    n = len(y)
    free = n - parameters
    if free <= 0:
        return Goodness(n, parameters, math.nan, math.nan, math.nan, math.nan)
    squares, mean = float(off @ off), float(y.mean())
    spread = float(((y - mean) ** 2).sum())
    r2 = 1.0 - squares / spread if spread > 0 else math.nan
    adjusted = 1.0 - (1.0 - r2) * (n - 1) / free
    if mean == 0:
        return Goodness(n, parameters, r2, adjusted, math.nan, math.nan)
    cv_rmse = 100.0 * math.sqrt(squares / free) / abs(mean)
    return Goodness(n, parameters, r2, adjusted, cv_rmse, 100.0 * float(off.sum()) / (free * mean))
