"""Drills, ``/drills``: a trainer or guide lets something go wrong now on the simulated campus, and ends it again.

The form and the table are a frame; assets/drills.js asks ``/api/v1/drills`` and fills them.
"""

from __future__ import annotations

import dash
from dash import html

from pages._parts import states
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages.wall import dash_json
from server.drill_desk import drills_of
from server.drill_words import say, words
from server.runtime import Runtime
from twin.index import label_of

PATH = "/drills"
MINUTES = (5, 10, 20, 30, 60, 120)
HEADS = ("what", "where", "from", "to", "by", "do")


def title(context: Context) -> str:
    """The browser's title."""
    return f"{say('title', context.lang)} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """The whole screen, still without drills."""
    lang = context.lang
    if drills_of(context.runtime) is None:
        note = states.message(
            "missing", say("none", lang), say("none-text", lang), link=("/", context.text("missing.back"))
        )
        main = html.Main(note, id="main", className="lonely", tabIndex=-1)
        return html.Div([bar(context, PATH, fed=False), main], className="page", **attrs({"data-page": "drills"}))
    main = html.Main(
        [
            html.H1(say("title", lang)),
            html.P(say("about", lang), className="drills-about"),
            html.Form([_kinds(context), _where(context)], id="drills-form", className="drills-form"),
            html.P(id="drills-says", className="drills-says", role="status"),
            html.H2(say("going", lang)),
            html.P(say("loading", lang), id="drills-note", className="note", role="status"),
            html.Div(
                html.Table(
                    [html.Thead(html.Tr([_head(context, head) for head in HEADS])), html.Tbody(id="drills-rows")],
                    className="table",
                ),
                id="drills-table", className="admin-table", tabIndex=0, role="region", hidden=True,
                **attrs({"aria-label": say("going", lang)}),
            ),
        ],
        id="main", className="sheet admin-sheet drills-sheet", tabIndex=-1,
        **attrs({"data-drills": dash_json({"texts": dict(words(lang))})}),
    )  # fmt: skip
    return html.Div(
        [bar(context, PATH, fed=False), main], className="page drills",
        **attrs({"data-page": "drills", "data-state": "loading"}),
    )  # fmt: skip


def _head(context: Context, head: str) -> Child:
    if head == "do":
        return html.Th(html.Span(say("stop", context.lang), className="sr-only"))
    return html.Th(say(f"head.{head}", context.lang))


def _kinds(context: Context) -> html.Fieldset:
    """One radio button a kind; assets/drills.js makes them of what the server has."""
    return html.Fieldset(
        [html.Legend(say("what", context.lang)), html.Div(id="drills-kinds", className="drills-kinds")],
        className="drills-what",
    )


def _where(context: Context) -> html.Div:
    lang, campus = context.lang, context.runtime.assembled.campus
    places = [("", say("anywhere", lang)), *((b.id, label_of(b, lang)) for b in campus.buildings)]
    return html.Div(
        [
            html.Label(
                [html.Span(say("where", lang)),
                 html.Select([html.Option(name, value=code) for code, name in places], id="drills-place")],
                className="admin-field", htmlFor="drills-place",
            ),
            html.Label(
                [html.Span(say("minutes", lang)),
                 html.Select([html.Option(str(n), value=str(n)) for n in MINUTES], id="drills-minutes")],
                className="admin-field", htmlFor="drills-minutes",
            ),
            html.Button(say("begin", lang), className="button", type="submit", id="drills-begin", disabled=True),
        ],
        className="admin-form",
    )  # fmt: skip


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """None: assets/drills.js asks the API."""
