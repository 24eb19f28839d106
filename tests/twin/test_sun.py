"""Where the sun stands, beside figures of almanacs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from twin.sun import altitude, is_night


def at(*when: int) -> float:
    year, month, day, *clock = when
    return datetime(year, month, day, *clock, tzinfo=UTC).timestamp()  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("latitude", "longitude", "when", "degrees"),
    [
        (34.3, 108.93, (2026, 6, 21, 4, 46), 90 - 34.3 + 23.44),  # noon of the longest day in Xi'an
        (34.3, 108.93, (2026, 12, 21, 4, 42), 90 - 34.3 - 23.44),
        (0.0, 0.0, (2026, 3, 20, 12, 7), 90.0),
        (51.48, 0.0, (2026, 6, 21, 0, 2), 51.48 + 23.44 - 90),  # midnight in Greenwich
    ],
)
def test_how_high_it_stands(latitude: float, longitude: float, when: tuple[int, ...], degrees: float) -> None:
    assert altitude(latitude, longitude, at(*when)) == pytest.approx(degrees, abs=0.3)


def test_it_rises_and_sets() -> None:
    # Xi'an, 17 June 2026: 05:31 and 19:59 local time
    for minute, night in ((21 * 60 + 20, True), (21 * 60 + 45, False), (11 * 60 + 45, False), (12 * 60 + 15, True)):
        day = 16 if minute > 1000 else 17
        assert is_night(34.3, 108.93, at(2026, 6, day, minute // 60, minute % 60)) is night, minute
