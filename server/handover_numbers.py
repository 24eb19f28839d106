"""The numbers of a hand-over: energy and network in three figures, and the weather where points tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from server.texts import LANGUAGES
from twin.kpi_text import BRIEFS, COVERS, in_words
from twin.quantity import QUANTITIES
from twin.space import Campus

if TYPE_CHECKING:
    from server.runtime import Runtime
    from twin.kpi_value import KpiValue, Sentence

FIGURES = (("energy", "energy.power"), ("energy", "energy.energy_today"), ("network", "network.ap_online"))
"""The three figures of a sheet: domain and key."""
OUTSIDE = ("temperature", "humidity", "irradiance", "wind_speed", "rain")
"""Quantities that are weather where the campus itself has a point of them."""


@dataclass(frozen=True, slots=True)
class Number:
    """A figure with what must be known of it. ``have`` of ``of`` count (0: that says nothing); ``age_s`` [s] of the
    oldest value in it, ``reason`` why there is none and ``notes`` what else must be known of it, by language."""

    names: dict[str, str]
    value: float | None
    unit: str
    decimals: int
    have: int
    of: int
    covers: dict[str, str]
    age_s: float | None
    quality: str
    origin: str
    reason: dict[str, str]
    notes: list[dict[str, str]] = field(default_factory=list)


def headlines(runtime: Runtime) -> list[Number]:
    """The three figures of the campus as they are now; on the event loop, like whoever writes the live state."""
    found = []
    now = runtime.live.clock()
    for domain, key in FIGURES:
        found += [_figure(runtime, row, now) for row in runtime.kpis.of(domain, "", None) if row.kpi.key == key]
    return found


def _figure(runtime: Runtime, row: KpiValue, now: float) -> Number:
    known = bool(np.isfinite(row.oldest))
    zh, en = COVERS[row.covers]
    zone = runtime.kpis.zone

    def words(sentence: Sentence) -> dict[str, str]:
        return {lang: in_words(sentence, zone, lang, brief=sentence.code in BRIEFS) for lang in LANGUAGES}

    reason = {} if row.reason is None else words(row.reason)
    return Number(
        {"zh": row.kpi.zh, "en": row.kpi.en}, row.value, row.unit, row.kpi.decimals, row.have, row.of,
        {"zh": zh, "en": en}, max(0.0, now - row.oldest) if known else None, row.quality.name.lower(), row.origin,
        reason, [words(note) for note in row.notes],
    )  # fmt: skip


def weather(runtime: Runtime) -> list[Number]:
    """What the campus's own points say of the weather: those at the campus itself, and of a place called weather."""
    live, campus = runtime.live, runtime.assembled.campus
    stations = _stations(campus)
    found = []
    for row, point in enumerate(live.points):
        if point.quantity not in OUTSIDE or point.entity not in stations:
            continue
        latest, quantity = live.latest(live.points[row].id), QUANTITIES[point.quantity]
        found.append(
            Number(
                {"zh": quantity.zh, "en": quantity.en}, latest.value, quantity.unit, 1, 0, 0, {}, latest.age_s,
                "stale" if latest.stale else latest.quality.name.lower(), latest.origin, {},
            )
        )  # fmt: skip
    return found[:6]


def _stations(campus: Campus) -> set[str]:
    """Where a point tells the weather: the campus and its sites, and devices of the category weather station."""
    found = {campus.id, *(site.id for site in campus.sites)}
    found.update(item.id for item in campus.equipment if "weather" in item.category)
    return found
