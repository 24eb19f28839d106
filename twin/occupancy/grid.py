"""A distribution over the number of persons of each space, on a few levels, and how it spreads while nobody reports.

Levels are 0, 1, 2 ... and grow geometrically in large rooms, so that 32 levels serve an office and a hall. Between
readings people come and go one by one, and now and then a room is used anew, as it usually is at that hour: a hidden
Markov model [Rabiner 1989, doi:10.1109/5.18626], whose forward step is a few array operations over all spaces.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
Index = npt.NDArray[np.intp]

LEVELS = 32
MOVES_PER_H = 2.0
"""Each person comes or goes about this often [1/h]: two changes an hour, as in an office."""
ANEW_PER_H = 1.0
"""A room is used anew about this often [1/h]; then it is as it usually is at that hour."""
M2_PER_PERSON, LEAST, UNKNOWN_M2 = 0.8, 8, 200.0
"""A room holds one person a 0.8 m², and at least 8; standing people need less than that in no room of a campus."""


def capacities(area_m2: F64) -> F64:
    """The most persons that a space is thought to hold, from its area [m2, NaN = unknown]."""
    area = np.where(np.isfinite(area_m2), area_m2, UNKNOWN_M2)
    return np.maximum(LEAST, np.ceil(area / M2_PER_PERSON))


def levels_of(capacity: F64) -> F64:
    """(spaces, LEVELS) numbers of persons: whole, rising, from 0 to at least the capacity."""
    rows = np.zeros((len(capacity), LEVELS))
    top = np.maximum(capacity, LEVELS - 1)
    growth = (top / 4.0) ** (1.0 / (LEVELS - 5))
    for level in range(1, LEVELS):
        geometric = 4.0 * growth ** (level - 4) if level > 4 else 0.0
        rows[:, level] = np.maximum(rows[:, level - 1] + 1.0, np.rint(geometric))
    return rows


class Grid:
    """The distributions ``p`` (spaces, LEVELS) over ``levels``; every row adds up to 1."""

    def __init__(self, capacity: F64) -> None:
        self.levels = levels_of(capacity)
        gap = np.diff(self.levels, axis=1)
        below = np.concatenate([np.ones((len(capacity), 1)), gap], axis=1)
        above = np.concatenate([gap, np.ones((len(capacity), 1))], axis=1)
        self.width = 0.5 * (below + above)
        # One by one with variance rate * n: on wide levels the chance of a step shrinks with the width squared.
        self._up = 0.5 * MOVES_PER_H * (self.levels + 0.3) / (above * self.width)
        self._down = 0.5 * MOVES_PER_H * self.levels / (below * self.width)
        self._up[:, -1] = 0.0
        self.p = np.full(self.levels.shape, 1.0 / LEVELS)

    def usual(self, occupied: F64, persons: F64) -> F64:
        """(spaces, LEVELS) what a space is when used anew: somebody with chance ``occupied``, ``persons`` on average
        then, spread geometrically (the widest spread of a count with that mean)."""
        stay = 1.0 - 1.0 / np.maximum(persons, 1.01)[:, None]
        share = stay ** (self.levels - 1.0) * self.width
        share[:, 0] = 0.0
        rows: F64 = share * (occupied / share.sum(axis=1))[:, None]
        rows[:, 0] = 1.0 - occupied
        return rows

    def spread(self, hours: float, usual: F64) -> None:
        """Let ``hours`` go by without a reading."""
        up, down = np.minimum(self._up * hours, 0.25), np.minimum(self._down * hours, 0.25)
        p = self.p * (1.0 - up - down)
        p[:, 1:] += (self.p * up)[:, :-1]
        p[:, :-1] += (self.p * down)[:, 1:]
        anew = 1.0 - np.exp(-ANEW_PER_H * hours)
        self.p = (1.0 - anew) * p + anew * usual

    def weigh(self, log_likelihood: npt.NDArray[np.float32]) -> None:
        """Take in what readings say: Bayes' rule on every row."""
        p = self.p * np.exp(log_likelihood - log_likelihood.max(axis=1, keepdims=True)) + 1e-12
        self.p = p / p.sum(axis=1, keepdims=True)

    def quantile(self, q: float, p: F64) -> F64:
        """(spaces,) the number of persons that is not exceeded with chance ``q`` under ``p`` (spaces, LEVELS)."""
        at = (p.cumsum(axis=1) < q - 1e-9).sum(axis=1).clip(max=LEVELS - 1)
        found: F64 = self.levels[np.arange(len(at)), at]
        return found

    def mean(self) -> F64:
        """(spaces,) the expected number of persons."""
        return np.asarray((self.p * self.levels).sum(axis=1))
