"""The reading end of an MQTT connection: PUBLISH packets are taken apart here, all at once; gmqtt does all the rest.

gmqtt takes 10 us of CPU for a message that arrives (a package, a dispatch, a dictionary of properties); a campus brings
20,000 a second. What comes in one read of the socket is read in one pass and handed over as one list. Layout of the
packets: OASIS MQTT 3.1.1 and 5.0, sections 2 and 3.3.

A packet may claim 256 MB. Only up to a limit is it gathered: of a longer message the head is told, and the rest passed
over as it comes. Nothing but a message is ever that long: what claims to be ends the connection.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from gmqtt import Client
from gmqtt.mqtt.connection import MQTTConnection
from gmqtt.mqtt.constants import MQTTv50
from gmqtt.mqtt.package import Package
from gmqtt.mqtt.protocol import MQTTProtocol

from datasources.payload import SAMPLE_BYTES

Message = tuple[str, bytes, bool, float]
"""Topic, payload, retained, received [s since epoch]."""

Take = Callable[[list[Message]], None]


@dataclass(frozen=True, slots=True)
class Oversized:
    """A message longer than is gathered: ``size`` [bytes] is what its packet claims, ``sample`` how it begins."""

    topic: str
    size: int
    sample: bytes
    retained: bool
    received: float


SETTLE_S = 0.1
PUBLISH = 0x30
PUBACK = b"\x40\x02"
LENGTH_BYTES = 4
"""A packet's length has at most so many bytes."""


class MalformedError(ValueError):
    """What came is no MQTT; the connection cannot go on."""


def number(data: bytes, at: int) -> tuple[int, int] | None:
    """A variable byte integer at ``at`` and where it ends; None while some of its bytes have not arrived."""
    value = shift = 0
    for place in range(at, min(at + LENGTH_BYTES, len(data))):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place + 1
        shift += 7
    if len(data) - at >= LENGTH_BYTES:
        raise MalformedError("a length of more than four bytes")
    return None


def _skip(data: bytes, at: int, stop: int) -> int:
    """Where the properties end that begin at ``at``; beyond ``stop`` where they are not in order."""
    length = number(data, at) if at < stop else None
    return stop + 1 if length is None else length[0] + length[1]


def read(data: bytes, properties: bool, received: float) -> tuple[list[Message], list[bytes], list[Package], int]:
    """The whole packets in ``data``: messages, ids of those to acknowledge, all other packets, and where they end.

    ``properties``: the connection speaks MQTT 5. A PUBLISH that is not in order is among the others: gmqtt judges it.
    """
    messages: list[Message] = []
    ids: list[bytes] = []
    others: list[Package] = []
    at, end = 0, len(data)
    while end - at >= 2:
        size, body = data[at + 1], at + 2
        if size >= 0x80:
            found = number(data, at + 1)
            if found is None:
                break
            size, body = found
        stop = body + size
        if stop > end:
            break
        head = data[at]
        at = stop
        if head & 0xF0 == PUBLISH and head & 4 == 0:  # what was asked for comes with QoS 0 or 1
            after = body + 2 + (data[body] << 8 | data[body + 1]) if size > 2 else stop + 1
            start = after + (head & 2)
            if properties:
                start = start + 1 if start < stop and data[start] == 0 else _skip(data, start, stop)
            if start <= stop and after > body + 2:
                if head & 2:
                    ids.append(data[after : after + 2])
                raw = data[body + 2 : after]
                try:
                    topic = str(raw, "utf-8")
                except UnicodeDecodeError:
                    topic = repr(raw)
                messages.append((topic, data[start:stop], head & 1 == 1, received))
                continue
        others.append(Package(head, data[body:stop]))
    return messages, ids, others, at


def head_of(data: bytes, size: int, body: int, properties: bool, received: float) -> tuple[Oversized, bytes] | int:
    """What a PUBLISH that begins in ``data`` says before its payload, and its id where it wants to be acknowledged.

    It claims ``size`` bytes from ``body`` on. How many bytes are needed where the head has not arrived yet.
    """
    if data[0] & 0xF0 != PUBLISH or data[0] & 4:
        raise MalformedError(f"a packet of {size:,} bytes that is no message")
    if len(data) < body + 2:
        return body + 2
    after = body + 2 + (data[body] << 8 | data[body + 1])
    start, stop = after + (data[0] & 2), body + size
    if start > stop:
        raise MalformedError("a topic that is longer than its packet")
    if len(data) < start:
        return start
    ident = data[after:start]
    if properties:
        start = _skip(data, start, stop)
    topic = str(data[body + 2 : after], "utf-8", "replace")
    return Oversized(topic, size, data[start : start + SAMPLE_BYTES], data[0] & 1 == 1, received), ident


