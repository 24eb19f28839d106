"""A process that keeps history as fast as it can and says what was acknowledged, to be killed at any moment.

``python crashing.py FOLDER FIRST``: readings number FIRST, FIRST + 1 ... (number = value = minutes since T0 of one of
ten points); a line with the last number whenever they are acknowledged, and 'seal' when a day begins to be put away.
Time runs fast: an hour of readings takes some milliseconds, so that hours are rolled up and days put away all the time.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.twin.trees import TREE
from twin.history import recorder as recording
from twin.history import sealing
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.recorder import Recorder
from twin.ingest import Ingest
from twin.live import LiveState
from twin.point import Point
from twin.reading import RawReading

T0 = 1_795_737_600.0
POINTS = [Point(f"p{n}", "A/1/1", "energy", "kWh", source="s", address=str(n)) for n in range(10)]
AT_ONCE = 100


async def run(folder: Path, first: int) -> None:
    """Keep for ever."""
    now = T0
    live = LiveState(POINTS, TREE, lambda: now)
    ingest = Ingest(POINTS, live, lambda: now)
    recording.ROLL_S = recording.SEAL_S = recording.LOOK_S = 0.0
    recording.KEEP_S = 0.02
    put_away = sealing._put_away

    def told(*about: Any) -> int:
        sys.stdout.write("seal\n")
        sys.stdout.flush()
        return put_away(*about)

    sealing._put_away = told  # type: ignore[assignment]
    recorder = Recorder(folder / "journal", lambda: DuckDbStore(folder, ZoneInfo("UTC"), memory="256MB"), lambda: now)
    recorder.follow(live)
    ingest.listeners.append(lambda judged: recorder.take(judged.rows, judged.applied.duplicate))
    recorder.start()
    while True:
        numbers = range(first, first + AT_ONCE)
        first += AT_ONCE
        now = T0 + 60.0 * first
        ingest.accept([RawReading(str(n % 10), n, now, T0 + 60.0 * n) for n in numbers], "s")
        await recorder.durable()
        sys.stdout.write(f"{first - 1}\n")
        sys.stdout.flush()
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    asyncio.run(run(Path(sys.argv[1]), int(sys.argv[2])))
