"""KPIs of energy: today's energy by meters or by the integral of power, what it emits and costs; the base load."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.domains.records import Kpi
from twin.kpi_memory import DAY, midnight
from twin.kpi_value import F64, KpiValue, Place, Sentence, nothing, of_rolled, origin_of
from twin.reading import Quality
from twin.rollup import Rolled
from twin.slots import Level

KNOWN_SHARE = 0.9
"""Share of an hour's minutes, and of a day's, that must be known for the base load."""


@dataclass(slots=True)
class _Sum:
    """Energy [kWh] of the parts of a place: by meter, by integral, and how much of the place that is."""

    kwh: float = 0.0
    area: float = 0.0
    have: int = 0
    metered: int = 0
    integrated: int = 0
    since: float = -np.inf
    oldest: float = np.inf
    quality: int = 0
    flags: int = 0


def energy_today(place: Place, kpi: Kpi) -> KpiValue:
    """Energy since local midnight, a square metre of it, or times a factor."""
    parts = _parts(place)
    found = _sum(place, parts)
    rows = place.rows_of("energy", "power")
    if not found.have:
        if len(rows) and place.counting(rows).any():
            return KpiValue(kpi, None, _unit(place, kpi), 0, len(parts), "buildings", reason=Sentence("just-begun"))
        return nothing(place, kpi, rows, covers="buildings" if len(parts) > 1 else "points")
    value, notes, reason = found.kwh, [_method(place, found)], None
    if kpi.per_m2:
        value = value * kpi.per_m2 / found.area if found.area else np.nan
        reason = None if found.area else Sentence("no-area")
    if kpi.factor == "co2":
        co2 = place.facts.co2
        value *= co2.kg_per_kwh
        code = "co2-default" if place.facts.co2_is_default else "co2-given"
        notes.append(Sentence(code, {"factor": co2.kg_per_kwh, "source": co2.source, "date": co2.date}))
    if kpi.factor == "tariff":
        tariff = place.facts.tariff
        reason = None if tariff else Sentence("no-tariff")
        value = value * tariff.per_kwh if tariff else np.nan
        if tariff:
            figures: dict[str, float | str] = {
                "price": tariff.per_kwh,
                "currency": tariff.currency,
                "source": tariff.source,
            }
            notes.append(Sentence("tariff", {**figures, "date": tariff.date}))
    known = None if np.isnan(value) else float(value)
    made = origin_of(found.flags)
    origin = "derived" if made == "measured" and (found.integrated or kpi.factor) else made
    return KpiValue(
        kpi, known, _unit(place, kpi), found.have, len(parts), "buildings", found.oldest, Quality(found.quality),
        origin, reason, tuple(notes),
    )  # fmt: skip


def _unit(place: Place, kpi: Kpi) -> str:
    if kpi.factor != "tariff":
        return kpi.unit
    return place.facts.tariff.currency if place.facts.tariff else ""


def _parts(place: Place) -> list[int]:
    """Buildings of a campus that has no meter of its own; else the place itself."""
    live, tree = place.live, place.live.tree
    if tree.level[place.slot] != Level.CAMPUS or (live.slot[place.rows_of("energy")] == place.slot).any():
        return [place.slot]
    has_points = np.zeros(len(tree.ids), np.bool_)
    for quantity in ("power", "energy"):
        has_points |= live.rolled_up(quantity, "sum").of > 0
    return [int(slot) for slot in np.flatnonzero(has_points & (tree.level == Level.BUILDING))]


def _sum(place: Place, parts: list[int]) -> _Sum:
    """Each part by its own meter, else by the integral of its power, else by the meters below it."""
    memory, live = place.memory, place.live
    meters, power = memory.risen(live), live.rolled_up("power", "sum")
    total = _Sum()
    for part in parts:
        row = memory.row[part]
        integral = bool(np.isfinite(memory.since[row]))
        if meters.own[part] or (not integral and meters.rolled.have[part] > 0):
            since = meters.since[part] if meters.own[part] else meters.since[live.tree.under(part)].max()
            _add(total, place, part, float(meters.rolled.value[part]), float(since), meters.rolled)
            total.metered += 1
        elif integral:
            _add(total, place, part, float(memory.kwh[row]), float(memory.since[row]), power)
            total.integrated += 1
    return total


def _add(total: _Sum, place: Place, part: int, kwh: float, since: float, rolled: Rolled) -> None:
    total.kwh += kwh
    total.have += 1
    total.area += float(place.facts.area[part])
    total.since = max(total.since, since)
    if rolled.have[part]:
        oldest, quality, _ = of_rolled(rolled, part)
        total.oldest = min(total.oldest, oldest)
        total.quality = max(total.quality, int(quality))
        total.flags |= int(rolled.flags[part])


def _method(place: Place, found: _Sum) -> Sentence:
    day = midnight(place.live.clock(), place.facts.zone)
    code = "by-both" if found.metered and found.integrated else "by-meters" if found.metered else "by-integral"
    late = found.since > day + 150.0
    figures = {"metered": found.metered, "integrated": found.integrated, "time": found.since if late else day}
    return Sentence(f"{code}{'-late' if late else ''}", figures)


def base_load(place: Place, kpi: Kpi) -> KpiValue:
    """The clock hour's length of power with the lowest mean in the last 24 h, or its share of the day's mean [%]."""
    rolled = place.live.rolled_up("power", "sum")
    if not rolled.have[place.slot]:
        return nothing(place, kpi, place.rows_of("power"))
    power = place.memory.last_day("power", place.slot).astype(np.float64)
    known = ~np.isnan(power)
    minutes = int(known.sum())
    if not known[:2].any() or minutes < KNOWN_SHARE * DAY:
        reason = Sentence("not-a-day-yet", {"hours": minutes / 60.0})
        return KpiValue(kpi, None, kpi.unit, minutes, DAY, "minutes", reason=reason)
    hours = _running(np.where(known, power, 0.0))
    number = _running(known.astype(np.float64))
    means = np.divide(hours, number, out=np.full_like(hours, np.inf), where=number >= KNOWN_SHARE * 60)
    lowest, mean = float(means.min()), float(power[known].mean())
    value = lowest if not kpi.share else 100.0 * lowest / mean if mean > 0 else np.nan
    oldest, quality, origin = of_rolled(rolled, place.slot)
    end = (place.memory.minute - DAY + 61 + int(means.argmin())) * 60.0
    note = Sentence("lowest-hour", {"begin": end - 3600.0, "end": end})
    made = "derived" if origin == "measured" else origin
    if np.isnan(value):
        return KpiValue(kpi, None, kpi.unit, minutes, DAY, "minutes", reason=Sentence("nothing-drawn"))
    return KpiValue(kpi, value, kpi.unit, minutes, DAY, "minutes", oldest, quality, made, None, (note,))


def _running(values: F64) -> F64:
    """Sums over 60 values in a row."""
    sums: F64 = np.concatenate([[0.0], np.cumsum(values)])
    hours: F64 = sums[60:] - sums[:-60]
    return hours
