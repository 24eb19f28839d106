"""A served campus that keeps its past: moments, figures, what happened, and its states through trouble and restarts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pages._parts import details, occupancy
from pages._parts.context import context_at
from server import past as past_module
from server.past import Archive
from server.runtime import Runtime
from tests.server.push.pushing import until
from tests.server.serving import Served, serve
from twin.config_history import HistoryEntry
from twin.history import recorder as recording
from twin.history.contract import HistoryError
from twin.history.spool import Event
from twin.quality.finding import Finding
from twin.reading import RawReading

FLAT: dict[str, float | int | str] = {"value": 1.0, "n": 9, "still_s": 3600.0, "moves_percent": 90.0, "days": 5}
ROOM, POINT = "1/01/101", "1/01/101/power"


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "LOOK_S", 0.05)
    monkeypatch.setattr(past_module, "YOUNG_S", 0.0)


def keeping(folder: Path) -> Any:
    return lambda runtime: runtime.keep_history(HistoryEntry(), folder)


@pytest.fixture
def kept(cache: Path, tmp_path: Path) -> Iterator[Served]:
    with serve(cache, adjust=keeping(tmp_path)) as served:
        recorder = served.runtime.recorder
        assert recorder is not None
        until(lambda: recorder.store is not None, 20)
        yield served


def archive(runtime: Runtime) -> Archive:
    assert isinstance(runtime.past, Archive)
    return runtime.past


def told(served: Served, address: str, value: float, at: float) -> None:
    served.readings([RawReading(address, value, at, at)])


def settled(served: Served, rows: int) -> None:
    recorder = served.runtime.recorder
    assert recorder is not None
    until(lambda: recorder.state().rows >= rows, 20)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")


def asked(served: Served, path: str, status: int = 200, **query: object) -> Any:
    answer = served.http.get(path, params={key: str(value) for key, value in query.items()})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_a_moment_shows_what_was_and_not_what_is(kept: Served) -> None:
    now = time.time()
    told(kept, ROOM, 1000, now - 100)
    told(kept, ROOM, 9000, now - 5)
    settled(kept, 2)
    then = kept.runtime.past
    assert then is not None

    async def moment(at: float) -> float | None:
        live = await then.live_at(at)
        return live.latest(POINT).value

    assert asyncio.run(moment(now - 60)) == 1.0
    assert asyncio.run(moment(now - 1)) == 9.0
    assert asyncio.run(moment(now - 200)) is None
    first = asyncio.run(then.live_at(now - 60))
    assert asyncio.run(then.live_at(now - 60)) is first, "moments are kept"
    kept.call(lambda: setattr(kept.runtime, "live", kept.runtime.live.as_of(now, _none())))
    assert asyncio.run(then.live_at(now - 60)) is not first, "of other points there are other moments"


def _none() -> Any:
    import numpy as np

    from twin.live import Columns

    none, zero = np.zeros(0), np.zeros(0, np.uint8)
    return Columns(np.zeros(0, np.intp), none, none, none, none, zero, zero, np.zeros(0, np.uint16))


def test_figures_of_a_past_moment_are_of_then(kept: Served) -> None:
    now = time.time()
    told(kept, ROOM, 1000, now - 100)
    told(kept, ROOM, 9000, now - 5)
    settled(kept, 2)
    power = asked(kept, "/api/v1/kpis", domain="energy", at=iso(now - 60))
    assert power["kpis"][0]["value"] == 1.0
    assert power["kpis"][0]["age_s"] == pytest.approx(40, abs=1)
    assert asked(kept, "/api/v1/kpis", domain="energy", at="live")["kpis"][0]["value"] == 9.0
    assert asked(kept, "/api/v1/kpis/history", domain="energy", at=iso(now - 60))["values"][-1] == 1.0
    detail = asked(kept, "/api/v1/kpis", 422, domain="energy", at=iso(now + 1000))["detail"]
    assert "future" in detail


def test_the_panel_of_a_past_moment_tells_its_values_and_ages(kept: Served) -> None:
    now = time.time()
    told(kept, ROOM, 1000, now - 100)
    told(kept, ROOM, 9000, now - 5)
    settled(kept, 2)
    route = {"lang": "en", "path": "/", "search": ""}

    def panel(at: str) -> str:
        context = asyncio.run(context_at(kept.runtime, route, at))
        shown = details.details(context, ROOM, "energy.power")
        return json.dumps(shown, default=lambda part: part.to_plotly_json(), ensure_ascii=False)

    assert "60 s" in panel(iso(now - 40)) or "59 s" in panel(iso(now - 40))
    assert "9.00" in panel("live") or "9" in panel("live")
    with pytest.raises(HistoryError, match="no instant"):
        panel("yesterday")
    with pytest.raises(HistoryError, match="no instant"):
        panel("2026-11-27T08:00:00")


def test_people_of_a_past_moment_are_the_number_that_was_kept(kept: Served) -> None:
    context = asyncio.run(context_at(kept.runtime, None, iso(time.time() - 10)))
    building = kept.runtime.index.get("1")
    assert building is not None
    assert occupancy.people(context, building) is None, "nobody estimates people here"


def test_what_happened_is_told_with_its_place_and_end(kept: Served) -> None:
    finding = Finding(
        "flat-1", "flat", "warning", (POINT,), 1, (ROOM,), "feed", time.time() - 30, time.time(),
        figures=FLAT,
    )  # fmt: skip
    ledger = kept.runtime.watch.ledger
    kept.call(lambda: ledger._open.update({("flat", POINT): finding}))
    until(lambda: any(e.kind == "finding" for e in _events(kept)), 20)
    opened = next(event for event in _events(kept) if event.kind == "finding")
    assert (opened.subject, opened.state, opened.entity, opened.until) == ("flat-1", "open", ROOM, None)
    assert opened.zh
    assert opened.en
    kept.call(lambda: ledger.update("flat", {}, time.time()))
    until(lambda: next(e for e in _events(kept) if e.kind == "finding").until is not None, 20)
    assert [e.kind for e in _events(kept)].count("finding") == 1
    program = next(event for event in _events(kept) if event.kind == "program")
    assert program.state == "started"


def _events(served: Served) -> list[past_module.PastEvent]:
    now = time.time()
    try:
        return asyncio.run(archive(served.runtime).events(now - 3600, now + 3600))
    except HistoryError:  # it is still being opened
        return []


def test_the_state_of_a_source_is_an_event_each_time_it_changes(kept: Served) -> None:
    recorder = kept.runtime.recorder
    assert recorder is not None
    for at, state in ((100, "live"), (200, "down"), (260, "live")):
        recorder.note(Event(at * 1000, "source", "s", state, json.dumps({"over": state == "live", "en": state})))
    until(lambda: len(asyncio.run(_safely(archive(kept.runtime), 0, 1000))) == 1)
    event = asyncio.run(archive(kept.runtime).events(0, 1000))[0]
    assert (event.time, event.until, event.state, event.en) == (200, 260, "down", "down")


async def _safely(archive: Archive, start: float, end: float) -> list[past_module.PastEvent]:
    try:
        return await archive.events(start, end)
    except HistoryError:
        return []


def test_the_axis_knows_where_the_gaps_are(kept: Served) -> None:
    now = time.time() // 60 * 60
    for minute in (50, 49, 20):
        told(kept, ROOM, 1000, now - 60 * minute)
    settled(kept, 3)
    shares = asyncio.run(archive(kept.runtime).coverage(now - 3600, now, 600))
    assert [share > 0 for share in shares] == [False, True, False, False, True, False]
    until(lambda: archive(kept.runtime).span() is not None)
    span = archive(kept.runtime).span()
    assert span is not None
    assert span[0] == now - 3000


def test_a_history_that_another_process_has_is_said_and_nothing_else_suffers(cache: Path, tmp_path: Path) -> None:
    with serve(cache, adjust=keeping(tmp_path)) as first, serve(cache, adjust=keeping(tmp_path)) as second:
        assert first.runtime.past is not None
        assert second.runtime.past is None
        assert "in use by another process" in second.runtime.history_trouble
        assert asked(second, "/api/v1/history")["kept"] is False
        assert "keeps no history" in asked(second, "/api/v1/kpis", 404, at="2026-01-01T00:00:00Z")["detail"]
        with pytest.raises(HistoryError):
            asyncio.run(context_at(second.runtime, None, "2026-01-01T00:00:00Z"))


def test_no_history_where_nobody_wants_it(cache: Path, tmp_path: Path) -> None:
    with serve(cache, adjust=lambda runtime: runtime.keep_history(HistoryEntry(keep=False), tmp_path)) as served:
        assert served.runtime.past is None
        assert not (tmp_path / "history").exists()


def test_a_restart_goes_on_where_it_was(cache: Path, tmp_path: Path) -> None:
    at = time.time() - 50
    with serve(cache, adjust=keeping(tmp_path)) as served:
        told(served, ROOM, 1000, at)
    with serve(cache, adjust=keeping(tmp_path)) as served:
        then = archive(served.runtime)
        recorder = served.runtime.recorder
        assert recorder is not None
        until(lambda: recorder.store is not None, 20)
        live = asyncio.run(then.live_at(at + 1))
        assert live.latest(POINT).value == 1.0


def test_until_it_is_open_it_says_so(kept: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    opening = SimpleNamespace(store=None, span=None, state=lambda: SimpleNamespace(message=""))
    monkeypatch.setattr(archive(kept.runtime), "recorder", opening)
    with pytest.raises(HistoryError, match="being opened"):
        asyncio.run(archive(kept.runtime).live_at(time.time() - 5))
    answer = kept.http.get("/api/v1/frames", params={"at": iso(time.time() - 5)})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "being opened" in answer.json()["detail"]
