"""A disk that is really full: a small file system of the test's own, filled, then made larger."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.twin.trees import TREE
from twin.history import recorder as recording
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.recorder import Recorder
from twin.live import Columns, LiveState
from twin.point import Point

POINTS = [Point(f"p{n}", "A/1/1", "power", "kW", stale_s=90) for n in range(2000)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no file system of its own can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_a_full_disk_is_said_holds_nobody_up_and_is_over_when_there_is_room(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LAST_WAIT_S", 1.0)
    now = 1_795_737_600.0
    live = LiveState(POINTS, TREE, lambda: now)
    folder = disk / "history"
    recorder = Recorder(
        folder / "journal", lambda: DuckDbStore(folder, ZoneInfo("UTC"), memory="128MB"), lambda: now
    )  # fmt: skip
    recorder.follow(live)
    recorder.start()
    chance, rows = np.random.default_rng(1), 0

    def put() -> None:
        nonlocal now, rows
        now += 60
        value, at, zero = chance.normal(0, 1, len(POINTS)), np.full(len(POINTS), now), np.zeros(len(POINTS), np.uint8)
        columns = Columns(
            np.arange(len(POINTS)), value, at, at, at, zero, zero, np.zeros(len(POINTS), np.uint16)
        )  # fmt: skip
        live.apply(columns)
        recorder.take(columns)
        rows += len(POINTS)

    begin = time.monotonic()
    while recorder.state().state != "full":
        put()
        time.sleep(0.005)
        assert time.monotonic() - begin < 60, "the disk never was full"
    assert "make room" in recorder.state().message
    for _ in range(20):
        put()
    assert live.latest("p0").age_s == 0.0
    subprocess.run(["mount", "-o", "remount,size=200m", str(disk)], check=True)
    until(lambda: recorder.state().state == "ok" and recorder.state().rows == rows)
    assert recorder.state().dropped == 0
    recorder.stop()
    again = DuckDbStore(folder, ZoneInfo("UTC"))
    assert len(again.rows(None, 0, 2**60)) == rows
    again.close()
    assert list((folder / "journal").iterdir())
