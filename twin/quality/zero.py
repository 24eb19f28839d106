"""Missing written as 0: a point that is never 0 says 0.

Judged where 0 lies well outside what four weeks have shown, and further off than one of the point's usual steps. Where
0 came in over 4 % of the hours that were taken as good, or in two weeks of hours that were not, it is a value like any
other.
"""

from __future__ import annotations

import numpy as np

from twin.quality.finding import Hit
from twin.quality.view import Bools, CheckOf, View, each

LEARNED_H = 168
SHARE = 0.04
MOST_H = 336
STEPS = 1.3
FLOOR = 0.02
"""Share of the highest value that the lowest one has to reach: nearer to 0 a point may well fall to it."""


def look(view: View) -> list[Hit]:
    """Points that said 0 not long ago."""
    event = view.recent.events["zero"]
    low, high = view.week.reach()
    return [
        Hit((row,), float(event.first[row]), {"n": int(event.n[row]), "low": float(low[row]), "high": float(high[row])})
        for row in each((event.n > 0) & (view.now - event.last <= view.recent.hold))
    ]


def ready(view: View) -> Bools:
    """Points of which a whole week is known."""
    return view.meta.curve & (view.profiles.hours >= LEARNED_H)


def never_zero(view: View) -> Bools:
    """Points whose 0 is no value."""
    low, high = view.week.reach()
    profiles = view.profiles
    rare = (profiles.odd_zero_hours < MOST_H) & (profiles.zero_hours <= SHARE * np.maximum(profiles.hours, 1))
    with np.errstate(invalid="ignore"):
        above = (low > FLOOR * high) & (low > STEPS * view.recent.step)
    return ready(view) & rare & above


CHECK = CheckOf(look, ready, f"{LEARNED_H} h")
