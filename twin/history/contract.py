"""The contract of a historian: few verbs, Arrow in and out. ``store.py`` keeps it over any SQL engine, and each engine
is one file beside it.

Points and reasons are told by small numbers (``keys``) that the historian gives out once and never again. Times are
milliseconds since the epoch, UTC. A point has one row for a time: of several, the one that was appended last.

Rows are appended in batches with rising numbers: a batch is there as a whole or not at all, and one whose number is not
above the ``watermark`` is there already. So whoever keeps batches until the watermark has passed them loses nothing and
counts nothing twice, wherever a process ends.

Roll-ups by the hour hold a state as well (the newest row of each point at the hour's end, carried forward), so that any
moment is the state at one hour's end and the rows of one hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Keys = npt.NDArray[np.int32]
Kind = Literal["point", "reason"]

READINGS = pa.schema(
    [
        ("point", pa.int32()),
        ("time", pa.int64()),
        ("value", pa.float64()),  # null: none
        ("delay", pa.int32()),  # received - time [s], to the second
        ("quality", pa.uint8()),
        ("flags", pa.uint8()),  # origin, as in twin.frame
        ("reason", pa.int32()),  # key of the set of reasons, 0: none
    ]
)
"""Readings as they were judged when they came; ``value`` in the canonical unit."""

ROLLUPS = pa.schema(
    [
        ("point", pa.int32()),
        ("start", pa.int64()),  # of the hour or day
        ("n", pa.int32()),  # readings
        ("held", pa.int64()),  # time in which a usable value was known [ms]
        ("mean", pa.float64()),  # over that time; null: none
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("quality", pa.uint8()),  # the worst of what counts
        ("flags", pa.uint8()),  # any of what counts
        ("last_time", pa.int64()),  # the newest row at the end, carried forward; null: never spoke
        ("last_value", pa.float64()),
        ("last_quality", pa.uint8()),
        ("last_flags", pa.uint8()),
        ("last_reason", pa.int32()),
        ("last_delay", pa.int32()),
    ]
)
"""One row a point and hour, or day; a point that said nothing still has one, for the state it stands in."""

GROUPED = pa.schema(
    [("group", pa.int32()), ("start", pa.int64()), ("sum", pa.float64()), ("have", pa.int32()), ("of", pa.int32())]
)
"""Sums of means over groups of points; ``have`` of ``of`` points know anything of that time."""

COUNTS = pa.schema([("point", pa.int32()), ("rows", pa.int64())])

TOP = pa.schema([("point", pa.int32()), ("mean", pa.float64()), ("high", pa.float64()), ("hours", pa.int32())])

BEYOND = pa.schema([("point", pa.int32()), ("hours", pa.int32()), ("out", pa.int32())])
"""Hours that are known of each point, and of how many of them the mean is out of bounds."""

SUMS = pa.schema([("point", pa.int32()), ("known", pa.float64()), ("held", pa.float64())])
"""``known`` [unit x ms] is the mean times the time in which it was known, summed; ``held`` [ms] that time."""

KNOWN = pa.schema([("start", pa.int64()), ("points", pa.float64())])

EVENTS = pa.schema(
    [
        ("time", pa.int64()),
        ("kind", pa.string()),  # source, finding, configuration, note ...
        ("subject", pa.string()),  # id of what it is about
        ("state", pa.string()),
        ("detail", pa.string()),  # JSON object
    ]
)
"""What happened besides readings. The newest event of a kind and subject says in what state it is."""


@dataclass(frozen=True, slots=True)
class KeptPoint:
    """A point as the historian knows it: ``hold_s`` [s] is how long a value stands for itself, after which there is a
    gap; ``quantity`` decides how long rows are kept."""

    id: str
    quantity: str
    hold_s: float


class HistoryError(Exception):
    """Something that the historian cannot do; the message says what is wrong and what to do."""


class HistoryLaterError(HistoryError):
    """It cannot be said yet: the history is being opened, or cannot be reached at the moment. Ask again."""


class HistoryMovedError(HistoryError):
    """What was asked for has just been put elsewhere: ask again."""


class HistoryFullError(HistoryError):
    """There is no room to write; what waits is written when there is."""


class Historian(Protocol):
    """Every call may take long: call it from a thread, from any. One process has a store at a time."""

    def keys(self, points: Sequence[KeptPoint]) -> Keys:
        """The keys of points, new ones given out; a point that is known gets what it says now."""
        ...

    def reason_keys(self, reasons: Sequence[tuple[str, ...]]) -> Keys:
        """The keys of sets of reasons, new ones given out; 0 is the empty set."""
        ...

    def known_points(self) -> dict[str, int]:
        """Every point that ever was, by id."""
        ...

    def known_reasons(self) -> dict[int, tuple[str, ...]]:
        """Every set of reasons that ever was, by key."""
        ...

    def append(self, rows: pa.Table, batch: int, events: pa.Table | None = None) -> None:
        """Keep ``rows`` (``READINGS``) and ``events`` (``EVENTS``) as batch ``batch``; nothing happens if that is not
        above the watermark."""
        ...

    def watermark(self) -> int:
        """The number of the last batch that is kept; 0 before the first."""
        ...

    def span(self) -> tuple[int, int] | None:
        """The times of the oldest and the newest row; None where there is none."""
        ...

    def last(self, points: Keys | None = None) -> pa.Table:
        """The newest row of each point (``READINGS``), of all points without ``points``."""
        ...

    def at(self, time: int, points: Keys | None = None) -> pa.Table:
        """The newest row of each point at or before ``time`` (``READINGS``)."""
        ...

    def rows(self, points: Keys | None, start: int, end: int) -> pa.Table:
        """The rows of points from ``start`` to before ``end`` (``READINGS``), by point and time."""
        ...

    def counts(self, points: Keys | None, start: int, end: int) -> pa.Table:
        """How many rows each point has from ``start`` to before ``end``: (point, rows), by point, those that have
        any."""
        ...

    def rollups(self, step: Literal["hour", "day"], points: Keys | None, start: int, end: int) -> pa.Table:
        """The roll-ups that begin from ``start`` to before ``end`` (``ROLLUPS``), by point and start. Hours that are
        not over yet, or whose rows have just come, are not among them.
        """
        ...

    def grouped(self, step: Literal["hour", "day"], groups: pa.Table, start: int, end: int) -> pa.Table:
        """Sums over groups of points: ``groups`` is (point, group int32); the answer (group, start, sum of means
        [unit], have, of), where ``have`` of ``of`` points have a value; by group and start."""
        ...

    def top(self, points: Keys, start: int, end: int, n: int, *, lowest: bool = False) -> pa.Table:
        """The ``n`` points with the highest mean over the hours from ``start`` to before ``end``: (point, mean, high,
        hours), the highest first; with ``lowest`` the other end."""
        ...

    def beyond(self, points: Keys, start: int, end: int, low: float, high: float) -> pa.Table:
        """How many hours of each point are known, and of how many the mean is below ``low`` or above ``high``
        [canonical unit] (``BEYOND``)."""
        ...

    def sums(self, step: Literal["hour", "day"], points: Keys | None, start: int, end: int) -> pa.Table:
        """What each point comes to over the roll-ups that begin from ``start`` to before ``end``: (point, known [unit x
        ms], held [ms]), by point, those of which anything is known; of all points without ``points``."""
        ...

    def known(self, start: int, end: int, step: int) -> pa.Table:
        """How many points were known in each ``step`` [ms] from ``start`` to before ``end``: (start, points float64),
        by start; steps in which none was are left out. From an hour on by the time that values stood for, below by who
        said anything."""
        ...

    def events(self, start: int, end: int, kinds: Sequence[str] = ()) -> pa.Table:
        """The events from ``start`` to before ``end`` (``EVENTS``), oldest first."""
        ...

    def states(self, time: int, kind: str) -> pa.Table:
        """The newest event of each subject of a kind at or before ``time`` (``EVENTS``)."""
        ...

    def roll(self, now: int) -> int:
        """Make the roll-ups of the hours and days that are over at ``now``, and make those again whose rows have come
        since; how many hours of points were made. Call it every minute or so."""
        ...

    def seal(self, now: int) -> list[str]:
        """Put away the days that are over for long enough, drop what need not be kept any longer; what was done, in
        words. Call it every hour or so."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...
