"""Steps of the base load: the lowest hour of each day, a fortnight before against a week after.

A step at day k: the median of the daily minima of days k to k + 6 differs from that of days k - 14 to k - 1 by more
than four robust scatters of them (1.4826 MAD) and by a share of the level. Of neighbouring days the one with the
sharpest difference counts. No model is needed, so that it also finds what a model has got used to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

BEFORE_D, AFTER_D = 14, 7
LEAST_KNOWN = 4
"""Days of each side that have to be known [d]."""
SCATTERS = 4.0
LEAST_SHARE = 0.1
MAD_TO_SIGMA = 1.4826


@dataclass(frozen=True, slots=True)
class BaseStep:
    """From day ``day`` (counted from the first) on the base load is ``after`` instead of ``before`` [unit]."""

    day: int
    before: float
    after: float

    @property
    def size(self) -> float:
        """How much more it is [unit]."""
        return self.after - self.before


def daily_minima(table: F64) -> F64:
    """The lowest value of each day (days,) of a table (days, slots); NaN where less than half of the day is known."""
    known = np.isfinite(table)
    lowest = np.where(known, table, np.inf).min(axis=1)
    return np.where(known.sum(axis=1) * 2 >= table.shape[1], lowest, np.nan)


def base_steps(minima: F64) -> list[BaseStep]:
    """The steps in daily minima (days,) [unit], NaN unknown, in the order of time."""
    strength, levels = np.zeros(len(minima)), np.zeros((len(minima), 2))
    for day in range(LEAST_KNOWN, len(minima) - LEAST_KNOWN + 1):
        before = minima[max(day - BEFORE_D, 0) : day]
        after = minima[day : day + AFTER_D]
        before, after = before[np.isfinite(before)], after[np.isfinite(after)]
        if min(len(before), len(after)) < LEAST_KNOWN:
            continue
        levels[day] = np.median(before), np.median(after)
        off = np.concatenate((before - levels[day, 0], after - levels[day, 1]))
        scatter = max(MAD_TO_SIGMA * float(np.median(np.abs(off))), 0.01 * abs(levels[day, 0]), 1e-9)
        jump = abs(levels[day, 1] - levels[day, 0])
        if jump >= LEAST_SHARE * abs(levels[day, 0]):
            # the first day after has to be beyond half-way: medians alone would put the step days too early
            there = np.abs(minima[day - 1 : day + 1] - levels[day, 0]) > jump / 2
            strength[day] = jump / scatter * (1.0 if there.tolist() == [False, True] else 0.5)
    return [
        BaseStep(day, float(levels[day, 0]), float(levels[day, 1]))
        for day in np.flatnonzero(strength >= SCATTERS).tolist()
        if strength[day] == strength[max(day - AFTER_D, 0) : day + AFTER_D + 1].max()
        and not (strength[max(day - AFTER_D, 0) : day] == strength[day]).any()
    ]
