"""``/sse/alarms``: every step of the alarms as it happens, to any number of browsers; small JSON, resumable.

An event's id is ``<start>-<seq>``: whoever comes back with it (``Last-Event-ID``) gets what came meanwhile, as long as
the same program runs and remembers that; otherwise a ``snapshot`` of what stands. The same bytes go to all. A browser
that reads slowly gets the steps that it missed in one piece, or a snapshot when it fell too far behind.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from server.alarms_out import alarm_out, step_out
from server.problems import problem
from server.values import utc

if TYPE_CHECKING:
    from server.alarms import AlarmDesk
    from server.runtime import Runtime
    from twin.alarms.alarm import Transition

REMEMBERED = 5_000
"""Steps that can be told again to whoever lost the connection."""
SHOWN = 500
"""Alarms in a snapshot, the most urgent; the rest is on the pages of the list."""
IN_ONE = 50
"""Steps in one event."""
MOST_CLIENTS = 500
BEAT_S = 5.0
_ID = re.compile(r"([0-9a-f]{8})-(\d{1,18})")


class AlarmStream:
    """The steps of one desk, remembered as bytes. Everything happens on the event loop."""

    def __init__(self, desk: AlarmDesk) -> None:
        self._desk = desk
        self.start = secrets.token_hex(4)
        self.clients = 0
        self._steps: deque[tuple[int, Transition]] = deque(maxlen=REMEMBERED)
        self._wake: set[asyncio.Event] = set()
        self._cache: tuple[int, int, bytes] | None = None
        self._incidents: tuple[int, bytes] = (0, b"")

    def take(self, steps: Sequence[Transition]) -> None:
        """Remember steps and wake everybody."""
        self._steps.extend((step.seq, step) for step in steps)
        for event in self._wake:
            event.set()

    def tell_incidents(self, event: bytes) -> None:
        """Tell everybody the open incidents, a finished event: after a snapshot, and from now on whenever it is
        another one."""
        self._incidents = self._incidents[0] + 1, event
        for each in self._wake:
            each.set()

    def place_of(self, told: str) -> int | None:
        """The number of the step that an event's id names; None where a snapshot has to be told."""
        match = _ID.fullmatch(told)
        if match is None or match[1] != self.start:
            return None
        seq = int(match[2])
        oldest = self._steps[0][0] - 1 if self._steps else self._desk.book.seq
        return seq if oldest <= seq <= self._desk.book.seq else None

    def snapshot(self) -> tuple[int, bytes]:
        """All that stands now, as an event."""
        desk = self._desk
        standing = desk.book.standing()
        body = {
            "seq": desk.book.seq, "time": utc(desk.now).isoformat(), "total": len(standing),
            "alarms": [alarm_out(desk, alarm).model_dump(mode="json") for alarm in standing[:SHOWN]],
        }  # fmt: skip
        return desk.book.seq, self._event("snapshot", desk.book.seq, body)

    def since(self, seq: int) -> tuple[int, bytes]:
        """The next steps after ``seq``, as an event; b'' where there are none."""
        last = self._desk.book.seq
        if seq >= last:
            return seq, b""
        if self._cache is not None and self._cache[0] == seq:
            return self._cache[1], self._cache[2]
        if not self._steps or self._steps[0][0] > seq + 1:
            return self.snapshot()
        first = seq + 1 - self._steps[0][0]
        steps = [self._steps[at][1] for at in range(first, min(first + IN_ONE, len(self._steps)))]
        told = [step_out(self._desk, step, then=False).model_dump(mode="json") for step in steps]
        reached = steps[-1].seq
        self._cache = seq, reached, self._event("steps", reached, {"seq": reached, "steps": told})
        return reached, self._cache[2]

    def _event(self, name: str, seq: int, body: object) -> bytes:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return f"id: {self.start}-{seq}\nevent: {name}\ndata: {text}\n\n".encode()

    def beat(self) -> bytes:
        """That the server is there, and what time it has."""
        body = {"seq": self._desk.book.seq, "time": utc(self._desk.now).isoformat()}
        return f"event: beat\ndata: {json.dumps(body)}\n\n".encode()

    async def serve(self, send: Send, told: str) -> None:
        """Send to one browser until it is cancelled or ``send`` raises."""
        wake = asyncio.Event()
        self._wake.add(wake)
        self.clients += 1
        heard = 0
        try:
            seq = self.place_of(told)
            if seq is None:
                seq, data = self.snapshot()
                await _write(send, data)
            while True:
                wake.clear()
                while (found := self.since(seq))[1]:
                    seq = found[0]
                    await _write(send, found[1])
                    await asyncio.sleep(0)  # a flood is told in pieces, and others are answered between them
                if self._incidents[0] != heard:
                    heard, event = self._incidents
                    await _write(send, event)
                try:
                    async with asyncio.timeout(BEAT_S):
                        await wake.wait()
                except TimeoutError:
                    await _write(send, self.beat())
        finally:
            self._wake.discard(wake)
            self.clients -= 1


async def _write(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})


def register(server: FastAPI, runtime: Runtime) -> None:
    """Add the route."""

    async def events(request: Request) -> Response:
        desk = runtime.alarms
        if desk is None:
            return problem(404, "this campus has no alarms")
        if desk.stream.clients >= MOST_CLIENTS:
            return problem(503, f"{MOST_CLIENTS} browsers watch the alarms already: try again later")
        if request.method == "HEAD":
            return Response(media_type="text/event-stream")
        told = request.headers.get("last-event-id") or request.query_params.get("since", "")
        return _Events(desk.stream, told)

    server.router.routes.append(Route("/sse/alarms", events, methods=["GET"]))


class _Events(Response):
    """The stream to one browser."""

    def __init__(self, stream: AlarmStream, told: str) -> None:
        super().__init__()
        self._stream, self._told = stream, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream"), (b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"),
        ]  # fmt: skip
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _write(send, b"retry: 1000\n\n")
        sender = asyncio.create_task(self._stream.serve(send, self._told))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait((sender, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sender, gone):
                task.cancel()
            for task in (sender, gone):
                with suppress(asyncio.CancelledError, OSError):
                    await task


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        await asyncio.sleep(0)
