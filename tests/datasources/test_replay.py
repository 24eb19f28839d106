"""Replay: a real feed that was recorded and is played again gives the same live state; pace, times, loops, faults."""

from __future__ import annotations

import asyncio
import csv
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from pydantic import ValidationError

from datasources.contract import TargetReport
from datasources.recording import Info, Journal, journal_of
from datasources.replay import Settings, batches
from tests.datasources.broker import Broker
from tests.datasources.pipeline import Pipeline, until
from twin.point import Point
from twin.reading import Quality, RawReading

POINTS = [
    Point("p1", "A/1/1", "power", "W", source="s", address="site/1/power", stale_s=1e9),
    Point("p2", "A/1/2", "power", "kW", source="s", address="site/2#/p", stale_s=1e9),
    Point("p3", "A/1/2", "temperature", "°C", source="s", address="site/2#/t", stale_s=1e9, sentinels=(85.0,)),
    Point("p4", "A/1/3", "traffic", "B/s", "counter", source="s", address="site/3#/in", stale_s=1e9),
]
BEGIN = 1_700_000_000.0


def make(path: Path, *batches_: list[RawReading], source: str = "m") -> Path:
    journal = Journal(path, Info({source: "mqtt"}))
    journal.write([(source, batch) for batch in batches_])
    journal.finish(0.0)
    return path


def steady(n: int, step_s: float = 1.0) -> list[list[RawReading]]:
    return [[RawReading("site/1/power", float(k), BEGIN + step_s * k, BEGIN + step_s * k)] for k in range(n)]


def over(pipeline: Pipeline) -> bool:
    return "the recording is over" in pipeline.reason()


@pytest_asyncio.fixture
async def broker(mosquitto: str, tmp_path: Path) -> AsyncIterator[Broker]:
    broker = Broker(mosquitto, tmp_path)
    await broker.start()
    yield broker
    broker.kill()


async def publish_a_messy_feed(broker: Broker) -> None:
    """Values, an older time after a newer one, the same again, garbage, sentinels, unknown topics, a wrong clock."""
    draw = random.Random(7)
    async with broker.publisher() as client:
        for n in range(300):
            now = time.time()
            jitter = draw.choice([0, 0, 0, -30, 7200])
            payload: dict[str, object] = {"ts": now + jitter, "p": n / 10, "t": draw.choice([20, 21, 85, None, {}])}
            client.publish("site/2", "{" if n % 50 == 9 else json.dumps(payload))
            if n % 25 == 3:
                client.publish("site/2", json.dumps(payload))  # again
            client.publish("site/1/power", draw.choice(["100", "1e2", "offline", "NaN", b"\xff\xfe", "-1"]))
            client.publish("site/3", json.dumps({"ts": now, "in": 1000 * n if n < 200 else 10 * n}))
            if n % 40 == 5:
                client.publish(f"site/{n}/unknown", "1")
            await asyncio.sleep(0.003)
        await asyncio.sleep(0.1)


@pytest.mark.broker
@pytest.mark.asyncio
async def test_a_real_feed_recorded_and_played_again_gives_the_same_state_and_counts(
    broker: Broker, tmp_path: Path
) -> None:
    await broker.publish("site/1/power", "5", retain=True)
    live = {"host": "127.0.0.1", "port": broker.port, "topics": ["site/#"], "time": "/ts"}
    async with Pipeline("mqtt", POINTS, live) as first:
        await first.connected()
        await publish_a_messy_feed(broker)
        await until(lambda: (first.value("p2") or 0) >= 29.8 or first.ingest.counts["s"].readings > 1500)
        await asyncio.sleep(0.3)
    path = tmp_path / "feed.parquet"
    journal = Journal(path, Info({"s": "mqtt"}))
    journal.write([("s", batch) for batch in first.batches])
    assert journal.finish(time.time()) == len(first.readings) > 1200
    settings = {"file": str(path), "speed": 1e6, "times": "original"}
    async with Pipeline("replay", POINTS, settings) as second:
        await until(lambda: over(second), 20)
    assert second.batches == first.batches
    assert second.ingest.counts == first.ingest.counts
    counts = first.ingest.counts["s"]
    assert min(counts.accepted, counts.bad, counts.late, counts.unmapped) > 0, "the feed was as messy as it should be"
    for column in ("value", "time", "received", "judged", "quality", "flags"):
        assert np.array_equal(getattr(second.live, column), getattr(first.live, column), equal_nan=True), column
    for point in POINTS:
        assert second.live.latest(point.id).reasons == first.live.latest(point.id).reasons


