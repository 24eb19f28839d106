"""How two moments differ, as values that a stream can encode: the later channel minus the earlier, slot by slot.

A slot has a difference where both moments have a value. Its quality is the worse of the two, it is stale if either is,
and its age that of the older one at its own moment; of a total as many points count as did at the moment with fewer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from twin.domains import Channel
from twin.frame import FLAG_STALE
from twin.live import LiveState
from twin.reading import Quality
from twin.rollup import PointColumns, Rolled
from twin.slots import SlotTree

_QUALITY = np.uint8(3)


class Difference:
    """The live state ``at`` a moment minus that ``against`` another; both of one tree. It never changes."""

    def __init__(self, at: LiveState, against: LiveState) -> None:
        self._at, self._against = at, against
        self._shift = at.clock() - against.clock()

    @property
    def tree(self) -> SlotTree:
        """The slots of both."""
        return self._at.tree

    @property
    def clock(self) -> Callable[[], float]:
        """The moment that the other is taken away from [s since epoch]."""
        return self._at.clock

    def quantity_version(self, _quantity: str) -> int:
        """Always the same."""
        return 0

    def columns(self, quantity: str) -> PointColumns:
        """The points of the quantity at the moment."""
        return self._at.columns(quantity)

    def rolled(self, channel: Channel) -> Rolled:
        """The difference of the channel, rolled up the tree at each of the two."""
        one, other = self._at.rolled(channel), self._against.rolled(channel)
        value = one.value - other.value
        known = ~np.isnan(value)
        quality = np.where(known, np.maximum(one.flags & _QUALITY, other.flags & _QUALITY), np.uint8(Quality.NONE))
        flags = (quality | ((one.flags | other.flags) & ~_QUALITY)).astype(np.uint8)
        # what one moment does not know is not an old value of the other
        flags[~known] &= ~np.uint8(FLAG_STALE)
        # each is as old as it was at its own moment; minus infinity and infinity stay what they are
        oldest = np.minimum(one.oldest, other.oldest + self._shift)
        missing = np.isinf(one.oldest) | np.isinf(other.oldest)
        return Rolled(
            value, np.minimum(one.have, other.have), np.maximum(one.of, other.of),
            np.where(missing, np.inf, oldest), flags,
        )  # fmt: skip


def both_ways(channel: Channel) -> Channel:
    """The channel with a range that differences of its values fit in."""
    span = channel.high - channel.low
    return replace(channel, low=-span, high=span)
