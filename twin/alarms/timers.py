"""What time does to alarms that stand: shelving ends, calls are repeated or become more urgent, chatter is held."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from twin.alarms.alarm import SYSTEM, Alarm, Transition
from twin.alarms.book import Book
from twin.alarms.rule import Rule
from twin.alarms.state import Event, Process

SHELF_OVER, ESCALATED = "shelf-over", "escalated"


class Timers:
    """Looks after a book once a second. ``follow`` gives it the rules."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._rules: Mapping[str, Rule] = {}
        self._calls: dict[str, deque[float]] = {}

    def follow(self, rules: Mapping[str, Rule]) -> None:
        """Go on with these rules."""
        self._rules = rules

    def second(self, now: float) -> list[Transition]:
        """What is due at ``now`` [s since epoch]."""
        over, louder = [], []
        for alarm in self._book.alarms.values():
            if alarm.shelved_until is not None and alarm.shelved_until <= now:
                over.append(alarm.id)
            elif alarm.shown is not None and (step := self._due(alarm, now)) is not None:
                louder.append((alarm.id, step))
        made = self._book.do(Event.UNSHELVE, over, SYSTEM, SHELF_OVER, now) if over else []
        for id_, priority in louder:
            made += self._book.do(Event.ESCALATE, [id_], SYSTEM, ESCALATED, now, priority=priority)
        return made

    def _due(self, alarm: Alarm, now: float) -> int | None:
        """The priority of an alarm's next escalation where that is due; None where it is not.

        Time counts from when operators saw the alarm: what was suppressed meanwhile has used nothing up.
        """
        rule = self._rules.get(alarm.rule)
        if rule is None or alarm.escalated >= len(rule.escalate) or alarm.shown is None:
            return None
        step = rule.escalate[alarm.escalated]
        waits = alarm.process is Process.UNACKED or (step.acknowledged and alarm.process is Process.ACKED)
        if not waits or now - alarm.shown < step.after_s:
            return None
        return alarm.priority if step.priority is None else step.priority

    def count(self, steps: Sequence[Transition]) -> Iterator[tuple[Rule, str, bool]]:
        """Of each alarm that was raised in some steps and whose rule bounds that: whether it is too often now."""
        for each in steps:
            rule = self._rules.get(each.alarm.rule)
            if each.event is not Event.ALARM or rule is None or not rule.most:
                continue
            calls = self._calls.setdefault(each.alarm.id, deque(maxlen=rule.most))
            calls.append(each.time)
            often = len(calls) == rule.most and each.time - calls[0] <= rule.most_s
            yield rule, each.alarm.id, often
