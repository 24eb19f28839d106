"""Trends, ``/trends``: points and places over any time, beside what was expected, before, and per square metre.

The page is a frame; assets/trends*.js read the address, ask ``/api/v1/trends`` and fill it.
"""

from __future__ import annotations

from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, html

from pages._parts import states, trends_chart, trends_controls
from pages._parts.bar import bar
from pages._parts.blocks import attrs
from pages._parts.context import Context
from server.runtime import Runtime

PATH = "/trends"


def title(context: Context) -> str:
    """The browser's title."""
    return f"{context.text('screen.trends')} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """The whole screen, still without numbers."""
    if context.runtime.past is None:
        why = " ".join(filter(None, [context.text("trends.none.text"), context.runtime.history_trouble]))
        note = states.message("missing", context.text("trends.none"), why, link=("/", context.text("missing.back")))
        main: Any = html.Main(note, id="main", className="lonely", tabIndex=-1)
    else:
        main = html.Main(
            [
                html.H1(context.text("screen.trends"), className="sr-only"),
                trends_controls.side(context),
                html.Div(
                    [trends_controls.toolbar(context), trends_chart.stage(context), trends_chart.below(context)],
                    className="trends-main",
                ),
                html.P(id="announce", className="sr-only", role="status"),
            ],
            id="main",
            className="trends-sheet",
            tabIndex=-1,
        )
    return html.Div(
        [bar(context, PATH, fed=False), main],
        className="page trends",
        **attrs({"data-page": "trends", "data-state": "loading"}),
    )


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """What a hand does in the chart goes to the page's own scripts."""
    for name, prop in (("trendsZoom", "relayoutData"), ("trendsClick", "clickData")):
        app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash leaves it untyped
            ClientsideFunction("campus", name), Output("trends-chart", "id", allow_duplicate=True),
            Input("trends-chart", prop), prevent_initial_call=True,
        )  # fmt: skip
