"""The walls and their displays, ``/walls``: which there are, whether each display is well, the way to their control."""

from __future__ import annotations

import dash
from dash import html

from pages._parts import account
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages._parts.field import TextField
from pages.wall import dash_json
from server.runtime import Runtime
from server.wall_edit_words import say as say_edit
from server.wall_words import say, words
from twin.walls.wall import Wall
from twin.walls.wall_files import default_walls

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
                    *_new(context, walls),
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
    address = f"/wall/{wall.id}/edit"
    edit = [html.A(say_edit("edit", lang), href=address, className="button")] if account.may_open(address) else []
    return html.Li([html.H3(wall.names[lang]), html.Div([*screens, control, *edit], className="walls-buttons")])


def _new(context: Context, walls: list[Wall]) -> list[Child]:
    """A form for a new wall, a copy of one that is there or comes with the product; for those who may write one."""
    if not account.may_open("/wall/new/edit"):
        return []
    lang = context.lang
    known = {**default_walls(), **{wall.id: wall for wall in walls}}
    copies = [html.Option(wall.names[lang], value=wall.id) for wall in known.values()]
    texts = {name: say_edit(f"edit.{name}", lang) for name in ("failed", "id-bad")}
    return [
        html.H2(say_edit("edit.new", lang)),
        html.Div(
            [
                html.Label([say_edit("edit.new-name", lang),
                            TextField(id="walls-new-name", maxLength=80)],
                           className="admin-field", htmlFor="walls-new-name"),
                html.Label([say_edit("edit.new-from", lang), html.Select(copies, id="walls-new-from")],
                           className="admin-field", htmlFor="walls-new-from"),
                html.Button(say_edit("edit.new-do", lang), id="walls-new-do", className="button"),
            ],
            className="admin-form",
        ),
        html.P(id="walls-new-says", className="note", role="status", **attrs({"data-texts": dash_json(texts)})),
    ]  # fmt: skip


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """The displays' states come by assets/walls.js."""
