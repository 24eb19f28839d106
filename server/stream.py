"""One channel of one scope as frames: what was last encoded, when each slot last changed, what brings a client to now.

The same for the live state, for that of another moment, and for how two moments differ (``Values``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from server.link_board import QUANTITIES
from server.visitors import told
from twin.domains import Channel, channels
from twin.frame import NO_VALUE, Frame, FrameKind, Leaves, Totals, encode, no_leaves, no_totals, quantise
from twin.rollup import PointColumns, Rolled
from twin.slots import Level, SlotTree

LIGHT = 0.05
"""Where at most this share of every stream's rooms changed, the next flush may come sooner: it costs all little."""
OF_PEOPLE = frozenset({"people", "clients", "pir"})
"""Quantities that say whether somebody is there."""
AGE_STEP_S = 5.0
"""A total whose oldest value grew newer by less than this [s] is not sent again for its age alone."""


class StreamError(ValueError):
    """A stream that cannot be opened; the message says which part of the request is wrong."""


class Values(Protocol):
    """What a stream shows: the live state, that of another moment, or how two moments differ."""

    @property
    def tree(self) -> SlotTree:
        """The slots."""
        ...

    @property
    def clock(self) -> Callable[[], float]:
        """The time of it [s since epoch]."""
        ...

    def quantity_version(self, quantity: str) -> int:
        """Another number when any value of the quantity is another one."""
        ...

    def columns(self, quantity: str) -> PointColumns:
        """The points of the quantity."""
        ...

    def rolled(self, channel: Channel) -> Rolled:
        """The channel rolled up the tree."""
        ...


