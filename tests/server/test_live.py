"""The live stream over real sockets: keyframes, deltas, one merged frame for the slow, an end for the stalled."""

from __future__ import annotations

import asyncio
import base64
import socket
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import websockets
from starlette.websockets import WebSocketDisconnect
from websockets.asyncio.client import ClientConnection, connect
from websockets.client import ClientProtocol
from websockets.frames import Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from datasources.runner import SourceConfig
from server.built import demo
from server.live import Hub, Stream
from server.runtime import Runtime
from server.streaming import head, sharing
from tests.server.serving import Served, serve, small_campus
from twin.domains import channels
from twin.frame import FLAG_SIMULATED, FLAG_STALE, NO_VALUE, Frame, FrameKind, decode, dequantise
from twin.reading import RawReading

POWER = "channel=energy.power"


async def frame(ws: ClientConnection, seconds: float = 3.0, beats: bool = False) -> Frame:
    async with asyncio.timeout(seconds):
        while True:
            data = await ws.recv()
            assert isinstance(data, bytes)
            found = decode(data)
            if beats or found.kind is not FrameKind.HEARTBEAT:
                return found


def value_of(served: Served, got: Frame, entity: str) -> float:
    slot = served.runtime.live.tree.index[entity]
    at = np.flatnonzero(got.leaves.slot == slot)
    if at.size:
        return float(dequantise(got.leaves.value, got.low, got.high)[at[0]])
    return float(got.totals.value[np.flatnonzero(got.totals.slot == slot)[0]])


def live_url(served: Served, query: str = POWER) -> str:
    return f"{served.ws}/ws/live?{query}"


async def settled(ws: ClientConnection, seconds: float = 0.3) -> list[Frame]:
    """The frames until nothing came for ``seconds``."""
    frames = []
    while True:
        try:
            frames.append(await frame(ws, seconds))
        except TimeoutError:
            return frames


@pytest.mark.asyncio
async def test_a_keyframe_on_connect_then_deltas_of_what_changed(served: Served) -> None:
    served.feed(room_101=500)
    async with connect(live_url(served)) as ws:
        key = await frame(ws)
        assert key.kind is FrameKind.KEYFRAME
        assert key.slots == len(served.runtime.live.tree.ids)
        assert len(key.leaves.slot) == 24
        assert value_of(served, key, "1/01/101") == pytest.approx(0.5, abs=0.001)
        await settled(ws)
        served.feed(room_102=1500)
        delta = await frame(ws)
        assert delta.kind is FrameKind.DELTA
        assert [served.runtime.live.tree.ids[s] for s in delta.leaves.slot] == ["1/01/102"]
        assert {served.runtime.live.tree.ids[s] for s in delta.totals.slot} == {"demo", "1", "1/01"}
        assert value_of(served, delta, "1") == pytest.approx(2.0)
        at = list(delta.totals.slot).index(0)
        assert (delta.totals.have[at], delta.totals.of[at]) == (2, 24)
        served.feed(room_102=1600)
        assert (await frame(ws)).seq == delta.seq + 1


@pytest.mark.asyncio
async def test_same_values_are_no_change(served: Served) -> None:
    served.feed(room_103=700)
    async with connect(live_url(served)) as ws:
        await settled(ws)
        served.feed(room_103=700)
        assert await settled(ws, 0.5) == []


@pytest.mark.asyncio
async def test_a_keyframe_when_over_a_third_changed(served: Served) -> None:
    async with connect(live_url(served)) as ws:
        await settled(ws)
        served.readings([RawReading(p.address, 321.0, time.time()) for p in served.runtime.live.points])
        got = await frame(ws)
        assert got.kind is FrameKind.KEYFRAME
        assert len(got.leaves.slot) == 24


@pytest.mark.asyncio
async def test_a_client_that_noticed_a_gap_gets_a_keyframe(served: Served) -> None:
    async with connect(live_url(served)) as ws:
        first = (await settled(ws))[-1]
        await ws.send("key")
        again = await frame(ws)
        assert (again.kind, again.seq) == (FrameKind.KEYFRAME, first.seq)


