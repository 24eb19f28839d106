"""The page of an address that nothing has."""

from __future__ import annotations

import dash
from dash import html

from pages._parts import states
from pages._parts.bar import bar
from pages._parts.context import Context
from server.runtime import Runtime

PATH = "/404"


def title(context: Context) -> str:
    """The browser's title."""
    return f"{context.text('missing.title')} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """What is so, and the way back."""
    note = states.message(
        "missing",
        context.text("missing.title"),
        context.text("missing.text"),
        link=("/", context.text("missing.back")),
    )
    return html.Div([bar(context, "", fed=False), html.Main(note, id="main", className="lonely")], className="page")


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """None: the page stands still."""
