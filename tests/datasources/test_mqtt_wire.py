"""PUBLISH packets taken apart: whatever a read of the socket brings, in whatever pieces."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.package import Package
from gmqtt.mqtt.utils import ConnectionState, IdGenerator
from hypothesis import given, settings
from hypothesis import strategies as st

from datasources.mqtt_wire import MalformedError, Message, Oversized, Wire, number, read

T0 = 1_800_000_000.0


def length(size: int) -> bytes:
    parts = bytearray()
    while size > 127:
        parts.append(size & 127 | 128)
        size >>= 7
    return bytes((*parts, size))


def publish(
    topic: bytes, payload: bytes, *, qos: int = 0, retain: bool = False, mid: int = 7, properties: bytes | None = None
) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + (mid.to_bytes(2, "big") if qos else b"")
    if properties is not None:
        body += length(len(properties)) + properties
    return bytes((0x30 | qos << 1 | retain,)) + length(len(body) + len(payload)) + body + payload


class Peer:
    """The connection that a wire reports to, and the transport that it writes to."""

    def __init__(self) -> None:
        self.packages: list[Package] = []
        self.passed: list[Oversized] = []
        self.complaints: list[str] = []
        self.written = b""
        self.closed = False
        self._last_data_in = self._last_data_out = 0.0

    def put_package(self, package: Package) -> None:
        self.packages.append(package)

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


LIMIT = 1_000


def wire(version: int = MQTTv50, limit: int = 2**28) -> tuple[Wire, Peer, list[Message]]:
    taken: list[Message] = []
    peer = Peer()
    made = Wire(
        take=taken.extend, pass_over=peer.passed.append, complain=peer.complaints.append, limit=limit,
        connection_state=ConnectionState(protocol_version=version), id_generator=IdGenerator(),
        loop=asyncio.new_event_loop(),
    )  # fmt: skip
    made._connection = made._transport = peer
    made._loop.close()
    return made, peer, taken


messages = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60), st.binary(max_size=300),
        st.booleans(), st.sampled_from([0, 1]),
    ),
    max_size=12,
)  # fmt: skip


@settings(deadline=None)
@given(messages, st.sampled_from([MQTTv311, MQTTv50]), st.binary(max_size=140), st.integers(1, 50))
def test_every_message_comes_once_and_whole_in_whatever_pieces(
    sent: list[tuple[str, bytes, bool, int]], version: int, properties: bytes, piece: int
) -> None:
    stream = b"".join(
        publish(t.encode(), p, qos=q, retain=r, mid=n + 1, properties=properties if version == MQTTv50 else None)
        for n, (t, p, r, q) in enumerate(sent)
    )
    made, peer, taken = wire(version)
    for at in range(0, len(stream), piece):
        made.data_received(stream[at : at + piece])
    assert [(t, p, r) for t, p, r, _ in taken] == [(t, p, r) for t, p, r, _ in sent]
    ids = [n + 1 for n, row in enumerate(sent) if row[3]]
    assert peer.written == b"".join(b"\x40\x02" + mid.to_bytes(2, "big") for mid in ids), "each is acknowledged once"
    assert not peer.packages
    assert not peer.closed


def test_other_packets_and_publishes_that_are_not_in_order_go_to_gmqtt() -> None:
    suback = b"\x90\x04\x00\x01\x00\x01"
    no_topic = publish(b"", b"5", properties=b"")
    cut = b"\x30\x05\x00\x09abc"
    exactly_once = publish(b"t", b"6", qos=2, properties=b"")
    endless = publish(b"t", b"", properties=b"")[:-1] + b"\x7f"
    before = suback + no_topic + cut + exactly_once + endless
    found, ids, others, end = read(before + publish(b"t", b"1", properties=b"") + b"\x30", True, T0)
    assert found == [("t", b"1", False, T0)]
    assert ids == []
    assert [package.cmd for package in others] == [0x90, 0x30, 0x30, 0x34, 0x30]
    assert end == len(before) + 7, "what is not whole waits"


@settings(deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_no_bytes_at_all_raise_anything_but_malformed(data: bytes, properties: bool) -> None:
    try:
        _, _, _, end = read(data, properties, T0)
    except MalformedError:
        return
    assert 0 <= end <= len(data)


def test_a_topic_that_is_no_text_is_still_handed_over() -> None:
    found, *_ = read(publish(b"\xff\xfe", b"1"), False, T0)
    assert found == [(repr(b"\xff\xfe"), b"1", False, T0)]


@pytest.mark.parametrize(("data", "expected"), [(b"\x00", (0, 1)), (b"\xff\xff\xff\x7f", (268_435_455, 4)),
                                                (b"\x80", None), (b"", None)])  # fmt: skip
def test_lengths(data: bytes, expected: Any) -> None:
    assert number(data, 0) == expected


def test_what_is_no_mqtt_closes_the_connection() -> None:
    made, peer, taken = wire()
    made.data_received(b"\x30\xff\xff\xff\xff\xff")
    assert peer.closed
    assert not taken


def test_a_large_payload_is_put_together_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(data: bytes, properties: bool, received: float) -> Any:
        calls.append(len(data))
        return read(data, properties, received)

    monkeypatch.setattr("datasources.mqtt_wire.read", counted)
    made, _, taken = wire(MQTTv311)
    stream = publish(b"big", bytes(500_000))
    for at in range(0, len(stream), 1000):
        made.data_received(stream[at : at + 1000])
    assert [len(payload) for _, payload, *_ in taken] == [500_000]
    assert len(calls) == 2, "once to learn how long it is, once to read it"


@settings(deadline=None)
@given(
    st.integers(LIMIT, 5 * LIMIT), st.sampled_from([MQTTv311, MQTTv50]), st.integers(0, 1), st.integers(1, 700),
    st.integers(0, 40),
)  # fmt: skip
def test_a_message_that_is_too_long_is_passed_over_and_nothing_else(
    size: int, version: int, qos: int, piece: int, topic: int
) -> None:
    properties = b"\x01\x00" if version == MQTTv50 else None
    name = b"b" * (topic + 1)
    first = publish(b"a", b"1", qos=qos, mid=1, properties=properties)
    long = publish(name, b"x" * size, qos=qos, retain=True, mid=2, properties=properties)
    last = publish(b"c", b"3", qos=qos, mid=3, properties=properties)
    made, peer, taken = wire(version, LIMIT)
    stream = first + long + long + last
    for at in range(0, len(stream), piece):
        made.data_received(stream[at : at + piece])
        assert made._have <= LIMIT + piece, "no more is gathered than may be"
    assert [(t, p) for t, p, _, _ in taken] == [("a", b"1"), ("c", b"3")]
    assert [(one.topic, one.size, one.retained) for one in peer.passed] == [
        (name.decode(), len(long) - len(length(len(long) - 3)) - 1, True)
    ] * 2
    assert all(set(one.sample) <= set(b"x") for one in peer.passed)
    acknowledged = [1, 2, 2, 3] if qos else []
    assert peer.written == b"".join(b"\x40\x02" + mid.to_bytes(2, "big") for mid in acknowledged)
    assert not peer.closed


@pytest.mark.parametrize(
    ("begin", "fault"),
    [
        (b"\x90" + length(5_000) + b"\0\1\0", "5,000 bytes that is no message"),
        (b"\x34" + length(5_000) + b"\0\1a\0", "no message"),
        (b"\x30" + length(5_000) + b"\xff\xff" + b"t" * 90, "a topic that is longer than its packet"),
        (b"\x30\xff\xff\xff\xff\x01", "a length of more than four bytes"),
    ],
)
def test_what_is_too_long_and_no_message_ends_the_connection_and_says_why(begin: bytes, fault: str) -> None:
    made, peer, _ = wire(MQTTv311, LIMIT)
    made.data_received(publish(b"a", b"1") + begin)
    assert (peer.closed, made._have) == (True, 0)
    assert fault in peer.complaints[0]
    assert peer.passed == []


def test_a_packet_of_just_the_limit_is_taken_in() -> None:
    made, peer, taken = wire(MQTTv311, LIMIT)
    fits = publish(b"a", b"x" * (LIMIT - 6))
    assert len(fits) == LIMIT
    for at in range(0, len(fits), 100):
        made.data_received(fits[at : at + 100])
    assert [len(payload) for _, payload, _, _ in taken] == [LIMIT - 6]
    assert peer.passed == []
