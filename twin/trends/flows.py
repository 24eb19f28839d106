"""Where energy goes: from a place to its parts (buildings, or the storeys of one), from these to the uses that are
metered.

What a part used is what its own meter says (or what is below it, where it has none); what its metered rooms used stands
under the category of the room; the rest is neither: other things, rooms without a meter, losses. Nobody measured how it
divides, so it is told as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.history.store import SqlStore
from twin.live import LiveState
from twin.slots import Level
from twin.trends.course import Course
from twin.trends.pointsums import PointSums
from twin.trends.sums import total_of

SHOWN = 10
"""Parts that are told one by one; the smaller ones together."""
MORE = 1.005
"""Sub-meters that add up to more than their meter by this factor contradict it."""


@dataclass(frozen=True, slots=True)
class Use:
    """The metered rooms of one category: ``kwh``, ``rooms`` of them, ``coverage`` (0..1) in time."""

    category: str
    kwh: float
    rooms: int
    coverage: float


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its ``kwh`` (None: nothing is known) with ``coverage``, its ``uses``, and the ``rest`` [kWh] that no
    sub-meter tells of; ``over`` [kWh]: the sub-meters add up to so much more than the meter."""

    ids: tuple[str, ...]
    kwh: float | None
    coverage: float
    uses: tuple[Use, ...]
    rest: float
    over: float


@dataclass(frozen=True, slots=True)
class Flows:
    """All of a place, the largest part first; ``rest`` [kWh] is what its own meter says beyond its parts."""

    kwh: float | None
    coverage: float
    parts: list[Part]
    rest: float


def parts_of(live: LiveState, place: str) -> list[str]:
    """The parts of a place: the buildings of the campus, the storeys of a building, the spaces of a storey."""
    slot = live.tree.index[place]
    found = np.flatnonzero((live.tree.parent == slot) & (np.arange(len(live.tree.ids)) != slot))
    return [live.tree.ids[each] for each in found.tolist()]


def rooms_of(live: LiveState, places: Sequence[str]) -> dict[str, str]:
    """The power points of rooms, by id, and which of ``places`` each stands under."""
    tree = live.tree
    mine = np.full(len(tree.ids), -1, np.int64)
    for number, place in enumerate(places):
        mine[tree.index[place]] = number
    for level in (Level.BUILDING, Level.STOREY, Level.SPACE):
        rows = np.flatnonzero(tree.level == level)
        mine[rows] = np.where(mine[rows] >= 0, mine[rows], mine[tree.parent[rows]])
    rows = live.rows("power")
    rooms = rows[(tree.level[live.slot[rows]] == Level.SPACE) & (mine[live.slot[rows]] >= 0)]
    return {live.points[row].id: places[int(mine[live.slot[row]])] for row in rooms.tolist()}


def flows(
    whole: Course, parts: Sequence[tuple[str, Course]], rooms: Sequence[tuple[str, str]], sums: PointSums, now: int
) -> Flows:
    """``whole`` and its ``parts`` as courses of power, ``rooms`` (part, category) of each point of ``sums``."""
    told = [_part(name, course, rooms, sums, now) for name, course in parts]
    told.sort(key=lambda part: -(part.kwh or 0.0))
    shown, others = told[:SHOWN], told[SHOWN:]
    if len(others) > 1:
        shown.append(_together(others))
    else:
        shown += others
    total = total_of(whole, now, energy=True)
    below = sum(part.kwh or 0.0 for part in told)
    return Flows(total.energy, total.coverage, shown, max(0.0, (total.energy or 0.0) - below))


def _part(name: str, course: Course, rooms: Sequence[tuple[str, str]], sums: PointSums, now: int) -> Part:
    total = total_of(course, now, energy=True)
    by: dict[str, list[int]] = {}
    for at, (part, category) in enumerate(rooms):
        if part == name:
            by.setdefault(category, []).append(at)
    uses = [
        Use(category, float(sums.integral[at].sum()), len(at), float(sums.share[at].mean()))
        for category, at in by.items()
    ]
    uses.sort(key=lambda use: -use.kwh)
    metered = sum(use.kwh for use in uses)
    kwh = total.energy
    over = metered - kwh if kwh is not None and metered > kwh * MORE else 0.0
    return Part((name,), kwh, total.coverage, tuple(uses), max(0.0, (kwh or 0.0) - metered), over)


def _together(parts: Sequence[Part]) -> Part:
    by: dict[str, list[Use]] = {}
    for part in parts:
        for use in part.uses:
            by.setdefault(use.category, []).append(use)
    uses = []
    for category, each in by.items():
        rooms = sum(use.rooms for use in each)
        coverage = sum(use.coverage * use.rooms for use in each) / rooms
        uses.append(Use(category, sum(use.kwh for use in each), rooms, coverage))
    known = [part.kwh for part in parts if part.kwh is not None]
    return Part(
        tuple(name for part in parts for name in part.ids), sum(known) if known else None,
        float(np.mean([part.coverage for part in parts])), tuple(sorted(uses, key=lambda use: -use.kwh)),
        sum(part.rest for part in parts), sum(part.over for part in parts),
    )  # fmt: skip


def window_of(store: SqlStore, start: int, end: int) -> tuple[int, int]:
    """The whole hours of a window [ms] that are rolled up: what flows and rankings are of."""
    from twin.history.calendar import HOUR_MS

    first = store.calendar.hour_of(start + HOUR_MS - 1)
    return first, max(first, min(store.calendar.hour_of(end), store.rolled_until))
