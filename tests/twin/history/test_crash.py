"""kill -9 at any moment, a seal among them: what was acknowledged is there, once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from zoneinfo import ZoneInfo

from twin.history.duckdb_parquet import DuckDbStore
from twin.history.recorder import Recorder

ROOT = Path(__file__).resolve().parents[3]
KILLS = int(os.environ.get("HISTORY_KILLS", "4"))


def kill_once(folder: Path, first: int, chance: random.Random, *, in_a_seal: bool) -> int:
    """Run until killed: after a while, or within a seal; the last number that was acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.twin.history.crashing", str(folder), str(first)], cwd=ROOT,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    lines = [process.stdout.readline().strip()]
    begun, most = time.monotonic(), 60.0 if in_a_seal else chance.uniform(0.0, 1.5)
    while time.monotonic() - begun < most and not (in_a_seal and lines[-1] == "seal"):
        lines.append(process.stdout.readline().strip())
    time.sleep(chance.uniform(0.0, 0.06))
    process.send_signal(signal.SIGKILL)
    with process:
        rest = process.stdout.read().split("\n")
    assert not in_a_seal or "seal" in lines, "no day was put away within a minute"
    whole = [*lines, *rest[:-1]]  # the last one may be cut
    return int([each for each in whole if each.isdigit()][-1])


def test_nothing_acknowledged_is_lost_and_nothing_is_there_twice(tmp_path: Path) -> None:
    chance = random.Random(7)
    acknowledged: list[tuple[int, int]] = []
    first = 0
    for kill in range(KILLS):
        last = kill_once(tmp_path, first, chance, in_a_seal=kill % 2 == 1)
        acknowledged.append((first, last))
        first = last + 5_001  # what came after the last line may be there or not
    recorder = Recorder(tmp_path / "journal", lambda: DuckDbStore(tmp_path, ZoneInfo("UTC")))
    recorder.keep()
    store = recorder.store
    assert isinstance(store, DuckDbStore)
    found = store.rows(None, 0, 2**60)
    values, times = found.column("value").to_numpy(), found.column("time").to_numpy()
    assert len(set(zip(found.column("point").to_pylist(), times.tolist(), strict=True))) == len(found)
    there = set(values.astype(int).tolist())
    for begin, end in acknowledged:
        assert there.issuperset(range(begin, end + 1)), (begin, end)
    # every file that is there is part of the history
    files = {path for kept in ("readings", "hours") for path in (tmp_path / kept).glob("*/*")}
    assert files == store.days("readings").files(tmp_path) | store.days("hours").files(tmp_path)
    recorder.stop()
