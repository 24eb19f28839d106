"""Gathers a report out of a historian: one call, in a thread; seconds for a month of a large campus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np

from twin.config_kpis import DEFAULT_CARBON, Carbon, Tariff
from twin.frame import FLAG_SIMULATED
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.quality.finding import Finding
from twin.reports.energy import Expected, Place, Total, energy
from twin.reports.happened import happened
from twin.reports.periods import Period, PeriodError
from twin.reports.report import (
    Energy,
    Names,
    Origin,
    PlaceCoverage,
    QuantityCoverage,
    Report,
    Service,
    Trust,
    Unknown,
    WorstPoint,
)
from twin.reports.services import Ways, comfort, coverage, services, standing
from twin.slots import Level
from twin.space import Campus

WORST = 12
"""So many of the least known points are named."""
BADLY = 0.95
"""A point known for more of the time than this is not among the worst."""


@dataclass(frozen=True, slots=True)
class Around:
    """What a report needs besides the history: the campus, its points, what campus.yaml gives, what models expect,
    the ways out of the network, the findings of now."""

    campus: Campus
    live: LiveState
    tariff: Tariff | None = None
    co2: Carbon | None = None
    expected: Expected | None = None
    ways: Ways = field(default_factory=Ways)
    findings: Iterable[Finding] = ()
    areas: Mapping[str, float] | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The campus's zone."""
        return ZoneInfo(self.campus.timezone)


def gather(store: SqlStore, around: Around, entity: str, period: Period, now: int) -> Report:
    """The report of the campus ('' too) or a building in a period, as it is known at ``now`` [ms]; PeriodError for a
    period that has not begun, KeyError for anything that has no report."""
    campus, live = around.campus, around.live
    if period.start >= now:
        raise PeriodError(f"{period.first} lies in the future: a report is of a {period.kind} that has begun")
    names = names_of(campus)
    slot = slot_of(live, entity)
    until = min(period.end, now)
    place = Place(
        live, slot, names, around.areas if around.areas is not None else areas(campus), around.tariff,
        around.co2 or DEFAULT_CARBON, around.co2 is None,
    )  # fmt: skip
    # the hour that runs is in no roll-up yet: how well points are known is told of the hours that are
    rolled = max(period.start, min(until, store.rolled_until))
    held = standing(store, period.start, rolled)
    used, made_of = energy(store, place, period, now, around.expected)
    measured = services(store, live, slot, around.ways, period.start, period.end, now, rolled, held)
    inside = live.tree.under(slot)
    ids = {live.tree.ids[n] for n in np.flatnonzero(inside).tolist()} | {
        point.entity for point, at in zip(live.points, live.slot.tolist(), strict=True) if at >= 0 and inside[at]
    }
    past = happened(store, period.start, until, None if slot == 0 else ids, around.findings)
    trust = _trust(live, slot, names, held, rolled - period.start)
    span = store.span()
    return Report(
        period=period, entity=live.tree.ids[slot], entity_kind="campus" if slot == 0 else "building",
        names=names.get(live.tree.ids[slot], {}), campus=campus.id, campus_names=campus.names, made=now, until=until,
        newest=None if span is None else span[1], oldest=None if span is None else span[0],
        origin=_origin(store, live, slot, made_of, held, period.start, until), energy=used, services=measured,
        comfort=comfort(store, live, slot, period.start, rolled, held), happened=past, trust=trust,
        unknown=tuple(_unknown(used, made_of, measured, trust, around)),
    )  # fmt: skip


def slot_of(live: LiveState, entity: str) -> int:
    """The slot of the campus ('' too) or a building; KeyError for anything else."""
    slot = live.tree.index[entity] if entity else 0
    if live.tree.level[slot] not in (Level.CAMPUS, Level.BUILDING):
        raise KeyError(entity)
    return slot


def names_of(campus: Campus) -> dict[str, Names]:
    """What the campus, its buildings and storeys are called, by id."""
    told: dict[str, Names] = {campus.id: campus.names}
    for building in campus.buildings:
        told[building.id] = building.names
        told |= {storey.id: storey.names for storey in building.storeys}
    return told


def areas(campus: Campus) -> dict[str, float]:
    """Room area [m2] of the campus, its buildings and storeys, from geometry; rooms of unknown area add nothing."""
    told: dict[str, float] = {}
    for building in campus.buildings:
        for storey in building.storeys:
            told[storey.id] = sum(space.area_m2 or 0.0 for space in storey.spaces)
        told[building.id] = sum(told[storey.id] for storey in building.storeys)
    told[campus.id] = sum(told[building.id] for building in campus.buildings)
    return told


