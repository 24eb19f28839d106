"""The panel of the selection: what it is, its latest value with age and quality, where the number comes from, facts."""

from __future__ import annotations

from collections import Counter

from dash import html

from pages._parts import format as fmt
from pages._parts import impact, states
from pages._parts.blocks import Child, attrs, covered, go, icon, live, row, section
from pages._parts.context import Context
from pages._parts.expected import expected, forecast_of
from pages._parts.fresh import texts_of
from pages._parts.links import links
from pages._parts.occupancy import people
from pages._parts.provenance import provenance
from pages._parts.see_trend import trend_of_total
from pages._parts.time_bar import difference_mark
from twin.domains import Channel, channels
from twin.index import Entity, kind_of, label_of, name_of
from twin.space import Building, Campus, Equipment, Origin, Site, Space, Storey, Zone

NEIGHBOURS = 40
"""Rooms of a storey listed in the panel; the tree and the building's page have them all."""


def details(context: Context, selected: str, channel_key: str) -> list[Child]:
    """The panel for ``selected``; the campus itself when nothing is, a sentence when nobody knows the id."""
    index = context.runtime.index
    entity = index.get(selected) if selected else context.runtime.assembled.campus
    if entity is None and (told := impact.node_panel(context, selected)) is not None:
        return [html.Div(part, key=f"{selected}-{number}") for number, part in enumerate(told) if part is not None]
    if entity is None:
        return [states.message("missing", context.text("unknown.title"), context.text("unknown.text", id=selected))]
    channel = channels().get(channel_key)
    parts: list[Child] = [*_title(context, entity)]
    # without any point there is no number to wait for: the sentence below says what is missing
    has_points = bool(context.runtime.assembled.points)
    if has_points and channel is not None and not isinstance(entity, (Site, Zone, Equipment)):
        parts.append(_hero(context, entity.id, channel, total=not isinstance(entity, Space)))
    parts.append(expected(context, entity))
    parts.append(people(context, entity))
    parts.extend(links(context, entity, channel))
    parts.append(provenance(context, entity, channel))
    if not isinstance(entity, (Campus, Site)):
        parts.extend(impact.sections(context, entity.id))
    parts.extend(_facts(context, entity))
    return [html.Div(part, key=f"{entity.id}-{number}") for number, part in enumerate(parts) if part is not None]


def aging(context: Context, selected: str, channel_key: str) -> dict[str, list[str]]:
    """The texts of the panel of ``selected`` that grow old on it, as they are now (pages._parts.fresh)."""
    entity = context.runtime.index.get(selected)
    runtime = context.runtime
    told = context.live.of_entity(selected) or runtime.people.of_space(selected) or forecast_of(runtime, selected)
    if entity is None or not told:
        return {}
    return texts_of(
        [expected(context, entity), people(context, entity), provenance(context, entity, channels().get(channel_key))]
    )


def _title(context: Context, entity: Entity) -> list[Child]:
    above = [step for step in context.runtime.index.path(entity.id)[:-1] if step != context.runtime.assembled.campus.id]
    crumbs: list[Child] = []
    for step in above:
        found = context.runtime.index.get(step)
        crumbs.extend([go(step, label_of(found, context.lang) if found else step), html.Span(" / ")])
    label = label_of(entity, context.lang)
    kind = context.text(f"kind.{kind_of(entity)}")
    category = getattr(entity, "category", "")
    told = context.category(category) if category and category != "other" else kind
    second = fmt.second_name(entity.names, context.lang, name_of(entity, context.lang))
    facts = [told, *([second] if second else [])]
    return [
        html.Nav(crumbs[:-1] or kind, className="crumbs", **attrs({"aria-label": context.text("path")})),
        html.Div(
            [html.H2(label, id="selected-name"), _open(context, entity)],
            className="details-title",
        ),
        html.P(" · ".join(facts), className="details-kind"),
    ]


def _open(context: Context, entity: Entity) -> Child:
    """The way to the building's own page."""
    building = next((i for i in context.runtime.index.path(entity.id)[::-1] if _is_building(context, i)), "")
    if not building:
        return None
    label = context.text("building.open")
    return html.A(
        icon("open"), href=f"/building/{building}", className="tool quiet", title=label, **attrs({"aria-label": label})
    )


def _is_building(context: Context, entity_id: str) -> bool:
    return isinstance(context.runtime.index.get(entity_id), Building)


