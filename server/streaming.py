"""``/ws/live`` and ``/sse/live``: the two doors of ``server.live``, the same bytes behind both."""

from __future__ import annotations

import asyncio
import base64
import socket
from contextlib import suppress
from typing import Any

from fastapi import FastAPI
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from server.live import Client, Hub, Stream, StreamError
from server.live import Send as Sender
from server.problems import problem

SEND_BUFFER = 64 * 1024
"""Bytes of a connection's send buffer; Linux doubles it."""

CLOSE_NO_STREAM = 4404
CLOSE_TOO_MANY = 1013
DEFAULT_CHANNEL = "energy.power"


def register(server: FastAPI, hub: Hub) -> None:
    """Add both routes."""

    async def frames(websocket: WebSocket) -> None:
        await _socket(websocket, hub)

    async def events(request: Request) -> Response:
        try:
            _stream(hub, request)
        except StreamError as error:
            return problem(404, str(error))
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        return _Events(request, hub)

    server.router.routes.append(WebSocketRoute("/ws/live", frames))
    server.router.routes.append(Route("/sse/live", events, methods=["GET"]))


def _stream(hub: Hub, asked: HTTPConnection) -> Stream:
    """The stream that is asked for, without what is not for whom asks; StreamError if there is none."""
    query, who = asked.query_params, asked.state.who
    totals_only = who is None or who.role == "visitor"
    return hub.open(query.get("channel", DEFAULT_CHANNEL), query.get("scope", ""), totals_only)


async def _socket(websocket: WebSocket, hub: Hub) -> None:
    await websocket.accept()
    query = websocket.query_params
    try:
        stream = _stream(hub, websocket)
    except StreamError as error:
        await websocket.close(CLOSE_NO_STREAM, str(error)[:120])
        return
    state = websocket.scope.get("state", {})
    transport, writable = state.get("transport"), state.get("writable")
    _bound_backlog(transport)
    abort = getattr(transport, "abort", None)
    send = sharing(transport, writable) if isinstance(writable, asyncio.Event) else websocket.send_bytes
    client = Client(stream, send, slow=query.get("rate") == "phone", abort=abort)
    sender = asyncio.create_task(hub.serve(client))
    listener = asyncio.create_task(_listen(websocket, hub, client))
    try:
        await asyncio.wait((sender, listener), return_when=asyncio.FIRST_COMPLETED)
        if sender.done() and not sender.cancelled() and isinstance(sender.exception(), StreamError):
            await websocket.close(CLOSE_TOO_MANY, str(sender.exception())[:120])
    finally:
        for task in (sender, listener):
            task.cancel()
        for task in (sender, listener):
            with suppress(asyncio.CancelledError, WebSocketDisconnect, StreamError, RuntimeError):
                await task


def sharing(transport: Any, writable: asyncio.Event) -> Sender:
    """Send frames straight to the transport, the same bytes to all clients: no copy for each of them to make, to keep
    while a client stalls, and to throw away. ``writable`` is set while the transport takes more.
    """

    async def send(data: bytes) -> None:
        await writable.wait()
        if transport.is_closing():
            raise WebSocketDisconnect(1006)
        transport.write(head(len(data)))
        transport.write(data)

    return send


def head(size: int) -> bytes:
    """What stands before a whole binary message of a server (RFC 6455 section 5.2)."""
    if size < 126:
        return bytes((0x82, size))
    return b"\x82\x7e" + size.to_bytes(2, "big") if size < 65_536 else b"\x82\x7f" + size.to_bytes(8, "big")


def _bound_backlog(transport: Any) -> None:
    """Let the system keep little for a client that reads slowly: left alone it queues megabytes, and the client would
    be shown what was true minutes ago instead of one merged frame of now.
    """
    peer = transport.get_extra_info("socket") if transport is not None else None
    if peer is not None:
        with suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)


async def _listen(websocket: WebSocket, hub: Hub, client: Client) -> None:
    """The client says only one thing: ``key``, give me a keyframe (it noticed a gap). At most twice a second."""
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "key":
            hub.keyframe(client)
        await asyncio.sleep(0.5)


class _Events(Response):
    """Server-sent events: each frame is one event of base64."""

    def __init__(self, request: Request, hub: Hub) -> None:
        super().__init__()
        self._request = request
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = self._request.query_params
        stream = _stream(self._hub, self._request)
        headers = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"retry: 1000\n\n", "more_body": True})

        async def write(data: bytes) -> None:
            body = b"data: " + base64.b64encode(data) + b"\n\n"
            await send({"type": "http.response.body", "body": body, "more_body": True})

        client = Client(stream, write, slow=query.get("rate") == "phone")
        sender = asyncio.create_task(self._hub.serve(client))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((sender, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, gone):
                task.cancel()
            for task in (sender, gone):
                with suppress(asyncio.CancelledError, OSError, StreamError):
                    await task


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)
