"""Where the chart of the trends stands: its states, the chart, the legend, how it was made, totals, the numbers."""

from __future__ import annotations

from dash import dcc, html

from pages._parts import states
from pages._parts.blocks import attrs
from pages._parts.context import Context

FORMATS = ("csv", "parquet", "arrow")
CLEAR = "rgba(0,0,0,0)"


def stage(context: Context) -> html.Section:
    """The chart with its legend; loading, empty and broken stand in its place."""
    graph = dcc.Graph(
        id="trends-chart",
        figure={"data": [], "layout": {"paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR,
                                       "xaxis": {"visible": False}, "yaxis": {"visible": False}}},
        config={"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False,
                "showTips": False},
        className="trends-graph",
    )  # fmt: skip
    return html.Section(
        [
            html.P(id="trends-stale", className="feeds-stale", role="alert", hidden=True),
            html.Div(
                [
                    html.H2(id="trends-title", className="trends-title"),
                    html.Div(id="trends-extra", className="trends-extra"),
                ],
                className="trends-stage-head",
            ),
            html.Div(
                [
                    html.Div(graph, className="trends-canvas", role="img", id="trends-canvas"),
                    html.Div(states.loading(), id="trends-state", className="trends-state"),
                ],
                className="trends-box",
            ),
            html.Div(id="trends-legend", className="trends-legend"),
            html.P(id="trends-moment", className="trends-moment", role="status"),
            html.P(id="trends-method", className="trends-method"),
        ],
        className="trends-stage",
        **attrs({"aria-label": context.text("trends.chart")}),
    )


def below(context: Context) -> html.Section:
    """Totals with their coverage, the same numbers as a table, and as files."""
    text = context.text
    links = [
        html.A(word.upper() if word == "csv" else word.capitalize(), className="trends-file", href="#",
               **attrs({"data-format": word, "download": ""}))
        for word in FORMATS
    ]  # fmt: skip
    return html.Section(
        [
            html.Div(id="trends-totals", className="trends-totals"),
            html.Div([html.Span(text("trends.download")), *links], className="trends-files", id="trends-files"),
            html.Details(
                [html.Summary(text("trends.numbers")), html.Div(id="trends-numbers", className="trends-numbers")],
                id="trends-numbers-box",
                className="aliases",
            ),
        ],
        className="trends-below",
    )