def _hero(context: Context, entity_id: str, channel: Channel, *, total: bool) -> html.Div:
    """The channel's value, kept by the feed; under it, always, age and quality, and a total's coverage."""
    return html.Div(
        [
            html.P(
                [channel.zh if context.lang == "zh" else channel.en, difference_mark(context)], className="hero-label"
            ),
            html.P(
                [live(entity_id, "value", "hero-value"), html.Span(channel.shown_unit, className="hero-unit")],
                className="hero-number",
            ),
            html.P(
                [live(entity_id, "age"), live(entity_id, "quality"), covered(context, entity_id) if total else None],
                className="hero-state",
            ),
            trend_of_total(context, entity_id, channel.quantity),
        ],
        className="hero",
        **attrs({"data-hero": entity_id}),
    )


def _facts(context: Context, entity: Entity) -> list[Child]:
    if isinstance(entity, Space):
        return [
            _space(context, entity),
            _equipment(context, entity.id),
            _rooms(context, entity),
            _aliases(context, entity),
        ]
    if isinstance(entity, Storey):
        return [_storey(context, entity), _categories(context, entity.spaces), _equipment(context, entity.id),
                _aliases(context, entity)]  # fmt: skip
    if isinstance(entity, Building):
        return [_building(context, entity), _storeys(context, entity), _equipment(context, entity.id),
                _aliases(context, entity)]  # fmt: skip
    if isinstance(entity, Equipment):
        return [_device(context, entity), _aliases(context, entity)]
    if isinstance(entity, Campus):
        return [_campus(context, entity), _sites(context, entity)]
    if isinstance(entity, Site):
        return [_buildings(context, [b for b in context.runtime.assembled.campus.buildings if b.site == entity.id])]
    return [_zone(context, entity)]


def _space(context: Context, space: Space) -> Child:
    text = context.text
    rows = [
        row(text("fact.number"), space.number) if space.number else None,
        row(text("fact.category"), context.category(space.category)),
        row(text("fact.area"), fmt.area(space.area_m2), text("fact.from-geometry") if space.area_m2 else None),
        _authored_area(context, space),
        row(text("fact.volume"), fmt.with_unit(space.volume_m3, "m³")) if space.volume_m3 else None,
        row(text("fact.height"), fmt.metres(space.height_m)),
        row(text("fact.level"), fmt.metres(space.elevation_m)),
        row(text("fact.origin"), text(f"origin.{space.origin}")),
    ]
    if not space.has_geometry:
        rows.append(row(text("fact.geometry"), text("fact.no-geometry")))
    return section(text("facts"), rows)


def _authored_area(context: Context, space: Space) -> Child:
    """What the file claims, beside what its geometry gives; a ratio off by more than 2 % is named."""
    if space.area_authored_m2 is None:
        return None
    note = None
    if space.area_m2:
        ratio = space.area_authored_m2 / space.area_m2
        if abs(ratio - 1) > 0.02:
            factor = fmt.number(ratio, 0 if ratio >= 100 else 2)
            note = html.Span(context.text("fact.area-off", factor=factor), className="off")
    return row(context.text("fact.area-authored"), fmt.area(space.area_authored_m2), note)


def _storey(context: Context, storey: Storey) -> Child:
    text = context.text
    total = sum(space.area_m2 or 0.0 for space in storey.spaces)
    return section(
        text("facts"),
        [
            row(text("fact.spaces"), fmt.number(len(storey.spaces))),
            row(text("fact.net-area"), fmt.area(total), text("fact.from-geometry")),
            row(text("fact.level"), fmt.metres(storey.elevation_m)),
            row(text("fact.storey-height"), fmt.metres(storey.height_m)),
        ],
    )


def _building(context: Context, building: Building) -> Child:
    text = context.text
    spaces = [space for storey in building.storeys for space in storey.spaces]
    origins = Counter(space.origin for space in spaces)
    return section(
        text("facts"),
        [
            row(text("fact.storeys"), fmt.number(len(building.storeys))),
            row(text("fact.spaces"), fmt.number(len(spaces))),
            row(text("fact.net-area"), fmt.area(sum(s.area_m2 or 0.0 for s in spaces)), text("fact.from-geometry")),
            _origins(context, origins),
        ],
    )  # fmt: skip


def _origins(context: Context, origins: Counter[Origin]) -> Child:
    """Where the shapes of a building's spaces come from; nothing to say when the model draws them all."""
    if not origins.total() or set(origins) == {"authored"}:
        return None
    words = [context.text(f"origin.{origin}.short") for origin, _ in origins.most_common()]
    counts = [
        f"{word} {fmt.number(count)}" for word, count in zip(words, (n for _, n in origins.most_common()), strict=True)
    ]
    return row(context.text("fact.origin"), words[0] if len(words) == 1 else ", ".join(counts))


