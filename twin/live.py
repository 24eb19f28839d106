"""LiveState: the latest value of every point in flat numpy columns, its age and quality, and roll-ups up the tree.

Written by ``twin.ingest`` from one thread (the event loop). Other threads may read single points; a roll-up copies
its columns first. ``now`` comes from a clock that tests set; times are seconds since the epoch, UTC.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.domains import Channel
from twin.frame import FLAG_DERIVED, FLAG_FORECAST, FLAG_MANUAL, FLAG_SIMULATED
from twin.point import DERIVED, Point
from twin.quantity import QUANTITIES, Rollup
from twin.reading import OVERDUE, SUSPECT, Quality, ValueOrigin
from twin.rollup import PointColumns, Rolled, roll_up
from twin.slots import SlotTree

F64 = npt.NDArray[np.float64]
U8 = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]

ORIGIN_FLAGS: dict[ValueOrigin, int] = {
    "measured": 0, "simulated": FLAG_SIMULATED, "forecast": FLAG_FORECAST, "manual": FLAG_MANUAL,
    "derived": FLAG_DERIVED,
}  # fmt: skip
_ORIGIN_OF = {flag: origin for origin, flag in ORIGIN_FLAGS.items()}

FUTURE_S = 60.0
"""A time further ahead of our clock than this [s] is nobody's: a device's wrong clock, or ours was set back."""

OVERDUE_INTERVALS = 2.0
"""A point's next value is due after an interval; after this many [intervals] it is overdue: late by a whole one."""

MAX_REASONS = 4096
"""Distinct sets of reasons kept; a protocol that invents new words for ever ends in 'other'."""


class Reasons:
    """Sets of reasons as small numbers: 0 is 'none', 1 'other'."""

    def __init__(self) -> None:
        self._ids: dict[tuple[str, ...], int] = {(): 0, ("other",): 1}
        self._texts: list[tuple[str, ...]] = [(), ("other",)]
        self._having: dict[tuple[str, ...], tuple[int, Bools]] = {}

    def id(self, reasons: tuple[str, ...]) -> int:
        """The number of a set of reasons; 1 when there are too many."""
        found = self._ids.get(reasons)
        if found is not None:
            return found
        if len(self._texts) >= MAX_REASONS:
            return 1
        self._ids[reasons] = len(self._texts)
        self._texts.append(reasons)
        return len(self._texts) - 1

    def text(self, number: int) -> tuple[str, ...]:
        """The set of reasons with that number."""
        return self._texts[number]

    def having(self, *words: str) -> Bools:
        """Of every number of a set, whether any of ``words`` is in it."""
        known, mask = self._having.get(words, (0, np.zeros(MAX_REASONS, np.bool_)))
        if known < len(texts := self._texts):
            for number in range(known, len(texts)):
                mask[number] = any(word in texts[number] for word in words)
            self._having[words] = (len(texts), mask)
        return mask


@dataclass(frozen=True, slots=True)
class Columns:
    """Readings of one batch, one row each, in the order in which they came.

    ``point`` is the row of the point; ``value`` in its canonical unit, NaN = none; ``time`` what the reading is filed
    under, ``judged`` what its age is counted from (-inf: unknown, so stale), both [s since epoch]; ``flags`` the
    origin bits.
    """

    point: Index
    value: F64
    time: F64
    received: F64
    judged: F64
    quality: npt.NDArray[np.uint8]
    flags: npt.NDArray[np.uint8]
    reason: npt.NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of the rows of a batch: masks over its rows. Rows in neither became or were overtaken in the batch
    by a newer one."""

    duplicate: Bools
    late: Bools


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest reading of one point. ``age_s`` [s] is None when nothing says how old the value is."""

    point: Point
    value: float | None
    unit: str
    time: float | None
    received: float | None
    age_s: float | None
    quality: Quality
    stale: bool
    reasons: tuple[str, ...]
    origin: ValueOrigin