def _origin(
    store: SqlStore, live: LiveState, slot: int, made_of: Total, held: Mapping[str, int], start: int, end: int
) -> Origin:
    """Whether what the report says was measured or simulated: by what the history kept with the energy, and by what
    the sources of the other points are now."""
    if not held:
        return "none"
    rows = np.flatnonzero(live.tree.under(slot)[live.slot] & (live.slot >= 0))
    known = [row for row in rows.tolist() if held.get(live.points[row].id)]
    flags = [bool(live.flags[row] & FLAG_SIMULATED) for row in known if np.isfinite(live.time[row])]
    if made_of.coverage.have:
        flags.append(bool(made_of.flags & FLAG_SIMULATED))
    if not flags:
        return "measured" if known else "none"
    return "simulated" if all(flags) else "mixed" if any(flags) else "measured"


def _trust(live: LiveState, slot: int, names: Mapping[str, Names], held: Mapping[str, int], length: int) -> Trust:
    """How well each quantity and each building (storey) is known, and the points that are known least."""
    tree, inside = live.tree, live.tree.under(slot)
    of_quantity: dict[str, list[str]] = {}
    of_place: dict[int, list[str]] = {}
    level = Level.BUILDING if tree.level[slot] == Level.CAMPUS else Level.STOREY
    above = _above(live, level)
    points: list[tuple[float, str, str]] = []
    for row in np.flatnonzero((live.slot >= 0) & inside[live.slot]).tolist():
        point = live.points[row]
        of_quantity.setdefault(point.quantity, []).append(point.id)
        if above[live.slot[row]] >= 0:
            of_place.setdefault(int(above[live.slot[row]]), []).append(point.id)
        points.append((min(1.0, held.get(point.id, 0) / max(1, length)), point.id, point.quantity))
    points.sort()
    silent = sum(1 for known, _, _ in points if known == 0)
    worst = [WorstPoint(id_, quantity, known) for known, id_, quantity in points if 0 < known < BADLY][:WORST]
    return Trust(
        tuple(QuantityCoverage(q, coverage(ids, held, length)) for q, ids in sorted(of_quantity.items())),
        tuple(sorted(
            (PlaceCoverage(tree.ids[n], names.get(tree.ids[n], {}), coverage(ids, held, length))
             for n, ids in of_place.items()),
            key=lambda row: row.coverage.share,
        )),
        tuple(worst), silent,
    )  # fmt: skip


def _above(live: LiveState, level: Level) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """Of each slot the slot of that level which it is or stands under; -1 for none."""
    tree = live.tree
    found = np.where(tree.level == level, np.arange(len(tree.ids)), -1).astype(np.int32)
    for below in (Level.STOREY, Level.SPACE):
        if below > level:
            rows = np.flatnonzero(tree.level == below)
            found[rows] = found[tree.parent[rows]]
    return found


def _unknown(
    used: Energy, made_of: Total, measured: tuple[Service, ...], trust: Trust, around: Around
) -> list[Unknown]:
    """What the report cannot say, and why."""
    told = [*_unknown_energy(used, made_of), *_unknown_beside(used, around)]
    keys = {service.key for service in measured}
    told += [Unknown(f"no-{key}") for key in ("water", "people", "traffic-in") if key not in keys]
    if trust.silent:
        told.append(Unknown("silent-points", {"n": trust.silent, "of": sum(q.coverage.of for q in trust.quantities)}))
    return told


def _unknown_energy(used: Energy, made_of: Total) -> list[Unknown]:
    told: list[Unknown] = []
    if not used.groups:
        return [Unknown("no-meters")]
    if used.kwh is None:
        told.append(Unknown("no-energy"))
    elif used.coverage.have < used.coverage.of:
        told.append(Unknown("silent-meters", {"n": used.coverage.of - used.coverage.have, "of": used.coverage.of}))
    if made_of.broken:
        told.append(Unknown("register-fell", {"n": len(made_of.broken), "ids": ", ".join(made_of.broken[:6])}))
    if used.peak is None:
        told.append(Unknown("no-peak"))
    if used.base_kw is None:
        told.append(Unknown("no-base"))
    return told


def _unknown_beside(used: Energy, around: Around) -> list[Unknown]:
    """Comparisons, prices, factors and what was expected."""
    told = [Unknown(f"compare-{row.which}.{row.why or 'zero'}") for row in used.compared if row.percent is None]
    if around.tariff is None:
        told.append(Unknown("no-tariff"))
    if around.co2 is None and used.kwh is not None:
        told.append(Unknown("co2-default"))
    expected = used.course.expected
    if used.groups and not np.isfinite(expected).any():
        told.append(Unknown("no-model"))
    elif used.groups and not np.isfinite(expected).all():
        told.append(Unknown("part-model"))
    return told
