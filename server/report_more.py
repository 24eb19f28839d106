"""The other sections of a report in words: services, what happened, the quality of the data, what is not known."""

from __future__ import annotations

from server.paper import Block, Cell, Column, Paragraph, Points, Section, Table
from server.paper_text import DASH, THIN, Speaker, decimals_for, number, percent
from server.quality_text import duration
from twin.quantity import QUANTITIES
from twin.reports.report import Comfort, Found, Outage, Report, Service, Unknown

PLACES = 10
"""So many of the least known buildings (storeys) are named."""
WELL = 0.98
"""Those known for more than this share of the time are not among the least known."""


def services(report: Report, speak: Speaker) -> Section | None:
    """Water, people, network; and rooms out of range."""
    blocks: list[Block] = []
    say = speak.say
    if report.services:
        titles: tuple[str, ...] = (
            "services.name",
            "services.amount",
            "services.mean",
            "services.high",
            "services.coverage",
        )
        rows = [_service(row, speak) for row in report.services]
        note = say("services.privacy") if any(row.key in ("people", "clients") for row in report.services) else ""
        blocks.append(Table(say("services.caption"), _columns(speak, titles), rows, note))
    if report.comfort:
        names = (
            "comfort.quantity",
            "comfort.range",
            "comfort.out",
            "comfort.share",
            "comfort.rooms",
            "comfort.coverage",
        )
        rows = [_comfort(row, speak) for row in report.comfort]
        blocks.append(Table(say("comfort.caption"), _columns(speak, names), rows, say("comfort.note")))
    return Section(say("section.services"), blocks) if blocks else None


def _columns(speak: Speaker, keys: tuple[str, ...], starts: tuple[int, ...] = (0,)) -> list[Column]:
    return [Column(speak.say(key), "start" if at in starts else "end") for at, key in enumerate(keys)]


def _service(row: Service, speak: Speaker) -> list[Cell]:
    unit = "" if row.unit == "1" else THIN + row.unit
    places = 0 if row.unit == "1" else decimals_for(row.high)

    def shown(value: float | None) -> str:
        if value is None:
            return speak.say("services.few") if row.small and row.coverage.have else DASH
        return number(value, places) + unit

    high = Cell(shown(row.high), speak.time(row.at) if row.high is not None else "")
    amount = DASH if row.amount is None else f"{number(row.amount, decimals_for(row.amount))}{THIN}{row.amount_unit}"
    return [Cell(speak.say(f"service.{row.key}")), Cell(amount), Cell(shown(row.mean)), high,
            Cell(speak.short(row.coverage))]  # fmt: skip


def _comfort(row: Comfort, speak: Speaker) -> list[Cell]:
    ends = [number(end) for end in (row.low, row.high) if end is not None]
    span = (" – ".join(ends) if len(ends) == 2 else f"≤ {ends[0]}") + THIN + row.unit
    known = row.hours > 0
    told = (number(row.out), percent(row.out / row.hours, decimals=1), number(row.rooms_out)) if known else (
        speak.say("unknown"), DASH, DASH
    )  # fmt: skip
    return [Cell(speak.say(f"comfort.{row.quantity}")), Cell(span), *map(Cell, told), Cell(speak.short(row.coverage))]


# what happened


def happened(report: Report, speak: Speaker) -> Section:
    """Outages, findings, changes."""
    past, say = report.happened, speak.say
    blocks: list[Block] = []
    if past.outages:
        titles: tuple[str, ...] = ("outages.source", "outages.state", "outages.since", "outages.until", "outages.lasts")
        rows = [_outage(row, speak) for row in past.outages]
        blocks.append(
            Table(say("outages.caption"), _columns(speak, titles, (0, 1)), rows, _more(past.more_outages, speak))
        )
    if past.findings:
        heads: tuple[str, ...] = ("findings.what", "findings.since", "findings.until")
        money = any(row.kwh is not None for row in past.findings)
        heads += ("findings.energy", "findings.cost") if money else ()
        rows = [_found(row, speak, report)[: len(heads)] for row in past.findings]
        note = _more(past.more_findings, speak)
        blocks.append(Table(say("findings.caption"), _columns(speak, heads), rows, note))
    if past.changes:
        rows = [
            [Cell(speak.time(row.time)), Cell(_change(row.kind, row.state, speak), row.message)] for row in past.changes
        ]
        columns = _columns(speak, ("changes.time", "changes.what"), (0, 1))
        blocks.append(Table(say("changes.caption"), columns, rows, _more(past.more_changes, speak)))
    return Section(say("section.happened"), blocks or [Paragraph(say("happened.nothing"))])