@pytest.mark.asyncio
async def test_times_are_moved_to_now_and_gaps_kept_and_what_was_late_is_late(tmp_path: Path) -> None:
    late = [RawReading("site/1/power", 1.0, BEGIN + 2.0, BEGIN - 60.0, boot=BEGIN - 100)]
    path = make(tmp_path / "a.parquet", *steady(2), late, [RawReading("site/1/power", 9.0, BEGIN + 3.0)])
    async with Pipeline("replay", POINTS, {"file": str(path), "speed": 10}) as pipeline:
        begin = time.time()
        await until(lambda: over(pipeline))
    a, b, c, d = pipeline.readings
    assert a.received == a.time == pytest.approx(begin, abs=0.5)
    assert b.received - a.received == pytest.approx(0.1)
    assert c.received - a.received == pytest.approx(0.2)
    assert c.time is not None
    assert c.time - a.received == pytest.approx(-6.0)
    assert c.boot is not None
    assert c.boot - a.received == pytest.approx(-10.0)
    assert d.time is None, "a reading without a time stays so"
    assert pipeline.ingest.counts["s"].late == 1
    assert pipeline.value("p1") == pytest.approx(0.009)


@pytest.mark.asyncio
async def test_the_pace_is_that_of_the_recording(tmp_path: Path) -> None:
    path = make(tmp_path / "a.parquet", *steady(6, 0.2))
    arrived = []
    async with aclosing(batches(Settings(file=str(path), speed=2), POINTS)) as stream:  # type: ignore[type-var]
        async for batch in stream:
            if isinstance(batch, TargetReport):
                assert batch.reason == "the recording is over (6 readings were played)"
                break
            if batch:
                arrived.append(time.monotonic())
    gaps = np.diff(arrived)
    assert gaps.mean() == pytest.approx(0.1, rel=0.15)
    assert gaps.min() > 0.05


@pytest.mark.asyncio
async def test_a_loop_begins_again_one_gap_later(tmp_path: Path) -> None:
    path = make(tmp_path / "a.parquet", *steady(3, 0.1))
    async with Pipeline("replay", POINTS, {"file": str(path), "loop": True}) as pipeline:
        await until(lambda: len(pipeline.readings) >= 9)
    times = [reading.time for reading in pipeline.readings[:9] if reading.time is not None]
    late = np.subtract(times, times[0]) - 0.1 * np.arange(9)
    assert late.min() > -0.06, "never early"
    assert late.max() < 2, "late only by what a busy machine takes"
    assert [r.value for r in pipeline.readings[:9]] == [0, 1, 2] * 3
    assert pipeline.state() != "down" or pipeline.reason() == "stopped"


