"""Shifts are a whole day, also on the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from twin.shifts import DEFAULT, ShiftEntries, Shifts

BERLIN = Shifts(DEFAULT, ZoneInfo("Europe/Berlin"))


def told(*hours: str) -> object:
    rows = {str(n): {"names": {"en": "x"}, "hours": each} for n, each in enumerate(hours)}
    return TypeAdapter(ShiftEntries).validate_python(rows)


def test_an_instant_lies_in_the_shift_of_the_campus_clock() -> None:
    shifts = Shifts(DEFAULT, ZoneInfo("Asia/Shanghai"))
    found = shifts.at(datetime(2026, 11, 27, 23, 59, tzinfo=UTC).timestamp())
    assert (found.id, found.names["zh"]) == ("night", "夜班")
    assert datetime.fromtimestamp(found.end, UTC) == datetime(2026, 11, 28, 0, 0, tzinfo=UTC)
    assert (shifts.before(found).id, shifts.after(found).id) == ("evening", "day")
    late = Shifts(told("22:00-06:00", "06:00-22:00"), ZoneInfo("UTC"))  # type: ignore[arg-type]
    over = late.at(datetime(2026, 1, 2, 3, tzinfo=UTC).timestamp())
    assert datetime.fromtimestamp(over.start, UTC) == datetime(2026, 1, 1, 22, tzinfo=UTC), "it began the day before"


@given(st.integers(1_760_000_000, 1_800_000_000))
def test_every_instant_has_one_shift_and_they_meet(instant: int) -> None:
    shift = BERLIN.at(float(instant))
    assert shift.start <= instant < shift.end
    assert BERLIN.before(shift).end == shift.start
    assert BERLIN.after(shift).start == shift.end
    assert 7 * 3600 <= shift.end - shift.start <= 9 * 3600


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (["08:00-16:00"], "leave a gap at 16:00"),
        (["00:00-12:00", "11:00-24:00"], "overlap at 11:00"),
        (["00:00-24:00", "00:00-24:00"], "overlap"),
        (["8-16"], "no span of hours"),
        ([], "one to"),
    ],
)
def test_what_is_no_whole_day_is_said(hours: list[str], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        told(*hours)