@pytest.mark.alone
@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("rooms", "pause"), [(["room_104"], 0.06), (["room_103", "room_104", "room_105", "room_106"], 0.1)]
)
async def test_the_first_change_flushes_at_once_and_the_next_wait_for_each_other(
    served: Served, rooms: list[str], pause: float
) -> None:
    """Where little changes they may follow sooner."""
    async with connect(live_url(served)) as ws:
        await settled(ws)
        start = time.monotonic()
        served.feed(**dict.fromkeys(rooms, 1))
        await frame(ws)
        assert time.monotonic() - start < 0.08, "the first change waits for nobody"
        await settled(ws)
        start = time.monotonic()
        for step in range(60):
            served.feed(**dict.fromkeys(rooms, 100 * step))
            await asyncio.sleep(0.02)
        spent = time.monotonic() - start
        frames = await settled(ws)
        assert 0.5 * spent / pause <= len(frames) <= spent / pause + 3


@pytest.mark.asyncio
async def test_a_phone_gets_two_frames_a_second_each_merged(served: Served) -> None:
    async with connect(live_url(served, f"{POWER}&rate=phone")) as ws:
        await settled(ws)
        start = time.monotonic()
        for step in range(75):
            served.feed(room_105=50 * step + 25)
            await asyncio.sleep(0.02)
        spent = time.monotonic() - start
        frames = await settled(ws, 0.8)
        assert 2 <= len(frames) <= spent / 0.5 + 2
        assert max(b.seq - a.seq for a, b in pairwise(frames)) >= 2, "numbers are skipped"
        assert value_of(served, frames[-1], "1/01/105") == pytest.approx(3.725, abs=0.001), "the last value arrives"


@pytest.mark.asyncio
async def test_a_heartbeat_with_time_and_build(cache: Path) -> None:
    def quick(runtime: Runtime) -> None:
        runtime.hub = Hub(runtime.live, 0xCAFE, heartbeat_s=0.3)

    with serve(cache, adjust=quick) as served:
        async with connect(live_url(served)) as ws:
            await frame(ws)
            beat = await frame(ws, beats=True)
            assert beat.kind is FrameKind.HEARTBEAT
            assert beat.build == 0xCAFE
            assert abs(beat.time_ms / 1000 - time.time()) < 2


@pytest.mark.asyncio
async def test_a_value_that_stops_turns_stale_on_the_wire(cache: Path) -> None:
    with serve(cache, small_campus(stale_s=1.0)) as served:
        served.feed(room_101=500)
        async with connect(live_url(served)) as ws:
            await frame(ws)
            got = (await settled(ws, 3.0))[-1]
            at = list(got.leaves.slot).index(served.runtime.live.tree.index["1/01/101"])
            assert got.leaves.flags[at] & FLAG_STALE
            assert value_of(served, got, "1/01/101") == pytest.approx(0.5, abs=0.001), "with its last value"
            assert np.isnan(value_of(served, got, "demo")), "and out of the totals"


@pytest.mark.asyncio
async def test_the_range_widens_for_a_value_beyond_it(served: Served) -> None:
    async with connect(live_url(served)) as ws:
        before = (await settled(ws))[-1]
        served.feed(room_106=180_000)
        got = await frame(ws)
        assert got.kind is FrameKind.KEYFRAME
        assert got.high > before.high
        assert value_of(served, got, "1/01/106") == pytest.approx(180, abs=0.01)
        served.feed(room_106=10)


@pytest.mark.asyncio
async def test_a_scope_carries_its_rooms_and_every_total(served: Served) -> None:
    async with connect(live_url(served, f"{POWER}&scope=2/01")) as ws:
        key = await frame(ws)
        ids = served.runtime.live.tree.ids
        assert {ids[s].rpartition("/")[0] for s in key.leaves.slot} == {"2/01"}
        assert len(key.totals.slot) == 1 + 2 + 4


@pytest.mark.asyncio
@pytest.mark.parametrize("query", ["channel=no.such", f"{POWER}&scope=99", "scope=1/01/101"])
async def test_an_unknown_channel_or_scope_is_refused_with_a_reason(served: Served, query: str) -> None:
    async with connect(live_url(served, query)) as ws:
        with pytest.raises(websockets.ConnectionClosedError) as closed:
            await ws.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4404
        assert "there is no" in closed.value.rcvd.reason
    assert served.http.get(f"/sse/live?{query}").status_code == 404


