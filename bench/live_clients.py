"""The receiving side of the live benchmarks: many clients in one process, which count what comes and decode nothing.

``python -m bench.live_clients KIND PORT COUNT``: KIND is ``ours`` (``/ws/live``), ``text-start`` or ``list-start``
(Dash's WebSocket callback, see ``bench.dash_server``), ``text-tick`` or ``list-tick`` (a dcc.Interval of one second,
each client at its own moment). For each line on its input it prints what came since the line before, as JSON. A
protocol by hand, because a client library would be busier than the server that is measured.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import httpx
import uvloop

from twin.frame import HEADER, FrameKind

KEPT = 64
"""First bytes of a message that are looked at."""

_BUFFER = bytearray(1 << 20)
_VIEW = memoryview(_BUFFER)
PING, PONG = 9, 10


class Seen:
    """What came to all clients since the last look."""

    def __init__(self) -> None:
        self.messages = 0
        self.bytes = 0
        self.largest = 0
        self.delays: list[float] = []
        self.gap = 0.0

    def look(self) -> dict[str, float]:
        """Delays and gaps [ms], sizes [B]."""
        delays = sorted(self.delays) or [0.0]
        found = {
            "messages": self.messages, "bytes": self.bytes, "largest": self.largest, "gap": self.gap * 1000,
            "p50": delays[len(delays) // 2] * 1000, "p99": delays[len(delays) * 99 // 100] * 1000,
        }  # fmt: skip
        self.__init__()  # type: ignore[misc]
        return found


class Socket(asyncio.BufferedProtocol):
    """One WebSocket from the upgrade on; of each message the first bytes and the size go to ``message``."""

    def __init__(self, request: bytes, message: Callable[[bytes, int], None], first: bytes = b"") -> None:
        self._request, self._message, self._first = request, message, first
        self._head = bytearray()
        self._kept = bytearray()
        self._left = -1
        self._size = 0
        self._open = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        """A client that is thrown out must not pass for a cheap one."""
        sys.stderr.write(f"a client lost its connection: {exc}\n")
        os._exit(3)

    def get_buffer(self, _sizehint: int) -> memoryview:
        """One buffer for all: what is in it is used up before the next read."""
        return _VIEW

    def buffer_updated(self, count: int) -> None:
        """Take messages apart."""
        at = 0
        if not self._open:
            self._head += _VIEW[:count]
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            if b" 101 " not in self._head[:20]:
                raise RuntimeError(bytes(self._head[:200]))
            at = count - (len(self._head) - end - 4)
            self._head.clear()
            self._open = True
            if self._first:
                self._write(1, self._first)
        while at < count:
            at = self._body(at, count) if self._left >= 0 else self._header(at, count)

    def _header(self, at: int, count: int) -> int:
        head = self._head
        while at < count:
            head.append(_BUFFER[at])
            at += 1
            short = head[1] & 127 if len(head) > 1 else 0
            if len(head) >= 2 + (2 if short == 126 else 8 if short == 127 else 0):
                self._left = self._size = int.from_bytes(head[2:], "big") if short >= 126 else short
                if not self._left:
                    self._whole()
                break
        return at

    def _body(self, at: int, count: int) -> int:
        take = min(self._left, count - at)
        if len(self._kept) < KEPT:
            self._kept += _VIEW[at : at + min(take, KEPT - len(self._kept))]
        self._left -= take
        if not self._left:
            self._whole()
        return at + take

    def _whole(self) -> None:
        kind, kept, size = self._head[0] & 15, bytes(self._kept), self._size
        self._head.clear()
        self._kept.clear()
        self._left = -1
        if kind == PING:
            self._write(PONG, kept)
        elif kind in (1, 2):
            self._message(kept, size)

    def _write(self, kind: int, data: bytes) -> None:
        """A client's frame is masked; a mask of zeros leaves the bytes as they are."""
        length = bytes((128 | len(data),)) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
        assert self._transport is not None
        self._transport.write(bytes((128 | kind,)) + length + bytes(4) + data)


