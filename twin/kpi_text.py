"""What must be said of a KPI, in Chinese and English: why there is no number, and what a number was made of."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal
from zoneinfo import ZoneInfo

from twin.kpi_value import Covers, Sentence

SENTENCES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        # why there is no number
        "no-points": ("此处没有这类测点", "no points of this kind here"),
        "never-heard": ("尚未收到数据", "nothing heard yet"),
        "no-data": ("自 {time} 起无数据", "no data since {time}"),
        "just-begun": ("刚开始累计", "counting has just begun"),
        "no-area": ("面积未知", "the area is not known"),
        "no-tariff": ("未给出电价", "no tariff given"),
        "not-a-day-yet": ("尚不足 24 小时（已有 {hours:.1f} 小时）", "not yet known: {hours:.1f} of 24 h in memory"),
        "nothing-drawn": ("24 小时内没有用电", "nothing was drawn in 24 h"),
        "no-egress": ("此处没有出口链路测点", "no points of a way out here"),
        "no-capacity": ("出口容量未给出", "the capacity is not given"),
        # what it was made of
        "by-meters": ("电表读数差，自 {time} 起", "from meters, since {time}"),
        "by-meters-late": (
            "电表读数差，自 {time} 起（程序自此运行）", "from meters, since {time} only, when the program began"),
        "by-integral": ("功率积分，自 {time} 起", "integral of power, since {time}"),
        "by-integral-late": (
            "功率积分，自 {time} 起（程序自此运行）", "integral of power, since {time} only, when the program began"
        ),
        "by-both": (
            "{metered:.0f} 栋按电表、{integrated:.0f} 栋按功率积分，自 {time} 起",
            "{metered:.0f} buildings from meters, {integrated:.0f} by the integral of power, since {time}",
        ),
        "by-both-late": (
            "{metered:.0f} 栋按电表、{integrated:.0f} 栋按功率积分，自 {time} 起（程序自此运行）",
            "{metered:.0f} buildings from meters, {integrated:.0f} by the integral of power, since {time} only, when "
            "the program began",
        ),
        "co2-default": (
            "默认因子 {factor:g} kg/kWh：{source}，{date}", "default factor {factor:g} kg/kWh: {source}, {date}"
        ),
        "co2-given": ("因子 {factor:g} kg/kWh：{source}，{date}", "factor {factor:g} kg/kWh: {source}, {date}"),
        "tariff": (
            "电价 {price:g} {currency}/kWh：{source}，{date}", "tariff {price:g} {currency}/kWh: {source}, {date}"),
        "lowest-hour": ("{begin} 至 {end}", "{begin} to {end}"),
        "capacity": ("容量 {capacity} Mbit/s", "capacity {capacity} Mbit/s"),
    }
)  # fmt: skip
BRIEFS: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "by-meters": ("电表", "meters"),
        "by-meters-late": ("自 {time}，电表", "since {time}, meters"),
        "by-integral": ("功率积分", "integral of power"),
        "by-integral-late": ("自 {time}，功率积分", "since {time}, integral of power"),
        "by-both": ("电表与积分", "meters and integral"),
        "by-both-late": ("自 {time}，电表与积分", "since {time}, meters and integral"),
        "co2-default": ("默认因子", "default factor"),
        "co2-given": ("因子 {factor:g}", "factor {factor:g}"),
        "tariff": ("电价 {price:g}", "tariff {price:g}"),
        "lowest-hour": ("{begin}–{end}", "{begin} to {end}"),
        "capacity": ("容量 {capacity} Mbit/s", "of {capacity} Mbit/s"),
    }
)
"""Of those that a number is made of the few words that fit under it."""

TIMES = frozenset({"time", "begin", "end"})

COVERS: MappingProxyType[Covers, tuple[str, str]] = MappingProxyType(
    {
        "points": ("个测点", "points"), "rooms": ("个房间", "rooms"), "devices": ("台设备", "devices"),
        "links": ("条链路", "links"), "buildings": ("栋楼", "buildings"), "minutes": ("分钟", "minutes"),
    }
)  # fmt: skip


def in_words(sentence: Sentence, zone: ZoneInfo, lang: Literal["zh", "en"], *, brief: bool = False) -> str:
    """A sentence in a language, or the few words for it; times of day in the campus's zone."""
    figures = {
        name: _clock(float(figure), zone) if name in TIMES else _spaced(figure) if name == "capacity" else figure
        for name, figure in sentence.figures.items()
    }
    return (BRIEFS if brief else SENTENCES)[sentence.code][lang == "en"].format(**figures)


def _spaced(figure: object) -> str:
    """Thousands apart by thin spaces, as every number on screen."""
    return f"{figure:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _clock(seconds: float, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).strftime("%H:%M")
