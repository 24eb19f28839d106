"""The tours of the campus, ``/tour``: which there are, how long, and how to begin one."""

from __future__ import annotations

import dash
from dash import html

from pages._parts.account import may_open
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages.tour import may_see
from server.accounts.who import rank, who_now
from server.runtime import Runtime
from server.tour_words import say
from twin.tours.tour import Tour

PATH = "/tour"


def title(context: Context) -> str:
    """The browser's title."""
    return f"{say('tours', context.lang)} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """A row a tour."""
    lang, desk = context.lang, context.runtime.tours
    rows = [_row(context, tour) for tour in desk.tours().values() if may_see(tour)]
    return html.Div(
        [
            bar(context, PATH, fed=False),
            html.Main(
                [
                    html.H1(say("tours", lang)),
                    html.P(say("tours.own" if desk.own else "tours.given", lang), className="note"),
                    html.A(say("visits", lang), href="/visits", className="button") if may_open("/visits") else None,
                    html.Ul(rows, className="walls-list") if rows else html.P(say("tours.none", lang)),
                ],
                id="main", className="sheet admin-sheet", tabIndex=-1,
            ),
        ],
        className="page tours", **attrs({"data-page": "tours", "data-state": "ready"}),
    )  # fmt: skip


def _row(context: Context, tour: Tour) -> html.Li:
    lang, who = context.lang, who_now()
    facts = [say("tours.minutes", lang, n=minutes) for minutes in tour.minutes]
    facts = facts or [say("tours.minutes", lang, n=max(1, round(tour.seconds / 60)))]
    facts.append(say("tours.steps", lang, n=len(tour.steps)))
    if tour.audience == "operators":
        facts.append(say("tours.operators", lang))
    buttons: list[Child] = [html.A(say("tours.show", lang), href=f"/tour/{tour.id}", className="button")]
    if who is None or rank(who.role) >= rank("operator"):
        buttons.append(html.A(say("tours.lead", lang), href=f"/guide/{tour.id}", className="button"))
    return html.Li(
        [
            html.Div(
                [html.H2(tour.names[lang]), html.P(tour.summary[lang]), html.P(" · ".join(facts), className="note")]
            ),
            html.Div(buttons, className="walls-buttons"),
        ]
    )  # fmt: skip


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """Links alone."""
