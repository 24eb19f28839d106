"""The benchmark of the ingest runs, and its counting can fail (whether its bars hold is for the benchmark)."""

from __future__ import annotations

from typing import Any

import pytest

from bench import ingest_bench, mqtt_load
from bench.ingest_bench import lost
from datasources.mqtt_wire import read

NOTHING = {"accepted": 0, "bad": 0, "late": 0, "duplicate": 0, "unmapped": 0, "total": 0.0}
SENT = {"sent": 100, "total": 5000}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({"accepted": 100, "total": 5000.0}, 0), ({"accepted": 99, "total": 4950.0}, 1),
        ({"accepted": 101, "total": 5050.0}, 1), ({"accepted": 100, "total": 5001.0}, 1),
        ({"accepted": 100, "bad": 2, "total": 5000.0}, 2), ({"accepted": 98, "unmapped": 2, "total": 4900.0}, 4),
    ],
)  # fmt: skip
def test_what_is_missing_twice_refused_or_changed_is_lost(after: dict[str, Any], expected: int) -> None:
    assert lost(SENT, NOTHING, NOTHING | after) == expected


def test_no_round_may_break_a_bar_that_is_for_all() -> None:
    assert not ingest_bench.worst("lost", "1", 0, [0, 0, 0, 0, 1])["holds"]
    assert ingest_bench.worst("lost", "1", 0, [0, 0])["holds"]


def test_the_load_is_what_mqtt_says_and_what_it_says_it_sent() -> None:
    class Wire:
        data = b""

        def sendall(self, data: bytes) -> None:
            self.data += data

    for send in (lambda load: load.burst(10), lambda load: load.steady(200, 0.05)):
        wires = [Wire(), Wire()]
        load = mqtt_load.Load(wires, 3)  # type: ignore[arg-type]
        send(load)  # type: ignore[no-untyped-call]
        found = [message for wire in wires for message in read(wire.data, False, 0.0)[0]]
        assert len(found) == load.sent == 10
        assert {topic for topic, *_ in found} == {mqtt_load.topic(n) for n in range(3)}
        assert load.total == sum(mqtt_load.value(*divmod(n, 3)) for n in range(10))
    assert read(mqtt_load.packet("t", b"x" * 200, retain=True), False, 0.0)[0] == [("t", b"x" * 200, True, 0.0)]


@pytest.mark.broker
def test_the_report_has_every_bar() -> None:
    report = ingest_bench.run(rate=200, seconds=1, points=100, peer_s=0.5, rounds=(1, 1, 1, 1), count=1000)
    assert report["name"] == "ingest"
    bars = {bar["bar"]: bar for bar in report["bars"]}
    assert len(bars) >= 9
    told = [bar for name, bar in bars.items() if "lost" in name or "staleness" in name]
    assert [bar["measured"] for bar in told] == [0, 0, 0]
    assert all(bar["measured"] > 0 for bar in bars.values() if bar["unit"] in ("cores", "us", "s"))
