"""Where history is kept, what is acknowledged is on the disk; where it cannot be, nothing is acknowledged."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from server import push
from server.runtime import Runtime
from tests.server.push.pushing import POINT, latest, post, source
from tests.server.serving import serve
from twin.config_history import HistoryEntry
from twin.history.contract import HistoryFullError
from twin.history.recorder import Recorder


def keeping(folder: Path) -> object:
    return lambda runtime: runtime.keep_history(HistoryEntry(), folder)


def recorder_of(runtime: Runtime) -> Recorder:
    assert runtime.recorder is not None
    return runtime.recorder


def test_what_is_acknowledged_is_in_the_journal(cache: Path, tmp_path: Path) -> None:
    with serve(cache, sources=[source()], adjust=keeping(tmp_path)) as served:  # type: ignore[arg-type]
        now = time.time()
        for n in range(3):
            post(served, [{"point": POINT, "value": 1000 + n, "time": now - 10 + n}])
            waiting = [row for each in recorder_of(served.runtime).spool.read(0) for row in each.rows["value"].tolist()]
            assert waiting == pytest.approx([1.0 + k / 1000 for k in range(n + 1)])
        assert post(served, [])["accepted"] == 0


def test_with_a_full_disk_the_value_is_shown_and_the_answer_is_503(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(cache, sources=[source()], adjust=keeping(tmp_path)) as served:  # type: ignore[arg-type]
        recorder = recorder_of(served.runtime)
        write = recorder.spool.write

        def full(batch: object) -> None:
            raise HistoryFullError("there is no room left on the disk")

        monkeypatch.setattr(recorder.spool, "write", full)
        answer = post(served, [{"point": POINT, "value": 1500, "time": time.time()}], 503)
        assert "no room left" in answer.json()["detail"]
        assert answer.headers["retry-after"] == "1"
        assert latest(served)["value"] == 1.5
        monkeypatch.setattr(recorder.spool, "write", write)
        post(served, [{"point": POINT, "value": 1600, "time": time.time()}])
        # what waited while the disk was full is kept, too
        kept = [row for each in recorder.spool.read(0) for row in each.rows["value"].tolist()]
        assert kept == pytest.approx([1.5, 1.6])


def test_a_disk_that_takes_for_ever_is_503_in_the_end(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "KEPT_S", 0.2)
    with serve(cache, sources=[source()], adjust=keeping(tmp_path)) as served:  # type: ignore[arg-type]
        monkeypatch.setattr(recorder_of(served.runtime).spool, "write", lambda batch: time.sleep(1.0))
        answer = post(served, [{"point": POINT, "value": 1500, "time": time.time()}], 503)
        assert "not on the disk within" in answer.json()["detail"]
