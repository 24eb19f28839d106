"""Readings that others send: ``POST /api/v1/readings`` with this source's token puts them into its inbox.

The server checks and acknowledges (``server/push.py``); here they become batches like those of any other source. An
address is the point's own, or its id where the point has none.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from datasources.contract import MisconfiguredError
from datasources.payload import ZoneName
from twin.point import Point
from twin.reading import RawReading
from twin.secret import SecretError, SecretRef

TOKEN_CHARS = 16
PIECE = 5000
"""Readings that are handed over at once: judging them takes about 20 ms, for which everything else waits."""


class Inbox:
    """Readings that were acknowledged and not judged yet. It outlives a restart of its source: none is lost."""

    def __init__(self) -> None:
        self._waiting: list[RawReading] = []
        self._arrived: asyncio.Event | None = None
        self._closed = False
        self._put = self._judged = 0
        self._watching: list[tuple[int, asyncio.Future[None]]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, readings: Sequence[RawReading], most: int) -> bool:
        """Take all of ``readings`` in, or, where more than ``most`` would wait or nobody takes them out, none."""
        if self._closed or len(self._waiting) + len(readings) > most:
            return False
        self._waiting.extend(readings)
        self._put += len(readings)
        if self._arrived is not None and self._waiting:
            self._arrived.set()
        return True

    def close(self) -> None:
        """Its source is gone: nothing is taken in any more."""
        self._closed = True

    def take(self, most: int) -> list[RawReading]:
        """The oldest, at most ``most``; they are the caller's from now on."""
        taken, self._waiting = self._waiting[:most], self._waiting[most:]
        return taken

    def settle(self, number: int) -> None:
        """The oldest ``number`` of those that were taken have been judged."""
        self._judged += number
        for mark, future in self._watching:
            if mark <= self._judged and not future.done():
                future.set_result(None)
        self._watching = [(mark, future) for mark, future in self._watching if mark > self._judged]

    async def judged(self) -> None:
        """Wait until everything that was put in so far has been judged."""
        if self._judged < self._put:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._watching.append((self._put, future))
            await future

    def arrivals(self) -> asyncio.Event:
        """Set while something waits; a new event for each loop that listens."""
        self._arrived = asyncio.Event()
        if self._waiting:
            self._arrived.set()
        return self._arrived


class Settings(BaseModel):
    """Who may push, and how much.

    ``token`` has at least 16 characters, by reference. A request has at most ``max_batch`` readings, ``max_waiting``
    may wait to be judged, and ``requests_per_minute`` are answered, a tenth of them at once. Times without offset are
    of ``timezone``. ``batch_ms`` [ms] is how long readings are gathered.
    """

    model_config = ConfigDict(extra="forbid")
    token: SecretRef
    timezone: ZoneName = "UTC"
    max_batch: Annotated[int, Field(ge=1, le=50_000)] = 10_000
    max_waiting: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    requests_per_minute: Annotated[int, Field(ge=1, le=60_000)] = 600
    batch_ms: Annotated[int, Field(ge=10, le=1000)] = 50
    _inbox: Inbox | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _given(self, info: ValidationInfo) -> Settings:
        if self.max_batch > self.max_waiting:
            raise ValueError("'max_batch' is over 'max_waiting': such a batch could never be taken")
        self._inbox = (info.context or {}).get("inbox")
        return self

    @property
    def inbox(self) -> Inbox | None:
        """Where the server puts what comes; None without a server."""
        return self._inbox

    def secret(self) -> str:
        """The token. MisconfiguredError: it is missing, or so short that it can be guessed."""
        try:
            found = self.token.reveal()
        except SecretError as error:
            raise MisconfiguredError(str(error)) from None
        if len(found) < TOKEN_CHARS:
            raise MisconfiguredError(f"the token has fewer than {TOKEN_CHARS} characters and can be guessed: make it "
                                     "with 'openssl rand -hex 32'")  # fmt: skip
        return found


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
    """What the server acknowledged, until closed."""
    inbox = settings.inbox
    if inbox is None:
        raise MisconfiguredError("readings can be pushed to a running server only: start it with 'serve'")
    if not points:
        raise MisconfiguredError("nothing to take in: give points whose source is the name of this one")
    settings.secret()
    arrived = inbox.arrivals()
    yield []
    while True:
        await arrived.wait()
        await asyncio.sleep(settings.batch_ms / 1000)
        arrived.clear()
        while taken := inbox.take(PIECE):
            try:
                yield taken
            finally:  # also where the source is ended just then: whoever got them has them
                inbox.settle(len(taken))
            await asyncio.sleep(0)
