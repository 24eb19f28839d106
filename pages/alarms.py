"""The alarms, ``/alarms``: what stands and who has it, what is held back and why, how well the alarms serve.

The page is a frame; assets/alarms-page.js reads the address, asks ``/api/v1/alarms`` and fills it, and the stream of
the alarms keeps it as it is now.
"""

from __future__ import annotations

from typing import Any

import dash
from dash import html

from pages._parts import states
from pages._parts.alarm_strip import permission, sound
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from server.alarms_domain import OTHER
from server.runtime import Runtime
from twin.alarms.alarm import PRIORITIES
from twin.domains import domains
from twin.index import label_of

PATH = "/alarms"
VIEWS = ("active", "shelved", "suppressed", "service", "all", "figures")
SORTS = ("urgency", "newest", "oldest", "changed", "place")
KINDS = ("threshold", "state", "loss", "finding", "source", "external")
STATES = "BCDEF"
ACTS = (("ack", "A"), ("shelve", "S"), ("reset", "Z"), ("unshelve", ""), ("out-of-service", ""), ("in-service", ""))


def title(context: Context) -> str:
    """The browser's title."""
    return f"{context.text('alarms')} · {context.campus_name}"


async def layout(context: Context) -> html.Div:
    """The whole screen, still without alarms."""
    if context.runtime.alarms is None:
        note = states.message(
            "missing", context.text("alarms.none-here"), context.text("alarms.none-here.text"),
            link=("/", context.text("missing.back")),
        )  # fmt: skip
        main: Any = html.Main(note, id="main", className="lonely", tabIndex=-1)
    else:
        main = html.Main(
            [
                html.Div([_head(context), _filters(context), *_body(context)], className="alarms-main"),
                html.Aside(
                    id="alarm-side", className="alarms-side", hidden=True,
                    **attrs({"aria-label": context.text("alarms.card")}),
                ),
                html.P(id="announce", className="sr-only", role="status"),
            ],
            id="main",
            className="alarms-sheet",
            tabIndex=-1,
        )  # fmt: skip
    return html.Div(
        [bar(context, PATH, fed=False), main],
        className="page alarms",
        **attrs({"data-page": "alarms", "data-state": "loading"} | permission()),
    )


def _head(context: Context) -> html.Div:
    views = [
        html.Button(
            [context.text(f"alarms.view.{view}"), html.Span(className="view-count", **attrs({"data-count": view}))],
            className="choice", **attrs({"data-alarms-view": view, "aria-pressed": str(view == "active").lower()}),
        )
        for view in VIEWS
    ]  # fmt: skip
    return html.Div(
        [
            html.H1(context.text("alarms")),
            html.Div(
                views, className="choices channels alarms-views", role="group",
                **attrs({"aria-label": context.text("alarms.views")}),
            ),
            html.Span(id="alarms-as-of", className="strip-as-of"),
            sound(context),
        ],
        className="alarms-head",
    )  # fmt: skip


def _filters(context: Context) -> html.Div:
    text = context.text
    priorities = [
        html.Button(
            [html.Span(className="priority-slot", **attrs({"data-sign": str(number)})),
             html.Span(text(f"alarms.priority.{name}"), className="sr-only"), " ",
             html.Span("–", className="priority-count", **attrs({"data-priority-count": str(number)}))],
            className="choice priority", title=text(f"alarms.priority.{name}"),
            **attrs({"data-alarms-priority": str(number), "aria-pressed": "false"}),
        )
        for number, name in enumerate(PRIORITIES, 1)
    ]  # fmt: skip
    lettered = [("", text("alarms.filter.any-state"))]
    lettered += [(letter, f"{letter} {text(f'alarms.state.{letter}')}") for letter in STATES]
    buildings = [("", text("alarms.filter.any-building"))]
    buildings += [(b.id, label_of(b, context.lang)) for b in context.runtime.assembled.campus.buildings]
    areas = [
        ("", text("alarms.filter.any-domain")),
        *((d.key, d.zh if context.lang == "zh" else d.en) for d in domains().values()),
    ]
    areas.append((OTHER, text("alarms.filter.other-domain")))
    kinds = [("", text("alarms.filter.any-kind")), *((kind, text(f"alarms.kind.{kind}")) for kind in KINDS)]
    sorts = [(sort, text(f"alarms.sort.{sort}")) for sort in SORTS]
    return html.Div(
        [
            html.Div(priorities, className="alarms-priorities", role="group",
                     **attrs({"aria-label": text("alarms.filter.priority")})),
            html.Button(
                [text("alarms.filter.needs"), html.Span(className="view-count", **attrs({"data-count": "needs"}))],
                className="choice", title=text("alarms.filter.needs.help"),
                **attrs({"data-alarms-needs": "", "aria-pressed": "false"}),
            ),
            # Dash has no search field without a callback: assets/alarms-page.js puts the browser's own into the span
            html.Span(className="alarms-search",
                      **attrs({"data-alarms-search": text("alarms.filter.text")})),
            _select("state", text("alarms.filter.state"), lettered),
            _select("building", text("alarms.filter.building"), buildings),
            _select("domain", text("alarms.filter.domain"), areas),
            _select("kind", text("alarms.filter.kind"), kinds),
            _select("rule", text("alarms.filter.rule"), [("", text("alarms.filter.any-rule"))]),
            _select("sort", text("alarms.sort"), sorts),
        ],
        id="alarms-filters",
        className="alarms-filters",
        role="search",
        **attrs({"aria-label": text("alarms.filters")}),
    )  # fmt: skip


def _select(name: str, label: str, rows: list[tuple[str, str]]) -> html.Label:
    options = [html.Option(words, value=value) for value, words in rows]
    select = html.Select(options, **attrs({"data-alarms-select": name}))
    return html.Label([html.Span(label, className="sr-only"), select], className="alarms-select")


def _body(context: Context) -> list[Child]:
    text = context.text
    buttons = [
        html.Button(
            text(f"alarms.act.{act}"), className="button", disabled=True,
            title=f"{text(f'alarms.act.{act}')} ({key})" if key else None,
            **attrs({"data-bulk": act} | ({"aria-keyshortcuts": key} if key else {})),
        )
        for act, key in ACTS
    ]  # fmt: skip
    return [
        html.Div(
            [html.Span(id="alarms-chosen", className="alarms-chosen"),
             html.Div(buttons, id="alarms-bulk", className="alarms-bulk"),
             html.P(id="alarms-says", className="alarms-says", role="status")],
            className="alarms-tools",
        ),
        html.Div(id="alarms-notes", className="alarms-notes"),
        html.Div(id="alarms-columns", className="alarms-columns", **attrs({"aria-hidden": "true"})),
        html.Div(
            html.Div(id="alarms-rows", className="alarms-rows", role="rowgroup"),
            id="alarms-list", className="alarms-list", role="grid", tabIndex=0,
            **attrs({"aria-label": text("alarms.list"), "aria-multiselectable": "true", "aria-busy": "true"}),
        ),
        html.Div(id="alarms-figures", className="alarms-figures", hidden=True),
    ]  # fmt: skip


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """None: the page's own scripts ask the API."""
