"""Windows to compare with, carpets and durations: on the campus's clock, across the days on which it is moved."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.history.calendar import DAY_MS, HOUR_MS, Calendar
from twin.history.columns import F64, I64
from twin.history.steps import SeriesError, edges
from twin.reading import Quality
from twin.trends.carpet import Cell, carpet_of, limits_of, read_limits
from twin.trends.course import Course, empty
from twin.trends.duration import duration_of
from twin.trends.periods import moved, other_window, step_for
from twin.trends.stretches import stretches

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
BACK, FORTH = "2026-10-25", "2026-03-29"
"""Days on which the clocks of Berlin are put back and forth."""


def ms(text: str, zone: ZoneInfo = BERLIN) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() * 1000)


def local(at: int, zone: ZoneInfo = BERLIN) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).astimezone(zone).strftime("%a %m-%d %H:%M")


def course_of(borders: I64, value: F64, coverage: F64 | None = None) -> Course:
    course = empty(borders)
    known = np.isfinite(value)
    course.value[:] = value
    course.coverage[:] = np.where(known, 1.0 if coverage is None else coverage, 0.0)
    course.known[:] = np.where(known, value * course.coverage, 0.0)
    course.quality[:] = np.where(known, Quality.GOOD, Quality.NONE)
    return course


def test_last_week_begins_at_the_same_hour_of_the_clock() -> None:
    calendar = Calendar(BERLIN)
    start, end = ms("2026-10-26T06:00"), ms("2026-10-27T06:00")
    week = other_window("week", start, end, calendar)
    assert (local(week.start), local(week.end)) == ("Mon 10-19 06:00", "Tue 10-20 06:00")
    assert start - week.start == 7 * DAY_MS + HOUR_MS, "an hour more has passed than the calendar says"
    assert week.shifted(np.array([week.start, week.end], np.int64)).tolist() == [start, end]
    year = other_window("year", start, end, calendar)
    assert local(year.start) == "Mon 10-27 06:00"
    assert local(year.start)[:3] == local(start)[:3]


@pytest.mark.parametrize(
    ("start", "end", "compare", "begin", "until"),
    [
        ("2026-11-20T00:00", "2026-11-27T00:00", "previous", "Fri 11-13 00:00", "Fri 11-20 00:00"),
        ("2026-11-27T06:30", "2026-11-28T06:30", "previous", "Thu 11-26 06:30", "Fri 11-27 06:30"),
        ("2026-11-27T00:00", "2026-11-27T12:00", "previous", "Thu 11-26 00:00", "Thu 11-26 12:00"),
        ("2026-11-01T00:00", "2026-11-27T09:00", "month", "Thu 10-01 00:00", "Tue 10-27 09:00"),
        ("2026-03-01T00:00", "2026-04-01T00:00", "month", "Sun 02-01 00:00", "Sun 03-01 00:00"),
        ("2026-03-31T00:00", "2026-03-31T12:00", "month", "Sat 02-28 00:00", "Sat 02-28 12:00"),
    ],
)
def test_the_window_before(start: str, end: str, compare: str, begin: str, until: str) -> None:
    other = other_window(compare, ms(start), ms(end), Calendar(BERLIN))  # type: ignore[arg-type]
    assert (local(other.start), local(other.end)) == (begin, until)
    assert other.end <= ms(start) or compare == "month"


def test_what_cannot_be_compared_with_is_told() -> None:
    with pytest.raises(SeriesError, match="previous, week, month, year"):
        other_window("decade", 0, 1, Calendar(BERLIN))  # type: ignore[arg-type]


@given(st.integers(0, 400 * 24), st.integers(1, 60))
def test_an_instant_moved_there_and_back_is_the_same_unless_the_clock_skips_it(hours: int, days: int) -> None:
    at = ms("2026-01-01T00:00") + hours * HOUR_MS
    there = moved(at, days, BERLIN)
    assert local(there)[-5:] == local(at)[-5:] or local(there)[4:9] in ("03-29", "03-28")
    back = moved(there, -days, BERLIN)
    assert abs(back - at) in (0, HOUR_MS)


def test_steps_grow_with_the_window() -> None:
    told = [step_for(0, round(days * DAY_MS)) for days in (0.05, 0.3, 1, 4, 30, 100, 365)]
    assert told == [30_000, 60_000, 300_000, 900_000, "hour", 21_600_000, "day"]


@pytest.mark.parametrize(("day", "hours"), [(BACK, 25), (FORTH, 23), ("2026-06-01", 24)])
def test_a_carpet_has_every_hour_of_days_of_23_and_25(day: str, hours: int) -> None:
    calendar = Calendar(BERLIN)
    start = ms(f"{day}T00:00")
    borders = edges(calendar, "hour", start, calendar.day_after(start))
    assert len(borders) - 1 == hours
    found = carpet_of(course_of(borders, np.arange(float(hours))), calendar, start + 10 * DAY_MS)
    assert found.days.tolist() == [start]
    if hours == 25:
        assert found.twice == [(2, 0)]
        assert found.value[2, 0] == 2.5, "the mean of both"
        assert (found.state == Cell.KNOWN).all()
    elif hours == 23:
        assert found.state[2, 0] == Cell.SKIPPED
        assert found.value[3, 0] == 2.0
    else:
        assert found.value[:, 0].tolist() == list(range(24))


def test_a_carpet_tells_missing_from_what_is_to_come() -> None:
    calendar = Calendar(SHANGHAI)
    start = ms("2026-11-26T00:00", SHANGHAI)
    borders = edges(calendar, "hour", start, start + 2 * DAY_MS)
    value = np.full(48, 5.0)
    value[3:6] = np.nan
    value[30:] = np.nan
    found = carpet_of(course_of(borders, value), calendar, start + 32 * HOUR_MS)
    assert [Cell(each).name for each in found.state[2:7, 0]] == ["KNOWN", "MISSING", "MISSING", "MISSING", "KNOWN"]
    assert [Cell(each).name for each in found.state[5:10, 1]] == ["KNOWN", "MISSING", "MISSING", "OUTSIDE", "OUTSIDE"]


@given(st.lists(st.floats(-1e5, 1e6), min_size=2, max_size=60))
def test_seven_classes_hold_nearly_everything_between_round_limits(values: list[float]) -> None:
    limits = limits_of(np.array(values))
    assert len(limits) == 8
    steps = np.diff(limits)
    assert steps == pytest.approx(np.full(7, steps[0]), rel=1e-6)
    low, high = np.percentile(values, [1, 99])
    slack = 1e-9 * max(abs(low), abs(high), 1.0)
    assert limits[0] <= low + slack
    assert limits[-1] >= high - slack


def test_limits_are_round_and_can_be_given() -> None:
    assert limits_of(np.array([12.0, 30.0, 640.0])) == [0, 100, 200, 300, 400, 500, 600, 700]
    assert limits_of(np.full(3, np.nan))[-1] == 7
    assert read_limits(0.0, 700.0) == [0, 100, 200, 300, 400, 500, 600, 700]


def test_a_duration_curve_weighs_what_is_known() -> None:
    borders = np.arange(5, dtype=np.int64) * HOUR_MS
    value, coverage = np.array([10.0, 40.0, np.nan, 20.0]), np.array([1.0, 0.5, 0.0, 1.0])
    found = duration_of(course_of(borders, value, coverage), 10 * DAY_MS)
    assert found.value.tolist() == [40.0, 40.0, 20.0, 10.0]
    assert found.share.tolist() == pytest.approx([0.0, 0.2, 0.6, 1.0])
    assert (found.hours, found.of) == (2.5, 4.0)
    assert len(duration_of(course_of(borders, np.full(4, np.nan)), 0).share) == 0
    long = np.arange(5001, dtype=np.int64) * HOUR_MS
    many = duration_of(course_of(long, np.random.default_rng(1).random(5000)), 10_000 * DAY_MS)
    assert len(many.share) <= 500
    assert (many.share[0], many.share[-1]) == (0.0, 1.0)
    assert (np.diff(many.value) <= 0).all()


def test_stretches_name_the_worst_and_join_neighbours() -> None:
    borders = np.arange(9, dtype=np.int64) * HOUR_MS
    course = course_of(borders, np.array([1.0, np.nan, np.nan, 1.0, 1.0, 1.0, 1.0, np.nan]))
    course.spoke[2] = True
    course.quality[3:5] = Quality.UNCERTAIN
    course.coverage[4:7] = 0.5
    found = [(kind, a // HOUR_MS, b // HOUR_MS) for kind, a, b in stretches(course, 7 * HOUR_MS)]
    assert found == [("silent", 1, 2), ("bad", 2, 3), ("uncertain", 3, 5), ("low", 5, 7)]
