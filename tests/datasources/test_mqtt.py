"""MQTT against a real mosquitto: values, garbage, retained values, refusals, a broker that is killed."""

from __future__ import annotations

import asyncio
import json
import ssl
import subprocess
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from datasources import mqtt, mqtt_link
from datasources.runner import SourceConfig, Supervisor
from tests.conftest import find_program, require
from tests.datasources.broker import Broker
from twin.ingest import Ingest
from twin.live import LiveState
from twin.point import Point
from twin.reading import Quality
from twin.slots import SlotTree
from twin.space import Building, Campus, Space, Storey

pytestmark = pytest.mark.broker

POINTS = [
    Point("p1", "A/1/1", "power", "W", source="m", address="site/1/power", stale_s=60),
    Point("p2", "A/1/2", "power", "kW", source="m", address="site/2#/data/p", stale_s=60),
    Point("p3", "A/1/2", "temperature", "°C", source="m", address="site/2#/data/t", stale_s=60),
    Point("p4", "A/1/3", "power", "kW", source="m", address="site/4/power", stale_s=1),
]


class Pipeline:
    """Source, supervisor, ingest and live state as the server runs them."""

    def __init__(self, port: int, **settings: object) -> None:
        spaces = [Space(f"A/1/{n}", str(n)) for n in (1, 2, 3)]
        campus = Campus("c", buildings=[Building("A", storeys=[Storey("A/1", spaces=spaces)])])
        self.live = LiveState(POINTS, SlotTree.of(campus, ["c", "A", "A/1", "A/1/1", "A/1/2", "A/1/3"]))
        self.ingest = Ingest(POINTS, self.live)
        config = SourceConfig("m", "mqtt", {"host": "127.0.0.1", "port": port, "topics": ["site/#"], **settings})
        self.supervisor = Supervisor([config], POINTS, lambda name, batch: self.ingest.accept(batch, name))

    def state(self) -> str:
        return self.supervisor.states()[0].state

    def reason(self) -> str:
        return self.supervisor.states()[0].reason

    def value(self, point: str) -> float | None:
        return self.live.latest(point).value


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def broker(mosquitto: str, tmp_path: Path) -> AsyncIterator[Broker]:
    broker = Broker(mosquitto, tmp_path)
    await broker.start()
    yield broker
    broker.kill()


Start = Callable[..., Awaitable[Pipeline]]


@pytest_asyncio.fixture
async def start() -> AsyncIterator[Start]:
    running: list[Pipeline] = []

    async def begin(port: int, **settings: object) -> Pipeline:
        pipeline = Pipeline(port, **settings)
        await pipeline.supervisor.start()
        running.append(pipeline)
        return pipeline

    yield begin
    for pipeline in running:
        await pipeline.supervisor.stop()


async def connected(pipeline: Pipeline) -> None:
    await until(lambda: pipeline.reason().startswith("connected") or pipeline.state() == "live")


@pytest.mark.asyncio
@pytest.mark.parametrize("version", ["5", "3.1.1"])
async def test_values_arrive_with_unit_and_device_time(broker: Broker, start: Start, version: str) -> None:
    pipeline = await start(broker.port, version=version, time="/ts")
    await connected(pipeline)
    measured = time.time() - 7
    await broker.publish("site/1/power", "1500")
    await broker.publish("site/2", json.dumps({"ts": measured * 1000, "data": {"p": 2.5, "t": 21}}))
    await until(lambda: pipeline.value("p2") is not None and pipeline.value("p1") is not None)
    assert pipeline.value("p1") == pytest.approx(1.5)
    assert pipeline.value("p2") == pytest.approx(2.5)
    assert pipeline.value("p3") == pytest.approx(21)
    latest = pipeline.live.latest("p2")
    assert latest.time == pytest.approx(measured, abs=0.01)
    assert latest.age_s == pytest.approx(7, abs=2)
    assert pipeline.state() == "live"


@pytest.mark.asyncio
async def test_garbage_is_counted_with_a_sample_and_the_feed_goes_on(broker: Broker, start: Start) -> None:
    pipeline = await start(broker.port)
    await connected(pipeline)
    for payload in ("{", b"\xff\xfe\x00", "", '{"data": {"p": {}}}', '{"other": 1}', "[" * 100_000):
        await broker.publish("site/2", payload)
    await broker.publish("site/1/power", "offline")
    await broker.publish("site/nobody", "1")
    await broker.publish("site/1/power", "900")
    await until(lambda: pipeline.value("p1") == pytest.approx(0.9))
    counts = pipeline.ingest.counts["m"]
    assert counts.bad >= 7
    assert counts.unmapped_names == {"site/nobody": 1}
    assert counts.samples["not a number"].raw == "offline"
    assert {"not JSON", "not a single value", "none of the mapped keys is in the message"} <= set(counts.reasons)
    assert pipeline.live.latest("p2").quality == Quality.BAD
    assert pipeline.state() == "live"
    assert pipeline.supervisor.states()[0].restarts == 0


