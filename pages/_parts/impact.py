"""What depends on the selection, and what serves it: counts, classes, people, the way along each medium; the legend.

The scene's side is assets/impact.js: a button sets ``impact=<id>`` in the address, and the view shows the failure.
"""

from __future__ import annotations

from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child, attrs, choice, go, row, section
from pages._parts.context import Context
from server.impact_board import Classes, Failure, Known, spaces_of, users
from twin.impact import Way
from twin.impact_places import Users
from twin.index import label_of
from twin.topology import Medium

SHOWN = 6
"""Weakened nodes and kinds that the panel lists; ``/api/v1/impact`` has them all."""
PLACES = ("campus", "building", "storey", "space", "zone", "site")


def sections(context: Context, node: str) -> list[Child]:
    """The two sections of a place, device, link or node of the topology; nothing where nothing is known of it."""
    known = context.runtime.impacts.known()
    if not known.knows(node):
        return []
    return [_depends(context, known, known.failure(node)), _serves(context, known, known.upper_end(node))]


def node_panel(context: Context, node: str) -> list[Child] | None:
    """The whole panel of a node that only the topology has (mains, a board, a link); None where it has none either."""
    known = context.runtime.impacts.known()
    if not known.knows(node):
        return None
    named = known.named(node)
    place = context.runtime.index.get(named.place)
    where = row(context.text("fact.where"), go(named.place, label_of(place, context.lang))) if place else None
    facts: list[Child] = [row(context.text("impact.kind"), _kind(context, named.kind)) if named.kind else None, where]
    return [
        html.Nav(context.text("impact.node"), className="crumbs", **attrs({"aria-label": context.text("path")})),
        html.Div(html.H2(_label(context, known, node), id="selected-name"), className="details-title"),
        *sections(context, node),
        section(context.text("facts"), facts),
    ]


def _depends(context: Context, known: Known, failure: Failure) -> Child:
    text, outcome, touched = context.text, failure.outcome, failure.touched
    lost, weak = spaces_of(known, touched.any_lost), spaces_of(known, touched.weakened)
    devices = {kind: n for kind, n in known.kinds(outcome.lost).items() if kind not in PLACES and kind}
    nothing = not (lost or weak or devices or outcome.held or outcome.weakened)
    note = text("impact.schematic") if known.schematic else None
    if nothing:
        return section(text("impact.depends"), [row(text("impact.nothing"), "")], note=note)
    rows: list[Child] = [_spaces(context, known, failure, lost, weak)]
    rows += [
        row(_kind(context, kind), text("impact.lost", n=fmt.number(n))) for kind, n in list(devices.items())[:SHOWN]
    ]
    rows.append(_classes(context, known.classes(touched.any_lost, context.live.clock())))
    found = users(context.runtime, context.live, touched.any_lost & known.places.spaces)
    rows.append(None if found is None or not found[0].of else _users(context, found[0]))
    if outcome.held:
        rows.append(row(text("impact.held"), text("impact.held-count", n=fmt.number(len(outcome.held)))))
    rows += [
        row(
            _node(context, known, weakened.node),
            text("impact.left", left=weakened.left, of=weakened.of, medium=_medium(context, weakened.medium)),
        )
        for weakened in outcome.weakened[:SHOWN]
    ]
    more = len(outcome.weakened) - SHOWN
    rows.append(row(text("impact.more-weakened", n=fmt.number(more)), "") if more > 0 else None)
    node = failure.node.id
    button = choice(text("impact.show"), f"impact={node}", pressed=context.query.get("impact") == node)
    listed = section(text("impact.depends"), rows, note=note)
    return html.Div([listed, html.Div(button, className="impact-show")])


def _spaces(context: Context, known: Known, failure: Failure, lost: int, weak: int) -> Child:
    """'312 lose supply · 4 weakened', and at the edge of which media."""
    if not lost and not weak:
        return None
    text = context.text
    words = [text("impact.lost", n=fmt.number(lost)) if lost else "",
             text("impact.weakened", n=fmt.number(weak)) if weak else ""]  # fmt: skip
    media = [
        f"{_medium(context, medium)} {fmt.number(n)}"
        for medium, mask in failure.touched.lost.items()
        if (n := spaces_of(known, mask))
    ]
    return row(text("fact.spaces"), " · ".join(word for word in words if word), ", ".join(media) or None)


