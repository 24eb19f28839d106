"""Sub-meters against their main: together they may not draw more than it, and their share of it keeps its habit.

What a main measures beyond its sub-meters (losses, loads without a meter) is a share that hardly changes between the
same hours of different days. Judged over the last six whole hours in which every sub-meter spoke, against those hours
of the days before; with less there is no judgement.
"""

from __future__ import annotations

import numpy as np

from twin.quality.finding import Hit
from twin.quality.hours import HOUR_S
from twin.quality.view import F64, Bools, CheckOf, View

HOURS = 6
LEARNED_H = 72
LEAST_DAYS = 2
OVER = 0.03
"""Share of the main by which its sub-meters may exceed it: two classes of accuracy of 1 %, and the times of reading."""
CHANGED = 0.10
"""Change of the unmetered share of the main that is worth a look."""


def look(view: View) -> list[Hit]:
    """Mains whose sub-meters do not add up."""
    hits = []
    for main, subs in view.meters:
        shares, mains, sums = _shares(view, main, subs)
        new = shares[-HOURS:]
        if len(shares) < LEARNED_H or np.isnan(new).any():
            continue
        days = np.array([shares[-HOURS - 24 * k : len(shares) - 24 * k].mean() for k in range(1, len(shares) // 24)])
        days = days[~np.isnan(days)]
        if len(days) < LEAST_DAYS:
            continue
        share, usual = float(new.mean()), float(np.median(days))
        scatter = float(np.median(np.abs(days - usual)))
        over = share > 1 + OVER
        if not over and abs(share - usual) <= max(CHANGED, 4 * scatter):
            continue
        figures = {
            "main": float(mains[-HOURS:].mean()), "sum": float(sums[-HOURS:].mean()), "n": len(subs),
            "share_percent": 100 * share, "usual_percent": 100 * usual, "hours": HOURS,
        }  # fmt: skip
        since = (view.week.newest + 1 - HOURS) * HOUR_S
        hits.append(Hit((main, *subs), since, figures, "over" if over else "changed"))
    return hits


def _shares(view: View, main: int, subs: tuple[int, ...]) -> tuple[F64, F64, F64]:
    """Hour by hour the share of the main that its sub-meters measure (NaN where one was silent), main and sum."""
    week = view.week.last(view.week.mean.shape[1]).astype(np.float64)[[main, *subs]]
    mains, sums = week[0], week[1:].sum(axis=0)
    shares: F64 = np.divide(sums, mains, out=np.full_like(mains, np.nan), where=mains > 0)
    began = np.flatnonzero(~np.isnan(shares))
    first = int(began[0]) if began.size else len(shares)
    return shares[first:], mains[first:], sums[first:]


def ready(view: View) -> Bools:
    """Mains whose habit is known for three days."""
    known = np.zeros(len(view.meta.points), np.bool_)
    for main, subs in view.meters:
        known[main] = bool((view.profiles.hours[[main, *subs]] >= LEARNED_H).all())
    return known


CHECK = CheckOf(look, ready, f"{LEARNED_H} h", hourly=True)
