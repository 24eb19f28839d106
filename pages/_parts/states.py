"""The designed states of a panel: loading, empty, error. Each says what is so and, where one can act, what to do."""

from __future__ import annotations

from dash import html

from pages._parts.blocks import attrs, icon
from pages._parts.context import Context


def loading() -> html.Div:
    """A quiet placeholder without words: it stands for less than a second."""
    return html.Div(html.Span(className="loading-bar"), className="state state-loading", **attrs({"aria-busy": "true"}))


def broken(context: Context) -> html.Div:
    """A part that could not be built: the reason is in the log, not on the screen."""
    return message("missing", context.text("error.title"), context.text("error.text"))


def message(
    symbol: str, title: str, sentence: str = "", *, link: tuple[str, str] | None = None, more: str = ""
) -> html.Div:
    """An empty or broken panel: a symbol, what is so, what to do; ``link`` is (address, text), ``more`` classes."""
    parts = [icon(symbol, "state-icon"), html.P(title, className="state-title")]
    if sentence:
        parts.append(html.P(sentence, className="state-text"))
    if link:
        parts.append(html.A(link[1], href=link[0], className="button"))
    return html.Div(parts, className=f"state {more}".strip(), role="status")
