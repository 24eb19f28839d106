"""What is forecast: the campus, its buildings and its main meters, each with the power points that make it up.

As live totals do, a building is what its own points say, else the sum of what stands below it; the campus without
points of its own is the sum of its buildings. A meter counts as a main where other meters hang below it; one whose
point is already that of a building is not told twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from twin.live import LiveState
from twin.point import Point
from twin.slots import Level
from twin.space import Campus
from twin.topology_meters import Meter, rows_of

SubjectKind = Literal["campus", "building", "meter"]

OUTDOOR = "outdoor"
"""Category of a space whose thermometer says how warm it is outside."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that has a forecast: the ids of its ``points`` [kW], or the ids of the subjects that are its
    ``parts``."""

    id: str
    kind: SubjectKind
    points: tuple[str, ...]
    parts: tuple[str, ...] = ()

    @property
    def basis(self) -> str:
        """The same as long as it is made up of the same: a model of other points is none of this."""
        told = "\n".join((*sorted(self.points), "", *sorted(self.parts)))
        return hashlib.blake2s(told.encode(), digest_size=8).hexdigest()


def subjects(live: LiveState, meters: Mapping[str, Meter]) -> list[Subject]:
    """Everything that may have a forecast, parts before what they are parts of."""
    tree, below = live.tree, _below(live)
    buildings = [
        Subject(tree.ids[slot], "building", found)
        for slot in np.flatnonzero(tree.level == Level.BUILDING).tolist()
        if (found := below.get(slot, ()))
    ]
    told = {each.points for each in buildings}
    rows = rows_of(meters, live.points)
    mains = [
        Subject(meter.id, "meter", points)
        for meter in meters.values()
        if meter.subs and meter.id in rows and (points := (live.points[rows[meter.id]].id,)) not in told
        and meter.id not in tree.index
    ]  # fmt: skip
    return [*buildings, *mains, *_campus(live, buildings)]


def _campus(live: LiveState, buildings: Sequence[Subject]) -> list[Subject]:
    rows = live.rows("power")
    own = tuple(live.points[row].id for row in rows[live.slot[rows] == 0].tolist())
    if own:
        return [Subject(live.tree.ids[0], "campus", own)]
    parts = tuple(each.id for each in buildings)
    return [Subject(live.tree.ids[0], "campus", (), parts)] if parts else []


def _below(live: LiveState) -> dict[int, tuple[str, ...]]:
    """The points that make up each slot: its own, else those of the slots below it."""
    own: dict[int, list[str]] = {}
    for row in live.rows("power").tolist():
        own.setdefault(int(live.slot[row]), []).append(live.points[row].id)
    found: dict[int, tuple[str, ...]] = {slot: tuple(ids) for slot, ids in own.items()}
    gathered: dict[int, list[str]] = {}
    for level in (Level.SPACE, Level.STOREY, Level.BUILDING):
        for slot in np.flatnonzero(live.tree.level == level).tolist():
            if slot not in found and slot in gathered:
                found[slot] = tuple(gathered[slot])
            if slot in found:
                gathered.setdefault(int(live.tree.parent[slot]), []).extend(found[slot])
    return found


def outdoor_point(campus: Campus, points: Sequence[Point]) -> str:
    """The thermometer outside: one that stands at the campus or a site itself, or in an outdoor space; '' for none. Of
    several the first by id."""
    outside = {campus.id, *(site.id for site in campus.sites)}
    for building in campus.buildings:
        for storey in building.storeys:
            outside.update(space.id for space in storey.spaces if space.category == OUTDOOR)
    return min((p.id for p in points if p.quantity == "temperature" and p.entity in outside), default="")
