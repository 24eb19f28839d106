"""Rows 11 and 19: registers that dip, go round, send garbage and are replaced; days of 23 and 25 hours that add up."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.quality.replay import MONDAY, Replay
from twin.meter import Register, by_interval, continuous, day_edges
from twin.point import Point

QUARTER = 900.0
T = MONDAY


def totals(values: list[float], register: Register | None = None) -> tuple[list[float], list[str]]:
    times = [T + QUARTER * k for k in range(len(values))]
    _, found, events = continuous(times, values, register or Register())
    return found.tolist(), [event.kind for event in events]


def test_a_dip_within_tolerance_holds_and_is_told_once() -> None:
    found, events = totals([1000.0, 1002.0, 1001.5, 1001.8, 1003.0])
    assert found == [1000.0, 1002.0, 1002.0, 1002.0, 1003.0]
    assert events == ["dip"]


@pytest.mark.parametrize("top", [1e4, 1e6, 99_999.9 + 0.1])
def test_a_rollover_near_a_power_of_ten_goes_on(top: float) -> None:
    found, events = totals([top - 5, top - 2, 1.0, 4.0])
    assert np.diff(found).tolist() == pytest.approx([3, 3, 3])
    assert events == ["rollover"]


def test_a_rollover_at_the_meters_own_number() -> None:
    found, events = totals([65_530.0, 65_535.0, 3.0], Register(modulus=65_536.0))
    assert np.diff(found).tolist() == pytest.approx([5, 4])
    assert events == ["rollover"]


def test_a_new_meter_is_an_event_with_an_offset_and_no_spike() -> None:
    register = Register()
    found, events = totals([48_211.0, 48_213.0, 12.0, 14.0, 16.0, 18.0], register)
    assert events == ["replacement"]
    assert register.offset == 48_213.0 - 12.0
    assert np.diff(found).tolist() == pytest.approx([2, 4, 2]), "the two that waited are in the next"
    higher, kinds = totals([10.0, 12.0, 90_000.0, 90_002.0, 90_004.0], Register(most=100))
    assert np.diff(higher).tolist() == pytest.approx([2, 4])
    assert kinds == ["replacement"]


@pytest.mark.parametrize("garbage", [0.0, 7.0, 4.2e9, 65_535.0])
def test_garbage_in_between_counts_nothing(garbage: float) -> None:
    found, events = totals([1000.0 + k for k in range(40)] + [garbage, 1041.0, garbage, garbage - 1, 1044.0])
    assert events == ["glitch", "glitch"]
    assert max(np.diff(found)) == pytest.approx(3)
    assert found[-1] == 1044.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 900), min_size=8, max_size=60), st.integers(0, 9999), st.integers(4, 6))
def test_what_was_counted_is_there_over_every_rollover(steps: list[int], start: int, digits: int) -> None:
    counted = start + np.cumsum([0, *steps])
    shown = (counted % 10**digits).astype(float).tolist()
    found, events = totals(shown, Register(modulus=10.0**digits, most=4000, tolerance=0.0))
    assert found[-1] - found[0] == counted[-1] - counted[0]
    assert set(events) <= {"rollover"}


@pytest.mark.parametrize(
    ("zone", "first", "last", "hours"),
    [
        ("Europe/Amsterdam", date(2022, 10, 29), date(2022, 10, 31), [24, 25, 24]),
        ("Europe/Amsterdam", date(2022, 3, 26), date(2022, 3, 28), [24, 23, 24]),
        ("America/New_York", date(2026, 11, 1), date(2026, 11, 1), [25]),
        ("Asia/Shanghai", date(2026, 3, 28), date(2026, 3, 30), [24, 24, 24]),
    ],
)
def test_days_when_clocks_change_add_up(zone: str, first: date, last: date, hours: list[int]) -> None:
    edges = day_edges(first, last, ZoneInfo(zone))
    assert np.diff(edges).tolist() == [h * 3600 for h in hours]
    times = np.arange(edges[0] - 3600, edges[-1] + 3601, QUARTER)
    register = 500.0 + (times - times[0]) / 3600 * 12.0  # 12 kW
    days = by_interval(times, register, edges)
    assert days.amount.tolist() == pytest.approx([12.0 * h for h in hours])
    assert days.coverage.tolist() == pytest.approx([1.0] * len(hours))
    assert days.amount.sum() == pytest.approx(
        np.interp(edges[-1], times, register) - np.interp(edges[0], times, register)
    )


def test_hours_that_nobody_read_are_told_by_coverage_and_none_is_invented() -> None:
    times = T + 3600.0 * np.array([0, 1, 2, 10, 11], np.float64)
    counted = by_interval(times, np.array([0.0, 1, 2, 18, 19]), T + 3600.0 * np.arange(-2, 14, dtype=np.float64))
    assert np.isnan(counted.amount[:2]).all()
    assert np.isnan(counted.amount[13:]).all()
    assert counted.amount[2:13].tolist() == pytest.approx([1, 1, *[2] * 8, 1])
    assert counted.coverage[2:13].tolist() == pytest.approx([1, 1, *[0] * 8, 1])


def test_the_live_twin_tells_of_a_replaced_meter() -> None:
    replay = Replay([Point("e", "A/1/1", "energy", "kWh", "counter", source="s", address="e")])
    for value in (48_211.0, 48_213.0, 12.0, 14.0, 16.0):
        replay.send({"e": value})
        replay.now += 60
    (finding,) = replay.open("register")
    assert (finding.variant, finding.figures["before"], finding.figures["offset"]) == (
        "replacement",
        48_213.0,
        48_201.0,
    )
    assert finding.severity == "info"


def test_readings_out_of_order_and_too_few_count_nothing() -> None:
    register = Register()
    assert register.read(T, 5.0).total == 5.0
    assert register.read(T - 1, 4.0).total is None
    assert np.isnan(by_interval(np.array([T]), np.array([1.0]), np.array([T, T + 1])).amount).all()
    assert continuous([], [], Register())[0].size == 0
