"""MQTT 3.1.1 and 5: messages of one connection (datasources/mqtt_link.py) decoded, batches every 20 ms.

An address is a topic (the payload is the value) or ``topic#/path/in/json`` (a JSON pointer). A message for a topic
that no point names is handed over under its topic, so that the ingest lists it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from pydantic import Field

from datasources.contract import Found, MisconfiguredError, SourceError, TargetReport
from datasources.mqtt_discover import Heard
from datasources.mqtt_link import BrokerSettings, Connection, TopicFilter
from datasources.mqtt_wire import Message, Oversized
from datasources.payload import SAMPLE_BYTES, Decoder, JsonPointer, ZoneName
from twin.point import Point
from twin.reading import RawReading

log = logging.getLogger(__name__)

OVERSIZED = "longer than max_packet_mb"


class Settings(BrokerSettings):
    """A broker and what to listen to. Without ``topics`` those of the points are subscribed.

    ``time`` is the JSON pointer of the device's own time (ISO 8601, or s, ms, us, ns since 1970); a local time without
    offset is of ``timezone``.
    """

    topics: list[TopicFilter] = Field(default=[])
    time: JsonPointer = ""
    timezone: ZoneName = "UTC"


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading] | TargetReport]:
    """Connect, subscribe, and hand over what arrives until the connection ends."""
    decoder = Decoder((point.address for point in points), settings.time, settings.timezone)
    topics = settings.topics or decoder.topics
    if not topics:
        raise MisconfiguredError("nothing to subscribe to: give 'topics', or points whose source is this broker")
    connection = Connection(settings)
    try:
        await connection.open(topics)
        yield []
        while True:
            messages = await connection.take(settings.batch_ms / 1000)
            batch = decode(decoder, messages) + refused(decoder, connection.oversized())
            if batch:
                yield batch
            for report in connection.reports():
                yield report
    finally:
        await connection.close()


def refused(decoder: Decoder, heads: Sequence[Oversized]) -> list[RawReading]:
    """A bad reading of each address whose message was too long to be taken in."""
    return [
        RawReading(address, None, head.received, None, head.retained, OVERSIZED, head.sample)
        for head in heads
        for address in decoder.addresses(head.topic)
    ]


async def discover(settings: Settings, seconds: float) -> list[Found]:
    """What is sent within ``seconds`` [s] on ``topics``, or on all of them where there are none."""
    heard = Heard()
    connection = Connection(settings)
    try:
        await connection.open(settings.topics or ["#"])
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    heard.add(await connection.take(settings.batch_ms / 1000))
    except SourceError as error:
        if not heard.topics:
            raise
        log.warning("%s: what was heard before that is listed", error)
    finally:
        await connection.close()
    return heard.found()


def decode(decoder: Decoder, messages: Sequence[Message]) -> list[RawReading]:
    """The readings of messages in the order in which they came."""
    batch: list[RawReading] = []
    for topic, payload, retained, received in messages:
        try:
            batch += decoder.decode(topic, payload, retained, received)
        except Exception as error:
            # One message must not end the feed, nor be forgotten: a retained one would come again at every connection.
            log.exception("a message on %s cannot be decoded", topic)
            bad, raw = f"decoder failed: {type(error).__name__}", payload[:SAMPLE_BYTES]
            batch += [RawReading(address, None, received, bad=bad, raw=raw) for address in decoder.addresses(topic)]
    return batch
