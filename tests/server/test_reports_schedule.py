"""Reports that are written by themselves: which are due, what was missed, what is kept, what happens when one fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from server.paper_browser import NoBrowserError
from server.reports import file_name
from server.reports_schedule import AGAIN_S, Scheduler, due_at, files_of, missing, newest, prune
from server.runtime import Runtime
from tests.memory import in_memory
from tests.twin.reports.world import World
from twin.config_reports import ReportsEntry, ScheduledReport

ZONE = ZoneInfo("Europe/Berlin")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with in_memory(tmp_path) as folder:
        made = World(folder)
        yield made
        made.store.close()


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


@pytest.mark.parametrize(
    ("kind", "now", "first"),
    [
        ("day", "2026-11-27T06:29", date(2026, 11, 25)),
        ("day", "2026-11-27T06:30", date(2026, 11, 26)),
        ("week", "2026-11-30T06:29", date(2026, 11, 16)),  # a Monday
        ("week", "2026-11-30T06:31", date(2026, 11, 23)),
        ("week", "2026-12-06T23:00", date(2026, 11, 23)),
        ("month", "2026-12-01T06:29", date(2026, 10, 1)),
        ("month", "2026-12-01T06:30", date(2026, 11, 1)),
        ("day", "2026-03-29T06:30", date(2026, 3, 28)),  # 23 hours
    ],
)
def test_a_report_is_due_on_the_first_day_after_its_period_at_the_local_time(kind: Any, now: str, first: date) -> None:
    entry = ScheduledReport(kind=kind)
    found = newest(entry, ZONE, at(now))
    assert found.first == first
    assert due_at(entry, found) <= at(now)


def test_what_is_not_there_is_missing_and_what_was_missed_is_made_up_for(tmp_path: Path) -> None:
    entry = ReportsEntry(write=(ScheduledReport(kind="day", formats=("html",), langs=("zh", "en")),))
    now, oldest = at("2026-11-27T09:00"), round(at("2026-01-01T00:00") * 1000)

    def due(lang: str) -> list[date]:
        found = missing(entry, tmp_path, "campus", ZONE, now, oldest)
        return [each.period.first for each in found if each.lang == lang]

    assert due("zh") == [date(2026, 11, 26)], "the first time only the newest"
    (tmp_path / "day-2026-11-23-campus-zh.html").write_text("x")
    (tmp_path / "day-2026-11-24-other-zh.html").write_text("x")
    assert due("zh") == [date(2026, 11, 24), date(2026, 11, 25), date(2026, 11, 26)]
    assert due("en") == [date(2026, 11, 26)]
    (tmp_path / "day-2026-11-26-campus-zh.html").write_text("x")
    assert due("zh") == []
    (tmp_path / "day-2026-11-26-campus-en.html").write_text("x")
    (tmp_path / "day-2026-11-26-campus-zh.html").unlink()
    (tmp_path / "day-2026-11-23-campus-zh.html").rename(tmp_path / "day-2025-01-01-campus-zh.html")
    assert len(due("zh")) == 7, "of a long absence the last week"
    begins = round(at("2026-11-25T00:00") * 1000)
    told = [each.period.first for each in missing(entry, tmp_path, "campus", ZONE, now, begins) if each.lang == "zh"]
    assert told == [date(2026, 11, 25), date(2026, 11, 26)], "nothing of before the history began"


def test_the_newest_files_are_kept_and_others_left_alone(tmp_path: Path) -> None:
    entry = ReportsEntry(write=(ScheduledReport(kind="day", of="A 1", keep=2),))
    for day in ("2026-11-20", "2026-11-21", "2026-11-22"):
        (tmp_path / f"day-{day}-A-1-zh.pdf").write_text("x")
    others = ["day-2026-11-01-A-1-en.pdf", "day-2026-11-01-B-zh.pdf", "notes.txt", "day-9999-99-99-A-1-zh.pdf"]
    for name in others:
        (tmp_path / name).write_text("x")
    prune(tmp_path, entry, "campus")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"day-2026-11-21-A-1-zh.pdf", "day-2026-11-22-A-1-zh.pdf", *others}


def test_a_file_is_found_by_the_name_that_it_was_given(world: World, tmp_path: Path) -> None:
    day = date(2026, 11, 26)
    report = world.report("day", day, world.at(day + timedelta(days=2)))
    for entity in ("A", "14/Ost 东", "c"):
        named = replace(report, entity=entity)
        (tmp_path / file_name(named, "zh", "pdf")).write_text("x")
        entry = ScheduledReport(kind="day", of="" if entity == "c" else entity)
        assert [first for first, _ in files_of(tmp_path, entry, "c", "zh", "pdf")] == [day]


class Machine:
    """What the scheduler needs of a runtime, with a clock and a browser of the test's own."""

    def __init__(self, world: World, entry: ReportsEntry) -> None:
        self.world, self.now, self.failing, self.printed_ = world, 0.0, False, 0
        self.config = SimpleNamespace(file=SimpleNamespace(reports=entry))
        self.recorder = SimpleNamespace(store=world.store, span=world.store.span())
        self.ingest = SimpleNamespace(clock=lambda: self.now)
        self.assembled = SimpleNamespace(campus=world.campus)
        self.reports = self
        self.zone = world.zone

    async def report(self, wish: Any) -> Any:
        return self.world.report(wish.kind, wish.day, round(self.now * 1000), wish.of)

    def written(self, report: Any, lang: Any) -> Any:
        from server.report_words import document

        return document(report, lang)

    async def printed(self, html: str) -> bytes:
        self.printed_ += 1
        if self.failing:
            raise NoBrowserError("there is none: install it")
        return b"%PDF-1.4 " + html.encode()[:10]


