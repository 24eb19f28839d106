"""Which points make up a total of a place: a place's own points, else those of the places below it.

The rule is that of the live totals and of the forecasts, but for one thing: where a meter was silent nothing stands in
for it. A report says what is missing instead of mixing a building's meter with the sum of a few of its rooms.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twin.live import LiveState
from twin.point import DERIVED
from twin.slots import Level

REGISTERS = ("energy", "volume")
"""Quantities that are counted; a gauge of them (energy of a day, say) is no register."""
LEVELS = (Level.SPACE, Level.STOREY, Level.BUILDING)


@dataclass(frozen=True, slots=True)
class Group:
    """Something that is told as one: the ids of the points of its rate (power), and of its own ``registers``."""

    id: str
    points: tuple[str, ...]
    registers: tuple[str, ...]

    @property
    def meters(self) -> int:
        """How many meters it has: a register and a power of one place are one."""
        return max(len(self.points), len(self.registers))


def makes_up(live: LiveState, quantity: str) -> Mapping[int, tuple[str, ...]]:
    """The points of a quantity that make up each slot: its own, else those of the slots below it; derived ones
    before what they are derived from."""
    rows = live.rows(quantity)
    derived = np.array([live.points[row].source == DERIVED for row in rows.tolist()], np.bool_)
    rows = rows[derived | ~np.isin(live.slot[rows], live.slot[rows][derived])]
    own: dict[int, list[str]] = {}
    for row, slot in zip(rows.tolist(), live.slot[rows].tolist(), strict=True):
        own.setdefault(slot, []).append(live.points[row].id)
    found: dict[int, tuple[str, ...]] = {slot: tuple(ids) for slot, ids in own.items()}
    gathered: dict[int, list[str]] = {}
    for level in LEVELS:
        for slot in np.flatnonzero(live.tree.level == level).tolist():
            if slot not in found and slot in gathered:
                found[slot] = tuple(gathered[slot])
            if slot in found:
                gathered.setdefault(int(live.tree.parent[slot]), []).extend(found[slot])
    if 0 not in found and 0 in gathered:
        found[0] = tuple(gathered[0])
    return found


def groups(live: LiveState, slot: int, rate: str = "power", register: str = "energy") -> list[Group]:
    """What the total of a place is made of: the place itself where it has a meter, or is a building; else the
    buildings of the campus that have any. Empty where nothing is measured."""
    rated = makes_up(live, rate)
    registers = _own(live, register)
    tree = live.tree
    own = registers.get(slot, ()) or _own(live, rate).get(slot, ())
    if own or tree.level[slot] != Level.CAMPUS:
        return _group(live, slot, rated, registers)
    buildings = np.flatnonzero(tree.level == Level.BUILDING).tolist()
    return [group for each in buildings for group in _group(live, each, rated, registers)]


def parts(live: LiveState, slot: int, rate: str = "power", register: str = "energy") -> list[Group]:
    """The buildings of the campus, or the storeys of a building, as far as anything is measured there."""
    rated, registers = makes_up(live, rate), _own(live, register)
    level = Level.BUILDING if live.tree.level[slot] == Level.CAMPUS else Level.STOREY
    below = np.flatnonzero((live.tree.level == level) & live.tree.under(slot)).tolist()
    return [group for each in below for group in _group(live, each, rated, registers)]


def _group(
    live: LiveState, slot: int, rated: Mapping[int, tuple[str, ...]], registers: Mapping[int, tuple[str, ...]]
) -> list[Group]:
    points, counted = rated.get(slot, ()), registers.get(slot, ())
    return [Group(live.tree.ids[slot], points, counted)] if points or counted else []


def _own(live: LiveState, quantity: str) -> dict[int, tuple[str, ...]]:
    own: dict[int, list[str]] = {}
    rows = live.rows(quantity)
    for row, slot in zip(rows.tolist(), live.slot[rows].tolist(), strict=True):
        if quantity not in REGISTERS or live.points[row].kind == "counter":
            own.setdefault(slot, []).append(live.points[row].id)
    return {slot: tuple(ids) for slot, ids in own.items()}
