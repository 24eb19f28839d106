"""What stood at a past moment: sources, findings, the configuration, over HTTP and in the foot's strip."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pages._parts import then
from server import chronicle
from server.past_contract import Stood
from server.runtime import Runtime
from server.standing import Standing, standing_at
from tests.fake_past import FakeEvent, day_before
from tests.server.push.pushing import until
from tests.server.serving import Served, serve
from tests.server.test_past import POINT, ROOM, asked, iso, keeping, settled, told
from twin.history import recorder as recording
from twin.history.spool import Event
from twin.quality.finding import Finding

DAY = 86_400.0


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LOOK_S", 0.05)


@pytest.fixture
def kept(cache: Path, tmp_path: Path) -> Iterator[Served]:
    with serve(cache, adjust=keeping(tmp_path)) as served:
        recorder = served.runtime.recorder
        assert recorder is not None
        until(lambda: recorder.store is not None, 60)
        yield served


def noted(served: Served, at: float, kind: str, subject: str, state: str, **detail: Any) -> None:
    recorder = served.runtime.recorder
    assert recorder is not None
    recorder.note(Event(round(at * 1000), kind, subject, state, json.dumps(detail)))


def test_sources_are_as_they_were_then_with_ages_of_then(kept: Served) -> None:
    now = time.time()
    for ago, state in ((300, "live"), (100, "down"), (40, "live")):
        noted(kept, now - ago, "source", "feed", state, type="mqtt", reason="no route", over=state == "live")
    noted(kept, now - 90, "source", "old", "live", type="rest")
    noted(kept, now - 50, "source", "old", "gone", over=True)
    told(kept, ROOM, 1000, now - 130)
    settled(kept, 1)
    until(lambda: _named(asked(kept, "/api/v1/sources", at=iso(now - 60)), "old") is not None, 60)
    down = _named(asked(kept, "/api/v1/sources", at=iso(now - 60)), "feed")
    assert down is not None
    assert (down["state"], down["reason"], down["type"], down["spoken"]) == ("down", "no route", "mqtt", 1)
    assert down["age_s"] == pytest.approx(70, abs=1.1), "the age of then, not of now"
    before = asked(kept, "/api/v1/sources", at=iso(now - 200))
    assert _named(before, "old") is None
    live = _named(before, "feed")
    assert live is not None
    assert (live["state"], live["last_reading"]) == ("live", None), "nothing had come of it then"
    earlier = _named(asked(kept, "/api/v1/sources", at=iso(now - 400)), "feed")
    assert earlier is None or earlier["state"] == "unknown", "not kept, and the present does not stand in"
    assert _named(asked(kept, "/api/v1/sources", at=iso(now - 30)), "old") is None, "it was taken out"
    today = asked(kept, "/api/v1/sources")
    assert all("restarts" in row for row in today), "without 'at' it is the present"


def _named(rows: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((row for row in rows if row["name"] == name), None)


def test_findings_are_those_that_were_open_then_with_the_figures_that_are_kept(
    kept: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    noted(kept, now - 90, "program", "campus-twin", "started")
    detail = {"check": "flat", "severity": "warning", "entity": ROOM, "points": [POINT], "n_points": 1}
    noted(kept, now - 80, "finding", "flat-1", "open", **detail, seen=now - 78, zh="平", en="flat for 1 h")
    noted(kept, now - 60, "figures", "flat-1", "open", **detail, seen=now - 60, zh="平平", en="flat for 2 h")
    noted(kept, now - 40, "finding", "flat-1", "ended", over=True)
    noted(kept, now - 50, "finding", "flat-2", "open", **detail, seen=now - 50, zh="二", en="two")
    noted(kept, now - 20, "program", "campus-twin", "started")
    told(kept, ROOM, 1000, now - 100)
    settled(kept, 1)
    until(lambda: asked(kept, "/api/v1/quality", at=iso(now - 45))["total"] == 2, 60)

    def texts(ago: float, **query: Any) -> list[str]:
        return [row["text"]["en"] for row in asked(kept, "/api/v1/quality", at=iso(now - ago), **query)["items"]]

    assert texts(85) == []
    assert texts(70) == ["flat for 1 h"]
    assert texts(45) == ["two", "flat for 2 h"], "the newest first; with the newest figures of then"
    assert texts(30) == ["two"]
    assert texts(5) == [], "what nobody ended was over when the program began again"
    assert texts(45, building="1", check="flat", point=POINT) == ["two", "flat for 2 h"]
    assert texts(45, check="gap") == []
    (row,) = asked(kept, "/api/v1/quality", at=iso(now - 70))["items"]
    assert (row["severity"], row["entities"], row["n_points"]) == ("warning", [ROOM], 1)
    asked(kept, "/api/v1/quality", 404, at=iso(now - 70), building="none")


def test_what_goes_on_is_told_again_and_is_no_new_event(kept: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chronicle, "AGAIN_S", 0.2)
    finding = Finding(
        "flat-9", "flat", "warning", (POINT,), 1, (ROOM,), "feed", time.time() - 30, time.time(),
        figures={"value": 1.0, "n": 9, "still_s": 3600.0, "moves_percent": 90.0, "days": 5},
    )  # fmt: skip
    kept.call(lambda: kept.runtime.watch.ledger._open.update({("flat", POINT): finding}))
    recorder = kept.runtime.recorder
    assert recorder is not None
    assert recorder.store is not None
    store = recorder.store
    until(lambda: len(store.events(0, 2**60, ("figures",))) >= 2, 60)
    events = asked(kept, "/api/v1/history")["events"]
    assert [row["kind"] for row in events].count("figures") == 0


def test_state_of_then(kept: Served) -> None:
    now = time.time()
    for ago, value in ((100, 1000), (10, 3000)):
        told(kept, ROOM, value, now - ago)
    settled(kept, 2)
    then_ = asked(kept, "/api/v1/state", at=iso(now - 90))
    assert (then_["campus"]["value"], then_["campus"]["have"]) == (1.0, 1)
    assert asked(kept, "/api/v1/state")["campus"]["value"] == 3.0
    asked(kept, "/api/v1/state", 422, at="yesterday")
    asked(kept, "/api/v1/sources", 422, at=iso(now + DAY))


def test_without_a_history_it_is_said(served: Served) -> None:
    for path in ("sources", "quality", "state"):
        assert "keeps no history" in asked(served, f"/api/v1/{path}", 404, at="2026-01-01T00:00:00Z")["detail"]


@pytest.fixture
def runtime(served: Served) -> Iterator[Runtime]:
    runtime = served.runtime
    runtime.past = day_before(runtime)
    yield runtime
    runtime.past = None


def test_a_program_that_did_not_run_and_a_source_that_was_killed_with_it(runtime: Runtime) -> None:
    past = runtime.past
    assert past is not None
    now = runtime.live.clock()
    name = next(point.source for point in runtime.live.points if point.source)
    past.happened = [  # type: ignore[attr-defined]
        FakeEvent(now - DAY, None, "program", "campus-twin", "stopped", "", "", ""),
        FakeEvent(now - 2 * DAY, None, "source", name, "live", "", "", ""),
        FakeEvent(now - 2 * DAY, None, "configuration", "campus.yaml", "refused", "", "已拒绝", "refused"),
    ]

    def at(ago: float, **changes: Any) -> Standing:
        async def look() -> Standing:
            live = await past.live_at(now - ago)
            for column, value in changes.items():
                setattr(live, column, value)
            return await standing_at(past, live, {name: "mqtt"})

        return asyncio.run(look())

    early, late = at(1.5 * DAY), at(0.5 * DAY)
    assert (early.running, late.running) == (None, False)
    assert (early.sources[0].state, early.configuration and early.configuration.state) == ("live", "refused")
    all_stale = np.ones(len(runtime.live.points), np.bool_)
    assert at(1.6 * DAY, stale=all_stale).sources[0].state == "", "it spoke no more: nobody knows how it was"
    assert then.state_of(late, late.sources[0]) == "stopped"


def test_a_moment_before_any_event(runtime: Runtime) -> None:
    past = runtime.past
    assert past is not None

    async def look() -> Standing:
        return await standing_at(past, await past.live_at(runtime.live.clock() - 30 * DAY), {"x": "mqtt"})

    standing = asyncio.run(look())
    assert [(row.name, row.state, row.since) for row in standing.sources] == [("x", "", None)]
    assert (standing.findings, standing.configuration, standing.running) == ([], None, None)
    assert Stood(1, "source", "x", "live", {}).state == "live"
