"""Words, numbers and times of what goes on paper: constant decimals, thin spaces, a true minus, the campus's clock."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

from server.texts import TEXTS, Lang
from twin.reports.periods import Period, local
from twin.reports.report import Coverage

THIN = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"


@cache
def table(lang: Lang, number: str = "") -> Mapping[str, str]:
    """The texts of what goes on paper, by key; ``.one``: those that differ where n is one."""
    file = TEXTS / f"paper.{lang}{number}.json"
    found: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found


def number(value: float | None, decimals: int = 0, *, sign: bool = False) -> str:
    """A number with so many decimals; an en dash for none; with ``sign`` also a plus."""
    if value is None or not math.isfinite(value):
        return DASH
    text = f"{abs(value):,.{decimals}f}".replace(",", THIN)
    some = any(digit in "123456789" for digit in text)
    before = MINUS if value < 0 and some else "+" if sign and some else ""
    return before + text


def percent(share: float | None, *, sign: bool = False, decimals: int | None = None) -> str:
    """A share [0..1] in percent. Of coverage: 100 only where it is whole, so 99.96 % is 99.9 %."""
    if share is None or not math.isfinite(share):
        return DASH
    if decimals is not None:
        return f"{number(100 * share, decimals, sign=sign)}{THIN}%"
    if share >= 1 - 1e-9:
        return f"100{THIN}%"
    told = math.floor(1000 * share + 1e-6) / 10
    fine = told >= 99 or 0 < told < 1
    return f"{number(told if fine else math.floor(told), 1 if fine else 0)}{THIN}%"


def decimals_for(value: float | None) -> int:
    """Decimals that suit a value of this size, for it and all that stands beside it."""
    size = abs(value) if value is not None and math.isfinite(value) else 0.0
    return 0 if size >= 1000 else 1 if size >= 10 else 2


@dataclass(frozen=True, slots=True)
class Speaker:
    """A language and a clock: what a document is written with. ``shift``: clocks change in the period, so that times
    name their offset."""

    lang: Lang
    zone: ZoneInfo
    shift: bool = False

    def say(self, key: str, **figures: object) -> str:
        """The text of ``key`` with its figures; KeyError names a key that no table has."""
        one = table(self.lang, ".one") if str(figures.get("n")) == "1" else {}
        line = one.get(key) or table(self.lang)[key]
        return line.format(**figures) if figures else line

    def knows(self, key: str) -> bool:
        """Whether there is a text of that key."""
        return key in table(self.lang)

    def name(self, names: Mapping[str, str], otherwise: str) -> str:
        """A thing's name in this language, else in any, else its id."""
        return next((text for key in (self.lang, "", "en", "zh", *names) if (text := names.get(key))), otherwise)

    def time(self, ms: int | None, *, day: bool = True) -> str:
        """An instant [ms] on the campus's clock: '11-26 08:15', without ``day`` '08:15'."""
        if ms is None:
            return DASH
        moment = local(ms, self.zone)
        text = moment.strftime("%m-%d %H:%M" if day else "%H:%M")
        return text + (moment.strftime("%z")[:3] + ":" + moment.strftime("%z")[3:] if self.shift else "")

    def full_time(self, ms: int) -> str:
        """An instant [ms] with its year: '2026-11-26 08:15'."""
        return local(ms, self.zone).strftime("%Y-%m-%d %H:%M")

    def day(self, day: date, *, weekday: bool = False) -> str:
        """A date in words."""
        text = self.say("date", y=day.year, m=day.month, d=day.day, month=self.say(f"month.{day.month}"))
        return self.say("date-day", date=text, weekday=self.weekday(day)) if weekday else text

    def weekday(self, day: date) -> str:
        """The name of its weekday."""
        return self.say(f"weekday.{day.weekday()}")

    def period(self, period: Period) -> str:
        """A period in words, a day with its weekday."""
        if period.kind == "day":
            return self.day(period.first, weekday=True)
        if period.kind == "month":
            return self.say("month-of", y=period.first.year, m=period.first.month,
                            month=self.say(f"month.{period.first.month}"))  # fmt: skip
        year, week, _ = period.first.isocalendar()
        return self.say("week-of", y=year, n=week, first=self.day(period.first), last=self.day(period.last))

    def meters(self, coverage: Coverage) -> str:
        """How many meters a total is of, and for how much of the time."""
        return self._covered("coverage.meters", coverage)

    def points(self, coverage: Coverage) -> str:
        """The same of points."""
        return self._covered("coverage.points", coverage)

    def short(self, coverage: Coverage) -> str:
        """The same for a table."""
        return self._covered("short.coverage", coverage)

    def _covered(self, key: str, coverage: Coverage) -> str:
        if not coverage.of:
            return self.say("coverage.nothing")
        told = percent(coverage.time) if coverage.have else f"0{THIN}%"
        return self.say(key, have=number(coverage.have), of=number(coverage.of), time=told)
