"""A database that went on while the twin did not run: what was missed comes into the history, not into live values."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from datasources import backfill
from datasources.runner import SourceConfig
from server import late
from tests.server.push.pushing import until
from tests.server.serving import serve, small_campus
from tests.server.test_past import asked, iso
from twin.config_history import HistoryEntry
from twin.history import recorder as recording
from twin.ingest import BACK_FILLED, Ingest
from twin.live import LiveState
from twin.point import Point
from twin.reading import RawReading
from twin.slots import SlotTree

ROOM, POINT = "1/01/101", "1/01/101/power"
PAST = "SELECT key, value, t AS time FROM r WHERE t >= :since AND t < :until ORDER BY t"
NEWEST = "SELECT key, value, t AS time FROM r ORDER BY t DESC LIMIT 1"


def test_what_was_missed_while_nobody_ran_is_in_the_history_and_its_roll_ups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LOOK_S", 0.05)
    monkeypatch.setattr(late, "WAIT_S", 0.05)
    monkeypatch.setattr(backfill, "REST_S", 0.0)
    campus = small_campus()
    for number, point in enumerate(campus.points):
        if point.id == POINT:
            campus.points[number] = Point(
                POINT, ROOM, "power", "W", source="feed", address=f"q#{ROOM}", interval_s=10.0, stale_s=60.0
            )
    base = tmp_path / "meters.db"
    # the reading at the end of an hour that is over, and nothing since
    now = time.time()
    begun = now // 3600 * 3600 - 3600
    with closing(sqlite3.connect(base)) as connection:
        connection.execute("CREATE TABLE r (key TEXT, value, t REAL)")
        connection.executemany("INSERT INTO r VALUES (?, ?, ?)", [(ROOM, 1000, t) for t in _every(begun, now)])
        connection.commit()
    settings = {"url": f"sqlite:///{base}", "queries": {"q": {
        "sql": NEWEST, "interval_s": 0.2, "past": PAST, "past_times": "s",
    }}}  # fmt: skip
    sources = [SourceConfig("feed", "sql", settings)]

    def keep(runtime: Any) -> None:
        runtime.keep_history(HistoryEntry(), tmp_path)

    with serve(tmp_path / "cache", campus, adjust=keep) as served:  # it ran without the source: one reading is known
        served.readings([RawReading(f"q#{ROOM}", 500, begun - 100, begun - 100)])
        before = served.runtime.recorder
        assert before is not None
        until(lambda: before.store is not None and before.span is not None, 60)
    with serve(tmp_path / "cache", campus, sources, adjust=keep) as served:
        recorder = served.runtime.recorder
        assert recorder is not None

        def kept() -> list[dict[str, Any]]:
            query = {"from": iso(begun - 200), "to": iso(now + 60)}
            answer = served.http.get(f"/api/v1/points/{POINT}/series", params=query)
            return answer.json()["rows"] if answer.status_code == 200 else []

        until(lambda: len(kept()) >= len(_every(begun, now)), 90)
        rows = kept()
        assert rows[0]["value"] == 0.5
        filled = [row for row in rows if BACK_FILLED in row["reasons"]]
        assert len(filled) >= len(_every(begun, now)) - 1
        assert {row["quality"] for row in filled} == {"good"}, "late is not doubtful"
        latest = asked(served, f"/api/v1/points/{POINT}/latest")
        assert datetime.fromisoformat(latest["time"]).timestamp() == pytest.approx(_every(begun, now)[-1], abs=0.01)
        (state,) = asked(served, "/api/v1/sources")
        assert state["state"] == "live"
        assert recorder.store is not None
        store = recorder.store
        while store.roll(round((begun + 3600 + 120) * 1000)):
            pass
        hour = store.rollups("hour", None, round(begun * 1000), round(begun * 1000) + 1).to_pylist()
        assert (hour[0]["mean"], hour[0]["held"]) == (1.0, 3_600_000), "the hour is whole"


def _every(begun: float, now: float) -> list[float]:
    return [begun + 50.0 * n for n in range(int((now - begun) // 50))]


def test_what_is_late_moves_no_live_value_and_is_marked() -> None:
    points = [Point("m", "c", "energy", "kWh", source="s", address="a", stale_s=60.0)]
    live = LiveState(points, _tree(), lambda: 1e9 + 100)
    ingest = Ingest(points, live, lambda: 1e9 + 100)
    ingest.accept([RawReading("a", 7.0, 1e9 + 90, 1e9 + 90)], "s")
    told: list[Any] = []
    ingest.listeners.append(told.append)
    report = ingest.accept_late([RawReading("a", 5.0, 1e9 + 100, 1e9 + 10), RawReading("nobody", 1, 1e9)], "s")
    assert (report.late, report.unmapped) == (1, 1)
    assert live.value[0] == 7.0, "the live value never moves back"
    assert live.reasons.text(int(told[0].rows.reason[0])) == (BACK_FILLED,)
    assert told[0].rows.quality.tolist() == [0]
    ingest.accept([RawReading("a", 8.0, 1e9 + 95, 1e9 + 95)], "s")
    assert live.reasons.text(int(live.reason[0])) == (), "what comes live is not marked"


def test_counts_of_the_past_become_rates_among_themselves() -> None:
    points = [Point("c", "c", "traffic", "B/s", kind="counter", source="s", address="a", stale_s=600.0)]
    live = LiveState(points, _tree(), lambda: 1e9 + 100)
    ingest = Ingest(points, live, lambda: 1e9 + 100)
    ingest.accept([RawReading("a", 10_000, 1e9 + 80, 1e9 + 80)], "s")
    told: list[Any] = []
    ingest.listeners.append(told.append)
    ingest.accept_late([RawReading("a", 1000 + 100 * n, 1e9 + 100, 1e9 + 10 * n) for n in range(3)], "s")
    assert told[0].rows.value[1:].tolist() == pytest.approx([8e-5, 8e-5]), "10 B/s in Mbit/s"
    ingest.accept([RawReading("a", 10_200, 1e9 + 90, 1e9 + 90)], "s")
    assert live.value[0] == pytest.approx(1.6e-4), "the live count goes on from the live one before"


def _tree() -> SlotTree:
    from models3d import tiles

    campus = small_campus(1, 1, 1).campus
    campus.id = "c"
    return SlotTree.of(campus, tiles.slots(campus))
