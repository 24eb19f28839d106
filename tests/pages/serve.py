"""The product as a process for the browser tests: ``python -m tests.pages.serve PORT CACHE``.

The demo campus, made small, with its simulator. SIGUSR1 kills the sources, as a power cut would: nothing else stops.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from pages.application import create_app
from server.app import UVICORN, create_server
from server.runtime import build_runtime

SPACES = 1500
_stopping: set[asyncio.Task[None]] = set()


def main() -> None:
    """Serve until terminated."""
    port, cache = int(sys.argv[1]), Path(sys.argv[2])
    runtime = build_runtime(None, cache, spaces=SPACES)
    server = create_server(runtime)
    inner = server.router.lifespan_context

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with inner(app):
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, lambda: _stopping.add(loop.create_task(runtime.supervisor.stop())))
            yield

    server.router.lifespan_context = lifespan
    create_app(server, runtime)
    uvicorn.run(server, host="127.0.0.1", port=port, **UVICORN)


if __name__ == "__main__":
    main()
