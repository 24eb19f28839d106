"""Backup and restore: while the server writes, after a kill, with a flipped byte; what comes back is what was."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import app
from server import owner
from tests.conftest import ROOT
from tests.server.remembering import fill, remembering, wait
from tests.server.test_export_history import campus_of
from twin.history import backup as writing
from twin.history import pieces
from twin.history import restore as restoring
from twin.history.contract import EVENTS, READINGS, HistoryError
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.store import LAST, SqlStore
from twin.reading import RawReading

MINUTE, HOUR = 60_000, 3_600_000
NOW = int(time.time()) * 1000 // HOUR * HOUR
NAMES = ["2/01/101/power", "1/01/102/power", "1/01/101/power"]
ROWS = {
    name: [(NOW - n * 10 * MINUTE, float(n % 50 + 100 * at)) for n in range(6 * 24 * 4, 0, -1) if not 200 < n < 420]
    for at, name in enumerate(NAMES)
}


def opened(folder: Path) -> SqlStore:
    return DuckDbStore(folder / "history", ZoneInfo("UTC"))


def everything(store: SqlStore) -> dict[str, object]:
    """All that a history says, by ids and words."""
    ids = {key: name for name, key in store.known_points().items()}
    words = store.known_reasons()

    def told(table: pa.Table) -> list[tuple[object, ...]]:
        rows = [{**row, "point": ids[row["point"]]} for row in table.to_pylist()]
        for row in rows:
            for name in ("reason", "last_reason"):
                if row.get(name) is not None:
                    row[name] = words[row[name]]
        # a mean that is put away has seven digits
        return sorted(
            tuple(float(f"{value:.6g}") if isinstance(value, float) else value for value in row.values())
            for row in rows
        )

    return {
        "rows": told(store.rows(None, 0, LAST)), "hours": told(store.rollups("hour", None, 0, LAST)),
        "days": told(store.rollups("day", None, 0, LAST)), "events": store.events(0, LAST).to_pylist(),
        "facts": store.known_facts(), "rolled": store.rolled_hours.tolist(), "watermark": store.watermark(),
        "until": store.meta("days"), "last": told(store.last()),
    }  # fmt: skip


@pytest.fixture
def campus(tmp_path: Path) -> Path:
    """A campus with four days of history, the oldest of which is put away, some late rows, and an event."""
    folder = campus_of(tmp_path / "campus")
    fill(folder / "history", ROWS, "UTC")
    store = opened(folder)
    store.seal(NOW)
    event = [NOW - HOUR, "source", "feed", "down", '{"zh": "中断"}']
    events = pa.table({n: [v] for n, v in zip(EVENTS.names, event, strict=True)}, schema=EVENTS)
    late = [0, NOW - 70 * HOUR + 1, None, -3, 2, 8, 1]
    rows = pa.table({n: [v] for n, v in zip(READINGS.names, late, strict=True)}, schema=READINGS)
    store.append(rows, 5_000, events)
    store.close()
    (folder / "history" / "journal").mkdir()
    return folder


def take(campus: Path, out: Path, code: int = 0) -> None:
    assert app.main(["backup", "--campus", str(campus), "--out", str(out)]) == code


def put(backup: Path, campus: Path, code: int = 0) -> None:
    assert app.main(["restore", str(backup), "--campus", str(campus)]) == code


def test_what_comes_back_is_what_was(campus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces.readings, "__defaults__", (100,))
    take(campus, tmp_path / "backup")
    put(tmp_path / "backup", campus_of(tmp_path / "other"))
    before, after = opened(campus), opened(tmp_path / "other")
    assert everything(after) == everything(before)
    assert len(after.rows(None, 0, LAST)) == 3 * (6 * 24 * 4 - 219) + 1
    assert not (tmp_path / "other" / "history" / restoring.MARK).exists()
    before.close()
    after.close()


def test_any_tool_reads_a_backup(campus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(campus, tmp_path / "backup")
    manifest = json.loads((tmp_path / "backup" / "manifest.json").read_text("utf-8"))
    assert (manifest["format"], manifest["campus"], manifest["timezone"], manifest["watermark"]) == (
        1,
        "demo",
        "UTC",
        5_000,
    )
    points = {row["key"]: row["id"] for row in pq.read_table(tmp_path / "backup" / "points.parquet").to_pylist()}
    rows = [
        row for path in sorted((tmp_path / "backup" / "readings").iterdir()) for row in pq.read_table(path).to_pylist()
    ]
    told = [
        (row["time"], row["value"]) for row in rows if points[row["point"]] == NAMES[0] and row["value"] is not None
    ]
    assert sorted(told) == ROWS[NAMES[0]]
    assert manifest["rows"]["readings"] == len(rows)
    assert sum(file["rows"] for file in manifest["files"] if file["name"].startswith("readings/")) == len(rows)
    assert f"{len(rows)} readings of 3 points" in capsys.readouterr().out
    assert not (tmp_path / "backup.part").exists()


def test_a_backup_while_the_server_writes_is_of_one_instant(tmp_path: Path) -> None:
    folder = campus_of(tmp_path / "campus")
    ended = threading.Event()
    with remembering(folder, ROWS) as served:
        recorder = served.runtime.recorder
        assert recorder is not None

        def write() -> None:
            number = 0
            while not ended.is_set():
                number += 1
                at = time.time()
                batch = [RawReading(f"1/01/10{n}", float(number), at, time=at) for n in (3, 4)]
                served.readings(batch)
                time.sleep(0.005)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            wait(lambda: recorder.state().rows > 200)
            for number in range(3):
                take(folder, tmp_path / f"backup{number}")
            kept = recorder.state().rows
            wait(lambda: recorder.state().rows > kept)  # it goes on
        finally:
            ended.set()
            writer.join()
        counts = []
        for number in range(3):
            backup = tmp_path / f"backup{number}"
            points = {row["id"]: row["key"] for row in pq.read_table(backup / "points.parquet").to_pylist()}
            rows = pa.concat_tables(pq.read_table(path) for path in sorted((backup / "readings").iterdir()))
            point, value = rows.column("point").to_numpy(), rows.column("value").to_numpy()
            one, two = (value[point == points[f"1/01/10{n}/power"]] for n in (3, 4))
            assert one.tolist() == two.tolist(), "what came together is there together"
            assert np.diff(one).round(9).tolist() == [0.001] * (len(one) - 1), "and nothing is missing in between"
            counts.append(len(one))
        assert counts == sorted(counts)
        assert counts[0] > 100
        assert (folder / "history" / owner.SOCKET).exists()
    assert not (folder / "history" / owner.SOCKET).exists(), "the socket goes with the server"


def test_a_served_campus_is_not_restored_into(campus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(campus, tmp_path / "backup")
    folder = campus_of(tmp_path / "served")
    with remembering(folder, {}):
        put(tmp_path / "backup", folder, code=2)
    assert "only while the campus is not served" in capsys.readouterr().err


def test_what_holds_a_history_is_not_overwritten(
    campus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take(campus, tmp_path / "backup")
    put(tmp_path / "backup", campus, code=2)
    assert "holds a history already" in capsys.readouterr().err
    take(campus, tmp_path / "backup", code=2)
    assert "never overwritten" in capsys.readouterr().err
    (tmp_path / "campus" / "campus.yaml").write_text("campus:\n  id: other\n  timezone: UTC\n", "utf-8")
    put(tmp_path / "backup", campus, code=2)
    assert "is of the campus 'demo', this one is 'other'" in capsys.readouterr().err
    elsewhere = campus_of(tmp_path / "elsewhere")
    (elsewhere / "campus.yaml").write_text("campus:\n  id: demo\n  timezone: Asia/Shanghai\n", "utf-8")
    put(tmp_path / "backup", elsewhere, code=2)
    assert "set 'timezone' in campus.yaml to that of the backup" in capsys.readouterr().err


def test_a_flipped_byte_anywhere_is_found(campus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(campus, tmp_path / "backup")
    other = campus_of(tmp_path / "other")
    files = [path for path in sorted((tmp_path / "backup").rglob("*")) if path.is_file()]
    assert len(files) > 10
    for path in files:
        good = path.read_bytes()
        for at in {len(good) // 2, len(good) - 5}:
            path.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
            put(tmp_path / "backup", other, code=2)
            assert "take another" in capsys.readouterr().err, path
        path.write_bytes(good)
    files[3].unlink()
    put(tmp_path / "backup", other, code=2)
    assert f"lacks {files[3].relative_to(tmp_path / 'backup')}" in capsys.readouterr().err
    assert not (other / "history").exists(), "nothing was touched"


def test_later_formats_and_strange_manifests_are_refused(
    campus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take(campus, tmp_path / "backup")
    path = tmp_path / "backup" / "manifest.json"
    good = json.loads(path.read_text("utf-8"))
    outside = {**good, "files": [{**good["files"][0], "name": "../campus/campus.yaml"}]}
    for manifest, says in (
        ({**good, "format": 2}, "has format 2, this program reads 1: update the program"),
        ({**good, "watermark": 7}, "is not what was written"),
        ({**outside, "sha256": writing.seal_of(outside)}, "names a file outside of it"),
        ([], "cannot be read"),
        ({}, "cannot be read"),
    ):
        path.write_text(json.dumps(manifest), "utf-8")
        put(tmp_path / "backup", campus_of(tmp_path / "other"), code=2)
        assert says in capsys.readouterr().err
    put(tmp_path, campus_of(tmp_path / "other"), code=2)
    assert "it has no manifest.json" in capsys.readouterr().err


@pytest.mark.parametrize("stop", [0, 3, 7, 12, 14, 16])
def test_an_interrupted_restore_begun_again_ends_with_the_same(
    campus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pieces.readings, "__defaults__", (300,))
    take(campus, tmp_path / "backup")
    other = campus_of(tmp_path / "other")
    done = 0

    def failing(plain: object) -> object:
        def wrapped(*args: object, **more: object) -> object:
            nonlocal done
            done += 1
            if done > stop:
                raise HistoryError("the power went")
            return plain(*args, **more)  # type: ignore[operator]

        return wrapped

    with monkeypatch.context() as patch:
        for verb in ("append", "keep_rollups", "note_rolled", "seal"):
            patch.setattr(DuckDbStore, verb, failing(getattr(DuckDbStore, verb)))
        put(tmp_path / "backup", other, code=2)
        assert "the power went" in capsys.readouterr().err
    store_of = everything(opened(campus))
    take(other, tmp_path / "half", code=2)
    assert "run the command restore again" in capsys.readouterr().err
    put(tmp_path / "backup", other)
    again = opened(other)
    assert everything(again) == store_of
    again.close()


def test_another_backup_does_not_go_on_where_one_stopped(
    campus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    take(campus, tmp_path / "backup")
    other = campus_of(tmp_path / "other")
    (other / "history" / "journal").mkdir(parents=True)
    (other / "history" / restoring.MARK).write_text("another", "utf-8")
    put(tmp_path / "backup", other, code=2)
    assert "another backup was being put into" in capsys.readouterr().err


_SLOW = """
import sys, time
import app
from twin.history import backup
plain = backup._file
def slow(folder, part):
    print("file", flush=True)
    time.sleep(0.1)
    return plain(folder, part)
