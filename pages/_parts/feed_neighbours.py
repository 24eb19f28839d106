"""The wires that network devices tell by LLDP: where they differ from what is known, and what changed of late."""

from __future__ import annotations

from itertools import islice

from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child
from pages._parts.context import Context
from server.wiring_text import change_words, disagreement_words

SHOWN = 20
"""Differences and changes listed; GET /api/v1/neighbours has more."""


def neighbours(context: Context) -> Child:
    """The section; None where no device has told any neighbour."""
    board, lang = context.runtime.wiring, context.lang
    devices = board.neighbourhood.devices()
    if not devices:
        return None
    wires = board.neighbourhood.wires()
    lost = sum(row.lost is not None for row in wires)
    facts = [
        context.text("feeds.neighbours.devices", n=fmt.number(len(devices))),
        context.text("feeds.neighbours.wires", n=fmt.number(len(wires))),
        *([context.text("feeds.neighbours.lost", n=fmt.number(lost))] if lost else []),
    ]
    differ = [disagreement_words(row, lang) for row in board.found.disagreements[:SHOWN]]
    changed = [
        (fmt.clock(row.time, context.timezone), change_words(row, lang))
        for row in islice(reversed(board.changes.copy()), SHOWN)
    ]
    return html.Section(
        [
            html.H2(context.text("feeds.neighbours")),
            html.P(" · ".join(facts), className="quiet-line"),
            _listed(context.text("feeds.neighbours.differ"), [html.Li(words) for words in differ]),
            _listed(
                context.text("feeds.neighbours.changed"),
                [html.Li([html.Span(time, className="code"), " ", words]) for time, words in changed],
            ),
        ],
        className="feeds-neighbours",
    )


def _listed(title: str, lines: list[html.Li]) -> Child:
    return html.Div([html.H3(title), html.Ul(lines, className="plain-list")]) if lines else None
