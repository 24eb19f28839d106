"""A demo campus with days of past: ``python -m bench.history_server DAYS SPACES`` prints its port when it is there."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from bench.live_server import serve
from pages.application import create_app
from server.app import create_server
from server.runtime import build_runtime


def main() -> None:
    """Serve until killed."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = build_runtime(None, Path(folder), past_days=float(sys.argv[1]), spaces=int(sys.argv[2]))
        recorder = runtime.recorder
        assert recorder is not None
        recorder.keep()
        assert recorder.store is not None
        now = round(time.time() * 1000)
        while recorder.store.roll(now):
            pass
        recorder.store.seal(now)
        span = recorder.store.span()
        while span is not None and recorder.store.mark(span[0], now):  # as after a minute of running
            pass
        server = create_server(runtime)
        create_app(server, runtime)
        serve(server)


if __name__ == "__main__":
    main()
