"""The controls of the trends: what is shown, of which time, compared with what, by what, as what."""

from __future__ import annotations

from dash import html

from pages._parts.blocks import Child, attrs, choices, icon
from pages._parts.context import Context

SPANS = ("24h", "7d", "30d", "month", "year")
VIEWS = ("curve", "carpet", "duration", "flows", "ranking")
COMPARES = ("", "previous", "week", "year")
NORMALISE = ("", "area", "people", "heating", "cooling")
NONE = "none"
STEPS = ("", "60", "300", "900", "hour", "21600", "day")


def side(context: Context) -> html.Aside:
    """Search, and the lines that are chosen."""
    text = context.text
    field = [
        icon("search"),
        html.Label(text("trends.add"), htmlFor="trends-query", className="sr-only"),
        html.Div(id="trends-query-slot", className="trends-query", **attrs({"data-placeholder": text("trends.add")})),
        html.Div(id="trends-results", className="trends-results", hidden=True),
    ]
    return html.Aside(
        [
            html.Div(
                field, className="search trends-search", role="search", **attrs({"aria-label": text("trends.add")})
            ),
            html.Div(
                [
                    html.H2(text("trends.lines"), className="trends-head"),
                    html.Ul(id="trends-lines", className="trends-lines"),
                    html.H2(text("trends.notes"), className="trends-head"),
                    html.Div(id="trends-notes", className="trends-notes"),
                ],
                className="trends-side-rest",
            ),
        ],
        className="trends-side",
        **attrs({"aria-label": text("trends.lines")}),
    )


def toolbar(context: Context) -> html.Div:
    """Time, comparison, normalisation, view."""
    text = context.text
    spans = [_choice(text(f"trends.span.{key}"), "span", key) for key in SPANS]
    views = [_choice(text(f"trends.view.{key}"), "view", key) for key in VIEWS]
    return html.Div(
        [
            html.Div(
                [choices(text("trends.view"), views, "small"), choices(text("trends.span"), spans, "small"),
                 _window(context),
                 html.Button(
                     [icon("link"), html.Span(text("trends.copy"))], className="button small trends-copy",
                     **attrs({"data-trends": "copy"}),
                 )],
                className="trends-row",
            ),
            html.Div(
                [
                    _select(context, "compare", COMPARES),
                    _select(context, "normalise", NORMALISE),
                    _select(context, "step", STEPS),
                    html.Button(
                        [icon("back"), html.Span(text("trends.wider"))], className="button small", id="trends-wider",
                        hidden=True, **attrs({"data-trends": "wider"}),
                    ),
                ],
                className="trends-row trends-selects",
            ),
        ],
        className="trends-toolbar",
    )  # fmt: skip


def _choice(label: str, key: str, value: str) -> html.Button:
    """A button that sets one part of the page's address; assets/trends.js presses it."""
    return html.Button(
        label, className="choice", **attrs({"data-trend-set": f"{key}={value}", "aria-pressed": "false"})
    )


def _window(context: Context) -> html.Div:
    """Own ends; the fields are made by the script, in the campus's zone."""
    return html.Div(
        id="trends-window", className="trends-window", role="group",
        **attrs({"aria-label": context.text("trends.window"), "data-from": context.text("trends.from"),
                 "data-to": context.text("trends.to"), "data-apply": context.text("trends.apply")}),
    )  # fmt: skip


def _select(context: Context, key: str, values: tuple[str, ...]) -> html.Label:
    """A list to choose from."""
    options = [html.Option(context.text(f"trends.{key}.{value or NONE}"), value=value) for value in values]
    parts: list[Child] = [html.Span(context.text(f"trends.{key}")), html.Select(options, **attrs({"data-trend": key}))]
    return html.Label(parts, className="trends-select")
