"""The journal: rebuilt it is what memory was, after any course of events and a crash at any place in it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from twin.alarms.alarm import Alarm, AlarmError
from twin.alarms.book import Book
from twin.alarms.journal import Journal, JournalError
from twin.alarms.state import Event

TEXTS = {"zh": "太热", "en": "too warm"}


def alarm(id_: str, latch: bool = False) -> Alarm:
    return Alarm(id_, "r", id_, "1/01/101", ("1/SW",), 2, texts=TEXTS, latch=latch, priority=2, value=1.5)


def act(book: Book, event: Event, id_: str, now: float) -> None:
    """What an event does to an alarm of a book; refusals are no matter here."""
    if event is Event.ALARM:
        book.take([alarm(id_, latch=id_ == "b")], now)
        return
    try:
        book.do(event, [id_], "li", "a reason", now, priority=1 if event is Event.ESCALATE else None)
    except AlarmError:
        return


COURSES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([*[Event.ALARM, Event.RETURN, Event.ACK] * 3, *Event]), st.sampled_from("ab")),
        st.just("flush"),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(COURSES, st.integers(1, 9))
def test_after_a_crash_it_is_as_the_disk_had_it(course: list[object], every: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "alarms.sqlite", snapshot_every=every)
        book = Book()
        book.listeners.append(journal.add)
        kept, last, moments = dict(book.alarms), 0, []
        for number, what in enumerate(course):
            if what == "flush":
                journal.flush()
                kept, last = dict(book.alarms), book.seq
            elif isinstance(what, tuple):
                event, id_ = what
                act(book, event, id_, 100.0 + number)
                moments.append((100.0 + number, dict(book.alarms)))
        # a crash: what waits in memory is gone, the file is as it is
        journal._db.close()
        os.close(journal._lock)
        again = Journal(Path(folder) / "alarms.sqlite")
        found = again.kept()
        assert {row.id: row for row in found.alarms} == kept
        assert {row.id: row for row in again.rebuilt()} == kept
        assert found.last == last
        flushed = [moment for moment in moments if last and moment[0] <= _last_time(again)]
        for time, stood in flushed:
            assert {row.id: row for row in again.at(time)} == stood
        going_on = Book(found.alarms, found.last)
        assert going_on.take([row for row in kept.values() if row.active], 999.0) == []
        again.close()


def _last_time(journal: Journal) -> float:
    rows, _ = journal.steps(limit=1)
    return rows[0].time


def test_nothing_acknowledged_is_lost_by_kill_9(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from tests.twin.alarms.test_journal import alarm\n"
        "from twin.alarms.book import Book; from twin.alarms.journal import Journal\n"
        "from twin.alarms.state import Event\n"
        "journal = Journal(Path(sys.argv[1]) / 'alarms.sqlite'); book = Book(); book.listeners.append(journal.add)\n"
        "for n in range(100_000):\n"
        "    book.take([alarm(str(n))], float(n)); book.do(Event.ACK, [str(n)], 'li', 'seen', float(n))\n"
        "    journal.flush(); print(n, flush=True)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    while int(process.stdout.readline()) < 20:
        pass
    process.send_signal(signal.SIGKILL)
    answered = [int(line) for line in process.stdout.read().split()]
    process.wait()
    process.stdout.close()
    journal = Journal(tmp_path / "alarms.sqlite")
    stand = {row.id: row for row in journal.kept().alarms}
    assert all(stand[str(n)].acked_by == "li" for n in [*range(21), *answered])
    assert {row.id: row for row in journal.rebuilt()} == stand
    journal.close()


def played(journal: Journal) -> Book:
    book = Book()
    book.listeners.append(journal.add)
    for number, id_ in enumerate("abc"):
        act(book, Event.ALARM, id_, 100.0 + number)
    act(book, Event.ACK, "a", 110.0)
    act(book, Event.RETURN, "a", 120.0)
    act(book, Event.RETURN, "b", 130.0)
    return book


def test_an_alarm_that_is_normal_again_stands_no_more(tmp_path: Path) -> None:
    journal, book = Journal(tmp_path / "alarms.sqlite"), Book()
    book.listeners.append(journal.add)
    for number, event in enumerate((Event.ALARM, Event.ACK, Event.RETURN)):
        act(book, event, "a", 100.0 + number)
        journal.flush()
        assert {row.id: row for row in journal.kept().alarms} == book.alarms
    assert book.alarms == {}
    journal.close()


def test_it_is_asked_by_alarm_actor_event_and_time(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "alarms.sqlite")
    played(journal)
    journal.flush()
    rows, total = journal.steps(alarm="a")
    assert [(row.event.value, row.before, row.after) for row in rows] == [
        ("return", "C", "A"), ("ack", "B", "C"), ("alarm", "A", "B"),
    ]  # fmt: skip
    assert (total, rows[1].actor, rows[1].reason, rows[0].alarm.texts) == (3, "li", "a reason", TEXTS)
    assert journal.steps(events=[Event.ACK], actor="li")[1] == 1
    assert journal.steps(since=110.0, until=130.0)[1] == 2
    assert [row.seq for row in journal.steps(limit=2, offset=1)[0]] == [5, 4]
    assert [row.seq for row in journal.steps(after=4)[0]] == [6, 5]
    journal.close()


def test_what_is_old_is_forgotten_but_not_how_alarms_stand(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "alarms.sqlite", snapshot_every=1)
    book = played(journal)
    journal.flush()
    assert journal.forget(10_000.0) == 4  # all three of a, and the first of b
    found = journal.kept()
    assert {row.id: row for row in found.alarms} == book.alarms
    assert found.last == book.seq == 6
    journal.close()


def test_while_the_disk_refuses_steps_wait(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "alarms.sqlite")
    other = sqlite3.connect(tmp_path / "alarms.sqlite", isolation_level=None)
    journal._db.execute("PRAGMA busy_timeout=1")
    other.execute("BEGIN IMMEDIATE")
    played(journal)
    with pytest.raises(JournalError, match="Look at the disk"):
        journal.flush()
    assert journal.waiting == 6
    other.execute("ROLLBACK")
    other.close()
    journal.flush()
    assert (journal.waiting, journal.kept().last) == (0, 6)
    journal.close()


def test_equal_definitions_are_kept_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "alarms.sqlite")
    book = Book()
    book.listeners.append(journal.add)
    for number in range(5):
        book.take([replace(alarm("a"), value=float(number))], float(number))
        book.do(Event.RETURN, ["a"], "system", "", number + 0.5)
    journal.flush()
    assert journal._db.execute("SELECT count(*) FROM definitions").fetchone() == (1,)
    assert [row.alarm.value for row in journal.steps(events=[Event.ALARM])[0]] == [4.0, 3.0, 2.0, 1.0, 0.0]
    journal.close()


def test_a_newer_or_broken_file_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "alarms.sqlite"
    journal = Journal(path)
    with pytest.raises(JournalError, match="another process"):
        Journal(path)
    journal._db.execute("PRAGMA user_version=99")
    journal.close()
    with pytest.raises(JournalError, match="newer Campus Twin"):
        Journal(path)
    broken = tmp_path / "broken.sqlite"
    broken.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(JournalError, match="damaged"):
        Journal(broken)


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    Journal(tmp_path / "state" / "alarms.sqlite").close()
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / "alarms.sqlite").stat().st_mode & 0o777 == 0o600