class Stream:
    """One channel of one scope: its slots, what was last encoded, and when each slot last changed.

    ``light``: the last change was of few rooms.
    """

    def __init__(
        self, live: Values, channel: Channel, scope: npt.NDArray[np.bool_], build: int, slot: int = 0,
        totals_only: bool = False,
    ) -> None:  # fmt: skip
        self.channel = channel
        self.slot = slot
        self.has_links = channel.quantity in QUANTITIES and not totals_only
        self._totals_only = totals_only
        self.seq = 0
        self.light = True
        self._build = build
        self._scope = scope
        self._low, self._high = channel.low, channel.high
        self._key_seq = 0
        self._time_ms = 0.0
        self._cache: dict[int, bytes] = {}
        self.follow(live)

    def follow(self, live: Values) -> None:
        """Show ``live``, another one of the same tree; whoever is there already gets a keyframe."""
        self._live = live
        tree = live.tree
        has_point = np.zeros(len(tree.ids), np.bool_)
        has_point[live.columns(self.channel.quantity).slot] = not self._totals_only
        self._leaf_slot = np.flatnonzero(has_point & self._scope & (tree.level == Level.SPACE)).astype(np.uint32)
        total = (live.rolled(self.channel).of > 0) & (tree.level != Level.SPACE)
        if self._totals_only:
            rooms = np.zeros(len(tree.ids), np.bool_)
            slots = live.columns(self.channel.quantity).slot
            rooms[slots[slots >= 0]] = True
            total = told(tree, rooms, total) & (self.channel.quantity not in OF_PEOPLE)
        self._total_slot = np.flatnonzero(total).astype(np.uint32)
        self._version = -1
        self._leaf_seq = np.zeros(len(self._leaf_slot), np.int64)
        self._total_seq = np.zeros(len(self._total_slot), np.int64)
        self._leaf_value = np.full(len(self._leaf_slot), NO_VALUE, np.uint16)
        self._leaf_flags = np.zeros(len(self._leaf_slot), np.uint8)
        self._totals = no_totals()
        self._oldest = np.zeros(0)
        self._sent_oldest = np.zeros(len(self._total_slot))
        if not self.refresh():
            self.seq += 1
        self._cache.clear()
        self._key_seq = self.seq

    def refresh(self) -> bool:
        """Take in what changed; True when there is something to send."""
        version = self._live.quantity_version(self.channel.quantity)
        if version == self._version:
            return False
        self._version = version
        rolled = self._live.rolled(self.channel)
        values = rolled.value[self._leaf_slot]
        widened = self._widen(values)
        leaf_value = quantise(values, self._low, self._high)
        leaf_flags = rolled.flags[self._leaf_slot]
        leaf = (leaf_value != self._leaf_value) | (leaf_flags != self._leaf_flags)
        at = self._total_slot
        totals = Totals(
            at, rolled.value[at].astype(np.float32), _u16(rolled.have[at]), _u16(rolled.of[at]),
            np.zeros(len(at), np.uint16), rolled.flags[at],
        )  # fmt: skip
        oldest = rolled.oldest[at]
        total = self._total_changes(totals, oldest)
        if self.seq and not (widened or leaf.any() or total.any()):
            return False
        self.seq += 1
        if widened:
            self._key_seq = self.seq
        self.light = int(leaf.sum()) <= LIGHT * len(leaf)
        self._leaf_seq[leaf] = self.seq
        self._total_seq[total] = self.seq
        self._leaf_value, self._leaf_flags, self._totals, self._oldest = leaf_value, leaf_flags, totals, oldest
        self._sent_oldest[total] = oldest[total]
        self._time_ms = self._live.clock() * 1000.0
        self._cache.clear()
        return True

    def _total_changes(self, new: Totals, oldest: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        old = self._totals
        if len(old.slot) != len(new.slot):
            return np.ones(len(new.slot), np.bool_)
        value = (new.value != old.value) & ~(np.isnan(new.value) & np.isnan(old.value))
        with np.errstate(invalid="ignore"):
            aged = np.abs(oldest - self._sent_oldest) >= AGE_STEP_S
        state = (new.have != old.have) | (new.of != old.of) | (new.flags != old.flags)
        changed: npt.NDArray[np.bool_] = np.logical_or.reduce([value, state, aged])
        return changed

    def _widen(self, values: npt.NDArray[np.float64]) -> bool:
        """Let the 16-bit range hold every value: it doubles until it does, and never shrinks."""
        known = values[~np.isnan(values)]
        if not known.size:
            return False
        low, high, span = self._low, self._high, self._high - self._low
        while float(known.max()) > self._high:
            self._high += span
            span = self._high - self._low
        while float(known.min()) < self._low:
            self._low -= span
            span = self._high - self._low
        return (low, high) != (self._low, self._high)

    def since(self, seq: int) -> bytes:
        """The frame that brings a client from ``seq`` (0: nothing) to now; the same bytes for all who are there."""
        found = self._cache.get(seq)
        if found is None:
            found = self._cache[seq] = self._encode(seq)
        return found

    def _encode(self, seq: int) -> bytes:
        leaf = self._leaf_seq > seq
        if seq == 0 or seq < self._key_seq or 3 * int(leaf.sum()) > max(len(leaf), 1):
            return encode(self._frame(FrameKind.KEYFRAME, np.ones_like(leaf), np.ones(len(self._total_slot), np.bool_)))
        return encode(self._frame(FrameKind.DELTA, leaf, self._total_seq > seq))

    def _frame(self, kind: FrameKind, leaf: npt.NDArray[np.bool_], total: npt.NDArray[np.bool_]) -> Frame:
        t = self._totals
        oldest = self._oldest[total]
        age = np.where(np.isinf(oldest), 65535, np.clip(self._time_ms / 1000.0 - oldest, 0, 65535)).astype(np.uint16)
        return Frame(
            kind, self.seq, self._time_ms, self._low, self._high, self._build, len(self._live.tree.ids),
            Leaves(self._leaf_slot[leaf], self._leaf_value[leaf], self._leaf_flags[leaf]),
            Totals(t.slot[total], t.value[total], t.have[total], t.of[total], age, t.flags[total]),
        )  # fmt: skip

    def heartbeat(self) -> bytes:
        """A frame without a body: the server's time, build and the number that a client should have reached."""
        return self._bare(FrameKind.HEARTBEAT)

    def event(self, text: bytes) -> bytes:
        """An event (JSON) as a frame."""
        return self._bare(FrameKind.EVENT, text)

    def _bare(self, kind: FrameKind, event: bytes = b"") -> bytes:
        return encode(
            Frame(
                kind, self.seq, self._live.clock() * 1000.0, self._low, self._high, self._build,
                len(self._live.tree.ids), no_leaves(), no_totals(), event,
            )
        )  # fmt: skip


def chosen(tree: SlotTree, channel: str, scope: str) -> tuple[Channel, int]:
    """The channel of that key, and the slot of a scope ('' = the whole campus); StreamError names what there is not."""
    row = channels().get(channel)
    if row is None:
        raise StreamError(f"there is no channel '{channel[:80]}': use one of {', '.join(channels())}")
    slot = tree.index.get(scope) if scope else 0
    if slot is None or tree.level[slot] > Level.STOREY:
        raise StreamError(f"there is no building or storey '{scope[:80]}': leave scope empty for the whole campus")
    return row, slot


def _u16(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.uint16]:
    return np.minimum(counts, 65535).astype(np.uint16)
