"""The courses of places: points rolled up the tree in every bucket by the rules of the live totals (``twin.rollup``).

The same answer as ``twin.history.totals`` gives, from fewer rows: since an entity's own points win over those below it,
what stands below a meter is read only for the time in which that meter was silent. A month of hours of a campus with
main meters takes the rows of these meters instead of those of 20,000 rooms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from twin.frame import FLAG_DERIVED, FLAG_ESTIMATED, FLAG_FORECAST, FLAG_MANUAL, FLAG_SIMULATED
from twin.history.buckets import made
from twin.history.columns import F64, I64, Array, Bools, numbers
from twin.history.steps import SeriesError, Step, is_short
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.quantity import QUANTITIES
from twin.quantity import Rollup as How
from twin.reading import Quality
from twin.rollup import PointColumns, Rolled, roll_up
from twin.slots import SlotTree
from twin.trends.course import Course, empty, over_ms
from twin.trends.ground import NONE, Ground, Slots, ground_of

CELLS = 500_000
"""Points times buckets that are worked through at a time."""
MOST_CELLS = 25_000_000
MOST_READINGS = 3_000_000
NEAR = 3
"""Silences that are no further apart than so many buckets are read as one."""
ORIGIN = FLAG_SIMULATED | FLAG_FORECAST | FLAG_MANUAL | FLAG_DERIVED | FLAG_ESTIMATED
COLUMNS = ("mean", "low", "high", "quality", "flags")


def of_places(
    store: SqlStore, live: LiveState, quantity: str, roots: Sequence[str], step: Step, borders: I64, now: int
) -> list[Course]:
    """The course of ``quantity`` under each of ``roots``, none of which stands under another; KeyError where there is
    no such place, SeriesError where that is too much."""
    if len(borders) < 2 or borders[0] >= now or not roots:
        return [empty(borders) for _ in roots]
    slots = np.array([live.tree.index[root] for root in roots], np.intp)
    reading = _Reading(store, live, ground_of(store, live, quantity), step, borders, now)
    reading.descend(slots)
    how = QUANTITIES[quantity].rollup
    parts = [_rolled(reading, slots, how, first, last) for first, last in _pieces(reading)]
    return [_joined(borders, [part[n] for part in parts]) for n in range(len(slots))]


@dataclass(slots=True)
class _Reading:
    """What is read for one question, level by level: ``slots`` and in which buckets each is needed (``masks``); the
    cells (``point`` of the ground, ``bucket``) in which a value stood, with its columns."""

    store: SqlStore
    live: LiveState
    ground: Ground
    step: Step
    borders: I64
    now: int
    slots: list[Slots] = field(default_factory=list)
    masks: list[Bools] = field(default_factory=list)
    point: list[Array] = field(default_factory=list)
    bucket: list[Array] = field(default_factory=list)
    columns: list[list[Array]] = field(default_factory=list)
    spoke: list[tuple[Array, Array]] = field(default_factory=list)
    unfinished: list[I64] = field(default_factory=list)
    cells: int = 0

    def descend(self, roots: Slots) -> None:
        """Read the roots, and what is below as far as it is needed."""
        possible = _possible(self.store, self.borders)
        slots, mask = roots, np.ones((len(roots), len(self.borders) - 1), np.bool_)
        while len(slots):
            self.slots.append(slots)
            self.masks.append(mask)
            stood, has = self._own(slots, mask)
            # where a place has no points of its own those below it tell, else only where its own were silent
            slots, mask = self._below(slots, mask & ~stood & (possible[None, :] | ~has[:, None]))

    def _below(self, slots: Slots, open_: Bools) -> tuple[Slots, Bools]:
        some = np.flatnonzero(open_.any(axis=1))
        children = [self.ground.children.get(int(slots[at]), NONE) for at in some.tolist()]
        if not children:
            return NONE, np.zeros((0, open_.shape[1]), np.bool_)
        parent = np.repeat(some, [len(each) for each in children])
        return np.concatenate(children).astype(np.intp), open_[parent]

    def _own(self, slots: Slots, mask: Bools) -> tuple[Bools, Bools]:
        """Read the own points of ``slots`` where ``mask`` wants them; in which buckets any was known, and which of the
        places have any."""
        place = np.full(len(self.live.tree.ids), -1, np.intp)
        place[slots] = np.arange(len(slots))
        mine = np.flatnonzero(place[self.ground.slot] >= 0)
        stood, has = np.zeros(mask.shape, np.bool_), np.zeros(len(slots), np.bool_)
        has[place[self.ground.slot[mine]]] = True
        spoken = mine[self.ground.key[mine] >= 0]
        if not len(spoken):
            return stood, has
        wants: Bools = np.asarray(mask[has].any(axis=0))
        for first, last in _runs(wants):
            # of a few silent meters what is below these, not what is below all
            wanted: Bools = np.asarray(mask[:, first:last].any(axis=1))
            some = spoken[wanted[place[self.ground.slot[spoken]]]]
            self._read(some, first, last)
            point, bucket = self.point[-1], self.bucket[-1]
            stood[place[self.ground.slot[point]], bucket] = True
        return stood, has

    def _read(self, points: Array, first: int, last: int) -> None:
        """The roll-ups of ``points`` of the ground in the buckets from ``first`` to before ``last``."""
        order = np.argsort(self.ground.key[points])
        keys = self.ground.key[points][order].astype(np.int32)
        self._not_too_much(keys, first, last)
        found = made(self.store, keys, self.step, self.borders[first : last + 1], self.now)
        point = points[order[np.searchsorted(keys, numbers(found.rollups, "point"))]]
        bucket = np.searchsorted(self.borders, numbers(found.rollups, "start"), side="right") - 1
        came, held = numbers(found.rollups, "n") > 0, numbers(found.rollups, "held")
        some = held > 0
        share = np.minimum(1.0, held[some] / np.maximum(over_ms(self.borders, self.now)[bucket[some]], 1.0))
        self.spoke.append((self.ground.slot[point[came]], bucket[came]))
        self.point.append(point[some])
        self.bucket.append(bucket[some])
        self.columns.append([*(numbers(found.rollups, name)[some] for name in COLUMNS), share])
        self.unfinished.append(found.unfinished)

    def _not_too_much(self, keys: npt.NDArray[np.int32], first: int, last: int) -> None:
        self.cells += len(keys) * (last - first)
        if self.cells > MOST_CELLS:
            raise SeriesError(
                f"{len(keys)} points in {last - first} steps are too many for one answer: ask for longer steps (hour, "
                "day), a shorter window, or a smaller place"
            )
        if not is_short(self.step):
            return
        counts = self.store.counts(keys, int(self.borders[first]), int(self.borders[last]))
        number = int(numbers(counts, "rows").sum())
        if number > MOST_READINGS:
            raise SeriesError(
                f"steps below an hour are made from readings, there are {number} in the window, and at most "
                f"{MOST_READINGS} are worked through: ask for step=hour, a shorter window, or a smaller place"
            )

    def depth(self) -> Array:
        """How many levels each bucket needs: (b,)."""
        found: Array = np.sum([mask.any(axis=0) for mask in self.masks], axis=0)
        return found


def _pieces(reading: _Reading) -> Iterator[tuple[int, int]]:
    """Runs of buckets that need as many levels, none with more cells than are worked through at a time."""
    depth = reading.depth()
    size = np.cumsum([len(slots) for slots in reading.slots])
    first = 0
    while first < len(depth):
        same = np.flatnonzero(depth[first:] != depth[first])
        end = first + int(same[0]) if len(same) else len(depth)
        last = min(end, first + max(1, CELLS // max(1, int(size[depth[first] - 1]))))
        yield first, last
        first = last


def _rolled(reading: _Reading, roots: Slots, how: How, first: int, last: int) -> list[Course]:
    """The buckets from ``first`` to before ``last`` at once: a copy of the part of the tree that they need for each."""
    ground, live, buckets = reading.ground, reading.live, last - first
    needed = [slots[mask[:, first:last].any(axis=1)] for slots, mask in zip(reading.slots, reading.masks, strict=True)]
    slots = np.concatenate(needed)
    n = len(slots)
    number = np.full(len(live.tree.ids), -1, np.intp)
    number[slots] = np.arange(n)
    forest = _forest(live.tree, slots, number, roots, buckets)
    points = np.flatnonzero(number[ground.slot] >= 0)
    place = np.full(len(ground.slot), -1, np.intp)
    place[points] = np.arange(len(points))
    slot = np.repeat(np.arange(buckets) * n, len(points)) + np.tile(number[ground.slot[points]], buckets)
    where = slot.astype(np.int32)
    point, bucket, columns = _cells(reading, place, first, last)
    cells = place[point] + len(points) * (bucket - first)
    mean, low, high, quality, flags, share = columns

    def rolled(column: Array, how: How) -> Rolled:
        full, stale = np.full(len(slot), np.nan), np.ones(len(slot), np.bool_)
        worst, origin = np.full(len(slot), Quality.NONE, np.uint8), np.zeros(len(slot), np.uint8)
        full[cells], stale[cells], worst[cells], origin[cells] = column, False, quality, flags
        return roll_up(forest, PointColumns(where, full, np.zeros(len(full)), worst, origin, stale), how)

    every = [rolled(mean, how), rolled(mean * share, how), *(rolled(each, "sum") for each in (share, low, high))]
    spoke = np.zeros((n, buckets), np.bool_)
    for place_of, when in reading.spoke:
        some = (when >= first) & (when < last) & (number[place_of] >= 0)
        spoke[number[place_of[some]], when[some] - first] = True
    unfinished = np.concatenate([np.zeros(0, np.int64), *reading.unfinished])
    borders = reading.borders[first : last + 1]
    finished = ~np.isin(borders[:-1], unfinished)
    return [
        _course(borders, number[root] + n * np.arange(buckets), every, spoke[number[root]], finished)
        for root in roots.tolist()
    ]


def _cells(reading: _Reading, place: Slots, first: int, last: int) -> tuple[Array, Array, list[Array]]:
    """What was read of the points that have a ``place``, in the buckets from ``first`` to before ``last``: near a
    silence more is read than is needed."""
    if not reading.point:
        nothing = np.zeros(0)
        return NONE, NONE, [nothing, nothing, nothing, nothing.astype(np.uint8), nothing.astype(np.uint8), nothing]
    point, bucket = np.concatenate(reading.point), np.concatenate(reading.bucket)
    inside = (bucket >= first) & (bucket < last) & (place[point] >= 0)
    columns = [np.concatenate(each)[inside] for each in zip(*reading.columns, strict=True)]
    return point[inside], bucket[inside], columns


def _course(borders: I64, at: Slots, every: Sequence[Rolled], spoke: Bools, finished: Bools) -> Course:
    """The course of one root, whose copies in the forest are ``at``."""
    mean, known, shares, low, high = every
    have, of, flags = mean.have[at], np.maximum(mean.of[at], 1), mean.flags[at]
    some = have > 0
    # extremes of several meters need not come together: only those of one are known
    alone = some & (have == 1) & (of == 1)

    def of_one(rolled: Rolled) -> F64:
        return np.where(alone, rolled.value[at], np.nan)

    return Course(
        borders, np.where(some, mean.value[at], np.nan), of_one(low), of_one(high),
        np.where(some, np.minimum(1.0, shares.value[at] / of), 0.0), np.where(some, known.value[at], 0.0), have, of,
        np.where(some, flags & 3, Quality.NONE).astype(np.uint8), (flags & np.uint8(ORIGIN)).astype(np.uint8),
        spoke | some, finished,
    )  # fmt: skip


def _joined(borders: I64, parts: Sequence[Course]) -> Course:
    names = Course.__slots__[1:]
    return Course(borders, *(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _runs(mask: Bools) -> Iterator[tuple[int, int]]:
    """Where ``mask`` holds, as from and to, runs that are near each other as one."""
    at = np.flatnonzero(mask)
    if not len(at):
        return
    cut = np.flatnonzero(np.diff(at) > NEAR)
    first, last = np.append(0, cut + 1), np.append(cut, len(at) - 1)
    yield from zip(at[first].tolist(), (at[last] + 1).tolist(), strict=True)


def _possible(store: SqlStore, borders: I64) -> Bools:
    """In which buckets anything at all was heard of the campus: before the first and while the product was off there is
    nothing below a silent meter either. Hours that have no roll-up yet may have something."""
    rolled = store.rolled_hours
    number = np.searchsorted(rolled, borders[1:]) - np.searchsorted(rolled, store.calendar.hour(borders[:-1]))
    found: Bools = (number > 0) | (borders[1:] > store.rolled_until)
    return found


def _forest(tree: SlotTree, slots: Slots, number: Slots, roots: Slots, buckets: int) -> SlotTree:
    """The part of the tree that ``slots`` are, several times; a root hangs on itself."""
    n = len(slots)
    parent = np.where(np.isin(slots, roots), np.arange(n), number[tree.parent[slots]])
    parent = np.tile(parent, buckets) + np.repeat(np.arange(buckets) * n, n)
    return SlotTree(
        ("",) * (n * buckets), parent.astype(np.int32), np.tile(tree.level[slots], buckets),
        np.tile(tree.weight[slots], buckets), {}, {},
    )  # fmt: skip
