"""One reading from socket to screen: a campus folder, a real broker, the server, a frame; and what garbage does."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import numpy as np
import pytest
from websockets.asyncio.client import connect

from server.runtime import build_runtime
from tests.datasources.broker import Broker
from tests.server.serving import Served, serve_runtime
from tests.server.test_live import frame, value_of
from twin.frame import FLAG_STALE

pytestmark = pytest.mark.broker


def folder_of(path: Path, port: int) -> Path:
    """A campus of one house of two levels, its main meter on the broker."""
    path.mkdir()
    ring = [[108.0, 34.0], [108.0005, 34.0], [108.0005, 34.0003], [108.0, 34.0003], [108.0, 34.0]]
    house = {
        "type": "Feature",
        "properties": {"name": "House", "building": "yes", "building:levels": "2"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    (path / "house.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [house]}), "utf-8")
    (path / "campus.yaml").write_text(
        "campus: {id: c, names: {en: C}}\n"
        "models: [{file: house.geojson, building: H}]\n"
        f"sources: {{meters: {{type: mqtt, host: 127.0.0.1, port: {port}, topics: ['#'], time: /ts}}}}\n"
        "points: points.csv\n",
        encoding="utf-8",
    )
    (path / "points.csv").write_text(
        "point,entity,quantity,unit,interval_s,stale_s,source,address\nmain,H,power,W,1,2,meters,site/h#/p\n", "utf-8"
    )
    return path


async def connected(served: Served) -> None:
    end = time.monotonic() + 60
    while not served.runtime.sources()[0].reason.startswith(("connected", "values")):
        assert time.monotonic() < end, served.runtime.sources()[0].reason
        await asyncio.sleep(0.05)


@pytest.mark.asyncio
async def test_from_the_broker_to_the_frame_and_stale_when_it_stops(
    mosquitto: str, tmp_path: Path, cache: Path
) -> None:
    broker = Broker(mosquitto, tmp_path)
    await broker.start()
    try:
        runtime = await asyncio.to_thread(build_runtime, folder_of(tmp_path / "campus", broker.port), cache)
        with serve_runtime(runtime) as served:
            await connected(served)
            async with connect(f"{served.ws}/ws/live") as ws:
                await frame(ws)
                await broker.publish("site/h", json.dumps({"p": 4200, "ts": time.time()}))
                got = await frame(ws, 5)
                assert value_of(served, got, "H") == pytest.approx(4.2)
                assert (got.totals.have[0], got.totals.of[0]) == (1, 1)
                await broker.publish("site/h", "garbage")
                assert np.isnan(value_of(served, await frame(ws, 5), "H")), "what came is not shown as a number"
                await broker.publish("site/h", json.dumps({"p": 4300, "ts": time.time()}))
                assert value_of(served, await frame(ws, 5), "H") == pytest.approx(4.3)
                got = await frame(ws, 8)
                assert (got.totals.have[0], got.totals.flags[0] & FLAG_STALE) == (0, FLAG_STALE), "it stopped arriving"
            how = served.http.get("/api/v1/points/main/provenance").json()
            assert json.loads(how["payload"])["p"] == 4300
            assert (how["raw"], how["source"], how["address"]) == ("4300", "meters", "site/h#/p")
            assert [(step["before"], step["after"]) for step in how["conversions"]] == [("W", "kW")]
            assert {check["name"]: check["passed"] for check in how["checks"]}["age"] is False
            assert served.http.get("/api/v1/points/none/provenance").status_code == 404
            source = served.http.get("/api/v1/sources").json()[0]
            assert (source["accepted"], source["bad"], source["samples"][0]["raw"]) == (3, 1, "garbage")
    finally:
        broker.kill()
