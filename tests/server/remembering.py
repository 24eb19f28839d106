"""A served campus that remembers: rows put into its history before it starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa

from server.runtime import Runtime
from tests.server.serving import Served, serve
from twin.config_history import HistoryEntry
from twin.history.contract import READINGS, KeptPoint
from twin.history.duckdb_parquet import DuckDbStore

Rows = Sequence[tuple[int, float | None]]
"""Times [ms] and values."""


def fill(folder: Path, rows: Mapping[str, Rows], zone: str = "Asia/Shanghai", hold_s: float = 60.0) -> None:
    """Put rows of power points into a history, rolled up as far as that is due."""
    store = DuckDbStore(folder, ZoneInfo(zone))
    keys = store.keys([KeptPoint(name, "power", hold_s) for name in rows]).tolist()
    reason = int(store.reason_keys([("spike",)])[0])
    columns: dict[str, list[float | int | None]] = {name: [] for name in READINGS.names}
    for key, each in zip(keys, rows.values(), strict=True):
        for at, value in each:
            told = (
                key,
                at,
                value,
                2,
                0 if value is not None else 2,
                8,
                reason if value is not None and value > 1e5 else 0,
            )
            for name, word in zip(READINGS.names, told, strict=True):
                columns[name].append(word)
    store.append(pa.table(columns, schema=READINGS), store.watermark() + 1)
    while store.roll(round(time.time() * 1000)):
        pass
    store.close()


@contextmanager
def remembering(
    base: Path, rows: Mapping[str, Rows], hold_s: float = 60.0, adjust: Callable[[Runtime], object] | None = None
) -> Iterator[Served]:
    """The small campus with such a history in ``base/history``, which goes on being written."""
    fill(base / "history", rows, hold_s=hold_s)

    def keep(runtime: Runtime) -> None:
        runtime.keep_history(HistoryEntry(), base)
        if adjust is not None:
            adjust(runtime)

    with serve(base / "cache", adjust=keep) as served:
        wait(lambda: served.runtime.recorder is not None and served.runtime.recorder.store is not None)
        yield served


def wait(what: Callable[[], object], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"it did not happen within {seconds} s"
        time.sleep(0.02)
