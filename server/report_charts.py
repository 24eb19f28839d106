"""The drawings of a report: energy by the hour or by the day, and a month as a carpet of hours."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise

import numpy as np

from server.paper import Drawing
from server.paper_svg import Bar, bars, carpet, classes
from server.paper_text import Speaker, decimals_for, number
from twin.reports.periods import Period, local
from twin.reports.report import Course, Day, Energy, Report

HOURS = 24
EVERY = 3
"""Every third hour has its label."""


def by_hour(report: Report, speak: Speaker) -> Drawing:
    """The hours of a day as bars, with the band that was expected; hours to come are empty."""
    course, period = report.energy.course, report.period
    hours = hours_of(period)
    told = []
    for at in hours:
        row = int(np.searchsorted(course.times, at))
        begun = row < len(course.times) and course.times[row] == at
        told.append(Bar(
            float(course.kwh[row]) if begun and course.known[row] else None, float(course.known[row]) if begun else 0.0,
            begun, expected=_expected(course, row) if begun else None,
        ))  # fmt: skip
    ticks = [speak.time(at, day=False) if n % EVERY == 0 else "" for n, at in enumerate((*hours, period.end))]
    if len(hours) % EVERY:
        ticks[-1] = ""
    over = [bar for bar, at in zip(told, hours, strict=True) if bar.begun and at + 3_600_000 <= report.until]
    says = _says(speak, "chart.hours.says", over)
    title = speak.say("chart.hours")
    svg = bars("hours", told, f"{title}. {says}", "kWh", ticks)
    return Drawing(svg, says, f"{title}{speak.say('colon')}{says}", _legend(speak, told, report.energy.course.model))


def hours_of(period: Period) -> list[int]:
    """Where the hours of a period begin [ms]: 23 to 25 of a day."""
    return list(range(period.start, period.end, 3_600_000))


def _expected(course: Course, row: int) -> tuple[float, float, float] | None:
    if not len(course.expected) or not math.isfinite(course.expected[row]):
        return None
    return float(course.expected[row]), float(course.low[row]), float(course.high[row])


def by_day(report: Report, speak: Speaker) -> Drawing:
    """The days of a week or month as bars, with what was expected of each."""
    told = [
        Bar(day.kwh, day.known, begun(report, day), _day_label(speak, day.day, report.period.kind),
            None if day.expected is None else (day.expected, math.nan, math.nan), day.day.weekday() >= 5)
        for day in report.energy.days
    ]  # fmt: skip
    over = [bar for bar, day in zip(told, report.energy.days, strict=True) if day.over]
    says = _says(speak, "chart.days.says", over)
    title = speak.say("chart.days")
    svg = bars("days", told, f"{title}. {says}", "kWh")
    return Drawing(svg, says, f"{title}{speak.say('colon')}{says}", _legend(speak, told, ""))


def begun(report: Report, day: Day) -> bool:
    """Whether a day of the period has begun."""
    return Period.of("day", day.day, report.period.zone).start < report.until


def _day_label(speak: Speaker, day: date, kind: str) -> str:
    if kind == "week":
        return f"{speak.weekday(day)}\n{day.month:02}-{day.day:02}"
    return f"{day.day}\n{speak.say(f'short-day.{day.weekday()}')}"


def _says(speak: Speaker, key: str, told: list[Bar]) -> str:
    known = [bar.value for bar in told if bar.value is not None]
    if not known:
        return speak.say("chart.none.says")
    places = decimals_for(max(known))
    return speak.say(
        key, n=len(told), known=sum(bar.known >= 0.95 for bar in told), high=number(max(known), places),
        low=number(min(known), places),
    )  # fmt: skip


def _legend(speak: Speaker, told: list[Bar], model: str) -> list[tuple[str, str]]:
    """Only the signs that are in the drawing."""
    signs = [("solid", speak.say("legend.solid"))]
    if any(bar.begun and 0.005 <= bar.known < 0.95 for bar in told):
        signs.append(("part", speak.say("legend.part")))
    if any(bar.begun and bar.known < 0.005 for bar in told):
        signs.append(("hatch", speak.say("legend.hatch")))
    if any(bar.expected is not None for bar in told):
        signs.append(("line", speak.say("legend.line")))
    if any(bar.expected is not None and math.isfinite(bar.expected[1]) for bar in told):
        signs.append(("band", speak.say("legend.band", model=speak.say(f"model.{model or 'none'}"))))
    return signs


def month(report: Report, speak: Speaker) -> Drawing:
    """Every hour of a month by the clock: an hour that a day has twice is their mean, one that it has not is empty."""
    course, zone, days = report.energy.course, report.period.zone, report.period.days
    sums, counts = np.zeros((HOURS, len(days))), np.zeros((HOURS, len(days)))
    exists = np.zeros((HOURS, len(days)), np.bool_)
    begun_ = np.zeros((HOURS, len(days)), np.bool_)
    first = days[0].toordinal()
    for at in hours_of(report.period):
        moment = local(at, zone)
        place = moment.hour, moment.toordinal() - first
        exists[place] = True
        begun_[place] |= at < report.until
    for at, kwh, known, width in zip(
        course.times.tolist(), course.kwh.tolist(), course.known.tolist(), course.width.tolist(), strict=True
    ):
        moment = local(at, zone)
        if known >= 0.5 and width:
            sums[moment.hour, moment.toordinal() - first] += kwh / (width / 3_600_000)
            counts[moment.hour, moment.toordinal() - first] += 1
    table = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    limits = classes(table)
    title = speak.say("chart.carpet")
    labels = [(f"{day.day}\n{speak.say(f'short-day.{day.weekday()}')}", day.weekday() >= 5) for day in days]
    svg = carpet("carpet", table, begun_, exists, labels, limits, title)
    return Drawing(svg, title, title, _classes(speak, limits, bool((begun_ & exists & np.isnan(table)).any())))


def _classes(speak: Speaker, limits: list[float], gaps: bool) -> list[tuple[str, str]]:
    step = limits[1] - limits[0]
    places = 0 if step >= 1 and step % 1 == 0 else 1 if step >= 0.1 else 3
    shown = [number(limit, places) for limit in limits]
    told = [("r1", f"< {shown[0]}")]
    told += [(f"r{n + 2}", f"{a} – {b}") for n, (a, b) in enumerate(pairwise(shown))]
    told.append(("r7", f"≥ {shown[-1]} kW"))
    return [*told, ("hatch", speak.say("legend.hatch"))] if gaps else told


def drawings(report: Report, speak: Speaker) -> list[Drawing]:
    """What is drawn of a report's energy; nothing where it has none."""
    energy: Energy = report.energy
    if not energy.groups or not len(energy.course.times):
        return []
    if report.period.kind == "day":
        return [by_hour(report, speak)]
    return [by_day(report, speak), *([month(report, speak)] if report.period.kind == "month" else [])]
