"""A number as a person says it: '约 17 兆瓦', 'about 17 megawatts'.

Two figures are kept, a larger unit is taken from ten of it on, Chinese counts in 万 and 亿, and what was rounded says
so. Counts below a hundred are said as they are. Nothing rounds up to a hundred per cent, nor down to nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Spoken:
    """``text`` is all of it; ``about`` whether it was rounded; ``number`` and ``unit`` as a wall sets them apart."""

    text: str
    about: bool
    number: str
    unit: str


@dataclass(frozen=True, slots=True)
class _Unit:
    """How a unit is said, and which one is said from ten of it on, ``each`` of this one."""

    zh: str
    en: str
    one: str
    larger: str = ""
    each: float = 1000.0


_UNITS: MappingProxyType[str, _Unit] = MappingProxyType(
    {
        "kW": _Unit("千瓦", "kilowatts", "kilowatt", "MW"),
        "MW": _Unit("兆瓦", "megawatts", "megawatt"),
        "kWh": _Unit("千瓦时", "kilowatt-hours", "kilowatt-hour", "MWh"),
        "MWh": _Unit("兆瓦时", "megawatt-hours", "megawatt-hour", "GWh"),
        "GWh": _Unit("吉瓦时", "gigawatt-hours", "gigawatt-hour"),
        "kWh/m²": _Unit("千瓦时每平方米", "kilowatt-hours per square metre", "kilowatt-hour per square metre"),
        "Mbit/s": _Unit("兆比特每秒", "megabits per second", "megabit per second", "Gbit/s"),
        "Gbit/s": _Unit("吉比特每秒", "gigabits per second", "gigabit per second"),
        "kg": _Unit("千克", "kilograms", "kilogram", "t"),
        "t": _Unit("吨", "tonnes", "tonne"),
        "°C": _Unit("摄氏度", "degrees", "degree"),
        "ppm": _Unit("ppm", "parts per million", "part per million"),
        "%": _Unit("%", "percent", "percent"),
        "m³": _Unit("立方米", "cubic metres", "cubic metre"),
        "m³/h": _Unit("立方米每小时", "cubic metres an hour", "cubic metre an hour"),
        "m²": _Unit("平方米", "square metres", "square metre"),
        "CNY": _Unit("元", "yuan", "yuan"),
        "s": _Unit("秒", "seconds", "second"),
    }
)
_ZH_STEPS = ((1e8, " 亿"), (1e4, " 万"))
_EN_STEPS = ((1e9, " billion"), (1e6, " million"))
_ABOUT = {"zh": "约 ", "en": "about "}
_NOTHING = {"zh": "暂无数据", "en": "no data"}


def no_data(lang: str) -> str:
    """What is said in place of a number that is not there; never 0."""
    return _NOTHING.get(lang, "–")


def spoken(value: float | None, unit: str = "", lang: str = "zh") -> Spoken:
    """``value`` [``unit``] as it is said in ``lang``; in a language other than zh and en as digits with the symbol."""
    if value is None or not math.isfinite(value):
        return Spoken(no_data(lang), False, "", "")
    size, unit = _scaled(abs(value), unit)
    kept = _two(size)
    if unit == "%" and size < 100 <= kept:
        return _told(lang, "more", "99", unit, plural=True)
    if 0 < size < 1:
        return _told(lang, "less", "1", unit, plural=False)
    about = not math.isclose(kept, size, rel_tol=1e-9)
    number, rest = _digits(kept, lang)
    if value < 0:
        number = _minus(unit, lang) + number
    word = _word(unit, lang, plural=kept != 1)
    before = _ABOUT.get(lang, "≈ ") if about else ""
    if lang == "zh" and value < 0:
        before = before.strip()  # 约零下 6: no blank between signs
    return Spoken(before + _join(number + rest, word, lang), about, number + rest, word)


def _scaled(size: float, unit: str) -> tuple[float, str]:
    """In the largest unit of which there are ten at least."""
    while (row := _UNITS.get(unit)) is not None and row.larger and _two(size) >= 10 * row.each:
        size, unit = size / row.each, row.larger
    return size, unit


def _two(size: float) -> float:
    """Two figures of a number, whole below a hundred."""
    if size < 100:
        return float(math.floor(size + 0.5))
    step = 10.0 ** (math.floor(math.log10(size)) - 1)
    return math.floor(size / step + 0.5) * step


def _digits(kept: float, lang: str) -> tuple[str, str]:
    """The digits, and the word of their step (万, million) or ''."""
    for step, word in _ZH_STEPS if lang == "zh" else _EN_STEPS if lang == "en" else ():
        if kept >= step * (1 - 1e-9):
            return f"{kept / step:.1f}".removesuffix(".0") if kept < 10 * step else f"{kept / step:.0f}", word
    return f"{kept:,.0f}" if lang == "en" else f"{kept:.0f}", ""


def _minus(unit: str, lang: str) -> str:
    if lang == "zh":
        return "零下 " if unit == "°C" else "负 "
    return "minus " if lang == "en" else "−"


def _word(unit: str, lang: str, *, plural: bool) -> str:
    row = _UNITS.get(unit)
    if row is None or lang not in _ABOUT:
        return unit
    return row.zh if lang == "zh" else row.en if plural else row.one


def _join(number: str, unit: str, lang: str) -> str:
    close = unit == "%" or not unit or (lang == "zh" and number[-1] in "万亿")
    return f"{number}{unit}" if close else f"{number} {unit}"


def _told(lang: str, how: str, number: str, unit: str, *, plural: bool) -> Spoken:
    """More or less than a number."""
    words = {"zh": {"more": "超过 ", "less": "不到 "}, "en": {"more": "more than ", "less": "less than "}}
    before = words.get(lang, {"more": "> ", "less": "< "})[how]
    word = _word(unit, lang, plural=plural)
    return Spoken(before + _join(number, word, lang), True, before + number, word)
