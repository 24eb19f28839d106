"""Which alarms have one cause: by what feeds, serves and uplinks what, and by what stands in what.

An alarm that says that something failed explains another one when all that the other speaks of is lost with it. Where
nobody says so, the lowest node or place is taken whose failure explains at least ``LEAST`` alarms, if most of what is
watched below it is in alarm too: what is well contradicts it. So alarms that only come at the same time stay apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from twin.impact import Outcome, Supply
from twin.impact_places import Places, Touched
from twin.incidents.seen import SeenAlarm

FAILING = frozenset({"state", "loss", "external"})
"""Kinds of alarms that say that what they speak of does not work. A value beyond its limit says no such thing."""
LEAST = 3
SHARE = 0.6
"""Share of what is watched below a cause that nobody tells which must be in alarm."""
TRIED = 40
"""Candidates that are looked at: those that explain most."""

Found = Literal["alarm", "inferred"]


@dataclass(frozen=True, slots=True)
class Group:
    """Alarms with one cause. ``cause`` is the node or place that failed ('' = the alarm names none), ``speaker`` the
    alarm that stands for the group: the one that tells the cause, where there is one (``found`` 'alarm')."""

    cause: str
    found: Found
    speaker: str
    members: tuple[str, ...]


def says_failure(alarm: SeenAlarm) -> bool:
    """Whether an alarm says that something of the topology does not work. A sensor that is silent says nothing of its
    room."""
    return alarm.kind in FAILING and bool(alarm.nodes)


@dataclass(frozen=True, slots=True)
class _Reach:
    """All that a failure takes: nodes, and the places by medium."""

    nodes: frozenset[str]
    touched: Touched


class Causes:
    """Finds causes over one supply. ``watched`` are the nodes that would tell if they failed, ``wires`` the links by id
    (lower, upper), ``states`` the links by the points that tell whether they are up."""

    def __init__(
        self, supply: Supply, places: Places, watched: Collection[str] = (),
        wires: Mapping[str, Sequence[tuple[str, str]]] | None = None, states: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        self._supply, self._places = supply, places
        self._watched = frozenset(watched)
        self._wires = dict(wires or {})
        self._states = dict(states or {})
        self._at: dict[str, list[str]] = {}  # of each node its links
        for link, ends in self._wires.items():
            for end in {end for wire in ends for end in wire} if len(ends) == 1 else ():
                self._at.setdefault(end, []).append(link)
        self._kept: dict[tuple[str, ...], _Reach] = {}

    def spots(self, alarm: SeenAlarm) -> tuple[str, ...]:
        """What an alarm speaks of: its nodes, else its place."""
        return alarm.nodes or ((alarm.place,) if alarm.place else ())

    def failed(self, alarm: SeenAlarm) -> tuple[str, ...]:
        """What an alarm says has failed: what it speaks of; of a device that goes on without the link that the alarm
        is about, only that link."""
        if alarm.kind == "loss":  # a meter that is silent says nothing of its building
            alone = tuple(node for node in alarm.nodes if node not in self._supply.tree.index)
            if alone != alarm.nodes:
                return alone
        link = self._states.get(alarm.id.partition(":")[2])
        if link is None or link not in self._wires or self.reach((link,)).nodes.intersection(alarm.nodes):
            return alarm.nodes
        return (link,)

    def reach(self, spots: tuple[str, ...]) -> _Reach:
        """What the failure of these takes, themselves included."""
        found = self._kept.get(spots)
        if found is None:
            if len(self._kept) > 5000:
                self._kept.clear()
            cut = [wire for spot in spots for wire in self._wires.get(spot, ())]
            nodes = [spot for spot in spots if spot not in self._wires]
            outcome: Outcome = self._supply.fails(*nodes, cut=cut)
            lost = {*nodes, *outcome.failed, *outcome.lost}
            links = {link for node in lost for link in self._at.get(node, ())}
            found = self._kept[spots] = _Reach(frozenset(lost | links | {*spots}), self._places.touched(outcome))
        return found

    def takes(self, spots: tuple[str, ...], alarm: SeenAlarm) -> bool:
        """Whether the failure of ``spots`` explains ``alarm``."""
        own = self.spots(alarm)
        reach = self.reach(spots)
        return bool(own) and all(self._is_in(reach, spot, alarm) for spot in own)

    def _is_in(self, reach: _Reach, spot: str, alarm: SeenAlarm) -> bool:
        slot = self._supply.tree.index.get(spot)
        if slot is None:
            return spot in reach.nodes
        if reach.touched.inside[slot]:
            return True
        # a room that is too warm is no consequence of a switch
        told = alarm.kind == "threshold"
        return any(mask[slot] for medium, mask in reach.touched.lost.items() if not (told and medium == "network"))

    def groups(self, alarms: Sequence[SeenAlarm], told: Collection[str] = ()) -> list[Group]:
        """All of the alarms, each in one group; those of one alarm are groups of one. ``told`` are nodes and places of
        which others say that they have failed."""
        order = sorted(alarms, key=lambda alarm: (alarm.raised or alarm.changed, alarm.priority, alarm.id))
        above = self._explained(order)
        roots = [alarm for alarm in order if alarm.id not in above]
        members: dict[str, list[str]] = {alarm.id: [alarm.id] for alarm in roots}
        for alarm in order:
            if alarm.id in above:
                members[_top(alarm.id, above)].append(alarm.id)
        found = [self._inferred(cause, those, members) for cause, those in self._common(roots, order, told)]
        together = {member for group in found for member in group.members}
        for alarm in roots:
            if alarm.id not in together:
                # what says no failure of what it speaks of has itself as its cause, and explains nothing later either
                spots = self.failed(alarm) if alarm.kind == "loss" else self.failed(alarm) or self.spots(alarm)
                found.append(Group(spots[0] if spots else "", "alarm", alarm.id, tuple(members[alarm.id])))
        return found

    @staticmethod
    def _inferred(cause: str, roots: Sequence[SeenAlarm], members: Mapping[str, Sequence[str]]) -> Group:
        first = min(roots, key=lambda alarm: (alarm.priority, alarm.raised or alarm.changed, alarm.id))
        return Group(cause, "inferred", first.id, tuple(each for alarm in roots for each in members[alarm.id]))

    def _explained(self, order: Sequence[SeenAlarm]) -> dict[str, str]:
        """Of each alarm that another one explains, that one: the one whose failure takes most."""
        by_spot: dict[str, list[int]] = {}
        places: list[tuple[int, int]] = []
        for row, alarm in enumerate(order):
            for spot in self.spots(alarm):
                by_spot.setdefault(spot, []).append(row)
                if (slot := self._supply.tree.index.get(spot)) is not None:
                    places.append((row, slot))
        at, slots = np.array(places, np.intp).reshape(-1, 2).T
        above: dict[str, str] = {}
        failing = [(alarm, failed) for alarm in order if says_failure(alarm) and (failed := self.failed(alarm))]
        failing.sort(key=lambda row: -len(self.reach(row[1]).nodes))  # stable: else the first one
        for alarm, failed in failing:
            reach = self.reach(failed)
            rows = {row for spot in by_spot.keys() & reach.nodes for row in by_spot[spot]}
            rows.update(at[reach.touched.any_lost[slots]].tolist())
            for row in sorted(rows):
                other = order[row]
                if other.id == alarm.id or other.id in above or not self.takes(failed, other):
                    continue
                if not _loops(alarm.id, other.id, above):
                    above[other.id] = alarm.id
        return above

    def _common(
        self, roots: Sequence[SeenAlarm], alarms: Sequence[SeenAlarm], told: Collection[str]
    ) -> Iterable[tuple[str, list[SeenAlarm]]]:
        """Causes that nobody tells, each with the roots that it explains; one after the other, the greatest first."""
        left = [alarm for alarm in roots if alarm.kind in FAILING and self.spots(alarm)]
        spoken = {spot for alarm in alarms if alarm.kind in FAILING for spot in self.spots(alarm)}
        spoken.update(told)
        while len(left) >= LEAST:
            best = self._best(left, spoken)
            if best is None:
                return
            yield best
            gone = {alarm.id for alarm in best[1]}
            left = [alarm for alarm in left if alarm.id not in gone]

    def _best(self, left: Sequence[SeenAlarm], spoken: set[str]) -> tuple[str, list[SeenAlarm]] | None:
        counts = Counter(cause for alarm in left for cause in self._above(alarm))
        likely = [cause for cause, n in counts.most_common() if n >= LEAST][:TRIED]
        found: list[tuple[int, bool, int, str, list[SeenAlarm]]] = []
        for cause in likely:
            those = [alarm for alarm in left if self.takes((cause,), alarm)]
            if len(those) < LEAST:
                continue
            nodes = self.reach((cause,)).nodes
            watched = (self._watched | spoken) & nodes
            if len(spoken & nodes) >= SHARE * len(watched):
                # what is watched and says nothing is well: of those that explain as much rather one that cannot speak
                well = cause in self._watched and cause not in spoken
                found.append((-len(those), well, len(nodes), cause, those))
        if not found:
            return None
        *_, cause, those = min(found, key=lambda row: row[:4])
        return cause, those

    def _above(self, alarm: SeenAlarm) -> set[str]:
        """All whose failure might explain an alarm: what it hangs on, and the places around it."""
        found: set[str] = set()
        for spot in self.spots(alarm):
            found.update(self._supply.needs(spot), self._supply.around(spot))
        return {cause for cause in found if cause not in alarm.nodes}


def _top(alarm: str, above: Mapping[str, str]) -> str:
    while alarm in above:
        alarm = above[alarm]
    return alarm


def _loops(upper: str, lower: str, above: Mapping[str, str]) -> bool:
    """Whether ``lower`` already stands above ``upper``."""
    while upper in above:
        upper = above[upper]
        if upper == lower:
            return True
    return False
