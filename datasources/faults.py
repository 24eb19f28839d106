"""What faults of feeds have in common, whether a simulator or a replay makes them: instants, patterns, labels.

A label says what went wrong, where, from when to when; tests of detection compare what was found with the labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated

import pyarrow as pa
from pydantic import AfterValidator

SENTINEL = -9999.0
SPIKE_FACTOR = 21.0
"""Seen in real meters: 18 to 23 times the median."""


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone, as in 2026-04-15T10:00:00+08:00")
    return value


Instant = Annotated[datetime, AfterValidator(_aware)]


def matches(pattern: str, *names: str) -> bool:
    """Whether ``pattern`` (``14/05/*``) is or fits one of ``names``. Brackets of a name stay what they are."""
    return any(pattern == name or fnmatchcase(name, pattern) for name in names)


@dataclass(frozen=True, slots=True)
class Label:
    """A fault of one point, from ``start`` to ``end`` [s since epoch, UTC]."""

    kind: str
    point: str
    start: float
    end: float


def label_table(labels: Sequence[Label]) -> pa.Table:
    """Labels as a table: kind, point, start, end."""
    instant = pa.timestamp("ms", tz="UTC")

    def instants(seconds: list[float]) -> pa.Array:
        return pa.array([round(s * 1e3) for s in seconds], pa.int64()).cast(pa.timestamp("ms")).cast(instant)

    return pa.table(
        {
            "kind": pa.array([f.kind for f in labels], pa.string()),
            "point": pa.array([f.point for f in labels], pa.string()),
            "start": instants([f.start for f in labels]),
            "end": instants([f.end for f in labels]),
        }
    )
