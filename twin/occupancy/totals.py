"""Sums of estimates up the tree, with intervals that do not pretend that errors of rooms are independent.

Rooms of a campus share devices a person, the weather at their windows, a habit of the week: their errors go together.
With a correlation r between any two rooms, var(sum) = (1 - r) sum(sd²) + r (sum sd)². r is an assumption: with 0 a
building of 100 rooms would look ten times as sure as a room, with 1 not at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]

CORRELATION = 0.2
Z80 = 1.2815516
"""The normal distribution's 90 % point: 80 % lie between -Z80 and Z80."""


@dataclass(frozen=True, slots=True)
class Sum:
    """``people`` with its 80 % interval; ``have`` of ``of`` spaces are known. NaN where none is.

    ``simulated``: some source of a known space is.
    """

    people: float
    low: float
    high: float
    have: int
    of: int
    simulated: bool = False


def total(people: F64, sd: F64) -> Sum:
    """The sum over spaces; those that are not known (NaN) are not guessed, the coverage tells of them."""
    known = np.isfinite(people)
    have = int(known.sum())
    if not have:
        return Sum(np.nan, np.nan, np.nan, 0, len(people))
    each = sd[known]
    spread = Z80 * float(np.sqrt((1 - CORRELATION) * (each**2).sum() + CORRELATION * each.sum() ** 2))
    value = float(people[known].sum())
    return Sum(value, max(0.0, value - spread), value + spread, have, len(people))
