"""The engine of incidents: what alarms do becomes incidents that open, take in, merge, end and open again.

It holds its state in memory and says what changed (``Changes``): whoever runs it keeps that before it tells anybody. It
has no clock of its own, so that a test can be any hour. What waits is not kept: it is known again from the alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from twin.incidents.cause import FAILING, Causes, Group
from twin.incidents.incident import Entry, EntryKind, Incident, Member
from twin.incidents.seen import SeenAlarm, SeenTransition

WINDOW_S = 30.0
"""So long alarms wait for their cause [s]; longer where what they are of is asked more seldom."""
REOPEN_S = 600.0
"""An incident that ended so long ago at most [s] opens again, rather than that a new one begins."""
ALONE_PRIORITY = 2
"""An alarm that nothing goes with is an incident of its own up to this priority."""
_APART = frozenset("GHI")


@dataclass(slots=True)
class Changes:
    """What one step changed: incidents (by id), members (incident, alarm), new entries; and the alarms to be held
    silent or let speak, each with the reason."""

    incidents: set[str] = field(default_factory=set)
    members: set[tuple[str, str]] = field(default_factory=set)
    entries: list[Entry] = field(default_factory=list)
    hush: list[tuple[str, str]] = field(default_factory=list)
    release: list[tuple[str, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.incidents or self.members or self.entries or self.hush or self.release)

    def add(self, later: Changes) -> None:
        """Take in what a later step changed."""
        self.incidents |= later.incidents
        self.members |= later.members
        self.entries += later.entries
        self.hush += later.hush
        self.release += later.release


@dataclass(frozen=True, slots=True)
class _Cause:
    """The cause of an open incident, in the shape of an alarm, so that causes can be found for it."""

    id: str
    nodes: tuple[str, ...]
    place: str
    priority: int
    raised: float
    rule: str = ""
    kind: str = "state"
    letter: str = "B"
    active: bool = True
    simulated: bool = False

    @property
    def changed(self) -> float:
        return self.raised

    @property
    def texts(self) -> dict[str, str]:
        return {}


class Engine:
    """``window`` says how long an alarm waits for its cause [s]; ``causes`` may be another one after the topology
    changed."""

    def __init__(self, causes: Causes, window: Callable[[SeenAlarm], float] | None = None) -> None:
        self.causes = causes
        self.incidents: dict[str, Incident] = {}
        self._window = window or (lambda alarm: WINDOW_S)
        self._loose: dict[str, SeenAlarm] = {}
        self._since: dict[str, float] = {}
        self._judged: set[str] = set()
        self._of: dict[str, str] = {}
        self._recent: dict[str, str] = {}
        self._number = 0
        self._again = False

    def recall(
        self, incidents: Iterable[Incident], alarms: Iterable[SeenAlarm], now: float, number: int = 0
    ) -> Changes:  # fmt: skip
        """Take up what was kept, and what the alarms are now: what returned meanwhile has returned. ``number`` is the
        highest that any incident ever had."""
        self._number = number
        for incident in incidents:
            self.incidents[incident.id] = incident
            self._number = max(self._number, incident.number)
            if incident.state == "open":
                self._of.update(dict.fromkeys(incident.members, incident.id))
            elif incident.state == "ended":
                self._recent.update(dict.fromkeys(incident.members, incident.id))
        changes, known = Changes(), set()
        for alarm in alarms:
            known.add(alarm.id)
            self._seen(alarm, alarm.changed, changes)
        for alarm_id, incident_id in list(self._of.items()):
            member = self.incidents[incident_id].members[alarm_id]
            if alarm_id not in known and member.active:
                self._returned(self.incidents[incident_id], member, now, changes)
        return changes

    def take(self, transitions: Sequence[SeenTransition]) -> Changes:
        """What alarms did."""
        changes = Changes()
        for row in transitions:
            self._seen(row.alarm, row.time, changes)
            incident = self.incidents.get(self._of.get(row.alarm.id, ""))
            if str(row.event) == "ack" and incident is not None:
                member = incident.members[row.alarm.id]
                member.acked_by = row.actor
                changes.members.add((incident.id, member.alarm))
                self._enter(changes, incident, row.time, "ack", row.actor, row.reason, alarm=member.alarm)
        return changes

    def _seen(self, alarm: SeenAlarm, time: float, changes: Changes) -> None:
        """An alarm as it is now."""
        incident = self.incidents.get(self._of.get(alarm.id, ""))
        if incident is None:
            if not alarm.active or alarm.letter in _APART:
                self._forget(alarm.id)
            elif not self._reopens(alarm, time, changes):
                if alarm.id not in self._loose:
                    self._since[alarm.id] = time if alarm.raised is None else alarm.raised
                    self._again = True
                self._loose[alarm.id] = alarm
            return
        member = incident.members[alarm.id]
        active = alarm.active and alarm.letter != "I"
        if member.active and not active:
            self._returned(incident, member, time, changes)
        elif active and not member.active:
            member.active, member.returned = True, None
            changes.members.add((incident.id, alarm.id))
            changes.incidents.add(incident.id)
            self._enter(changes, incident, time, "alarm", alarm=alarm.id)
            if member.role != "consequence":
                incident.cause_returned = None
            for each in incident.members.values() if member.role != "consequence" else (member,):
                self._hush(incident, each, changes)

    def _forget(self, alarm: str) -> None:
        self._loose.pop(alarm, None)
        self._since.pop(alarm, None)
        self._judged.discard(alarm)

    def _returned(self, incident: Incident, member: Member, time: float, changes: Changes) -> None:
        member.active, member.returned = False, time
        changes.members.add((incident.id, member.alarm))
        self._enter(changes, incident, time, "return", alarm=member.alarm)
        if member.role != "consequence":
            incident.cause_returned = time
            changes.incidents.add(incident.id)
        if not incident.active:
            self._end(incident, time, changes)

    def _end(self, incident: Incident, time: float, changes: Changes) -> None:
        incident.state, incident.ended = "ended", time
        changes.incidents.add(incident.id)
        self._enter(changes, incident, time, "ended")
        for member in incident.members.values():
            self._of.pop(member.alarm, None)
            self._recent[member.alarm] = incident.id
            self._release(incident, member, changes)

    def _reopens(self, alarm: SeenAlarm, time: float, changes: Changes) -> bool:
        """Whether an alarm opens an incident again that it belonged to and that ended a moment ago."""
        last = self.incidents.get(self._recent.get(alarm.id, ""))
        if last is None or last.ended is None or not 0 <= time - last.ended <= REOPEN_S:
            return False
        returned = None if last.members[alarm.id].role != "consequence" else last.ended
        last.state, last.ended, last.cause_returned = "open", None, returned
        last.status = "new" if last.status == "done" else last.status
        last.reopened += 1
        for member in last.members.values():
            if self._of.setdefault(member.alarm, last.id) == last.id:
                self._recent.pop(member.alarm, None)
                self._forget(member.alarm)
        changes.incidents.add(last.id)
        self._enter(changes, last, time, "reopened", alarm=alarm.id)
        self._seen(alarm, time, changes)
        return True

    def tick(self, now: float) -> Changes:
        """What time has brought about: causes found for what has waited long enough, alarms that speak again."""
        changes = Changes()
        due = {
            alarm.id for alarm in self._loose.values()
            if alarm.id not in self._judged and now - self._since[alarm.id] >= self._window(alarm)
        }  # fmt: skip
        standing = self._open()
        if due or (self._again and standing):
            self._again = False
            self._group(due, now, changes)
        for incident in standing:
            self._let_speak(incident, now, changes)
        self._let_go(now)
        return changes

    def _let_go(self, now: float) -> None:
        """What ended long ago is the journal's alone."""
        old = [
            row for row in self.incidents.values() if row.ended is not None and now - row.ended > REOPEN_S + WINDOW_S
        ]
        for incident in old:
            del self.incidents[incident.id]
            for alarm in incident.members:
                if self._recent.get(alarm) == incident.id:
                    del self._recent[alarm]

    def _open(self) -> list[Incident]:
        return [row for row in self.incidents.values() if row.state == "open"]

    def _group(self, due: set[str], now: float, changes: Changes) -> None:
        causes = [_Cause(f"incident {row.id}", (row.cause,), row.place, row.priority, row.opened)
                  for row in self._open() if row.cause and row.cause_returned is None]  # fmt: skip
        by_name = {cause.id: self.incidents[cause.id.removeprefix("incident ")] for cause in causes}
        told = {
            spot for row in self._open() for member in row.members.values() if member.active for spot in member.spots
        }
        for group in self.causes.groups([*self._loose.values(), *causes], told):
            standing = [by_name[name] for name in group.members if name in by_name]
            fresh = [self._loose[name] for name in group.members if name in self._loose]
            if standing and (len(standing) > 1 or fresh):
                self._join(group, standing, fresh, by_name, now, changes)
            elif not standing and due.intersection(group.members):
                alone = len(fresh) == 1 and fresh[0].priority > ALONE_PRIORITY
                if alone:
                    self._judged.add(fresh[0].id)
                else:
                    self._begin(group, fresh, now, changes)

    def _begin(self, group: Group, fresh: Sequence[SeenAlarm], now: float, changes: Changes) -> Incident:
        self._number += 1
        speaker = self._loose[group.speaker]
        incident = Incident(
            f"I{self._number}", self._number, min(self._since[alarm.id] for alarm in fresh), group.cause, group.found,
            speaker.id, speaker.place, min(alarm.priority for alarm in fresh),
        )  # fmt: skip
        self.incidents[incident.id] = incident
        self._enter(changes, incident, now, "opened", cause=group.cause, found=group.found, alarms=len(fresh))
        self._adopt(incident, fresh, now, changes)
        return incident

    def _join(
        self, group: Group, standing: Sequence[Incident], fresh: Sequence[SeenAlarm], by_name: dict[str, Incident],
        now: float, changes: Changes,
    ) -> None:  # fmt: skip
        """Late consequences join; a cause that is found later takes over: the oldest incident goes on, with all of
        them."""
        oldest = min(standing, key=lambda row: (row.opened, row.number))
        told = by_name.get(group.speaker)
        same = group.cause == oldest.cause and group.found == oldest.found
        if not same and (told is not oldest or group.found == "inferred"):
            self._new_cause(oldest, group, told, now, changes)
        for other in standing:
            if other is not oldest:
                self._merge(other, oldest, now, changes)
        self._adopt(oldest, fresh, now, changes)

    def _new_cause(self, incident: Incident, group: Group, told: Incident | None, now: float, changes: Changes) -> None:
        before = incident.cause
        incident.cause, incident.found = group.cause, group.found
        if told is not None:
            incident.speaker, incident.place = told.speaker, told.place
            if group.found == "alarm":
                incident.cause, incident.found = told.cause, told.found
        else:
            incident.speaker, incident.place = group.speaker, self._loose[group.speaker].place
        incident.cause_returned = None
        for member in incident.members.values():
            member.role = _role(incident, member.alarm)
            changes.members.add((incident.id, member.alarm))
            if member.role == "consequence":
                self._hush(incident, member, changes)
            else:
                self._release(incident, member, changes)
        changes.incidents.add(incident.id)
        if before != incident.cause:
            self._enter(changes, incident, now, "cause", before=before, cause=incident.cause, found=incident.found)

    def _merge(self, other: Incident, into: Incident, now: float, changes: Changes) -> None:
        """``other`` becomes part of ``into``; its entries stay its own and are told with those of the other one."""
        other.state, other.into, other.ended = "merged", into.id, now
        for alarm, member in other.members.items():
            member.role = _role(into, alarm)
            into.members[alarm] = member
            self._of[alarm] = into.id
            changes.members.add((into.id, alarm))
            self._hush(into, member, changes)
        into.priority = min(into.priority, other.priority)
        into.simulated |= other.simulated
        into.assignee = into.assignee or other.assignee
        if into.status == "new":
            into.status = other.status if other.status != "done" else "new"
        changes.incidents.update((other.id, into.id))
        self._enter(changes, other, now, "merged", into=into.id)
        self._enter(changes, into, now, "took-over", incident=other.id)

    def _adopt(self, incident: Incident, fresh: Sequence[SeenAlarm], now: float, changes: Changes) -> None:
        for alarm in fresh:
            member = Member(
                alarm.id, _role(incident, alarm.id), alarm.priority, alarm.place, dict(alarm.texts), alarm.active,
                self._since[alarm.id], now, simulated=alarm.simulated, rule=alarm.rule,
                spots=self.causes.spots(alarm) if alarm.kind in FAILING else (),
            )  # fmt: skip
            incident.members[alarm.id] = member
            incident.priority = min(incident.priority, alarm.priority)
            incident.simulated |= alarm.simulated
            self._of[alarm.id] = incident.id
            self._forget(alarm.id)
            changes.members.add((incident.id, alarm.id))
            self._hush(incident, member, changes)
        if fresh:
            some = [alarm.id for alarm in fresh[:20]]
            self._enter(changes, incident, now, "joined", alarms=len(fresh), some=some)
        changes.incidents.add(incident.id)

    def _hush(self, incident: Incident, member: Member, changes: Changes) -> None:
        """A consequence is silent as long as its cause stands."""
        if member.role == "consequence" and member.active and not member.quiet and incident.cause_returned is None:
            member.quiet = True
            changes.members.add((incident.id, member.alarm))
            changes.hush.append((member.alarm, incident.id))

    def _release(self, incident: Incident, member: Member, changes: Changes) -> None:
        if member.quiet:
            member.quiet = False
            changes.members.add((incident.id, member.alarm))
            changes.release.append((member.alarm, incident.id))

    def _let_speak(self, incident: Incident, now: float, changes: Changes) -> None:
        """The cause is over: what does not follow it within a window speaks for itself again."""
        if incident.cause_returned is None or now - incident.cause_returned < WINDOW_S:
            return
        for member in incident.members.values():
            if member.active:
                self._release(incident, member, changes)

    def _enter(
        self, changes: Changes, incident: Incident, time: float, kind: EntryKind, actor: str = "", text: str = "", /,
        **data: Any,
    ) -> None:  # fmt: skip
        changes.entries.append(Entry(incident.id, time, kind, actor, text, data))


def _role(incident: Incident, alarm: str) -> Literal["cause", "speaker", "consequence"]:
    """What an alarm is to an incident."""
    if alarm != incident.speaker:
        return "consequence"
    return "cause" if incident.found == "alarm" else "speaker"
