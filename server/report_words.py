"""A report in words: the document that is printed, in Chinese or English. The numbers are ``twin.reports``'."""

from __future__ import annotations

import math

from server import report_more
from server.paper import Block, Cell, Column, Document, Figure, Figures, Paragraph, Section, Table
from server.paper_text import Speaker, decimals_for, number, percent
from server.report_charts import begun, drawings
from server.texts import Lang
from twin.reports.periods import local
from twin.reports.report import Compared, Coverage, Day, Energy, Money, Part, Report

LESS = 0.05
"""Where the coverage of two periods differs by more than this share, their comparison says so."""


def document(report: Report, lang: Lang, *, schematic: bool = False) -> Document:
    """The whole report; ``schematic``: its buildings are, and areas with them."""
    speak = speaker(report, lang)
    say = speak.say
    campus = speak.name(report.campus_names, report.campus)
    name = speak.name(report.names, report.entity)
    title = say("title", name=name, kind=say(f"title.{report.period.kind}"))
    under = speak.period(report.period)
    return Document(
        lang=lang, over=_over(report, speak), title=title, under=under,
        facts=_facts(report, speak), marks=_marks(report, speak, schematic=schematic),
        foot=say("comma").join([title, under, *([campus] if report.entity_kind == "building" else [])]),
        page_of=say("page-of", n="{n}", all="{all}"), sections=_sections(report, speak),
    )  # fmt: skip


def speaker(report: Report, lang: Lang) -> Speaker:
    """Who speaks of a report: in its zone, with offsets where its clocks change."""
    zone = report.period.zone
    first, last = (local(at, zone).utcoffset() for at in (report.period.start, report.period.end))
    return Speaker(lang, zone, first != last)


def _over(report: Report, speak: Speaker) -> str:
    """Whose building it is; of the campus itself its name in the other language."""
    if report.entity_kind == "building":
        return speak.name(report.campus_names, report.campus)
    return report.campus_names.get("en" if speak.lang == "zh" else "zh", "") or report.campus


def _facts(report: Report, speak: Speaker) -> list[str]:
    say = speak.say
    until = _data_until(report)
    known = say("data-none") if until is None else say("data-until", time=speak.full_time(until))
    told = [known, say("made", time=speak.full_time(report.made)), say("zone", zone=report.period.zone.key)]
    if speak.shift:
        hours = number((report.period.end - report.period.start) / 3_600_000)
        told.append(say("day-length" if report.period.kind == "day" else "period-length", n=hours))
    return told


def _data_until(report: Report) -> int | None:
    """Up to when anything is known of the period [ms]: of its energy where it has any, else of the whole history."""
    course = report.energy.course
    known = course.known > 0
    if known.any():
        return int((course.times + course.width)[known].max())
    return None if report.empty or report.newest is None else min(report.newest, report.until)


def _marks(report: Report, speak: Speaker, *, schematic: bool) -> list[tuple[str, str]]:
    say = speak.say
    told = []
    if report.origin in ("simulated", "mixed"):
        told.append((say(f"mark.{report.origin}"), say(f"mark.{report.origin}-says")))
    if not report.complete:
        told.append((say("mark.running"), say("mark.running-says", time=speak.time(report.until))))
    if schematic and report.energy.area_m2 and not report.empty:
        told.append((say("mark.schematic"), say("mark.schematic-says")))
    return told


def _sections(report: Report, speak: Speaker) -> list[Section]:
    if report.empty:
        return [_empty(report, speak), report_more.happened(report, speak), report_more.unknown(report, speak)]
    every = [
        _energy(report, speak), _parts(report, speak), report_more.services(report, speak),
        report_more.happened(report, speak), report_more.trust(report, speak), report_more.unknown(report, speak),
        _figures(report, speak), report_more.method(speak),
    ]  # fmt: skip
    return [section for section in every if section is not None]


def _empty(report: Report, speak: Speaker) -> Section:
    if report.oldest is None:
        text = speak.say("empty.none")
    elif report.oldest >= report.until:
        text = speak.say("empty.before", time=speak.full_time(report.oldest))
    else:
        text = speak.say("empty.within")
    return Section(speak.say("empty.title"), [Paragraph(text)])


# energy


def _energy(report: Report, speak: Speaker) -> Section:
    blocks: list[Block] = [Figures(_headlines(report, speak))]
    if report.energy.groups:
        blocks.append(_comparisons(report, speak))
    blocks += drawings(report, speak)
    blocks += [Paragraph(text, "quiet") for text in _sources(report.energy, speak)]
    return Section(speak.say("section.energy"), blocks)