class LiveState:
    """The live columns of a campus.

    ``points`` whose entity is not in ``tree`` are kept and can be read, but count in no total. ``version`` rises with
    every change; ``quantity_version`` per quantity. ``listeners`` are called after each change, on the writer's thread.
    """

    def __init__(self, points: Sequence[Point], tree: SlotTree, clock: Callable[[], float] = time.time) -> None:
        n = len(points)
        self.points = tuple(points)
        self.tree = tree
        self.clock = clock
        self.index = {point.id: row for row, point in enumerate(points)}
        self.reasons = Reasons()
        self.value: F64 = np.full(n, np.nan)
        self.time: F64 = np.full(n, -np.inf)
        self.received: F64 = np.full(n, -np.inf)
        self.judged: F64 = np.full(n, -np.inf)
        self.quality = np.full(n, Quality.NONE, np.uint8)
        self.flags = np.zeros(n, np.uint8)
        self.reason = np.zeros(n, np.uint16)
        self.stale: Bools = np.ones(n, np.bool_)
        self.overdue: Bools = np.zeros(n, np.bool_)
        self.slot = np.array([tree.slot(point.entity) for point in points], np.int32)
        self._stale_s = np.array([point.stale_s for point in points], np.float64)
        self._overdue_s = np.array([OVERDUE_INTERVALS * point.interval_s for point in points], np.float64)
        keys = list(QUANTITIES)
        self._quantity = np.array([keys.index(point.quantity) for point in points], np.intp)
        self._versions = np.zeros(len(keys), np.int64)
        self._keys = {key: number for number, key in enumerate(keys)}
        self._rows = {key: np.flatnonzero((self._quantity == i) & (self.slot >= 0)) for key, i in self._keys.items()}
        self._derived: Bools = np.array([point.source == DERIVED for point in points], np.bool_)
        self._entity_rows: dict[str, list[int]] = {}
        for row, point in enumerate(points):
            self._entity_rows.setdefault(point.entity, []).append(row)
        self._rolled: dict[tuple[str, str], tuple[int, Rolled]] = {}
        self.version = 0
        self.listeners: list[Callable[[], None]] = []

    def carry_over(self, old: LiveState, here: Index, there: Index) -> None:
        """Take the latest readings of the rows ``there`` of ``old`` over into the rows ``here``; for a new state only.

        ``old`` must not change any more. Versions go on, so that everybody who remembers one sees a change.
        """
        self.reasons = old.reasons
        for name in ("value", "time", "received", "judged", "quality", "flags", "reason"):
            getattr(self, name)[here] = getattr(old, name)[there]
        self.stale, self.overdue = self._ages(np.arange(len(self.points)))
        self.version = old.version + 1
        self._versions[:] = self.version

    def as_of(self, at: float, rows: Columns) -> LiveState:
        """The state at another moment ``at`` [s since epoch]: ``rows`` has the newest reading of each point that had
        spoken by then. It shares points and tree with this one; its clock stands at ``at``, and it never changes.
        """
        past = copy.copy(self)
        n = len(self.points)
        past.clock = lambda: at
        past.value, past.quality = np.full(n, np.nan), np.full(n, Quality.NONE, np.uint8)
        past.time, past.received, past.judged = (np.full(n, -np.inf) for _ in range(3))
        past.flags, past.reason = np.zeros(n, np.uint8), np.zeros(n, np.uint16)
        for name in ("value", "time", "received", "judged", "quality", "flags", "reason"):
            getattr(past, name)[rows.point] = getattr(rows, name)
        past.stale, past.overdue = past._ages(np.arange(n))
        past._versions = self._versions + 1
        past._rolled, past.listeners = {}, []
        return past

    def apply(self, rows: Columns) -> Applied:
        """Take a batch in. The newest row of each point wins; a row older than what is there never does."""
        known = self.time[rows.point]
        # After our own clock was set back every new reading would be 'older', and the campus would stand still.
        known = np.where(known > self.clock() + FUTURE_S, -np.inf, known)
        # A value of unknown age must not keep out what a device with a slow clock says now.
        known = np.where(np.isneginf(self.judged[rows.point]), -np.inf, known)
        late = rows.time < known
        same = (rows.time == known) & _equal(rows.value, self.value[rows.point])
        duplicate = same & (rows.quality == self.quality[rows.point]) & ~late
        fresh = np.flatnonzero(~(late | duplicate))
        if fresh.size:
            # Newest last, and of equal times the one that came last: then the last row of each point wins.
            fresh = fresh[np.argsort(rows.time[fresh], kind="stable")]
            reverse, first = np.unique(rows.point[fresh][::-1], return_index=True)
            take = fresh[::-1][first]
            self._write(reverse, take, rows)
        return Applied(duplicate, late)

    def _write(self, at: Index, take: Index, rows: Columns) -> None:
        self.value[at] = rows.value[take]
        self.time[at] = rows.time[take]
        self.received[at] = rows.received[take]
        self.judged[at] = rows.judged[take]
        self.quality[at] = rows.quality[take]
        self.flags[at] = rows.flags[take]
        self.reason[at] = rows.reason[take]
        self.stale[at], self.overdue[at] = self._ages(at)
        self._changed(at)

    def tick(self) -> int:
        """Judge every point's age by the clock; the number of points that turned stale, overdue or fresh."""
        stale, overdue = self._ages(np.arange(len(self.points)))
        turned = np.flatnonzero((stale != self.stale) | (overdue != self.overdue))
        if turned.size:
            self.stale, self.overdue = stale, overdue
            self._changed(turned)
        return int(turned.size)

    def _ages(self, at: Index) -> tuple[Bools, Bools]:
        """Which of some points are stale, and which are not yet but overdue."""
        age = self.clock() - self.judged[at]
        stale = (age > self._stale_s[at]) | (age < -FUTURE_S)
        return stale, ~stale & (age > self._overdue_s[at])

    def remark(self, at: Index, word: str, *, add: bool) -> None:
        """Add ``word`` to the reasons of values that are there, or take it away; the values stay as they are."""
        for row in at.tolist():
            words = tuple(w for w in self.reasons.text(int(self.reason[row])) if w != word)
            self.reason[row] = self.reasons.id((*words, word) if add else words)
            if add and self.quality[row] == Quality.GOOD:
                self.quality[row] = Quality.UNCERTAIN
            elif not add and not words and self.quality[row] == Quality.UNCERTAIN:
                self.quality[row] = Quality.GOOD
        if at.size:
            self._changed(at)

    def _changed(self, at: Index) -> None:
        self.version += 1
        self._versions[np.unique(self._quantity[at])] = self.version
        for listener in self.listeners:
            listener()

    def quantity_version(self, quantity: str) -> int:
        """Rises when any point of the quantity changes or turns stale."""
        return int(self._versions[self._keys[quantity]])

    def rows(self, quantity: str) -> Index:
        """The rows of the points of one quantity that have a place in the tree."""
        return self._rows[quantity]

    def counting(self, rows: Index) -> Bools:
        """Which of some points count: a usable value that is neither stale nor suspect."""
        fit = ~np.isnan(self.value[rows]) & ~self.stale[rows] & (self.quality[rows] <= Quality.UNCERTAIN)
        return fit & ~self.reasons.having(*SUSPECT)[self.reason[rows]]

    def columns(self, quantity: str) -> PointColumns:
        """A copy of the points of one quantity that have a place in the tree, in the order of ``rows``; what is overdue
        is uncertain.

        Not all of them: where a value is derived from what is measured at the same place, one of the two is there, the
        derived one while it can be used, else the measured ones.
        """
        at = self._once(self._rows[quantity])
        suspect = self.reasons.having(*SUSPECT)[self.reason[at]]
        return PointColumns(
            self.slot[at], self.value[at], self.judged[at], self.graded(at), self.flags[at], self.stale[at], suspect
        )

    def graded(self, at: Index) -> U8:
        """The quality of some points, as maps colour it: what is overdue is uncertain."""
        quality = self.quality[at]
        return np.where(self.overdue[at] & (quality == Quality.GOOD), np.uint8(Quality.UNCERTAIN), quality)

    def _once(self, at: Index) -> Index:
        derived = self._derived[at]
        if not derived.any():
            return at
        usable = derived & ~self.stale[at] & (self.quality[at] <= Quality.UNCERTAIN) & ~np.isnan(self.value[at])
        slot = self.slot[at]
        replaced, measured = (np.isin(slot, slot[mask]) for mask in (usable, ~derived))
        return at[np.where(derived, usable | ~measured, ~replaced)]

    def rolled(self, channel: Channel) -> Rolled:
        """The channel rolled up the tree, computed once for each version of its quantity."""
        return self.rolled_up(channel.quantity, channel.rollup)

    def rolled_up(self, quantity: str, rollup: Rollup) -> Rolled:
        """A quantity rolled up the tree, computed once for each version of it."""
        key = (quantity, rollup)
        version = self.quantity_version(quantity)
        found = self._rolled.get(key)
        if found is None or found[0] != version:
            found = (version, roll_up(self.tree, self.columns(quantity), rollup))
            self._rolled[key] = found
        return found[1]

    def latest(self, point: str) -> Latest:
        """The latest reading of a point by id; KeyError when there is no such point."""
        return self._latest(self.index[point])

    def of_entity(self, entity: str) -> list[Latest]:
        """The latest readings of an entity's own points, in the order of the point list."""
        return [self._latest(row) for row in self._entity_rows.get(entity, ())]

    def of_source(self, source: str) -> Iterable[int]:
        """The rows of a source's points."""
        return (row for row, point in enumerate(self.points) if point.source == source)

    def _latest(self, row: int) -> Latest:
        point = self.points[row]
        value, judged = float(self.value[row]), float(self.judged[row])
        quality, reasons = Quality(int(self.quality[row])), self.reasons.text(int(self.reason[row]))
        spoken = quality != Quality.NONE
        stale, overdue = (bool(each[0]) for each in self._ages(np.array([row])))
        return Latest(
            point=point,
            value=None if np.isnan(value) else value,
            unit=QUANTITIES[point.quantity].unit,
            time=float(self.time[row]) if spoken else None,
            received=float(self.received[row]) if spoken else None,
            age_s=max(0.0, self.clock() - judged) if np.isfinite(judged) else None,
            quality=Quality.UNCERTAIN if overdue and quality == Quality.GOOD else quality,
            stale=stale,
            reasons=(*reasons, OVERDUE) if overdue else reasons,
            origin=_origin(int(self.flags[row])),
        )


def _origin(flags: int) -> ValueOrigin:
    """What is derived stays that, whatever it is derived from."""
    return "derived" if flags & FLAG_DERIVED else _ORIGIN_OF.get(flags, "measured")


def _equal(a: F64, b: F64) -> Bools:
    return np.equal(a, b) | (np.isnan(a) & np.isnan(b))
