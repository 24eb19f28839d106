"""A campus folder that changes while it is served, with real brokers and live clients: what changes, and what stays."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio

from server.app import create_server
from server.campus_folder import read_campus
from server.live import Client
from server.quality import _page
from server.reload import Reloader, look
from server.runtime import Runtime, build_runtime
from tests.datasources.broker import Broker
from tests.datasources.pipeline import until
from twin.frame import FrameKind, decode
from twin.quality.finding import Hit
from twin.quantity import QUANTITIES
from twin.reading import Quality, RawReading

HOUSE = """{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"building": "yes", "ref": "A",
"name": "A", "building:levels": 2}, "geometry": {"type": "Polygon", "coordinates": [[[108.6, 34.2], [108.601, 34.2],
[108.601, 34.201], [108.6, 34.201], [108.6, 34.2]]]}}]}"""
HEAD = "point,entity,quantity,unit,kind,source,address,stale_s\n"
ROWS = [
    "main,A,power,kW,gauge,meters,site/main,600", "side,A,power,kW,gauge,meters,site/side,600",
    "port,A,traffic,B/s,counter,meters,site/port,600",
]  # fmt: skip


class Folder:
    """A campus folder whose parts a test rewrites."""

    def __init__(self, path: Path, port: int) -> None:
        self.path = path
        self.port = port
        path.mkdir()
        (path / "house.geojson").write_text(HOUSE)
        self.rows = list(ROWS)
        self.sources: dict[str, dict[str, Any]] = {"meters": {"type": "mqtt", "host": "127.0.0.1", "port": port}}
        self.more = "models: [{file: house.geojson}]\n"
        self.write()

    def write(self) -> None:
        location = "location: {latitude: 34.2, longitude: 108.6}"
        text = f"campus: {{id: c, {location}}}\n{self.more}sources: {json.dumps(self.sources)}\npoints: points.csv\n"
        (self.path / "campus.yaml").write_text(text)
        (self.path / "points.csv").write_text(HEAD + "".join(f"{row}\n" for row in self.rows))


@pytest_asyncio.fixture
async def broker(mosquitto: str, tmp_path: Path) -> AsyncIterator[Broker]:
    broker = Broker(mosquitto, tmp_path)
    await broker.start()
    yield broker
    broker.kill()


@pytest.fixture
def folder(broker: Broker, tmp_path: Path) -> Folder:
    return Folder(tmp_path / "campus", broker.port)


@asynccontextmanager
async def running(folder: Folder, cache: Path) -> AsyncIterator[Runtime]:
    read = await asyncio.to_thread(read_campus, folder.path, cache)
    assert [point.id for point in read.assembled.points]
    runtime = await asyncio.to_thread(build_runtime, folder.path, cache)
    reloader: Reloader = runtime.background[0][1].__self__  # type: ignore[attr-defined]
    reloader._look_s = 0.1
    await runtime.start()
    try:
        await until(lambda: runtime.sources()[0].reason.startswith("connected"))
        yield runtime
    finally:
        await runtime.stop()


def state(runtime: Runtime) -> str:
    assert runtime.configuration is not None
    return runtime.configuration.state


async def told(runtime: Runtime, change: Callable[[], object]) -> str:
    """Make a change and wait until the program has taken notice of it."""
    before = runtime.configuration
    change()
    await until(lambda: runtime.configuration is not before, 15, "nobody noticed")
    assert runtime.configuration is not None
    return runtime.configuration.message


@pytest.mark.broker
@pytest.mark.asyncio
async def test_points_come_and_go_and_the_values_of_the_others_stay(
    broker: Broker, folder: Folder, tmp_path: Path
) -> None:
    async with running(folder, tmp_path / "cache") as runtime:
        for value in (1000, 4000):
            await broker.publish("site/port", str(value))
            await asyncio.sleep(0.2)
        await broker.publish("site/main", "5")
        await broker.publish("site/side", "6")
        await until(lambda: runtime.live.latest("side").value == 6)
        old, rate = runtime.live, runtime.live.latest("port")
        assert rate.value is not None
        readings = runtime.ingest.counts["meters"].readings
        folder.rows = [ROWS[2], ROWS[0].replace("kW", "W"), "new,A,power,kW,gauge,meters,site/new,600"]
        message = await told(runtime, folder.write)
        assert message == "sources begun anew meters; 2 points new or changed, 2 gone or changed, 1 as they were"
        assert runtime.live is not old
        assert [point.id for point in runtime.live.points] == ["port", "main", "new"]
        port = runtime.live.latest("port")
        assert (port.value, port.time, port.received, port.quality) == (
            rate.value,
            rate.time,
            rate.received,
            rate.quality,
        )
        assert runtime.live.latest("main").quality == Quality.NONE, "read in another unit its value was wrong"
        assert runtime.ingest.counts["meters"].readings == readings
        await until(lambda: runtime.sources()[0].reason.startswith("connected"))
        await broker.publish("site/port", "7000")
        await broker.publish("site/new", "9")
        await broker.publish("site/main", "5000")
        await until(lambda: runtime.live.latest("main").value == 5 and runtime.live.latest("new").value == 9)
        again = runtime.live.latest("port")
        assert again.time is not None
        assert rate.time is not None
        expected = QUANTITIES["traffic"].to_canonical(3000 / (again.time - rate.time), "B/s")
        assert again.value == pytest.approx(expected), "the last count was kept"
        rolled = runtime.live.columns("power")
        assert sorted(rolled.value.tolist()) == [5, 9]
        assert len(runtime.assembled.points) == 3


@pytest.mark.broker
@pytest.mark.asyncio
async def test_the_watch_over_the_data_goes_on_with_the_points_that_stay(
    broker: Broker, folder: Folder, tmp_path: Path
) -> None:
    async with running(folder, tmp_path / "cache") as runtime:
        before, since = runtime.watch, time.time() - 60
        seen = {
            point.id: Hit((row,), since, {"low": 1.0, "high": 2.0, "value": 9.0, "n": 1})
            for row, point in enumerate(runtime.live.points)
        }
        before.ledger.update("spike", seen, time.time())
        folder.rows = [ROWS[2], "new,A,power,kW,gauge,meters,site/new,600"]
        await told(runtime, folder.write)
        assert runtime.watch is not before
        assert runtime.watch.live is runtime.live
        assert runtime.ingest.judges == [runtime.watch.judge]
        assert runtime.ingest.listeners[0] == runtime.watch.take
        assert len(runtime.ingest.listeners) == 3, "the checks, the recorder and the alarms"
        found = {finding.points[0]: finding for finding in runtime.watch.findings()}
        assert (found["port"].since, found["port"].until) == (since, None)
        assert {point for point, finding in found.items() if finding.until is not None} == {"main", "side"}
        said = {row.points[0]: row.unit for row in _page(runtime, runtime.watch.findings(), 100, 0).items}
        assert said == {"port": "Mbit/s", "main": "", "side": ""}, "an ended finding outlives its point"
        tasks = [task for task in asyncio.all_tasks() if task.get_name() == "checks of the data"]
        assert len(tasks) == 1


@pytest.mark.broker
@pytest.mark.asyncio
async def test_only_the_source_that_changed_begins_anew(broker: Broker, folder: Folder, tmp_path: Path) -> None:
    async with running(folder, tmp_path / "cache") as runtime:
        await broker.publish("site/main", "5")
        await until(lambda: runtime.live.latest("main").value == 5)
        since, run = runtime.sources()[0].since, runtime.supervisor._runs[0]
        folder.sources["plant"] = {"type": "simulator", "interval_s": 0.2}
        folder.rows.append("room,A,power,W,gauge,plant,power/room/office/20/A/1/1,60")
        assert (
            await told(runtime, folder.write)
            == "new sources plant; 1 points new or changed, 0 gone or changed, 3 as they were"
        )
        await until(lambda: runtime.live.latest("room").value is not None)
        assert runtime.live.latest("room").origin == "simulated"
        assert runtime.live.latest("main").origin == "measured"
        assert runtime.supervisor._runs[0] is run
        assert runtime.sources()[0].since == since
        folder.sources["meters"]["keepalive_s"] = 7
        assert await told(runtime, folder.write) == "sources begun anew meters"
        assert runtime.live.latest("main").value == 5
        await until(lambda: runtime.sources()[0].reason.startswith("connected"))
        await broker.publish("site/main", "6")
        await until(lambda: runtime.live.latest("main").value == 6)
        del folder.sources["plant"]
        folder.rows.pop()
        assert "sources gone plant" in await told(runtime, folder.write)
        assert [row.name for row in runtime.sources()] == ["meters"]
        assert "plant" not in runtime.ingest.counts
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert "source plant" not in names


@pytest.mark.broker
@pytest.mark.asyncio
async def test_devices_and_their_types_are_taken_over_too(broker: Broker, folder: Folder, tmp_path: Path) -> None:
    templates = folder.path / "templates"
    templates.mkdir()
    meter = 'meter: {class: Electrical_Meter, source: meters, address: "em/{id}/{path}", points: {p: power kW%s}}\n'
    (templates / "types.yaml").write_text(meter % "")
    (folder.path / "devices.csv").write_text("id,type,entity\nem-1,meter,A\n")
    folder.more += "devices: devices.csv\n"
    folder.write()
    async with running(folder, tmp_path / "cache") as runtime:
        (point,) = [each.id for each in runtime.live.points if each.address == "em/em-1/p"]
        await broker.publish("em/em-1/p", "5")
        await until(lambda: runtime.live.latest(point).value == 5)
        sheet = folder.path / "devices.csv"
        await told(runtime, lambda: sheet.write_text("id,type,entity\nem-1,meter,A\nem-2,meter,A\n"))
        assert state(runtime) == "applied"
        assert runtime.live.latest(point).value == 5
        (second,) = [each.id for each in runtime.live.points if each.address == "em/em-2/p"]
        assert runtime.live.slot[runtime.live.index[second]] == runtime.live.tree.index["A"]
        assert runtime.index.get("em-2") is not None
        assert runtime.search.find("em-2")[0].id == "em-2"
        await until(lambda: runtime.sources()[0].reason.startswith("connected"))
        await broker.publish("em/em-2/p", "6")
        await until(lambda: runtime.live.latest(second).value == 6)
        await told(runtime, lambda: (templates / "types.yaml").write_text(meter % " 0..4"))
        await until(lambda: runtime.sources()[0].reason.startswith("connected"))
        await broker.publish("em/em-2/p", "7")
        await until(lambda: runtime.live.latest(second).reasons == ("out of range",))


@pytest.mark.broker
@pytest.mark.asyncio
async def test_a_mistake_changes_nothing_and_is_told_with_its_line(
    broker: Broker, folder: Folder, tmp_path: Path
) -> None:
    import httpx

    async with running(folder, tmp_path / "cache") as runtime:
        live, run = runtime.live, runtime.supervisor._runs[0]
        transport = httpx.ASGITransport(create_server(runtime))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            folder.rows.append("bad,A,powr,kW,gauge,meters,site/bad,600")
            message = await told(runtime, folder.write)
            assert "1 mistakes: what ran before goes on" in message
            body = (await client.get("/readyz")).json()
            assert body["ready"]
            assert body["configuration"]["state"] == "refused"
            (mistake,) = body["configuration"]["mistakes"]
            assert (mistake["file"], mistake["line"], mistake["code"]) == ("points.csv", 5, "unknown-quantity")
            assert "campus_configuration_applied 0" in (await client.get("/metrics")).text
            await broker.publish("site/main", "5")
            await until(lambda: runtime.live.latest("main").value == 5)
            await told(runtime, lambda: (folder.path / "campus.yaml").write_text("campus: [\n"))
            assert state(runtime) == "refused"
            folder.rows.pop()
            assert await told(runtime, folder.write) == "it is again as it was"
            assert state(runtime) == "applied"
            assert "campus_configuration_applied 1" in (await client.get("/metrics")).text
            folder.more = ""
            assert "models of campus.yaml changed: start the program again" in await told(runtime, folder.write)
            assert state(runtime) == "restart"
        assert runtime.live is live
        assert runtime.supervisor._runs[0] is run


@pytest.mark.broker
@pytest.mark.asyncio
async def test_who_watches_gets_a_keyframe_of_what_is_there_now(broker: Broker, folder: Folder, tmp_path: Path) -> None:
    async with running(folder, tmp_path / "cache") as runtime:
        frames = []

        async def keep(data: bytes) -> None:
            frames.append(decode(data))

        client = Client(runtime.hub.open("energy.power", ""), keep)
        watching = asyncio.create_task(runtime.hub.serve(client))
        await broker.publish("site/main", "5")
        await broker.publish("site/side", "6")
        slot = runtime.live.tree.index["A"]
        await until(lambda: frames and 11 in frames[-1].totals.value[frames[-1].totals.slot == slot])
        before = len(frames)
        folder.rows = ROWS[:1]
        await told(runtime, folder.write)
        await until(lambda: len(frames) > before)
        first = frames[before]
        assert first.kind == FrameKind.KEYFRAME
        assert first.totals.value[first.totals.slot == slot].tolist() == [5]
        assert first.totals.of[first.totals.slot == slot].tolist() == [1]
        assert first.seq > frames[before - 1].seq
        await until(lambda: runtime.sources()[0].reason.startswith("connected"))
        await broker.publish("site/main", "7")
        await until(lambda: 7 in frames[-1].totals.value[frames[-1].totals.slot == slot])
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


@pytest.mark.asyncio
async def test_pushed_readings_keep_their_inbox_and_none_that_was_acknowledged_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUSH_TOKEN", "a token of many characters")
    folder = Folder(tmp_path / "campus", 1)
    folder.sources = {"meters": {"type": "push", "token": {"env": "PUSH_TOKEN"}, "batch_ms": 1000}}
    folder.write()
    async with running(folder, tmp_path / "cache") as runtime:
        inbox = runtime.gates[0].inbox
        assert inbox.put([RawReading("site/main", 5.0, time.time())], 10)
        folder.rows.append("new,A,power,kW,gauge,meters,site/new,600")
        await told(runtime, folder.write)
        assert runtime.gates[0].inbox is inbox
        await until(lambda: runtime.live.latest("main").value == 5)
        assert inbox.put([RawReading("site/side", 6.0, time.time())], 10)
        folder.sources = {"other": folder.sources["meters"]}
        folder.rows = [row.replace("meters", "other") for row in folder.rows]
        side = runtime.ingest
        await told(runtime, folder.write)
        assert side.counts.get("meters") is None, "its counts went with it"
        assert side.live.latest("side").value == 6
        assert not inbox.put([RawReading("site/main", 7.0, time.time())], 10), "503: send it again"


@pytest.mark.alone
@pytest.mark.asyncio
async def test_a_large_campus_is_taken_over_without_holding_the_event_loop(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "campus", 1)
    folder.sources = {"meters": {"type": "push", "token": {"env": "NONE"}}}
    many = [f"p{n},A,power,kW,gauge,meters,site/{n},600" for n in range(20_000)]
    folder.rows = many
    folder.write()
    runtime = await asyncio.to_thread(build_runtime, folder.path, tmp_path / "cache")
    now = time.time()
    runtime.ingest.accept([RawReading(f"site/{n}", float(n % 90), now, now) for n in range(20_000)], "meters")
    folder.rows = [*many[100:], "one,A,temperature,°C,gauge,meters,site/one,600"]
    folder.write()
    reloader: Reloader = runtime.background[0][1].__self__  # type: ignore[attr-defined]
    gaps = []

    async def beat() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.005)
            gaps.append(time.monotonic() - last - 0.005)
            last = time.monotonic()

    gc.collect()
    gc.freeze()  # as the product does: or the collector walks whatever the tests before left
    try:
        beating = asyncio.create_task(beat())
        await reloader.reload()
        beating.cancel()
    finally:
        gc.unfreeze()
    assert state(runtime) == "applied", runtime.configuration
    assert len(runtime.live.points) == 19_901
    assert np.nansum(runtime.live.value) == sum(n % 90 for n in range(100, 20_000))
    assert max(gaps) < 0.25, f"{max(gaps):.3f} s"


def test_what_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "templates" / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    for name in ("campus.yaml", "points.csv", "templates/a.yaml", "templates/deep/b.yml"):
        (tmp_path / name).write_text("x")
    for name in ("templates/deep/deeper/c.yaml", ".git/config.yaml", "model.ifc", "f.labels.csv"):
        (tmp_path / name).write_text("x")
    seen = look(tmp_path)
    assert {os.path.relpath(path, tmp_path) for path in seen} == {
        "campus.yaml", "points.csv", "templates/a.yaml", "templates/deep/b.yml",
    }  # fmt: skip
    (tmp_path / "points.csv").write_text("xy")
    assert look(tmp_path) != seen
    assert look(tmp_path / "nowhere") == {}