@pytest.mark.asyncio
async def test_a_part_is_cut_out_and_one_source_of_several_is_played(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    journal = Journal(path, Info({"m": "mqtt", "b": "bacnet"}))
    journal.write([("b" if n % 2 else "m", batch) for n, batch in enumerate(steady(20))])
    journal.abandon()
    assert journal_of(path).exists(), "what was cut off can be played too"
    part = {"file": str(path), "speed": 1e5, "source": "b", "start": BEGIN + 5, "end": "2023-11-14T22:13:31Z"}
    async with Pipeline("replay", POINTS, part) as pipeline:
        await until(lambda: over(pipeline))
    assert [r.value for r in pipeline.readings] == [5, 7, 9]
    async with Pipeline("replay", POINTS, {**part, "source": "x"}) as pipeline:
        await until(lambda: pipeline.state() == "misconfigured")
        assert "has no source 'x': it has m, b" in pipeline.reason()
    async with Pipeline("replay", POINTS, {**part, "start": BEGIN + 500, "end": None}) as pipeline:
        await until(lambda: "has nothing in the given time" in pipeline.reason())


@pytest.mark.asyncio
async def test_a_recording_that_breaks_off_is_played_to_there_and_says_so(tmp_path: Path) -> None:
    path = make(tmp_path / "a.parquet", *[[RawReading("site/1/power", 1.0, float("nan"))]])
    async with Pipeline("replay", POINTS, {"file": str(path)}) as pipeline:
        await until(lambda: pipeline.state() == "down")
        assert "breaks off: a reading was received at no time" in pipeline.reason()
        await asyncio.sleep(1.5)
        assert pipeline.supervisor.states()[0].restarts == 0, "it is not played again and again"


@pytest.mark.asyncio
async def test_faults_come_out_and_the_sidecar_says_when(tmp_path: Path) -> None:
    path = make(tmp_path / "a.parquet", *steady(20))
    faults = tmp_path / "faults.yaml"
    faults.write_text("faults: [{kind: sentinel, addresses: [p1], value: 1000000000, from: 5, to: 8}]")
    labels = tmp_path / "labels.csv"
    settings = {"file": str(path), "speed": 1000, "faults": str(faults), "labels": str(labels)}
    async with Pipeline("replay", POINTS, settings) as pipeline:
        await until(lambda: over(pipeline))
    bad = [r for r in pipeline.readings if r.value == 1e9]
    assert len(bad) == 3
    assert pipeline.ingest.counts["s"].reasons["out of range"] == 3
    with labels.open(encoding="utf-8", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["kind"], row["address"], row["readings"]) == ("sentinel", "site/1/power", "3")
    assert row["start"] == "2023-11-14T22:13:25.000+00:00"
    played = np.datetime64(row["played_start"].partition("+")[0]).astype("datetime64[ms]").astype(float) / 1e3
    assert played == pytest.approx(bad[0].time, abs=0.001)


@pytest.mark.asyncio
async def test_a_table_finds_its_points_by_address_and_by_id(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("time,p1,site/2#/p,other\n2026-03-01,7000,5,1\n2026-03-02,8000,,2\n")
    async with Pipeline("replay", POINTS, {"file": str(path), "speed": 1e6}) as pipeline:
        await until(lambda: over(pipeline))
    assert (pipeline.value("p1"), pipeline.value("p2")) == (8.0, 5.0)
    assert pipeline.ingest.counts["s"].unmapped_names == {"other": 2}
    assert pipeline.live.latest("p1").quality == Quality.GOOD


@pytest.mark.samples
@pytest.mark.asyncio
async def test_a_year_of_a_real_meter_is_played_within_seconds(samples: Path) -> None:
    point = Point("e", "A/1/1", "energy", "kWh", source="s", address="equipment load [kWh]")
    settings = {"file": "b0_electricity_2018.csv", "speed": 1e7, "timezone": "Europe/London"}
    async with Pipeline("replay", [point], settings, {"folder": samples / "energy"}) as pipeline:
        begin = time.monotonic()
        await until(lambda: over(pipeline), 60)
    counts = pipeline.ingest.counts["s"]
    assert (counts.readings, counts.unmapped, counts.late) == (8760, 0, 0)
    assert 3.15 < time.monotonic() - begin < 15, "365 days ten million times faster are 3.15 s"


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"loop": True, "times": "original"}, "'loop' with times: original"),
        ({"labels": "x.csv"}, "name the file of 'faults'"),
        ({"start": "soon"}, "'start' soon is no time"),
        ({"start": BEGIN, "end": BEGIN}, "'end' is not after 'start'"),
        ({"speed": 0}, "greater than 0"),
        ({"file": "../b.parquet"}, "lies outside the campus folder"),
        ({"file": "/etc/passwd"}, "lies outside the campus folder"),
        ({"file": "b.parquet"}, "there is no file 'b.parquet' in the campus folder; did you mean 'a.parquet'?"),
    ],
)
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, settings: dict[str, object], says: str) -> None:
    make(tmp_path / "a.parquet", *steady(1))
    with pytest.raises(ValidationError) as error:
        Settings.model_validate({"file": "a.parquet", **settings}, context={"folder": tmp_path})
    assert says in str(error.value)
