"""Spike: a reading far beyond everything that the point has shown in four weeks.

Beyond the reach of the kept days by twice that reach and half its size; a spike below that cannot be told from use.
The reach is at least that of the middle point of its quantity: a room that was empty for days may be used again.
Values that stay out there for half an hour and ten readings are a new level, no spike, unless a unit explains them.
"""

from __future__ import annotations

import numpy as np

from twin.quality.finding import Hit
from twin.quality.view import F64, Bools, CheckOf, View, each

LEARNED_H = 72
SPANS = 2.0
SIZES = 0.5
SCATTERS = 3.0
LEVEL_S, LEVEL_READINGS = 1800.0, 10


def look(view: View) -> list[Hit]:
    """Points whose last spikes are not long ago."""
    event = view.recent.events["spike"]
    low, high = view.week.reach()
    return [
        Hit(
            (row,), float(event.first[row]),
            {
                "n": int(event.n[row]), "value": float(event.example[row]), "low": float(low[row]),
                "high": float(high[row]),
            },
        )
        for row in each((event.n > 0) & (view.now - event.last <= view.recent.hold))
    ]  # fmt: skip


def ready(view: View) -> Bools:
    """Points whose reach is known for three days."""
    return view.meta.curve & (view.profiles.hours >= LEARNED_H)


def limits(view: View) -> tuple[F64, F64]:
    """Lowest and highest value that is no spike, of each point; infinite where that is not known."""
    low, high = (side.astype(np.float64) for side in view.week.reach())
    known = ready(view) & np.isfinite(low) & np.isfinite(high)
    for quantity in np.unique(view.meta.quantity[known]):
        peers = known & (view.meta.quantity == quantity)
        low[peers] = np.minimum(low[peers], np.median(low[peers]))
        high[peers] = np.maximum(high[peers], np.median(high[peers]))
    low[view.profiles.zero_hours > 0] = np.minimum(low[view.profiles.zero_hours > 0], 0.0)
    low = np.fmin(low, view.expected.centre - SCATTERS * view.expected.scatter)
    high = np.fmax(high, view.expected.centre + SCATTERS * view.expected.scatter)
    margin = SPANS * (high - low) + SIZES * np.maximum(np.abs(low), np.abs(high))
    return np.where(known, low - margin, -np.inf), np.where(known, high + margin, np.inf)


def new_level(view: View) -> Bools:
    """Points that have stayed outside so long that it is where they are now."""
    recent = view.recent
    stays = (recent.outside_n >= LEVEL_READINGS) & (recent.last_time - recent.outside_since >= LEVEL_S)
    stays[list(view.units)] = False
    return stays


CHECK = CheckOf(look, ready, f"{LEARNED_H} h")
