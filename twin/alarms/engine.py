"""The engine: rules over live values, findings and sources, into the book; and what time alone does to alarms there.

It knows no clock and no thread: whoever runs it calls ``changed`` with what came, ``turn`` some times a second and
``second`` once a second, all on one thread.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import numpy as np

from twin.alarms.alarm import Alarm, External, Transition
from twin.alarms.bind import Watches, bound
from twin.alarms.book import Book
from twin.alarms.evaluate import Edges, Evaluator
from twin.alarms.outside import Outside
from twin.alarms.places import Places
from twin.alarms.rule import AlarmRules, Rule
from twin.alarms.schedule import Calendar
from twin.alarms.timers import Timers
from twin.alarms.windows import Windows
from twin.alarms.words import alarm_id, placed
from twin.frame import FLAG_SIMULATED
from twin.live import Bools, Index, LiveState
from twin.quantity import QUANTITIES

POINT_GONE, RULE_GONE = "point-gone", "rule-gone"
AT_ONCE = 100
"""Alarms that are made or ended in one go: whoever runs the engine lets others have their turn between."""

Occupied = Callable[[Sequence[str]], Collection[str]]
"""Ids of spaces -> those in which somebody is, or is expected."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What rules are read against: the live state, the places of its points, who is where, sources that simulate."""

    live: LiveState
    places: Places
    zone: ZoneInfo
    occupied: Occupied = frozenset
    simulated: frozenset[str] = frozenset()


