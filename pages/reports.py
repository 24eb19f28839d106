"""The reports, ``/reports``: choose a day, week or month and a place, see the report as it is printed, take it along.

The choice lives in the address (assets/reports.js), so that a link shows the same report.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import dash
from dash import Input, Output, State, dcc, html
from fastapi import HTTPException

from pages._parts import states
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs, choices, icon
from pages._parts.context import Context, context_of
from server.paper_html import page
from server.reports import Wish
from server.reports_api import read_wish, yesterday
from server.runtime import Runtime
from twin.history.contract import HistoryError, HistoryLaterError
from twin.index import label_of
from twin.reports.periods import KINDS, PeriodError, local

log = logging.getLogger(__name__)

PATH = "/reports"
FORMS = ("pdf", "html", "json")


def title(context: Context) -> str:
    """The browser's title."""
    return f"{context.text('screen.reports')} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """The choice above, the paper below."""
    wish = _wish(context.runtime, context.query)
    return html.Div(
        [
            bar(context, PATH, fed=False),
            html.Main(
                [
                    html.Div(
                        [html.H1(context.text("screen.reports")), _choice(context, wish), _take(context)],
                        className="reports-head",
                    ),
                    html.P(id="reports-says", className="reports-says", role="status"),
                    html.Div(
                        html.Span(className="loading-bar"), id="reports-busy", className="reports-busy", hidden=True
                    ),
                    html.Div(states.loading(), id="reports-paper", className="reports-paper"),
                    html.P(id="announce", className="sr-only", role="status"),
                    dcc.Store(id="reports-wish"),
                ],
                id="main",
                className="reports-sheet",
                tabIndex=-1,
            ),
        ],
        className="page reports",
        **attrs({"data-page": "reports", "data-state": "ready"}),
    )


def _wish(runtime: Runtime, query: Mapping[str, str]) -> Wish:
    """What the address asks for; what it says wrong is left out here, and told where the report would be."""
    try:
        return read_wish(runtime, query.get("kind", "day"), query.get("of", ""), query.get("date", ""))
    except HTTPException:
        return Wish("day", query.get("of", ""), yesterday(runtime))


def _choice(context: Context, wish: Wish) -> html.Div:
    text = context.text
    kinds = choices(
        text("reports.kind"),
        [
            html.Button(
                text(f"reports.kind.{kind}"), className="choice",
                **attrs({"data-reports-kind": kind, "aria-pressed": str(kind == wish.kind).lower()}),
            )
            for kind in KINDS
        ],
        "small reports-kinds",
    )  # fmt: skip
    runtime = context.runtime
    today = local(round(runtime.ingest.clock() * 1000), runtime.reports.zone).date()
    # Dash has no date field: assets/reports.js puts the browser's own into the span
    day = attrs({"data-value": wish.day.isoformat(), "data-max": today.isoformat(), "data-label": text("reports.date")})
    return html.Div(
        [
            kinds, _places(context, wish),
            html.Div(
                [_step(context, "previous", -1), html.Span(id="reports-date", className="reports-date", **day),
                 _step(context, "next", 1)],
                className="reports-when",
            ),
        ],
        className="reports-choice",
    )  # fmt: skip


def _places(context: Context, wish: Wish) -> html.Label:
    campus = context.runtime.assembled.campus
    rows = [("", context.campus_name), *((b.id, label_of(b, context.lang)) for b in campus.buildings)]
    if wish.of not in {code for code, _ in rows}:
        rows.append((wish.of, wish.of))
    return html.Label(
        [
            html.Span(context.text("reports.of"), className="sr-only"),
            html.Select(
                [html.Option(name if code in ("", name) else f"{name} · {code}", value=code) for code, name in rows],
                id="reports-of",
                className="reports-of",
                **attrs({"data-value": wish.of}),
            ),
        ]
    )


def _step(context: Context, symbol: str, step: int) -> html.Button:
    label = context.text(f"reports.{symbol}")
    return html.Button(
        icon("back" if step < 0 else "forward"), className="tool",
        title=label, **attrs({"aria-label": label, "data-reports-step": str(step)}),
    )  # fmt: skip


def _take(context: Context) -> html.Div:
    return html.Div(
        [
            html.A(
                context.text(f"reports.take.{form}"), href="#", id=f"reports-{form}",
                className="button" if form == "pdf" else "button quiet", **attrs({"data-reports-form": form}),
            )
            for form in FORMS
        ],
        className="reports-take",
    )  # fmt: skip


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """The report as it is printed, made anew when something else is chosen."""

    @app.callback(
        Output("reports-paper", "children"), *(Output(f"reports-{form}", "href") for form in FORMS),
        Input("reports-wish", "data"), State("route", "data"), prevent_initial_call=True,
        running=[(Output("reports-busy", "hidden"), False, True)],
    )  # fmt: skip
    async def show(wish: dict[str, str] | None, route: dict[str, str]) -> Any:
        context = context_of(runtime, route)
        told = {key: str((wish or {}).get(key, ""))[:200] for key in ("kind", "of", "date")}
        told = {key: value for key, value in told.items() if value}
        links = [f"/api/v1/reports?{urlencode({**told, 'lang': context.lang, 'format': form})}" for form in FORMS]
        return await _paper(context, told), *links


async def _paper(context: Context, told: Mapping[str, str]) -> Child:
    """The report in a frame of its own: no style of the page reaches into it, and no script runs there."""
    reporter = context.runtime.reports
    try:
        wish = read_wish(context.runtime, told.get("kind", "day"), told.get("of", ""), told.get("date", ""))
        report = await reporter.report(wish)
        paper = reporter.written(report, context.lang)
        text = await asyncio.to_thread(page, paper, linked=True)
    except HTTPException as error:
        return states.message("missing", context.text("reports.wrong"), str(error.detail))
    except KeyError:
        return states.message("missing", context.text("reports.no-place", of=told.get("of", "")))
    except PeriodError:
        return states.message("past", context.text("reports.future"), context.text("reports.future-text"))
    except HistoryLaterError as error:
        later = states.message("missing", context.text("reports.later"), str(error))
        return html.Div(later, **attrs({"data-reports-later": ""}))  # assets/reports.js asks again
    except HistoryError as error:
        return states.message("missing", context.text("reports.no-history"), str(error))
    except Exception:  # whatever it is, the reader gets a sentence and the log the reason
        log.exception("the report could not be made")
        return states.broken(context)
    return html.Iframe(
        srcDoc=text, title=f"{paper.title}, {paper.under}", className="reports-frame", sandbox="allow-same-origin",
        **attrs({"data-report": f"{wish.kind} {wish.of} {wish.day}"}),
    )  # fmt: skip
