"""Numbers, units, ages and times as people read them: constant decimals, true minus, thin spaces, the campus's zone."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

THIN = "\N{NARROW NO-BREAK SPACE}"
"""Within a number and before its unit no line breaks."""
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


def number(value: float | None, decimals: int = 0) -> str:
    """``value`` with exactly ``decimals`` decimals, thin spaces between thousands; an en dash for no value."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{abs(value):,.{decimals}f}".replace(",", THIN)
    negative = value < 0 and any(digit in "123456789" for digit in text)
    return f"{MINUS}{text}" if negative else text


def with_unit(value: float | None, unit: str, decimals: int = 0) -> str:
    """The number and its unit, kept on one line by a narrow no-break space; no unit where there is no value."""
    text = number(value, decimals)
    return text if text == DASH or not unit else f"{text}{THIN}{unit}"


def area(value: float | None) -> str:
    """An area [m²]: one decimal under 1,000 m², none above."""
    return with_unit(value, "m²", 1 if value is not None and abs(value) < 1000 else 0)


def metres(value: float | None, decimals: int = 2) -> str:
    """A length [m]."""
    return with_unit(value, "m", decimals)


def age(seconds: float | None, lang: str) -> str:
    """How old a value is [s], in the largest unit that says it: '4 s', '12 min', '3 h', '5 d'; '' when unknown."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    steps = ((1, 60, "s", " 秒"), (60, 60, "min", " 分钟"), (3600, 48, "h", " 小时"), (86400, math.inf, "d", " 天"))
    seconds = max(0.0, seconds)
    for size, limit, latin, cjk in steps:
        if seconds / size < limit:
            return f"{int(seconds / size)}{cjk if lang == 'zh' else THIN + latin}"
    raise AssertionError("the last step has no limit")


def clock(epoch: float, zone: str) -> str:
    """Seconds since the epoch [s, UTC] as a time of day in the campus's ``zone``."""
    return datetime.fromtimestamp(epoch, UTC).astimezone(ZoneInfo(zone)).strftime("%H:%M:%S")


def clock_of(epoch: float, at: float, zone: str) -> str:
    """A time of day as seen from the moment ``at`` [both s since epoch]; with month and day where it is another day."""
    moment, other = (datetime.fromtimestamp(each, UTC).astimezone(ZoneInfo(zone)) for each in (epoch, at))
    return moment.strftime("%H:%M:%S" if moment.date() == other.date() else "%m-%d %H:%M:%S")


_WEEKDAYS = {"zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
             "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}  # fmt: skip


def stamp(epoch: float, zone: str, lang: str) -> str:
    """An instant [s since epoch] with date and weekday in the campus's ``zone``."""
    moment = datetime.fromtimestamp(epoch, UTC).astimezone(ZoneInfo(zone))
    weekday = _WEEKDAYS["zh" if lang == "zh" else "en"][moment.weekday()]
    if lang == "zh":
        return f"{moment.year}年{moment.month}月{moment.day}日 {weekday} {moment:%H:%M:%S}"
    return f"{weekday} {moment.day} {moment:%b %Y, %H:%M:%S}"


def iso(epoch: float) -> str:
    """An instant [s since epoch] as addresses write it."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def second_name(names: dict[str, str], lang: str, shown: str) -> str:
    """The name in the other interface language when it says more than ``shown``; '' when there is none."""
    other = names.get("en" if lang == "zh" else "zh", "")
    return "" if other in ("", shown) else other
