"""Open streams (sockets and server-sent events): each is closed when the session that opened it ends or changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import Message, Receive

from server.accounts.who import Who

CLOSED = 4401
"""The code that a socket is closed with when whoever opened it is not signed in any more."""
GRACE_S = 1.0
"""How long a stream has to end by itself [s]."""


class Leash:
    """One open stream. ``receive`` tells it that the peer is gone once ``cut`` was called."""

    def __init__(self, session: str, who: Who, receive: Receive, kind: str) -> None:
        self.session = session
        self.who = who
        self.over = asyncio.Event()
        self._receive = receive
        self._gone: Message = {"type": "websocket.disconnect", "code": CLOSED}
        if kind == "http":
            self._gone = {"type": "http.disconnect"}
        self._task = asyncio.current_task()
        self._late: asyncio.TimerHandle | None = None

    def cut(self) -> None:
        """End the stream: first by telling it, then by force."""
        if not self.over.is_set():
            self.over.set()
            if self._task is not None:
                self._late = asyncio.get_running_loop().call_later(GRACE_S, self._task.cancel)

    def ended(self) -> None:
        """It ended: nothing is to be forced any more."""
        if self._late is not None:
            self._late.cancel()

    async def receive(self) -> Message:
        """The next message of the peer, or that it is gone."""
        if self.over.is_set():
            return self._gone
        message = asyncio.ensure_future(self._receive())
        over = asyncio.ensure_future(self.over.wait())
        try:
            await asyncio.wait((message, over), return_when=asyncio.FIRST_COMPLETED)
            return message.result() if message.done() else self._gone
        finally:
            message.cancel()
            over.cancel()


class Streams:
    """All open streams; ``still`` says whether one of a session and person may go on."""

    def __init__(self, still: Callable[[str, Who], bool]) -> None:
        self._still = still
        self._open: set[Leash] = set()

    def add(self, leash: Leash) -> None:
        """Look after a stream from now on."""
        self._open.add(leash)

    def drop(self, leash: Leash) -> None:
        """It ended by itself."""
        leash.ended()
        self._open.discard(leash)

    def check(self) -> None:
        """Cut every stream whose session ended or changed."""
        for leash in list(self._open):
            if not self._still(leash.session, leash.who):
                leash.cut()

    def __len__(self) -> int:
        return len(self._open)
