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

import numpy as np
import numpy.typing as npt

from server.link_board import QUANTITIES, LinkBoard
from twin.domains import Channel, channels
from twin.frame import NO_VALUE, Frame, FrameKind, Leaves, Totals, encode, no_leaves, no_totals, quantise
from twin.links import Links
from twin.live import LiveState
from twin.slots import Level

log = logging.getLogger(__name__)

FLUSH_S = 0.1
LIGHT_FLUSH_S = 0.06
LIGHT = 0.05
"""Where at most this share of every stream's rooms changed, the next flush may come sooner: it costs all little."""
PHONE_S = 0.5
TICK_S = 1.0
HEARTBEAT_S = 5.0
STALL_S = 10.0
MAX_CLIENTS = 2000
AGE_STEP_S = 5.0
"""A total whose oldest value grew newer by less than this [s] is not sent again for its age alone."""

Send = Callable[[bytes], Awaitable[None]]


class StreamError(ValueError):
    """A stream that cannot be opened; the message says which part of the request is wrong."""


class Stream:
    """One channel of one scope: its slots, what was last encoded, and when each slot last changed.

    ``light``: the last change was of few rooms.
    """

    def __init__(
        self, live: LiveState, channel: Channel, scope: npt.NDArray[np.bool_], build: int, slot: int = 0
    ) -> None:
        self.channel = channel
        self.slot = slot
        self.has_links = channel.quantity in QUANTITIES
        self.seq = 0
        self.light = True
        self._build = build
        self._scope = scope
        self._low, self._high = channel.low, channel.high
        self._key_seq = 0
        self._time_ms = 0.0
        self._cache: dict[int, bytes] = {}
        self.follow(live)

    def follow(self, live: LiveState) -> None:
        """Show ``live``, another one of the same tree; whoever is there already gets a keyframe."""
        self._live = live
        tree = live.tree
        has_point = np.zeros(len(tree.ids), np.bool_)
        has_point[live.columns(self.channel.quantity).slot] = True
        self._leaf_slot = np.flatnonzero(has_point & self._scope & (tree.level == Level.SPACE)).astype(np.uint32)
        total = (live.rolled(self.channel).of > 0) & (tree.level != Level.SPACE)
        self._total_slot = np.flatnonzero(total).astype(np.uint32)
        self._version = -1
        self._leaf_seq = np.zeros(len(self._leaf_slot), np.int64)
        self._total_seq = np.zeros(len(self._total_slot), np.int64)
        self._leaf_value = np.full(len(self._leaf_slot), NO_VALUE, np.uint16)
        self._leaf_flags = np.zeros(len(self._leaf_slot), np.uint8)
        self._totals = no_totals()
        self._oldest = np.zeros(0)
        self._sent_oldest = np.zeros(len(self._total_slot))
        if not self.refresh():
            self.seq += 1
        self._cache.clear()
        self._key_seq = self.seq

    def refresh(self) -> bool:
        """Take in what changed; True when there is something to send."""
        version = self._live.quantity_version(self.channel.quantity)
        if version == self._version:
            return False
        self._version = version
        rolled = self._live.rolled(self.channel)
        values = rolled.value[self._leaf_slot]
        widened = self._widen(values)
        leaf_value = quantise(values, self._low, self._high)
        leaf_flags = rolled.flags[self._leaf_slot]
        leaf = (leaf_value != self._leaf_value) | (leaf_flags != self._leaf_flags)
        at = self._total_slot
        totals = Totals(
            at, rolled.value[at].astype(np.float32), _u16(rolled.have[at]), _u16(rolled.of[at]),
            np.zeros(len(at), np.uint16), rolled.flags[at],
        )  # fmt: skip
        oldest = rolled.oldest[at]
        total = self._total_changes(totals, oldest)
        if self.seq and not (widened or leaf.any() or total.any()):
            return False
        self.seq += 1
        if widened:
            self._key_seq = self.seq
        self.light = int(leaf.sum()) <= LIGHT * len(leaf)
        self._leaf_seq[leaf] = self.seq
        self._total_seq[total] = self.seq
        self._leaf_value, self._leaf_flags, self._totals, self._oldest = leaf_value, leaf_flags, totals, oldest
        self._sent_oldest[total] = oldest[total]
        self._time_ms = self._live.clock() * 1000.0
        self._cache.clear()
        return True

    def _total_changes(self, new: Totals, oldest: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        old = self._totals
        if len(old.slot) != len(new.slot):
            return np.ones(len(new.slot), np.bool_)
        value = (new.value != old.value) & ~(np.isnan(new.value) & np.isnan(old.value))
        with np.errstate(invalid="ignore"):
            aged = np.abs(oldest - self._sent_oldest) >= AGE_STEP_S
        state = (new.have != old.have) | (new.of != old.of) | (new.flags != old.flags)
        changed: npt.NDArray[np.bool_] = np.logical_or.reduce([value, state, aged])
        return changed

    def _widen(self, values: npt.NDArray[np.float64]) -> bool:
        """Let the 16-bit range hold every value: it doubles until it does, and never shrinks."""
        known = values[~np.isnan(values)]
        if not known.size:
            return False
        low, high, span = self._low, self._high, self._high - self._low
        while float(known.max()) > self._high:
            self._high += span
            span = self._high - self._low
        while float(known.min()) < self._low:
            self._low -= span
            span = self._high - self._low
        return (low, high) != (self._low, self._high)

    def since(self, seq: int) -> bytes:
        """The frame that brings a client from ``seq`` (0: nothing) to now; the same bytes for all who are there."""
        found = self._cache.get(seq)
        if found is None:
            found = self._cache[seq] = self._encode(seq)
        return found

    def _encode(self, seq: int) -> bytes:
        leaf = self._leaf_seq > seq
        if seq == 0 or seq < self._key_seq or 3 * int(leaf.sum()) > max(len(leaf), 1):
            return encode(self._frame(FrameKind.KEYFRAME, np.ones_like(leaf), np.ones(len(self._total_slot), np.bool_)))
        return encode(self._frame(FrameKind.DELTA, leaf, self._total_seq > seq))

    def _frame(self, kind: FrameKind, leaf: npt.NDArray[np.bool_], total: npt.NDArray[np.bool_]) -> Frame:
        t = self._totals
        oldest = self._oldest[total]
        age = np.where(np.isinf(oldest), 65535, np.clip(self._time_ms / 1000.0 - oldest, 0, 65535)).astype(np.uint16)
        return Frame(
            kind, self.seq, self._time_ms, self._low, self._high, self._build, len(self._live.tree.ids),
            Leaves(self._leaf_slot[leaf], self._leaf_value[leaf], self._leaf_flags[leaf]),
            Totals(t.slot[total], t.value[total], t.have[total], t.of[total], age, t.flags[total]),
        )  # fmt: skip

    def heartbeat(self) -> bytes:
        """A frame without a body: the server's time, build and the number that a client should have reached."""
        return self._bare(FrameKind.HEARTBEAT)

    def event(self, text: bytes) -> bytes:
        """An event (JSON) as a frame."""
        return self._bare(FrameKind.EVENT, text)

    def _bare(self, kind: FrameKind, event: bytes = b"") -> bytes:
        return encode(
            Frame(
                kind, self.seq, self._live.clock() * 1000.0, self._low, self._high, self._build,
                len(self._live.tree.ids), no_leaves(), no_totals(), event,
            )
        )  # fmt: skip


def _u16(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.uint16]:
    return np.minimum(counts, 65535).astype(np.uint16)


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
        self._streams: dict[tuple[str, str], Stream] = {}
        self._clients: set[Client] = set()
        self._beat = 0
        self._dirty = asyncio.Event()
        self._next_tick = self._next_beat = 0.0
        self._slow_due = 0.0
        self._slow_timer: asyncio.TimerHandle | None = None
        live.listeners.append(self._dirty.set)

    def open(self, channel: str, scope: str) -> Stream:
        """The stream of a channel and scope ('' = the whole campus, else a building or storey); StreamError if none."""
        row = channels().get(channel)
        if row is None:
            raise StreamError(f"there is no channel '{channel[:80]}': use one of {', '.join(channels())}")
        tree = self.live.tree
        slot = tree.index.get(scope) if scope else 0
        if slot is None or tree.level[slot] > Level.STOREY:
            raise StreamError(f"there is no building or storey '{scope[:80]}': leave scope empty for the whole campus")
        key = (channel, tree.ids[slot])
        stream = self._streams.get(key)
        if stream is None:
            stream = self._streams[key] = Stream(self.live, row, tree.under(slot), self.build, slot)
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