def _headlines(report: Report, speak: Speaker) -> list[Figure]:
    say, energy, day = speak.say, report.energy, report.period.kind == "day"
    unknown = say("unknown")
    total = _figure(
        speak, "energy.total", energy.kwh, "kWh", [_meters(energy, speak), _method(energy, speak)], strong=True
    )
    told = [total]
    peak = energy.peak
    if peak is None:
        told.append(Figure(say("energy.peak"), unknown))
    else:
        how = "energy.peak.quarter" if peak.width_s < 3600 else "energy.peak.hour"
        told.append(_figure(speak, "energy.peak", peak.kw, "kW", [say(how, time=speak.time(peak.at, day=not day))]))
    told.append(_figure(speak, "energy.base", energy.base_kw, "kW", [say(f"energy.base.{'day' if day else 'days'}")]))
    told.append(_figure(speak, "energy.mean", energy.mean_kw, "kW", []))
    if energy.area_m2:
        note = say("energy.area", area=number(energy.area_m2))
        told.append(_figure(speak, "energy.per-m2", energy.per_m2, "kWh/m²", [note], 3 if day else 2))
    told += [*_expected(energy, speak), *_money(energy, speak)]
    return told


def _figure(
    speak: Speaker, key: str, value: float | None, unit: str, notes: list[str], places: int | None = None, *,
    strong: bool = False,
) -> Figure:  # fmt: skip
    if value is None or not math.isfinite(value):
        return Figure(speak.say(key), speak.say("unknown"), "", notes if strong else [], strong)
    shown = number(value, decimals_for(value) if places is None else places)
    return Figure(speak.say(key), shown, unit, [note for note in notes if note], strong)


def _meters(energy: Energy, speak: Speaker) -> str:
    if energy.coverage.of and not energy.coverage.have:
        return speak.say("coverage.none", of=number(energy.coverage.of))
    return speak.meters(energy.coverage)


def _method(energy: Energy, speak: Speaker) -> str:
    if energy.kwh is None:
        return ""
    if not energy.registers:
        return speak.say("energy.by-power")
    if energy.registers == energy.groups:
        return speak.say("energy.by-register")
    return speak.say("energy.by-both", n=energy.registers, m=energy.groups - energy.registers)


def _expected(energy: Energy, speak: Speaker) -> list[Figure]:
    """What a model expected over the whole hours that are known, and how what was used differs."""
    course = energy.course
    if not len(course.expected):
        return []
    good = (course.known >= 0.95) & (course.expected == course.expected)
    expected, used = float(course.expected[good].sum()), float(course.kwh[good].sum())
    if not good.any() or expected <= 0:
        return []
    notes = [speak.say("energy.expected.says", percent=percent(used / expected - 1, sign=True, decimals=1))]
    if not good.all():
        notes.append(speak.say("energy.expected.over", n=int(good.sum())))
    return [_figure(speak, "energy.expected", expected, "kWh", notes)]


def _money(energy: Energy, speak: Speaker) -> list[Figure]:
    told = []
    if energy.cost is not None:
        notes = [speak.say("energy.cost.factor", factor=f"{energy.cost.factor:g}", currency=energy.cost.unit)]
        places = 0 if energy.cost.value >= 1000 else 2
        told.append(_figure(speak, "energy.cost", energy.cost.value, energy.cost.unit, notes, places))
    if energy.co2 is not None:
        tonnes = energy.co2.value >= 10_000
        value, unit = (energy.co2.value / 1000, "t") if tonnes else (energy.co2.value, "kg")
        notes = [speak.say("energy.co2.factor", factor=f"{energy.co2.factor:g}")]
        notes += [speak.say("energy.co2.default")] if energy.co2.is_default else []
        told.append(_figure(speak, "energy.co2", value, unit, notes))
    return told


def _sources(energy: Energy, speak: Speaker) -> list[str]:
    """Where price and factor come from."""
    every: list[tuple[str, Money | None]] = [("cost", energy.cost), ("co2", energy.co2)]
    return [speak.say(f"energy.{what}.source", source=money.source, date=money.date) for what, money in every if money]


def _comparisons(report: Report, speak: Speaker) -> Table:
    say, energy = speak.say, report.energy
    places = decimals_for(energy.kwh)
    columns = [Column(say("compare.period")), Column(say("compare.energy"), "end"),
               Column(say("compare.coverage"), "end"), Column(say("compare.change"), "end")]  # fmt: skip
    rows = [[
        Cell(say("compare.this"), speak.period(report.period)),
        Cell(number(energy.kwh, places) if energy.kwh is not None else say("unknown")),
        Cell(speak.short(energy.coverage)), Cell(""),
    ]]  # fmt: skip
    for other in energy.compared:
        until = "" if other.until >= other.period.end else speak.say("compare.until", time=speak.time(other.until))
        when = "  ".join(filter(None, [speak.period(other.period), until]))
        rows.append([
            Cell(say(f"compare.{other.which}.{report.period.kind}"), when),
            Cell(number(other.kwh, places) if other.kwh is not None else say("unknown"), quiet=other.kwh is None),
            Cell(speak.short(other.coverage)), _change(other, energy.coverage, speak),
        ])  # fmt: skip
    return Table(say("compare.caption"), columns, rows)


