"""The table of a building's spaces: filters, order, areas beside what the file claims, live value of each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dash import dcc, html

from pages._parts import format as fmt
from pages._parts import states
from pages._parts.blocks import Child, attrs
from pages._parts.context import Context
from pages._parts.field import TextField
from pages._parts.twin_view import short_storey
from twin.index import label_of, name_of
from twin.space import Building, Space, Storey

ROWS = 1000
"""Rows drawn at once; the filter finds the others, and the count says how many there are."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the reader asked of the table: words, a storey's id, a category, the column to sort by, descending."""

    words: str = ""
    storey: str = ""
    category: str = ""
    by: str = "number"
    down: bool = False


def controls(context: Context, building: Building) -> html.Div:
    """The filters over the table."""
    spaces = [space for storey in building.storeys for space in storey.spaces]
    categories = sorted({space.category for space in spaces}, key=context.category)
    text = context.text
    return html.Div(
        [
            html.Div(
                TextField(id="filter-text", type="search", label=text("table.filter"), placeholder=text("table.filter"),
                          className="field", wait=150),
                className="filters-text",
            ),
            _select("filter-storey", text("table.all-storeys"),
                    [(storey.id, label_of(storey, context.lang)) for storey in building.storeys[::-1]]),
            _select("filter-category", text("table.all-categories"), [(c, context.category(c)) for c in categories]),
        ],
        className="filters",
        role="search",
        **attrs({"aria-label": text("table.filter")}),
    )  # fmt: skip


def _select(key: str, everything: str, options: list[tuple[str, str]]) -> dcc.Dropdown:
    return dcc.Dropdown(
        id=key,
        options=[{"value": value, "label": label} for value, label in options],
        placeholder=everything,
        clearable=True,
        searchable=False,
        className="select",
    )


_KEYS: dict[str, Callable[[Storey, Space], Any]] = {
    "number": lambda storey, space: (storey.ordinal, natural(space.number or space.id)),
    "name": lambda storey, space: natural(name_of(space, "") or space.id),
    "storey": lambda storey, space: (storey.ordinal, natural(space.number)),
    "category": lambda storey, space: (space.category, storey.ordinal, natural(space.number)),
    "area": lambda storey, space: space.area_m2 or 0.0,
    "authored": lambda storey, space: space.area_authored_m2 or 0.0,
}


def natural(label: str) -> list[tuple[int, int, str]]:
    """A key that sorts '5-9' before '5-10'."""
    parts: list[tuple[int, int, str]] = []
    run = ""
    for sign in [*label, ""]:
        if run and (not sign or sign.isdecimal() != run[-1].isdecimal()):
            parts.append((0, int(run), "") if run.isdecimal() else (1, 0, run.casefold()))
            run = ""
        run += sign
    return parts


def chosen(building: Building, wish: Wish, context: Context) -> list[tuple[Storey, Space]]:
    """The rows that fit the wish, in its order."""
    words = wish.words.casefold().split()
    rows = [
        (storey, space)
        for storey in building.storeys
        if wish.storey in ("", storey.id)
        for space in storey.spaces
        if wish.category in ("", space.category) and _fits(space, words, context)
    ]
    return sorted(rows, key=lambda row: _KEYS[wish.by](*row), reverse=wish.down)


def _fits(space: Space, words: list[str], context: Context) -> bool:
    if not words:
        return True
    told = " ".join((space.number, *space.names.values(), context.category(space.category), space.id)).casefold()
    return all(word in told for word in words)


Row = dict[str, str]
"""A row as assets/table.js draws it: texts only, ready formatted."""


def table(context: Context, building_id: str, wish: Wish) -> tuple[list[Child], list[Row]]:
    """The table's count and head, and its rows.

    Rows travel as texts and are drawn by assets/table.js: every Dash component subscribes to the page's store, and
    five thousand cells would hold the browser for seconds.
    """
    building = context.runtime.index.get(building_id)
    if not isinstance(building, Building):
        return [], []
    rows = chosen(building, wish, context)
    if not rows:
        return [states.message("empty", context.text("table.none"), context.text("table.none-text"))], []
    total = sum(space.area_m2 or 0.0 for _, space in rows)
    count = context.text("table.count", n=fmt.number(len(rows)), area=fmt.area(total))
    if len(rows) > ROWS:
        count += " · " + context.text("table.first", n=fmt.number(ROWS))
    head = html.Thead(html.Tr([_heading(context, key, wish) for key in (*_KEYS, "value")]))
    body = html.Table([head, html.Tbody(id="rows-body")], className="table")
    common = _common_origin(rows)
    if common not in ("", "authored"):
        count += " · " + context.text(f"origin.{common}.short")
    shown = [_row(context, common, *row) for row in rows[:ROWS]]
    return [html.P(count, className="table-count", role="status"), body], shown


def _common_origin(rows: list[tuple[Storey, Space]]) -> str:
    """The origin that all rows share, said once over the table; '' when they differ."""
    origins = {space.origin for _, space in rows}
    return origins.pop() if len(origins) == 1 else ""


def _heading(context: Context, key: str, wish: Wish) -> html.Th:
    label = context.text(f"column.{key}")
    if key not in _KEYS:
        return html.Th(label, scope="col", className="right")
    here = key == wish.by
    state = ("descending" if wish.down else "ascending") if here else "none"
    arrow = html.Span("↓" if wish.down else "↑", className="arrow", **attrs({"aria-hidden": "true"})) if here else None
    button = html.Button([label, arrow], className="sort", **attrs({"data-order": key}))
    right = "right" if key in ("area", "authored") else ""
    return html.Th(button, scope="col", className=right, **attrs({"aria-sort": state}))


def _row(context: Context, common: str, storey: Storey, space: Space) -> Row:
    off = bool(space.area_m2 and space.area_authored_m2 and abs(space.area_authored_m2 / space.area_m2 - 1) > 0.02)
    return {
        "id": space.id,
        "number": space.number or label_of(space, context.lang),
        "name": name_of(space, context.lang),
        "origin": "" if space.origin in ("authored", common) else context.text(f"origin.{space.origin}.short"),
        "storey": short_storey(storey),
        "level": label_of(storey, context.lang),
        "category": context.category(space.category),
        "area": fmt.area(space.area_m2),
        "authored": fmt.area(space.area_authored_m2),
        "off": "off" if off else "",
    }
