"""A point's latest value and instants as ``/api/v1`` writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from server.schemas import LatestOut
from twin.live import Latest
from twin.reading import Quality


def latest_out(row: Latest) -> LatestOut:
    """The latest value of a point."""
    return LatestOut(
        point=row.point.id, value=row.value, unit=row.unit, time=instant(row.time), received=instant(row.received),
        age_s=None if row.age_s is None else round(row.age_s, 3), quality=word(row.quality), stale=row.stale,
        reasons=list(row.reasons), origin=row.origin,
    )  # fmt: skip


def word(quality: Quality) -> Any:
    """A quality as one word."""
    return quality.name.lower()


def utc(seconds: float) -> datetime:
    """Seconds since the epoch as an instant."""
    return datetime.fromtimestamp(seconds, UTC)


def instant(seconds: float | None) -> datetime | None:
    """The same, where it may be unknown."""
    return None if seconds is None else utc(seconds)