def test_reports_are_written_once_again_after_a_failure_and_after_a_change(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    day = date(2026, 11, 26)
    world.tell("A/power", world.at(day), world.at(day, 24), 5.0)
    world.roll(world.at(day, 26))
    entry = ReportsEntry(
        folder="out", write=(
            ScheduledReport(kind="day", at="06:30", formats=("html", "pdf"), langs=("zh",)),
            ScheduledReport(kind="day", at="06:30", of="Z", formats=("html",)),
        ),
    )  # fmt: skip
    machine = Machine(world, entry)
    scheduler = Scheduler(cast(Runtime, machine), tmp_path)
    machine.now, machine.failing = world.at(day, 30.4) / 1000, True
    assert asyncio.run(scheduler.look()) == [], "06:24: not yet"
    machine.now = world.at(day, 30.6) / 1000
    with caplog.at_level(logging.ERROR):
        asyncio.run(scheduler.look())
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"day-{day}-c-zh.html"]
    assert "could not be written as pdf, and is tried again in 30 min: there is none: install it" in caplog.text
    assert "there is no building 'Z' in the campus" in caplog.text
    assert "2026年11月26日" in (tmp_path / "out" / f"day-{day}-c-zh.html").read_text("utf-8")
    machine.failing = False
    assert asyncio.run(scheduler.look()) == [], "not at once again"
    machine.now += AGAIN_S + 1
    assert [path.name for path in asyncio.run(scheduler.look())] == [f"day-{day}-c-zh.pdf"]
    assert machine.printed_ == 2
    # a later start of the program finds everything there
    again = Scheduler(cast(Runtime, machine), tmp_path)
    machine.config = SimpleNamespace(file=SimpleNamespace(reports=entry.model_copy(update={"write": entry.write[:1]})))
    assert asyncio.run(again.look()) == []
    assert datetime.fromtimestamp(machine.now, UTC).hour == 23


def test_without_a_history_or_a_list_nothing_is_written(world: World, tmp_path: Path) -> None:
    machine = Machine(world, ReportsEntry())
    assert asyncio.run(Scheduler(cast(Runtime, machine), tmp_path).look()) == []
    machine.recorder.store = None
    machine.config = SimpleNamespace(file=SimpleNamespace(reports=ReportsEntry(write=(ScheduledReport(kind="day"),))))
    assert asyncio.run(Scheduler(cast(Runtime, machine), tmp_path).look()) == []
    assert not (tmp_path / "reports").exists()
