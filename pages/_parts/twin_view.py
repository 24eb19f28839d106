"""The twin with its tools: heading, modes, storeys, explode, section, legend. assets/view.js holds the state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

import dash
from dash import ClientsideFunction, Input, Output, dcc, html

from pages._parts import format as fmt
from pages._parts import impact, links, states, time_bar
from pages._parts.blocks import Child, attrs, choice, choices, covered, icon, live, shortcut, tool
from pages._parts.context import Context
from twin.domains import Channel, Domain, channels, domains
from twin.index import Entity, label_of
from twin.space import Building, Site, Storey
from viewer import CampusView

OUT = ("selection", "storey", "mode", "camera", "explode", "xray", "section", "measure")
"""Properties that the view changes itself; each change goes into the view's state and the URL."""

COMPARE: dict[str, Literal["", "swipe", "difference"]] = {"swipe": "swipe", "diff": "difference"}
"""What the address says of a comparison, as the view's property says it."""

OVER = attrs({"data-over-view": ""})
"""Marks what stands over the view: no name of a place is written under it."""


def twin_view(context: Context, *, building: str = "") -> list[Child]:
    """The stage: the view and what lies over it. ``building`` fixes the campus view on one building."""
    if not context.runtime.assembled.campus.buildings:
        return [_empty(context)]
    query = context.query
    channel = channels().get(query.get("ch", default_channel()))
    return [
        CampusView(
            id="twin",
            sceneUrl=context.runtime.scene.scene_url,
            liveUrl="/ws/live",
            channel=channel.key if channel else "",
            legend=channel.legend() if channel else None,
            lang=context.lang,
            theme=context.theme,
            mode=query.get("mode", "3d"),
            lens=query.get("lens", "data"),
            selection=query.get("sel", building),
            storey=query.get("storey", ""),
            camera=query.get("cam", ""),
            flyTo="" if query.get("cam") else query.get("sel", building),
            time=query.get("at", "live"),
            against=query.get("vs", ""),
            impact=impact_url(query),
            compare=COMPARE.get(query.get("cmp", ""), ""),
            labels=query.get("labels", "1") != "0",
        ),
        *notes(context),
        html.Div(id="heading", className="heading", **OVER),
        _modes(context),
        _tools(context),
        html.Div(id="storeys", className="storeys", **OVER),
        *_flyouts(context),
        _scales(context, channel),
        time_bar.frame(context),
        html.Div(id="announce", className="sr-only", **attrs({"aria-live": "polite"})),
    ]


def _scales(context: Context, channel: Channel | None) -> html.Div | None:
    """What the scene can be coloured by, and the scales; that of a failure alone on a campus without any point."""
    if not context.runtime.assembled.points:
        return html.Div(impact.legend(context), className="scales") if context.runtime.topology.edges else None
    domain = channel.domain if channel else ""
    return html.Div(
        [
            *(_channels(context, row, shown=row.key == domain) for row in domains().values()),
            *(
                legend(context, row, shown=channel is not None and row.key == channel.key)
                for row in channels().values()
            ),
            _trust_legend(context),
            impact.legend(context),
            time_bar.difference(context),
        ],
        className="scales",
    )


def impact_url(query: Mapping[str, str]) -> str:
    """The failure that an address shows, as the view's property says it; assets/view.js says the same."""
    node = query.get("impact", "")
    return f"/api/v1/impact/scene?node={quote(node, safe='')}" if node else ""


def default_channel() -> str:
    """The channel of an address that names none: the first there is."""
    return next(iter(channels()), "")


def _empty(context: Context) -> html.Div:
    return states.message("building", context.text("empty.title"), context.text("empty.text"))


def notes(context: Context) -> list[html.Div]:
    """What stands where the scene will be, by the view's own state: it is on its way, or it cannot be had."""
    waiting = html.Div(
        [html.Span(className="loading-bar"), html.P(context.text("twin.loading"))],
        className="state twin-note twin-loading",
    )
    title, sentence = context.text("twin.error"), context.text("twin.error-text")
    return [waiting, states.message("missing", title, sentence, more="twin-note twin-error")]


def _modes(context: Context) -> html.Div:
    text = context.text
    return html.Div(
        [
            choices(
                text("modes"),
                [choice(text("mode.3d"), "mode=3d", key="V"), choice(text("mode.2d"), "mode=2d", key="M"),
                 choice(text("mode.plan"), "mode=plan", key="P")],
            ),
            html.Button(text("lens.trust"), className="choice lone", title=text("lens.trust.help"),
                        **attrs({"data-flip": "lens", "aria-pressed": "false"} | shortcut("T"))),
        ],
        className="modes",
        **OVER,
    )  # fmt: skip


