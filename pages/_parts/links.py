"""The links of a place in the panel of the selection: names, capacity, and what the view's feed fills in.

Values are not written here: elements with ``data-link`` are filled by the view (docs/reference/campus-view.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child, attrs, go, section
from pages._parts.context import Context
from twin.domains import Channel
from twin.index import Entity
from twin.link_places import End
from twin.link_values import LinkColumns, LinkStatus, LinkValues
from twin.links import Line, Link
from twin.slots import Level
from twin.space import Campus, Equipment

SHOWN = 12
"""Links of one place listed in the panel; ``/api/v1/links`` has them all."""
QUANTITIES = ("traffic", "utilisation", "link_state")


def links(context: Context, entity: Entity, channel: Channel | None) -> list[Child]:
    """The lines of the campus or a building, and the links in a building, storey, room or at a device; the worst first.

    Nothing where the channel that is shown has nothing to do with links.
    """
    known, live = context.runtime.links, context.live
    if channel is None or channel.quantity not in QUANTITIES or not known.links:
        return []
    values = LinkValues(known, live)
    now = values.now()
    slot = live.tree.index.get(entity.id, -1)
    found: list[Child] = []
    if isinstance(entity, Campus) or (slot >= 0 and live.tree.level[slot] == Level.BUILDING):
        rolled = values.lines(now)
        lines = [
            (_rank(rolled, n), _line(context, n, line))
            for n, line in enumerate(known.lines)
            if isinstance(entity, Campus) or entity.id in (line.lower.id, line.upper.id)
        ]
        found.append(_section(context, "links.lines", lines))
    if slot > 0 or isinstance(entity, Equipment):
        if isinstance(entity, Equipment):
            chosen = [n for n, link in enumerate(known.links) if entity.id in (link.lower.id, link.upper.id)]
        else:
            chosen = np.flatnonzero(known.under(live.tree, slot)).tolist()
        rows = [(_rank(now, n), _link(context, n, known.links[n])) for n in chosen]
        found.append(_section(context, "links.inside", rows))
    return found


def _rank(now: LinkColumns, number: int) -> tuple[bool, float]:
    """Down first, then by utilisation, then what nobody knows."""
    used = float(now.utilisation[number])
    return now.status[number] != LinkStatus.DOWN, 1.0 if np.isnan(used) else -used


def _section(context: Context, key: str, rows: Sequence[tuple[tuple[bool, float], Child]]) -> Child:
    shown = [row for _, row in sorted(rows, key=lambda pair: pair[0])][:SHOWN]
    note = context.text("links.count", shown=len(shown), of=fmt.number(len(rows))) if len(rows) > SHOWN else None
    return section(context.text(key), shown, note=note or fmt.number(len(rows)))


def _line(context: Context, number: int, line: Line) -> Child:
    several = context.text("links.several", n=len(line.links)) if len(line.links) > 1 else ""
    return _row(context, ("line", number), (line.lower, line.upper), line.capacity, several)


def _link(context: Context, number: int, link: Link) -> Child:
    live = context.live
    sources = dict.fromkeys(live.points[row].source or fmt.DASH for row in link.bound.rows)
    told = ", ".join(sources) if sources else context.text(f"links.why.{link.bound.why or 'no-points'}")
    return _row(context, ("link", number), (link.lower, link.upper), link.capacity, told)


def _row(context: Context, of: tuple[str, int], ends: tuple[End, End], capacity: float | None, more: str) -> Child:
    """A link in two lines: where it leads and how full it is; what flows, of how much, how old and how good that is."""
    lower, upper = ends
    text = context.text

    def said(field: str, extra: str = "") -> html.Span:
        return html.Span(className=f"link-value {extra}".strip(), **_filled(context, of, field))

    facts: list[Child] = [
        html.Span([text("links.in"), " ", said("in")]),
        html.Span([text("links.out"), " ", said("out")]),
        html.Span([text("links.of"), " ", _capacity(capacity)]),
    ]
    state: list[Child] = [said("age"), said("quality"), *([html.Span(more)] if more else [])]
    return html.Div(
        [
            html.Dt([_end(context, lower), html.Span(" → ", **attrs({"aria-hidden": "true"})), _end(context, upper)]),
            html.Dd(
                [html.I(className="swatch", **_filled(context, of, "swatch"), **attrs({"aria-hidden": "true"})),
                 said("used", "link-used")],
                className="fact",
            ),
            html.Dd(facts, className="link-facts"),
            html.Dd(state, className="link-facts note"),
        ],
        className="row wide link-row",
        **attrs({"key": f"{of[0]}-{of[1]}"}),
    )  # fmt: skip


def _filled(context: Context, of: tuple[str, int], field: str) -> dict[str, Any]:
    return attrs({"data-link": f"{of[0]}|{of[1]}|{field}", "data-layout": context.runtime.links.layout})


def _end(context: Context, end: End) -> Child:
    """The end's name; a way to its place, where it has one."""
    other = "en" if context.lang == "zh" else "zh"
    label = end.names.get(context.lang) or end.names.get("") or end.names.get(other) or end.id
    return go(end.place, label) if end.place else html.Span(label)


def _capacity(capacity: float | None) -> str:
    """'10 Gbit/s', '500 Mbit/s', a dash where nobody says."""
    if capacity is None:
        return fmt.DASH
    value, unit = (capacity / 1000, "Gbit/s") if capacity >= 1000 else (capacity, "Mbit/s")
    return fmt.with_unit(value, unit, 0 if value == int(value) else 1)
