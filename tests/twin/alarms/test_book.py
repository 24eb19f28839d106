"""The book: all or nothing, what listeners are told, and what other systems' users complained of."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from twin.alarms.alarm import Alarm, AlarmError, Transition
from twin.alarms.book import Book
from twin.alarms.state import Event


class Told(list[tuple[str, str, str, str]]):
    def __call__(self, steps: Sequence[Transition]) -> None:
        self.extend((step.alarm.id, step.event.value, step.before, step.after) for step in steps)


def alarm(id_: str = "r:p", **more: object) -> Alarm:
    rule, _, source = id_.partition(":")
    return Alarm(id_, rule, source, **{"base": 3, "priority": 3, "value": 7.0, **more})  # type: ignore[arg-type]


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def book(told: Told) -> Book:
    made = Book(make=lambda id_: alarm(id_) if id_.startswith("r:") else None)
    made.listeners.append(told)
    return made


def test_an_alarm_is_acknowledged_until_it_clears_and_then_calls_again(book: Book, told: Told) -> None:
    book.take([alarm()], 1.0)
    book.do(Event.ACK, ["r:p"], "li", "seen", 2.0)
    book.take([alarm()], 3.0)  # told again while it is true: nothing happens
    assert book.alarms["r:p"].acked_by == "li"
    book.do(Event.RETURN, ["r:p"], "system", "", 4.0)
    assert book.alarms == {}
    book.take([alarm()], 5.0)
    assert [row[1:] for row in told] == [
        ("alarm", "A", "B"), ("ack", "B", "C"), ("return", "C", "A"), ("alarm", "A", "B"),
    ]  # fmt: skip
    assert book.alarms["r:p"].acked_by == ""
    assert book.seq == 4


def test_the_return_of_a_shelved_alarm_is_not_lost(book: Book, told: Told) -> None:
    book.take([alarm()], 1.0)
    book.do(Event.SHELVE, ["r:p"], "li", "noise", 2.0, until=100.0)
    book.do(Event.RETURN, ["r:p"], "system", "", 3.0)
    assert told[-1] == ("r:p", "return", "G", "G")
    book.do(Event.UNSHELVE, ["r:p"], "system", "", 100.0)
    assert told[-1][1:] == ("unshelve", "G", "A")
    assert book.alarms == {}


def test_a_shelf_for_one_time_ends_with_that_time(book: Book, told: Told) -> None:
    book.take([alarm()], 1.0)
    book.do(Event.SHELVE, ["r:p"], "li", "noise", 2.0)
    book.do(Event.RETURN, ["r:p"], "system", "", 3.0)
    assert [row[1:] for row in told[-2:]] == [("return", "G", "G"), ("unshelve", "G", "A")]
    book.take([alarm()], 4.0)
    assert book.alarms["r:p"].letter == "B"


def test_what_a_restart_brings_does_not_fire_again() -> None:
    first = Book()
    first.take([alarm()], 1.0)
    first.do(Event.ACK, ["r:p"], "li", "", 2.0)
    again = Book(first.alarms.values(), first.seq)
    assert again.take([alarm()], 3.0) == []
    assert again.alarms["r:p"].letter == "C"
    assert again.do(Event.RETURN, ["r:p"], "system", "", 4.0)[0].seq == 3


def test_held_from_the_start_nobody_sees_it(book: Book, told: Told) -> None:
    book.take([alarm()], 1.0, held=lambda _: ["window:roof"])
    assert [row[1:] for row in told] == [("suppress", "A", "H"), ("alarm", "H", "H")]
    assert book.standing() == []
    book.do(Event.UNSUPPRESS, ["r:p"], "window:roof", "over", 9.0)
    assert (book.alarms["r:p"].letter, book.alarms["r:p"].shown, book.alarms["r:p"].raised) == ("B", 9.0, 1.0)


def test_all_or_nothing(book: Book, told: Told) -> None:
    book.take([alarm("r:a"), alarm("r:b")], 1.0)
    book.do(Event.ACK, ["r:a"], "li", "", 2.0)
    told.clear()
    with pytest.raises(AlarmError, match="'r:a' is acknowledged already"):
        book.do(Event.ACK, ["r:b", "r:a"], "li", "", 3.0)
    assert told == []
    assert book.alarms["r:b"].letter == "B"
    assert book.refusal(Event.ACK, "r:b", "li", "", 3.0) == ""
    assert "no alarm 'x:y'" in book.refusal(Event.ACK, "x:y", "li", "", 3.0)


def test_a_normal_alarm_can_be_shelved_before_it_calls(book: Book) -> None:
    book.do(Event.SHELVE, ["r:q"], "li", "tests there today", 1.0, until=50.0)
    book.take([alarm("r:q")], 2.0)
    assert book.alarms["r:q"].letter == "G"
    book.do(Event.UNSHELVE, ["r:q"], "li", "", 3.0)
    assert book.alarms["r:q"].letter == "B"


def test_an_escalation_calls_again_and_starts_anew_after_suppression(book: Book) -> None:
    book.take([alarm()], 1.0)
    book.do(Event.ACK, ["r:p"], "li", "", 2.0)
    book.do(Event.ESCALATE, ["r:p"], "system", "", 3.0, priority=1)
    raised = book.alarms["r:p"]
    assert (raised.letter, raised.priority, raised.escalated, raised.acked_by) == ("B", 1, 1, "")
    book.do(Event.SUPPRESS, ["r:p"], "parent", "", 4.0)
    book.do(Event.UNSUPPRESS, ["r:p"], "parent", "", 90.0)
    back = book.alarms["r:p"]
    assert (back.priority, back.escalated, back.shown) == (3, 0, 90.0)


def test_what_is_gone_ends_step_by_step_with_the_reason(book: Book, told: Told) -> None:
    book.take([alarm(latch=True)], 1.0)
    book.do(Event.SUPPRESS, ["r:p"], "parent", "", 2.0)
    book.do(Event.SHELVE, ["r:p"], "li", "noise", 3.0)
    book.do(Event.REMOVE, ["r:p"], "li", "repair", 4.0)
    told.clear()
    made = book.end(["r:p"], "point-gone", 5.0)
    assert book.alarms == {}
    assert made[-1].after == "A"
    assert {step.reason for step in made} == {"point-gone"}
    book.take([alarm("r:l", latch=True)], 6.0)
    made = book.end(["r:l"], "point-gone", 7.0)
    assert [step.after for step in made] == ["E", "F", "A"]


def test_the_most_urgent_stands_first(book: Book) -> None:
    book.take([alarm("r:low", base=4), alarm("r:old", base=2)], 1.0)
    book.take([alarm("r:new", base=2)], 2.0)
    book.take([alarm("r:acked", base=2)], 3.0)
    book.do(Event.ACK, ["r:acked"], "li", "", 4.0)
    assert [row.id for row in book.standing()] == ["r:new", "r:old", "r:acked", "r:low"]
