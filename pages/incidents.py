"""The incidents, ``/incidents``: what is open, the most urgent first, and what was; by building, and one's own.

Every choice is a link, so the address says what is shown. assets/incidents.js has it drawn again after each change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import dash
from dash import Input, Output, State, dcc, html
from fastapi import HTTPException

from pages._parts import format as fmt
from pages._parts import incident_words as iw
from pages._parts import states
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context, context_of
from server.accounts.who import who_now
from server.incidents_api import listed
from server.incidents_words import say
from server.runtime import Runtime
from server.schemas_incidents import IncidentOut
from twin.incidents.journal import JournalError
from twin.index import label_of

PATH = "/incidents"
VIEWS = ("open", "ended", "all")
SHOWN = 100


def title(context: Context) -> str:
    """The browser's title."""
    return f"{say('incidents', context.lang)} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """The head with its choices, the list below."""
    body = await _list(context, context.query)
    return html.Div(
        [
            bar(context, PATH, fed=False),
            html.Main(
                [
                    html.Div(
                        [html.H1(say("incidents", context.lang)), iw.sub_screens(context, PATH), _hand_over(context)],
                        className="incidents-head",
                    ),
                    _choice(context),
                    iw.says(context),
                    html.Div(body, id="incidents-list"),
                    dcc.Store(id="incidents-again"),
                    html.P(id="announce", className="sr-only", role="status"),
                ],
                id="main", className="sheet incidents-sheet", tabIndex=-1,
            ),
        ],
        className="page operations", **attrs({"data-page": "incidents", "data-state": "ready"}),
    )  # fmt: skip


def _hand_over(context: Context) -> html.A:
    where = f"/api/v1/handover?lang={context.lang}"
    return html.A(say("handover", context.lang), href=where, target="_blank", className="button")


def _address(query: Mapping[str, str], **change: str) -> str:
    wanted = {key: query.get(key, "") for key in ("state", "building", "mine", "at")} | change
    told = urlencode({key: value for key, value in wanted.items() if value}, safe="/:")
    return f"{PATH}?{told}" if told else PATH


def _choice(context: Context) -> html.Div:
    query, lang = context.query, context.lang
    state = query.get("state") if query.get("state") in VIEWS else "open"
    links = [
        html.A(
            say(f"list.{view}", lang), href=_address(query, state="" if view == "open" else view), className="choice",
            **attrs({"aria-current": "true"} if view == state else {}),
        )
        for view in VIEWS
    ]  # fmt: skip
    mine = query.get("mine") == "1"
    links.append(
        html.A(
            say("list.mine", lang), href=_address(query, mine="" if mine else "1"), className="choice",
            **attrs({"aria-current": "true"} if mine else {}),
        )
    )  # fmt: skip
    campus = context.runtime.assembled.campus
    rows = [("", say("list.everywhere", lang)), *((b.id, label_of(b, lang)) for b in campus.buildings)]
    chosen = query.get("building", "")
    places = html.Label(
        [
            html.Span(say("list.building", lang), className="sr-only"),
            html.Select(
                [html.Option(name, value=_address(query, building=code)) for code, name in rows],
                className="incidents-places", id="incidents-places",
                **attrs({"data-value": _address(query, building=chosen), "data-goes": ""}),
            ),
        ]
    )  # fmt: skip
    return html.Div(
        [html.Div(links, className="choices", role="group", **attrs({"aria-label": say("list.which", lang)})), places],
        className="incidents-choice",
    )  # fmt: skip


async def _list(context: Context, query: Mapping[str, str]) -> Child:
    """The rows that the address asks for, or what stands there instead."""
    lang, desk = context.lang, context.runtime.incidents
    if desk is None:
        return states.message("missing", say("none.desk", lang), say("none.desk-text", lang))
    who = who_now()
    mine = who.name if query.get("mine") == "1" and who is not None else ""
    try:
        rows, total, _ = await listed(
            desk, state=query.get("state") or "open", building=query.get("building", ""), assignee=mine,
            at=query.get("at", ""), limit=SHOWN,
        )  # fmt: skip
    except HTTPException as error:
        return states.message("missing", say("list.wrong", lang), str(error.detail))
    except JournalError as error:
        return states.message("missing", say("list.broken", lang), str(error))
    parts: list[Child] = []
    if desk.trouble:
        parts.append(html.P(say("unkept", lang, why=desk.trouble), className="incident-warning", role="status"))
    if not rows:
        calm = query.get("state") in (None, "", "open") and not mine and not query.get("building")
        key = "none.open" if calm else "none.found"
        parts.append(states.message("empty", say(key, lang), say(f"{key}-text", lang)))
        return parts
    parts.append(html.P(_count(context, rows, total), className="incidents-count"))
    parts.append(html.Ol([_row(context, row) for row in rows], className="incidents"))
    return parts


def _count(context: Context, rows: list[IncidentOut], total: int) -> str:
    alarms = sum(len(row.alarms) for row in rows)
    told = say("list.count", context.lang, n=total, alarms=alarms)
    return told if total <= len(rows) else f"{told} · {say('list.first', context.lang, n=len(rows))}"


def _row(context: Context, row: IncidentOut) -> html.Li:
    lang = context.lang
    since = iw.when(context, row.opened)
    lasted = (row.ended.timestamp() if row.ended else context.runtime.ingest.clock()) - row.opened.timestamp()
    simulated = html.Span(say("simulated", lang), className="incident-simulated") if row.simulated else None
    return html.Li(
        html.A(
            [
                iw.sign(context, row),
                html.Span(
                    [
                        html.Span(iw.name(context, row.text, row.id), className="incident-title"),
                        html.Span(
                            [iw.number(row), iw.place(context, row), simulated],
                            className="incident-where",
                        ),
                    ],
                    className="incident-what",
                ),
                html.Span(
                    [
                        html.Span(iw.size(context, row), className="incident-size"),
                        html.Span(say("affected", lang, n=row.affected_spaces) if row.affected_spaces else ""),
                    ],
                    className="incident-much",
                ),
                html.Span(
                    [html.Span(since), html.Span(fmt.age(lasted, lang), className="incident-age")],
                    className="incident-since",
                ),
                html.Span(
                    [iw.who(context, row), html.Span(iw.time_left(context, row) or iw.status(context, row))],
                    className="incident-acts",
                ),
            ],
            href=f"/incidents/{row.id}", className="incident-row",
        ),
        **attrs({"key": row.id, "data-incident": row.id}),
    )  # fmt: skip


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """The list, drawn again when something changed."""

    @app.callback(
        Output("incidents-list", "children"), Input("incidents-again", "data"), State("route", "data"),
        prevent_initial_call=True,
    )  # fmt: skip
    async def show(_again: Any, route: dict[str, str]) -> Any:
        await asyncio.sleep(0)
        context = context_of(runtime, route)
        return await _list(context, context.query)
