"""Stale: a point that spoke before has been silent for longer than its own time."""

from __future__ import annotations

import numpy as np

from twin.quality.finding import Hit
from twin.quality.view import CheckOf, View, each, spoken
from twin.reading import Quality


def look(view: View) -> list[Hit]:
    """Points that turned stale; one that never spoke is not a fault of the data but of the mapping."""
    live, stale_s = view.live, view.meta.stale_s
    age = view.now - live.judged
    silent = (live.quality != Quality.NONE) & (age > stale_s) & np.isfinite(live.judged)
    return [
        Hit((row,), float(live.judged[row]), {"age_s": float(age[row]), "stale_s": float(stale_s[row])})
        for row in each(silent)
    ]


CHECK = CheckOf(look, spoken)