@pytest.mark.asyncio
@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://["}])
async def test_a_page_of_another_origin_is_refused(served: Served, headers: dict[str, str]) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with connect(live_url(served), additional_headers=headers):
            pass
    assert refused.value.response.status_code == 403
    async with connect(live_url(served), additional_headers={"Origin": served.url}) as ws:
        await frame(ws)


@pytest.mark.asyncio
async def test_deflate_is_off(served: Served) -> None:
    async with connect(live_url(served), compression="deflate") as ws:
        assert ws.response is not None
        assert "Sec-WebSocket-Extensions" not in ws.response.headers


def test_the_same_bytes_as_server_sent_events(served: Served) -> None:
    with served.http.stream("GET", f"/sse/live?{POWER}") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers
        lines = (line for line in answer.iter_lines() if line.startswith("data: "))
        key = decode(base64.b64decode(next(lines)[6:]))
        assert key.kind is FrameKind.KEYFRAME
        served.feed(room_101=1234)
        while (delta := decode(base64.b64decode(next(lines)[6:]))).kind is not FrameKind.DELTA:
            pass
        assert value_of(served, delta, "1/01/101") == pytest.approx(1.234, abs=0.01)
    end = time.monotonic() + 60
    while served.runtime.hub.counts.clients and time.monotonic() < end:
        time.sleep(0.05)
    assert served.runtime.hub.counts.clients == 0, "a client that left is forgotten"


