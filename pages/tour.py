"""A tour before its audience, ``/tour/{tour}``: the frame. assets/tour-*.js give it life, tours/*.yaml fill it."""

from __future__ import annotations

import dash
from dash import html

from pages._parts import states, twin_view
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages.wall import dash_json
from server.accounts.who import rank, who_now
from server.runtime import Runtime
from server.tour_words import say, words
from twin.tours.tour import Tour
from viewer import CampusView

PATH = "/tour/<tour>"


def title(context: Context, tour: str) -> str:
    """The browser's title."""
    found = context.runtime.tours.tours().get(tour)
    name = context.text("missing.title") if found is None else found.names[context.lang]
    return f"{name} · {context.campus_name}"


async def layout(context: Context, tour: str) -> html.Div:
    """The tour; an unknown one says which there are."""
    found = context.runtime.tours.tours().get(tour)
    if found is None or not may_see(found):
        return html.Div(html.Main(unknown(context, tour), id="main", className="lonely"), className="page")
    return html.Div(
        html.Main(
            _parts(context), id="tour", className="tour-frame", tabIndex=-1,
            **attrs({"data-tour": _told(context, found), "data-state": "loading"}),
        ),
        id="main", className="page tour", **attrs({"data-page": "tour"}),
    )  # fmt: skip


def may_see(tour: Tour) -> bool:
    """Whether who asks may see a tour: those of operators are not for displays and visitors."""
    who = who_now()
    return tour.audience == "visitors" or who is None or rank(who.role) > 0


def unknown(context: Context, tour: str) -> html.Div:
    """That there is no such tour, and which there are."""
    names = ", ".join(id_ for id_, each in context.runtime.tours.tours().items() if may_see(each)) or "–"
    return states.message(
        "missing",
        say("tour.unknown", context.lang, name=tour[:80]),
        say("tour.unknown-text", context.lang, names=names),
    )


def _told(context: Context, tour: Tour) -> str:
    """What the page's scripts need, as JSON; both languages, for a guide may change it while it is on."""
    who = who_now()
    return dash_json({
        "tour": tour.id, "names": dict(tour.names), "texts": {lang: dict(words(lang)) for lang in ("zh", "en")},
        "schematic": context.runtime.assembled.campus.schematic, "lang": context.lang,
        "display": who.name if who is not None and who.role == "kiosk" else "",
    })  # fmt: skip


def _parts(context: Context) -> list[Child]:
    """Stage, cards at places, words, the way for phones, progress, hands."""
    hidden = attrs({"aria-hidden": "true"})
    return [
        html.Div(_stage(context), className="tour-stage"),
        html.Div(className="tour-mist", **hidden),
        html.Div(id="tour-callouts", className="tour-callouts", **hidden),
        html.Figure(id="tour-media", className="tour-media", hidden=True),
        html.Div(id="tour-words", className="tour-words", **attrs({"aria-live": "polite"})),
        html.Div(id="tour-foot", className="tour-foot"),
        html.Aside(id="tour-follow", className="tour-follow", hidden=True),
        html.P(id="tour-says", className="tour-says", role="status"),
        html.Div(id="tour-dots", className="tour-dots", role="img"),
        html.Div(id="tour-hands", className="tour-hands", role="toolbar"),
        html.Div(id="announce", className="sr-only", **attrs({"aria-live": "polite"})),
    ]  # fmt: skip


def _stage(context: Context) -> list[Child]:
    """The twin, and what stands in its place while it is not there."""
    if not context.runtime.assembled.campus.buildings:
        return [states.message("building", context.text("empty.title"), context.text("empty.text"))]
    return [
        CampusView(
            id="twin", sceneUrl=context.runtime.scene.scene_url, liveUrl="/ws/live", channel="", legend=None,
            lang=context.lang, theme=context.theme, mode=context.query.get("mode", "3d"), labels=False,
        ),
        *twin_view.notes(context),
    ]  # fmt: skip


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """A tour asks nothing of the server by callbacks: it is fed by a stream."""
