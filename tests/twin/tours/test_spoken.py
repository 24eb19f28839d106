"""Numbers as a person says them, in both languages."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.tours.spoken import spoken

CASES = [
    (17_318, "kW", "约 17 兆瓦", "about 17 megawatts"),
    (17_000, "kW", "17 兆瓦", "17 megawatts"),
    (9_960, "kW", "约 10 兆瓦", "about 10 megawatts"),
    (7_412, "kW", "约 7400 千瓦", "about 7,400 kilowatts"),
    (123_456, "kW", "约 120 兆瓦", "about 120 megawatts"),
    (214.4, "kW", "约 210 千瓦", "about 210 kilowatts"),
    (98.6, "kW", "约 99 千瓦", "about 99 kilowatts"),
    (1, "kW", "1 千瓦", "1 kilowatt"),
    (1.2, "kW", "约 1 千瓦", "about 1 kilowatt"),
    (0.3, "kW", "不到 1 千瓦", "less than 1 kilowatt"),
    (0, "kW", "0 千瓦", "0 kilowatts"),
    (-3.2, "kW", "约负 3 千瓦", "about minus 3 kilowatts"),
    (318_220, "kWh", "约 320 兆瓦时", "about 320 megawatt-hours"),
    (12_345_678, "kWh", "约 12 吉瓦时", "about 12 gigawatt-hours"),
    (36, "", "36", "36"),
    (137, "", "约 140", "about 140"),
    (7_333, "", "约 7300", "about 7,300"),
    (9_999, "", "约 1 万", "about 10,000"),
    (12_345, "", "约 1.2 万", "about 12,000"),
    (99_600, "", "约 10 万", "about 100,000"),
    (4_700_000, "", "470 万", "4.7 million"),
    (107_900_000, "", "约 1.1 亿", "about 110 million"),
    (10_000_000_000, "", "100 亿", "10 billion"),
    (68.4, "%", "约 68%", "about 68 percent"),
    (100, "%", "100%", "100 percent"),
    (99.6, "%", "超过 99%", "more than 99 percent"),
    (0.2, "%", "不到 1%", "less than 1 percent"),
    (21.4, "°C", "约 21 摄氏度", "about 21 degrees"),
    (-6, "°C", "零下 6 摄氏度", "minus 6 degrees"),
    (1_003, "ppm", "约 1000 ppm", "about 1,000 parts per million"),
    (33_870, "Mbit/s", "约 34 吉比特每秒", "about 34 gigabits per second"),
    (18_240, "kg", "约 18 吨", "about 18 tonnes"),
    (51_200, "CNY", "约 5.1 万元", "about 51,000 yuan"),
    (None, "kW", "暂无数据", "no data"),
    (math.nan, "kW", "暂无数据", "no data"),
    (math.inf, "", "暂无数据", "no data"),
]


@pytest.mark.parametrize(("value", "unit", "zh", "en"), CASES)
def test_a_number_is_said_as_people_say_it(value: float | None, unit: str, zh: str, en: str) -> None:
    assert spoken(value, unit, "zh").text == zh
    assert spoken(value, unit, "en").text == en


def test_other_languages_have_digits_and_the_symbol() -> None:
    told = spoken(17_318, "kW", "ru")
    assert (told.text, told.about, told.number, told.unit) == ("≈ 17 MW", True, "17", "MW")
    assert spoken(0.3, "kW", "ru").text == "< 1 kW"
    assert spoken(None, "kW", "ru").text == "–"


SCALES = {"megawatts": 1e3, "kilowatts": 1.0, "kilowatt": 1.0, "percent": 1.0, "": 1.0}


@given(st.floats(0, 1e12), st.sampled_from(["kW", "", "%"]))
def test_what_is_said_is_near_what_is(value: float, unit: str) -> None:
    told = spoken(value, unit, "en")
    number = float(re.sub(r"[^\d.]", "", told.number)) * SCALES[told.unit]
    number *= 1e6 if " million" in told.text else 1e9 if " billion" in told.text else 1.0
    assert abs(number - value) <= max(0.05 * value, 1.0) * (1 + 1e-9)
    assert told.about or math.isclose(number, value, rel_tol=1e-6)
    assert not re.search(r"\d\.\d\d", told.text)
