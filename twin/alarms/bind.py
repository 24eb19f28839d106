"""Rules and points joined: one watch for each rule and point that it selects, as flat columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import numpy.typing as npt

from twin.alarms.places import Places, Where
from twin.alarms.rule import WATCHING, Rule, Selector
from twin.alarms.schedule import Schedule
from twin.live import F64, Bools, Index
from twin.point import Point

MOST_SAMPLES = 64
"""The longest k-of-n: the last readings of a watch are the bits of one number."""

U64 = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Watches:
    """Columns of the watches, in the order of their points' rows; ``first[row]`` to ``first[row + 1]`` are those of a
    point. ``other`` is the row of the point that a deviation is from (-1: none), ``schedule`` counts in ``schedules``.
    """

    rules: tuple[Rule, ...]
    rule: Index
    row: Index
    other: Index
    inside: Bools
    rate: Bools
    lost: Bools
    low: F64
    high: F64
    deadband: F64
    on_delay: F64
    off_delay: F64
    k: npt.NDArray[np.uint8]
    window: U64
    schedule: Index
    schedules: tuple[Schedule, ...]
    first: Index
    followers: Mapping[int, Index]
    """Row of a point -> the watches that compare another point with it."""

    def __len__(self) -> int:
        return len(self.row)

    def of(self, rows: Index) -> Index:
        """The watches that look at some points (each named once), or compare with them."""
        begin, count = self.first[rows], self.first[rows + 1] - self.first[rows]
        total = int(count.sum())
        if not total:
            found: Index = np.zeros(0, np.intp)
        else:
            ends = np.cumsum(count)
            found = np.arange(total) + np.repeat(begin - (ends - count), count)
        if self.followers:
            more = [self.followers[row] for row in rows.tolist() if row in self.followers]
            if more:
                found = np.unique(np.concatenate([found, *more]))
        return found


def selected(select: Selector, points: Sequence[Point], places: Places) -> list[int]:
    """The rows of the points that a selector takes."""
    return [row for row, point in enumerate(points) if _fits(select, point, places)]


def _fits(select: Selector, point: Point, places: Places) -> bool:
    if select.quantities and point.quantity not in select.quantities:
        return False
    if select.sources and not _any(point.source, select.sources):
        return False
    if select.points and not _any(point.id, select.points):
        return False
    if select.without and _any(point.id, select.without):
        return False
    return fits_place(select, places.of(point.entity))


def fits_place(select: Selector, where: Where) -> bool:
    """Whether what a selector says of places holds for one."""
    if select.kinds and where.kind not in select.kinds:
        return False
    if select.categories and not _any(where.category, select.categories):
        return False
    if select.buildings and not _any(where.building, select.buildings):
        return False
    return all(any(a.scheme == scheme and fnmatchcase(a.value, pattern) for a in where.aliases)
               for scheme, pattern in select.tags)  # fmt: skip


def _any(text: str, patterns: Sequence[str]) -> bool:
    return any(text == pattern or fnmatchcase(text, pattern) for pattern in patterns)


def bound(rules: Sequence[Rule], points: Sequence[Point], places: Places) -> Watches:
    """The watches of all rules over some points; may take a while for many of both."""
    index = {point.id: row for row, point in enumerate(points)}
    taken = tuple(rule for rule in rules if rule.condition.kind in WATCHING)
    pairs: list[tuple[int, int, int]] = []
    by_quantity: dict[str, list[int]] = {}
    for row, point in enumerate(points):
        by_quantity.setdefault(point.quantity, []).append(row)
    for number, rule in enumerate(taken):
        wanted = rule.select.quantities
        rows = [row for quantity in wanted for row in by_quantity.get(quantity, ())] if wanted else range(len(points))
        for row in rows:
            point = points[row]
            if not _fits(rule.select, point, places):
                continue
            other = _other(rule, point, index)
            if other is not None:
                pairs.append((row, number, other))
    pairs.sort()
    return _columns(taken, pairs, len(points))


def _other(rule: Rule, point: Point, index: Mapping[str, int]) -> int | None:
    """The row of the point that a deviation is from; -1: the rule needs none, None: there is no such point."""
    if rule.condition.kind != "deviation":
        return -1
    other = index.get(rule.condition.other.replace("{entity}", point.entity))
    return None if other == index[point.id] else other


def _columns(rules: tuple[Rule, ...], pairs: Sequence[tuple[int, int, int]], n_points: int) -> Watches:
    table = np.array(pairs, np.intp).reshape(-1, 3)
    row, rule, other = table[:, 0].copy(), table[:, 1].copy(), table[:, 2].copy()
    schedules = tuple(dict.fromkeys(each.during for each in rules))
    conditions = [each.condition for each in rules]

    def of(values: Sequence[float], kind: type = np.float64) -> npt.NDArray[np.generic]:
        return np.array(values, kind)[rule] if rules else np.zeros(0, kind)

    lost = np.array([c.kind == "lost" for c in conditions], np.bool_)
    followers: dict[int, list[int]] = {}
    for at in np.flatnonzero(other >= 0).tolist():
        followers.setdefault(int(other[at]), []).append(at)
    masks = [(1 << each.n) - 1 for each in rules]
    return Watches(
        rules, rule, row, other,
        of([c.kind == "inside" for c in conditions], np.bool_),  # type: ignore[arg-type]
        of([c.kind == "rate" for c in conditions], np.bool_),  # type: ignore[arg-type]
        of(lost.tolist(), np.bool_),  # type: ignore[arg-type]
        of([c.low for c in conditions]), of([c.high for c in conditions]),  # type: ignore[arg-type]
        of([c.deadband for c in conditions]),  # type: ignore[arg-type]
        of([each.on_delay_s for each in rules]), of([each.off_delay_s for each in rules]),  # type: ignore[arg-type]
        of([each.k for each in rules], np.uint8), of(masks, np.uint64),  # type: ignore[arg-type]
        of([schedules.index(each.during) for each in rules], np.intp), schedules,  # type: ignore[arg-type]
        np.searchsorted(row, np.arange(n_points + 1)).astype(np.intp),
        {at: np.array(found, np.intp) for at, found in followers.items()},
    )  # fmt: skip
