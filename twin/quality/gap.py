"""Gap: a point that reports at a pace sent less than half of its usual readings in the last whole hour.

Only where the usual number fits the point's own interval: what reports on change alone has no pace.
"""

from __future__ import annotations

from twin.quality.finding import Hit
from twin.quality.hours import HOUR_S
from twin.quality.view import Bools, CheckOf, View, each

LEARNED_H = 24
LEAST = 4.0
SHARE = 0.5
PACE = 0.8


def look(view: View) -> list[Hit]:
    """Points with holes in the last whole hour."""
    holes = ready(view) & (view.last_n < SHARE * view.usual_n) & (view.last_n > 0)
    start = view.week.newest * HOUR_S
    return [
        Hit((row,), start, {"n": int(view.last_n[row]), "usual_n": round(float(view.usual_n[row]), 1)})
        for row in each(holes)
    ]


def ready(view: View) -> Bools:
    """Points with a pace that is known for a day."""
    due = HOUR_S / view.meta.interval_s
    paced = (view.usual_n >= LEAST) & (view.usual_n >= PACE * due)
    return paced & (view.profiles.hours >= LEARNED_H)


CHECK = CheckOf(look, ready, f"{LEARNED_H} h", hourly=True)
