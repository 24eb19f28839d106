"""From the live state to the historian: everything once, in the end, whatever fails on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from tests.twin.trees import TREE
from twin.history import recorder as recording
from twin.history.contract import HistoryError, HistoryFullError
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.moment import Moments
from twin.history.recorder import Recorder
from twin.history.spool import Event
from twin.history.store import SqlStore
from twin.ingest import Ingest
from twin.live import LiveState
from twin.point import Point
from twin.reading import RawReading

POINTS = [Point("p1", "A/1/1", "power", "W", source="s", address="a1"),
          Point("p2", "A/1/2", "power", "kW", source="s", address="a2", low=0, high=50)]  # fmt: skip
T0 = 1_795_737_600.0


class Kit:
    """A campus of two points, its ingest, and a recorder over a store that may be made to fail."""

    def __init__(self, folder: Path) -> None:
        self.now = T0
        self.folder = folder
        self.refuses: HistoryError | Exception | None = None
        self.live = LiveState(POINTS, TREE, lambda: self.now)
        self.ingest = Ingest(POINTS, self.live, lambda: self.now, {"s": "simulated"})
        self.recorder = Recorder(folder / "journal", self.open, lambda: self.now)
        self.recorder.follow(self.live)
        self.ingest.listeners.append(lambda judged: self.recorder.take(judged.rows, judged.applied.duplicate))

    def open(self) -> SqlStore:
        if self.refuses is not None:
            raise self.refuses
        store = DuckDbStore(self.folder, ZoneInfo("UTC"), memory="128MB")
        append = store.append

        def refusing(rows: pa.Table, batch: int, events: pa.Table | None = None) -> None:
            if self.refuses is not None:
                raise self.refuses
            append(rows, batch, events)

        store.append = refusing  # type: ignore[method-assign]
        return store

    def say(self, address: str, value: float | str, at: float, **more: bool) -> None:
        self.ingest.accept([RawReading(address, value, at, at, **more)], "s")  # type: ignore[arg-type]

    def kept(self) -> list[dict[str, object]]:
        assert self.recorder.store is not None
        rows: list[dict[str, object]] = self.recorder.store.rows(None, 0, 2**60).to_pylist()
        return rows


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    made = Kit(tmp_path)
    yield made
    made.recorder.stop()


def test_what_was_judged_is_kept_as_it_was_judged(kit: Kit) -> None:
    kit.say("a1", 1500, T0 - 5)
    kit.say("a1", 1500, T0 - 5)  # the same again
    kit.say("a2", 99, T0 - 4)  # out of its range
    kit.say("a2", 7, T0 - 3600)  # late
    kit.ingest.accept([RawReading("a2", 3, T0, None, retained=True)], "s")  # of unknown age: no history
    kit.now += 3
    kit.ingest.accept([RawReading("a1", 1600, T0 + 3, T0 + 1)], "s")
    assert kit.recorder.write()
    kit.recorder.keep()
    told = [(r["point"], r["time"] - T0 * 1000, r["value"], r["delay"], r["quality"], r["flags"]) for r in kit.kept()]  # type: ignore[operator]
    assert told == [(0, -5000, 1.5, 0, 0, 8), (0, 1000, 1.6, 2, 0, 8), (1, -3_600_000, 7.0, 0, 0, 8),
                    (1, -4000, None, 0, 2, 8)]  # fmt: skip
    assert kit.recorder.store is not None
    words = kit.recorder.store.known_reasons()
    assert words[kit.kept()[3]["reason"]] == ("out of range",)  # type: ignore[index]
    assert kit.recorder.state().rows == 4


def test_a_past_moment_is_as_the_live_state_was(kit: Kit) -> None:
    kit.say("a1", 1500, T0)
    kit.say("a2", 99, T0 + 1)
    before = [kit.live.latest(p.id) for p in POINTS]
    kit.recorder.write()
    kit.recorder.keep()
    kit.now = T0 + 5000
    kit.say("a1", 9000, T0 + 4999)
    kit.recorder.write()
    kit.recorder.keep()
    assert kit.recorder.store is not None
    moments = Moments(kit.live, kit.recorder.store)
    then = moments.at(T0 + 1)
    assert moments.at(T0 + 1).latest("p1") == then.latest("p1")
    for was, found in zip(before, [then.latest(p.id) for p in POINTS], strict=True):
        assert (found.value, found.quality, found.reasons, found.time, found.origin) == (
            was.value, was.quality, was.reasons, was.time, was.origin,
        )  # fmt: skip
    assert then.latest("p1").age_s == 1.0
    assert Moments(kit.live, kit.recorder.store).at(T0 - 1).latest("p1").value is None


def test_points_that_went_are_left_out_of_a_moment(kit: Kit) -> None:
    kit.say("a1", 1500, T0)
    kit.say("a2", 1, T0)
    kit.recorder.write()
    kit.recorder.keep()
    live = LiveState(POINTS[1:], TREE, lambda: kit.now)
    assert kit.recorder.store is not None
    assert Moments(live, kit.recorder.store).at(T0 + 1).latest("p2").value == 1.0


def test_points_that_come_later_are_kept_from_then_on(kit: Kit) -> None:
    kit.say("a1", 1500, T0)
    more = [*POINTS, Point("p3", "A/1/1", "co2", "ppm", source="s", address="a3")]
    live = LiveState(more, TREE, lambda: kit.now)
    ingest = Ingest(more, live, lambda: kit.now)
    kit.recorder.follow(live)
    ingest.listeners.append(lambda judged: kit.recorder.take(judged.rows))
    ingest.accept([RawReading("a3", 640, T0, T0)], "s")
    kit.recorder.write()
    kit.recorder.keep()
    assert [(r["point"], r["value"]) for r in kit.kept()] == [(0, 1.5), (2, 640.0)]


def test_the_journal_holds_what_the_historian_does_not_take(kit: Kit) -> None:
    kit.say("a1", 1, T0)
    kit.recorder.write()
    kit.recorder.keep()
    kit.refuses = HistoryError("the database cannot be reached")
    for n in range(1, 4):
        kit.say("a1", n, T0 + n)
        kit.recorder.write()
    with pytest.raises(HistoryError, match="cannot be reached"):
        kit.recorder.keep()
    assert len(kit.kept()) == 1
    kit.refuses = None
    kit.recorder.keep()
    assert len(kit.kept()) == 4
    kit.recorder.keep()
    assert len(kit.kept()) == 4


def test_a_restart_hands_on_what_waited(kit: Kit, tmp_path: Path) -> None:
    kit.refuses = HistoryError("not now")
    kit.say("a1", 1, T0)
    kit.recorder.note(Event(1, "source", "s", "down", json.dumps({"zh": "断"})))
    kit.recorder.write()
    with pytest.raises(HistoryError):
        kit.recorder.keep()
    kit.recorder.stop()
    kit.recorder = Recorder(tmp_path / "journal", kit.open)
    kit.refuses = None
    kit.recorder.keep()
    assert kit.recorder.store is not None
    assert len(kit.kept()) == 1
    assert kit.recorder.store.events(0, 9).column("subject").to_pylist() == ["s"]


def test_what_happens_is_kept_without_any_reading_and_readings_of_no_age_are_no_batch(kit: Kit) -> None:
    kit.ingest.accept([RawReading("a2", 3, T0, None, retained=True)], "s")
    assert kit.recorder.write()
    assert list(kit.recorder.spool.read(0)) == []
    kit.recorder.note(Event(1, "source", "s", "down"))
    assert kit.recorder.write()
    kit.recorder.keep()
    assert kit.recorder.store is not None
    assert len(kit.recorder.store.events(0, 9)) == 1
    assert kit.kept() == []


def test_something_is_done_with_the_historian_before_it_gets_anything(tmp_path: Path) -> None:
    seen: list[int] = []
    kit = Kit(tmp_path)
    kit.recorder.stop()
    kit.recorder = Recorder(tmp_path / "journal", kit.open, first=lambda store: seen.append(store.watermark()))
    kit.recorder.follow(kit.live)
    kit.say("a1", 1, T0)
    kit.recorder.keep()
    kit.recorder.keep()
    assert seen == [0]
    kit.recorder.stop()


def test_who_waits_no_longer_is_not_told(kit: Kit) -> None:
    async def given_up() -> None:
        kit.say("a1", 1, T0)
        waiting = asyncio.create_task(kit.recorder.durable())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        assert kit.recorder.write()
        await asyncio.sleep(0)

    asyncio.run(given_up())


def test_much_is_handed_on_in_pieces(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "AT_ONCE", 2)
    for n in range(5):
        kit.say("a1", n, T0 + n)
        kit.recorder.write()
    kit.recorder.keep()
    assert len(kit.kept()) == 5


def until(true: Callable[[], bool]) -> None:
    async def wait() -> None:
        for _ in range(500):
            if true():
                return
            await asyncio.sleep(0.02)
        raise AssertionError("it never came")

    asyncio.run(wait())


def test_its_threads_do_all_that(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "ROLL_S", 0.0)
    monkeypatch.setattr(recording, "SEAL_S", 0.0)
    monkeypatch.setattr(recording, "MOST_ROLLS", 1)
    kit.recorder.start()
    for n in range(60):
        kit.say("a1", n, T0 + 60 * n)
    asyncio.run(kit.recorder.durable())
    until(lambda: kit.recorder.span is not None)
    kit.now = T0 + 3 * 86_400
    until(lambda: kit.recorder.store is not None and len(kit.recorder.store.rollups("hour", None, 0, 2**60)) == 1)
    until(lambda: isinstance(kit.recorder.store, DuckDbStore) and bool(kit.recorder.store.days("readings").sealed))
    assert kit.recorder.state().state == "ok"
    kit.say("a2", 5, T0 + 9)
    kit.recorder.stop()
    again = DuckDbStore(kit.folder, ZoneInfo("UTC"))
    assert len(again.rows(None, 0, 2**60)) == 61
    again.close()


def test_trouble_is_told_and_ends_by_itself(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(recording, "LAST_WAIT_S", 0.1)
    monkeypatch.setattr(recording, "KEEP_S", 0.05)
    kit.refuses = HistoryError("the database cannot be reached")
    kit.recorder.start()
    kit.say("a1", 1, T0)
    until(lambda: kit.recorder.state().state == "late")
    assert "cannot be reached" in kit.recorder.state().message
    kit.refuses = RuntimeError("a mistake of ours")
    until(lambda: kit.recorder.state().state == "failed")
    kit.refuses = HistoryFullError("no room")
    until(lambda: kit.recorder.state().state == "full")
    kit.refuses = None
    until(lambda: kit.recorder.state().state == "ok")
    until(lambda: kit.recorder.state().rows == 1)


def test_a_full_disk_holds_nobody_up_and_what_waited_is_kept_when_there_is_room(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_WAITING", 3)
    full = True
    write = kit.recorder.spool.write

    def refusing(batch: object) -> None:
        if full:
            raise HistoryFullError("there is no room left")
        write(batch)  # type: ignore[arg-type]

    monkeypatch.setattr(kit.recorder.spool, "write", refusing)

    async def told() -> None:
        kit.say("a1", 0, T0)
        waiting = asyncio.create_task(kit.recorder.durable())
        await asyncio.sleep(0)
        assert not kit.recorder.write()
        with pytest.raises(HistoryFullError):
            await waiting

    asyncio.run(told())
    for n in range(1, 5):
        kit.say("a1", n, T0 + n)
    kit.recorder.note(Event(1, "source", "s", "down"))
    assert not kit.recorder.write()
    assert (kit.recorder.state().state, kit.recorder.state().dropped) == ("full", 2)
    assert kit.live.latest("p1").value == 0.004
    full = False
    assert kit.recorder.write()
    kit.recorder.keep()
    assert [r["value"] for r in kit.kept()] == [0.002, 0.003, 0.004]
    assert kit.recorder.state().state == "ok"
    assert kit.recorder.store is not None
    assert len(kit.recorder.store.events(0, 9)) == 1


def test_a_mistake_of_ours_in_writing_is_no_silence(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kit.recorder.spool, "write", lambda batch: 1 / 0)
    kit.say("a1", 0, T0)
    assert not kit.recorder.write()
    assert (kit.recorder.state().state, kit.recorder.state().message[:17]) == ("failed", "ZeroDivisionError")


def test_waiting_for_nothing_is_over_at_once(kit: Kit) -> None:
    asyncio.run(kit.recorder.durable())
    assert np.isfinite(kit.recorder.state().since)
