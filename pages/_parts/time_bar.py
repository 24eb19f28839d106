"""The time machine on a page: the bar under the scene, and the frame round it while the past is shown.

assets/time*.js fill and drive it; while the present is shown the bar is one slim line.
"""

from __future__ import annotations

from dash import html

from pages._parts.blocks import Child, attrs, choices, icon, shortcut
from pages._parts.context import Context

SPEEDS = (1, 10, 60, 600, 3600)
"""Speeds of playing [times real time]; the clock of viewer/src/past knows the same."""
WINDOWS = {"1h": 3600, "6h": 21_600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000}
"""Windows of the axis [s]."""


def time_bar(context: Context) -> html.Section:
    """The bar: a line that opens it, and the panel with the axis."""
    kept = context.runtime.past is not None
    return html.Section(
        [_line(context, kept), _panel(context) if kept else None],
        id="time-bar",
        className="time-bar",
        **attrs({"aria-label": context.text("time.label"), "data-open": "no"}),
    )


def frame(context: Context) -> html.Div:
    """Round the scene: what is shown is not the present. Over everything of it stands the instant and the way back."""
    text = context.text
    band = [
        html.B(text("time.replay"), className="time-word"),
        html.Span(id="time-stamp", className="time-stamp"),
        html.Span(id="time-versus", className="time-aside"),
        html.Span(id="time-speed", className="time-aside", role="status"),
        html.Button(text("time.live"), className="time-live", **attrs({"data-time": "live"})),
    ]
    return html.Div(
        html.Div(band, className="time-band", **attrs({"data-over-view": ""})),
        id="time-frame",
        className="time-frame",
        hidden=True,
    )


def difference_mark(context: Context) -> html.Span:
    """Beside a number: shown while it is the difference of two moments."""
    return html.Span(f" · {context.text('time.difference')}", className="of-difference")


def difference(context: Context) -> html.Div:
    """The scale of a difference of two moments; assets/time-compare.js writes name, borders and both instants."""
    text = context.text
    name: list[Child] = [
        html.Span(**attrs({"data-part": "name"})),
        html.Span(text("time.difference")),
        html.Span(className="unit", **attrs({"data-part": "unit"})),
    ]
    return html.Div(
        [
            html.P(name, className="legend-title"),
            html.Div(
                [html.I(style={"background": f"var(--diverge-{step})"}) for step in range(1, 8)],
                className="ramp",
                **attrs({"aria-hidden": "true"}),
            ),
            html.Div([html.Span() for _ in range(6)], className="ticks"),
            html.Div([html.Span(text("time.less")), html.Span(text("time.more"))], className="legend-ends"),
            html.P(className="legend-what", **attrs({"data-part": "what"})),
        ],
        id="difference",
        className="legend difference",
        hidden=True,
        **attrs({"data-over-view": ""}),
    )


def _line(context: Context, kept: bool) -> html.Div:
    text = context.text
    if not kept:
        why = " ".join(filter(None, [text("time.none"), context.runtime.history_trouble]))
        return html.Div(html.Span(why, className="time-note", title=why), className="time-line")
    button = html.Button(
        [icon("past"), html.Span(text("time.open"))],
        id="time-open",
        className="time-open",
        **attrs({"aria-expanded": "false", "aria-controls": "time-panel"} | shortcut("B")),
    )
    return html.Div(
        [button, html.Span(id="time-note", className="time-note", role="status"), _windows(context), _keep(context)],
        className="time-line",
    )


def _windows(context: Context) -> html.Div:
    buttons = [
        html.Button(
            context.text(f"time.window.{key}"), className="choice",
            **attrs({"data-window": str(seconds), "aria-pressed": "false"}),
        )
        for key, seconds in WINDOWS.items()
    ]  # fmt: skip
    return choices(context.text("time.windows"), buttons, "small time-windows")


def _keep(context: Context) -> html.Div:
    text = context.text
    return html.Div(
        [
            _button(context, "bookmark", "time.bookmark", "keep"),
            html.Details(
                [
                    html.Summary(text("time.bookmarks"), className="time-summary"),
                    html.Ul(id="time-bookmarks", className="time-bookmarks"),
                ],
                className="time-list",
            ),
            _button(context, "link", "time.copy", "copy"),
        ],
        className="time-keep",
    )


def _panel(context: Context) -> html.Div:
    text = context.text
    axis = html.Div(
        [html.Div(id="time-strip", className="time-strip"),
         html.I(id="time-other", className="time-other", hidden=True),
         html.I(id="time-cursor", className="time-cursor")],
        id="time-axis",
        className="time-axis",
        role="slider",
        tabIndex=0,
        **attrs({"aria-label": text("time.axis"), "aria-orientation": "horizontal", "aria-valuemin": "0",
                 "aria-valuemax": "1", "aria-valuenow": "1"}),
    )  # fmt: skip
    return html.Div(
        [html.Div([_transport(context), _speeds(context)], className="time-left"), axis, _compare(context)],
        id="time-panel",
        className="time-panel",
        hidden=True,
    )


def _transport(context: Context) -> html.Div:
    return html.Div(
        [
            _button(context, "previous", "time.previous", "previous"),
            _button(context, "back", "time.back", "back"),
            _button(context, "play", "time.play", "play"),
            _button(context, "forward", "time.forward", "forward"),
            _button(context, "next", "time.next", "next"),
        ],
        className="time-transport",
        role="group",
        **attrs({"aria-label": context.text("time.label")}),
    )


def _button(context: Context, symbol: str, key: str, what: str) -> html.Button:
    label = context.text(key)
    return html.Button(icon(symbol), className="tool", title=label, **attrs({"aria-label": label, "data-time": what}))


def _speeds(context: Context) -> html.Div:
    buttons = [
        html.Button(
            f"{speed:,}×".replace(",", "\u202f"),
            className="choice",
            **attrs({"data-speed": str(speed), "aria-pressed": str(speed == 60).lower()}),
        )
        for speed in SPEEDS
    ]
    return choices(context.text("time.speed"), buttons, "small")


def _compare(context: Context) -> html.Div:
    text = context.text

    def button(key: str, what: str) -> html.Button:
        return html.Button(
            text(key), className="choice", **attrs({"data-compare": what, "aria-pressed": str(what == "off").lower()})
        )

    return html.Div(
        [
            choices(text("time.compare"), [button("time.week", "week"), button("time.pin", "pin")]),
            choices(
                text("time.compare"),
                [button("time.swipe", "swipe"), button("time.diff", "diff"), button("time.off", "off")],
                "small",
            ),
        ],
        className="time-compare",
    )
