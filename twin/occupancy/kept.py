"""What the estimator learned of the spaces, as a file: it outlives a restart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twin import learned
from twin.occupancy.fusion import Fusion

VERSION = 1


def _columns(fusion: Fusion) -> learned.Columns:
    """(spaces, ...) views of everything that is learned."""
    usual, air = fusion.usual, fusion.air
    return {
        "sums": fusion.errors.sums.T, "seen": usual.seen, "used": usual.used, "persons": usual.persons,
        "hours": usual.hours, "outdoor": air.outdoor, "air": air.air, "nights": air.nights, "drift": fusion.drift,
    }  # fmt: skip


def save(path: Path, ids: Sequence[str], fusion: Fusion) -> None:
    """Write what was learned of the spaces ``ids``; OSError where that cannot be."""
    learned.save(path, ids, _columns(fusion), VERSION)


def load(path: Path, ids: Sequence[str], fusion: Fusion) -> int:
    """Fill in what the file knows of the spaces ``ids``; the number of them."""
    found, _ = learned.load(path, ids, _columns(fusion), VERSION, "people")
    if found:
        fusion.errors.forget(0.0)
    return found
