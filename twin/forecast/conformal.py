"""Bands that hold what they promise: split conformal, scaled by place, followed by adaptive conformal inference.

Split conformal (Lei, G'Sell, Rinaldo, Tibshirani and Wasserman 2018, doi 10.1080/01621459.2017.1307116): with scores
s_i = |y_i - f_i| / scale_i of n observations that the model has not seen, the band f +- scale q, where q is the
ceil((n + 1)(1 - alpha))-th smallest score, covers a new exchangeable observation with probability 1 - alpha at least,
and at most 1 - alpha + 1 / (n + 1) where scores are distinct. ``scale`` is the scatter of residuals at that slot of the
day and kind of day (their section 5.2), so that nights are not as wide as noon.

Meters drift, and then exchangeability is a fiction: adaptive conformal inference (Gibbs and Candes 2021,
arXiv:2106.00170) moves alpha after each day by gamma (alpha - share of that day outside), which bounds the long-run
miss of the coverage by (1 + gamma) / (gamma T) whatever the data do (their proposition 4.1).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

ALPHA = 0.1
"""Share of the observations that a band leaves outside."""
GAMMA = 0.03
"""Step of the adaptation a day."""
KEPT = 400
"""Scores that are kept of a calibration: its ranks, evenly spaced."""
LEAST_SCATTER = 0.05
"""Share of the overall scatter that no place goes below."""
NEAR = 8.0
"""Observations of the overall scatter that a place's own starts from."""


def rank_of(n: int, alpha: float) -> int:
    """Which of ``n`` sorted scores, counted from 1, bounds a share of 1 - ``alpha``; n + 1: none does."""
    return min(max(math.ceil((n + 1) * (1.0 - alpha) - 1e-9), 1), n + 1)


@dataclass(frozen=True, slots=True)
class Scores:
    """Sorted scores [1] of ``n`` observations of a calibration; over 400 are thinned to 400 evenly spaced ranks."""

    sorted: F64
    n: int

    @classmethod
    def of(cls, scores: F64) -> Scores:
        """From scores (n,) in any order; NaN are left out."""
        known = np.sort(scores[np.isfinite(scores)])
        n = len(known)
        if n > KEPT:
            # the upper neighbour of each rank, so that thinning widens a band by a hair and never narrows it
            known = known[np.ceil(np.linspace(0, n - 1, KEPT)).astype(np.int64)]
        return cls(known, n)

    def bound(self, alpha: float) -> float:
        """The score within which a share of 1 - ``alpha`` of new observations lies; infinite where n is too small."""
        rank = rank_of(self.n, alpha)
        if rank > self.n:
            return math.inf
        if self.n == len(self.sorted):
            return float(self.sorted[rank - 1])
        place = math.ceil((rank - 1) / (self.n - 1) * (len(self.sorted) - 1) - 1e-9)
        return float(self.sorted[place])

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return {"sorted": self.sorted.tolist(), "n": self.n}

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Scores:
        """What ``to_dict`` made."""
        return cls(np.array(kept["sorted"], np.float64), int(kept["n"]))


def scatter(residuals: F64, place: I64, places: int, weight: F64 | None = None) -> F64:
    """Scatter (places,) [unit]: mean absolute residual at each ``place`` (n,), drawn to the overall one where few are.

    ``weight`` (n,) lets old residuals count less. All zero residuals give the smallest positive scatter.
    """
    known = np.isfinite(residuals)
    size, at = np.abs(residuals[known]), place[known]
    w = np.ones(len(size)) if weight is None else weight[known]
    n = np.bincount(at, weights=w, minlength=places)
    overall = float((w @ size) / w.sum()) if w.sum() > 0 else 0.0
    mean = (np.bincount(at, weights=w * size, minlength=places) + NEAR * overall) / (n + NEAR)
    return np.maximum(mean, max(LEAST_SCATTER * overall, 1e-12))


def adapt(alpha: float, outside: float, target: float = ALPHA, gamma: float = GAMMA) -> float:
    """``alpha`` after a day of which the share ``outside`` lay outside of its band (Gibbs and Candes 2021, eq. 2)."""
    return alpha + gamma * (target - outside)
