"""Flat line: a point that stands still although it moves in these hours of other weeks.

Every hour in which a point spoke but did not move is multiplied by the chance that it stands still then (from its
profile). Below one in a million, over at least two hours and six readings, it is stuck. A value at rest (0, or the end
of its scale) may stand for as long as it likes, as may one of one or two of a meter's own steps: a gas meter that
counts a pulse an hour.
"""

from __future__ import annotations

import math

import numpy as np

from twin.quality.finding import Hit
from twin.quality.hours import HOUR_S
from twin.quality.view import Bools, CheckOf, View, each

CHANCE = math.log(1e-6)
READINGS = 6
HOURS = 2.0
LEARNED_H = 72
STEPS = 2.1


def look(view: View) -> list[Hit]:
    """Points that stand still against their habit."""
    recent, meta = view.recent, view.meta
    at_rest = np.abs(recent.last) <= STEPS * np.nan_to_num(recent.step)
    at_rest |= (recent.last == 0) | (recent.last <= meta.low) | (recent.last >= meta.high)
    still = recent.last_time - recent.same_since
    stuck = ready(view) & ~at_rest & (view.calm < CHANCE) & (recent.same_n >= READINGS) & (still >= HOURS * HOUR_S)
    stuck &= view.now - recent.last_time <= meta.stale_s  # a silent point is stale, not flat
    return [
        Hit(
            (row,), float(recent.same_since[row]),
            {
                "value": float(recent.last[row]), "n": int(recent.same_n[row]), "still_s": float(still[row]),
                "moves_percent": round(100 * float(view.expected.moves[row]), 1),
                "days": int(view.expected.days[row]),
            },
        )
        for row in each(stuck)
    ]  # fmt: skip


def ready(view: View) -> Bools:
    """Points whose habit is known for three days."""
    return view.meta.curve & (view.profiles.hours >= LEARNED_H)


def chance_still(moves: np.ndarray[tuple[int], np.dtype[np.float64]]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Logarithm of the chance to stand still for an hour in which a point ``moves`` with this chance."""
    return np.log1p(-np.minimum(np.nan_to_num(moves), 0.99))


CHECK = CheckOf(look, ready, f"{LEARNED_H} h")
