"""The listening side of the MQTT benchmarks: the whole product but its web server, fed by one MQTT source.

``python -m bench.ingest_server PORT CLIENT [POINTS]`` is a process of its own, so that its CPU time is the ingest's
alone; CLIENT is ``ours`` or ``paho`` (the peer). For each line on its input it prints how it stands, as JSON; delays
are those since the line before.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import uvloop

from bench import paho_source
from bench.live_server import campus
from bench.mqtt_load import POINTS, topic
from datasources import mqtt
from datasources.contract import SourceModule
from datasources.runner import SourceConfig, Supervisor
from server.runtime import Runtime, runtime_of
from twin.ingest import Judged
from twin.reading import Quality

MAX_DELAY_MS = 60_000
SOURCE = "bench"


class Watch:
    """What arrived: how many readings, the sum of their numbers as they came [W], how old they were [ms]."""

    def __init__(self) -> None:
        self.readings = 0
        self.total = 0.0
        self.begun = self.last = time.monotonic()
        self.delays = np.zeros(MAX_DELAY_MS + 1, np.int64)

    def take(self, judged: Judged) -> None:
        """A batch that is in the live state; a device's time is when it was published."""
        now = time.time()
        self.last = time.monotonic()
        self.readings += len(judged.raw)
        self.total += float(np.nansum(judged.raw))
        age = (now - judged.device[~np.isnan(judged.device)]) * 1000
        self.delays += np.bincount(np.clip(age, 0, MAX_DELAY_MS).astype(np.intp), minlength=MAX_DELAY_MS + 1)

    def since(self) -> dict[str, float]:
        """Delays since the last call [ms]: quantiles and the longest."""
        total = np.cumsum(self.delays)
        found = {
            name: float(np.searchsorted(total, share * total[-1])) if total[-1] else 0.0
            for name, share in (("p50", 0.5), ("p99", 0.99), ("longest", 1.0))
        }
        self.delays[:] = 0
        return found


def figures(runtime: Runtime, watch: Watch) -> dict[str, Any]:
    """How it stands; ``took`` is from the start to the last batch [s].

    Of a retained value point n says its time, an old one, or none, by ``n % 3``: ``wrong`` are points that are shown as
    what they are not.
    """
    counts = runtime.ingest.counts.get(SOURCE)
    live = runtime.live
    spoken = live.quality != Quality.NONE
    state = runtime.sources()[0]
    return {
        "cpu": time.process_time(), "wall": time.monotonic(), "readings": watch.readings, "total": watch.total,
        "accepted": counts.accepted if counts else 0, "unmapped": counts.unmapped if counts else 0,
        "late": counts.late if counts else 0, "duplicate": counts.duplicate if counts else 0,
        "bad": counts.bad if counts else 0, "state": state.state, "reason": state.reason, "spoken": int(spoken.sum()),
        "took": watch.last - watch.begun,
        "wrong": int((live.stale != (np.arange(len(spoken)) % 3 != 0))[spoken].sum()), **watch.since(),
    }  # fmt: skip


async def _serve(runtime: Runtime) -> None:
    watch = Watch()
    runtime.ingest.listeners.append(watch.take)
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    gc.collect()
    gc.freeze()  # as the product does
    watch.begun = time.monotonic()
    await runtime.start()
    while await lines.readline():
        sys.stdout.write(json.dumps(figures(runtime, watch)) + "\n")
        sys.stdout.flush()
    await runtime.stop()


def main(port: int, client: str, points: int = POINTS) -> None:
    """Listen until the input ends."""
    modules = {"mqtt": cast("SourceModule", mqtt if client == "ours" else paho_source)}
    settings = {"host": "127.0.0.1", "port": port, "time": "/ts", "topics": ["campus/#"]}
    with tempfile.TemporaryDirectory() as folder:
        runtime = runtime_of(campus(points, lambda n: f"{topic(n)}#/p"), [], Path(folder))
        runtime.supervisor = Supervisor(
            [SourceConfig(SOURCE, "mqtt", settings)], runtime.assembled.points,
            lambda name, batch: runtime.ingest.accept(batch, name), modules,
        )  # fmt: skip
        uvloop.run(_serve(runtime))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:4]))
