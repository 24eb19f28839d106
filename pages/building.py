"""A building, ``/building/{id}``: the twin on it, its storeys, every space in a table, areas by category."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import dash
from dash import ClientsideFunction, Input, Output, State, dcc, html

from pages._parts import alarm_strip, space_table, states, time_bar, twin_view
from pages._parts import format as fmt
from pages._parts.bar import bar
from pages._parts.blocks import Child, attrs, covered, live
from pages._parts.context import Context, context_of
from server.runtime import Runtime
from twin.index import label_of
from twin.space import Building, Space

PATH = "/building/<building>"


def title(context: Context, building: str) -> str:
    """The browser's title."""
    entity = context.runtime.index.get(building)
    name = label_of(entity, context.lang) if isinstance(entity, Building) else context.text("missing.title")
    return f"{name} · {context.campus_name}"


async def layout(context: Context, building: str) -> html.Div:
    """The whole screen; an unknown building gets a sentence and the way back."""
    entity = context.runtime.index.get(building)
    if not isinstance(entity, Building):
        note = states.message(
            "missing",
            context.text("unknown.title"),
            context.text("unknown.text", id=building),
            link=("/", context.text("missing.back")),
        )
        return html.Div([bar(context, ""), html.Main(note, id="main", className="lonely")], className="page")
    spaces = [space for storey in entity.storeys for space in storey.spaces]
    return html.Div(
        [
            bar(context, ""),
            alarm_strip.strip(context),
            html.Main(
                [
                    html.Div(twin_view.twin_view(context, building=building), className="stage"),
                    html.Div(
                        [_head(context, entity, spaces), _categories(context, spaces),
                         space_table.controls(context, entity),
                         html.Div(id="spaces", className="table-panel")],
                        className="sheet",
                    ),
                ],
                id="main",
                className="building-main",
                tabIndex=-1,
            ),
            html.Aside(id="details", className="details", **attrs({"aria-label": context.text("details.label")})),
            alarm_strip.card(context),
            time_bar.time_bar(context),
            dcc.Store(id="building", data=building),
            dcc.Store(id="rows"),
            dcc.Store(id="order", data={"by": "number", "down": False}),
        ],
        className="page building",
        **attrs({"data-page": "building", "data-building": building}),
    )  # fmt: skip


def _head(context: Context, building: Building, spaces: list[Space]) -> html.Div:
    area = sum(space.area_m2 or 0.0 for space in spaces)
    figures: list[tuple[str, Child]] = [
        (context.text("fact.storeys"), fmt.number(len(building.storeys))),
        (context.text("fact.spaces"), fmt.number(len(spaces))),
        (context.text("fact.net-area"), fmt.area(area)),
        (
            context.text("channel.now"),
            [live(building.id, "total"), html.Span(covered(context, building.id), className="small")],
        ),
    ]
    return html.Div(
        [
            html.H1(label_of(building, context.lang)),
            html.Dl([html.Div([html.Dt(name), html.Dd(value)]) for name, value in figures], className="figures"),
        ],
        className="sheet-head",
    )


def _categories(context: Context, spaces: list[Space]) -> Child:
    """Area by category as bars on one scale, largest first."""
    areas: Counter[str] = Counter()
    for space in spaces:
        areas[space.category] += space.area_m2 or 0.0  # type: ignore[assignment]
    top = areas.most_common(8)
    if not top or not top[0][1]:
        return None
    largest = top[0][1]
    lines = [
        html.Div(
            [
                html.Dt(context.category(category)),
                html.Dd(html.I(style={"width": f"{100 * area / largest:.1f}%"}), className="bar-cell"),
                html.Dd(fmt.area(area), className="bar-value"),
            ],
            className="bar-row",
        )
        for category, area in top
    ]
    return html.Section([html.H3(context.text("by-category")), html.Dl(lines, className="bars")])


def callbacks(app: dash.Dash, runtime: Runtime) -> None:
    """The table's filter and order."""

    @app.callback(
        Output("spaces", "children"), Output("rows", "data"),
        Input("building", "data"), Input("filter-text", "value"), Input("filter-storey", "value"),
        Input("filter-category", "value"), Input("order", "data"), State("route", "data"),
    )  # fmt: skip
    async def show_table(
        building: str, words: str | None, storey: str | None, category: str | None, order: dict[str, Any],
        route: dict[str, str] | None,
    ) -> tuple[Any, Any]:  # fmt: skip
        wish = space_table.Wish(words or "", storey or "", category or "", order["by"], bool(order["down"]))
        return await asyncio.to_thread(space_table.table, context_of(runtime, route), building, wish)

    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash leaves it untyped
        ClientsideFunction("campus", "rows"), Output("rows", "id"), Input("rows", "data"), prevent_initial_call=True
    )
