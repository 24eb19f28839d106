"""The timetable: weekdays and times as people write them, every other week; each mistake with its line."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from twin.timetable import Lesson, Timetable, misplaced, read_timetable

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = "space,days,from,to,people,since,until,every,note\n"


def sheet(folder: Path, rows: str, head: str = HEAD) -> Path:
    path = folder / "timetable.csv"
    path.write_text(head + rows, "utf-8")
    return path


def read(folder: Path, rows: str) -> list[Lesson]:
    lessons, mistakes = read_timetable(sheet(folder, rows))
    assert mistakes == []
    return lessons


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp()


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("1-5", {1, 2, 3, 4, 5}), ("Mon-Fri", {1, 2, 3, 4, 5}), ("sat", {6}), ("周一至周三", {1, 2, 3}), ("周日", {7}),
        ("一、三、五", {1, 3, 5}), ("1,3 5", {1, 3, 5}), ("6-2", {6, 7, 1, 2}), ("星期天".replace("星期", "周"), {7}),
    ],
)  # fmt: skip
def test_weekdays_as_people_write_them(tmp_path: Path, text: str, days: set[int]) -> None:
    (lesson,) = read(tmp_path, f'A/1,"{text}",08:00,09:50,40,,,,\n')
    assert lesson.days == days


def test_what_is_planned_now_and_nan_where_nothing_is(tmp_path: Path) -> None:
    rows = (
        "A/1,1-5,8:00,9:50,40,,,,\nA/2,1,08:00:00,12:00,30,,,,\nA/2,1,9:00,10:00,90,,,,two at once\n"
        "B,1,8:00,9:00,5,,,,\n"
    )
    plan = Timetable(read(tmp_path, rows), ["A/2", "A/1", "A/3"], ZONE)
    assert len(plan) == 3, "another's room is not ours"
    np.testing.assert_array_equal(plan.planned(at("2026-11-23T08:00")), [30, 40, np.nan])  # a Monday
    np.testing.assert_array_equal(plan.planned(at("2026-11-23T09:30")), [90, 40, np.nan])
    np.testing.assert_array_equal(plan.planned(at("2026-11-23T09:50")), [90, np.nan, np.nan])
    np.testing.assert_array_equal(plan.planned(at("2026-11-24T08:30")), [np.nan, 40, np.nan])
    np.testing.assert_array_equal(plan.planned(at("2026-11-28T08:30")), [np.nan] * 3)


def test_dates_weeks_and_midnight(tmp_path: Path) -> None:
    rows = "A,1,8:00,9:00,1,2026-09-09,2026/12/31,2,\nB,5,22:00,02:00,2,,,,\nC,1-7,0:00,24:00,3,,,,\n"
    plan = Timetable(read(tmp_path, rows), ["A", "B", "C"], ZONE)

    def a_day(text: str) -> float:
        return float(plan.planned(at(text))[0])

    assert np.isnan(a_day("2026-09-07T08:30")), "before it begins"
    assert np.isnan(a_day("2026-09-14T08:30")), "the week after that of since"
    assert a_day("2026-09-21T08:30") == 1
    assert np.isnan(a_day("2027-01-11T08:30")), "after it ended"
    night = [float(plan.planned(at(text))[1]) for text in ("2026-11-27T22:00", "2026-11-28T01:59", "2026-11-28T02:00")]
    np.testing.assert_array_equal(night, [2, 2, np.nan])
    assert float(plan.planned(at("2026-11-28T23:59"))[2]) == 3


def test_every_mistake_is_told_with_its_line_and_column(tmp_path: Path) -> None:
    rows = (
        "A,8,08:00,09:00,40,,,,\nA,1,25:00,9.30,40,,,,\nA,1,8:00,9:00,many,,,,\nA,1,8:00,9:00,4,2026-13-01,,,\n"
        "A,1,8:00,9:00,4,2026-09-02,2026-09-01,,\nA,1,8:00,9:00,4,,,3,\nA,1,8:00,9:00,4,,,2,\n,1,8:00,9:00,4,,,,\n"
    )
    lessons, mistakes = read_timetable(sheet(tmp_path, rows))
    assert lessons == []
    assert [(m.line, m.key, m.code) for m in mistakes] == [
        (2, "days", "no-weekday"), (3, "from", "no-time"), (3, "to", "no-time"), (4, "people", "not-a-number"),
        (5, "since", "no-date"), (6, "until", "empty-range"), (7, "every", "every"), (8, "since", "every"),
        (9, "space", "empty-cell"),
    ]  # fmt: skip
    _, mistakes = read_timetable(sheet(tmp_path, "", "space,days,from\n"))
    assert [(m.code, m.key) for m in mistakes] == [("missing-column", "to"), ("missing-column", "people")]


def test_a_space_that_no_model_has_is_told_once_with_what_was_meant() -> None:
    lessons = [Lesson("A/10", frozenset({1}), 0, 60, 5, line=line) for line in (2, 3)]
    (mistake,) = misplaced(lessons, {"A/101", "B/2"}, "timetable.csv")
    assert (mistake.line, mistake.code) == (2, "timetable-space")
    assert "A/101" in mistake.message


def test_every_other_week_counts_from_the_week_of_since() -> None:
    lesson = Lesson("A", frozenset({3}), 0, 60, 5, since=date(2026, 9, 4), every=2)  # a Friday
    held = [day for day in range(1, 31) if lesson.holds_on(date(2026, 9, day))]
    assert held == [16, 30]
