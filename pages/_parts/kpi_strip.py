"""The choice of domain in the bar, and under it that domain's figures; assets/kpis.js fills and keeps them."""

from __future__ import annotations

from dash import html

from pages._parts.blocks import attrs, choices, shortcut
from pages._parts.context import Context
from pages._parts.twin_view import default_channel
from twin.domains import Domain, Kpi, domains


def domain_choice(context: Context) -> html.Div:
    """One button a domain: it shows the domain's first channel, and its figures."""
    buttons = [
        html.Button(
            row.zh if context.lang == "zh" else row.en,
            className="choice",
            **attrs(
                {"data-set": f"ch={row.channels[0].key}", "data-domain": row.key, "aria-pressed": "false"}
                | shortcut(str(number) if number < 10 else "")
            ),
        )
        for number, row in enumerate(domains().values(), 1)
    ]
    return choices(context.text("domains"), buttons, "channels")


def strip(context: Context) -> html.Section:
    """The figures of every domain, those of the chosen one in sight; each tells its formula when it is pointed at."""
    chosen = context.query.get("ch", default_channel()).partition(".")[0] or next(iter(domains()))
    return html.Section(
        [
            html.Div(
                [html.Span(className="kpis-name", **attrs({"data-kpis-place": ""})),
                 html.Span(className="kpis-domain", **attrs({"data-kpis-domain": ""}))],
                className="kpis-place",
            ),
            _trend(context),
            *(_figures(context, row, shown=row.key == chosen) for row in domains().values()),
            html.P(id="kpis-none", className="kpis-none", hidden=True),
            html.P(id="kpis-error", className="kpis-error", role="status", hidden=True),
            html.Div(id="kpi-card", className="kpi-card", role="tooltip", hidden=True),
        ],
        id="kpis",
        className="kpis",
        **attrs({"aria-label": context.text("kpis"), "data-state": "loading"}),
    )  # fmt: skip


def _trend(context: Context) -> html.Div:
    """The course of the domain's first figure since the program began, at most 24 h; assets/trend.js draws it."""
    return html.Div(
        [html.Span(id="trend-name", className="kpi-name"), html.Div(id="trend", className="trend-graph")],
        className="trend", role="img",
        **attrs({"aria-label": context.text("kpis.trend")}),
    )  # fmt: skip


def _figures(context: Context, domain: Domain, *, shown: bool) -> html.Div:
    return html.Div(
        [_figure(context, kpi) for kpi in domain.kpis if kpi.strip],
        className="kpis-row",
        hidden=not shown,
        **attrs({"data-kpis-of": domain.key, "data-name": domain.zh if context.lang == "zh" else domain.en}),
    )


def _figure(context: Context, kpi: Kpi) -> html.Button:
    """Name, number with unit, and under it always age or origin, and coverage."""
    return html.Button(
        [
            html.Span(kpi.zh if context.lang == "zh" else kpi.en, className="kpi-name"),
            html.Span([html.Span(className="kpi-value"), html.Span(className="kpi-unit")], className="kpi-number"),
            html.Span(className="kpi-state"),
        ],
        className="kpi",
        **attrs({"data-kpi": kpi.key, "data-state": "loading"}),
    )