@pytest.mark.asyncio
async def test_a_message_that_is_too_long_is_counted_and_named_and_the_feed_goes_on(
    broker: Broker, start: Start
) -> None:
    await broker.publish("site/2", b"[" * 3_000_000, retain=True)
    pipeline = await start(broker.port, version="3.1.1", max_packet_mb=1)
    await until(lambda: "site/2" in pipeline.reason())
    assert "values arrive, but not from site/2 (2.9 MB in one message, more than max_packet_mb: 1)" in pipeline.reason()
    counts = pipeline.ingest.counts["m"]
    assert counts.reasons["longer than max_packet_mb"] == 2, "of both its points"
    assert str(counts.samples["longer than max_packet_mb"].raw).startswith("[[[")
    await broker.publish("site/1/power", "900")
    await until(lambda: pipeline.value("p1") == pytest.approx(0.9))
    await broker.publish("site/2", '{"data": {"p": 2.5}}')
    await until(lambda: pipeline.value("p2") == pytest.approx(2.5))
    await until(lambda: pipeline.reason() == "values arrive")
    assert pipeline.supervisor.states()[0].restarts == 0


@pytest.mark.asyncio
async def test_a_broker_of_mqtt_5_is_told_what_is_too_long(broker: Broker, start: Start) -> None:
    pipeline = await start(broker.port, version="5", max_packet_mb=1)
    await connected(pipeline)
    await broker.publish("site/2", b"[" * 1_200_000)
    await broker.publish("site/1/power", "900")
    await until(lambda: pipeline.value("p1") == pytest.approx(0.9))
    assert pipeline.reason() == "values arrive"
    assert pipeline.ingest.counts["m"].bad == 0, "the broker kept it"
    await broker.publish("site/2", b"[" * 1_040_000)
    await until(lambda: pipeline.ingest.counts["m"].bad > 0)


@pytest.mark.asyncio
async def test_a_peer_that_claims_a_quarter_of_a_gigabyte_costs_no_memory(start: Start) -> None:
    chunk, sent = b"x" * 65536, 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.read(100)
        writer.write(b"\x20\x02\x00\x00")  # CONNACK
        subscribe = await reader.read(100)
        writer.write(b"\x90\x03" + subscribe[2:4] + b"\x00" + b"\x30\xff\xff\xff\x7f\x00\x0csite/1/power")
        with suppress(OSError):
            while sent < 64 * 1024**2:
                writer.write(chunk)
                await writer.drain()
                sent += len(chunk)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    tracemalloc.start()
    try:
        pipeline = await start(server.sockets[0].getsockname()[1], version="3.1.1")
        await until(lambda: sent >= 64 * 1024**2, 20)
        assert tracemalloc.get_traced_memory()[1] < 16 * 1024**2
        await until(lambda: pipeline.ingest.counts["m"].reasons["longer than max_packet_mb"] == 1)
    finally:
        tracemalloc.stop()
        server.close()


@pytest.mark.asyncio
async def test_a_killed_broker_is_back_and_subscribed_within_10_s(broker: Broker, start: Start) -> None:
    pipeline = await start(broker.port)
    await connected(pipeline)
    await broker.publish("site/1/power", "100")
    await until(lambda: pipeline.value("p1") == pytest.approx(0.1))
    broker.kill()
    await until(lambda: pipeline.state() == "down")
    assert "closed the connection" in pipeline.reason()
    assert pipeline.value("p1") == pytest.approx(0.1), "nothing is shown as 0"
    await asyncio.sleep(1.5)
    await broker.start()
    back = time.monotonic()
    await connected(pipeline)
    await broker.publish("site/1/power", "200")
    await until(lambda: pipeline.value("p1") == pytest.approx(0.2), 10 - (time.monotonic() - back))
    assert pipeline.state() == "live"


@pytest.mark.asyncio
async def test_a_retained_old_value_is_stale_and_a_live_one_is_not(broker: Broker, start: Start) -> None:
    await broker.publish("site/1/power", "100", retain=True)
    old = json.dumps({"ts": time.time() - 3600, "data": {"p": 1.0}})
    await broker.publish("site/2", old, retain=True)
    pipeline = await start(broker.port, time="/ts")
    await until(lambda: pipeline.value("p1") is not None and pipeline.value("p2") is not None)
    assert pipeline.live.latest("p1").stale, "without a time of its own nobody knows how old it is"
    assert pipeline.live.latest("p1").age_s is None
    assert pipeline.live.latest("p1").reasons == ("retained without a time",)
    assert pipeline.live.latest("p2").stale
    assert pipeline.live.latest("p2").age_s == pytest.approx(3600, abs=5)
    await broker.publish("site/1/power", "150")
    await until(lambda: pipeline.value("p1") == pytest.approx(0.15))
    assert not pipeline.live.latest("p1").stale


