"""The demo campus with its simulator and all screens: ``python -m bench.demo_server`` prints its port, then serves."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.live_server import serve
from pages.application import create_app
from server.app import create_server
from server.runtime import build_runtime


def main() -> None:
    """Serve until killed."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = build_runtime(None, Path(folder))
        server = create_server(runtime)
        create_app(server, runtime)
        serve(server)


if __name__ == "__main__":
    main()