def upgrade(port: int, path: str) -> bytes:
    """The request for a WebSocket."""
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: http://127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def _reader(seen: Seen) -> Callable[[bytes, int], None]:
    """Of one client of ours: frames with values, how old they are, and the gap to the one before."""
    last = 0.0

    def message(kept: bytes, size: int) -> None:
        nonlocal last
        _, _, kind, _, time_ms, _, *_ = HEADER.unpack_from(kept)
        if kind not in (FrameKind.KEYFRAME, FrameKind.DELTA):
            return
        now = time.time()
        seen.messages += 1
        seen.bytes += size
        seen.largest = max(seen.largest, size)
        if last:  # the first frame is of what was there before the client came
            seen.delays.append(now - time_ms / 1000)
            seen.gap = max(seen.gap, now - last)
        last = now

    return message


def _counter(seen: Seen) -> Callable[[bytes, int], None]:
    def message(_: bytes, size: int) -> None:
        seen.messages += 1
        seen.bytes += size
        seen.largest = max(seen.largest, size)

    return message


class Poller(asyncio.Protocol):
    """One page with a dcc.Interval: it asks, takes the answer, and asks again a second after it asked before."""

    def __init__(self, port: int, body: dict[str, Any], seen: Seen, wait_s: float) -> None:
        self._port, self._body, self._seen, self._wait = port, body, seen, wait_s
        self._turn = 0
        self._head = b""
        self._left = -1
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time at this client's moment."""
        self._transport = cast(asyncio.Transport, transport)
        self._due = asyncio.get_running_loop().time() + self._wait
        self._later()

    def connection_lost(self, exc: Exception | None) -> None:
        """As for a socket."""
        sys.stderr.write(f"a client lost its connection: {exc}\n")
        os._exit(3)

    def _later(self) -> None:
        asyncio.get_running_loop().call_at(self._due, self._ask)
        self._due += 1.0

    def _ask(self) -> None:
        self._turn += 1
        self._body["inputs"][0]["value"] = self._turn
        body = json.dumps(self._body).encode()
        head = (
            f"POST /_dash-update-component HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode() + body)

    def data_received(self, data: bytes) -> None:
        """Count the answer."""
        if self._left < 0:
            self._head += data
            head, mark, data = self._head.partition(b"\r\n\r\n")
            if not mark:
                return
            if b" 200 " not in head[:20]:
                raise RuntimeError(head[:200])
            sizes = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
            self._left = int(sizes[0].partition(b":")[2])
            self._seen.largest = max(self._seen.largest, self._left)
            self._head = b""
        self._left -= len(data)
        self._seen.bytes += len(data)
        if not self._left:
            self._left = -1
            self._seen.messages += 1
            self._later()


def _dash(kind: str, port: int, callbacks: list[dict[str, Any]], wait_s: float, seen: Seen) -> Callable[[], Any]:
    """A page of the peer, as Dash's renderer would speak for it."""
    row = next(row for row in callbacks if row["inputs"][0]["id"] == kind)
    inputs = [{**name, "value": 1} for name in row["inputs"]]
    changed = [f"{name['id']}.{name['property']}" for name in inputs]
    body: dict[str, Any] = {"output": row["output"], "inputs": inputs, "changedPropIds": changed, "state": []}
    if kind.endswith("tick"):
        name, _, prop = row["output"].partition(".")
        body["outputs"] = {"id": name, "property": prop}
        return lambda: Poller(port, body, seen, wait_s)
    asked = {"type": "callback_request", "rendererId": str(wait_s), "requestId": "1", "payload": body}
    return lambda: Socket(upgrade(port, "/_dash-ws-callback"), _counter(seen), json.dumps(asked).encode())


async def _open(kind: str, port: int, count: int, seen: Seen) -> None:
    loop = asyncio.get_running_loop()
    if kind == "ours":
        makers: list[Callable[[], asyncio.BaseProtocol]] = [
            lambda: Socket(upgrade(port, "/ws/live"), _reader(seen)) for _ in range(count)
        ]
    else:
        callbacks = httpx.get(f"http://127.0.0.1:{port}/_dash-dependencies").raise_for_status().json()
        makers = [_dash(kind, port, callbacks, n / count, seen) for n in range(count)]
    for maker in makers:
        await loop.create_connection(maker, "127.0.0.1", port)


async def _main(kind: str, port: int, count: int) -> None:
    seen = Seen()
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    await _open(kind, port, count, seen)
    while await lines.readline():
        sys.stdout.write(json.dumps(seen.look()) + "\n")
        sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
