"""The peer of ``bench live``: the same campus, fed the same way, shown by a plain Dash application on FastAPI.

``python -m bench.dash_server [SPACES]`` prints its port, then serves. New values travel by a persistent WebSocket
callback that calls ``set_props`` whenever there are some (inputs ``*-start``), or by a callback of a dcc.Interval of
one second (``*-tick``); in one of two forms: ``list``, a list of numbers, as one writes it, which Dash encodes for each
client; ``text``, our own frame in Base64, made once for all clients, the best that can be done for Dash. Server and
settings are ours (uvloop, no compression of messages).
"""

from __future__ import annotations

import asyncio
import base64
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from dash import Dash, Input, Output, ctx, dcc, html, set_props
from fastapi import FastAPI

from bench.live_server import fed, serve
from server.runtime import Runtime
from server.streaming import DEFAULT_CHANNEL


class Values:
    """The newest values in both forms; ``after`` waits for newer ones."""

    def __init__(self, runtime: Runtime) -> None:
        self._stream = runtime.hub.open(DEFAULT_CHANNEL, "")
        self._live = runtime.live
        self._changed = asyncio.Event()
        self.seq = 0
        self.forms: dict[str, str | list[float]] = {"text": "", "list": []}
        runtime.live.listeners.append(self._look)

    def _look(self) -> None:
        self._stream.refresh()
        if self._stream.seq != self.seq:
            self.seq = self._stream.seq
            self.forms["text"] = base64.urlsafe_b64encode(self._stream.since(0)).decode()
            self.forms["list"] = self._live.value.tolist()
            self._changed.set()
            self._changed = asyncio.Event()

    async def after(self, seq: int) -> int:
        """Wait until there is another one than ``seq``; its number."""
        while self.seq == seq:
            await self._changed.wait()
        return self.seq


def _callbacks(app: Dash, values: Values, form: str) -> None:
    """Both ways for values in one form."""

    @app.callback(Input(f"{form}-start", "data"), persistent=True)
    async def stream(_: int) -> None:
        socket, seq = ctx.websocket, 0
        while socket is not None and not socket.is_shutdown:
            seq = await values.after(seq)
            set_props(f"{form}-view", {"data": values.forms[form]})

    @app.callback(Output(f"{form}-view", "data"), Input(f"{form}-tick", "n_intervals"))
    async def poll(_: int) -> str | list[float]:
        return values.forms[form]


def create(runtime: Runtime) -> FastAPI:
    """The application."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await runtime.start()
        yield

    server = FastAPI(lifespan=lifespan)
    app = Dash(
        __name__,
        server=server,  # type: ignore[arg-type]  # its annotation forgot the other backends
        backend="fastapi",
        websocket_callbacks=True,
    )
    forms = ("text", "list")
    app.layout = html.Div(
        [
            part
            for form in forms
            for part in (dcc.Store(id=f"{form}-start"), dcc.Interval(id=f"{form}-tick"), dcc.Store(id=f"{form}-view"))
        ]
    )
    values = Values(runtime)
    for form in forms:
        _callbacks(app, values, form)
    app._setup_server()  # type: ignore[no-untyped-call]
    return server


def main(spaces: int) -> None:
    """Serve until killed."""
    with tempfile.TemporaryDirectory() as folder:
        serve(create(fed(spaces, Path(folder), checks=False)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
