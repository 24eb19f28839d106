"""Clock offset: a device whose clock is ahead, was never set, or runs behind by a steady time.

Behind: the delay between the device's time and ours is long and steady. What was stored and sent later comes with
delays that shrink, so it is none. A delay near whole half hours is a wrong time zone.
"""

from __future__ import annotations

import numpy as np

from twin.quality.finding import Hit
from twin.quality.view import CheckOf, View, each, spoken

BEHIND_S = 120.0
INTERVALS = 2.0
READINGS = 10
STEADY = 0.1
ZONE_S, ZONE_OFF_S = 1800.0, 90.0


def look(view: View) -> list[Hit]:
    """Points with a wrong clock."""
    hits = []
    for kind in ("ahead", "unset"):
        event = view.recent.events[kind]
        hits += [
            Hit((row,), float(event.first[row]), {"n": int(event.n[row]), "offset_s": float(event.example[row])}, kind)
            for row in each((event.n > 0) & (view.now - event.last <= view.recent.hold))
        ]
    recent = view.recent
    steady = recent.lag_scatter <= np.maximum(STEADY * np.abs(recent.lag), 30.0)
    with np.errstate(invalid="ignore"):
        behind = recent.lag > np.maximum(BEHIND_S, INTERVALS * view.meta.interval_s)
    talking = view.now - view.live.received <= np.maximum(view.meta.stale_s, view.meta.interval_s)
    for row in each(behind & steady & (recent.lag_n >= READINGS) & talking):
        lag = float(recent.lag[row])
        zone = lag >= ZONE_S - ZONE_OFF_S and abs(lag - round(lag / ZONE_S) * ZONE_S) <= ZONE_OFF_S
        figures = {"lag_s": lag, "n": int(recent.lag_n[row]), "scatter_s": float(recent.lag_scatter[row])}
        hits.append(Hit((row,), float(recent.lag_since[row]), figures, "zone" if zone else "behind"))
    return hits


CHECK = CheckOf(look, spoken)