@pytest.mark.asyncio
async def test_a_value_that_stops_arriving_turns_stale_and_keeps_its_number(broker: Broker, start: Start) -> None:
    pipeline = await start(broker.port)
    await connected(pipeline)
    await broker.publish("site/4/power", "3")
    await until(lambda: pipeline.value("p4") == 3)
    assert not pipeline.live.latest("p4").stale
    await asyncio.sleep(1.2)
    assert pipeline.live.tick() >= 1
    latest = pipeline.live.latest("p4")
    assert latest.stale
    assert latest.value == 3


@pytest.mark.asyncio
async def test_a_wrong_password_says_so_and_does_not_storm(
    mosquitto: str, tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Broker(mosquitto, tmp_path, "allow_anonymous false\n")
    await broker.start()
    try:
        monkeypatch.setenv("TEST_MQTT_PASSWORD", "wrong")
        for version in ("5", "3.1.1"):
            pipeline = await start(
                broker.port, username="twin", password={"env": "TEST_MQTT_PASSWORD"}, version=version
            )
            await until(lambda p=pipeline: p.state() == "misconfigured")  # type: ignore[misc]
            assert "refused the connection" in pipeline.reason()
            assert "uthori" in pipeline.reason()
        await asyncio.sleep(1.5)
        assert pipeline.supervisor.states()[0].restarts == 1
    finally:
        broker.kill()


@pytest.mark.asyncio
async def test_a_broker_that_answers_nothing_any_more_is_down_and_comes_back(broker: Broker, start: Start) -> None:
    pipeline = await start(broker.port, keepalive_s=1)
    await connected(pipeline)
    broker.stop()
    await until(lambda: pipeline.state() == "down", 15)
    broker.go_on()
    await connected(pipeline)
    await broker.publish("site/1/power", "300")
    await until(lambda: pipeline.value("p1") == pytest.approx(0.3))


@pytest.mark.asyncio
async def test_tls_with_the_campuss_own_authority(mosquitto: str, openssl: str, tmp_path: Path, start: Start) -> None:
    cert, key = certificate(openssl, tmp_path)
    broker = Broker(mosquitto, tmp_path, lines=f"certfile {cert}\nkeyfile {key}\n")
    await broker.start()
    try:
        context = ssl.create_default_context(cafile=str(cert))
        trusted = await start(broker.port, tls={"ca": str(cert)})
        foreign = await start(broker.port, tls=True)
        missing = await start(broker.port, tls={"ca": str(tmp_path / "none.pem")})
        await connected(trusted)
        async with broker.publisher(ssl=context) as publisher:
            publisher.publish("site/1/power", "700")
            await until(lambda: trusted.value("p1") == pytest.approx(0.7))
        await until(lambda: foreign.state() == missing.state() == "misconfigured")
        assert "certificate is not accepted: self-signed" in foreign.reason().replace("self signed", "self-signed")
        assert "none.pem" in missing.reason()
    finally:
        broker.kill()


def certificate(openssl: str, folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert), "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture
def openssl() -> str:
    found = find_program("openssl")
    require(found, "there is no openssl: install it (apt-get install openssl)")
    assert found is not None
    return found


@pytest.mark.asyncio
async def test_an_absent_broker_and_a_missing_secret_are_named(start: Start, broker: Broker) -> None:
    broker.kill()
    pipeline = await start(broker.port)
    await until(lambda: pipeline.state() == "down")
    assert f"127.0.0.1:{broker.port} cannot be reached" in pipeline.reason()
    pipeline = await start(broker.port, username="twin", password={"env": "NOT_SET_ANYWHERE"})
    await until(lambda: pipeline.state() == "misconfigured")
    assert "NOT_SET_ANYWHERE" in pipeline.reason()


@pytest.mark.asyncio
async def test_a_burst_keeps_the_newest_of_each_topic_and_counts_what_it_drops(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_link, "MAX_PENDING", 100)
    connection = mqtt_link.Connection(mqtt.Settings(host="127.0.0.1"))
    for number in range(1000):
        connection._on_message(connection._client, f"t/{number % 10}", str(number).encode(), 0, {})
    messages = await connection.take(0)
    assert len(messages) <= 100
    newest = {topic: payload for topic, payload, _, _ in messages}
    assert {topic: int(payload) for topic, payload in newest.items()} == {f"t/{n}": 990 + n for n in range(10)}
    assert connection.dropped == 1000 - len(messages)


@pytest.mark.parametrize("topic", ["a/#/b", "a+/b", "", "a/\0"])
def test_a_bad_topic_filter_is_refused(topic: str) -> None:
    with pytest.raises(ValueError, match=r"topic|levels"):
        mqtt.Settings(host="h", topics=[topic])
