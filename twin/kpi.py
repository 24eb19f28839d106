"""The KPIs of the domain files, evaluated over the live columns: ``Kpis.of(domain, entity)``.

Each kind is one function ``(Place, Kpi) -> KpiValue``; ``KINDS`` is their table. Only points that count enter
(docs/reference/live-stream.md); a value that cannot be known is None with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zoneinfo import ZoneInfo

import numpy as np

from twin.config_kpis import DEFAULT_CARBON
from twin.config_kpis import Kpis as Given
from twin.domains import domains
from twin.domains.records import Domain, Kpi, KpiKind
from twin.kpi_energy import base_load, energy_today
from twin.kpi_memory import Memory
from twin.kpi_network import devices, links_over, throughput
from twin.kpi_points import PointFacts, Uplinks
from twin.kpi_rooms import rooms
from twin.kpi_value import F64, Facts, KpiValue, Place, nothing, of_rolled
from twin.live import LiveState
from twin.slots import Level, SlotTree
from twin.space import Campus
from twin.topology import Topology


def total(place: Place, kpi: Kpi) -> KpiValue:
    """A quantity rolled up to the place, or that for so many square metres of the rooms that it is known of."""
    rolled, slot = place.live.rolled_up(kpi.quantity, kpi.rollup), place.slot
    have, of = int(rolled.have[slot]), int(rolled.of[slot])
    if not have:
        return nothing(place, kpi, place.rows_of(kpi.quantity), of=of)
    value = float(rolled.value[slot])
    if kpi.per_m2:
        area = _area_that_counts(place, kpi.quantity)
        value = value * kpi.per_m2 / area
    oldest, quality, origin = of_rolled(rolled, slot)
    return KpiValue(kpi, value, kpi.unit, have, of, "points", oldest, quality, origin)


def _area_that_counts(place: Place, quantity: str) -> float:
    """Room area [m2] of what has a point that counts, itself or in what stands above it in the place."""
    live, tree = place.live, place.live.tree
    rows = place.rows_of(quantity)
    known = np.zeros(len(tree.ids), np.bool_)
    known[live.slot[rows[live.counting(rows)]]] = True
    for level in (Level.BUILDING, Level.STOREY, Level.SPACE):
        at = np.flatnonzero(tree.level == level)
        known[at] |= known[tree.parent[at]] & place.under[tree.parent[at]]
    return float(tree.weight[known & (tree.level == Level.SPACE)].sum()) or np.nan


KINDS: Mapping[KpiKind, Callable[[Place, Kpi], KpiValue]] = MappingProxyType(
    {
        "total": total, "energy-today": energy_today, "base-load": base_load, "rooms": rooms, "links-over": links_over,
        "devices-online": devices, "devices-down": devices, "throughput": throughput,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Basis:
    """What KPIs are evaluated over; it takes a moment to make for many points, so not on the event loop."""

    live: LiveState
    facts: Facts
    points: PointFacts
    uplinks: Uplinks


@dataclass(frozen=True, slots=True)
class Then:
    """A past moment: its values, and what was remembered by then."""

    live: LiveState
    memory: Memory


class Kpis:
    """The KPIs of one campus: its live state, what was remembered, and what campus.yaml says.

    ``follow`` goes on with another basis of the same tree; what was remembered stays.
    """

    def __init__(self, campus: Campus, live: LiveState, topology: Topology, given: Given | None = None) -> None:
        self.zone = ZoneInfo(campus.timezone)
        kept = dict.fromkeys(["power", *(head.quantity for d in domains().values() if (head := headline(d)))])
        self.remembered = list(kept)
        self.memory = Memory(live.tree, self.remembered, self.zone)
        self._area = areas(campus, live.tree)
        self._basis = self.basis(live, topology, given)

    def basis(self, live: LiveState, topology: Topology, given: Given | None = None) -> Basis:
        """The values of ``live``, the devices of ``topology``, the factors of ``given``, for ``follow``."""
        given = given or Given()
        egress = given.egress
        facts = Facts(
            self._area, self.zone, given.co2 or DEFAULT_CARBON, given.co2 is None, given.tariff,
            tuple(egress.points) if egress else (), egress.capacity_mbit_s if egress else None,
        )  # fmt: skip
        return Basis(live, facts, PointFacts.of(live, topology.kinds), Uplinks.of(live, topology))

    def follow(self, basis: Basis) -> None:
        """From now on evaluate over ``basis``."""
        self._basis = basis

    def place(self, entity: str, then: Then | None = None) -> Place:
        """The campus ('' too), a building or a storey, now or ``then``; KeyError for anything else."""
        basis = self._basis
        tree = basis.live.tree
        slot = tree.index[entity] if entity else 0
        if tree.level[slot] == Level.SPACE:
            raise KeyError(entity)
        live, memory = (basis.live, self.memory) if then is None else (then.live, then.memory)
        return Place(live, memory, basis.facts, basis.points, basis.uplinks, slot)

    def of(self, domain: str, entity: str = "", then: Then | None = None) -> list[KpiValue]:
        """Every KPI of a domain for a place; KeyError names a domain or an entity that does not exist."""
        place = self.place(entity, then)
        return [KINDS[kpi.kind](place, kpi) for kpi in domains()[domain].kpis]


def headline(domain: Domain) -> Kpi | None:
    """The figure of a domain whose course is kept: its first, where that is a plain total."""
    first = next(iter(domain.kpis), None)
    return first if first is not None and first.kind == "total" else None


def areas(campus: Campus, tree: SlotTree) -> F64:
    """Room area [m2] of each slot, from geometry; rooms of unknown area add nothing."""
    area = np.zeros(len(tree.ids))
    for building in campus.buildings:
        for storey in building.storeys:
            for space in storey.spaces:
                area[tree.index[space.id]] = space.area_m2 or 0.0
    for level in (Level.SPACE, Level.STOREY, Level.BUILDING):
        at = np.flatnonzero(tree.level == level)
        area += np.bincount(tree.parent[at], area[at], len(area))
    return area
