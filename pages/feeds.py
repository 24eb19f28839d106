"""The feeds, ``/feeds``: which sources live, what is wrong and since when, how far the mapping is, what comes unmapped.

The answers to 'is it well' are read again every two seconds. Suggestions are read when the reader asks: rows that move
under a hand that ticks them would be worse than rows that are a minute old.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import urlencode

import dash
from dash import Input, Output, State, dcc, html

from pages._parts import feed_mapping, feed_neighbours, feed_outside, feed_quality, feed_sources, states, then
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context, context_of
from pages._parts.said import said
from server.quality import open_findings
from server.runtime import Runtime
from server.standing import Standing
from server.unmapped import Suggester
from twin.history.contract import HistoryError

log = logging.getLogger(__name__)

PATH = "/feeds"
EVERY_MS = 2000
FINDINGS = 50


def title(context: Context) -> str:
    """The browser's title."""
    return f"{context.text('screen.feeds')} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """The whole screen, filled; ``callbacks`` keep it fresh. With ``at`` in the address, as of that moment."""
    if at := then.wanted(context.query):
        return await _layout_then(context, at)
    live = await asyncio.to_thread(_live, context)
    quality = feed_quality.quality(context, findings(context.runtime))
    return html.Div(
        [
            bar(context, PATH, fed=False),
            html.Main(
                [
                    html.H1(context.text("screen.feeds")),
                    html.P(id="feeds-stale", className="feeds-stale", role="alert", hidden=True),
                    html.Div(live, id="feeds-live"),
                    html.Div(states.loading(), id="feeds-unmapped"),
                    html.Div(quality, id="feeds-quality", className="feeds-quality"),
                    html.P(id="announce", className="sr-only", role="status"),
                    dcc.Interval(id="feeds-tick", interval=EVERY_MS),
                    dcc.Store(id="feeds-again", data=0),
                ],
                id="main",
                className="sheet feeds-sheet",
                tabIndex=-1,
            ),
        ],
        className="page feeds",
        **attrs({"data-page": "feeds", "data-state": "ready"}),
    )


async def _layout_then(context: Context, at: str) -> html.Div:
    """The screen of a past moment: nothing in it moves."""
    standing: Standing | None = None
    try:
        context, standing = await then.stood(context.runtime, _route(context), at)
        body = await asyncio.to_thread(_then, context, standing)
    except HistoryError as error:
        body = [states.message("missing", context.text("time.unknown"), said(str(error), context.lang))]
    sheet: list[Child] = [html.H1(context.text("screen.feeds")), *body]
    return html.Div(
        [
            bar(context, PATH, fed=False),
            then.band(context, at, standing),
            html.Main(sheet, id="main", className="sheet feeds-sheet", tabIndex=-1),
        ],
        className="page feeds feeds-replay",
        **attrs({"data-page": "feeds-then", "data-time": at, "data-state": "error" if standing is None else "ready"}),
    )


def _route(context: Context) -> dict[str, str]:
    return {"lang": context.lang, "theme": context.theme, "search": "?" + urlencode(context.query)}


def _then(context: Context, standing: Standing) -> list[Child]:
    chosen = context.query.get("source", "")
    return [
        then.table(context, standing),
        feed_sources.points(context, chosen) if chosen else None,
        then.findings(context, standing),
        then.configuration(context, standing),
        html.Section([html.H2(context.text("feeds.unmapped")),
                      html.P(context.text("then.unmapped"), className="quiet-line")]),
    ]  # fmt: skip


def _live(context: Context) -> list[Child]:
    """What is read again every two seconds."""
    rows = feed_sources.rows(context.runtime)
    chosen = context.query.get("source", "")
    return [
        html.P(feed_sources.summary(context, rows), className="summary"),
        feed_sources.table(context, rows, chosen),
        feed_sources.points(context, chosen) if chosen else None,
        feed_mapping.coverage(context, rows),
        feed_neighbours.neighbours(context),
        feed_outside.outside(context),
        html.Span(hidden=True, id="feeds-at", **attrs({"data-at": f"{context.runtime.live.clock():.3f}"})),
    ]


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """What the server answers while the page is open."""
    suggester = Suggester(runtime)

    @app.callback(
        Output("feeds-live", "children"), Output("feeds-quality", "children"),
        Input("feeds-tick", "n_intervals"), State("route", "data"),
    )  # fmt: skip
    async def refresh(_ticks: int, route: dict[str, str]) -> tuple[Any, Any]:
        context = context_of(runtime, route)
        try:
            live = await asyncio.to_thread(_live, context)
            return live, feed_quality.quality(context, findings(runtime))
        except Exception:  # whatever it is, the reader gets a sentence and the log the reason
            log.exception("the feeds could not be shown")
            return states.broken(context), None

    @app.callback(Output("feeds-unmapped", "children"), Input("feeds-again", "data"), State("route", "data"))
    async def suggest(_asked: int, route: dict[str, str]) -> Any:
        context = context_of(runtime, route)
        try:
            found = await asyncio.to_thread(suggester.look)
            return feed_mapping.unmapped(context, found)
        except Exception:  # as above
            log.exception("the suggestions could not be made")
            return states.broken(context)


def findings(runtime: Runtime) -> list[dict[str, Any]]:
    """What the checks of the data find now, as the API tells it."""
    return [row.model_dump(mode="json") for row in open_findings(runtime, FINDINGS)]
