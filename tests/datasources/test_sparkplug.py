"""Sparkplug B through a real mosquitto: births, aliases, deaths, lost messages, rebirths; and the host's own logic."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from gmqtt import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from datasources import sparkplug, sparkplug_node
from datasources.contract import MisconfiguredError
from datasources.fieldbus import AddressError
from datasources.sparkplug_node import GAP, OFFLINE, UNBORN, Host, parse_address
from datasources.sparkplug_payload import decode
from tests.datasources.broker import Broker
from tests.datasources.pipeline import Pipeline, until
from tests.datasources.sparkplug_peer import (
    BOOLEAN,
    DATASET,
    FLOAT,
    INT16,
    INT64,
    STRING,
    EdgeNode,
    edge_node,
    metric,
    payload,
)  # fmt: skip
from twin.point import Point
from twin.reading import Quality, RawReading

NODE, METER = "plant/edge1", "plant/edge1/meter"
POINTS = [
    Point("node-t", "A/1/1", "temperature", "°C", source="s", address=f"{NODE}#Temp", stale_s=600),
    Point("power", "A/1/2", "power", "kW", source="s", address=f"{METER}#Power/Total", stale_s=600),
    Point("total", "A/1/2", "energy", "kWh", source="s", address=f"{METER}#Energy", stale_s=600),
    Point("other", "A/1/3", "power", "kW", source="s", address="plant/edge2/meter#Power/Total", stale_s=600),
]


@pytest_asyncio.fixture
async def broker(mosquitto: str, tmp_path: Path) -> AsyncIterator[Broker]:
    broker = Broker(mosquitto, tmp_path)
    await broker.start()
    yield broker
    broker.kill()


def source(broker: Broker, **settings: object) -> Pipeline:
    return Pipeline("sparkplug", POINTS, {"host": "127.0.0.1", "port": broker.port, **settings})


def born(edge: EdgeNode, power: float = 7.5, at: float | None = None) -> None:
    edge.send("NBIRTH", [metric("Temp", 21.5, FLOAT, alias=1)])
    edge.send(
        "DBIRTH", [metric("Power/Total", power, alias=10, at=at), metric("Energy", -5, INT64, alias=11, at=at)], "meter"
    )


def quality(pipeline: Pipeline, point: str) -> tuple[Quality, tuple[str, ...]]:
    latest = pipeline.live.latest(point)
    return latest.quality, latest.reasons


@pytest.mark.broker
@pytest.mark.asyncio
async def test_births_name_the_aliases_and_data_comes_by_them(broker: Broker) -> None:
    async with source(broker) as pipeline, edge_node(broker) as edge:
        await pipeline.connected()
        born(edge, at=time.time() - 10)
        await until(lambda: pipeline.value("power") == 7.5)
        assert pipeline.value("node-t") == 21.5
        assert quality(pipeline, "total") == (Quality.BAD, ("out of range",)), "-5 in two's complement, not 2^64 - 5"
        measured = time.time() - 3
        edge.send("DDATA", [metric(alias=10, value=8.25, at=measured, say_type=False)], "meter")
        edge.send("NDATA", [metric(alias=1, value=22.5, datatype=FLOAT, say_type=False)])
        edge.send(
            "DDATA", [metric("Mode", "auto", STRING, alias=12), metric(alias=11, value=9, datatype=INT64)], "meter"
        )
        await until(lambda: pipeline.value("total") == 9)
        assert (pipeline.value("power"), pipeline.value("node-t")) == (8.25, 22.5)
        assert pipeline.live.latest("power").time == pytest.approx(measured, abs=0.01)
        assert pipeline.ingest.counts["s"].unmapped_names == {f"{METER}#Mode": 1}
        assert quality(pipeline, "power") == (Quality.GOOD, ())
        assert edge.asked == []
        assert pipeline.state() == "live"


@pytest.mark.broker
@pytest.mark.asyncio
async def test_a_death_makes_the_points_bad_at_once_and_a_birth_good_again(broker: Broker) -> None:
    async with source(broker) as pipeline:
        await pipeline.connected()
        changed = time.time() - 30
        async with edge_node(broker, bd_seq=5) as edge:
            born(edge, at=changed)
            await until(lambda: pipeline.value("power") == 7.5)
            edge.send("DDEATH", [], "meter")
            await until(lambda: quality(pipeline, "power") == (Quality.BAD, (OFFLINE,)))
            assert pipeline.value("power") is None
            assert quality(pipeline, "node-t") == (Quality.GOOD, ()), "the node itself lives"
            edge.send("DBIRTH", [metric("Power/Total", 7.5, alias=10, at=changed)], "meter")
            await until(lambda: quality(pipeline, "power") == (Quality.GOOD, ()), what="a birth with an old time")
            edge.die()
            await until(lambda: quality(pipeline, "node-t") == (Quality.BAD, (OFFLINE,)))
            assert quality(pipeline, "power") == (Quality.BAD, (OFFLINE,))
            await until(lambda: OFFLINE in pipeline.reason())
            assert NODE in pipeline.reason()
            assert pipeline.state() == "live"
        async with edge_node(broker, bd_seq=6) as edge:
            born(edge, 6.5, at=changed)
            await until(lambda: pipeline.value("power") == 6.5)
            assert quality(pipeline, "power") == (Quality.GOOD, ())
            assert pipeline.reason() == "values arrive"
            edge.client.publish(edge.topic("NDEATH"), payload([metric("bdSeq", 5, INT64)]))
            edge.send("NDATA", [metric(alias=1, value=23.0, datatype=FLOAT)])
            await until(lambda: pipeline.value("node-t") == 23.0)
            assert quality(pipeline, "power") == (Quality.GOOD, ()), "the death of an earlier connection came late"


@pytest.mark.broker
@pytest.mark.asyncio
async def test_lost_messages_make_points_uncertain_and_one_rebirth_is_asked_for(broker: Broker) -> None:
    async with source(broker) as pipeline, edge_node(broker) as edge:
        await pipeline.connected()
        born(edge)
        await until(lambda: pipeline.value("power") == 7.5)
        edge.answers = False
        edge.send("NDATA", [metric(alias=1, value=22.0, datatype=FLOAT)], skip=3)
        await until(lambda: quality(pipeline, "power") == (Quality.UNCERTAIN, (GAP,)))
        assert pipeline.value("power") == 7.5, "the value stays, with its doubt"
        assert quality(pipeline, "node-t") == (Quality.UNCERTAIN, (GAP,))
        for n in range(20):
            edge.send("DDATA", [metric(alias=10, value=float(n))], "meter", skip=n % 2)
        await until(lambda: pipeline.value("power") == 19.0)
        assert quality(pipeline, "power") == (Quality.UNCERTAIN, (GAP,))
        assert len(edge.asked) == 1, "asked for once"
        assert decode(edge.asked[0]).metrics[0].name == "Node Control/Rebirth"
        edge.rebirth()
        await until(lambda: quality(pipeline, "power") == (Quality.GOOD, ()))
        edge.answers = True
        edge.send("NDATA", [metric(alias=1, value=22.0, datatype=FLOAT)], skip=1)
        await until(lambda: len(edge.asked) == 2)
        await until(lambda: quality(pipeline, "power") == (Quality.GOOD, ()))
        assert edge.seq < 5
        for n in range(300):  # the number goes round at 256
            edge.send("DDATA", [metric(alias=10, value=n / 10)], "meter")
        await until(lambda: pipeline.value("power") == 29.9)
        assert quality(pipeline, "power") == (Quality.GOOD, ())
        assert len(edge.asked) == 2


@pytest.mark.broker
@pytest.mark.asyncio
async def test_who_comes_later_than_the_births_asks_for_them(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    async with edge_node(broker) as edge, edge_node(broker, "plant/edge2") as quiet:
        born(edge)
        quiet.send("NBIRTH", [])
        quiet.send("DBIRTH", [metric("Power/Total", 3.5)], "meter")
        await asyncio.sleep(0.1)
        monkeypatch.setattr(sparkplug, "BIRTH_WAIT_S", 0.6)
        async with source(broker) as pipeline:
            await pipeline.connected()
            edge.answers = False
            edge.send("DDATA", [metric("Power/Total", 9.0), metric(alias=11, value=4, datatype=INT64)], "meter")
            await until(lambda: pipeline.value("power") == 9.0)
            assert quality(pipeline, "power") == (Quality.UNCERTAIN, (UNBORN,))
            assert pipeline.ingest.counts["s"].unmapped_names == {f"{METER}#alias 11": 1}
            assert len(edge.asked) == 1
            await until(lambda: pipeline.value("other") == 3.5, what="the one that says nothing was asked")
            assert len(quiet.asked) == 1
            edge.rebirth()
            await until(lambda: pipeline.value("power") == 7.5)
            assert quality(pipeline, "power") == (Quality.GOOD, ())
            assert len(edge.asked) == 1


@pytest.mark.broker
@pytest.mark.asyncio
async def test_without_leave_nothing_is_ever_asked(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug, "BIRTH_WAIT_S", 0.1)
    async with source(broker, rebirth=False) as pipeline, edge_node(broker) as edge:
        await pipeline.connected()
        edge.send("DDATA", [metric("Power/Total", 9.0)], "meter", skip=7)
        await until(lambda: pipeline.value("power") == 9.0)
        await asyncio.sleep(0.3)
        assert edge.asked == []


@pytest.mark.broker
@pytest.mark.asyncio
async def test_history_nulls_qualities_tables_and_garbage(broker: Broker) -> None:
    async with source(broker) as pipeline, edge_node(broker) as edge:
        await pipeline.connected()
        born(edge)
        await until(lambda: pipeline.value("power") == 7.5)
        edge.send("DDATA", [metric(alias=10, value=1.0, at=time.time() - 3600, historical=True)], "meter")
        edge.send("DDATA", [metric(alias=11, value=5, datatype=INT64, quality=192)], "meter")
        await until(lambda: pipeline.value("total") == 5)
        assert pipeline.value("power") == 7.5
        assert pipeline.ingest.counts["s"].late == 1
        for sent, found in (
            (metric(alias=11, null=True, datatype=INT64), (Quality.BAD, ("no value",))),
            (metric(alias=11, value=6, datatype=INT64, quality=0), (Quality.BAD, ("quality BAD (0)",))),
            (metric(alias=11, value=6, datatype=INT64, quality=500), (Quality.UNCERTAIN, ("quality STALE (500)",))),
            (metric(alias=11, value=b"", datatype=DATASET), (Quality.BAD, ("not a single value",))),
            (metric(alias=11, value=float("nan")), (Quality.BAD, ("not a finite number",))),
            (metric(alias=11, value=True, datatype=BOOLEAN), (Quality.GOOD, ())),
        ):
            edge.send("DDATA", [sent], "meter")
            await until(lambda found=found: quality(pipeline, "total") == found)  # type: ignore[misc]
        topic = edge.topic("DDATA", "meter")
        edge.answers = False
        edge.client.publish(topic, b"\xff\xff not protobuf")
        await until(lambda: quality(pipeline, "power") == (Quality.UNCERTAIN, (GAP,)))
        assert pipeline.ingest.counts["s"].unmapped_names == {topic: 1}
        assert len(edge.asked) == 1
        assert pipeline.supervisor.states()[0].restarts == 0
        edge.client.publish("spBv1.0/plant/DDATA/edge1", payload([]))
        edge.client.publish("spBv1.0/plant/NOTHING/edge1", b"")
        await asyncio.sleep(0.2)
        assert pipeline.state() == "live"


@pytest.mark.broker
@pytest.mark.asyncio
async def test_the_host_says_that_it_is_there_and_the_broker_when_it_is_gone(broker: Broker) -> None:
    states: list[dict[str, Any]] = []

    def heard(_client: Client, topic: str, raw: bytes, _qos: int, _properties: dict[str, Any]) -> int:
        assert topic == "spBv1.0/STATE/twin"
        states.append(json.loads(raw))
        return 0

    async with broker.publisher() as client:
        client.on_message = heard
        client.subscribe("spBv1.0/STATE/#")
        async with source(broker, host_id="twin") as pipeline:
            await pipeline.connected()
            await until(lambda: states and states[-1]["online"])
        await until(lambda: not states[-1]["online"])
    assert len({state["timestamp"] for state in states}) == 1


@pytest.mark.broker
@pytest.mark.asyncio
async def test_a_killed_broker_is_back_and_the_births_are_asked_for(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sparkplug, "BIRTH_WAIT_S", 0.2)
    async with source(broker) as pipeline:
        async with edge_node(broker) as edge:
            await pipeline.connected()
            born(edge)
            await until(lambda: pipeline.value("power") == 7.5)
            broker.kill()
            await until(lambda: pipeline.state() == "down")
        await broker.start()
        begin = time.monotonic()
        async with edge_node(broker, bd_seq=1) as edge:
            born(edge, 8.5)
            await until(lambda: pipeline.value("power") == 8.5, 10)
        assert time.monotonic() - begin < 10


@pytest.mark.broker
@pytest.mark.asyncio
async def test_discover_lists_the_metrics_of_who_is_born_and_of_who_is_asked(broker: Broker) -> None:
    settings = sparkplug.Settings(host="127.0.0.1", port=broker.port)
    async with edge_node(broker) as edge:
        born(edge)
        await asyncio.sleep(0.1)
        task = asyncio.create_task(sparkplug.discover(settings, 1.5))
        await asyncio.sleep(0.5)
        edge.send("DDATA", [metric(alias=10, value=8.0)], "meter")
        found = {row.address: row for row in await task}
    assert set(found) == {f"{NODE}#Temp", f"{METER}#Power/Total", f"{METER}#Energy"}
    assert (found[f"{METER}#Energy"].value, found[f"{METER}#Energy"].device) == (-5, METER)


def hosted(*addresses: str) -> tuple[Host, list[float]]:
    clock = [0.0]
    return Host(addresses or [point.address for point in POINTS], lambda: clock[0]), clock


NOW = 1_700_000_000.0


def say(
    host: Host, kind: str, *metrics: bytes, device: str = "", seq: int = 0, at: float = NOW, skew: float = 0.0
) -> list[RawReading]:
    """A message of ``plant/edge1`` that comes ``at``, from a clock that is ``skew`` ahead."""
    path = ["spBv1.0", "plant", kind, "edge1", *([device] if device else [])]
    return host.take("/".join(path), payload(metrics, seq, at + skew), at)


@pytest.mark.parametrize("skew", [-600.0, 30.0, 59.999])
def test_a_device_whose_clock_is_slow_or_fast_is_never_hidden_behind_its_death(skew: float) -> None:
    host, _ = hosted()
    meter: dict[str, Any] = {"device": "meter", "skew": skew}
    power = f"{METER}#Power/Total"
    say(host, "NBIRTH", metric("bdSeq", 1, INT64), skew=skew)
    (first,) = say(host, "DBIRTH", metric("Power/Total", 1.0, alias=1), seq=1, **meter)
    dead = {row.address: row for row in say(host, "DDEATH", seq=2, at=NOW + 0.0005, **meter)}
    birth = metric("Power/Total", 1.0, alias=1, at=NOW - 100)
    (again,) = say(host, "DBIRTH", birth, seq=3, at=NOW + 0.001, **meter)
    assert set(dead) == {power, f"{METER}#Energy"}
    assert dead[power].bad == OFFLINE
    times = [row.time for row in (first, dead[power], again)]
    assert times == sorted(times, key=lambda time: time or 0.0)


def test_a_rebirth_that_does_not_come_is_asked_for_again_after_minutes_only() -> None:
    host, clock = hosted()
    asked = []
    for second in range(0, 1000, 10):
        clock[0] = float(second)
        say(host, "NDATA", metric("Temp", 20.0), seq=second % 256)
        asked += [second] * len(host.outbox)
        host.outbox.clear()
    assert asked == [0, 300, 600, 900]


SENT = st.tuples(
    st.sampled_from(["NBIRTH", "DBIRTH", "NDATA", "DDATA", "DDEATH", "NDEATH", "garbage"]),
    st.integers(0, 3),  # what its sequence number is ahead of the right one
    st.sampled_from([-90_000.0, -5.0, 0.0, 30.0, 59.0, 61.0, 7200.0, None]),  # its clock, against ours
    st.booleans(),  # a metric that is history
    st.sampled_from([None, 0, 500]),
)


@settings(deadline=None)
@given(st.lists(SENT, max_size=30))
def test_whatever_came_before_a_death_is_the_last_word(sent: list[tuple[Any, ...]]) -> None:
    pipeline = Pipeline("sparkplug", POINTS, {}, clock=lambda: now)
    now = 1_700_000_000.0
    host, seq = Host([point.address for point in POINTS], lambda: now), 0
    for kind, ahead, skew, historical, quality_ in [*sent, ("NDEATH", 0, 0.0, False, None)]:
        now += 1.0
        seq = 0 if kind == "NBIRTH" else (seq + 1 + ahead) % 256
        at = None if skew is None else now + skew
        metrics = [metric("Power/Total", 5.0, at=at, historical=historical, quality=quality_)]
        device = "meter" if kind[0] == "D" else ""
        topic = "/".join(
            ["spBv1.0/plant", "NDATA" if kind == "garbage" else kind, "edge1", *([device] if device else [])]
        )
        dead = kind == "NDEATH"
        raw = b"\xff" if kind == "garbage" else payload([] if dead else metrics, None if dead else seq, at=at or now)
        pipeline.ingest.accept(host.take(topic, raw, now), "s")
    for point in ("node-t", "power", "total"):
        assert quality(pipeline, point)[0] == Quality.BAD
        assert quality(pipeline, point)[1][0] == OFFLINE, "and perhaps that its clock is ahead"
    assert quality(pipeline, "other") == (Quality.NONE, ())


@pytest.mark.broker
@pytest.mark.asyncio
async def test_the_broker_says_for_a_host_that_broke_off_that_it_is_gone(broker: Broker) -> None:
    settings = sparkplug.Settings(host="127.0.0.1", port=broker.port, host_id="twin")
    states: list[bool] = []

    def heard(_client: Client, _topic: str, raw: bytes, _qos: int, _properties: dict[str, Any]) -> int:
        states.append(json.loads(raw)["online"])
        return 0

    async with broker.publisher() as client:
        client.on_message = heard
        client.subscribe("spBv1.0/STATE/#")
        link = sparkplug._Link(settings, Host(()))
        await link.open(["plant"])
        await until(lambda: states == [True])
        link._connection._client._connection._transport.abort()
        await until(lambda: states == [True, False])
        await link._connection.close()


def test_nodes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sparkplug_node, "MAX_NODES", 10)
    host, _ = hosted()
    for n in range(50):
        host.take(f"spBv1.0/g/NDATA/n{n}", payload([metric("a", 1.0)], 0), 0.0)
    assert len(host._nodes) == 10


def test_a_sixteen_bit_number_keeps_the_type_of_its_birth() -> None:
    host, _ = hosted()
    say(host, "NBIRTH", metric("Temp", -3, INT16, alias=1))
    (reading,) = say(host, "NDATA", metric(alias=1, value=-4, datatype=INT16, say_type=False), seq=1)
    assert reading.value == -4


def test_addresses_and_settings_that_cannot_be_right() -> None:
    assert parse_address("g/n/d#a/b#c") == ("g/n", "d", "a/b#c")
    for address in ("g#m", "g/n/d/e#m", "g/n", "g//d#m", "g/n#", "g/+#m"):
        with pytest.raises(AddressError, match="write group/node#metric"):
            parse_address(address)
    for group in ("", "a/b", "#"):
        with pytest.raises(ValueError, match="no name of Sparkplug"):
            sparkplug.Settings(host="h", groups=[group])


@pytest.mark.asyncio
async def test_points_without_an_address_that_can_be_read_say_so(broker: Broker) -> None:
    wrong = Point("x", "A/1/1", "power", "kW", source="s", address="no address")
    with pytest.raises(MisconfiguredError, match=r"nothing to subscribe to.*write group/node#metric"):
        await anext(sparkplug.batches(sparkplug.Settings(host="127.0.0.1", port=broker.port), [wrong]))
    points = [*POINTS, wrong]
    async with Pipeline("sparkplug", points, {"host": "127.0.0.1", "port": broker.port}) as pipeline:
        await until(lambda: pipeline.live.latest("x").quality == Quality.BAD)
        assert "write group/node#metric" in pipeline.live.latest("x").reasons[0]
