"""A small Dash page with the real component, on a real port: what the browser tests look at."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import dash
import uvicorn
from dash import html
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.staticfiles import StaticFiles

from viewer import CampusView

STYLE = {"position": "fixed", "inset": "0"}


class Live:
    """Sends the same frames to everybody who connects, and keeps the connection until it is told to hang up.

    ``links`` is what ``/api/v1/links`` answers.
    """

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.links: dict[str, Any] = {}
        self.connections = 0
        self.refuse = False
        self.loop: asyncio.AbstractEventLoop | None = None
        self.sockets: list[WebSocket] = []

    async def serve(self, socket: WebSocket) -> None:
        self.loop = asyncio.get_running_loop()
        if self.refuse:
            await socket.close()
            return
        await socket.accept()
        self.connections += 1
        self.sockets.append(socket)
        try:
            for frame in self.frames:
                await socket.send_bytes(frame)
            while True:
                await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            # Hung up by the page, or by the test.
            self.sockets.remove(socket)


def create(scene_folder: Path, scene_url: str, props: dict[str, Any], live: Live | None = None) -> FastAPI:
    """The page: the component fills it; tests set its properties through ``dash_clientside.set_props``."""
    server = FastAPI()
    if live is not None:
        server.add_api_websocket_route("/ws/live", live.serve)
        server.add_api_route("/api/v1/links", lambda: live.links)
    server.mount("/models", StaticFiles(directory=scene_folder))
    app = dash.Dash(__name__, server=cast(Any, server), assets_folder=str(Path(__file__).parent / "no-assets"))
    given = {"sceneUrl": scene_url, "liveUrl": "/ws/live" if live else "", **props}
    app.layout = html.Div(
        [CampusView(id="view", **given), html.Div(id="spare"), html.Span(id="live-value")], style=STYLE, id="page"
    )
    return server


@contextlib.contextmanager
def serving(server: FastAPI) -> Iterator[str]:
    """Runs the server in a thread on a free port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = uvicorn.Config(server, host="127.0.0.1", port=port, log_level="warning", ws_per_message_deflate=False)
    runner = uvicorn.Server(config)
    thread = threading.Thread(target=runner.run, daemon=True)
    thread.start()
    until = time.monotonic() + 20
    while not runner.started:
        if time.monotonic() > until or not thread.is_alive():
            raise RuntimeError("the test's page server did not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        runner.should_exit = True
        thread.join(10)
