"""The meter tree: which meter is under which, whether sub-meters add up to their main, and totals by meter.

A meter's main is the meter that meters it; else the nearest meter upstream of what it meters, in its medium; else the
meter of the storey, building or campus around what it meters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from twin.live import LiveState
from twin.point import Point
from twin.reading import SUSPECT, Quality
from twin.topology import Medium, Topology

LOSSES = (0.0, 0.06)
"""Share of a main that its sub-meters may leave over where nothing else is known: losses of lines and transformers."""
ACCURACY = 0.02
"""Two meters of class 1 may differ by so much."""


@dataclass(slots=True)
class Meter:
    """A meter of the tree: ``of`` is what it meters, ``main`` the meter above ('' = none), ``subs`` those below."""

    id: str
    of: tuple[str, ...]
    medium: Medium
    main: str = ""
    subs: list[str] = field(default_factory=list)


def meter_tree(topology: Topology, around: Mapping[str, str]) -> dict[str, Meter]:
    """Every meter by id; ``around`` maps a space to its storey, a storey to its building, a building to the campus."""
    meters: dict[str, Meter] = {}
    for edge in topology.edges:
        if edge.relation == "meters":
            meter = meters.setdefault(edge.source, Meter(edge.source, (), edge.medium))
            meter.of = tuple(dict.fromkeys((*meter.of, edge.target)))
    over = _metered_by(meters)
    for meter in meters.values():
        meter.main = _main(meter, meters, over, topology, around)
    for meter in meters.values():
        if meter.main:
            meters[meter.main].subs.append(meter.id)
    return meters


def _metered_by(meters: Mapping[str, Meter]) -> dict[tuple[str, Medium], str]:
    over: dict[tuple[str, Medium], str] = {}
    for meter in meters.values():
        for target in meter.of:
            over.setdefault((target, meter.medium), meter.id)
    return over


def _main(
    meter: Meter, meters: Mapping[str, Meter], over: Mapping[tuple[str, Medium], str], topology: Topology,
    around: Mapping[str, str],
) -> str:  # fmt: skip
    direct = over.get((meter.id, meter.medium), "")
    if direct and direct != meter.id and not _is_under(direct, meter.id, meters):
        return direct
    own = [target for target in meter.of if target not in meters]
    candidates = [*own, *(up for target in own for up in topology.upstream(target, meter.medium))]
    for target in own:
        place = around.get(target, "")
        while place:
            candidates.append(place)
            place = around.get(place, "")
    for node in candidates:
        found = over.get((node, meter.medium), "")
        if found and found != meter.id and not _is_under(found, meter.id, meters):
            return found
    return ""


def _is_under(meter: str, main: str, meters: Mapping[str, Meter]) -> bool:
    """Whether ``meter`` stands below ``main`` already: then it cannot be above it too."""
    seen: set[str] = set()
    while meter and meter not in seen:
        if meter == main:
            return True
        seen.add(meter)
        meter = meters[meter].main
    return False


def rows_of(meters: Mapping[str, Meter], points: Sequence[Point], quantity: str = "power") -> dict[str, int]:
    """The row of each meter's point: its own, else that of the one thing, other than meters, that it meters."""
    by_entity: dict[str, list[int]] = {}
    for row, point in enumerate(points):
        if point.quantity == quantity:
            by_entity.setdefault(point.entity, []).append(row)
    found: dict[str, int] = {}
    for meter in meters.values():
        own = [target for target in meter.of if target not in meters]
        single = own[0] if len(own) == 1 else ""
        for entity in (meter.id, single):
            if len(rows := by_entity.get(entity, [])) == 1:
                found[meter.id] = rows[0]
                break
    return found


def sub_meters(meters: Mapping[str, Meter], rows: Mapping[str, int]) -> list[tuple[int, tuple[int, ...]]]:
    """(main, sub-meters) by rows of points, where the main and every one of its sub-meters has a point."""
    return [
        (rows[meter.id], tuple(rows[sub] for sub in meter.subs))
        for meter in meters.values()
        if meter.id in rows and meter.subs and all(sub in rows for sub in meter.subs)
    ]


@dataclass(frozen=True, slots=True)
class Balance:
    """A main against its sub-meters: what is left over (``rest``, of the main's unit, and ``share`` of it).

    ``verdict`` is 'unknown' unless the main and all sub-meters (``have`` of ``of``) spoke; then 'balanced', 'over' (the
    sub-meters exceed their main) or 'rest' (more is left over than losses explain).
    """

    main: float
    total: float
    have: int
    of: int
    rest: float
    share: float
    verdict: Literal["balanced", "over", "rest", "unknown"]


def balance(
    main: float, subs: Sequence[float], losses: tuple[float, float] = LOSSES, accuracy: float = ACCURACY
) -> Balance:
    """Compare a main with its sub-meters (NaN = silent); ``losses`` least and most share of the main that is lost."""
    values = np.asarray(subs, np.float64)
    have, total = int((~np.isnan(values)).sum()), float(np.nansum(values))
    rest = main - total
    share = rest / main if main else float("nan")
    if np.isnan(main) or main <= 0:
        verdict: Literal["balanced", "over", "rest", "unknown"] = "unknown"
    elif share < losses[0] - accuracy:
        verdict = "over"  # even without those that are silent
    elif have < len(values):
        verdict = "unknown"
    else:
        verdict = "balanced" if share <= losses[1] + accuracy else "rest"
    return Balance(main, total, have, len(values), rest, share, verdict)


@dataclass(frozen=True, slots=True)
class MeterTotal:
    """What a meter reads, or its sub-meters together while it says nothing usable (``estimated``)."""

    value: float | None
    have: int
    of: int
    estimated: bool


def totals(meters: Mapping[str, Meter], rows: Mapping[str, int], live: LiveState) -> dict[str, MeterTotal]:
    """A total for each meter by the meter tree, as roll-ups by the space tree do: own value first, then those below."""
    suspect = live.reasons.having(*SUSPECT)[live.reason]
    usable = ~np.isnan(live.value) & ~live.stale & (live.quality <= Quality.UNCERTAIN) & ~suspect
    found: dict[str, MeterTotal] = {}

    def total(meter: Meter) -> MeterTotal:
        if meter.id in found:
            return found[meter.id]
        row = rows.get(meter.id)
        below = [total(meters[sub]) for sub in meter.subs]
        known = [part for part in below if part.value is not None]
        own = int(row is not None)
        if row is not None and usable[row]:
            made = MeterTotal(float(live.value[row]), 1, 1, False)
        elif known:
            have, of = sum(part.have for part in below), sum(part.of for part in below) + own
            made = MeterTotal(sum(part.value or 0.0 for part in known), have, of, True)
        else:
            made = MeterTotal(None, 0, sum(part.of for part in below) + own, False)
        found[meter.id] = made
        return made

    for meter in meters.values():
        total(meter)
    return found
