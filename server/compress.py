"""gzip for answers made on the fly: JSON, pages, scripts. Pure ASGI; sockets, event streams and squeezed files pass.

A large body is compressed in a thread: gzip of four megabytes takes longer than a live frame may wait. Answers that
are immutable (Dash's fingerprinted scripts) are compressed once and kept.
"""

from __future__ import annotations

import asyncio
import gzip
from collections import OrderedDict

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.files import accepts_gzip

MIN_BYTES = 1000
THREAD_BYTES = 64 * 1024
KEPT_BYTES = 32 * 1024 * 1024
LEVEL = 5
_KINDS = ("application/json", "application/problem+json", "application/javascript", "text/", "image/svg+xml")
_NEVER = "text/event-stream"


class Compress:
    """Compress what is worth it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._kept: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()
        self._kept_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on but compressible answers."""
        if scope["type"] != "http" or not accepts_gzip(Request(scope)):
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, _Answer(self, scope, send).send)

    async def squeeze(self, key: tuple[str, bytes] | None, body: bytes) -> bytes:
        """gzip ``body``; with a ``key`` remember it, the oldest making room."""
        found = self._kept.get(key) if key else None
        if found is not None:
            return found
        if len(body) < THREAD_BYTES:
            packed = gzip.compress(body, LEVEL, mtime=0)
        else:
            packed = await asyncio.to_thread(gzip.compress, body, LEVEL if key is None else 9, mtime=0)
        if key and key not in self._kept:
            self._kept[key] = packed
            self._kept_bytes += len(packed)
            while self._kept_bytes > KEPT_BYTES:
                self._kept_bytes -= len(self._kept.popitem(last=False)[1])
        return packed


class _Answer:
    """One answer: held back until its body is whole where it will be compressed, passed through otherwise."""

    def __init__(self, owner: Compress, scope: Scope, send: Send) -> None:
        self._owner = owner
        self._scope = scope
        self._send = send
        self._start: Message | None = None
        self._parts: list[bytes] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _worth_it(message):
            self._start = message
        elif self._start is None:
            await self._send(message)
        elif message["type"] == "http.response.body":
            self._parts.append(message.get("body", b""))
            if not message.get("more_body", False):
                await self._finish(self._start, b"".join(self._parts))
        else:
            await self._send(message)

    async def _finish(self, start: Message, body: bytes) -> None:
        headers = MutableHeaders(raw=start["headers"])
        headers.add_vary_header("Accept-Encoding")
        if len(body) >= MIN_BYTES and self._scope["method"] != "HEAD":
            fixed = "max-age=31536000" in headers.get("cache-control", "")
            key = (self._scope["path"], self._scope["query_string"]) if fixed else None
            body = await self._owner.squeeze(key, body)
            headers["Content-Encoding"] = "gzip"
            headers["Content-Length"] = str(len(body))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})


def _worth_it(start: Message) -> bool:
    headers = Headers(raw=start["headers"])
    kind = headers.get("content-type", "")
    return kind.startswith(_KINDS) and not kind.startswith(_NEVER) and "content-encoding" not in headers
