"""The register of visits, ``/visits``: the year in figures, the month, who comes next. assets/visits.js fills it."""

from __future__ import annotations

import dash
from dash import html

from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages.wall import dash_json
from server.runtime import Runtime
from server.texts import Lang
from server.tour_words import say, words

PATH = "/visits"


def title(context: Context) -> str:
    """The browser's title."""
    return f"{say('visits', context.lang)} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """The frame; whom it is not for is refused by the router."""
    lang = context.lang
    tours = {tour.id: tour.names[lang] for tour in context.runtime.tours.tours().values()}
    told = {"texts": dict(words(lang)), "tours": tours, "lang": lang}
    return html.Div(
        [
            bar(context, PATH, fed=False),
            html.Main(
                [
                    html.Div(
                        [html.H1(say("visits", lang)), html.P(id="visits-year", className="note"), _buttons(lang)],
                        className="visits-head",
                    ),
                    html.P(say("visits.loading", lang), id="visits-says", className="note", role="status"),
                    html.Div(id="visits-counts", className="visits-counts"),
                    html.Div(
                        [
                            html.Section(id="visits-month", className="visits-month"),
                            html.Section(id="visits-next", className="visits-next"),
                            html.Section(id="visits-said", className="visits-said"),
                        ],
                        className="visits-parts",
                    ),
                    html.Dialog(id="visits-form", className="visits-form"),
                ],
                id="main", className="sheet visits-sheet", tabIndex=-1, **attrs({"data-visits": dash_json(told)}),
            ),
        ],
        className="page visits", **attrs({"data-page": "visits", "data-state": "loading"}),
    )  # fmt: skip


def _buttons(lang: Lang) -> Child:
    """Book, and files out and in."""
    return html.Div(
        [
            html.Button(say("visits.book", lang), id="visits-book", className="button"),
            html.A(say("visits.csv", lang), href="/api/v1/visits?format=csv", className="button"),
            html.A(say("visits.ics", lang), href="/api/v1/visits?format=ics", className="button"),
            html.Button(say("visits.take", lang), id="visits-take", className="button"),
        ],
        className="walls-buttons",
    )


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """The page's script asks the API."""
