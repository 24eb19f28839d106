"""A historian that holds hours of power: put there as roll-ups, as if a year of readings had come."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from twin.history.calendar import HOUR_MS
from twin.history.columns import table
from twin.history.contract import ROLLUPS, KeptPoint
from twin.history.store import SqlStore

F64 = npt.NDArray[np.float64]


def keep(
    store: SqlStore, times: F64, power: Mapping[str, F64], *, held: float = 1.0, quantity: str = "power"
) -> None:  # fmt: skip
    """Mean power [kW] of hours that begin at ``times`` (n,) [s], by point; NaN: nothing came in that hour. A value was
    known for ``held`` of each hour."""
    keys = store.keys([KeptPoint(point, quantity, 3600.0) for point in power])
    start = np.rint(times * 1000).astype(np.int64)
    rows = []
    for key, values in zip(keys.tolist(), power.values(), strict=True):
        known = np.isfinite(values)
        n = int(known.sum())
        none, zero = np.zeros(n, np.uint8), np.zeros(n, np.int32)
        columns = {
            "point": np.full(n, key, np.int32), "start": start[known], "n": np.full(n, 4, np.int32),
            "held": np.full(n, round(held * HOUR_MS), np.int64), "mean": values[known], "low": values[known],
            "high": values[known], "quality": none, "flags": none, "last_time": start[known] + HOUR_MS - 1,
            "last_value": values[known], "last_quality": none, "last_flags": none, "last_reason": zero,
            "last_delay": zero,
        }  # fmt: skip
        rows.append(table(ROLLUPS, columns))
    with store.transaction():
        store.keep_rollups("hour", pa.concat_tables(rows))
        store.note_rolled(start)
    store.forget_rolled()
    store.seal(int(start[-1]) + 3 * 24 * HOUR_MS)