class Engine:
    """One campus's alarms. ``rules`` and ``ground`` are others after ``follow``."""

    def __init__(self, book: Book, rules: AlarmRules, ground: Ground) -> None:
        self.book = book
        self.outside = Outside(book)
        self.timers = Timers(book)
        book.make = self.made
        book.listeners.append(self._listen)
        self._dirty: list[Index] = []
        self._edges: list[Edges] = []
        self._set(rules, ground, bound(list(rules.rules.values()), ground.live.points, ground.places))

    def _set(self, rules: AlarmRules, ground: Ground, watches: Watches) -> None:
        self.rules, self.ground = rules, ground
        live = ground.live
        self.book.max_shelve_s = rules.max_shelve_s
        self.calendar = Calendar(tuple(rules.vacations.values()), ground.zone)
        self.windows = Windows(rules.windows.values(), self.calendar, ground.places)
        self.outside.follow(rules.rules, ground.places, self.windows.holding)
        self.timers.follow(rules.rules)
        self.evaluator = Evaluator(watches, live)
        self._ids = {
            alarm_id(watches.rules[rule].id, live.points[row].id): at
            for at, (rule, row) in enumerate(zip(watches.rule.tolist(), watches.row.tolist(), strict=True))
        }
        self._minute = -1
        self._sources = np.unique([point.source for point in live.points] or [""], return_inverse=True)
        active = [self._ids[alarm.id] for alarm in self.book.alarms.values() if alarm.active and alarm.id in self._ids]
        self.evaluator.begin(np.array(active, np.intp))

    def follow(self, rules: AlarmRules, ground: Ground, watches: Watches, now: float) -> list[Transition]:
        """Go on with other rules or points, bound to ``watches``, at ``now`` [s since epoch]: what they have in common
        goes on as it was, the alarms of what is gone end and say so."""
        old, before = self.evaluator, self._ids
        known = {id_: old.watches.rules[old.watches.rule[at]].condition for id_, at in before.items()}
        self._dirty.clear()
        self._edges.clear()
        self._set(rules, ground, watches)
        new = self.evaluator.watches
        pairs = [
            (at, before[id_]) for id_, at in self._ids.items()
            if known.get(id_) == new.rules[new.rule[at]].condition
        ]  # fmt: skip
        rows = np.array(pairs, np.intp).reshape(-1, 2)
        self.evaluator.carry_over(old, rows[:, 0], rows[:, 1])
        live = ground.live
        self.changed(np.flatnonzero(~np.isnan(live.value)))
        return self.end_gone(now)

    def end_gone(self, now: float) -> list[Transition]:
        """End the alarms that a journal has of points and rules that there are no more."""
        made = []
        for id_ in sorted(set(self.book.alarms) - set(self._ids)):
            alarm = self.book.alarms[id_]
            if alarm.kind in ("threshold", "state", "loss"):
                reason = POINT_GONE if alarm.rule in self.rules.rules else RULE_GONE
                made += self.book.end([id_], reason, now)
            elif alarm.kind in ("finding", "source") and alarm.rule not in self.rules.rules:
                made += self.book.end([id_], RULE_GONE, now)
        return made

    # values

    def changed(self, rows: Index) -> None:
        """Some points have new values."""
        if rows.size:
            self._dirty.append(rows)

    @property
    def waiting(self) -> bool:
        """Whether ``turn`` has something to do."""
        return bool(self._dirty or self._edges)

    def turn(self, now: float) -> Iterator[list[Transition]]:
        """Judge what changed; the steps that come of it, some at a time."""
        if self._dirty:
            new = np.zeros(len(self.ground.live.points), np.bool_)  # sorting them would cost as much as judging them
            for rows in self._dirty:
                new[rows] = True
            self._dirty.clear()
            self._edges.append(self.evaluator.look(np.flatnonzero(new), now))
        while self._edges:
            edges = self._edges.pop(0)
            for first in range(0, len(edges), AT_ONCE):
                part = slice(first, first + AT_ONCE)
                yield self._steps(Edges(edges.watch[part], edges.active[part], edges.value[part]), now)

    def _steps(self, edges: Edges, now: float) -> list[Transition]:
        fresh, over = [], []
        for watch, active, value in zip(edges.watch.tolist(), edges.active.tolist(), edges.value.tolist(), strict=True):
            if active:
                fresh.append(self._alarm(watch, value, now))
            else:
                over.append(self._id_of(watch))
        made = self.book.take(fresh, now, held=lambda alarm: self.windows.holding(alarm, now))
        return [*made, *self.outside.returned(over, now)]

    def _id_of(self, watch: int) -> str:
        watches = self.evaluator.watches
        return alarm_id(watches.rules[watches.rule[watch]].id, self.ground.live.points[watches.row[watch]].id)

    def _alarm(self, watch: int, value: float, now: float) -> Alarm:
        alarm, row = self._normal(watch), int(self.evaluator.watches.row[watch])
        point = self.ground.live.points[row]
        simulated = point.source in self.ground.simulated or bool(self.ground.live.flags[row] & FLAG_SIMULATED)
        return replace(alarm, value=None if math.isnan(value) else value, simulated=simulated)

    def _normal(self, watch: int) -> Alarm:
        watches = self.evaluator.watches
        rule, point = watches.rules[watches.rule[watch]], self.ground.live.points[watches.row[watch]]
        unit = QUANTITIES[point.quantity].unit
        where = self.ground.places.of(point.entity)
        return placed(rule, point.id, where, self.ground.places, unit, point.source)

    def made(self, id_: str) -> Alarm | None:
        """The normal alarm of that id, where a rule and a point have it."""
        watch = self._ids.get(id_)
        return None if watch is None else self._normal(watch)

    def rule_of(self, alarm: Alarm) -> Rule | None:
        """The rule of an alarm, where there is one."""
        return self.rules.rules.get(alarm.rule)

    # time

    def second(self, now: float, well: Mapping[str, bool] | None = None) -> list[Transition]:
        """What the clock brings at ``now`` [s since epoch]; ``well`` says of each source whether it is (left out: it
        is)."""
        if (minute := int(now // 60)) != self._minute:
            self._minute = minute
            self._edges.append(self.evaluator.enable(self._enabled(now), now))
        names, number = self._sources
        speaking = None
        if well is not None and not all(well.values()):
            speaking = np.array([well.get(str(name), True) for name in names], np.bool_)[number]
        self._edges.append(self.evaluator.second(now, speaking))
        return [*self.windows.turn(self.book, now), *self.timers.second(now)]

    def _enabled(self, now: float) -> Bools:
        watches = self.evaluator.watches
        holds = [self.calendar.holds(each, now) for each in watches.schedules]
        enabled = np.array(holds or [True], np.bool_)[watches.schedule] if len(watches) else np.zeros(0, np.bool_)
        asked = [number for number, each in enumerate(watches.schedules) if each.occupied]
        if asked:
            at = np.flatnonzero(np.isin(watches.schedule, asked) & enabled)
            spaces = [self.ground.places.of(self.ground.live.points[row].entity).place
                      for row in watches.row[at].tolist()]  # fmt: skip
            there = self.ground.occupied(list(dict.fromkeys(spaces)))
            enabled[at] = [space in there for space in spaces]
        return enabled

    def _listen(self, steps: Sequence[Transition]) -> None:
        """A call that comes too often is held until it was calm for a while."""
        for rule, id_, often in self.timers.count(steps):
            watch = self._ids.get(id_)
            if watch is not None:
                self.evaluator.calm[watch] = rule.most_s if often else 0.0

    def take_external(self, rows: Iterable[External], source: str, now: float) -> list[Transition]:
        """What another system says of its alarms: see ``Outside.take``."""
        return self.outside.take(rows, source, now, lambda alarm: self.windows.holding(alarm, now))