backup._file = slow
sys.exit(app.main(sys.argv[1:]))
"""


def test_a_kill_during_a_backup_leaves_none_that_restore_takes(
    campus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "backup"
    for files in (2, 9):
        words = [sys.executable, "-c", _SLOW, "backup", "--campus", str(campus), "--out", str(out)]
        with subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
        ) as process:
            assert process.stdout is not None
            for _ in range(files):
                assert process.stdout.readline() == b"file\n"
            process.send_signal(signal.SIGKILL)
        assert not out.exists()
        assert (tmp_path / "backup.part").is_dir()
        put(tmp_path / "backup.part", campus_of(tmp_path / "other"), code=2)
        assert "is no whole backup" in capsys.readouterr().err
    take(campus, out)
    put(out, campus_of(tmp_path / "other"))
    assert not (tmp_path / "backup.part").exists()


def test_a_client_that_is_killed_lets_the_history_go_on(tmp_path: Path) -> None:
    folder = campus_of(tmp_path / "campus")
    with remembering(folder, ROWS) as served:
        recorder = served.runtime.recorder
        assert recorder is not None
        with owner.asked(folder / "history", "backup") as (_, parts):
            next(parts)
        before = recorder.state().rows
        served.feed(room_106=1.0)
        wait(lambda: recorder.state().rows > before)
        take(folder, tmp_path / "backup")


MANY = {f"p/{n}": [(NOW - m * MINUTE, float(m)) for m in range(4000, 0, -1)] for n in range(20)}
"""More than fits between a server and a client that takes nothing."""


def test_what_comes_during_a_backup_waits_in_the_journal_and_is_kept_after(tmp_path: Path) -> None:
    folder = campus_of(tmp_path / "campus")
    fill(folder / "history", MANY)
    with remembering(folder, ROWS) as served:
        recorder = served.runtime.recorder
        assert recorder is not None
        served.feed(room_105=1.0)
        wait(lambda: recorder.state().rows == 1)
        with owner.asked(folder / "history", "backup") as (head, parts):
            names = next(parts).pieces
            assert "1/01/105/power" in pa.concat_tables(names).column("id").to_pylist()
            served.feed(room_106=2.0)
            time.sleep(2.5)
            assert recorder.state().rows == 1, "the history stands still"
            assert recorder.spool.waiting() > 0
            rows = pa.concat_tables(
                piece for part in parts for piece in part.pieces if part.name.startswith("readings/")
            )
            assert len(rows) == 20 * 4000 + 3 * (6 * 24 * 4 - 219) + 1
            assert head["watermark"] > 0
        wait(lambda: recorder.state().rows == 2)


def test_a_server_that_ends_does_not_wait_for_a_client(tmp_path: Path) -> None:
    folder = campus_of(tmp_path / "campus")
    fill(folder / "history", MANY)
    with remembering(folder, ROWS):
        asking = owner.asked(folder / "history", "backup")
        asking.__enter__()  # and takes nothing of it
        time.sleep(0.2)
        begun = time.monotonic()
    assert time.monotonic() - begun < 12
    asking.__exit__(None, None, None)


def test_a_full_disk_is_told_and_leaves_no_backup(
    campus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing, "_sync", full)
    take(campus, tmp_path / "backup", code=2)
    assert "cannot be written: No space left on device" in capsys.readouterr().err
    assert not (tmp_path / "backup").exists()


def test_without_a_history_there_is_no_backup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    take(campus_of(tmp_path / "new"), tmp_path / "backup", code=2)
    assert "there is no history in" in capsys.readouterr().err
    shutil.rmtree(tmp_path / "new")
    take(tmp_path / "new", tmp_path / "backup", code=2)
    assert "is no folder" in capsys.readouterr().err
