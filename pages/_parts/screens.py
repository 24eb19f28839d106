"""The way to the other screens: four stand in the bar, the rest opens under 'More' (assets/more.js)."""

from __future__ import annotations

from dash import html

from pages._parts import account
from pages._parts.blocks import attrs
from pages._parts.context import Context
from server import drill_words, tour_words, wall_words
from server.accounts import words
from server.drill_desk import drills_of

FIRST = (
    ("/", "screen.console"),
    ("/alarms", "alarms"),
    ("/incidents", "screen.incidents"),
    ("/trends", "screen.trends"),
)
REST = (("/reports", "screen.reports"), ("/feeds", "screen.feeds"), ("/check", "screen.check"))


def screens(context: Context, here: str) -> html.Nav:
    """Links to all screens that who asks may see; ``here`` is the path of the one shown.

    A screen of the rest stands in the bar while it is the one shown, so that the bar always says where one is.
    """
    rest = _rest(context)
    label = dict(rest).get(here)
    return html.Nav(
        [
            *[_screen(path, context.text(key), here) for path, key in FIRST],
            _screen(here, label, here) if label else None,
            html.Details(
                [
                    html.Summary(context.text("screens.more"), className="screen"),
                    html.Ul([html.Li(_screen(path, name, here, "more-screen")) for path, name in rest]),
                ],
                className="more",
            ),
            _lamp(context),
        ],
        className="screens",
        **attrs({"aria-label": context.text("screens")}),
    )


def _rest(context: Context) -> list[tuple[str, str]]:
    """Address and name of each screen under 'More'; links that lead nowhere are not among them."""
    found = [(path, context.text(key)) for path, key in REST]
    if account.may_open("/walls"):
        found.append(("/walls", wall_words.say("walls", context.lang)))
    if account.may_open("/tour"):
        found.append(("/tour", tour_words.say("tours", context.lang)))
    if account.may_open("/drills") and drills_of(context.runtime) is not None:
        found.append(("/drills", drill_words.say("title", context.lang)))
    if account.has_admin(context):
        found.append((account.SCREEN, words.say("admin", context.lang)))
    return found


def _lamp(context: Context) -> html.A | None:
    """How many displays are ill (assets/walls.js), for whom they are; it shows itself only then."""
    if not account.may_open("/walls"):
        return None
    said = attrs({"data-words": wall_words.say("displays.wrong", context.lang)})
    return html.A(id="displays-lamp", href="/walls", className="displays-lamp", hidden=True, **said)


def _screen(path: str, label: str, here: str, extra: str = "screen") -> html.A:
    current = attrs({"aria-current": "page"} if path == here else {})
    return html.A(label, href=path, className=extra, **current)
