"""Calendars out and in: what is written is read again as it was, what is strange is said, never raised otherwise."""

from __future__ import annotations

from contextlib import suppress
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.ical import CalendarError, Event, read, written

XIAN = ZoneInfo("Asia/Shanghai")
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=90).map(str.strip)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4_000_000_000), st.integers(0, 90_000), TEXTS, TEXTS), max_size=5))
def test_what_is_written_is_read_again(rows: list[tuple[int, int, str, str]]) -> None:
    events = [Event(f"{n}@c", float(b), float(b + long), name, more) for n, (b, long, name, more) in enumerate(rows)]
    text = written(events, "参观", 0.0)
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert read(text, XIAN) == events


@pytest.mark.parametrize(
    ("lines", "begin", "end"),
    [
        (["DTSTART:20260617T143000Z", "DTEND:20260617T150000Z"], 1781706600, 1781708400),
        (["DTSTART:20260617T223000"], 1781706600, 1781710200),  # the campus's zone, an hour
        (["DTSTART;TZID=Europe/Amsterdam:20260617T163000", "DURATION:PT30M"], 1781706600, 1781708400),
        (["DTSTART;TZID=/nowhere/Else:20260617T223000", "DURATION:PT30M"], 1781706600, 1781708400),
        (["DTSTART;VALUE=DATE:20260618", "DURATION:P1D"], 1781712000, 1781798400),
    ],
)
def test_times(lines: list[str], begin: float, end: float) -> None:
    (event,) = read("\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"]), XIAN)
    assert (event.begin, event.end) == (begin, end)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from([
    "BEGIN:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "DTSTART:20269999T999999", "DTSTART:20260617T143000Z",
    "SUMMARY:\\",     "DURATION:P9999999999W", "DTEND;TZID=:1", ":", " folded", "DTSTART;X=\"a:b\":20260617",
])))  # fmt: skip
def test_strange_calendars_are_refused_in_words(lines: list[str]) -> None:
    with suppress(CalendarError):
        read("\n".join(lines), XIAN)
