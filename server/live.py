"""The live stream: each channel and scope is encoded once and fanned out; every client gets what it can take.

The hub wakes when the live state changes: the first change goes out at once, then at most ten times a second (sixteen
times while little changes, twice for ``rate=phone``). A client that cannot take that gets one merged frame when it can:
each slot knows the sequence number at which it last changed, so a delta from any earlier number is one comparison. A
stalled client is cut off.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from server.link_board import LinkBoard
from server.stream import Stream, StreamError, chosen
from twin.links import Links
from twin.live import LiveState

__all__ = ["Client", "Hub", "HubCounts", "Stream", "StreamError"]

log = logging.getLogger(__name__)

FLUSH_S = 0.1
LIGHT_FLUSH_S = 0.06
PHONE_S = 0.5
TICK_S = 1.0
HEARTBEAT_S = 5.0
STALL_S = 10.0
MAX_CLIENTS = 2000

Send = Callable[[bytes], Awaitable[None]]


@dataclass(slots=True, eq=False)
class Client:
    """One connection. ``seq`` is what it has, ``links`` the same of the links, ``beat`` the last heartbeat it got,
    ``sending`` since when it is busy [s, monotonic; 0 = not]. ``abort`` cuts the connection without waiting for the
    peer.
    """

    stream: Stream
    send: Send
    slow: bool = False
    abort: Callable[[], None] | None = None
    seq: int = 0
    links: int = 0
    beat: int = 0
    sending: float = 0.0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class HubCounts:
    """Counters since the start; ``clients`` is how many there are now."""

    clients: int = 0
    opened: int = 0
    stalled: int = 0
    frames: int = 0
    bytes: int = 0
    errors: int = 0


class Hub:
    """All live streams and their clients. ``run`` is its one task; everything happens on the event loop."""

    def __init__(
        self,
        live: LiveState,
        build: int,
        stall_s: float = STALL_S,
        heartbeat_s: float = HEARTBEAT_S,
        links: Links | None = None,
    ) -> None:
        self.live = live
        self.board = LinkBoard(links or Links(), live)
        self.build = build
        self.counts = HubCounts()
        self._stall_s = stall_s
        self._heartbeat_s = heartbeat_s
        self._streams: dict[tuple[str, str, bool], Stream] = {}
        self._clients: set[Client] = set()
        self._beat = 0
        self._dirty = asyncio.Event()
        self._next_tick = self._next_beat = 0.0
        self._slow_due = 0.0
        self._slow_timer: asyncio.TimerHandle | None = None
        live.listeners.append(self._dirty.set)

    def open(self, channel: str, scope: str, totals_only: bool = False) -> Stream:
        """The stream of a channel and scope ('' = the whole campus, else a building or storey); StreamError if none.

        ``totals_only``: for visitors, nothing of a single room, and nothing of people (``server.visitors``).
        """
        row, slot = chosen(self.live.tree, channel, scope)
        tree = self.live.tree
        key = (channel, tree.ids[slot], totals_only)
        stream = self._streams.get(key)
        if stream is None:
            stream = Stream(self.live, row, tree.under(slot), self.build, slot, totals_only)
            self._streams[key] = stream
        return stream

    async def serve(self, client: Client) -> None:
        """Send to one client until it is cancelled, cut off, or ``client.send`` raises."""
        if len(self._clients) >= MAX_CLIENTS:
            raise StreamError(f"{MAX_CLIENTS} clients are connected already: try again later")
        client.task = asyncio.current_task()
        client.beat = self._beat
        self._clients.add(client)
        self.counts.opened += 1
        self.counts.clients = len(self._clients)
        try:
            client.stream.refresh()
            await self._send(client, client.stream.since(0))
            if client.stream.has_links:
                self.board.refresh()
                await self._send_links(client)
            while True:
                await client.wake.wait()
                client.wake.clear()
                await self._catch_up(client)
        finally:
            self._clients.discard(client)
            self.counts.clients = len(self._clients)
            self._forget(client.stream)

    def _forget(self, stream: Stream) -> None:
        """Drop a scope's stream with its last client; whole-campus streams stay, they are asked for again."""
        if any(client.stream is stream for client in self._clients):
            return
        for key, known in list(self._streams.items()):
            if known is stream and key[1] != self.live.tree.ids[0]:
                del self._streams[key]

    async def _catch_up(self, client: Client) -> None:
        if client.beat != self._beat:
            client.beat = self._beat
            await self._send(client, client.stream.heartbeat(), moves=False)
        if client.seq != client.stream.seq:
            await self._send(client, client.stream.since(client.seq))
        if client.stream.has_links and client.links != self.board.seq:
            await self._send_links(client)

    async def _send_links(self, client: Client) -> None:
        event = self.board.since(client.stream.slot, client.links)
        client.links = self.board.seq
        if event:
            await self._send(client, client.stream.event(event), moves=False)

    async def _send(self, client: Client, data: bytes, moves: bool = True) -> None:
        if moves:
            client.seq = client.stream.seq
        client.sending = time.monotonic()
        await client.send(data)
        client.sending = 0.0
        self.counts.frames += 1
        self.counts.bytes += len(data)

    def seq_of(self, channel: str) -> int:
        """The number of the last frame of a channel's stream of the whole campus; 0 where nobody listens to it."""
        stream = self._streams.get((channel, self.live.tree.ids[0], False))
        return 0 if stream is None else stream.seq

    def follow(self, live: LiveState, links: Links | None = None) -> None:
        """Go on with another live state of the same tree: points came or went."""
        self.live = live
        self.board.follow(links or Links(), live)
        live.listeners.append(self._dirty.set)
        for stream in self._streams.values():
            stream.follow(live)
        self._dirty.set()

    def follow_links(self, links: Links) -> None:
        """Go on with other links over the same values."""
        self.board.follow(links, self.live)
        self._dirty.set()

    def keyframe(self, client: Client) -> None:
        """Give the client a keyframe next: it noticed a gap."""
        client.seq = client.links = 0
        client.wake.set()

    async def run(self) -> None:
        """Refresh, wake, judge ages, beat and cut off stalled clients, until cancelled."""
        while True:
            wait = max(0.0, self._next_tick - time.monotonic())
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._dirty.wait()
            try:
                pause = self._turn(time.monotonic())
            except Exception:
                # One bad turn must not end every screen's stream; the log has the reason, the counters the number.
                log.exception("the live hub failed in one turn and goes on")
                self.counts.errors += 1
                pause = FLUSH_S
            if pause:
                await asyncio.sleep(pause)

    def _turn(self, now: float) -> float:
        """One turn of ``run``; how long [s] no other may flush, 0 when nothing was flushed."""
        if now >= self._next_tick:
            self._next_tick = now + TICK_S
            self.live.tick()
            self._cut_stalled(now)
            if any(client.stream.has_links for client in self._clients) and self.board.refresh(now):
                self._wake_all(now)
        if now >= self._next_beat:
            self._next_beat = now + self._heartbeat_s
            self._beat += 1
            self._wake_all(now)
        if not self._dirty.is_set():
            return 0.0
        self._dirty.clear()
        streams = {client.stream for client in self._clients}
        for stream in streams:
            stream.refresh()
        self._wake_all(now)
        return LIGHT_FLUSH_S if all(stream.light for stream in streams) else FLUSH_S

    def _wake_all(self, now: float) -> None:
        """Wake everybody whose turn it is; phones when theirs comes."""
        self._wake(slow=False)
        if now >= self._slow_due:
            self._wake_slow()
        elif self._slow_timer is None:
            self._slow_timer = asyncio.get_running_loop().call_later(self._slow_due - now, self._wake_slow)

    def _wake_slow(self) -> None:
        """Phones all wake together, so that one merged frame serves them all."""
        if self._slow_timer is not None:
            self._slow_timer.cancel()
            self._slow_timer = None
        self._slow_due = time.monotonic() + PHONE_S
        self._wake(slow=True)

    def _wake(self, slow: bool) -> None:
        for client in self._clients:
            behind = client.seq != client.stream.seq or client.beat != self._beat
            behind |= client.stream.has_links and client.links != self.board.seq
            if client.slow is slow and behind:
                client.wake.set()

    def _cut_stalled(self, now: float) -> None:
        for client in list(self._clients):
            if client.sending and now - client.sending > self._stall_s:
                self._clients.discard(client)
                self.counts.stalled += 1
                log.warning("a live client took nothing for %.0f s: connection closed", now - client.sending)
                if client.task is not None:
                    client.task.cancel()
                if client.abort is not None:
                    client.abort()