@pytest.mark.asyncio
async def test_a_stalled_client_is_cut_off_and_delays_nobody(cache: Path) -> None:
    def impatient(runtime: Runtime) -> None:
        runtime.hub = Hub(runtime.live, 1, stall_s=1.5)

    with serve(cache, small_campus(1, 1, 1500), adjust=impatient) as served:
        stalled = socket.socket()
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect(("127.0.0.1", served.port))
        key = base64.b64encode(b"0123456789abcdef").decode()
        stalled.sendall(
            f"GET /ws/live HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        points, hub = served.runtime.live.points, served.runtime.hub
        async with connect(live_url(served), max_size=None) as ws:
            await frame(ws)
            worst, turn, end = 0.0, 0, time.monotonic() + 20
            while not hub.counts.stalled:
                assert time.monotonic() < end, "the stalled client is still there"
                turn += 1
                batch = [RawReading(p.address, float(turn * 7 % 5000), time.time()) for p in points]
                start = time.monotonic()
                await asyncio.to_thread(served.readings, batch)
                await frame(ws)
                worst = max(worst, time.monotonic() - start)
            assert worst < 1.2, "it waited for the stalled one"
            await asyncio.sleep(0.2)
            assert hub.counts.clients == 1
        stalled.settimeout(5)
        assert _ends(stalled), "the connection is still open"
        stalled.close()


def _ends(peer: socket.socket) -> bool:
    """Read what is left; whether the other side has closed."""
    try:
        while peer.recv(1 << 20):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True


def test_one_encoding_serves_everybody(served: Served) -> None:
    """The cost of a frame does not grow with its readers: the same bytes object goes to all who stand at one number."""
    everything = np.ones(len(served.runtime.live.tree.ids), np.bool_)
    stream = served.call(lambda: Stream(served.runtime.live, channels()["energy.power"], everything, 1))
    assert stream.since(0) is stream.since(0)


def test_a_merged_delta_equals_the_deltas_one_by_one(served: Served) -> None:
    """Whatever a client missed: applying one merged frame or every frame gives the same picture."""
    live = served.runtime.live

    def run() -> None:
        generator = np.random.default_rng(5)
        stream = Stream(live, channels()["energy.power"], np.ones(len(live.tree.ids), np.bool_), 1)
        state = _applied({}, decode(stream.since(0)))
        late, late_seq = dict(state), stream.seq
        for turn in range(42):
            chosen = generator.choice(len(live.points), 3, replace=False)
            now = time.time() + turn * 0.001
            batch = [RawReading(live.points[i].address, float(generator.integers(0, 5000)), now) for i in chosen]
            served.runtime.ingest.accept(batch, "feed")
            before = stream.seq
            if stream.refresh():
                state = _applied(state, decode(stream.since(before)))
            if turn % 7 == 6:
                late = _applied(late, decode(stream.since(late_seq)))
                late_seq = stream.seq
                assert late == state
                assert state == _applied({}, decode(stream.since(0)))

    served.call(run)


def _applied(state: dict[int, tuple[object, ...]], got: Frame) -> dict[int, tuple[object, ...]]:
    new = {} if got.kind is FrameKind.KEYFRAME else dict(state)
    leaves, t = got.leaves, got.totals
    for i, slot in enumerate(leaves.slot.tolist()):
        new[slot] = (int(leaves.value[i]), int(leaves.flags[i]))
    for i, slot in enumerate(t.slot.tolist()):
        new[slot] = (repr(float(t.value[i])), int(t.have[i]), int(t.of[i]), int(t.flags[i]))
    return new


@pytest.mark.asyncio
async def test_too_many_clients_are_told_to_come_back(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.live.MAX_CLIENTS", 1)
    with serve(cache) as served:
        async with connect(live_url(served)) as first:
            await frame(first)
            async with connect(live_url(served)) as second:
                with pytest.raises(websockets.ConnectionClosedError) as closed:
                    await second.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1013


@pytest.mark.asyncio
async def test_the_server_stops_with_clients_connected(cache: Path) -> None:
    with serve(cache) as served:
        ws = await connect(live_url(served))
        await frame(ws)
        served.server.should_exit = True
        await asyncio.wait_for(ws.wait_closed(), 10)
        assert ws.close_code in (1001, 1012)


@pytest.mark.asyncio
async def test_a_failed_turn_is_counted_and_the_stream_goes_on(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with connect(live_url(served)) as ws:
        await settled(ws)
        errors = served.runtime.hub.counts.errors
        monkeypatch.setattr(served.runtime.live, "tick", lambda: 1 / 0)
        await asyncio.sleep(1.3)
        monkeypatch.undo()
        assert served.runtime.hub.counts.errors > errors
        assert "goes on" in caplog.text
        served.feed(room_101=4321)
        got = (await settled(ws))[-1]
        assert value_of(served, got, "1/01/101") == pytest.approx(4.321, abs=0.01)


@pytest.mark.asyncio
async def test_the_simulator_reaches_the_stream_through_the_same_pipeline(cache: Path) -> None:
    assembled, _ = demo(cache, 1, 300)
    sources = [SourceConfig("simulator", "simulator", {"interval_s": 0.5})]
    with serve(cache, assembled, sources) as served:
        async with connect(live_url(served)) as ws:
            end = time.monotonic() + 60
            while True:
                got = await frame(ws, 40)
                if got.totals.have.any() and got.totals.slot[0] == 0:
                    break
                assert time.monotonic() < end
        assert got.totals.flags[0] & FLAG_SIMULATED
        assert got.totals.value[0] > 10
        assert got.totals.have[0] == got.totals.of[0] > 0
        assert (got.leaves.value < NO_VALUE).sum() > 100
        state = served.runtime.sources()[0]
        assert (state.state, state.type) == ("live", "simulator")
        counts = served.runtime.ingest.counts["simulator"]
        assert (counts.unmapped, counts.bad, counts.late) == (0, 0, 0)


def test_a_head_request_opens_no_stream(served: Served) -> None:
    assert served.http.head("/sse/live").headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536, 146_000])
def test_a_frame_sent_straight_to_the_transport_is_one_message_and_the_same_bytes(size: int) -> None:
    parser = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=State.OPEN)
    data = bytes(size)
    parser.receive_data(head(size) + data)
    (frame,) = parser.events_received()
    assert (frame.opcode, frame.fin, frame.data) == (Opcode.BINARY, True, data)  # type: ignore[union-attr]


@pytest.mark.asyncio
async def test_straight_to_the_transport_waits_while_it_is_full_and_ends_when_it_closes() -> None:
    class Transport:
        closing = False

        def __init__(self) -> None:
            self.written: list[bytes] = []

        def write(self, data: bytes) -> None:
            self.written.append(data)

        def is_closing(self) -> bool:
            return self.closing

    transport, writable, data = Transport(), asyncio.Event(), b"frame"
    sending = asyncio.ensure_future(sharing(transport, writable)(data))
    await asyncio.sleep(0.01)
    assert not transport.written
    writable.set()
    await sending
    assert transport.written[-1] is data, "no copy for each client"
    transport.closing = True
    with pytest.raises(WebSocketDisconnect):
        await sharing(transport, writable)(data)
