"""Where nothing was known of a point: the stretches between those in which a usable value stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.history.columns import I32, I64, Bools, Rows
from twin.history.contract import Keys
from twin.reading import Quality


@dataclass(frozen=True, slots=True)
class Stretches:
    """Stretches of time by point: from ``start`` to before ``end`` [ms]."""

    point: I32
    start: I64
    end: I64

    @classmethod
    def joined(cls, parts: Sequence[Stretches]) -> Stretches:
        """All of several."""
        if not parts:
            return NOWHERE
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__slots__))


NOWHERE = Stretches(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64))


def usable(rows: Rows, suspect: Bools) -> Bools:
    """Which rows say something that counts: a value, not bad, not suspect."""
    fit = ~np.isnan(rows.value) & (rows.quality <= Quality.UNCERTAIN)
    return fit & ~suspect[np.minimum(rows.reason, len(suspect) - 1)]


def standing(rows: Rows, suspect: Bools, hold_ms: I64, start: int, end: int) -> Stretches:
    """Where a value that counts stood between ``start`` and ``end`` [ms]: until the next row of its point, and no
    longer than its hold. ``rows`` by point and time, with the newest before; ``hold_ms`` (n,) of each row's point."""
    last = np.append(rows.point[1:] != rows.point[:-1], True)[: len(rows.point)]
    following = np.append(rows.time[1:], end)[: len(rows.time)]
    until = np.minimum(np.where(last, end, following), np.minimum(rows.time + hold_ms, end))
    begin = np.maximum(rows.time, start)
    some = usable(rows, suspect) & (until > begin)
    return Stretches(rows.point[some], begin[some], until[some])


def gaps(points: Keys, known: Stretches, start: int, end: int) -> Stretches:
    """What lies between the ``known`` stretches of each of ``points`` from ``start`` to ``end`` [ms], by point and
    time."""
    if end <= start or not len(points):
        return NOWHERE
    edge = np.sort(points).astype(np.int32)
    point = np.concatenate([edge, known.point, edge])
    first, last = np.full(len(edge), start), np.full(len(edge), end)
    begin = np.concatenate([first, np.clip(known.start, start, end), last])
    until = np.concatenate([first, np.clip(known.end, start, end), last])
    order = np.lexsort((until, begin, point))
    point, begin, until = point[order], begin[order], until[order]
    open_ = (point[1:] == point[:-1]) & (begin[1:] > until[:-1])
    return Stretches(point[1:][open_], until[:-1][open_], begin[1:][open_])
