"""The alarms that other systems report by webhook: who may, what came, and what became of it.

Whoever sends is known by its token; its alarms then are as those of the campus's own rules, with the hook
as their rule.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING

from server.push_gate import Bucket
from twin.alarms.alarm import External
from twin.alarms.engine import RULE_GONE
from twin.alarms.outside import EXTERNAL
from twin.alarms.words import alarm_id
from twin.config_hooks import OURS, HookEntry
from twin.hooks.episodes import Episodes
from twin.hooks.mapping import Mapper
from twin.hooks.told import Refused, Told
from twin.places import Places
from twin.secret import SecretError
from twin.topology import Topology

if TYPE_CHECKING:
    from server.alarms import AlarmDesk
    from server.runtime import Runtime

log = logging.getLogger(__name__)

TOKEN_CHARS = 16
MOST_ACTIVE = 10_000
"""Alarms of one hook that are true at once; what another system tells beyond is refused."""
NAMES_KEPT = 200
AT_ONCE = 200
"""Alarms that are judged in one go."""


@dataclass(slots=True)
class Counts:
    """What came through one hook since the server began; ``last`` [s since epoch]."""

    requests: int = 0
    alarms: int = 0
    raised: int = 0
    ended: int = 0
    refused: int = 0
    left_out: int = 0
    late: int = 0
    last: float | None = None
    unplaced: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one request."""

    alarms: int
    raised: int
    ended: int
    left_out: int
    late: int
    unplaced: int
    refused: list[Refused]


class Hook:
    """One system's way in."""

    def __init__(self, name: str, entry: HookEntry, mapper: Mapper) -> None:
        self.name = name
        self.entry = entry
        self.mapper = mapper
        self.bucket = Bucket(entry.requests_per_minute)
        self.counts = Counts()
        self.episodes = Episodes()

    @property
    def trouble(self) -> str:
        """Why nobody can come in by it; '' where its token can be used."""
        try:
            found = self.entry.token.reveal()
        except SecretError as error:
            return str(error)
        if len(found) < TOKEN_CHARS:
            return f"the token has fewer than {TOKEN_CHARS} characters and can be guessed: 'openssl rand -hex 32'"
        return ""

    def opens(self, token: str) -> bool:
        """Whether the token is this hook's; it takes the same time however much of it is right."""
        if self.trouble:
            return False
        ours = self.entry.token.reveal()
        return hmac.compare_digest(sha256(token.encode()).digest(), sha256(ours.encode()).digest())

    def carry_over(self, before: Hook) -> None:
        """It is the same one after the campus folder changed."""
        self.counts, self.episodes = before.counts, before.episodes


class HookDesk:
    """The hooks of one campus; they are others after ``follow``."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.hooks: dict[str, Hook] = {}
        self.denied = 0
        self._of: Topology | None = None
        self._nodes: frozenset[str] = frozenset()

    def follow(self, entries: Mapping[str, HookEntry], called: Places | None) -> None:
        """Go on with these, whose labels are read by what the campus's parts are ``called``; alarms of hooks that are
        gone end. On the event loop."""
        desk = self._runtime.alarms
        made: dict[str, Hook] = {}
        for name, entry in entries.items():
            if desk is None or called is None:
                continue
            made[name] = Hook(name, entry, self._mapper(desk, entry, called))
            if (before := self.hooks.get(name)) is not None and before.entry.type == entry.type:
                made[name].carry_over(before)
        self.hooks = made
        if desk is not None:
            gone = [
                alarm.id for alarm in desk.book.alarms.values()
                if alarm.kind == EXTERNAL and alarm.rule not in made and alarm.rule not in OURS
            ]  # fmt: skip
            desk.book.end(gone, RULE_GONE, desk.now)

    def _mapper(self, desk: AlarmDesk, entry: HookEntry, called: Places) -> Mapper:
        # the topology is another one whenever a device tells new neighbours
        return Mapper(entry, desk.engine.ground.places, called.find, self._is_node)

    def _is_node(self, name: str) -> bool:
        topology = self._runtime.topology
        if self._of is not topology:
            self._of, self._nodes = topology, frozenset(topology.nodes)
        return name in self._nodes

    async def take(self, hook: Hook, told: list[Told], refused: list[Refused]) -> Taken:
        """Raise and end what a request tells; JournalError where that could not be kept."""
        desk = self._runtime.alarms
        assert desk is not None, "a hook is there only with alarms"
        taken, counts = _Sorted(), hook.counts
        raised = ended = 0
        for batch in _batches(told):
            rows = _sort(desk, hook, batch, refused, taken)
            # what ended and began again in between ends first
            steps = desk.take_external(taken.ended_before, hook.name)
            steps += desk.take_external(rows, hook.name)
            taken.ended_before.clear()
            raised += sum(step.event.value == "alarm" for step in steps)
            ended += sum(step.event.value == "return" for step in steps)
            await asyncio.sleep(0)  # live values have their turn between
        counts.requests += 1
        counts.last = desk.now
        counts.alarms += len(told) + len(refused)
        counts.raised += raised
        counts.ended += ended
        counts.left_out += taken.left_out
        counts.late += taken.late
        counts.refused += len(refused)
        for name in taken.unplaced:
            if name in counts.unplaced or len(counts.unplaced) < NAMES_KEPT:
                counts.unplaced[name] += 1
        await desk.durable()
        return Taken(len(told) + len(refused), raised, ended, taken.left_out, taken.late, len(taken.unplaced), refused)


@dataclass(slots=True)
class _Sorted:
    ended_before: list[External] = field(default_factory=list)
    unplaced: list[str] = field(default_factory=list)
    left_out: int = 0
    late: int = 0


def _batches(told: list[Told]) -> Iterator[list[Told]]:
    """Some at a time, in order, and no alarm twice in one: what is told of it last is what it is."""
    batch: dict[str, Told] = {}
    for each in told:
        if each.key in batch or len(batch) >= AT_ONCE:
            yield list(batch.values())
            batch = {}
        batch[each.key] = each
    if batch:
        yield list(batch.values())


def _sort(desk: AlarmDesk, hook: Hook, told: list[Told], refused: list[Refused], found: _Sorted) -> list[External]:
    """What of some alarms is news, as alarms of ours."""
    rows: list[External] = []
    active = {alarm.id for alarm in desk.book.alarms.values() if alarm.rule == hook.name and alarm.active}
    for each in told:
        if not hook.mapper.wanted(each):
            found.left_out += 1
            continue
        id_ = alarm_id(hook.name, each.key)
        news = hook.episodes.judge(each, id_ in active)
        if news == "late":
            found.late += 1
            continue
        row = hook.mapper.external(each)
        if row.active and id_ not in active:
            if len(active) >= MOST_ACTIVE:
                refused.append(Refused(each.number, f"{MOST_ACTIVE} alarms of '{hook.name}' are active already"))
                continue
            active.add(id_)
            if not row.place and not row.nodes:
                found.unplaced.append(_named(each))
        if news == "again":
            found.ended_before.append(External(each.key, False, row.priority, row.texts))
        rows.append(row)
    return rows


def _named(told: Told) -> str:
    """The labels by which somebody can see what is missing in the mapping."""
    some = [
        f"{name}={told.labels[name]}"
        for name in ("instance", "hostname", "building", "alertname")
        if name in told.labels
    ]
    return ", ".join(some[:3])[:200] or told.key