def _change(kind: str, state: str, speak: Speaker) -> str:
    key = f"change.{kind}.{state}"
    return speak.say(key) if speak.knows(key) else f"{kind}: {state}"


def _more(number_: int, speak: Speaker) -> str:
    return speak.say("happened.more", n=number(number_)) if number_ else ""


def _outage(row: Outage, speak: Speaker) -> list[Cell]:
    state = {"silent": "source.silent", "down": "source.down", "misconfigured": "source.misconfigured"}.get(row.state)
    return [
        Cell(row.source), Cell(speak.say(state) if state else row.state),
        Cell(speak.time(row.since), speak.say("outages.before") if row.began_before else ""),
        Cell(speak.time(row.until) if row.until is not None else speak.say("outages.still")),
        Cell(duration(row.lasts, speak.lang)),
    ]  # fmt: skip


def _found(row: Found, speak: Speaker, report: Report) -> list[Cell]:
    cost = report.energy.cost
    until = speak.say("findings.open") if row.until is None else speak.time(row.until)
    price = (
        f"{number(row.cost, decimals_for(row.cost))}{THIN}{cost.unit if cost else ''}" if row.cost is not None else DASH
    )
    says = row.says.get(speak.lang) or row.says.get("en") or row.id
    return [Cell(says), Cell(speak.time(row.since)), Cell(until), Cell(number(row.kwh)), Cell(price)]


# quality, and what is not known


def trust(report: Report, speak: Speaker) -> Section | None:
    """How well everything is known."""
    quality, say = report.trust, speak.say
    every = quality.quantities
    if not every:
        return None
    titles = ("trust.quantity", "trust.heard", "trust.of", "trust.time", "trust.share")
    rows = [
        [Cell(_quantity(row.quantity, speak)), Cell(number(row.coverage.have)), Cell(number(row.coverage.of)),
         Cell(percent(row.coverage.time) if row.coverage.have else DASH), Cell(percent(row.coverage.share))]
        for row in every
    ]  # fmt: skip
    blocks: list[Block] = [Table(say("trust.quantities"), _columns(speak, titles), rows)]
    places = [row for row in quality.places if row.coverage.share < WELL][:PLACES]
    if places:
        kind = report.entity_kind
        titles = (f"parts.name.{kind}", "trust.heard", "trust.of", "trust.time", "trust.share")
        rows = [
            [Cell(speak.name(row.names, row.id), row.id), Cell(number(row.coverage.have)),
             Cell(number(row.coverage.of)), Cell(percent(row.coverage.time) if row.coverage.have else DASH),
             Cell(percent(row.coverage.share))]
            for row in places
        ]  # fmt: skip
        blocks.append(Table(say(f"trust.places.{kind}"), _columns(speak, titles), rows))
    if quality.worst:
        rows = [[Cell(row.id), Cell(_quantity(row.quantity, speak)), Cell(percent(row.known))] for row in quality.worst]
        columns = _columns(speak, ("trust.point", "trust.quantity", "trust.known"), (0, 1))
        blocks.append(Table(say("trust.worst"), columns, rows))
    return Section(say("section.trust"), blocks)


def _quantity(key: str, speak: Speaker) -> str:
    found = QUANTITIES.get(key)
    return key if found is None else found.zh if speak.lang == "zh" else found.en


def unknown(report: Report, speak: Speaker) -> Section:
    """Everything that the report would say and cannot."""
    told = [_unknown(row, speak, report) for row in report.unknown]
    blocks: list[Block] = [Points(told)] if told else [Paragraph(speak.say("unknown.none"))]
    return Section(speak.say("section.unknown"), blocks)


def _unknown(row: Unknown, speak: Speaker, report: Report) -> str:
    if row.code.startswith("compare-"):
        which, _, why = row.code.removeprefix("compare-").partition(".")
        words = speak.say(f"compare.{which}.{report.period.kind}"), speak.say(f"compare.{why}")
        return speak.say(
            "unknown.compare",
            which=words[0] if speak.lang == "zh" else words[0][0].lower() + words[0][1:],
            why=words[1],
        )
    figures = {name: number(value) if isinstance(value, float | int) else value for name, value in row.figures.items()}
    return speak.say(f"unknown.{row.code}", **figures)


def method(speak: Speaker) -> Section:
    """What the words of the report mean."""
    keys = ("coverage", "meters", "registers", "change")
    return Section(speak.say("section.method"), [Points([speak.say(f"method.{key}") for key in keys])])
