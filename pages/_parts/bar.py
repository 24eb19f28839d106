"""The bar at the top of every page: whose campus, which screen, the time there, how fresh the data are, the marks."""

from __future__ import annotations

from dash import html

from pages._parts import account, saved
from pages._parts.blocks import Child, attrs, choice, choices, icon, live
from pages._parts.context import Context
from pages._parts.screens import screens
from server.feed import NOT_MEASURED


def bar(context: Context, here: str, *, middle: Child = None, fed: bool = True) -> html.Header:
    """The bar; ``here`` is the path of the screen shown, ``middle`` what the screen puts beside the title.

    ``fed`` is False on a screen without the view, which is what brings live values.
    """
    return html.Header(
        [
            html.A(context.campus_name, href="/", className="brand", title=context.campus_name),
            screens(context, here),
            middle,
            html.Div(
                [
                    html.Span(className="date", **attrs({"data-clock": "date"})),
                    html.Span(className="clock", **attrs({"data-clock": "time"})),
                    _feed(context) if fed else None,
                    marks(context),
                    _language(context),
                    saved.button(context),
                    _keys(context) if fed else None,
                    _theme(context),
                    account.said(context),
                ],
                className="bar-right",
            ),
        ],
        className="bar",
    )


def _feed(context: Context) -> html.Span:
    """Whether the view is fed, in words (assets/clock.js), with the age of the campus's total or the time it ended."""
    campus = context.runtime.assembled.campus.id
    return html.Span(
        [
            html.I(className="feed-dot", **attrs({"aria-hidden": "true"})),
            html.Span(id="feed-word", role="status"),
            live(campus, "age", "feed-age"),
            live(campus, "since", "feed-since"),
        ],
        id="feed",
        className="feed",
        title=context.text("feed.label"),
    )


def marks(context: Context) -> html.Span | None:
    """What the viewer must know before reading a number: simulated data, schematic geometry."""
    campus = context.runtime.assembled.campus
    words = []
    if is_simulated(context):
        words.append(context.text("mark.simulated"))
    if campus.schematic or any(building.schematic for building in campus.buildings):
        words.append(context.text("mark.schematic"))
    if not words:
        return None
    parts: list[Child] = [html.Span(words[0])]
    for word in words[1:]:
        parts += [html.Span(" · ", className="mark-dot"), html.Span(word)]
    return html.Span(parts, className="mark", title=context.text("mark.help"))


def is_simulated(context: Context) -> bool:
    """Whether any value shown comes from a simulator or a replay."""
    return any(source.type in NOT_MEASURED for source in context.runtime.sources())


def _language(context: Context) -> html.Div:
    return choices(
        context.text("language"),
        [
            choice(html.Span(word, lang=tag), f"lang={code}", pressed=context.lang == code)
            for code, word, tag in (("zh", "中", "zh-CN"), ("en", "EN", "en"))
        ],
        "small",
    )


def _keys(context: Context) -> html.Button:
    """Opens the list of keys, where there are any."""
    return html.Button(
        icon("keys"),
        className="tool quiet",
        title=context.text("keys.title") + " (?)",
        **attrs({"data-do": "keys", "aria-label": context.text("keys.title")}),
    )


def _theme(context: Context) -> html.Button:
    return html.Button(
        icon("theme"),
        className="tool quiet",
        title=context.text("theme"),
        **attrs({"data-flip": "theme", "aria-label": context.text("theme")}),
    )
