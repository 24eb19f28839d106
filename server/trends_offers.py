"""What can be shown as a trend: places found as the console's search finds them, with their quantities and points."""

from __future__ import annotations

from typing import Any

from server.runtime import Runtime
from server.texts import Lang
from server.trends_ask import LANGUAGES, word_of
from twin.index import Entity, kind_of, label_of
from twin.quantity import QUANTITIES
from twin.trends.registers import RATES, is_register, registers_of
from twin.trends.subject import PREFIX

NO_TOTALS = frozenset({"energy", "volume", "state", "uptime", "battery"})
"""Quantities whose roll-up says nothing over time: registers, states, what each device has for itself."""
MOST_POINTS = 12


def offers(runtime: Runtime, query: str, limit: int) -> list[dict[str, Any]]:
    """Places for ``query``, or the campus and its first buildings, each with what can be shown of it."""
    index = runtime.index
    if query.strip():
        ids = [hit.id for hit in runtime.search.find(query.strip(), limit=limit)]
    else:
        campus = runtime.assembled.campus
        ids = [campus.id, *(building.id for building in campus.buildings)][:limit]
    found = [(each, entity) for each in ids if (entity := index.get(each)) is not None]
    return [_offer(runtime, each, entity) for each, entity in found]


def _offer(runtime: Runtime, id_: str, entity: Entity) -> dict[str, Any]:
    return {
        "id": id_, "kind": kind_of(entity), "names": {lang: label_of(entity, lang) for lang in LANGUAGES},
        "above": {lang: _above(runtime, id_, lang) for lang in LANGUAGES},
        "trends": [*_totals(runtime, id_), *_points(runtime, id_)],
    }  # fmt: skip


def _above(runtime: Runtime, id_: str, lang: Lang) -> str:
    steps = [runtime.index.get(step) for step in runtime.index.path(id_)[1:-1]]
    return " / ".join(label_of(step, lang) for step in steps if step is not None)


def _totals(runtime: Runtime, id_: str) -> list[dict[str, Any]]:
    """What is rolled up under a place of the tree."""
    live, found = runtime.live, []
    slot = live.tree.index.get(id_)
    if slot is None:
        return []
    for key, quantity in QUANTITIES.items():
        if not len(live.rows(key)):
            continue
        counted = key in RATES and bool(registers_of(live, id_, key))
        if counted or (key not in NO_TOTALS and live.rolled_up(key, quantity.rollup).of[slot] > 0):
            found.append(_trend(f"{id_}:{key}", key, "", "", counted=counted))
    return found


def _points(runtime: Runtime, id_: str) -> list[dict[str, Any]]:
    """The points of a place or device itself, but for those that are its whole total."""
    rows = runtime.live.of_entity(id_)
    in_tree = id_ in runtime.live.tree.index
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.point.quantity] = counts.get(row.point.quantity, 0) + 1
    found = []
    for row in rows:
        point = row.point
        if in_tree and counts[point.quantity] == 1 and point.quantity not in NO_TOTALS:
            continue
        tail = f" ({point.id.removeprefix(f'{id_}/')})"
        counted = is_register(runtime.live, point.id)
        found.append(_trend(f"{PREFIX}{point.id}", point.quantity, point.id, tail, counted=counted))
    return found[:MOST_POINTS]


def _trend(what: str, quantity: str, point: str, tail: str, *, counted: bool) -> dict[str, Any]:
    told = RATES[quantity] if counted else quantity
    names = {lang: f"{word_of(told, lang, counted=counted)}{tail}" for lang in LANGUAGES}
    return {"what": what, "quantity": quantity, "point": point, "names": names, "unit": QUANTITIES[told].unit}
