"""Which spaces a failure touches, for the scene and for the counts; how many people and classes are in them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.impact import Outcome, Supply
from twin.occupancy.totals import Sum
from twin.slots import Level, SlotTree
from twin.topology import MEDIA, Medium

Mask = npt.NDArray[np.bool_]
U8 = npt.NDArray[np.uint8]

LEAST_PEOPLE = 5
"""Fewer people than this are never told to operators, and numbers are told in steps of it: so no difference of two
answers tells of fewer either."""
PLAIN, WEAKENED, LOST, CAUSE = range(4)
"""What the scene shows of a slot."""


@dataclass(frozen=True, slots=True)
class Touched:
    """Masks over slots. ``lost`` by medium, ``inside`` what failed itself, ``weakened`` what has lost some of its
    supply or lives on a battery; ``any_lost`` all that has lost a medium or failed."""

    inside: Mask
    lost: Mapping[Medium, Mask]
    weakened: Mask
    any_lost: Mask


class Places:
    """The places of one supply: what has suppliers of its own, and where access points stand."""

    def __init__(self, supply: Supply) -> None:
        self._supply, tree = supply, supply.tree
        self._tree: SlotTree = tree
        n = len(tree.ids)
        self._own = {medium: np.zeros(n, np.bool_) for medium in MEDIA}
        for node in supply.topology.nodes:
            slot = tree.index.get(node)
            if slot is not None:
                for medium in MEDIA:
                    self._own[medium][slot] |= bool(supply.topology.suppliers(node, medium))
        self._stations = self._counted(supply.all_stations)
        self._own["network"] |= self._stations > 0
        self._levels = [np.flatnonzero(tree.level == level) for level in (Level.BUILDING, Level.STOREY, Level.SPACE)]
        self.spaces: Mask = tree.level == Level.SPACE

    def _counted(self, stations: Iterable[str]) -> npt.NDArray[np.int64]:
        slots = [self._supply.stands[name] for name in stations if name in self._supply.stands]
        return np.bincount(np.array(slots, np.intp), minlength=len(self._tree.ids))

    def touched(self, outcome: Outcome) -> Touched:
        """The slots that an outcome touches."""
        inside = self._mask(outcome.failed)
        lost: dict[Medium, Mask] = {}
        for medium, nodes in outcome.places.items():
            lost[medium] = self._down(self._mask(nodes), medium)
        gone = self._counted(self._supply.stations({*outcome.failed, *outcome.lost}))
        without = (gone > 0) & (gone >= self._stations)
        if without.any():
            lost["network"] = lost.get("network", np.zeros_like(inside)) | self._down(without, "network")
        weak = self._down((gone > 0) & ~without, "network")
        held = self._counted(self._supply.stations(outcome.held))
        weak |= self._down(held > 0, "network")
        for medium, nodes in outcome.held_places.items():
            weak |= self._down(self._mask(nodes), medium)
        for row in outcome.weakened:
            if (slot := self._tree.index.get(row.node)) is not None:
                weak |= self._down(self._only(slot), row.medium)
        everything = inside.copy()
        for mask in lost.values():
            everything |= mask
        return Touched(inside, lost, weak & ~everything, everything)

    def _mask(self, nodes: Iterable[str]) -> Mask:
        mask = np.zeros(len(self._tree.ids), np.bool_)
        slots = [slot for node in nodes if (slot := self._tree.index.get(node)) is not None]
        mask[slots] = True
        return mask

    def _only(self, slot: int) -> Mask:
        mask = np.zeros(len(self._tree.ids), np.bool_)
        mask[slot] = True
        return mask

    def _down(self, mask: Mask, medium: Medium) -> Mask:
        """What is inside loses it too, unless it has a supply of its own."""
        own, parent = self._own[medium], self._tree.parent
        for rows in self._levels:
            mask[rows] |= mask[parent[rows]] & ~own[rows]
        return mask

    def count(self, mask: Mask) -> int:
        """How many spaces a mask has."""
        return int((mask & self.spaces).sum())

    def scene(self, touched: Touched, cause: int) -> U8:
        """(slots,) what to show of each slot; ``cause`` is where the cause stands, -1 nowhere."""
        shown = np.full(len(self._tree.ids), PLAIN, np.uint8)
        shown[touched.weakened] = WEAKENED
        shown[touched.any_lost] = LOST
        for level in (Level.STOREY, Level.BUILDING):
            self._sum_up(shown, level)
        shown[touched.inside] = CAUSE
        if cause > 0 and self._tree.level[cause] == Level.SPACE:
            shown[cause] = CAUSE
        shown[0] = PLAIN
        return shown

    def _sum_up(self, shown: U8, level: Level) -> None:
        """A storey is lost where all of its spaces are, a building where all of its storeys are; else weakened."""
        n, parent = len(shown), self._tree.parent
        below = np.flatnonzero(self._tree.level == level + 1)
        of = np.bincount(parent[below], minlength=n)
        lost = np.bincount(parent[below], shown[below] == LOST, n)
        some = np.bincount(parent[below], shown[below] != PLAIN, n)
        rows = (self._tree.level == level) & (of > 0)
        shown[rows] = np.where(lost >= of, LOST, np.where(some > 0, WEAKENED, PLAIN))[rows]


@dataclass(frozen=True, slots=True)
class Users:
    """People who are affected, as it may be told: in steps of five, None where nobody knows or, ``withheld``, where
    they are fewer than five. ``have`` of ``of`` spaces are known; ``low`` to ``high`` is the 80 % interval."""

    people: int | None
    low: int | None
    high: int | None
    withheld: bool
    have: int
    of: int
    simulated: bool


def told(found: Sum) -> Users:
    """What may be told of a sum of estimates."""
    if not found.have or not math.isfinite(found.people):
        return Users(None, None, None, False, 0, found.of, False)
    if found.people < LEAST_PEOPLE:
        return Users(None, None, None, True, found.have, found.of, found.simulated)
    step = LEAST_PEOPLE
    low, high = (found.low, found.high) if math.isfinite(found.low) else (found.people, found.people)
    people = step * max(1, round(found.people / step))
    return Users(
        people, min(people, step * math.floor(low / step)), max(people, step * math.ceil(high / step)), False,
        found.have, found.of, found.simulated,
    )  # fmt: skip
