"""People of a space or a total as the twin estimates them: '23 (18 - 29)', and from which sources."""

from __future__ import annotations

from math import isfinite

import numpy as np
from dash import html

from pages._parts import format as fmt
from pages._parts.blocks import Child, row, section
from pages._parts.context import Context
from pages._parts.fresh import fresh
from twin.frame import FLAG_SIMULATED
from twin.index import Entity
from twin.live import LiveState
from twin.occupancy.fusion import NAME
from twin.point import DERIVED
from twin.space import Building, Campus, Space, Storey


def people(context: Context, entity: Entity) -> Child:
    """The estimate with its interval; None where there is nothing to estimate from."""
    watch, text = context.runtime.people, context.text
    if context.moment is not None:
        return _people_then(context, context.moment, entity)
    if isinstance(entity, Space):
        found = watch.of_space(entity.id)
        if found is None:
            return None
        if not isfinite(found.people):
            return section(text("occupancy.title"), [row(text("occupancy.people"), text("occupancy.unknown"))])
        shown = fresh(f"people|{entity.id}", interval(found.people, found.low, found.high))
        lines: list[Child] = [row(text("occupancy.people"), shown)]
        for source, weight, age in found.sources:
            name = text(f"occupancy.{NAME[source]}.source")
            share = text("occupancy.share", share=fmt.number(100 * weight))
            aged = fresh(f"people|{entity.id}|{source}", fmt.age(age, context.lang))
            lines.append(row(text("occupancy.from", source=name), share, aged))
        origin = "derived" if not found.simulated else "simulated"
        return section(text("occupancy.title"), lines, note=text(f"value-origin.{origin}"))
    if not isinstance(entity, Campus | Building | Storey):
        return None
    total = watch.under(entity.id)
    if total is None or not total.of:
        return None
    sum_of = interval(total.people, total.low, total.high) if total.have else text("occupancy.unknown")
    coverage = html.Span(f"{fmt.number(total.have)} / {fmt.number(total.of)}")
    return section(text("occupancy.title"), [row(text("occupancy.people"), sum_of, coverage)])


def _people_then(context: Context, then: LiveState, entity: Entity) -> Child:
    """What was estimated at a past moment: the number alone is kept, not its interval nor what it was made of."""
    text = context.text
    slot = then.tree.index.get(entity.id)
    if slot is None or not isinstance(entity, Campus | Building | Storey | Space):
        return None
    derived = np.array([row for row, point in enumerate(then.points) if point.source == DERIVED], np.intp)
    at = derived[then.tree.under(slot)[then.slot[derived]]] if derived.size else derived
    if not at.size:
        return None
    known = at[then.counting(at)]
    told = fmt.number(float(then.value[known].sum())) if known.size else text("occupancy.not-then")
    coverage = None if isinstance(entity, Space) else html.Span(f"{fmt.number(known.size)} / {fmt.number(at.size)}")
    simulated = bool((then.flags[known] & FLAG_SIMULATED).any())
    note = text(f"value-origin.{'simulated' if simulated else 'derived'}")
    return section(text("occupancy.title"), [row(text("occupancy.people"), told, coverage)], note=note)


def interval(value: float, low: float, high: float) -> str:
    """'23 (18 – 29)'."""
    return f"{fmt.number(value)} ({fmt.number(low)} {fmt.DASH} {fmt.number(high)})"
