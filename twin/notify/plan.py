"""Who is to be told of what, and when: steps of alarms in, orders for messages out.

An alarm is told once it has stood unacknowledged for a while; what is acknowledged, shelved or suppressed by then is
not. That something is over is told to those who were told that it began. Whoever runs it has the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from twin.alarms.alarm import Alarm, Transition
from twin.alarms.places import Places
from twin.alarms.schedule import Calendar
from twin.alarms.state import Event
from twin.alarms.words import alarm_id
from twin.config_notify import NotifyEntry, RouteEntry
from twin.notify.matter import OWN, Incidents, Kind, Matter, NoIncidents, matter_of

CALLS = frozenset({Event.ALARM, Event.ESCALATE, Event.UNSHELVE, Event.UNSUPPRESS, Event.RESTORE})
"""Events after which operators are called, where the alarm is unacknowledged then."""
UNACKED = "B"
READY_S = 60.0
"""So long it is waited for the incidents after a start; then alarms are told without them [s]."""


@dataclass(frozen=True, slots=True)
class Order:
    """A message that is to be sent."""

    channel: str
    kind: Kind
    matter: Matter


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody was told of a matter: with which ``priority``, and whether that it is over is told as well."""

    matter: Matter
    priority: int
    ended: bool = True


Key = tuple[str, str]
"""Matter and channel."""


@dataclass(slots=True)
class _Waiting:
    since: float
    louder: bool
    routes: set[int]


@dataclass(slots=True)
class Due:
    """What ``Plan.due`` found: the orders, and what is known of whom from now on."""

    orders: list[Order] = field(default_factory=list)
    told: dict[Key, Known] = field(default_factory=dict)
    over: set[Key] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.orders or self.told or self.over)


class Plan:
    """The routes of one campus. ``told`` is what was kept; ``find`` gives an alarm as it stands."""

    def __init__(
        self, entry: NotifyEntry, places: Places, calendar: Calendar, find: Callable[[str], Alarm | None],
        told: Iterable[tuple[Key, Known]] = (),
    ) -> None:  # fmt: skip
        self.told: dict[Key, Known] = dict(told)
        self.incidents: Incidents = NoIncidents()
        self._find = find
        self._waiting: dict[str, _Waiting] = {}
        self._returned: dict[str, float] = {}
        self._begun: float | None = None
        self.follow(entry, places, calendar)

    def follow(self, entry: NotifyEntry, places: Places, calendar: Calendar) -> None:
        """Go on with these routes; what waits is judged by them."""
        self._routes, self._channels = entry.routes, entry.channels
        self._places, self._calendar = places, calendar
        for waiting in self._waiting.values():
            waiting.routes = set(range(len(self._routes)))

    def take(self, steps: Sequence[Transition]) -> None:
        """What alarms did."""
        if not self._routes and not self.told:
            return
        for step in steps:
            alarm = step.alarm
            if not alarm.active:
                self._waiting.pop(alarm.id, None)
                self._returned[alarm.id] = step.time
            elif step.event in CALLS and step.after == UNACKED:
                # a louder call does not begin the waiting anew
                self._begin(alarm.id, alarm.shown or step.time, step.event is Event.ESCALATE)

    def recall(self, standing: Iterable[Alarm]) -> None:
        """After a start, or with other routes: what stands unacknowledged waits on, and who was told of it is not told
        again; what was told and is over by now has ended."""
        there = set()
        for alarm in standing:
            there.add(alarm.id)
            if alarm.letter == UNACKED and alarm.shown is not None:
                self._begin(alarm.id, alarm.shown, False)
        for (matter, _), row in self.told.items():
            if row.matter.number == 0 and matter not in there:
                self._returned[matter] = row.matter.since

    def _begin(self, alarm: str, since: float, louder: bool) -> None:
        if self._routes:
            self._waiting[alarm] = _Waiting(since, louder, set(range(len(self._routes))))

    def due(self, now: float) -> Due:
        """The messages that are due at ``now`` [s since epoch]. What they change is taken over by ``settle``."""
        found, ready = Due(), self.incidents.ready
        self._begun = now if self._begun is None else self._begun
        if not ready and now - self._begun < READY_S:
            return found
        for id_, returned in self._returned.items():
            self._over(id_, returned, found)
        self._returned.clear()
        for matter, channel in list(self.told) if ready else ():
            row = self.told[matter, channel]
            if row.matter.number and self.incidents.standing(matter) is None:
                self._end((matter, channel), row, now, found)
        for id_ in list(self._waiting):
            self._look(id_, now, found)
        return found

    def settle(self, due: Due) -> None:
        """The orders are kept."""
        for key in due.over:
            self.told.pop(key, None)
        self.told.update(due.told)

    def _over(self, id_: str, returned: float, found: Due) -> None:
        for channel in self._channels:
            row = self.told.get((id_, channel))
            if row is not None:
                self._end((id_, channel), row, returned, found)

    def _end(self, key: Key, row: Known, when: float, found: Due) -> None:
        if key in found.over:
            return
        found.over.add(key)
        if row.ended and key[1] in self._channels:
            found.orders.append(Order(key[1], "ended", replace(row.matter, ended=max(when, row.matter.since))))

    def _look(self, id_: str, now: float, found: Due) -> None:
        waiting, alarm = self._waiting[id_], self._find(id_)
        if alarm is None or alarm.letter != UNACKED:  # acknowledged, shelved, suppressed meanwhile: nobody is called
            del self._waiting[id_]
            return
        for number in sorted(waiting.routes):
            route = self._routes[number]
            if now - waiting.since < route.wait:
                continue
            waiting.routes.discard(number)
            matter = self.incidents.matter(id_) or matter_of(alarm, self._places)
            if fits(route, matter, self._calendar, waiting.since + route.wait):
                found.orders += self._orders(route, matter, waiting.louder, found)
        waiting.louder = False  # routes whose time comes later hear of it for the first time
        if not waiting.routes:
            del self._waiting[id_]

    def _orders(self, route: RouteEntry, matter: Matter, louder: bool, found: Due) -> Iterator[Order]:
        for channel in route.to:
            if matter.id == alarm_id(OWN, channel):
                continue  # that it fails is for others to tell
            key = matter.id, channel
            known = found.told.get(key) or (None if key in found.over else self.told.get(key))
            if known is not None and not (matter.priority < known.priority or (louder and key not in found.told)):
                continue
            if known is not None and matter.number and louder and matter.priority >= known.priority:
                continue  # one of an incident's alarms calls again; the incident itself is no more urgent
            found.told[key] = Known(matter, matter.priority, route.ended or (known is not None and known.ended))
            yield Order(channel, "raised" if known is None else "escalated", matter)


def fits(route: RouteEntry, matter: Matter, calendar: Calendar, now: float) -> bool:
    """Whether a route is for a matter at ``now`` [s since epoch]."""
    if matter.priority not in route.priorities or (matter.simulated and not route.simulated):
        return False
    if route.during is not None and not calendar.holds(route.during.record(), now):
        return False
    owners = list(matter.owner.values())
    return _any(route.buildings, [matter.building]) and _any(route.rules, [matter.rule]) and _any(route.owners, owners)


def _any(patterns: Sequence[str], words: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(word, pattern) for word in words for pattern in patterns)
