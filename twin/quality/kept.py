"""What the checks learned of the points, as a file: weeks of learning outlive a restart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twin import learned
from twin.quality.hours import Week
from twin.quality.profile import Profiles
from twin.quality.recent import Recent

VERSION = 1
PROFILE = ("centre", "scatter", "weeks", "moved", "hours", "moved_hours", "zero_hours", "odd_zero_hours")
WEEK = ("mean", "low", "high")
RECENT = ("step",)


def _columns(profiles: Profiles, week: Week, recent: Recent) -> learned.Columns:
    """(points, ...) columns of everything that is learned."""
    owners = ((profiles, PROFILE), (week, WEEK), (recent, RECENT))
    return {name: getattr(owner, name) for owner, names in owners for name in names}


def save(path: Path, ids: Sequence[str], profiles: Profiles, week: Week, recent: Recent) -> None:
    """Write what was learned of the points ``ids``; OSError where that cannot be."""
    learned.save(path, ids, _columns(profiles, week, recent), VERSION, newest=week.newest)


def load(path: Path, ids: Sequence[str], profiles: Profiles, week: Week, recent: Recent) -> int:
    """Fill in what the file knows of the points ``ids``; the number of them."""
    columns = _columns(profiles, week, recent)
    found, numbers = learned.load(path, ids, columns, VERSION, "the points", ("newest",))
    if found:
        week.newest = numbers["newest"]
    return found
