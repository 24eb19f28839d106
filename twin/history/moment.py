"""Any past moment of the whole campus, as a live state that stands still."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from twin.history.columns import F64, numbers
from twin.history.store import SqlStore
from twin.live import Columns, LiveState


def moment(live: LiveState, store: SqlStore, at: float) -> LiveState:
    """What ``live`` would have shown at ``at`` [s since epoch]; HistoryError where the historian cannot say."""
    return live.as_of(at, columns_of(live, store, store.at(round(at * 1000))))


def columns_of(live: LiveState, store: SqlStore, readings: pa.Table) -> Columns:
    """Readings of the historian as columns of the points of ``live``; points that it does not have are left out."""
    known = store.known_points()
    rows = np.full(max(known.values(), default=-1) + 1, -1, np.intp)
    for name, key in known.items():
        rows[key] = live.index.get(name, -1)
    words = store.known_reasons()
    reasons = np.zeros(max(words) + 1, np.uint16)
    for key, text in words.items():
        reasons[key] = live.reasons.id(text)
    row = rows[numbers(readings, "point")]
    here = row >= 0
    time_s: F64 = numbers(readings, "time")[here] / 1000.0
    return Columns(
        row[here], numbers(readings, "value")[here], time_s, time_s + numbers(readings, "delay")[here], time_s,
        numbers(readings, "quality")[here], numbers(readings, "flags")[here],
        reasons[numbers(readings, "reason")[here]],
    )  # fmt: skip
