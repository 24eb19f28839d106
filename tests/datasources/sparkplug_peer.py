"""A Sparkplug edge node of the tests: protobuf encoded by hand, births, data, deaths, and what it does when asked."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from gmqtt import Client, Message

from tests.datasources.broker import Broker

INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64 = range(1, 9)
FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT, UUID, DATASET, BYTES = range(9, 18)


def varint(value: int) -> bytes:
    out = b""
    while True:
        value, low = value >> 7, value & 0x7F
        if not value:
            return out + bytes([low])
        out += bytes([low | 0x80])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def value_field(datatype: int, value: Any) -> bytes:
    if datatype in (INT8, INT16, INT32):
        return number(10, value % 2**32)  # two's complement of 32 bits, as the Java and C libraries send it
    if datatype in (UINT8, UINT16, UINT32):
        return number(10, value)
    if datatype in (INT64, UINT64, DATETIME):
        return number(11, value % 2**64)
    if datatype == FLOAT:
        return varint(12 << 3 | 5) + struct.pack("<f", value)
    if datatype == DOUBLE:
        return varint(13 << 3 | 1) + struct.pack("<d", value)
    if datatype == BOOLEAN:
        return number(14, int(value))
    if datatype in (STRING, TEXT, UUID):
        return block(15, value.encode())
    return block(17 if datatype == DATASET else 16, value)


def metric(
    name: str = "", value: Any = None, datatype: int = DOUBLE, *, alias: int | None = None, at: float | None = None,
    say_type: bool = True, historical: bool = False, null: bool = False, quality: int | None = None,
) -> bytes:  # fmt: skip
    out = block(1, name.encode()) if name else b""
    out += number(2, alias) if alias is not None else b""
    out += number(3, round(at * 1000)) if at is not None else b""
    out += number(4, datatype) if say_type else b""
    out += number(5, 1) if historical else b""
    out += number(7, 1) if null else value_field(datatype, value)
    if quality is not None:
        out += block(9, block(1, b"Quality") + block(2, number(1, INT32) + number(3, quality)))
    return out


def payload(metrics: Sequence[bytes], seq: int | None = None, at: float | None = None) -> bytes:
    out = number(1, round((time.time() if at is None else at) * 1000))
    out += b"".join(block(2, each) for each in metrics)
    return out + (number(3, seq) if seq is not None else b"")


class EdgeNode:
    """``plant/edge1`` on a real broker. It answers a request for a rebirth only with ``answers``."""

    def __init__(self, client: Client, name: str, bd_seq: int) -> None:
        self.client = client
        self.group, _, self.node = name.partition("/")
        self.bd_seq = bd_seq
        self.seq = 0
        self.asked: list[bytes] = []
        self.births: list[tuple[str, list[bytes]]] = []
        self.answers = True

    def topic(self, kind: str, device: str = "") -> str:
        return "/".join(["spBv1.0", self.group, kind, self.node, *([device] if device else [])])

    def send(self, kind: str, metrics: Sequence[bytes], device: str = "", *, skip: int = 0) -> None:
        if kind == "NBIRTH":
            self.seq = 0
            metrics = [metric("bdSeq", self.bd_seq, INT64), metric("Node Control/Rebirth", False, BOOLEAN), *metrics]
        else:
            self.seq = (self.seq + 1 + skip) % 256
        if kind in ("NBIRTH", "DBIRTH"):
            own = list(metrics)[0 if device else 2 :]
            self.births = [each for each in self.births if each[0] != device] + [(device, own)]
        self.client.publish(self.topic(kind, device), payload(metrics, self.seq))

    def rebirth(self) -> None:
        for device, metrics in list(self.births):
            self.send("DBIRTH" if device else "NBIRTH", metrics, device)

    def die(self) -> None:
        """Cut the connection as a power cut does: the broker sends the will."""
        self.client._connection._transport.abort()


@asynccontextmanager
async def edge_node(broker: Broker, name: str = "plant/edge1", bd_seq: int = 0) -> AsyncIterator[EdgeNode]:
    group, _, node = name.partition("/")
    will = Message(f"spBv1.0/{group}/NDEATH/{node}", payload([metric("bdSeq", bd_seq, INT64)]), qos=1)
    client = Client(f"edge-{name.replace('/', '-')}-{bd_seq}", clean_session=True, will_message=will)
    client.set_config({"reconnect_retries": -2})
    edge = EdgeNode(client, name, bd_seq)

    def command(_client: Client, _topic: str, raw: bytes, _qos: int, _properties: dict[str, Any]) -> int:
        edge.asked.append(bytes(raw))
        if edge.answers:
            edge.rebirth()
        return 0

    client.on_message = command
    await client.connect("127.0.0.1", broker.port)
    client.subscribe(f"spBv1.0/{group}/NCMD/{node}")
    await asyncio.sleep(0.05)
    try:
        yield edge
    finally:
        if client.is_connected:
            await client.disconnect()
