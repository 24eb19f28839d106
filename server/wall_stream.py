"""``/sse/wall/{wall}``: what is done to a wall, as it is done, to its screens and to whoever controls it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from server.problems import problem

if TYPE_CHECKING:
    from server.runtime import Runtime

BEAT_S = 5.0
MOST_CLIENTS = 500


def register(server: FastAPI, runtime: Runtime) -> None:
    """Add the route."""
    desk = runtime.walls

    async def events(request: Request) -> Response:
        wall = request.path_params["wall"]
        if wall not in desk.walls():
            return problem(404, f"there is no wall '{wall[:80]}': there are {', '.join(desk.walls())}")
        if len(desk.standing(wall).listeners) >= MOST_CLIENTS:
            return problem(503, f"{MOST_CLIENTS} screens and tablets listen to this wall already: try again later")
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        return Events(lambda: desk.listen(wall), lambda queue: desk.leave(wall, queue))

    server.router.routes.append(Route("/sse/wall/{wall}", events, methods=["GET"]))


Queue = asyncio.Queue[bytes]


class Events(Response):
    """A stream to one browser: what the queue of ``listen`` gets, until an empty event; ``leave`` at the end."""

    def __init__(self, listen: Callable[[], Queue], leave: Callable[[Queue], None]) -> None:
        super().__init__()
        self._listen, self._leave = listen, leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until either end has enough."""
        headers = [
            (b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"),
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        sender = asyncio.create_task(self._serve(send))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((sender, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, gone):
                task.cancel()
            for task in (sender, gone):
                with suppress(asyncio.CancelledError, OSError):
                    await task

    async def _serve(self, send: Send) -> None:
        queue = self._listen()
        try:
            while True:
                try:
                    async with asyncio.timeout(BEAT_S):
                        data = await queue.get()
                except TimeoutError:
                    data = b"event: beat\ndata: {}\n\n"
                if not data:
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    return
                await send({"type": "http.response.body", "body": data, "more_body": True})
        finally:
            self._leave(queue)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)
