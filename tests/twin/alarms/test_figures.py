"""The figures against courses whose figures are plain to see."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.alarms.alarm import Alarm
from twin.alarms.book import Book
from twin.alarms.figures import figures
from twin.alarms.journal import Journal
from twin.alarms.state import Event

DAY = 86_400.0


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "alarms.sqlite")


def book_of(journal: Journal) -> Book:
    book = Book()
    book.listeners.append(journal.add)
    return book


def call(book: Book, id_: str, now: float, priority: int = 4, lasts: float = 5.0, acked: float | None = None) -> None:
    book.take([Alarm(id_, "r", id_, base=priority, priority=priority)], now)
    if acked is not None:
        book.do(Event.ACK, [id_], "li", "", now + acked)
    book.do(Event.RETURN, [id_], "system", "", now + lasts)


def test_rates_floods_priorities_worst_and_chatter(journal: Journal) -> None:
    book = book_of(journal)
    for n in range(24):  # one an hour, acknowledged after 60 s
        call(book, "steady", n * 3600.0, 3, lasts=100.0, acked=60.0)
    for n in range(12):  # twelve others in one stretch of ten minutes
        call(book, f"flood {n}", 40_200.0 + n * 40.0, 2 if n == 0 else 4)
    for n in range(4):  # four times within a minute
        call(book, "nervous", 60_000.0 + n * 15.0)
    journal.flush()
    rows, since = journal.rows(0.0, DAY)
    found = figures(rows, 0.0, DAY, since)
    assert (found.calls, found.per_day, found.known_s) == (40, 40.0, DAY)
    assert found.per_ten_minutes == pytest.approx(40 / 144)
    assert (found.most_in_ten_minutes, found.floods) == (12, 1)
    assert found.flood_share == pytest.approx(1 / 144)
    assert found.by_priority == {2: 1, 3: 24, 4: 15}
    assert [(row.alarm, row.calls, row.share) for row in found.worst[:2]] == [("steady", 24, 0.6), ("nervous", 4, 0.1)]
    assert [row.alarm for row in found.chattering] == ["nervous"]
    assert len(found.worst) == 10
    assert (found.ack_median_s, found.ack_p90_s, found.by_actor) == (60.0, 60.0, {"li": 24})
    assert found.unacknowledged == 13  # the twelve and the nervous one returned unacknowledged
    journal.close()


def test_rates_are_over_what_the_journal_knows(journal: Journal) -> None:
    book = book_of(journal)
    call(book, "a", DAY, acked=1.0)
    call(book, "a", 1.5 * DAY, acked=3.0)
    journal.flush()
    rows, since = journal.rows(0.0, 2 * DAY)
    found = figures(rows, 0.0, 2 * DAY, since)
    assert (found.known_s, found.per_day) == (DAY, 2.0)
    assert found.ack_median_s == 2.0
    short = figures(rows, 0.0, 1.01 * DAY, since)  # a quarter of an hour says nothing of a day
    assert (short.calls, short.per_day, short.per_ten_minutes, short.flood_share) == (2, None, None, None)
    journal.close()


def test_an_empty_journal_knows_nothing() -> None:
    found = figures([], 0.0, DAY, None)
    assert (found.calls, found.per_day, found.flood_share, found.ack_median_s) == (0, None, None, None)
    assert (found.worst, found.chattering, found.by_priority) == ([], [], {})


def test_what_comes_back_from_a_shelf_calls_again(journal: Journal) -> None:
    book = book_of(journal)
    book.take([Alarm("a", "r", "a")], 10.0)
    book.do(Event.SHELVE, ["a"], "li", "noise", 20.0, until=500.0)
    book.do(Event.UNSHELVE, ["a"], "system", "", 500.0)
    book.do(Event.ACK, ["a"], "li", "", 530.0)
    journal.flush()
    rows, since = journal.rows(0.0, DAY)
    found = figures(rows, 0.0, DAY, since)
    assert (found.calls, found.ack_median_s, found.unacknowledged) == (2, 30.0, 0)
    journal.close()
