"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages._parts import format as fmt


def test_decimals_stay_and_thousands_are_set_apart_by_thin_spaces() -> None:
    assert fmt.number(15, 2) == "15.00"
    assert fmt.number(1234567.891, 1) == "1\u202f234\u202f567.9"
    assert fmt.number(-3.14159, 2) == "\u22123.14"
    assert fmt.number(-0.001, 2) == "0.00"


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_no_value_is_a_dash_without_unit(nothing: float | None) -> None:
    assert fmt.number(nothing) == "–"
    assert fmt.with_unit(nothing, "kW", 1) == "–"


def test_areas_and_lengths_carry_their_unit() -> None:
    assert fmt.area(48.04) == "48.0\u202fm²"
    assert fmt.area(45_309.4) == "45\u202f309\u202fm²"
    assert fmt.metres(-4.2) == "\u22124.20\u202fm"


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [(0.4, "0\u202fs", "0 秒"), (59.9, "59\u202fs", "59 秒"), (60, "1\u202fmin", "1 分钟"),
     (3600 * 47, "47\u202fh", "47 小时"),
     (86400 * 9, "9\u202fd", "9 天"), (-3, "0\u202fs", "0 秒")],
)  # fmt: skip
def test_an_age_in_its_largest_unit(seconds: float, en: str, zh: str) -> None:
    assert (fmt.age(seconds, "en"), fmt.age(seconds, "zh")) == (en, zh)


def test_an_unknown_age_is_not_zero() -> None:
    assert fmt.age(None, "en") == ""
    assert fmt.age(math.inf, "en") == ""


def test_times_stand_in_the_campus_zone() -> None:
    assert fmt.clock(1_775_000_000, "Asia/Shanghai") == "07:33:20"
    assert fmt.clock(1_775_000_000, "UTC") == "23:33:20"


@given(st.floats(-1e12, 1e12), st.integers(0, 4))
def test_what_is_written_reads_back_to_within_its_last_decimal(value: float, decimals: int) -> None:
    text = fmt.number(value, decimals).replace("\u202f", "").replace("\u2212", "-")
    assert abs(float(text) - value) <= 0.5 * 10**-decimals + abs(value) * 1e-12
