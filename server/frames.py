"""``GET /api/v1/frames``: the live stream's keyframe as of another instant, or how two instants differ.

Same bytes as ``/ws/live`` (``twin.frame``), made by the same code. What is worked out is kept for whoever asks next,
and only a few are worked out at a time, in threads: people who scrub cannot starve the live stream.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response

from server.difference import Difference, both_ways
from server.instants import read_instant
from server.link_board import LinkBoard
from server.past_contract import Past
from server.runtime import Runtime
from server.stream import Stream, StreamError, Values, chosen
from server.streaming import DEFAULT_CHANNEL
from twin.live import LiveState

Answers = dict[int | str, dict[str, Any]]

AT_ONCE = 2
"""Frames that are worked out at the same time."""
MOST_WAITING = 40
"""Requests that may wait for their turn; one more is told to come again."""
KEPT_BYTES = 48 * 1024 * 1024
"""Encoded frames that are kept, the longest unused making room [bytes]."""
SETTLED_S = 600.0
"""What is this old [s] is taken to change no more: late readings have come."""
SETTLED = "private, max-age=86400, immutable"
FRESH = "private, max-age=2"

BYTES: Answers = {200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}
EVENT: Answers = {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}

Instant = Annotated[str, Query(min_length=1, max_length=60)]
Code = Annotated[str, Query(max_length=200)]
Key = tuple[str, str, str, float, float | None]


class Keeper:
    """The frames of the past: worked out one after the other, the last ones kept."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._bytes = 0
        self._of: LiveState | None = None

    def settled(self, at: float) -> bool:
        """Whether what is known of the instant changes no more."""
        return self._runtime.live.clock() - at > SETTLED_S

    async def get(self, key: Key, make: Callable[[LiveState, LiveState | None], bytes]) -> bytes:
        """The bytes of ``key``, kept or made now; ``key`` ends in the instant and the one to compare with."""
        self._forget_others()
        if (found := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            return found
        past = self._past()
        if self._waiting >= MOST_WAITING:
            raise HTTPException(
                503, f"{MOST_WAITING} requests for the past wait already: ask again in a second", {"Retry-After": "1"}
            )
        self._waiting += 1
        try:
            async with self._turn:
                made = self._kept.get(key) or await self._make(past, key, make)
        finally:
            self._waiting -= 1
        if all(at is None or self.settled(at) for at in key[3:]):
            self._keep(key, made)
        return made

    async def _make(self, past: Past, key: Key, make: Callable[[LiveState, LiveState | None], bytes]) -> bytes:
        at = await past.live_at(key[3])
        against = None if key[4] is None else await past.live_at(key[4])
        return await asyncio.to_thread(make, at, against)

    def _past(self) -> Past:
        if self._runtime.past is None:
            raise HTTPException(404, "this campus keeps no history: only the present can be shown")
        return self._runtime.past

    def _forget_others(self) -> None:
        """What was made for other points of the campus says too much or too little."""
        if self._of is not self._runtime.live:
            self._of = self._runtime.live
            self._kept.clear()
            self._bytes = 0

    def _keep(self, key: Key, data: bytes) -> None:
        if key in self._kept:
            return
        self._kept[key] = data
        self._bytes += len(data)
        while self._bytes > KEPT_BYTES:
            self._bytes -= len(self._kept.popitem(last=False)[1])


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    keeper = Keeper(runtime)

    @api.get("/frames", response_class=Response, responses=BYTES)
    async def frames(at: Instant, channel: Code = DEFAULT_CHANNEL, scope: Code = "", against: str = "") -> Response:
        now = runtime.live.clock()
        instant = read_instant(at, "at", now)
        other = read_instant(against, "against", now) if against else None
        _check(runtime, channel, scope)

        def make(live: LiveState, past: LiveState | None) -> bytes:
            return keyframe(live, past, channel, scope, runtime.build_id)

        data = await keeper.get(("frame", channel, scope, instant, other), make)
        return _answer(data, "application/octet-stream", keeper, instant, other)

    @api.get("/frames/links", response_class=Response, responses=EVENT)
    async def links(at: Instant, scope: Code = "") -> Response:
        instant = read_instant(at, "at", runtime.live.clock())
        _check(runtime, DEFAULT_CHANNEL, scope)

        def make(live: LiveState, _: LiveState | None) -> bytes:
            return links_event(runtime, live, scope)

        data = await keeper.get(("links", "", scope, instant, None), make)
        return _answer(data, "application/json", keeper, instant, None)


def _check(runtime: Runtime, channel: str, scope: str) -> None:
    try:
        chosen(runtime.live.tree, channel, scope)
    except StreamError as error:
        raise HTTPException(404, str(error)) from error


def _answer(data: bytes, kind: str, keeper: Keeper, at: float, against: float | None) -> Response:
    settled = all(moment is None or keeper.settled(moment) for moment in (at, against))
    return Response(data, media_type=kind, headers={"Cache-Control": SETTLED if settled else FRESH})


def keyframe(live: LiveState, against: LiveState | None, channel: str, scope: str, build: int) -> bytes:
    """The keyframe of a channel and scope as of ``live``; with ``against``, of how much more it is than then."""
    row, slot = chosen(live.tree, channel, scope)
    shown: Values = live
    if against is not None:
        shown, row = Difference(live, against), both_ways(row)
    return Stream(shown, row, live.tree.under(slot), build, slot).since(0)


def links_event(runtime: Runtime, live: LiveState, scope: str) -> bytes:
    """The event of the live stream that says everything of the links, as of ``live``; ``{}`` where there are none."""
    _, slot = chosen(live.tree, DEFAULT_CHANNEL, scope)
    board = LinkBoard(runtime.links, live)
    board.refresh()
    return board.since(slot, 0) or b"{}"
