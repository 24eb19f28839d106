"""A proxy as stands before many servers: it may refuse WebSockets, swallow them, or cut every connection."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Literal

Mode = Literal["pass", "refuse", "swallow"]


class Proxy:
    """Passes connections to ``port``; what it does with requests to upgrade is ``mode``."""

    def __init__(self, port: int) -> None:
        self.port = 0
        self.mode: Mode = "pass"
        self.upgrades: list[tuple[str, Mode]] = []
        """The path of each WebSocket that was asked for, and what became of it."""
        self._upstream = port
        self._writers: set[asyncio.StreamWriter] = set()
        self._swallowed: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            if b"upgrade: websocket" in head.lower():
                self.upgrades.append((head.split(b" ", 2)[1].decode().partition("?")[0], self.mode))
                if self.mode == "refuse":
                    writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    await writer.drain()
                    return
                if self.mode == "swallow":
                    self._swallowed.add(writer)
                    await reader.read()
                    return
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
            self._writers.add(up_writer)
            up_writer.write(head)
            await asyncio.gather(_pipe(reader, up_writer), _pipe(up_reader, writer))
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # gone, or no server behind: the client sees a closed connection
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _hang_up(self, writers: set[asyncio.StreamWriter]) -> None:
        for writer in list(writers):
            writer.transport.abort()
        writers.clear()

    def cut(self) -> None:
        """Break every connection, as when the proxy is restarted with other settings."""
        self._call(self._hang_up(self._writers))

    def mend(self) -> None:
        """Let WebSockets pass from now on; those that were swallowed are given up."""
        self.mode = "pass"
        self._call(self._hang_up(self._swallowed))

    def stop(self) -> None:
        async def end() -> None:
            self._server.close()
            await self._hang_up(self._writers)
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            if others:
                await asyncio.wait(others, timeout=5)

        self._call(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()
