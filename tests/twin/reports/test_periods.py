"""Days, weeks and months of the campus's calendar, also where clocks change."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from twin.reports.periods import Period, PeriodError, local, midnight, read_date

BERLIN, SHANGHAI = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai")
HOUR = 3_600_000


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 11, 26), 24)]
)
def test_a_day_has_the_hours_that_it_has(day: date, hours: int) -> None:
    period = Period.of("day", day, BERLIN)
    assert (period.end - period.start) / HOUR == hours
    assert Period.of("day", day, SHANGHAI).end - Period.of("day", day, SHANGHAI).start == 24 * HOUR


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    week = Period.of("week", date(2026, 11, 29), SHANGHAI)
    assert (week.first, week.last) == (date(2026, 11, 23), date(2026, 11, 29))
    assert Period.of("week", date(2026, 11, 23), SHANGHAI) == week
    month = Period.of("month", date(2028, 2, 29), BERLIN)
    assert (month.first, month.last, len(month.days)) == (date(2028, 2, 1), date(2028, 2, 29), 29)
    assert month.start == midnight(date(2028, 2, 1), BERLIN)
    assert local(month.end, BERLIN).isoformat() == "2028-03-01T00:00:00+01:00"
    october = Period.of("month", date(2026, 10, 3), BERLIN)
    assert (october.end - october.start) / HOUR == 31 * 24 + 1


def test_what_a_period_is_held_against() -> None:
    day = Period.of("day", date(2026, 11, 26), SHANGHAI)
    assert day.before().first == date(2026, 11, 25)
    assert day.week_before().first == date(2026, 11, 19)
    assert day.year_before().first == date(2025, 11, 27)
    assert day.year_before().first.weekday() == day.first.weekday()
    week = Period.of("week", date(2026, 1, 1), SHANGHAI)
    assert (week.before().first, week.year_before().first) == (date(2025, 12, 22), date(2024, 12, 30))
    assert Period.of("month", date(2028, 2, 29), SHANGHAI).year_before().last == date(2027, 2, 28)
    assert Period.of("month", date(2026, 1, 9), SHANGHAI).before().first == date(2025, 12, 1)


def test_what_is_no_date_or_out_of_reach_says_so() -> None:
    assert read_date(" 2026-11-26 ") == date(2026, 11, 26)
    for text in ("26.11.2026", "", "2026-13-01", "yesterday", "2026-11-26T00:00"):
        with pytest.raises(PeriodError, match=r"is no date: write it as 2026-11-26"):
            read_date(text)
    for day in (date(1, 1, 1), date(9999, 12, 31)):
        with pytest.raises(PeriodError, match="out of reach"):
            Period.of("month", day, SHANGHAI)
