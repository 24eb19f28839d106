"""The product as a process for the browser tests: ``python -m tests.pages.serve PORT CACHE [SPACES]``.

The demo campus, made small, with its simulator and a made-up past (``tests.fake_past``).
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from pages.application import create_app
from server.app import UVICORN, create_server
from server.runtime import build_runtime
from tests.fake_past import day_before

SPACES = 1500


def main() -> None:
    """Serve until terminated."""
    port, cache = int(sys.argv[1]), Path(sys.argv[2])
    runtime = build_runtime(None, cache, spaces=int(sys.argv[3]) if len(sys.argv) > 3 else SPACES)
    runtime.past = day_before(runtime)
    server = create_server(runtime)
    create_app(server, runtime)
    uvicorn.run(server, host="127.0.0.1", port=port, **UVICORN)


if __name__ == "__main__":
    main()
