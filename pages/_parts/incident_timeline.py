"""The timeline of an incident, newest last: what came together stands together, and time that passed is space."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime

from dash import html

from pages._parts import format as fmt
from pages._parts import incident_words as iw
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from server.incidents_words import say, say_or
from server.schemas_incidents import EntryOut, IncidentDetailOut

TOGETHER_S = 60.0
"""Steps of one kind so near to one another [s] are one line."""
GAP_S = 120.0
"""Time that passed is told from so long on [s]."""
MANY = frozenset({"alarm", "return", "ack", "joined"})


def timeline(context: Context, found: IncidentDetailOut) -> Child:
    """The lines, with the days above them."""
    if not found.timeline:
        return html.P(say("happened.none", context.lang), className="quiet-line")
    texts = {member.alarm: iw.name(context, member.text, member.alarm) for member in found.members}
    rows: list[Child] = []
    day, last = "", None
    for group in _together(found.timeline):
        first = group[0].time
        if (today := iw.day_of(context, first)) != day:
            day = today
            rows.append(html.Li(day, className="incident-day"))
            last = None
        rows.append(_line(context, group, texts, last))
        last = group[-1].time
    return html.Ol(rows, className="incident-lines")


def _together(entries: list[EntryOut]) -> Iterator[list[EntryOut]]:
    """Entries of one kind, actor and text that came about at once."""
    group: list[EntryOut] = []
    for entry in entries:
        last = group[-1] if group else None
        if last is not None and not (
            entry.kind == last.kind and entry.kind in MANY and (entry.actor, entry.text) == (last.actor, last.text)
            and (entry.time - last.time).total_seconds() <= TOGETHER_S
        ):  # fmt: skip
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


def _line(context: Context, group: list[EntryOut], texts: Mapping[str, str], last: datetime | None) -> html.Li:
    entry, lang = group[0], context.lang
    passed = 0.0 if last is None else (entry.time - last).total_seconds()
    gap: Child = None
    style = {}
    if passed >= GAP_S:
        gap = html.Span(say("passed", lang, time=fmt.age(passed, lang)), className="incident-gap")
        style = {"--passed": f"{min(4.0, 0.5 * math.log2(passed / 60)):.2f}rem"}
    what = _what(context, group, texts)
    actor = html.Span(entry.actor, className="incident-actor") if entry.actor not in ("", "system") else None
    said = html.P(entry.text, className="incident-said") if entry.text and entry.kind != "file" else None
    return html.Li(
        [
            gap,
            html.Time(
                fmt.clock(entry.time.timestamp(), context.timezone), className="incident-clock",
                dateTime=entry.time.isoformat(),
            ),
            html.Div([html.P([html.Span(what), actor], className="incident-event"), said]),
        ],
        className="incident-line", style=style, **attrs({"data-kind": entry.kind}),
    )  # fmt: skip


def _what(context: Context, group: list[EntryOut], texts: Mapping[str, str]) -> Child:
    """What happened, in words."""
    entry, lang = group[0], context.lang
    if entry.kind in MANY:
        return _many(context, group, texts)
    told = {key: str(value) for key, value in entry.data.items()}
    other = told.get("into") or told.get("incident") or ""
    key = "event.unassigned" if entry.kind == "assigned" and not told.get("to") else f"event.{entry.kind}"
    status = told.get("status", "")
    line = say_or(key, lang, entry.kind)
    return line.format(
        n=told.get("alarms", "1"), to=told.get("to", ""), status=say_or(f"status.{status}", lang, status),
        cause=_named(context, told.get("cause", "")), number=other.removeprefix("I"), name=entry.text,
    )  # fmt: skip


def _many(context: Context, group: list[EntryOut], texts: Mapping[str, str]) -> str:
    """The same of steps of alarms, which come in numbers."""
    entry, lang, n = group[0], context.lang, len(group)
    if entry.kind == "joined":
        return say("event.joined", lang, n=sum(int(str(row.data.get("alarms", 0))) for row in group))
    if n > 1:
        return say(f"event.{entry.kind}.many", lang, n=n)
    alarm = str(entry.data.get("alarm", ""))
    return say(f"event.{entry.kind}", lang, what=texts.get(alarm, alarm))


def _named(context: Context, node: str) -> str:
    """What a node or place is called."""
    desk = context.runtime.incidents
    return node if desk is None or not node else iw.name(context, desk.board.names(node), node)