def _tools(context: Context) -> html.Div:
    text = context.text
    return html.Div(
        [
            tool("home", text("tool.home"), key="H", do="home"),
            tool("explode", text("tool.explode"), key="E", fly="explode"),
            tool("section", text("tool.section"), key="S", fly="section"),
            tool("xray", text("tool.xray"), key="X", flip="xray"),
            tool("measure", text("tool.measure"), key="R", flip="measure"),
            tool("labels", text("tool.labels"), key="L", flip="labels"),
        ],
        className="tools",
        role="toolbar",
        **attrs({"aria-label": text("tools"), "aria-orientation": "vertical"} | OVER),
    )


def _flyouts(context: Context) -> list[Child]:
    text = context.text
    explode = [
        html.Label(text("tool.explode"), htmlFor="explode"),
        dcc.Input(id="explode", type="range", min=0, max=1, step=0.02, value=0, className="slider"),
    ]
    section = [
        html.Label(text("tool.section"), htmlFor="section-at"),
        choices(
            text("section.axis"),
            [choice(text("section.off"), "cut=", pressed=True), choice(text("section.z"), "cut=z"),
             choice(text("section.x"), "cut=x"), choice(text("section.y"), "cut=y")],
            "small",
        ),
        dcc.Input(id="section-at", type="range", min=0, max=1, step=0.1, value=0.5, className="slider"),
        html.Div([html.Span(), html.Span()], id="section-scale", className="scale", **attrs({"aria-hidden": "true"})),
        html.Label([dcc.Input(id="section-metres", type="number", step=0.1, className="metres"), "m"],
                   className="measure", **attrs({"aria-label": text("section.metres")})),
        html.Button(icon("flip"), className="tool quiet", title=text("section.flip"),
                    **attrs({"data-flip": "cutflip", "aria-label": text("section.flip")})),
    ]  # fmt: skip
    return [
        html.Div(explode, className="flyout", hidden=True, **attrs({"data-flyout": "explode"})),
        html.Div(section, className="flyout", hidden=True, **attrs({"data-flyout": "section"})),
    ]


def legend(context: Context, channel: Channel, *, shown: bool) -> html.Div:
    """The scale of one channel: seven classes, six borders, the unit, and the mark of no data."""
    name = channel.zh if context.lang == "zh" else channel.en
    steps: list[Child] = [html.I(style={"background": f"var(--ramp-{step})"}) for step in range(1, 8)]
    ramp, unit = (channel.density, channel.density.unit) if channel.density else (channel, channel.shown_unit)
    ticks: list[Child] = [html.Span(f"{value:g}") for value in ramp.breaks]
    return html.Div(
        [
            html.P([name, html.Span(unit, className="unit")], className="legend-title"),
            html.Div(steps, className="ramp", **attrs({"aria-hidden": "true"})),
            html.Div(ticks, className="ticks"),
            html.Div(
                [html.I(className="key stale"), context.text("quality.stale"),
                 html.I(className="key none"), context.text("quality.none")],
                className="legend-keys",
            ),
            _link_keys(context, channel),
        ],
        className="legend",
        hidden=not shown,
        **attrs({"data-legend": channel.key} | OVER),
    )  # fmt: skip


def _link_keys(context: Context, channel: Channel) -> Child:
    """How links are drawn, beside the scale of a channel that has them; their colour is that of utilisation."""
    if channel.quantity not in links.QUANTITIES or not context.runtime.links.links:
        return None
    text = context.text
    keys: list[Child] = []
    if channel.quantity != "utilisation" and (used := channels().get("network.utilisation")) is not None:
        steps: list[Child] = [html.I(style={"background": f"var(--ramp-{step})"}) for step in range(1, 8)]
        colour = text("links.colour")
        ends = f"{used.breaks[0]:g} – {used.breaks[-1]:g} %"
        keys = [
            html.Span(steps, className="link-ramp", **attrs({"aria-hidden": "true"})),
            f"{colour} {ends}",
        ]
    keys += [
        html.I(className="key link-width"),
        text("links.width"),
        html.I(className="key link-down"),
        text("links.down"),
    ]
    return html.Div(keys, className="legend-keys legend-links")


