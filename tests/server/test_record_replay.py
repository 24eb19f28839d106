"""The commands ``record`` and ``replay`` as processes: a kill leaves what was written, and a file is served."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import app
from datasources.recording import Info, Journal, Recording, journal_of
from pages._parts.bar import is_simulated
from pages._parts.context import Context
from server.campus_folder import StartError, read_campus
from server.replay import Play, played, replay_runtime
from tests.conftest import ROOT
from tests.datasources.broker import free_port
from twin.reading import RawReading

CAMPUS = """
campus: {id: c, location: {latitude: 34.2, longitude: 108.6}}
models: [{file: house.geojson}]
sources:
  plant: {type: simulator, interval_s: 0.2}
  meters: {type: mqtt, host: 192.0.2.1}
points: points.csv
"""
HOUSE = """{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {"building": "yes", "ref": "A",
"name": "A", "building:levels": 1}, "geometry": {"type": "Polygon", "coordinates": [[[108.6, 34.2], [108.601, 34.2],
[108.601, 34.201], [108.6, 34.201], [108.6, 34.2]]]}}]}"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAMPUS_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "campus"
    folder.mkdir()
    (folder / "campus.yaml").write_text(CAMPUS)
    (folder / "house.geojson").write_text(HOUSE)
    (folder / "points.csv").write_text(
        "point,entity,quantity,unit,source,address,stale_s\n"
        "main,c,power,kW,meters,site/main,60\nother,c,power,kW,plant,weather/none,60\nair,c,temperature,°C,plant,,60\n"
    )
    return folder


def start(*words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "app.py", *words], cwd=ROOT, stderr=subprocess.PIPE)


def recording(path: Path, n: int = 20, source: str = "meters", step_s: float = 0.1) -> Path:
    journal = Journal(path, Info({source: "mqtt"}, "c"))
    journal.write(
        [(source, [RawReading("site/main", 100.0 + k, 1e9 + step_s * k, 1e9 + step_s * k)]) for k in range(n)]
    )
    journal.finish(0.0)
    return path


def test_a_kill_loses_the_last_seconds_only_and_an_interrupt_nothing(folder: Path) -> None:
    (folder / "points.csv").write_text(
        "point,entity,quantity,unit,source,address\nroom,c,power,W,plant,power/room/office/20/A/1/1\n"
    )
    out = folder / "room.parquet"
    words = ["record", "plant", "--campus", str(folder), "--out", str(out)]
    running = start(*words)
    end = time.monotonic() + 30
    while not (journal_of(out).exists() and len(list(Recording(out).batches())) >= 10):
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < end
        time.sleep(0.1)
    killed = time.time()
    running.kill()
    running.communicate()
    kept = [reading for batch in Recording(out).batches() for reading in batch.readings]
    assert killed - kept[-1].received < 4
    assert not out.exists()
    again = start(*words)
    while len(list(Recording(out).batches())) <= len(kept):
        assert again.poll() is None
        time.sleep(0.1)
    again.send_signal(signal.SIGINT)
    _, said = again.communicate(timeout=30)
    assert again.returncode == 0, said
    assert f"{len(kept)} readings of it are kept, and it goes on" in said.decode()
    whole = Recording(out)
    readings = [reading for batch in whole.batches() for reading in batch.readings]
    assert readings[: len(kept)] == kept
    assert f"{len(readings)} readings in {out}" in said.decode()
    assert not journal_of(out).exists()
    assert whole.info.sources == {"plant": "simulator"}
    assert {"connecting", "live"} <= {state.state for state in whole.info.states}


def test_record_says_what_is_wrong_and_when_nothing_came(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(folder / "a.parquet")
    assert app.main(["record", "meter", "--campus", str(folder), "--out", out]) == 2
    assert "campus.yaml has no source 'meter'; did you mean 'meters'?" in capsys.readouterr().err
    recording(folder / "there.parquet")
    assert app.main(["record", "meters", "--campus", str(folder), "--out", str(folder / "there.parquet")]) == 2
    assert "is there already" in capsys.readouterr().err
    assert app.main(["record", "plant", "--campus", str(folder), "--out", out, "--seconds", "0.6"]) == 1
    said = capsys.readouterr().err
    assert "plant is misconfigured" in said
    assert "0 readings" in said


@pytest.fixture
def served(folder: Path) -> Iterator[httpx.Client]:
    port = free_port()
    path = recording(folder / "feed.parquet")
    (folder / "faults.yaml").write_text("faults: [{kind: zero, addresses: [main], from: 1}]")
    running = start(
        "replay", str(path), "--campus", str(folder), "--port", str(port), "--faults", str(folder / "faults.yaml")
    )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        end = time.monotonic() + 60
        while True:
            try:
                client.get("/readyz").raise_for_status()
                break
            except httpx.HTTPError:
                assert running.poll() is None, running.communicate()
                assert time.monotonic() < end
                time.sleep(0.1)
        yield client
    os.kill(running.pid, signal.SIGTERM)
    running.communicate(timeout=20)


def test_a_recording_is_served_marked_as_simulated_and_nobody_else_is_asked(served: httpx.Client, folder: Path) -> None:
    end = time.monotonic() + 20
    while (latest := served.get("/api/v1/points/main/latest").json())["value"] != 0:
        assert time.monotonic() < end, latest
        time.sleep(0.1)
    assert latest["origin"] == "simulated"
    assert latest["age_s"] < 10
    (source,) = served.get("/api/v1/sources").json()
    assert (source["name"], source["type"]) == ("meters", "replay")
    assert (folder / "faults.yaml.labels.csv").exists()


def test_whose_values_a_file_has(folder: Path) -> None:
    read = read_campus(folder, folder / "cache")
    sources, points = read.sources, read.assembled.points
    feed = recording(folder / "feed.parquet")
    other = recording(folder / "other.parquet", source="elsewhere")
    table = folder / "table.csv"
    table.write_text("time,site/main\n2026-03-01,5\n")

    def names(play: Play) -> list[tuple[str, object]]:
        return [(row.name, row.settings["source"]) for row in played(play, folder, sources, points)]

    assert names(Play(feed)) == [("meters", "meters")]
    assert names(Play(other, source="meters")) == [("meters", "elsewhere")]
    assert names(Play(table, source="meters")) == [("meters", "")]
    for play, says in (
        (Play(other), "was recorded from elsewhere, and campus.yaml has plant, meters"),
        (Play(table), "name one of meters, plant with --source"),
        (Play(feed, source="x"), "campus.yaml has no source 'x'"),
        (Play(folder / "gone.parquet"), "there is no file"),
        (Play(feed, speed=-1), "cannot be played: speed: Input should be greater than 0"),
        (Play(feed, start="soon"), "cannot be played: : 'start' soon is no time"),
    ):
        with pytest.raises(StartError) as error:
            names(play)
        assert says in str(error.value)
    runtime = replay_runtime(Play(feed), folder, folder / "cache")
    assert [state.type for state in runtime.sources()] == ["replay"]
    assert is_simulated(Context(runtime, "en")), "every page says so"
