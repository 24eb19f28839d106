"""Small pieces of a panel: icons, rows, sections, buttons. They hold no state and know no campus."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from dash import html
from plotly.io.json import to_json_plotly

from pages._parts.context import Context

Child = Any
"""A Dash component, text, or None for nothing."""


def digest(part: Child) -> str:
    """The same for parts that look the same: to draw nothing again that stands there already."""
    return hashlib.sha256(to_json_plotly(part).encode()).hexdigest()[:16]


def attrs(names: dict[str, Any]) -> dict[str, Any]:
    """Attributes whose names Python cannot write (``data-go``, ``aria-label``), for ``**``."""
    return names


def icon(symbol: str, extra: str = "") -> html.I:
    """An icon of our own set (assets/icons), drawn in the colour of its text; decoration for a screen reader."""
    return html.I(
        className=f"icon {extra}".strip(),
        style={"--icon": f"url(/assets/icons/{symbol}.svg)"},
        **attrs({"aria-hidden": "true"}),
    )


def shortcut(key: str) -> dict[str, Any]:
    """Attributes of a button that one key presses (assets/shortcuts.js); '' for none."""
    return {"aria-keyshortcuts": key} if key else {}


def tool(symbol: str, label: str, *, key: str = "", **data: str) -> html.Button:
    """A square tool button with an icon; ``label`` is its name and its tooltip, ``data`` its data attributes."""
    return html.Button(
        icon(symbol),
        className="tool",
        title=f"{label} ({key})" if key else label,
        **attrs({"aria-label": label, **shortcut(key), **{f"data-{name}": value for name, value in data.items()}}),
    )


def choice(label: Child, value: str, *, pressed: bool = False, title: str | None = None, key: str = "") -> html.Button:
    """One of several: ``value`` is ``key=value`` of the view's state, for example ``mode=2d``."""
    state = {"data-set": value, "aria-pressed": str(pressed).lower()}
    return html.Button(label, className="choice", title=title, **attrs(state | shortcut(key)))


def choices(label: str, buttons: Sequence[html.Button], extra: str = "") -> html.Div:
    """A row of ``choice`` buttons under one name."""
    return html.Div(list(buttons), className=f"choices {extra}".strip(), role="group", **attrs({"aria-label": label}))


def row(label: Child, value: Child, note: Child = None, *, key: str = "") -> html.Div:
    """A line of a table of facts: name, value, and at the right edge a note."""
    parts = [html.Dt(label), html.Dd(value, className="fact")]
    if note is not None:
        parts.append(html.Dd(note, className="note"))
    return html.Div(parts, className="row", **attrs({"key": key} if key else {}))


def section(title: str, rows: Sequence[Child], *, note: Child = None) -> html.Section | None:
    """A titled group of rows; None when there are none."""
    shown = [line for line in rows if line is not None]
    if not shown:
        return None
    head: list[Child] = [html.H3(title)]
    if note is not None:
        head.append(html.Span(note, className="note"))
    return html.Section([html.Div(head, className="section-head"), html.Dl(shown, className="rows")])


def live(entity: str, field: str, extra: str = "") -> html.Span:
    """A text that the view's feed fills and keeps: ``field`` as in docs/reference/campus-view.md."""
    return html.Span(className=f"live {extra}".strip(), **attrs({"data-live": f"{entity}|{field}"}))


def covered(context: Context, entity: str) -> html.Span:
    """How many of an entity's points count, with the word for it; the stylesheet hides it where there are none."""
    return html.Span([live(entity, "coverage"), " " + context.text("points.count-unit")], className="covered")


def swatch(entity: str) -> html.I:
    """A small square in the entity's present colour of the scale; the feed paints it."""
    return html.I(className="swatch", **attrs({"data-live": f"{entity}|swatch", "aria-hidden": "true"}))


def go(entity: str, label: Child, extra: str = "") -> html.A:
    """A link that selects an entity and flies to it; without script it is an address of its own."""
    return html.A(label, href=f"?sel={entity}", className=f"go {extra}".strip(), **attrs({"data-go": entity}))
