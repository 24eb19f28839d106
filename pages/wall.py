"""A wall display, ``/wall/{name}``: the frame of a screen. assets/wall*.js give it life, walls/*.yaml fill it."""

from __future__ import annotations

import json
from typing import Any

import dash
from dash import html

from pages._parts import states, twin_view
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from server.accounts.who import who_now
from server.runtime import Runtime
from server.wall_words import say, words
from server.walls import wall_out
from twin.domains import channels, domains
from twin.walls.wall import Screen, Wall
from viewer import CampusView

PATH = "/wall/<wall>"


def title(context: Context, wall: str) -> str:
    """The browser's title."""
    found = context.runtime.walls.walls().get(wall)
    name = context.text("missing.title") if found is None else found.names[context.lang]
    return f"{name} · {context.campus_name}"


async def layout(context: Context, wall: str) -> html.Div:
    """The screen that ``?screen=`` names, else the first; an unknown wall says which there are."""
    walls = context.runtime.walls.walls()
    found = walls.get(wall)
    if found is None:
        return html.Div(html.Main(unknown(context, wall), id="main", className="lonely"), className="page")
    screen = found.screens.get(context.query.get("screen", ""), next(iter(found.screens.values())))
    return html.Div(
        html.Main(
            _parts(context, found, screen), id="wall", className="wall-frame", tabIndex=-1,
            **attrs({"data-wall": _told(context, found), "data-form": "landscape", "data-screen": screen.id}),
        ),
        id="main", className="page wall", **attrs({"data-page": "wall"}),
    )  # fmt: skip


def unknown(context: Context, wall: str) -> html.Div:
    """That there is no such wall, and which there are."""
    names = ", ".join(context.runtime.walls.walls()) or "–"
    return states.message(
        "missing",
        say("wall.unknown", context.lang, name=wall[:80]),
        say("wall.unknown-text", context.lang, names=names),
    )


def _told(context: Context, wall: Wall) -> str:
    """What the screen's scripts need, as JSON; both languages, for it may change while it is on."""
    return dash_json({**told(context, wall), "display": _display()})


def told(context: Context, wall: Wall) -> dict[str, Any]:
    """What the pages of a wall know of it: as it is written, as it stands, texts, domains, the build."""
    desk = context.runtime.walls
    return {
        "wall": wall_out(context.runtime, wall).model_dump(mode="json"),
        "state": desk.state(wall.id).model_dump(mode="json"),
        "texts": {lang: dict(words(lang)) for lang in ("zh", "en")},
        "domains": {row.key: {"zh": row.zh, "en": row.en} for row in domains().values()},
        "build": desk.build,
    }


def dash_json(value: object) -> str:
    """A value as the text of a data attribute."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _display() -> str:
    """The name of a display that has a cookie of its own; '' for other browsers."""
    who = who_now()
    return who.name if who is not None and who.role == "kiosk" else ""


def _parts(context: Context, wall: Wall, screen: Screen) -> list[Child]:
    """Stage, words, clock, foot, the card of an incident, the veil of the night."""
    hidden = attrs({"aria-hidden": "true"})
    return [
        html.Div(_stage(context, wall, screen), className="wall-stage"),
        html.Div(className="wall-mist", **hidden),
        html.Div(id="wall-labels", className="wall-labels", **hidden),
        html.Div(id="wall-column", className="wall-column"),
        html.Div(id="wall-beside", className="wall-column wall-right"),
        html.Div(
            [
                html.P(
                    [html.Span(id="wall-date"),
                     html.Time(id="wall-time", **attrs({"role": "timer", "aria-live": "off"}))],
                    className="wall-now-line",
                ),
                html.Div(id="wall-marks", className="wall-marks"),
                html.P(id="wall-paused", className="wall-paused"),
            ],
            id="wall-clock", className="wall-clock",
        ),
        html.Div(
            [
                html.Div(
                    [
                        html.Div(id="wall-foot-facts", className="wall-foot-facts"),
                        html.P(id="wall-peak", className="wall-peak", hidden=True),
                        html.P(id="wall-alarms", className="wall-alarms"),
                        html.P(id="wall-held", className="wall-held", hidden=True),
                        html.P(id="wall-mute", className="wall-held", hidden=True),
                        html.P(id="wall-origin", className="wall-origin"),
                    ],
                    className="wall-line-of-facts",
                ),
                html.Div(id="wall-trend", className="wall-trend"),
            ],
            id="wall-foot", className="wall-foot",
        ),
        html.Nav(id="wall-list", className="wall-list"),
        html.Section(id="wall-incident", className="wall-incident", hidden=True),
        html.Div([html.P(id="wall-keys"), html.P(id="wall-incident-origin")], className="wall-incident-foot"),
        html.Div(id="wall-night", className="wall-night", **hidden),
        html.Div(id="announce", className="sr-only", **attrs({"aria-live": "polite"})),
    ]  # fmt: skip


def _stage(context: Context, wall: Wall, screen: Screen) -> list[Child]:
    """The twin, and what stands in its place while it is not there."""
    if not context.runtime.assembled.campus.buildings:
        return [states.message("building", context.text("empty.title"), context.text("empty.text"))]
    scene = wall.scenes[wall.playlists[screen.playlist][0]]
    channel = channels().get(scene.channel)
    return [
        CampusView(
            id="twin", sceneUrl=context.runtime.scene.scene_url, liveUrl="/ws/live",
            channel=channel.key if channel else "", legend=channel.legend() if channel else None, lang=wall.lang,
            theme=wall.theme, mode=context.query.get("mode", "3d"), lens=scene.lens, labels=False,
            camera=scene.camera.pose,
        ),
        *twin_view.notes(context),
    ]  # fmt: skip


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """A wall asks nothing of the server by callbacks: it is fed by streams, and runs on while Dash sleeps."""
