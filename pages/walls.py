"""The walls and their displays, ``/walls``: which there are, whether each display is well, the way to their control."""

from __future__ import annotations

import dash
from dash import html

from pages._parts.bar import bar
from pages._parts.blocks import attrs
from pages._parts.context import Context
from pages.wall import dash_json
from server.runtime import Runtime
from server.wall_words import say, words
from twin.walls.wall import Wall

PATH = "/walls"


def title(context: Context) -> str:
    """The browser's title."""
    return f"{say('walls', context.lang)} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """The walls, and a table of displays that assets/walls.js fills and keeps."""
    lang = context.lang
    walls = list(context.runtime.walls.walls().values())
    heads = ("display", "state", "since", "shows", "size", "memory", "do")
    return html.Div(
        [
            bar(context, PATH, fed=False),
            html.Main(
                [
                    html.H1(say("walls", lang)),
                    html.P(say("walls.own" if context.runtime.walls.own else "walls.given", lang), className="note"),
                    html.Ul([_wall(context, wall) for wall in walls], className="walls-list"),
                    html.H2(say("displays", lang)),
                    html.P(id="displays-says", className="note", role="status"),
                    html.Div(
                        html.Table(
                            [html.Thead(html.Tr([html.Th(say(f"displays.{head}", lang)) for head in heads])),
                             html.Tbody(id="displays-rows")],
                            className="table",
                        ),
                        className="admin-table", tabIndex=0, role="region",
                        **attrs({"aria-label": say("displays", lang)}),
                    ),
                ],
                id="main", className="sheet admin-sheet", tabIndex=-1,
                **attrs({"data-walls": dash_json({"texts": dict(words(lang)), "names": _names(walls)})}),
            ),
        ],
        className="page walls", **attrs({"data-page": "walls", "data-state": "loading"}),
    )  # fmt: skip


def _names(walls: list[Wall]) -> dict[str, dict[str, object]]:
    """Names of walls, screens and scenes, for the rows of the table."""
    return {
        wall.id: {
            "names": wall.names,
            "screens": {screen.id: screen.names for screen in wall.screens.values()},
            "scenes": {scene.id: scene.block.title for scene in wall.scenes.values()},
        }
        for wall in walls
    }


def _wall(context: Context, wall: Wall) -> html.Li:
    """A wall: its screens to open, and its control."""
    lang = context.lang
    screens = [
        html.A(screen.names[lang], href=f"/wall/{wall.id}?screen={screen.id}", className="button", target="_blank")
        for screen in wall.screens.values()
    ]
    control = html.A(say("control", lang), href=f"/wall/{wall.id}/control", className="button")
    return html.Li([html.H3(wall.names[lang]), html.Div([*screens, control], className="walls-buttons")])


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """The displays' states come by assets/walls.js."""