def _classes(context: Context, found: Classes | None) -> Child:
    if found is None:
        return None
    text = context.text
    if not found.rooms:
        return row(text("impact.classes"), text("impact.no-classes"))
    told = text("impact.classes-now", n=fmt.number(found.rooms), people=fmt.number(found.people))
    return row(text("impact.classes"), told)


def _users(context: Context, found: Users) -> Child:
    """People in steps of five, fewer than five never as a number; the coverage at the edge."""
    text = context.text
    known = html.Span(f"{fmt.number(found.have)} / {fmt.number(found.of)}")
    if found.withheld:
        words = text("impact.few")
    elif found.people is None:
        words = text("occupancy.unknown")
    elif found.low == found.high == found.people:
        words = fmt.number(found.people)
    else:
        words = f"{fmt.number(found.people)} ({fmt.number(found.low)} {fmt.DASH} {fmt.number(found.high)})"
    origin = text(f"value-origin.{'simulated' if found.simulated else 'derived'}")
    return row(text("impact.people"), words if not found.have else f"{words} · {origin}", known)


def _serves(context: Context, known: Known, node: str) -> Child:
    ways = known.supply.ways(node)
    rows = [row(_medium(context, way.medium), _way(context, known, way)) for way in ways]
    return section(context.text("impact.serves"), rows)


def _way(context: Context, known: Known, way: Way) -> Child:
    """'switch 5 ← switch of the building ← core'; a step with several suppliers says how many it has."""
    steps = way.steps[1:] if len(way.steps) > 1 else way.steps
    parts: list[Child] = []
    for number, step in enumerate(steps):
        if number:
            parts.append(html.Span(" ← ", **attrs({"aria-label": context.text("impact.from")})))
        parts.append(_node(context, known, step.node))
        if step.suppliers > 1:
            parts.append(html.Span(" " + context.text("impact.suppliers", n=step.suppliers), className="note"))
    return html.Span(parts, className="impact-way")


def _node(context: Context, known: Known, node: str) -> Child:
    return go(node, _label(context, known, node))


def _label(context: Context, known: Known, node: str) -> str:
    """A node's name in the page's language, else what it is called at all."""
    entity = context.runtime.index.get(node)
    if entity is not None:
        return label_of(entity, context.lang)
    ends = known.wire(node)
    if ends is not None:
        return f"{_label(context, known, ends[0])} → {_label(context, known, ends[1])}"
    names = known.named(node).names
    return names.get(context.lang) or names.get("") or next(iter(names.values()), "") or node


def _kind(context: Context, kind: str) -> str:
    return context.text(f"kind.{kind}") if kind in PLACES else context.category(kind)


def _medium(context: Context, medium: Medium) -> str:
    return context.text(f"medium.{medium}")


def legend(context: Context) -> html.Div:
    """What the scene shows of a failure, with its counts (assets/impact.js writes them), and the way back."""
    text = context.text
    keys = {"lost": text("impact.key.lost"), "weakened": text("impact.key.weakened"), "cause": text("impact.key.cause")}
    lines: list[Child] = [
        html.Li([html.I(className=f"key impact-{name}"), words, html.Span(**attrs({"data-impact": name}))])
        for name, words in keys.items()
    ]
    return html.Div(
        [
            html.P(text("impact.loading"), className="legend-title", **attrs({"data-impact": "title"})),
            html.Ul(lines),
            html.P("", className="impact-note", **attrs({"data-impact": "note"})),
            html.Button(text("impact.back"), className="choice", **attrs({"data-set": "impact="})),
        ],
        className="legend impact",
        hidden=True,
        role="region",
        **attrs({"data-legend": "impact", "aria-label": text("impact.legend"), "data-over-view": ""}),
    )
