"""Where the number comes from: the points behind a value, each with its source, address, age and quality in words."""

from __future__ import annotations

from collections import Counter

from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child, attrs, row, section
from pages._parts.context import Context
from pages._parts.fresh import fresh
from pages._parts.how import how_it_came
from pages._parts.text import text_or
from twin.domains import Channel
from twin.index import Entity
from twin.live import Latest
from twin.point import DERIVED
from twin.quantity import QUANTITIES
from twin.reading import Quality

SHOWN = 12
"""Points of one entity listed in the panel."""

_WORDS = {Quality.GOOD: "good", Quality.UNCERTAIN: "uncertain", Quality.BAD: "bad", Quality.NONE: "none"}


def provenance(context: Context, entity: Entity, channel: Channel | None) -> Child:
    """The entity's own points, those of the shown channel first; without any, how its total is made."""
    readings = context.live.of_entity(entity.id)
    if not readings:
        return _rolled_up(context, entity, channel)
    wanted = channel.quantity if channel else ""
    readings.sort(key=lambda latest: (latest.point.quantity != wanted, latest.point.quantity, latest.point.id))
    lines: list[Child] = []
    # the number over the panel is that of a single point: it stands there, newer than anything here could be
    single = sum(latest.point.quantity == wanted for latest in readings) == 1
    for latest in readings[:SHOWN]:
        lines.extend(_point(context, latest, headline=single and latest.point.quantity == wanted))
    note = fmt.number(len(readings)) if len(readings) > SHOWN else None
    return section(context.text("points"), lines, note=note)


def _point(context: Context, latest: Latest, *, headline: bool) -> list[Child]:
    """A line a point: its value (its name where the value is the panel's headline) and state; under it how it came."""
    point = latest.point
    quantity = QUANTITIES[point.quantity]
    value = fmt.with_unit(latest.value, "" if latest.unit == "1" else latest.unit, 2)
    name = quantity.zh if context.lang == "zh" else quantity.en
    if point.source == DERIVED:  # beside what is measured of the same quantity
        name += f" · {context.text('value-origin.derived')}"
    return [
        row(
            name,
            html.Span(point.id, className="code clip", title=point.id)
            if headline
            else fresh(f"{point.id}|value", value, **attrs({"data-point": point.id})),
            fresh(f"{point.id}|state", state_words(context, latest), f"quality q-{_class(latest)}"),
            key=point.id,
        ),
        how_it_came(context, latest),
    ]


def _class(latest: Latest) -> str:
    return "stale" if latest.stale and latest.quality != Quality.NONE else _WORDS[latest.quality]


def state_words(context: Context, latest: Latest) -> str:
    """Age, quality and reasons of one reading: '4 s · good · simulated'."""
    if latest.quality == Quality.NONE:
        return context.text("quality.none")
    age = fmt.age(latest.age_s, context.lang)
    words = [age, context.text("quality.stale" if latest.stale else f"quality.{_WORDS[latest.quality]}")]
    words.extend(text_or(f"reason.{reason}", context.lang, reason) for reason in latest.reasons)
    if latest.origin != "measured":
        words.append(context.text(f"value-origin.{latest.origin}"))
    return " · ".join(word for word in words if word)


def _rolled_up(context: Context, entity: Entity, channel: Channel | None) -> Child:
    """A total has no point of its own: say what is added up, and from which sources."""
    if channel is None:
        return None
    below = _points_below(context, entity.id, channel.quantity)
    if not below:
        return html.P(context.text(_why_none(context)), className="quiet-line")
    sources = ", ".join(f"{source or fmt.DASH} ({fmt.number(n)})" for source, n in below.most_common(4))
    return section(
        context.text("points"),
        [
            row(context.text("method"), context.text(f"rollup.{channel.rollup}")),
            row(context.text("points.count"), fmt.number(sum(below.values()))),
            row(context.text("source"), sources),
        ],
    )


def _why_none(context: Context) -> str:
    """Key of the sentence that says why there is no point."""
    if context.runtime.assembled.points:
        return "points.none"
    return "sources.unmapped" if context.runtime.sources() else "sources.none"


def _points_below(context: Context, entity_id: str, quantity: str) -> Counter[str]:
    """Sources of the points of ``quantity`` at or under an entity, with how many each has."""
    live = context.live
    slot = live.tree.index.get(entity_id)
    if slot is None:
        return Counter()
    under = (live.slot >= 0) & live.tree.under(slot)[live.slot]
    points = (live.points[row] for row in under.nonzero()[0].tolist())
    return Counter(point.source for point in points if point.quantity == quantity)
