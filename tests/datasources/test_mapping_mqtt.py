"""Twenty-five device types through a real broker: every topic of the sheet finds its point, and none is left over."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from datasources import mqtt
from datasources.contract import TargetReport
from models3d.campus import assemble_config
from tests.datasources.broker import Broker
from tests.models3d.tiny import loader
from tests.twin.big_campus import write_campus
from twin.config import load_campus_config
from twin.ingest import Ingest
from twin.live import LiveState
from twin.slots import SlotTree

pytestmark = pytest.mark.broker
TOPICS = 20_000


@pytest.mark.asyncio
async def test_every_topic_of_a_campus_is_mapped(mosquitto: str, tmp_path: Path) -> None:
    broker = Broker(mosquitto, tmp_path, lines="max_queued_messages 0\n")
    await broker.start()
    try:
        messages = write_campus(tmp_path, TOPICS, broker.port)
        config = load_campus_config(tmp_path)
        assembled = assemble_config(config, loader({}))
        points = assembled.points
        ingest = Ingest(points, LiveState(points, SlotTree.of(assembled.campus, ["c"]), time.time))
        settings = mqtt.Settings(host="127.0.0.1", port=broker.port, topics=["#"])
        batches = mqtt.batches(settings, points)
        assert await anext(batches) == []
        publishing = asyncio.create_task(publish(broker, messages))
        expected = sum(1 for _ in points)
        try:
            async with asyncio.timeout(60):
                while (counts := ingest.counts.get("plant")) is None or counts.readings < expected:
                    batch = await anext(batches)
                    assert not isinstance(batch, TargetReport)
                    ingest.accept(batch, "plant")
        finally:
            await publishing
            await batches.aclose()  # type: ignore[attr-defined]
    finally:
        broker.kill()
    # a few counters of traffic have no rate yet: that is a remark, not a bad value
    assert (len(messages), counts.unmapped, counts.bad) == (TOPICS, 0, 0), (counts.unmapped_names, counts.samples)
    assert counts.accepted == expected == 45_187


async def publish(broker: Broker, messages: dict[str, str]) -> None:
    async with broker.publisher() as client:
        for number, (topic, payload) in enumerate(messages.items()):
            client.publish(topic, payload, qos=0)
            if number % 200 == 0:
                await asyncio.sleep(0.01)
        await asyncio.sleep(1)
