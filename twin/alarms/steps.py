"""What an event makes of an alarm: the table of the process states, and the three flags beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from twin.alarms.alarm import Alarm, AlarmError
from twin.alarms.state import FLAG_EVENTS, Event, Process, refusal, step

MAX_SHELVE_S = 8 * 3600.0
"""The longest that an alarm may be shelved [s] where nothing else is configured: a shift."""


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something at ``now`` [s since epoch] and why; ``until`` [s since epoch] is the end of a shelving or the
    review of an alarm out of service; ``max_shelve_s`` [s] bounds the first, ``value`` goes with an alarm."""

    actor: str
    reason: str
    now: float
    until: float | None = None
    max_shelve_s: float = MAX_SHELVE_S
    value: float | None = None
    priority: int | None = None


def applied(alarm: Alarm, event: Event, act: Act) -> Alarm:
    """The alarm after ``event``; AlarmError says why that cannot be."""
    if event in FLAG_EVENTS:
        return replace(_FLAGS[event](alarm, act), changed=act.now)
    if alarm.flagged:
        return _unseen(alarm, event, act)
    after = step(alarm.process, event, latch=alarm.latch)
    if after is None:
        raise AlarmError(f"alarm '{alarm.id}' {refusal(alarm.process, event)}")
    moved = replace(alarm, process=after, changed=act.now)
    if event is Event.ALARM:
        return shown(replace(moved, active=True, raised=act.now, value=act.value), act.now)
    if event is Event.RETURN:
        return replace(moved, active=False)
    if event is Event.ACK:
        return replace(moved, acked=act.now, acked_by=act.actor, comment=act.reason)
    if event is Event.ESCALATE:
        priority = alarm.priority if act.priority is None else min(alarm.priority, act.priority)
        return replace(moved, priority=priority, escalated=alarm.escalated + 1, acked=None, acked_by="", comment="")
    return moved


def shown(alarm: Alarm, now: float) -> Alarm:
    """The alarm as operators see it anew: nobody has acknowledged it, and its escalation begins from the start."""
    return replace(alarm, shown=now, priority=alarm.base, escalated=0, acked=None, acked_by="", comment="")


def _unseen(alarm: Alarm, event: Event, act: Act) -> Alarm:
    """Of an alarm that operators do not see only the condition counts; it is told when the last flag has gone."""
    if event is Event.ALARM and not alarm.active:
        return replace(alarm, active=True, raised=act.now, value=act.value, process=Process.UNACKED, changed=act.now)
    if event is Event.RETURN and alarm.active:
        return replace(alarm, active=False, process=Process.NORMAL, changed=act.now)
    if event in (Event.ALARM, Event.RETURN):
        raise AlarmError(f"alarm '{alarm.id}' {'is active already' if alarm.active else 'is not active'}")
    how = "out of service" if alarm.out_of_service else "suppressed" if alarm.suppressed_by else "shelved"
    raise AlarmError(f"alarm '{alarm.id}' is {how}: it comes back by itself if it is still true")


def _settled(alarm: Alarm, act: Act) -> Alarm:
    """After a flag has gone: where it was the last, a true condition is a new alarm, and a false one is normal."""
    if alarm.flagged:
        return alarm
    if alarm.active:
        return shown(replace(alarm, process=Process.UNACKED), act.now)
    return replace(alarm, process=Process.NORMAL, shown=None)


def _because(alarm: Alarm, act: Act, what: str) -> None:
    if not act.reason.strip():
        raise AlarmError(f"alarm '{alarm.id}': say why it is to be {what}")


def _shelve(alarm: Alarm, act: Act) -> Alarm:
    _because(alarm, act, "shelved")
    if alarm.shelved_until is not None:
        raise AlarmError(f"alarm '{alarm.id}' is shelved already: unshelve it first")
    longest = act.now + act.max_shelve_s
    until = longest if act.until is None else act.until
    if not act.now < until <= longest + 1.0:  # a second for the way of the request
        raise AlarmError(f"alarm '{alarm.id}' can be shelved from now on for at most {act.max_shelve_s / 3600:g} h")
    return replace(
        alarm, shelved_until=until, one_shot=act.until is None, shelved_by=act.actor, shelved_why=act.reason, shown=None
    )


def _unshelve(alarm: Alarm, act: Act) -> Alarm:
    if alarm.shelved_until is None:
        raise AlarmError(f"alarm '{alarm.id}' is not shelved")
    return _settled(replace(alarm, shelved_until=None, one_shot=False, shelved_by="", shelved_why=""), act)


def _suppress(alarm: Alarm, act: Act) -> Alarm:
    if act.actor in alarm.suppressed_by:
        raise AlarmError(f"alarm '{alarm.id}' is suppressed by {act.actor} already")
    return replace(alarm, suppressed_by=(*alarm.suppressed_by, act.actor), shown=None)


def _unsuppress(alarm: Alarm, act: Act) -> Alarm:
    if act.actor not in alarm.suppressed_by:
        raise AlarmError(f"alarm '{alarm.id}' is not suppressed by {act.actor}")
    left = tuple(actor for actor in alarm.suppressed_by if actor != act.actor)
    return _settled(replace(alarm, suppressed_by=left), act)


def _remove(alarm: Alarm, act: Act) -> Alarm:
    _because(alarm, act, "out of service")
    if alarm.out_of_service:
        raise AlarmError(f"alarm '{alarm.id}' is out of service already")
    if act.until is not None and act.until <= act.now:
        raise AlarmError(f"alarm '{alarm.id}': its review lies in the past")
    return replace(
        alarm, out_of_service=True, review=act.until, removed_by=act.actor, removed_why=act.reason, shown=None
    )


def _restore(alarm: Alarm, act: Act) -> Alarm:
    if not alarm.out_of_service:
        raise AlarmError(f"alarm '{alarm.id}' is not out of service")
    return _settled(replace(alarm, out_of_service=False, review=None, removed_by="", removed_why=""), act)


_FLAGS: Mapping[Event, Callable[[Alarm, Act], Alarm]] = MappingProxyType(
    {
        Event.SHELVE: _shelve, Event.UNSHELVE: _unshelve, Event.SUPPRESS: _suppress, Event.UNSUPPRESS: _unsuppress,
        Event.REMOVE: _remove, Event.RESTORE: _restore,
    }
)  # fmt: skip
