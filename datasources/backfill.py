"""After an outage of the product or of the link: what the peer kept meanwhile is asked for, piece by piece.

A source module may have ``async def backfill(settings, points, since, until)``, an async generator of lists of raw
readings with their own times from ``since`` to before ``until`` [s since epoch], and ``backfill_h`` [h] in its
settings: how far back it may go, 0 for never. ``runner`` calls it once values arrive again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import Field

from datasources.contract import SourceError, SourceModule
from twin.point import Point
from twin.reading import RawReading

log = logging.getLogger(__name__)

Reach = Annotated[float, Field(ge=0, le=8784)]
"""How far back a source may go [h]."""
REACH_H = 24.0
PIECE_S = 3600.0
"""So much of the past is asked for at a time [s] ..."""
REST_S = 1.0
"""... and so long nothing is asked after it."""
AT_ONCE = 2000
"""Readings handed on at a time: live values of others come in between."""
LEAST_HOLE_S = 60.0
HOLE_INTERVALS = 3.0
TRIES, TRY_AGAIN_S = 3, 30.0

Backfill = Callable[[Any, Sequence[Point], float, float], AsyncIterator[list[RawReading]]]


@dataclass(frozen=True, slots=True)
class Late:
    """What the program gives: ``known_until(points, before)`` is the newest instant before ``before`` [both s since
    epoch] of which the history has anything of these points, None for never or where none is kept; ``sink(source,
    batch)`` takes readings of the past."""

    known_until: Callable[[Sequence[Point], float], Awaitable[float | None]]
    sink: Callable[[str, Sequence[RawReading]], object]


def backfill_of(module: SourceModule) -> Backfill | None:
    """The module's ``backfill``, if it has one."""
    return cast("Backfill | None", getattr(module, "backfill", None))


class Filler:
    """The holes of one source: knows since when it owes readings."""

    def __init__(self, name: str, points: Sequence[Point], backfill: Backfill, late: Late) -> None:
        self._name, self._points, self._backfill, self._late = name, points, backfill, late
        self._heard: float | None = None
        self._owed: float | None = None
        self._connected = 0.0
        intervals = sorted(point.interval_s for point in points)
        usual = intervals[len(intervals) // 2] if intervals else 0.0
        self._least_s = max(LEAST_HOLE_S, HOLE_INTERVALS * usual)

    def connecting(self, now: float) -> None:
        """It connects: what was heard last is where the hole begins, unless an older one is not filled yet."""
        self._connected = now
        if self._owed is None:
            self._owed = self._heard

    def heard(self, now: float) -> None:
        """Live values came."""
        self._heard = now

    async def fill(self, settings: Any, until: float) -> None:
        """Ask for what is missing before ``until`` [s since epoch]; what fails is logged, and owed still."""
        reach_s = 3600.0 * float(getattr(settings, "backfill_h", 0.0))
        if reach_s <= 0 or not self._points:
            self._owed = None
            return
        if self._owed is None:
            self._owed = await self._late.known_until(self._points, self._connected)
        if self._owed is None or until - self._owed < self._least_s:
            self._owed = None
            return
        begin = self._owed = max(self._owed, until - reach_s)
        count = 0
        while self._owed < until:
            end = min(until, self._owed + PIECE_S)
            got = await self._piece(settings, self._owed, end)
            if got is None:
                return
            count, self._owed = count + got, end
            await asyncio.sleep(REST_S if end < until else 0)
        self._owed = None
        log.info("source %s: %d readings of %.0f s that were missed", self._name, count, until - begin)

    async def _piece(self, settings: Any, since: float, until: float) -> int | None:
        """The readings of a piece, handed on; how many, None where they cannot be had."""
        for attempt in range(1, TRIES + 1):
            try:
                count = 0
                async for batch in self._backfill(settings, self._points, since, until):
                    told = [row for row in batch if row.time is not None and since <= row.time < until]
                    count += len(told)
                    for first in range(0, len(told), AT_ONCE):
                        self._late.sink(self._name, told[first : first + AT_ONCE])
                        await asyncio.sleep(0)
                return count
            except (SourceError, OSError, TimeoutError) as error:
                log.warning("source %s: the past from %s cannot be had: %s", self._name, _iso(since), error)
                if attempt < TRIES:
                    await asyncio.sleep(TRY_AGAIN_S)
            except Exception:
                log.exception("source %s: the past from %s cannot be had", self._name, _iso(since))
                return None
        return None


def _iso(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
