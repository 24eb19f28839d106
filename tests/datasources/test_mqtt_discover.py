"""Discovery on a broker: every single value with what was seen of it, in bounded memory, and no person's value."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from datasources import mqtt, mqtt_discover
from datasources.contract import Found, SourceError
from datasources.mqtt_discover import Heard
from tests.datasources.broker import Broker, free_port


def heard(*messages: tuple[str, str | bytes], retained: bool = False, step: float = 10.0) -> dict[str, Found]:
    ear = Heard()
    for number, (topic, payload) in enumerate(messages):
        raw = payload.encode() if isinstance(payload, str) else payload
        ear.add([(topic, raw, retained, 1000.0 + step * number)])
    return {row.address: row for row in ear.found()}


def test_every_single_value_has_its_address() -> None:
    document = {"d": {"p": 1.5, "a/b": 2, "~": True}, "l": [7, {"x": None}], "e": {}, "名": "热"}
    found = heard(("t/1", json.dumps(document, ensure_ascii=False)), ("t/2", "21.5"), ("t/3", "true"), ("t/4", "on"))
    assert {a: row.value for a, row in found.items()} == {
        "t/1#/d/p": 1.5, "t/1#/d/a~1b": 2, "t/1#/d/~0": True, "t/1#/l/0": 7, "t/1#/l/1/x": None, "t/1#/名": "热",
        "t/2": "21.5", "t/3": True, "t/4": "on",
    }  # fmt: skip
    assert (found["t/1#/d/p"].device, found["t/1#/d/p"].name) == ("t/1", "p")


def test_what_was_seen_of_the_values() -> None:
    found = heard(*[("e", str(100 + n)) for n in range(5)], *[("f", str(v)) for v in (3, 9, 4)])
    e, f = found["e"], found["f"]
    assert (e.low, e.high, e.count, e.rises, e.falls, e.interval_s) == (100, 104, 5, True, False, 10.0)
    assert (f.low, f.high, f.count, f.rises, f.falls, f.interval_s) == (3, 9, 3, False, True, 10.0)
    same = heard(("g", "1"), ("g", "1"))["g"]
    assert (same.rises, same.falls) == (False, False)


def test_a_retained_value_says_nothing_of_the_interval() -> None:
    assert heard(("a", "1"), ("a", "2"), retained=True)["a"].interval_s is None
    assert heard(("a", "1"))["a"].interval_s is None


def test_what_cannot_be_read_is_listed_and_short() -> None:
    found = heard(
        ("a", "{broken"), ("b", b"\x00\x01\x02" * 100), ("c", "x" * 5000), ("d", "nan"), ("e", "[" * 100_000),
        ("f", "温度".encode("gb18030")), ("g", b'{"n": 1e999, "h": ' + b"9" * 400 + b"}"), ("h", ""),
    )  # fmt: skip
    assert found["a"].value == "{broken"
    assert found["b"].value == "300 bytes"
    assert found["c"].value == "x" * mqtt_discover.EXAMPLE_CHARS
    assert (found["d"].count, found["f"].value) == (0, "温度")
    assert len(str(found["e"].value)) == mqtt_discover.EXAMPLE_CHARS
    assert (found["g#/n"].count, found["g#/h"].count) == (0, 0)
    assert found["h"].value == ""


def test_values_of_persons_are_not_kept() -> None:
    document = {"user": {"a": "Li"}, "Card_No": "0815", "学号": 7, "n": 2}
    found = heard(("gate", json.dumps(document, ensure_ascii=False)))
    assert {a: row.value for a, row in found.items()} == {
        "gate#/user": "(withheld)", "gate#/Card_No": "(withheld)", "gate#/学号": "(withheld)", "gate#/n": 2,
    }  # fmt: skip


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(mqtt_discover, "MAX_SIGNALS", 100)
    ear = Heard()
    wide = json.dumps(dict.fromkeys(map(str, range(5000)), 1)).encode()
    ear.add(
        [("wide", wide, False, 1.0), *((f"t/{n}", b"1", False, 1.0) for n in range(500)), ("t/3", b"2", False, 2.0)]
    )
    assert len(ear.found()) == 100
    assert ear.dropped == mqtt_discover.MAX_LEAVES - 100 + 501
    assert "more than 100 signals" in caplog.text
    nested: object = 1
    for _ in range(mqtt_discover.MAX_DEPTH + 3):
        nested = {"a": nested}
    deep = Heard()
    deep.add([("deep", json.dumps(nested).encode(), False, 1.0)])
    assert deep.found() == []


@pytest_asyncio.fixture
async def broker(mosquitto: str, tmp_path: Path) -> AsyncIterator[Broker]:
    running = Broker(mosquitto, tmp_path)
    await running.start()
    yield running
    running.kill()


@pytest.mark.broker
@pytest.mark.asyncio
async def test_listening_to_a_real_broker(broker: Broker) -> None:
    await broker.publish("kept/1", "5", retain=True)
    settings = mqtt.Settings(host="127.0.0.1", port=broker.port)

    async def send() -> None:
        async with broker.publisher() as client:
            for n in range(8):
                await asyncio.sleep(0.2)
                client.publish("em/1", json.dumps({"e": 10 + n, "p": n % 3}))

    task = asyncio.create_task(send())
    found = {row.address: row for row in await mqtt.discover(settings, 3.0)}
    await task
    assert set(found) == {"kept/1", "em/1#/e", "em/1#/p"}
    e = found["em/1#/e"]
    assert (e.count >= 7, e.rises, found["em/1#/p"].falls) == (True, True, True)
    assert e.interval_s == pytest.approx(0.2, abs=0.1)


@pytest.mark.broker
@pytest.mark.asyncio
async def test_what_was_heard_before_the_broker_died_is_listed(broker: Broker) -> None:
    await broker.publish("kept/1", "5", retain=True)
    settings = mqtt.Settings(host="127.0.0.1", port=broker.port, topics=["kept/#"])
    asyncio.get_running_loop().call_later(1.0, broker.kill)
    assert [row.address for row in await mqtt.discover(settings, 10.0)] == ["kept/1"]


@pytest.mark.asyncio
async def test_no_broker_is_an_error() -> None:
    with pytest.raises((SourceError, OSError), match="cannot be reached"):
        await mqtt.discover(mqtt.Settings(host="127.0.0.1", port=free_port()), 1.0)
