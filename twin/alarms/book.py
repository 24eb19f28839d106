"""The book of alarms: those that are not simply normal, and the one way in which any of them changes.

Everything happens on one thread. ``listeners`` get the steps of each call together, in order: the journal, the live
stream, incidents and notifications hang there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from twin.alarms.alarm import DEFINITION, SYSTEM, Alarm, AlarmError, Transition
from twin.alarms.state import Event, Process
from twin.alarms.steps import MAX_SHELVE_S, Act, applied

TOLD = 5
"""Refusals that one message names."""
ONE_SHOT = "one-shot"
"""Reason of the end of a shelving that was for one time."""

Listener = Callable[[Sequence[Transition]], None]
Make = Callable[[str], Alarm | None]


def _unknown(_: str) -> Alarm | None:
    return None


class Book:
    """``alarms`` as a journal left them, ``last`` the number of its last step. ``make`` gives a normal alarm by id
    where a rule has such, so that it can be shelved or taken out of service; ``max_shelve_s`` [s] bounds shelving."""

    def __init__(
        self, alarms: Iterable[Alarm] = (), last: int = 0, make: Make = _unknown, max_shelve_s: float = MAX_SHELVE_S
    ) -> None:
        self.alarms: dict[str, Alarm] = {alarm.id: alarm for alarm in alarms}
        self.seq = last
        self.make = make
        self.max_shelve_s = max_shelve_s
        self.listeners: list[Listener] = []

    def find(self, id_: str) -> Alarm | None:
        """The alarm of that id, a normal one too where a rule has it."""
        return self.alarms.get(id_) or self.make(id_)

    def standing(self) -> list[Alarm]:
        """What operators see: true or waiting for them, the most urgent first, of equals the unacknowledged, then the
        newest."""
        seen = [alarm for alarm in self.alarms.values() if not alarm.flagged]
        return sorted(seen, key=lambda a: (a.priority, a.process not in _CALLING, -(a.raised or 0.0), a.id))

    def refusal(
        self, event: Event, id_: str, actor: str, reason: str, now: float, until: float | None = None
    ) -> str:  # fmt: skip
        """Why ``do`` would refuse one alarm; '' where it would not."""
        try:
            self._after(event, id_, self._act(actor, reason, now, until))
        except AlarmError as error:
            return str(error)
        return ""

    def do(
        self, event: Event, ids: Iterable[str], actor: str, reason: str, now: float, until: float | None = None,
        priority: int | None = None,
    ) -> list[Transition]:  # fmt: skip
        """Let ``event`` happen to some alarms at ``now`` [s since epoch]: to all, or where one refuses to none.

        ``until`` is the end of shelving (None: one time, bounded) or the review of what is out of service, ``priority``
        that of an escalation. AlarmError says which alarms refuse, and why.
        """
        act = replace(self._act(actor, reason, now, until), priority=priority)
        steps, wrong = [], []
        for id_ in dict.fromkeys(ids):
            try:
                steps.append(self._after(event, id_, act))
            except AlarmError as error:
                wrong.append(str(error))
        if wrong:
            more = f"; and {len(wrong) - TOLD} more" if len(wrong) > TOLD else ""
            raise AlarmError("; ".join(wrong[:TOLD]) + more)
        made: list[Transition] = []
        for before, after in steps:
            made.append(self._enter(before, after, event, act))
            if event is Event.RETURN and after.one_shot:
                made.append(self._one(after, Event.UNSHELVE, Act(SYSTEM, ONE_SHOT, now)))
        return self._tell(made)

    def take(
        self, fresh: Sequence[Alarm], now: float, actor: str = SYSTEM, reason: str = "",
        held: Callable[[Alarm], Iterable[str]] = lambda _: (),
    ) -> list[Transition]:  # fmt: skip
        """Alarms whose condition became true, with their values of now. What is active already does not fire again;
        whoever ``held`` names suppresses one before anybody sees it."""
        made: list[Transition] = []
        for given in fresh:
            alarm = self.alarms.get(given.id)
            alarm = given if alarm is None else _redefined(alarm, given)
            if alarm.active:
                continue
            for name in held(alarm):
                if name not in alarm.suppressed_by:
                    made.append(self._one(alarm, Event.SUPPRESS, Act(name, "", now)))
                    alarm = made[-1].alarm
            made.append(self._one(alarm, Event.ALARM, Act(actor, reason, now, value=given.value)))
        return self._tell(made)

    def end(self, ids: Iterable[str], reason: str, now: float) -> list[Transition]:
        """Bring alarms to normal whose rule or source is gone, step by step, with the reason in each."""
        made: list[Transition] = []
        for id_ in ids:
            alarm = self.alarms.get(id_)
            while alarm is not None and not alarm.plain:
                event, actor = _way_out(alarm)
                made.append(self._one(alarm, event, Act(actor, reason, now)))
                alarm = made[-1].alarm
        return self._tell(made)

    def _act(self, actor: str, reason: str, now: float, until: float | None) -> Act:
        return Act(actor, reason, now, until, self.max_shelve_s)

    def _after(self, event: Event, id_: str, act: Act) -> tuple[Alarm, Alarm]:
        alarm = self.find(id_)
        if alarm is None:
            raise AlarmError(f"there is no alarm '{id_[:200]}': see /api/v1/alarms")
        return alarm, applied(alarm, event, act)

    def _one(self, alarm: Alarm, event: Event, act: Act) -> Transition:
        return self._enter(alarm, applied(alarm, event, act), event, act)

    def _enter(self, before: Alarm, after: Alarm, event: Event, act: Act) -> Transition:
        self.seq += 1
        if after.plain:
            self.alarms.pop(after.id, None)
        else:
            self.alarms[after.id] = after
        return Transition(self.seq, act.now, after, event, before.letter, after.letter, act.actor, act.reason)

    def _tell(self, made: list[Transition]) -> list[Transition]:
        if made:
            for listener in self.listeners:
                listener(made)
        return made


_CALLING = (Process.UNACKED, Process.RTN_UNACKED, Process.LATCHED_UNACKED)


def _redefined(alarm: Alarm, given: Alarm) -> Alarm:
    """The alarm with the words and limits that its rule has by now."""
    return replace(alarm, **{name: getattr(given, name) for name in DEFINITION})


def _way_out(alarm: Alarm) -> tuple[Event, str]:
    """The next event on the way to normal, and who does it."""
    if alarm.active:
        return Event.RETURN, SYSTEM
    if alarm.shelved_until is not None:
        return Event.UNSHELVE, SYSTEM
    if alarm.suppressed_by:
        return Event.UNSUPPRESS, alarm.suppressed_by[0]
    if alarm.out_of_service:
        return Event.RESTORE, SYSTEM
    return (Event.RESET if alarm.process is Process.LATCHED_ACKED else Event.ACK), SYSTEM
