"""Roll-ups up the space tree: what a building draws, from its own meter or from its rooms, and how much of it we know.

A point *counts* when it has a usable value that is not stale and not suspect. Every total carries its coverage:
``have`` points count of ``of`` that should. An entity's own points win over the roll-up of its children (a building's
meter over the sum of its rooms); while none of its own points count, the children stand in and the total is flagged
'estimated'.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.frame import FLAG_ESTIMATED, FLAG_STALE
from twin.quantity import Rollup as How
from twin.reading import Quality
from twin.slots import Level, SlotTree

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PointColumns:
    """The points of one quantity: ``slot`` they belong to, ``value`` [canonical unit, NaN = none], ``judged`` [s since
    epoch] the time that their age is counted from, ``quality``, ``flags`` (origin bits of the wire format), ``stale``,
    ``suspect`` (probably wrong: in no total; None = none is).
    """

    slot: npt.NDArray[np.int32]
    value: F64
    judged: F64
    quality: U8
    flags: U8
    stale: Bools
    suspect: Bools | None = None

    def counts(self) -> Bools:
        """Which points count: a usable value that is neither stale nor suspect."""
        counts = ~np.isnan(self.value) & ~self.stale & (self.quality <= Quality.UNCERTAIN)
        return counts if self.suspect is None else counts & ~self.suspect


@dataclass(frozen=True, slots=True)
class Rolled:
    """One row a slot: ``value`` (NaN = none), ``have`` of ``of`` points, ``oldest`` [s since epoch, inf = none] the
    time of the oldest value that counts, ``flags`` as in the wire format (quality in bits 0-1).
    """

    value: F64
    have: I64
    of: I64
    oldest: F64
    flags: U8


@dataclass(slots=True)
class _Sums:
    """Running sums of one row a slot, before they become values."""

    num: F64
    den: F64
    have: I64
    of: I64
    oldest: F64
    quality: U8
    origin: U8
    spoken: Bools  # some point below has ever spoken

    @classmethod
    def zero(cls, n: int, how: How) -> _Sums:
        num = np.full(n, -np.inf) if how == "max" else np.zeros(n)
        return cls(
            num, np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64), np.full(n, np.inf),
            np.zeros(n, np.uint8), np.zeros(n, np.uint8), np.zeros(n, np.bool_),
        )  # fmt: skip

    def add(self, at: npt.NDArray[np.int32], rows: _Sums, how: How) -> None:
        """Fold ``rows`` into the slots ``at``."""
        n = len(self.num)
        if how == "max":
            np.maximum.at(self.num, at, rows.num)
        else:
            self.num += np.bincount(at, rows.num, n)
        self.den += np.bincount(at, rows.den, n)
        self.have += np.bincount(at, rows.have, n).astype(np.int64)
        self.of += np.bincount(at, rows.of, n).astype(np.int64)
        np.minimum.at(self.oldest, at, rows.oldest)
        np.maximum.at(self.quality, at, rows.quality)
        np.bitwise_or.at(self.origin, at, rows.origin)
        self.spoken[at[rows.spoken]] = True

    def take(self, rows: npt.NDArray[np.intp]) -> _Sums:
        return _Sums(
            self.num[rows], self.den[rows], self.have[rows], self.of[rows], self.oldest[rows], self.quality[rows],
            self.origin[rows], self.spoken[rows],
        )  # fmt: skip

    def put(self, rows: npt.NDArray[np.intp], new: _Sums) -> None:
        self.num[rows], self.den[rows], self.have[rows], self.of[rows] = new.num, new.den, new.have, new.of
        self.oldest[rows], self.quality[rows], self.origin[rows] = new.oldest, new.quality, new.origin
        self.spoken[rows] = new.spoken


def roll_up(tree: SlotTree, points: PointColumns, how: How) -> Rolled:
    """Roll the points of one quantity up the tree. Spaces without a value that counts show their last one, flagged."""
    n = len(tree.ids)
    counts = points.counts()
    own = _own(tree, points, counts, how)
    sums = _Sums.zero(n, how)
    estimated = np.zeros(n, np.bool_)
    below = _Sums.zero(n, how)
    for level in (Level.SPACE, Level.STOREY, Level.BUILDING, Level.CAMPUS):
        rows = np.flatnonzero(tree.level == level)
        mine, under = own.take(rows), below.take(rows)
        merged, stands_in = _own_or_below(mine, under)
        sums.put(rows, merged)
        estimated[rows] = stands_in
        if level != Level.CAMPUS:
            below.add(tree.parent[rows], merged, how)
    value = _value(sums, how)
    flags = _flags(sums, estimated)
    _show_last(tree, points, counts, how, value, flags)
    return Rolled(value, sums.have, sums.of, sums.oldest, flags)


def _own(tree: SlotTree, points: PointColumns, counts: Bools, how: How) -> _Sums:
    """The points of each slot itself."""
    rows = _Sums.zero(len(points.slot), how)
    rows.of[:] = 1
    rows.spoken[:] = points.quality != Quality.NONE
    rows.have[:] = counts
    weight = tree.weight[points.slot] if how == "area-weighted" else np.ones(len(points.slot))
    if how == "max":
        rows.num[:] = np.where(counts, points.value, -np.inf)
    else:
        rows.num[:] = np.where(counts, points.value * (1.0 if how == "sum" else weight), 0.0)
    rows.den[:] = np.where(counts, weight, 0.0)
    rows.oldest[:] = np.where(counts, points.judged, np.inf)
    rows.quality[:] = np.where(counts, points.quality, 0)
    rows.origin[:] = np.where(counts, points.flags, 0)
    own = _Sums.zero(len(tree.ids), how)
    own.add(points.slot, rows, how)
    if how == "area-weighted":
        # Two thermometers in one room do not make the room twice as large.
        share = np.divide(tree.weight, own.den, out=np.zeros_like(own.den), where=own.den > 0)
        own.num *= share
        own.den *= share
    return own


def _own_or_below(mine: _Sums, under: _Sums) -> tuple[_Sums, Bools]:
    """The own points where any of them counts, else what is below; and where the latter stands in for the former."""
    use = mine.have > 0
    stands_in = ~use & (mine.of > 0) & (under.have > 0)

    def pick(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        return np.where(use, a, b)

    merged = _Sums(
        pick(mine.num, under.num), pick(mine.den, under.den),  # type: ignore[arg-type]
        pick(mine.have, under.have), np.where(use, mine.of, under.of + mine.of),  # type: ignore[arg-type]
        pick(mine.oldest, under.oldest), pick(mine.quality, under.quality),  # type: ignore[arg-type]
        pick(mine.origin, under.origin), mine.spoken | under.spoken,  # type: ignore[arg-type]
    )  # fmt: skip
    return merged, stands_in


def _value(sums: _Sums, how: How) -> F64:
    if how in ("sum", "max"):
        return np.where(sums.have > 0, sums.num, np.nan)
    return np.divide(sums.num, sums.den, out=np.full_like(sums.num, np.nan), where=(sums.have > 0) & (sums.den > 0))


def _flags(sums: _Sums, estimated: Bools) -> U8:
    silent = sums.have == 0
    quality = np.where(silent, np.uint8(Quality.NONE), sums.quality)
    flags = quality | np.where(silent, 0, sums.origin) | np.where(silent & sums.spoken, FLAG_STALE, 0)
    return (flags | np.where(estimated, FLAG_ESTIMATED, 0)).astype(np.uint8)


def _show_last(tree: SlotTree, points: PointColumns, counts: Bools, how: How, value: F64, flags: U8) -> None:
    """Spaces where nothing counts: the last value with its state, or the state alone (bad, never heard)."""
    counting = np.zeros(len(tree.ids), np.bool_)
    counting[points.slot[counts]] = True
    at = np.flatnonzero((tree.level[points.slot] == Level.SPACE) & ~counting[points.slot])
    if not at.size:
        return
    slot = points.slot[at]
    quality = np.zeros(len(tree.ids), np.uint8)
    quality[slot] = Quality.NONE
    np.minimum.at(quality, slot, points.quality[at])
    stale = np.zeros(len(tree.ids), np.uint8)
    spoken = points.quality[at] != Quality.NONE
    np.bitwise_or.at(stale, slot, np.where(points.stale[at] & spoken, FLAG_STALE, 0).astype(np.uint8))
    np.bitwise_or.at(stale, slot, np.where(spoken, points.flags[at], 0).astype(np.uint8))
    flags[slot] = quality[slot] | stale[slot]
    last = at[~np.isnan(points.value[at])]
    total = np.zeros(len(tree.ids))
    number = np.zeros(len(tree.ids))
    np.add.at(number, points.slot[last], 1.0)
    if how == "max":
        total[points.slot[last]] = -np.inf
        np.maximum.at(total, points.slot[last], points.value[last])
        number = np.minimum(number, 1.0)
    else:
        np.add.at(total, points.slot[last], points.value[last])
    shown = points.slot[last]
    value[shown] = total[shown] if how in ("sum", "max") else total[shown] / number[shown]
