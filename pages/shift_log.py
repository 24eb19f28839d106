"""The log of the shift, ``/log``: what the shift before left, what was written and what happened; and the way to the
hand-over sheet. Which shift, and what is looked for, stands in the address.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import dash
from dash import Input, Output, State, dcc, html
from fastapi import HTTPException

from pages._parts import format as fmt
from pages._parts import incident_words as iw
from pages._parts import states
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs, icon
from pages._parts.context import Context, context_of
from pages._parts.field import TextField
from server.incidents_words import say
from server.runtime import Runtime
from server.schemas_shifts import LogEntryOut, LogOut, ShiftOut
from server.shift_api import read_log
from twin.index import label_of

PATH = "/log"


def title(context: Context) -> str:
    """The browser's title."""
    return f"{say('log', context.lang)} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """The head, the field to write in, the lines."""
    lines = await _lines(context)
    return html.Div(
        [
            bar(context, "/incidents", fed=False),
            html.Main(
                [
                    html.Div(
                        [html.H1(say("log", context.lang)), iw.sub_screens(context, PATH), _take(context)],
                        className="incidents-head",
                    ),
                    _choice(context),
                    iw.says(context),
                    _write(context) if iw.may_act() else None,
                    html.Div(lines, id="log-lines"),
                    dcc.Store(id="log-again"),
                    html.P(id="announce", className="sr-only", role="status"),
                ],
                id="main", className="sheet log-sheet", tabIndex=-1,
            ),
        ],
        className="page operations", **attrs({"data-page": "log", "data-state": "ready"}),
    )  # fmt: skip


def _take(context: Context) -> html.Div:
    """The sheet of the shift that is shown: to read, and on paper."""
    shift = context.query.get("shift", "") or "current"
    told = {"shift": shift, "lang": context.lang}
    return html.Div(
        [
            html.A(say("handover", context.lang), href=f"/api/v1/handover?{urlencode(told)}", target="_blank",
                   className="button", id="log-sheet"),
            html.A(say("log.pdf", context.lang), href=f"/api/v1/handover?{urlencode({**told, 'format': 'pdf'})}",
                   className="button quiet", id="log-pdf", **attrs({"data-log-do": "pdf"})),
        ],
        className="log-takes",
    )  # fmt: skip


def _address(**query: str) -> str:
    told = urlencode({key: value for key, value in query.items() if value}, safe=":")
    return f"{PATH}?{told}" if told else PATH


def _choice(context: Context) -> html.Div:
    """Look for words in the whole log."""
    query = context.query.get("q", "")
    return html.Div(
        [
            html.Label(
                [
                    html.Span(say("log.search", context.lang), className="sr-only"),
                    TextField(id="log-query", type="search", value=query, maxLength=100,
                              placeholder=say("log.search", context.lang)),
                ],
                className="log-field", htmlFor="log-query",
            ),
            html.A(say("log.shift-again", context.lang), href=PATH, className="button quiet") if query else None,
        ],
        className="incidents-choice",
    )  # fmt: skip


def _write(context: Context) -> html.Div:
    lang, campus = context.lang, context.runtime.assembled.campus
    places = [("", context.campus_name), *((b.id, label_of(b, lang)) for b in campus.buildings)]
    return html.Div(
        [
            html.Textarea(id="log-text", rows="2", maxLength="4000", placeholder=say("log.placeholder", lang),
                          **attrs({"aria-label": say("log.text", lang)})),
            html.Div(
                [
                    html.Label(
                        [html.Span(say("log.place", lang)),
                         html.Select([html.Option(name, value=code) for code, name in places], id="log-place")],
                        className="log-field", htmlFor="log-place",
                    ),
                    html.Label(
                        [html.Span(say("log.tags", lang)),
                         TextField(id="log-tags", maxLength=200)],
                        className="log-field", htmlFor="log-tags",
                    ),
                    html.Button(say("log.pin", lang), className="choice", id="log-pinned",
                                **attrs({"aria-pressed": "false", "data-log-do": "press"})),
                    html.Button(say("log.keep", lang), className="button strong", **attrs({"data-log-do": "keep"})),
                ],
                className="incident-form",
            ),
        ],
        className="log-write",
    )  # fmt: skip


async def _lines(context: Context) -> Child:
    """The lines of the shift or of what was looked for, or what stands there instead."""
    lang, query = context.lang, context.query
    try:
        found = await read_log(
            context.runtime, query.get("shift", "")[:60], query.get("q", "")[:100], changes=iw.may_act()
        )
    except HTTPException as error:
        return states.message(
            "missing", say("list.wrong", lang), str(error.detail), link=(PATH, say("log.shift-again", lang))
        )
    parts: list[Child] = []
    if found.trouble:
        parts.append(html.P(say("unkept", lang, why=found.trouble), className="incident-warning", role="status"))
    if found.shift is not None:
        parts.append(_shift(context, found, found.shift))
        if found.pinned:
            heading = html.H2(say("log.left", lang))
            rows = html.Ol([_line(context, row) for row in found.pinned], className="log-lines")
            parts.append(html.Section([heading, rows], className="log-left"))
    if not found.items:
        key = "log.none" if found.shift is not None else "log.not-found"
        parts.append(states.message("empty", say(key, lang), say(f"{key}-text", lang)))
        return parts
    day, lines = "", list[Child]()
    for row in found.items:
        if (today := iw.day_of(context, row.time)) != day:
            day = today
            if found.shift is None:
                lines.append(html.Li(day, className="incident-day"))
        lines.append(_line(context, row))
    parts.append(html.Ol(lines, className="log-lines"))
    return parts


def _shift(context: Context, found: LogOut, shift: ShiftOut) -> html.Div:
    """Which shift, and the ways to the ones beside it."""
    lang = context.lang
    zone = ZoneInfo(context.timezone)
    hours = [moment.astimezone(zone).strftime("%H:%M") for moment in (shift.start, shift.end)]
    name = iw.name(context, shift.names, shift.id)
    current = shift.end.timestamp() > context.runtime.ingest.clock()
    steps = []
    for label, moment, symbol in (("log.before", found.previous, "back"), ("log.after", found.next, "forward")):
        if moment is None:
            continue
        where = _address(shift=moment.isoformat().replace("+00:00", "Z"))
        word = say(label, lang)
        steps.append(html.A(icon(symbol), href=where, className="tool", title=word, **attrs({"aria-label": word})))
    now = None if current else html.A(say("log.now", lang), href=PATH, className="button")
    return html.Div(
        [
            html.H2(
                [name, html.Span(f"{iw.day_of(context, shift.start)} · {hours[0]} – {hours[1]}", className="note")]
            ),
            html.Div([*steps, now], className="log-steps"),
        ],
        className="log-shift",
    )


def _line(context: Context, row: LogEntryOut) -> html.Li:
    lang = context.lang
    text = row.text if row.kind == "note" else iw.name(context, row.words, "")
    told: Child = text
    if row.incident:
        told = html.A(text, href=f"/incidents/{row.incident}", className="link")
    where = iw.name(context, row.place_names, row.place)
    own: Child = html.Span(say(f"log.kind.{row.kind}", lang), className="note")
    if row.kind == "note" and iw.may_act():
        own = _buttons(context, row)
    facts = [*([where] if where else []), *([row.actor] if row.actor else []), *(f"#{tag}" for tag in row.tags)]
    return html.Li(
        [
            html.Time(_clock(context, row.time), className="incident-clock", dateTime=row.time.isoformat()),
            html.Div(
                [
                    html.P(told, className="log-text"),
                    html.P(" · ".join(facts), className="note") if facts else None,
                ]
            ),
            own,
        ],
        className="log-line", **attrs({"data-kind": row.kind, "data-pinned": str(row.pinned).lower()}),
    )  # fmt: skip


def _clock(context: Context, moment: datetime) -> str:
    return fmt.clock(moment.timestamp(), context.timezone)[:5]


def _buttons(context: Context, row: LogEntryOut) -> html.Div:
    pin = attrs({"data-log-do": "pin", "data-of": str(row.id), "aria-pressed": str(row.pinned).lower()})
    remove = attrs({"data-log-do": "remove", "data-of": str(row.id)})
    lang = context.lang
    return html.Div(
        [
            html.Button(say("log.pin-short", lang), className="choice log-small", title=say("log.pin", lang), **pin),
            html.Button(say("log.remove", lang), className="choice log-small", **remove),
        ],
        className="log-buttons",
    )


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """The lines, drawn again when something changed."""

    @app.callback(
        Output("log-lines", "children"), Input("log-again", "data"), State("route", "data"), prevent_initial_call=True
    )
    async def show(_again: Any, route: Mapping[str, str]) -> Any:
        return await _lines(context_of(runtime, route))
