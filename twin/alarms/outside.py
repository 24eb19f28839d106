"""Alarms that no watch over values makes: findings of the checks, states of sources, and those of other systems."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from twin.alarms.alarm import LOW, Alarm, External, Transition
from twin.alarms.bind import fits_place
from twin.alarms.book import Book
from twin.alarms.places import LANGS, Places
from twin.alarms.rule import ConditionKind, Rule
from twin.alarms.state import Event
from twin.alarms.words import alarm_id, placed

EXTERNAL = "external"
Held = Callable[[Alarm], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A finding or a source as it is now: its ``state`` (the check, or how the source is), what it is of, its points'
    ``source``, in words."""

    key: str
    state: str
    entity: str = ""
    source: str = ""
    simulated: bool = False


class Outside:
    """Raises and ends such alarms in a book. A rule's delays count from when it was seen first."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._rules: Mapping[str, Rule] = {}
        self._places: Places | None = None
        self._since: dict[tuple[str, bool], float] = {}
        self.holders: Callable[[Alarm, float], list[str]] = lambda _, __: []

    def follow(self, rules: Mapping[str, Rule], places: Places, holders: Callable[[Alarm, float], list[str]]) -> None:
        """Go on with these rules and places; ``holders`` says who holds an alarm back at an instant."""
        self._rules, self._places, self.holders = rules, places, holders

    def look(self, kind: ConditionKind, seen: Sequence[Seen], now: float) -> list[Transition]:
        """All findings (``finding``) or sources (``source``) as they are at ``now`` [s since epoch]."""
        kept: dict[tuple[str, bool], float] = {}
        fresh = self._begun(kind, seen, now, kept)
        true = {id_ for id_, _ in kept}
        over = []
        for alarm in self._book.alarms.values():
            if alarm.kind != kind or not alarm.active or alarm.id in true:
                continue
            since = kept[alarm.id, False] = self._since.get((alarm.id, False), now)
            known = self._rules.get(alarm.rule)
            if known is None or now - since >= known.off_delay_s:
                over.append(alarm.id)
        for key in [key for key in self._since if key not in kept and self._is(key[0], kind)]:
            del self._since[key]
        self._since.update(kept)
        made = self._book.take(fresh, now, held=lambda alarm: self.holders(alarm, now))
        return [*made, *self.returned(over, now)]

    def _begun(
        self, kind: ConditionKind, seen: Sequence[Seen], now: float, kept: dict[tuple[str, bool], float]
    ) -> list[Alarm]:
        """What is true for long enough and not active yet; since when each is true goes into ``kept``."""
        fresh: list[Alarm] = []
        by_state: dict[str, list[Seen]] = {}
        for each in seen:
            by_state.setdefault(each.state, []).append(each)
        for rule in (rule for rule in self._rules.values() if rule.condition.kind == kind):
            for each in (each for state in rule.condition.states for each in by_state.get(state, ())):
                if not self._fits(rule, each):
                    continue
                id_ = alarm_id(rule.id, each.key)
                since = kept[id_, True] = self._since.get((id_, True), now)
                known = self._book.alarms.get(id_)
                if now - since >= rule.on_delay_s and (known is None or not known.active):
                    fresh.append(self._alarm(rule, each))
        return fresh

    def _is(self, id_: str, kind: ConditionKind) -> bool:
        rule = self._rules.get(id_.partition(":")[0])
        return rule is None or rule.condition.kind == kind

    def _fits(self, rule: Rule, each: Seen) -> bool:
        select = rule.select
        if select.sources and each.source not in select.sources:
            return False
        assert self._places is not None, "follow rules first"
        return fits_place(select, self._places.of(each.entity))

    def _alarm(self, rule: Rule, each: Seen) -> Alarm:
        assert self._places is not None, "follow rules first"
        where = self._places.of(each.entity)
        made = placed(rule, each.key, where, self._places, "", each.source)
        return replace(made, simulated=each.simulated)

    def returned(self, ids: Iterable[str], now: float) -> list[Transition]:
        """The condition of some alarms is over."""
        there = [id_ for id_ in ids if (alarm := self._book.alarms.get(id_)) is not None and alarm.active]
        return self._book.do(Event.RETURN, there, "system", "", now) if there else []

    def take(self, rows: Iterable[External], source: str, now: float, held: Held) -> list[Transition]:
        """What another system, ``source``, says of alarms of its own. Told twice it is the same alarm; the end of one
        that is shelved is taken too; what is normal here and there is nothing."""
        fresh, over = [], []
        for row in rows:
            id_ = alarm_id(source, row.key)
            if not row.active:
                over.append(id_)
                continue
            priority = min(max(row.priority, 1), LOW)
            texts = {lang: row.texts.get(lang) or next(iter(row.texts.values()), row.key) for lang in LANGS}
            fresh.append(
                Alarm(id_, source, row.key, row.place, row.nodes, priority, EXTERNAL, texts, owner=row.owner,
                      cause=row.cause, consequence=row.consequence, action=row.action, respond_s=row.respond_s,
                      priority=priority)
            )  # fmt: skip
        return [*self._book.take(fresh, now, actor=source, held=held), *self.returned(over, now)]
