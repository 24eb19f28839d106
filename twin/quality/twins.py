"""One meter bound twice, or one meter apportioned: points whose hours move identically, or in a fixed ratio.

Over a week of hourly means, two of one quantity whose curves differ by less than 1 % of their movement, and whose
ratio is one number, are one measurement. Curves are compared through a few random projections in a k-d tree, so that
20,000 points are not 200 million pairs; what is near there is then compared hour by hour.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from twin.quality.finding import Hit
from twin.quality.hours import HOUR_S, WEEK_H
from twin.quality.view import F32, F64, Bools, CheckOf, Index, View

LEARNED_H = 72
HEARD_H = 60
LEAST_CHANGES = 24
"""Hours of which a curve must differ from the one before: what stands still is like everything else that does."""
VARIES = 0.02
"""Least movement of a curve, as a share of its mean."""
SAME = 0.01
IDENTICAL = 0.001
PROJECTIONS = 8
NEAR = 0.06
MOST_PAIRS, CHUNK = 20_000, 2_000


def look(view: View) -> list[Hit]:
    """Groups of points that are one measurement."""
    means = view.week.mean
    usable = np.flatnonzero(ready(view) & _moves(means))
    hits: list[Hit] = []
    for quantity in np.unique(view.meta.quantity[usable]):
        at = usable[view.meta.quantity[usable] == quantity]
        pairs = _pairs(means[at].astype(np.float64))
        hits += _groups(view, at, [p for p in pairs if not _one_above_the_other(view, at, p)], means)
    return hits


def ready(view: View) -> Bools:
    """Points with three days of hours."""
    heard = (~np.isnan(view.week.mean)).sum(axis=1)
    known: Bools = view.meta.curve & (view.profiles.hours >= LEARNED_H) & (heard >= HEARD_H)
    return known


def _moves(means: F32) -> Bools:
    changes = (np.abs(np.diff(means, axis=1)) > 0).sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = np.nan_to_num(means).sum(axis=1) / np.maximum((~np.isnan(means)).sum(axis=1), 1)
        apart = np.nan_to_num(np.abs(means - mean[:, None])).sum(axis=1) / np.maximum((~np.isnan(means)).sum(axis=1), 1)
    moves: Bools = (changes >= LEAST_CHANGES) & (apart > VARIES * np.abs(mean))
    return moves


def _pairs(means: F64) -> list[tuple[int, int, float, float]]:
    """(row, row, ratio, difference) of curves that are one, rows within ``means``."""
    if len(means) < 2:
        return []
    heard = ~np.isnan(means)
    count = heard.sum(axis=1)
    centre = np.nan_to_num(means).sum(axis=1) / count
    moved = np.where(heard, means - centre[:, None], 0.0)
    size = np.abs(moved).sum(axis=1) / count
    shape = moved / size[:, None]
    rng = np.random.default_rng(168)  # the same projections each time: the same findings
    axes = rng.standard_normal((WEEK_H, PROJECTIONS)) / np.sqrt(WEEK_H)
    near = cKDTree(shape @ axes).query_pairs(NEAR, output_type="ndarray")[:MOST_PAIRS]
    found: list[tuple[int, int, float, float]] = []
    for start in range(0, len(near), CHUNK):
        found += _compare(means, near[start : start + CHUNK])
    return found


def _compare(means: F64, pairs: Index) -> list[tuple[int, int, float, float]]:
    """Of pairs of curves those that are one: their ratio, and how far they differ as a share of their movement."""
    a, b = means[pairs[:, 0]], means[pairs[:, 1]]
    both = ~np.isnan(a) & ~np.isnan(b)
    count = np.maximum(both.sum(axis=1), 1)
    a, b = np.where(both, a, 0.0), np.where(both, b, 0.0)
    sums = b.sum(axis=1)
    ratio = np.divide(a.sum(axis=1), sums, out=np.zeros(len(a)), where=sums != 0)
    movement = np.where(both, np.abs(a - (a.sum(axis=1) / count)[:, None]), 0.0).sum(axis=1)
    apart = np.abs(a - ratio[:, None] * b).sum(axis=1)
    differs = np.divide(apart, movement, out=np.full(len(a), np.inf), where=movement > 0)
    one = (both.sum(axis=1) >= HEARD_H) & (ratio > 0) & (differs <= SAME)
    return [
        (int(pairs[n, 0]), int(pairs[n, 1]), float(ratio[n]), float(differs[n])) for n in np.flatnonzero(one).tolist()
    ]


def _one_above_the_other(view: View, at: Index, pair: tuple[int, int, float, float]) -> bool:
    """A main above a single consumer moves with it; the same numbers to the last digit are one meter all the same."""
    a, b, ratio, difference = pair
    if difference <= 1e-6 and abs(ratio - 1) <= 1e-6:
        return False
    tree, slot = view.live.tree, view.live.slot
    one, other = int(slot[at[a]]), int(slot[at[b]])
    return one >= 0 and other >= 0 and one != other and bool(tree.under(one)[other] or tree.under(other)[one])


def _groups(view: View, at: Index, pairs: list[tuple[int, int, float, float]], means: F32) -> list[Hit]:
    above = {row: row for pair in pairs for row in pair[:2]}

    def top(row: int) -> int:
        while above[row] != row:
            row = above[row]
        return row

    for a, b, _, _ in pairs:
        above[max(top(a), top(b))] = min(top(a), top(b))
    members: dict[int, list[int]] = {}
    for row in above:
        members.setdefault(top(row), []).append(row)
    hits = []
    for group in members.values():
        rows = tuple(sorted(int(at[row]) for row in group))
        inside = [pair for pair in pairs if top(pair[0]) == top(group[0])]
        ratio = max((max(r, 1 / r) for _, _, r, _ in inside), default=1.0)
        hours = int((~np.isnan(means[list(rows)])).all(axis=0).sum())
        figures = {"n": len(rows), "ratio": ratio, "hours": hours, "differs_percent": 100 * max(p[3] for p in inside)}
        since = (view.week.newest + 1 - hours) * HOUR_S
        hits.append(Hit(rows, since, figures, "bound" if abs(ratio - 1) <= IDENTICAL else "apportioned"))
    return hits


CHECK = CheckOf(look, ready, f"{LEARNED_H} h", hourly=True)
