"""The peer of ``bench ingest``: the product's MQTT source with paho-mqtt in the place of its own connection.

Decoding and everything after it is the product's. Written as paho means it to be used: its thread reads, the handler
puts the message on a list; the event loop takes the list every 20 ms. Looked for among the installed packages, else in
``.cache/peers/python`` (``pip install --target .cache/peers/python paho-mqtt``); it is measured, never shipped.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from bench.report import ROOT
from datasources import mqtt
from datasources.contract import SourceError
from datasources.mqtt_link import MAX_TAKEN
from datasources.mqtt_wire import Message
from datasources.payload import Decoder
from twin.point import Point
from twin.reading import RawReading

FOLDER = ROOT / ".cache" / "peers" / "python"

Settings = mqtt.Settings


def installed() -> bool:
    """Whether there is a paho-mqtt to measure."""
    if FOLDER.is_dir() and str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.util.find_spec("paho") is not None


async def batches(settings: mqtt.Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
    """As ``datasources.mqtt.batches``."""
    if not installed():
        raise SourceError("there is no paho-mqtt")
    paho: Any = importlib.import_module("paho.mqtt.client")
    decoder = Decoder((point.address for point in points), settings.time, settings.timezone)
    pending: list[Message] = []
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)

    def heard(_client: Any, _data: Any, message: Any) -> None:
        pending.append((message.topic, message.payload, message.retain, time.time()))

    def connected(client: Any, *_: Any) -> None:
        client.subscribe([(name, settings.qos) for name in settings.topics or decoder.topics])

    client.on_message = heard
    client.on_connect = connected
    client.connect(settings.host, settings.port, settings.keepalive_s)
    client.loop_start()
    try:
        yield []
        while True:
            await asyncio.sleep(settings.batch_ms / 1000 if len(pending) < MAX_TAKEN else 0)
            messages = pending[:MAX_TAKEN]
            del pending[: len(messages)]
            if messages:
                yield mqtt.decode(decoder, messages)
    finally:
        client.disconnect()
        client.loop_stop()
