"""The console, ``/``: the twin in the middle, the space tree at the left, the selection's facts at the right."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import dash
from dash import Input, Output, State, dcc, html

from pages._parts import alarm_strip, kpi_strip, sources, then, time_bar, twin_view
from pages._parts.bar import bar
from pages._parts.blocks import attrs, digest, icon
from pages._parts.context import Context, context_of
from pages._parts.field import TextField
from pages._parts.results import results
from server.runtime import Runtime
from twin.history.contract import HistoryError

PATH = "/"


def title(context: Context) -> str:
    """The browser's title."""
    return f"{context.campus_name} · {context.text('screen.console')}"


async def layout(context: Context) -> html.Div:
    """The whole screen; what depends on the selection is filled by ``callbacks``."""
    return html.Div(
        [
            bar(context, PATH, middle=kpi_strip.domain_choice(context)),
            alarm_strip.strip(context),
            kpi_strip.strip(context),
            html.Aside(
                [_search(context), _tree(context)],
                className="side",
                **attrs({"aria-label": context.text("tree.label")}),
            ),
            html.Main(twin_view.twin_view(context), id="main", className="stage", tabIndex=-1),
            html.Aside(id="details", className="details", **attrs({"aria-label": context.text("details.label")})),
            alarm_strip.card(context),
            time_bar.time_bar(context),
            html.Footer(sources.strip(context), id="sources", className="foot"),
            dcc.Interval(id="slow", interval=5000),
            dcc.Store(id="sources-shown"),
        ],
        className="page console",
        **attrs({"data-page": "console"}),
    )


def _search(context: Context) -> html.Div:
    return html.Div(
        [
            icon("search"),
            TextField(id="query", type="search", placeholder=context.text("search.placeholder"), wait=120),
            html.Kbd("/", **attrs({"aria-hidden": "true"})),
            html.Div(id="results", className="results"),
        ],
        className="search",
        role="search",
        **attrs({"aria-label": context.text("search.label")}),
    )


def _tree(context: Context) -> html.Div:
    return html.Div(
        id="tree",
        className="tree",
        role="tree",
        tabIndex=0,
        **attrs({"aria-label": context.text("tree.label"), "aria-busy": "true"}),
    )


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """What the server answers while the console is open besides the selection: search and source states."""

    @app.callback(Output("results", "children"), Input("query", "value"), State("route", "data"))
    async def search(query: str | None, route: dict[str, str] | None) -> Any:
        if not query or not query.strip():
            return []
        return await asyncio.to_thread(results, context_of(runtime, route), query.strip())

    @app.callback(
        Output("sources", "children"), Output("sources-shown", "data"), Input("slow", "n_intervals"),
        Input("focus", "data"), State("sources-shown", "data"), State("route", "data"), prevent_initial_call=True,
    )  # fmt: skip
    async def show_sources(_ticks: int, focus: dict[str, str] | None, shown: str | None, route: dict[str, str]) -> Any:
        at = then.wanted(focus or {})
        # what stood at a moment stays as it was: it is told once, and again only where it could not be told
        if at and shown and shown.startswith(f"{at} "):
            return dash.no_update, dash.no_update
        strip, told = await (_strip_then(runtime, route, at) if at else asyncio.to_thread(_strip, runtime, route))
        # what is drawn again takes the page 20 to 50 ms in which no value is painted
        return (dash.no_update, dash.no_update) if told == shown else (strip, told)


def _strip(runtime: Runtime, route: dict[str, str]) -> tuple[Any, str]:
    context = context_of(runtime, route)
    strip = sources.strip(replace(context, query={**context.query, "at": "live"}))
    return strip, digest(strip)


async def _strip_then(runtime: Runtime, route: dict[str, str], at: str) -> tuple[Any, str]:
    """The strip as of ``at``, and what says so."""
    context = context_of(runtime, route)
    try:
        moment, standing = await then.stood(runtime, route, at)
        return then.strip(replace(moment, query={**moment.query, "at": at}), standing), f"{at} {moment.lang}"
    except HistoryError as error:
        strip = then.failed(context, str(error))
        return strip, digest(strip)