def _campus(context: Context, campus: Campus) -> Child:
    text = context.text
    spaces = [space for b in campus.buildings for storey in b.storeys for space in storey.spaces]
    if not campus.buildings:
        return states.message("building", text("empty.title"), text("empty.text"))
    return section(
        text("facts"),
        [
            row(text("fact.buildings"), fmt.number(len(campus.buildings))),
            row(text("fact.storeys"), fmt.number(sum(len(b.storeys) for b in campus.buildings))),
            row(text("fact.spaces"), fmt.number(len(spaces))),
            row(text("fact.net-area"), fmt.area(sum(s.area_m2 or 0.0 for s in spaces)), text("fact.from-geometry")),
            row(text("fact.zone"), campus.timezone),
        ],
    )


def _device(context: Context, device: Equipment) -> Child:
    text = context.text
    feeds: list[Child] = []
    for fed in device.feeds:
        found = context.runtime.index.get(fed)
        feeds.append(go(fed, label_of(found, context.lang) if found else fed))
    return section(
        text("facts"),
        [
            row(text("fact.category"), context.category(device.category)),
            row(text("fact.where"), go(device.space, device.space)) if device.space else None,
            row(text("fact.feeds"), html.Span(feeds, className="chips")) if feeds else None,
        ],
    )


def _zone(context: Context, zone: Zone) -> Child:
    listed = [row(go(space, space), "") for space in zone.spaces[:NEIGHBOURS]]
    return section(context.text("fact.spaces"), listed, note=fmt.number(len(zone.spaces)))


def _categories(context: Context, spaces: list[Space]) -> Child:
    """Area by category, largest first."""
    areas: Counter[str] = Counter()
    for space in spaces:
        areas[space.category] += space.area_m2 or 0.0  # type: ignore[assignment]
    rows = [row(context.category(category), fmt.area(size)) for category, size in areas.most_common(8)]
    return section(context.text("by-category"), rows)


def _rooms(context: Context, space: Space) -> Child:
    """The other rooms of the storey: nearest first, since those are what one asks about."""
    storey = context.runtime.index.get(context.runtime.index.parent(space.id))
    if not isinstance(storey, Storey):
        return None
    others = [other for other in storey.spaces if other.id != space.id]
    if space.polygon is not None:
        here = space.polygon.centroid
        others.sort(key=lambda other: other.polygon.centroid.distance(here) if other.polygon is not None else 1e9)
    chips = [go(other.id, other.number or label_of(other, context.lang), "chip") for other in others[:12]]
    if not chips:
        return None
    return html.Section(
        [html.Div(html.H3(context.text("neighbours")), className="section-head"), html.Div(chips, className="chips")]
    )


def _entities(context: Context, title: str, listed: list[Building] | list[Storey] | list[Site]) -> Child:
    rows = [
        row(
            go(entity.id, label_of(entity, context.lang)),
            live(entity.id, "total") if not isinstance(entity, Site) else "",
            live(entity.id, "coverage") if not isinstance(entity, Site) else None,
            key=entity.id,
        )
        for entity in listed
    ]
    return section(title, rows, note=fmt.number(len(listed)))


def _storeys(context: Context, building: Building) -> Child:
    return _entities(context, context.text("fact.storeys"), building.storeys[::-1])


def _buildings(context: Context, buildings: list[Building]) -> Child:
    return _entities(context, context.text("fact.buildings"), buildings)


def _sites(context: Context, campus: Campus) -> Child:
    rows = [
        row(go(site.id, label_of(site, context.lang)),
            context.text("count.buildings", n=sum(b.site == site.id for b in campus.buildings)))
        for site in campus.sites
    ]  # fmt: skip
    return section(context.text("fact.sites"), rows, note=fmt.number(len(campus.sites)))


def _equipment(context: Context, entity_id: str) -> Child:
    found = [context.runtime.index.get(child) for child in context.runtime.index.children(entity_id)]
    devices = [device for device in found if isinstance(device, Equipment)]
    rows = [_device_row(context, device) for device in devices[:NEIGHBOURS]]
    return section(context.text("equipment"), rows, note=fmt.number(len(devices)))


def _device_row(context: Context, device: Equipment) -> Child:
    """A device's name, and its category where the name does not tell it."""
    name, category = label_of(device, context.lang), context.category(device.category)
    told = category.casefold() in name.casefold()
    return html.Div(
        [html.Dt(go(device.id, name)), html.Dd("" if told else category, className="note")], className="row wide"
    )


def _aliases(context: Context, entity: Space | Storey | Building | Equipment) -> Child:
    """The entity's names in other systems, folded away."""
    if not entity.aliases:
        return None
    rows = [row(alias.scheme, html.Span(alias.value, className="code")) for alias in entity.aliases]
    return html.Details([html.Summary(context.text("aliases")), html.Dl(rows, className="rows")], className="aliases")