class Wire(MQTTProtocol):  # type: ignore[misc]  # gmqtt has no types
    """gmqtt's protocol with ``read`` in the place of its reading loop; messages go to ``take``.

    A packet longer than ``limit`` [bytes] goes to ``pass_over`` in its stead; why a connection cannot go on to
    ``complain``.
    """

    def __init__(
        self, *args: Any, take: Take, pass_over: Callable[[Oversized], None], complain: Callable[[str], None],
        limit: int, **how: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **how)
        self._take = take
        self._pass_over = pass_over
        self._complain = complain
        self._limit = limit
        self._skip = 0
        self._parts: list[bytes] = []
        self._have = 0
        self._need = 2

    def connection_made(self, transport: Any) -> None:
        """As gmqtt's, without the task that reads from a stream."""
        super(MQTTProtocol, self).connection_made(transport)

    def eof_received(self) -> bool:
        """The peer is gone: so is the connection."""
        return False

    def data_received(self, data: bytes) -> None:
        """Take in what came; a packet that is not whole yet waits for the rest of it."""
        if self._skip:
            data, self._skip = data[self._skip :], max(0, self._skip - len(data))
        self._parts.append(data)
        self._have += len(data)
        connection = self._connection
        if connection is None:  # before CONNECT nobody should speak
            return
        connection._last_data_in = time.monotonic()
        if self._have < self._need:
            return
        whole = data if len(self._parts) == 1 else b"".join(self._parts)
        try:
            messages, ids, others, end = read(whole, self.proto_ver >= MQTTv50, time.time())
            oversized = self._keep(whole, end)
        except MalformedError as error:
            self._parts, self._have = [], 0
            self._complain(str(error))
            self._transport.close()
            return
        if oversized is not None and oversized[1]:
            ids.append(oversized[1])  # else the broker would send it again
        if ids:
            self.write_data(b"".join(PUBACK + mid for mid in ids))
        if messages:
            self._take(messages)
        for package in others:
            connection.put_package(package)
        if oversized is not None:
            self._pass_over(oversized[0])

    def _keep(self, whole: bytes, end: int) -> tuple[Oversized, bytes] | None:
        """Keep what waits for the rest of its packet; the head and the id of a packet that is not waited for."""
        rest = whole[end:]
        length = number(rest, 1) if len(rest) > 1 else None
        need = length[0] + length[1] if length else len(rest) + 1
        if length and need > self._limit:
            head = head_of(rest, length[0], length[1], self.proto_ver >= MQTTv50, time.time())
            if not isinstance(head, int):
                self._skip = need - len(rest)
                self._parts, self._have, self._need = [], 0, 2
                return head
            need = head
        self._parts = [rest] if rest else []
        self._have, self._need = len(rest), need
        return None


class WireClient(Client):  # type: ignore[misc]  # gmqtt has no types
    """gmqtt's client over a ``Wire``, with a pause between the handshake of TLS and CONNECT.

    With TLS 1.3 a broker says only after the handshake that it refuses our certificate. If CONNECT is on its way by
    then, the broken connection may swallow the reason.
    """

    secured = False
    take: Take
    pass_over: Callable[[Oversized], None]
    complain: Callable[[str], None]
    limit: int

    async def _create_connection(
        self, host: str, port: int, ssl: Any, clean_session: bool, keepalive: int
    ) -> MQTTConnection:
        self._exit_reconnecting_state()
        self._package_handler.clear_topics_aliases()
        self._connack_received.clear()
        self._connection_lost.clear()
        wire = partial(
            Wire, take=self.take, pass_over=self.pass_over, complain=self.complain, limit=self.limit,
            connection_state=self._connection_state, id_generator=self._package_handler.id_generator,
        )  # fmt: skip
        transport, protocol = await asyncio.get_running_loop().create_connection(wire, host, port, ssl=ssl)
        handler = self._package_handler
        connection = MQTTConnection(
            transport, protocol, clean_session, keepalive, package_handler=handler, logger=self._logger
        )
        if ssl:
            self.secured = True
            await asyncio.sleep(SETTLE_S)
        return connection
