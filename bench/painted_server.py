"""The product with all its screens, fed by MQTT, that also keeps a log for ``bench.painted``.

``python -m bench.painted_server BROKER_PORT [SPACES]`` prints its port, then serves; for each line on its input it
prints the log since the line before: of every batch the number of the last live frame made before it (the next one
shows it) and when its messages were published [s since epoch].
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
from pathlib import Path

from bench.live_server import campus, serve
from bench.mqtt_load import topic
from datasources.runner import SourceConfig
from pages.application import create_app
from server.app import create_server
from server.runtime import Runtime, runtime_of
from server.streaming import DEFAULT_CHANNEL
from twin.ingest import Judged


class Log:
    """What was published when, and after which frame it came."""

    def __init__(self, runtime: Runtime) -> None:
        self._stream = runtime.hub.open(DEFAULT_CHANNEL, "")
        self._rows: list[tuple[int, list[float]]] = []
        runtime.ingest.listeners.append(self._take)

    def _take(self, judged: Judged) -> None:
        self._rows.append((self._stream.seq, judged.device.tolist()))

    def answer(self) -> None:
        """Answer every line of the input, in a thread of its own."""
        for _ in sys.stdin:
            rows, self._rows = self._rows, []
            sys.stdout.write(json.dumps(rows) + "\n")
            sys.stdout.flush()


def main(broker: int, spaces: int = 20_000) -> None:
    """Serve until killed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {"host": "127.0.0.1", "port": broker, "time": "/ts", "topics": ["campus/#"]}
        assembled = campus(spaces, lambda n: f"{topic(n)}#/p")
        runtime = runtime_of(assembled, [SourceConfig("bench", "mqtt", settings)], Path(folder))
        server = create_server(runtime)
        create_app(server, runtime)
        threading.Thread(target=Log(runtime).answer, daemon=True).start()
        serve(server)


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(int, sys.argv[2:3]))
