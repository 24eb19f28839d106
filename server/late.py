"""What the history says of the holes of sources: since when nothing of their points is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from datasources.backfill import Late
from twin.history.contract import HistoryError
from twin.point import Point

if TYPE_CHECKING:
    from server.runtime import Runtime

WAIT_S = 1.0
WAITS = 120


def late_of(runtime: Callable[[], Runtime]) -> Late:
    """What sources need to have their holes filled; the ingest is looked up each time, it is another one after points
    came or went."""
    return Late(
        lambda points, before: known_until(runtime(), points, before),
        lambda name, batch: runtime().ingest.accept_late(batch, name),
    )


async def known_until(runtime: Runtime, points: Sequence[Point], before: float) -> float | None:
    """The newest instant before ``before`` [s since epoch] of which anything of ``points`` is kept; None where nothing
    is, no history is kept, or it cannot say for two minutes."""
    for _ in range(WAITS):
        recorder = runtime.recorder
        if recorder is None:
            return None
        store = recorder.store
        if store is not None and not recorder.filling:
            known = store.known_points()
            keys = np.array([known[point.id] for point in points if point.id in known], np.int32)
            if not keys.size:
                return None
            try:
                times = (await asyncio.to_thread(store.at, round(before * 1000) - 1, keys)).column("time").to_numpy()
                return float(times.max()) / 1000 if len(times) else None
            except HistoryError:
                pass  # it cannot be reached just now
        await asyncio.sleep(WAIT_S)
    return None
