"""The feeds, ``/feeds``: which sources live, what is wrong and since when, how far the mapping is, what comes unmapped.

The answers to 'is it well' are read again every two seconds. Suggestions are read when the reader asks: rows that move
under a hand that ticks them would be worse than rows that are a minute old.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import dash
from dash import Input, Output, State, dcc, html

from pages._parts import feed_mapping, feed_neighbours, feed_quality, feed_sources, states
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context, context_of
from server.quality import open_findings
from server.runtime import Runtime
from server.unmapped import Suggester

log = logging.getLogger(__name__)

PATH = "/feeds"
EVERY_MS = 2000
FINDINGS = 50


def title(context: Context) -> str:
    """The browser's title."""
    return f"{context.text('screen.feeds')} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """The whole screen, filled; ``callbacks`` keep it fresh."""
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
