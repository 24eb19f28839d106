"""The value of a KPI and the place that it is asked of: what every kind of KPI has in common.

Nothing is ever 0 because nothing was there: a value is a number that something counted for, or None with a ``reason``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.config_kpis import Carbon, Tariff
from twin.domains.records import Kpi
from twin.frame import FLAG_DERIVED, FLAG_SIMULATED
from twin.kpi_memory import Memory
from twin.kpi_points import PointFacts, Uplinks
from twin.live import LiveState
from twin.reading import Quality
from twin.rollup import Rolled

Bools = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]
F64 = npt.NDArray[np.float64]

Origin = Literal["measured", "simulated", "derived"]
Covers = Literal["points", "rooms", "devices", "links", "buildings", "minutes"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """Something to be said in words (``twin.kpi_text``): its ``code`` and the figures in it."""

    code: str
    figures: Mapping[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KpiValue:
    """A KPI of one place. ``have`` of ``of`` of what ``covers`` names count; ``oldest`` [s since epoch, inf = none] is
    the time of the oldest value in it, ``quality`` the worst; ``reason`` says why ``value`` is None, ``notes`` what
    else must be known of it.
    """

    kpi: Kpi
    value: float | None
    unit: str
    have: int = 0
    of: int = 0
    covers: Covers = "points"
    oldest: float = np.inf
    quality: Quality = Quality.NONE
    origin: Origin = "measured"
    reason: Sentence | None = None
    notes: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """What KPIs need to know of a campus beside its values.

    ``area`` [m2] is the room area of each slot (0 = none known); ``egress`` are the points of the campus's way out and
    ``capacity`` [Mbit/s] what that carries each way, where campus.yaml tells.
    """

    area: F64
    zone: ZoneInfo
    co2: Carbon
    co2_is_default: bool = True
    tariff: Tariff | None = None
    egress: tuple[str, ...] = ()
    capacity: float | None = None


@dataclass(frozen=True)
class Place:
    """Where a KPI is asked of: the campus, a building or a storey, as its slot."""

    live: LiveState
    memory: Memory
    facts: Facts
    points: PointFacts
    uplinks: Uplinks
    slot: int

    @cached_property
    def under(self) -> Bools:
        """Which slots stand in the place, itself included."""
        return self.live.tree.under(self.slot)

    def rows_of(self, *quantities: str) -> Index:
        """The points of some quantities in the place."""
        rows: Index = np.concatenate([self.live.rows(quantity) for quantity in quantities])
        inside: Index = rows[self.under[self.live.slot[rows]]]
        return inside

    def counting(self, rows: Index) -> Bools:
        """Which of these points count: a usable value that is neither stale nor suspect."""
        return self.live.counting(rows)


def nothing(place: Place, kpi: Kpi, rows: Index, *, covers: Covers = "points", of: int | None = None) -> KpiValue:
    """A value that is not there because none of ``rows`` counts, and why."""
    live = place.live
    total = len(rows) if of is None else of
    if not len(rows):
        reason = Sentence("no-points")
    elif not np.isfinite(latest := float(live.time[rows].max())):
        reason = Sentence("never-heard")
    else:
        reason = Sentence("no-data", {"time": latest})
    return KpiValue(kpi, None, kpi.unit, 0, total, covers, reason=reason)


def of_rows(place: Place, rows: Index) -> tuple[float, Quality, Origin]:
    """Oldest time, worst quality and origin of points that count; at least one."""
    live = place.live
    flags = int(np.bitwise_or.reduce(live.flags[rows]))
    return float(live.judged[rows].min()), Quality(int(live.quality[rows].max())), origin_of(flags)


def origin_of(flags: int) -> Origin:
    """The origin of what has these origin bits: simulated as soon as anything in it is, else derived."""
    return "simulated" if flags & FLAG_SIMULATED else "derived" if flags & FLAG_DERIVED else "measured"


def of_rolled(rolled: Rolled, slot: int) -> tuple[float, Quality, Origin]:
    """Oldest time, worst quality and origin of a total that has a value."""
    flags = int(rolled.flags[slot])
    return float(rolled.oldest[slot]), Quality(flags & 3), origin_of(flags)
