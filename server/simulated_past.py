"""The past of a simulated campus: where its history is new, what the simulator would have told until now.

It is marked as simulated like everything that the simulator tells.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import numpy as np

from datasources.simulator import Settings
from datasources.simulator_backfill import past
from twin.frame import FLAG_SIMULATED
from twin.history.columns import Rows
from twin.history.contract import KeptPoint
from twin.history.store import SqlStore
from twin.point import Point

log = logging.getLogger(__name__)

DAY_S = 86_400.0
FIRST_BATCH = 1_000_000_000
"""Batches of the journal have the time [ms] for a number: those from here on come long before."""


def fill(store: SqlStore, settings: Settings, points: Sequence[Point], days: float, clock: Callable[[], float]) -> int:
    """Write the last ``days`` into a history that has nothing else yet; the number of readings.

    Ended half-way, it goes on the next time; once live readings are there it does nothing.
    """
    done = store.watermark()
    if done > FIRST_BATCH:
        return 0
    now = clock()
    span = store.span()
    start = now - days * DAY_S if span is None else span[1] / 1000 + 1
    keys = store.keys([KeptPoint(point.id, point.quantity, point.stale_s) for point in points])
    written = 0
    for told in past(settings, points, start, now):
        done += 1
        n = len(told.row)
        none = np.zeros(n, np.uint8)
        rows = Rows(
            keys[told.row], np.rint(told.time * 1000).astype(np.int64), told.value, np.zeros(n, np.int32), none,
            np.full(n, FLAG_SIMULATED, np.uint8), np.zeros(n, np.int32),
        )  # fmt: skip
        store.append(rows.table(), done)
        written += n
    log.info("the simulated past: %d readings of %.1f days", written, (now - start) / DAY_S)
    return written
