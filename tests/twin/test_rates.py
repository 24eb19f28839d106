"""Counters become rates: wraps, restarts, gaps, order; never a spike."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.trees import TREE
from twin.ingest import Ingest
from twin.live import LiveState
from twin.point import Point
from twin.rates import FIRST, LATE, RESET, Rates
from twin.reading import Quality, RawReading

T0 = 1_700_000_000.0


@given(
    st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 600)), min_size=1, max_size=30), st.integers(0, 2**32 - 1)
)
def test_rates_add_up_to_what_was_counted_over_every_wrap(steps: list[tuple[int, int]], start: int) -> None:
    rates, time, total, counted = Rates(), T0, start, 0.0
    rates.rate(1, start % 2**32, time, wrap=2**32)
    for counts, seconds in steps:
        total, time = total + counts, time + seconds
        rate, word = rates.rate(1, total % 2**32, time, wrap=2**32, most=1e9)
        assert word == ""
        counted += rate * seconds
    assert counted == pytest.approx(total - start, rel=1e-9, abs=1e-3)


def test_a_count_that_falls_is_a_wrap_only_where_that_is_possible() -> None:
    rates = Rates()
    assert rates.rate(0, 4_000_000_000, T0)[1] == FIRST
    assert rates.rate(0, 100, T0 + 60)[1] == RESET, "nobody says at which number it goes round"
    assert rates.rate(0, 1_300, T0 + 120) == (20.0, "")
    rates.rate(1, 2**32 - 600, T0)
    assert rates.rate(1, 600, T0 + 60, wrap=2**32, most=1e6) == (20.0, "")
    rates.rate(2, 1_000, T0)
    rate, word = rates.rate(2, 500, T0 + 60, wrap=2**64, most=1e9)
    assert math.isnan(rate), "a 64-bit counter that fell did not go round"
    assert word == RESET


def test_a_device_that_began_anew_gives_no_rate_even_where_its_count_rose() -> None:
    rates = Rates()
    rates.rate(0, 500, T0, boot=T0 - 1000)
    assert rates.rate(0, 1_100, T0 + 60, boot=T0 - 1000 + 2)[0] == 10.0, "clocks jitter"
    assert rates.rate(0, 9_999_999, T0 + 120, boot=T0 + 100)[1] == RESET


def test_late_and_repeated_counts_leave_the_rate_alone() -> None:
    rates = Rates()
    rates.rate(0, 0, T0)
    assert rates.rate(0, 600, T0 + 60) == (10.0, "")
    assert rates.rate(0, 600, T0 + 60) == (10.0, "")
    assert rates.rate(0, 300, T0 + 30)[1] == LATE
    assert rates.rate(0, 1_200, T0 + 120) == (10.0, "")


def test_octets_are_shown_as_traffic_and_a_restart_as_a_gap_with_its_reason() -> None:
    point = Point("p", "14", "traffic", "B/s", kind="counter", source="net", address="sw#octets_in[ge-1]")
    now = [T0]
    live = LiveState([point], TREE, clock=lambda: now[0])
    ingest = Ingest([point], live, clock=lambda: now[0])

    def take(count: int, boot: float) -> tuple[object, ...]:
        now[0] += 60
        ingest.accept([RawReading(point.address, count, now[0], boot=boot, wrap=2**64)], "net")
        latest = live.latest("p")
        return latest.value, latest.quality, latest.reasons

    assert take(10**15, T0) == (None, Quality.UNCERTAIN, (FIRST,))
    assert take(10**15 + 750_000_000, T0) == (pytest.approx(100.0), Quality.GOOD, ())
    assert take(4_000, T0 + 100) == (None, Quality.UNCERTAIN, (RESET,))
    assert take(754_000, T0 + 100) == (pytest.approx(0.1), Quality.GOOD, ())
    assert live.latest("p").unit == "Mbit/s"
