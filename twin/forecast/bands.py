"""Bands of a forecast that goes from day to day: scatter by place, a pool of recent scores, an alpha that adapts."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from twin.forecast.conformal import ALPHA, GAMMA, LEAST_SCATTER, NEAR, Scores, adapt
from twin.forecast.days import DayKinds

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

GROUPS = 3
FORGET = 20.0
"""Half-life of the scatter [d]."""
POOL_DAYS = 60
"""Days whose scores bound the next day's."""
FIRST_DAYS = 7
"""Days whose residuals only teach the scatter, before there are scores."""
LEAST_ALPHA, MOST_ALPHA = 0.005, 0.5
"""How far alpha is followed: beyond them a band would be open, or hardly one."""


def places_of(kinds: DayKinds, slots: int) -> I64:
    """The place (days, slots) of each cell: its slot of the day, apart for working days, Saturdays and Sundays."""
    places: I64 = kinds.group[:, None] * slots + np.arange(slots)
    return places


@dataclass(frozen=True, slots=True)
class BandState:
    """Sums of absolute residuals ``size`` and their ``weight`` by place (3 x slots,), the pool of scores, alpha."""

    size: F64
    weight: F64
    scores: Scores
    alpha: float

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers."""
        return {"size": self.size.tolist(), "weight": self.weight.tolist(), "scores": self.scores.to_dict(),
                "alpha": self.alpha}  # fmt: skip

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> BandState:
        """What ``to_dict`` made."""
        return cls(
            np.array(kept["size"], np.float64), np.array(kept["weight"], np.float64),
            Scores.from_dict(kept["scores"]), float(kept["alpha"]),
        )  # fmt: skip


class BandRoller:
    """Half the width of each day's band, from the residuals of the days before it."""

    def __init__(self, slots: int, state: BandState | None = None, gamma: float = GAMMA) -> None:
        self.size = np.zeros(GROUPS * slots) if state is None else state.size.copy()
        self.weight = np.zeros(GROUPS * slots) if state is None else state.weight.copy()
        self.alpha, self.gamma = ALPHA if state is None else state.alpha, gamma
        self._pool: deque[F64] = deque([] if state is None else [state.scores.sorted], maxlen=POOL_DAYS)
        self._days = 0 if state is None else FIRST_DAYS

    def half(self, places: F64 | I64) -> F64:
        """Half the width (slots,) [unit] at those places; infinite while scores are too few."""
        scores = Scores.of(np.concatenate([*self._pool, np.zeros(0)]))
        half: F64 = self._scale()[places] * scores.bound(min(max(self.alpha, LEAST_ALPHA), MOST_ALPHA))
        return half

    def take(self, places: I64, off: F64, half: F64) -> None:
        """The residuals ``off`` (slots,) of a day whose band was ``half``; NaN where they are not known."""
        known = np.isfinite(off)
        if not known.any():
            return
        off, at = np.abs(off[known]), places[known]
        if self._days >= FIRST_DAYS:
            self._pool.append(off / self._scale()[at])
            if np.isfinite(half[known]).all():
                self.alpha = adapt(self.alpha, float((off > half[known]).mean()), gamma=self.gamma)
        self._days += 1
        keep = 0.5 ** (1.0 / FORGET)
        self.size, self.weight = keep * self.size, keep * self.weight
        np.add.at(self.size, at, off)
        np.add.at(self.weight, at, 1.0)

    def state(self) -> BandState:
        """What the next day's band rests on."""
        return BandState(
            self.size.copy(), self.weight.copy(), Scores.of(np.concatenate([*self._pool, np.zeros(0)])), self.alpha
        )

    def _scale(self) -> F64:
        overall = float(self.size.sum() / self.weight.sum()) if self.weight.sum() > 0 else 0.0
        mean = (self.size + NEAR / 4 * overall) / (self.weight + NEAR / 4)
        return np.maximum(mean, max(LEAST_SCATTER * overall, 1e-12))


def roll_bands(
    off: F64, kinds: DayKinds, state: BandState | None = None, gamma: float = GAMMA
) -> tuple[F64, BandState]:
    """Half widths (days, slots) [unit] for residuals ``off`` (days, slots), each from the days before and ``state``."""
    roller, places, half = BandRoller(off.shape[1], state, gamma), places_of(kinds, off.shape[1]), np.zeros_like(off)
    for day, row in enumerate(off):
        half[day] = roller.half(places[day])
        roller.take(places[day], row, half[day])
    return half, roller.state()