def _channels(context: Context, domain: Domain, *, shown: bool) -> html.Div:
    """What the scene can be coloured by in one domain, over the legend; without a colour the campus is clay."""
    buttons = [
        choice(channel.zh if context.lang == "zh" else channel.en, f"ch={channel.key}") for channel in domain.channels
    ]
    return html.Div(
        choices(context.text("channels"), [*buttons, choice(context.text("channel.none"), "ch=")], "small"),
        className="channels-of",
        hidden=not shown,
        **attrs({"data-channels-of": domain.key} | OVER),
    )


def _trust_legend(context: Context) -> html.Div:
    kinds = ("fresh", "late", "stale", "none", "simulated")
    lines = [html.Li([html.I(className=f"key {kind}"), context.text(f"trust.{kind}")]) for kind in kinds]
    return html.Div(
        [html.P(context.text("lens.trust"), className="legend-title"), html.Ul(lines)],
        className="legend trust",
        hidden=True,
        **attrs({"data-legend": "trust"} | OVER),
    )


def heading(context: Context, selected: str, storey: str) -> list[Child]:
    """What the view shows, in words: the isolated storey, else the selection's building, else the campus."""
    index = context.runtime.index
    path = index.path(storey or selected) if (storey or selected) in index else []
    entities = [entity for step in path if (entity := index.get(step)) is not None]
    building = next((entity for entity in entities if isinstance(entity, Building)), None)
    level = next((entity for entity in entities if isinstance(entity, Storey)), None) if storey else None
    site = next((entity for entity in entities if isinstance(entity, Site)), None)
    shown = level or building or site or context.runtime.assembled.campus
    words = [label_of(e, context.lang) for e in (building, level) if e is not None] or [label_of(shown, context.lang)]
    facts: list[Child] = []
    if building is not None and site is not None:
        facts.append(html.Span(label_of(site, context.lang)))
    title = (", " if context.lang == "en" else " ").join(words)
    if context.runtime.assembled.points:
        facts += [
            html.Span([live(shown.id, "total"), time_bar.difference_mark(context)]),
            covered(context, shown.id),
            live(shown.id, "age"),
        ]
    else:
        facts += [html.Span(fact) for fact in _size(context, shown)]
    return [html.H1(title), html.P(facts, className="facts", key=shown.id)]


def _size(context: Context, entity: Entity) -> list[str]:
    """What a campus, site, building or storey holds, for a campus that has no points to speak of."""
    everything = context.runtime.assembled.campus.buildings
    parts: list[str] = []
    if isinstance(entity, Storey):
        spaces = list(entity.spaces)
    else:
        chosen = [b for b in everything if not isinstance(entity, Site) or b.site == entity.id]
        buildings = [entity] if isinstance(entity, Building) else chosen
        spaces = [space for building in buildings for storey in building.storeys for space in storey.spaces]
        if len(buildings) > 1:
            parts.append(context.text("count.buildings", n=fmt.number(len(buildings))))
    area = fmt.area(sum(space.area_m2 or 0.0 for space in spaces))
    return [*parts, context.text("table.count", n=fmt.number(len(spaces)), area=area)]


def storey_list(context: Context, selected: str, storey: str) -> list[Child]:
    """The storeys of the building in hand, highest first; one is shown alone when chosen."""
    index = context.runtime.index
    anchor = storey or selected
    path = index.path(anchor) if anchor in index else []
    building = next((entity for step in path if isinstance(entity := index.get(step), Building)), None)
    if building is None or len(building.storeys) < 2:
        return []
    buttons = [choice(context.text("storeys.all"), "storey=", pressed=not storey)]
    for level in building.storeys[::-1]:
        name = label_of(level, context.lang)
        buttons.append(choice(short_storey(level), f"storey={level.id}", pressed=level.id == storey, title=name))
    return [choices(context.text("storeys"), buttons, "stack")]


def short_storey(storey: Storey) -> str:
    """A storey in two or three signs: 5F above ground, B1 below."""
    return f"{storey.ordinal + 1}F" if storey.ordinal >= 0 else f"B{-storey.ordinal}"


def callbacks(app: dash.Dash) -> None:
    """The view's own changes go to the state of the page; no server is asked."""
    app.clientside_callback(  # type: ignore[no-untyped-call]  # Dash leaves it untyped
        ClientsideFunction("campus", "fromTwin"),
        Output("announce", "children"),
        *(Input("twin", name) for name in OUT),
    )
