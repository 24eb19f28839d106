"""One connection to an MQTT broker through gmqtt, for every source that speaks MQTT.

It stands or fails as a whole: subscribed once it stands, ended when the broker ends it. gmqtt's own reconnection is
off: it would come back without subscriptions; the connection's end ends the source, and the supervisor starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal

from gmqtt import Client, Subscription
from gmqtt import Message as Will
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from datasources.contract import MisconfiguredError, SourceError, TargetReport
from datasources.mqtt_tls import Tls, TlsSetting, failure
from datasources.mqtt_wire import Message, Oversized, WireClient
from twin.secret import SecretError, SecretRef

log = logging.getLogger(__name__)

CONNECT_S = 10.0
CLOSE_S = 2.0
REFUSAL_S = 0.2
MAX_PENDING = 100_000
"""Messages that wait to be decoded: 30 MB of short ones. Beyond that the newest of each topic are kept."""
MAX_TAKEN = 5_000
"""Messages handed over at once: their way into the live state keeps the event loop for some 0.1 s."""
MAX_OVERSIZED = 1_000
"""Messages that are too long, and topics that send such, of which is remembered."""
TOPICS_A_PACKET = 100
_REFUSED_FOR_GOOD = {2, 4, 5, 133, 134, 135, 138, 140}
"""CONNACK codes that waiting does not mend: bad client id, name, password, rights, banned, method."""


def _topic_filter(text: str) -> str:
    levels = text.split("/")
    wild = [level for level in levels if "#" in level or "+" in level]
    if not text or "\0" in text or len(text.encode()) > 65535:
        raise ValueError("a topic has 1 to 65,535 bytes and no NUL")
    if any(level not in ("#", "+") for level in wild) or "#" in levels[:-1]:
        raise ValueError(
            f"'{text}': + and # stand for whole levels, and # only at the end, as in site/+/power or site/#"
        )
    return text


TopicFilter = Annotated[str, AfterValidator(_topic_filter)]


class BrokerSettings(BaseModel):
    """Where the broker is and how to sign in. A dead peer is noticed after at most three times ``keepalive_s`` [s].

    ``batch_ms`` [ms] is how long messages are gathered: at 20,000 a second 20 ms cost an eighth more CPU than 50.
    A longer message than ``max_packet_mb`` [MiB] is not taken in: a broker of MQTT 5 is told so, of others it is passed
    over and counted.
    """

    model_config = ConfigDict(extra="forbid")
    host: Annotated[str, Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    username: str = ""
    password: SecretRef | None = None
    tls: TlsSetting = False
    version: Literal["5", "3.1.1"] = "5"
    client_id: str = ""
    qos: Literal[0, 1] = 0
    keepalive_s: Annotated[int, Field(ge=1, le=15)] = 5
    batch_ms: Annotated[int, Field(ge=10, le=1000)] = 20
    max_packet_mb: Annotated[float, Field(ge=0.5, le=255)] = 4.0  # one read of the socket brings up to 0.25

    @property
    def max_packet(self) -> int:
        """The longest packet that is taken in [bytes]."""
        return round(self.max_packet_mb * 1024 * 1024)


class Connection:
    """One connection from CONNECT to its end."""

    def __init__(self, settings: BrokerSettings, will: Will | None = None) -> None:
        self._settings = settings
        self._pending: list[Message] = []
        self._arrived = asyncio.Event()
        self._lost = asyncio.Event()
        self._ended = ""
        self._suback: asyncio.Future[Sequence[int]] | None = None
        self._fault = ""
        self._oversized: list[Oversized] = []
        self._unwell: set[str] = set()
        self._reports: list[TargetReport] = []
        self.dropped = self.passed_over = 0
        client = WireClient(
            settings.client_id or f"campus-twin-{uuid.uuid4().hex[:12]}",
            clean_session=True,
            will_message=will,
            logger=_quiet_logger(),
            **({"maximum_packet_size": settings.max_packet} if settings.version == "5" else {}),
        )
        client.set_config({"reconnect_retries": -2, "reconnect_delay": 0})  # neither unlimited (-1) nor once (0)
        client.take = self._arrive
        client.pass_over = self._pass_over
        client.complain = self._complain
        client.limit = settings.max_packet
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        self._client = client

    async def open(self, topics: Sequence[str]) -> None:
        """Connect and subscribe; SourceError or OSError says why not."""
        s = self._settings
        if s.username:
            try:
                password = s.password.reveal() if s.password else None
            except SecretError as error:
                raise MisconfiguredError(str(error)) from None
            self._client.set_auth_credentials(s.username, password)
        tls = s.tls.context() if isinstance(s.tls, Tls) else Tls().context() if s.tls else False
        where = f"{s.host}:{s.port}"
        version = MQTTv50 if s.version == "5" else MQTTv311
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._connect(s.host, s.port, ssl=tls, keepalive=s.keepalive_s, version=version)
                await self._subscribe(topics)
        except MQTTConnectError as error:
            code, words = error._code, error.message.removeprefix("Connection Refused: ")
            if code in _REFUSED_FOR_GOOD:
                raise MisconfiguredError(f"{where} refused the connection: {words}") from None
            raise SourceError(f"{where} refused the connection: {words}") from None
        except TimeoutError:
            raise SourceError(f"{where} did not answer within {CONNECT_S:.0f} s{self._hint()}") from None
        except ssl.SSLError as error:
            raise failure(where, error) from None
        except (ConnectionResetError, BrokenPipeError):
            kind = SourceError if self._client.secured else OSError  # a proxy whose broker restarts does so too
            raise kind(f"{where} broke the connection off{self._hint()}") from None
        except OSError as error:
            raise OSError(f"{where} cannot be reached: {error.strerror or error}") from None

    async def _connect(self, host: str, port: int, **how: Any) -> None:
        """gmqtt's connect, which would wait for an answer from a peer that is gone; what ended it is raised."""
        connecting = asyncio.ensure_future(self._client.connect(host, port, **how))
        lost = asyncio.ensure_future(self._lost.wait())
        try:
            await asyncio.wait({connecting, lost}, return_when=asyncio.FIRST_COMPLETED)
            if not connecting.done():  # a refusal and the end that follows it may come as one
                await asyncio.wait({connecting}, timeout=REFUSAL_S)
            if connecting.done():
                connecting.result()
                return
        finally:
            for task in (connecting, lost):
                task.cancel()
            await asyncio.wait({connecting, lost})
        raise self._why_lost() or ConnectionResetError("no answer")

    def _why_lost(self) -> BaseException | None:
        """What ended the connection, where the transport knows: an alert of TLS, a reset."""
        connection = self._client._connection
        closed = connection._protocol.closed if connection is not None else None
        return closed.exception() if closed is not None and closed.done() and not closed.cancelled() else None

    def _hint(self) -> str:
        """What a peer that says nothing may be waiting for."""
        hints = ["it may expect TLS (set 'tls')"]
        if self._client.secured:
            hints = ["it may not accept our certificate, or ask for one ('tls.cert')"]
        elif self._settings.tls:
            hints = ["it may speak no TLS on this port"]
        if self._settings.version == "5":
            hints.append("it may speak only MQTT 3.1.1 (set version: '3.1.1')")
        return ": " + ", or ".join(hints)

    async def _subscribe(self, topics: Sequence[str]) -> None:
        for at in range(0, len(topics), TOPICS_A_PACKET):
            chunk = topics[at : at + TOPICS_A_PACKET]
            self._suback = asyncio.get_running_loop().create_future()
            self._client.subscribe([Subscription(topic, qos=self._settings.qos) for topic in chunk])
            granted = await self._suback
            refused = [topic for topic, code in zip(chunk, granted, strict=False) if code >= 128]
            if refused:
                raise MisconfiguredError(f"the broker refuses the subscription to {', '.join(refused[:5])}")

    def publish(self, topic: str, payload: bytes, qos: int = 0, retain: bool = False) -> None:
        """Hand a message over to the connection."""
        self._client.publish(topic, payload, qos=qos, retain=retain)

    async def take(self, wait_s: float) -> list[Message]:
        """What arrived, at most 5,000 messages, after at least ``wait_s`` [s] of gathering where there are fewer.

        SourceError when the connection has ended.
        """
        await self._arrived.wait()
        if self._ended and not self._pending:
            raise SourceError(self._ended)
        await asyncio.sleep(wait_s if len(self._pending) < MAX_TAKEN else 0)
        messages, self._pending = self._pending[:MAX_TAKEN], self._pending[MAX_TAKEN:]
        if not self._ended and not self._pending:
            self._arrived.clear()
        return messages

    def oversized(self) -> list[Oversized]:
        """The messages that were passed over since it was last asked; at most the last 1,000."""
        oversized, self._oversized = self._oversized, []
        return oversized

    def reports(self) -> list[TargetReport]:
        """Topics that began to send messages that are too long, or send shorter ones again."""
        reports, self._reports = self._reports, []
        return reports

    def _arrive(self, messages: list[Message]) -> None:
        if self._unwell:
            for topic in self._unwell.intersection(message[0] for message in messages):
                self._unwell.discard(topic)
                self._reports.append(TargetReport(topic, "live", ""))
        self._pending += messages
        if len(self._pending) > MAX_PENDING:
            self._thin_out()
        self._arrived.set()

    def _on_message(self, _client: Client, topic: Any, payload: Any, _qos: int, properties: dict[str, Any]) -> int:
        """What the wire left to gmqtt, which hides what a handler raises: do as little as possible, decode later."""
        name = topic if isinstance(topic, str) else repr(topic)
        self._arrive([(name, bytes(payload), bool(properties.get("retain")), time.time())])
        return 0

    def _pass_over(self, head: Oversized) -> None:
        """A message that is too long: counted, and told of its topic; everything else goes on."""
        self.passed_over += 1
        self._oversized = [*self._oversized[1 - MAX_OVERSIZED :], head]
        if head.topic not in self._unwell and len(self._unwell) < MAX_OVERSIZED:
            self._unwell.add(head.topic)
            size, most = head.size / 1024**2, self._settings.max_packet_mb
            why = f"{size:.1f} MB in one message, more than max_packet_mb: {most:g}"
            self._reports.append(TargetReport(head.topic, "down", why))
        self._arrived.set()

    def _complain(self, fault: str) -> None:
        """The peer speaks no MQTT: the connection ends."""
        self._fault = f"{self._settings.host}:{self._settings.port} sent {fault}"

    def _thin_out(self) -> None:
        """Keep the newest message of each topic; where even that is too much, the newest half."""
        newest = {message[0]: message for message in self._pending}
        kept = list(newest.values())[-MAX_PENDING // 2 :]
        self.dropped += len(self._pending) - len(kept)
        log.warning("more than %d messages waiting: %d older ones dropped so far", MAX_PENDING, self.dropped)
        self._pending = kept

    def _on_disconnect(self, _client: Client, packet: Any, *_: Any) -> None:
        reason = f" (reason {packet[0]})" if isinstance(packet, bytes) and packet else ""
        self._ended = self._fault or f"{self._settings.host}:{self._settings.port} closed the connection{reason}"
        self._arrived.set()
        self._lost.set()
        if self._suback is not None and not self._suback.done():
            self._suback.set_exception(SourceError(self._ended))

    def _on_subscribe(self, _client: Client, _mid: int, granted: Sequence[int], _properties: Any) -> None:
        if self._suback is not None and not self._suback.done():
            self._suback.set_result(granted)

    async def close(self) -> None:
        """Say goodbye, without waiting for a peer that is gone."""
        with suppress(TimeoutError, OSError, SourceError):
            async with asyncio.timeout(CLOSE_S):
                await self._client.disconnect()


def _quiet_logger() -> logging.Logger:
    """gmqtt's voice: its errors (an exception of a handler is one), not its talk of reconnections that are off."""
    logging.getLogger("gmqtt").setLevel(logging.ERROR)  # it warns of every write to a connection that has ended
    logger = logging.getLogger(f"{__name__}.gmqtt")
    logger.setLevel(logging.ERROR)
    if not logger.filters:
        logger.addFilter(lambda record: "CONNACK" not in record.getMessage() and "connect" not in record.getMessage())
    return logger
