"""Counters that count events or bytes become rates: one row a point, the last count and when it was taken.

A count that falls either went round (once, where the source knows at which number and the rate stays possible) or was
begun anew; then there is no rate until the next count, and never a spike (RFC 2863 section 3.1.6 on how counters wrap
and on discontinuities).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

RESTART_S = 30.0
"""A device that says it began this much later than it said before has begun anew [s]."""

FIRST = "first count: a rate needs two"
RESET = "counter began anew"
LATE = "count older than the last"


@dataclass(slots=True)
class _Count:
    value: float
    time: float
    boot: float | None
    rate: float
    reason: str


class Rates:
    """The last count of each counter, by the row of its point."""

    def __init__(self) -> None:
        self._last: dict[int, _Count] = {}

    def carry_over(self, old: Rates, rows: Mapping[int, int]) -> None:
        """Take the last counts of ``old`` over; ``rows`` maps its rows to those of now."""
        self._last = {rows[row]: count for row, count in old._last.items() if row in rows}

    def rate(
        self, row: int, value: float, time: float, *, boot: float | None = None, wrap: int = 0, most: float = math.inf
    ) -> tuple[float, str]:
        """Rate [counts/s] between the last count and this one, or NaN and why there is none.

        ``time`` and ``boot`` are in s since the epoch; ``wrap`` is the number at which the counter begins again (0
        unknown); a rate over ``most`` [counts/s] is not taken for a counter that went round.
        """
        last = self._last.get(row)
        if last is not None and time < last.time:
            return math.nan, LATE
        if last is not None and time == last.time:
            return last.rate, last.reason  # the same count again stays what it was
        count = _Count(value, time, boot, math.nan, FIRST)
        if last is not None:
            count.rate, count.reason = _between(last, count, wrap, most)
        self._last[row] = count
        return count.rate, count.reason


def _between(last: _Count, now: _Count, wrap: int, most: float) -> tuple[float, str]:
    if last.boot is not None and now.boot is not None and now.boot > last.boot + RESTART_S:
        return math.nan, RESET
    seconds = now.time - last.time
    counts = now.value - last.value
    if counts < 0:
        counts += wrap
        if wrap == 0 or counts < 0 or counts / seconds > most:
            return math.nan, RESET
    return counts / seconds, ""
