"""The control of a wall from a tablet or phone, ``/wall/{name}/control``: what each screen shows, and shall show."""

from __future__ import annotations

import dash
from dash import html

from pages._parts.bar import bar
from pages._parts.blocks import attrs
from pages._parts.context import Context
from pages.wall import dash_json, told, unknown
from server.runtime import Runtime
from server.wall_words import say
from twin.index import label_of
from twin.walls.wall import Wall

PATH = "/wall/<wall>/control"


def title(context: Context, wall: str) -> str:
    """The browser's title."""
    found = context.runtime.walls.walls().get(wall)
    name = context.text("missing.title") if found is None else found.names[context.lang]
    return f"{say('control', context.lang)}: {name} · {context.campus_name}"


async def layout(context: Context, wall: str) -> html.Div:
    """A card a screen, what concerns the whole wall, the incidents; assets/wall-control.js fills and keeps them."""
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
                        [html.H1(found.names[lang]),
                         html.P(id="control-state", className="control-state", role="status")],
                        className="control-head",
                    ),
                    html.Div(id="control-screens", className="control-screens"),
                    _whole(context, found),
                    html.Section(
                        [html.H2(say("control.incidents", lang)), html.Div(id="control-incidents")],
                        className="control-part",
                    ),
                ],
                id="main", className="sheet control-sheet", tabIndex=-1,
                **attrs({"data-control": dash_json({**told(context, found), "lang": lang})}),
            ),
        ],
        className="page control", **attrs({"data-page": "control", "data-state": "loading"}),
    )  # fmt: skip


def _whole(context: Context, wall: Wall) -> html.Section:
    """Selection, language and theme of all screens of the wall."""
    lang = context.lang
    buildings = [html.Option(say("control.nothing", lang), value="")] + [
        html.Option(label_of(building, lang), value=building.id)
        for building in context.runtime.assembled.campus.buildings
    ]
    return html.Section(
        [
            html.H2(say("control.all", lang)),
            html.Label([say("control.select", lang), html.Select(buildings, id="control-selection")],
                       className="control-field"),
            html.Div(id="control-whole", className="control-rows"),
        ],
        className="control-part",
    )  # fmt: skip


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """What is pressed is asked of the API by the page's script."""
