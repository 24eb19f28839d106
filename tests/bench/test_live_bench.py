"""The pieces of the live benchmark: clients that count, pixels that are waited for, and a small run beside Dash."""

from __future__ import annotations

import os

import pytest

from bench import live_bench, live_clients, process
from bench.painted import delays, p99


def test_a_message_is_painted_with_the_first_newer_frame() -> None:
    log = [(3, [10.0, 10.01]), (4, [10.2])]
    painted = [(3, 9.9), (5, 10.25), (6, 10.4)]
    assert delays(log, painted) == pytest.approx([250, 240, 50])
    with pytest.raises(RuntimeError, match="never painted"):
        delays([(6, [10.0])], painted)
    assert p99([float(n) for n in range(100)]) == 99


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_a_client_counts_messages_and_answers_pings(piece: int) -> None:
    class Transport:
        written = b""

        def write(self, data: bytes) -> None:
            self.written += data

    seen = live_clients.Seen()
    client = live_clients.Socket(b"GET", live_clients._counter(seen), b"hello")
    transport = Transport()
    client.connection_made(transport)  # type: ignore[arg-type]
    stream = (
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n"
        + b"\x82\x05abcde" + b"\x89\x02hi" + b"\x82\x7e\x01\x00" + bytes(256)
        + b"\x81\x7f" + (70_000).to_bytes(8, "big") + bytes(70_000) + b"\x82\x00"
    )  # fmt: skip
    for at in range(0, len(stream), piece):
        part = stream[at : at + piece]
        client.get_buffer(-1)[: len(part)] = part
        client.buffer_updated(len(part))
    found = seen.look()
    assert (found["messages"], found["bytes"], found["largest"]) == (4, 5 + 256 + 70_000, 70_000)
    assert transport.written == b"GET\x81\x85\0\0\0\0hello\x8a\x82\0\0\0\0hi"


def test_what_a_process_takes() -> None:
    before = process.cpu_seconds(os.getpid())
    sum(range(2_000_000))
    assert 0 < process.cpu_seconds(os.getpid()) - before < 5
    assert 10 < process.memory_mb(os.getpid()) <= process.memory_mb(os.getpid(), most=True)


def test_clients_of_every_kind_get_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_bench, "SETTLE_S", 0.5)
    monkeypatch.setattr(live_bench, "ROUND_S", 1.5)
    for module, kinds in (("bench.live_server", ("ours",)), ("bench.dash_server", live_bench.FORMS)):
        took = live_bench._took(module, kinds, 50, 3)
        assert set(took.busy) == set(kinds)
        assert all(seen["messages"] >= 3 and seen["bytes"] > 0 for seen in took.seen.values())
        assert all(cores > 0 for cores in took.busy.values())