def _change(other: Compared, now: Coverage, speak: Speaker) -> Cell:
    if other.percent is None:
        return Cell(speak.say(f"compare.{other.why or 'zero'}"), quiet=True)
    note = speak.say("compare.less") if abs(other.coverage.share - now.share) > LESS else ""
    return Cell(percent(other.percent / 100, sign=True, decimals=1), note)


# buildings, storeys


def _parts(report: Report, speak: Speaker) -> Section | None:
    kind, say = report.entity_kind, speak.say
    every = report.energy.parts
    shown = [part for part in every if kind == "campus" or part.kwh is not None]
    if not shown:
        return None
    titles = [f"parts.name.{kind}", "parts.kwh", "parts.share", "parts.per-m2", "parts.coverage", "parts.change"]
    change = any(part.percent is not None for part in shown)
    columns = [Column(say(key), "start" if at == 0 else "end") for at, key in enumerate(titles[: 6 if change else 5])]
    places = decimals_for(shown[0].kwh)
    fine = 3 if report.period.kind == "day" else 2
    most = max((part.share or 0.0 for part in shown), default=0.0)
    rows = [_part(part, speak, places, fine, most)[: len(columns)] for part in shown]
    blocks: list[Block] = [Table(say(f"parts.caption.{kind}"), columns, rows, say("parts.note") if change else "")]
    if len(every) > len(shown):
        blocks.append(Paragraph(say("parts.more", n=len(every) - len(shown)), "quiet"))
    return Section(say(f"section.parts.{kind}"), blocks)


def _part(part: Part, speak: Speaker, places: int, fine: int, most: float) -> list[Cell]:
    name = speak.name(part.names, part.id)
    known = part.kwh is not None
    return [
        Cell(name, part.id if name != part.id else ""),
        Cell(number(part.kwh, places) if known else speak.say("unknown"), quiet=not known),
        Cell(percent(part.share, decimals=1), share=part.share / most if part.share is not None and most else None),
        Cell(number(part.per_m2, fine)), Cell(speak.short(part.coverage)),
        Cell(percent(part.percent / 100, sign=True, decimals=1) if part.percent is not None else "\N{EN DASH}"),
    ]  # fmt: skip


# the figures themselves


def _figures(report: Report, speak: Speaker) -> Section | None:
    if not report.energy.groups or not len(report.energy.course.times):
        return None
    table = _hours(report, speak) if report.period.kind == "day" else _days(report, speak)
    return Section(speak.say("section.figures"), [table])


def _hours(report: Report, speak: Speaker) -> Table:
    say, course = speak.say, report.energy.course
    expected = len(course.expected) > 0
    columns = [Column(say("figures.hour")), Column(say("figures.kwh"), "end"), Column(say("figures.known"), "end")]
    columns += [Column(say("figures.expected"), "end"), Column(say("figures.band"), "end")] if expected else []
    places = decimals_for(max(course.kwh.tolist(), default=0.0))
    rows = []
    for n, at in enumerate(course.times.tolist()):
        running = course.width[n] < 3_600_000
        name = f"{speak.time(at, day=False)} – {speak.time(at + 3_600_000, day=False)}"
        known = bool(course.known[n])
        row = [
            Cell(name, say("figures.running") if running else ""),
            Cell(number(float(course.kwh[n]), places) if known else say("unknown"), quiet=not known),
            Cell(percent(float(course.known[n]))),
        ]
        if expected:
            low, high = number(float(course.low[n]), places), number(float(course.high[n]), places)
            row += [Cell(number(float(course.expected[n]), places)), Cell(f"{low} – {high}")]
        rows.append(row)
    return Table(say("figures.hours"), columns, rows, say("figures.note"))


def _days(report: Report, speak: Speaker) -> Table:
    say = speak.say
    days: list[Day] = [day for day in report.energy.days if begun(report, day)]
    expected = any(day.expected is not None for day in days)
    columns = [Column(say("figures.day")), Column(say("figures.kwh"), "end"), Column(say("figures.known"), "end")]
    columns += [Column(say("figures.expected"), "end")] if expected else []
    places = decimals_for(max((day.kwh or 0.0 for day in days), default=0.0))
    rows = []
    for day in days:
        notes = [say("day-hours", n=number(day.hours))] if day.hours != 24 else []
        notes += [] if day.over else [say("figures.running")]
        row = [
            Cell(speak.day(day.day, weekday=True), say("comma").join(notes)),
            Cell(number(day.kwh, places) if day.kwh is not None else say("unknown"), quiet=day.kwh is None),
            Cell(percent(day.known)),
        ]
        rows.append([*row, Cell(number(day.expected, places))] if expected else row)
    return Table(say("figures.days"), columns, rows, say("figures.note"))
