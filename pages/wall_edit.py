"""The editor of a wall, ``/wall/{name}/edit``: a form over its file, what is wrong beside each field, and the wall
itself as it would be. assets/wall-edit*.js fill it."""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from pages._parts import states
from pages._parts.bar import bar
from pages._parts.blocks import attrs
from pages._parts.context import Context
from pages.wall import dash_json, unknown
from server.runtime import Runtime
from server.wall_edit_words import edit_words, say
from twin.domains import Domain, domains
from twin.index import label_of
from twin.walls.wall import MOST_NUMBERS

PATH = "/wall/<wall>/edit"
MOST_PLACES = 3000
"""Buildings and storeys that are offered; any other id may be typed."""


def title(context: Context, wall: str) -> str:
    """The browser's title."""
    found = context.runtime.walls.walls().get(wall)
    name = context.text("missing.title") if found is None else found.names[context.lang]
    return f"{say('edit', context.lang)}: {name} · {context.campus_name}"


async def layout(context: Context, wall: str) -> html.Div:
    """Head with what can be done, the form, the preview."""
    found = context.runtime.walls.walls().get(wall)
    if found is None:
        main = html.Main(unknown(context, wall), id="main", className="lonely")
        return html.Div([bar(context, "", fed=False), main], className="page")
    lang = context.lang
    return html.Div(
        [
            bar(context, "", fed=False),
            html.Main(
                [
                    html.Div(
                        [
                            html.Div([html.H1(found.names[lang], id="edit-name"),
                                      html.P(id="edit-file", className="note")]),
                            html.Div(id="edit-do", className="edit-do"),
                        ],
                        className="edit-head",
                    ),
                    html.P(say("edit.loading", lang), id="edit-state", className="edit-state", role="status"),
                    html.Div(id="edit-ask", className="edit-ask", role="alert", hidden=True),
                    html.Ul(id="edit-mistakes", className="edit-mistakes"),
                    html.Div(
                        [
                            html.Div(states.loading(), id="edit-form", className="edit-form"),
                            html.Section(id="edit-preview", className="edit-preview",
                                         **attrs({"aria-label": say("edit.preview", lang)})),
                        ],
                        className="edit-columns",
                    ),
                    html.Div(id="announce", className="sr-only", **attrs({"aria-live": "polite"})),
                ],
                id="main", className="sheet edit-sheet", tabIndex=-1,
                **attrs({"data-edit": dash_json(_told(context, wall))}),
            ),
        ],
        className="page edit", **attrs({"data-page": "edit", "data-state": "loading"}),
    )  # fmt: skip


def _told(context: Context, wall: str) -> dict[str, Any]:
    """Texts, and what may be chosen."""
    lang = context.lang
    return {
        "wall": wall,
        "lang": lang,
        "texts": dict(edit_words(lang)),
        "most": MOST_NUMBERS,
        "domains": [_domain(row, lang) for row in domains().values()],
        "places": _places(context),
    }


def _domain(row: Domain, lang: str) -> dict[str, Any]:
    """A domain with its figures and channels, as [key, name]."""
    return {
        "key": row.key,
        "name": getattr(row, lang),
        "kpis": [
            [kpi.key, f"{getattr(kpi, lang)} [{kpi.unit}]" if kpi.unit else getattr(kpi, lang)] for kpi in row.kpis
        ],
        "channels": [[channel.key, getattr(channel, lang)] for channel in row.channels],
    }


def _places(context: Context) -> list[list[str]]:
    """Buildings and their storeys, as [id, name]."""
    found: list[list[str]] = []
    for building in context.runtime.assembled.campus.buildings:
        name = label_of(building, context.lang)
        found.append([building.id, name])
        found += [[storey.id, f"{name} · {label_of(storey, context.lang)}"] for storey in building.storeys]
    return found[:MOST_PLACES]


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """What is written is asked of the API by the page's scripts."""
