"""A rule as a record: which points it looks at, what must be true for how long, and what an operator must know."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from twin.alarms.alarm import LOW, Texts
from twin.alarms.schedule import ALWAYS, Schedule
from twin.alarms.steps import MAX_SHELVE_S

ConditionKind = Literal["outside", "inside", "rate", "deviation", "lost", "finding", "source"]
WATCHING: frozenset[ConditionKind] = frozenset({"outside", "inside", "rate", "deviation", "lost"})
"""Conditions over the values of points; the others are over findings of the checks and states of sources."""
INFINITE = float("inf")


@dataclass(frozen=True, slots=True)
class Selector:
    """Which points (or findings, or sources) a rule is about: all that fit every part that is given. Patterns have
    ``*`` and ``?``; ``kinds`` are those of what a point belongs to, ``tags`` other systems' names of it."""

    quantities: tuple[str, ...] = ()
    points: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    buildings: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """``outside``: below ``low`` or above ``high``; ``inside``: between them, ends included; ``rate``: the same of the
    change an hour; ``deviation``: of the difference to the point ``other`` (``{entity}`` stands for what the point
    belongs to). In the quantity's canonical unit. ``states`` are those of a source, or the checks of a finding."""

    kind: ConditionKind
    low: float = -INFINITE
    high: float = INFINITE
    deadband: float = 0.0
    other: str = ""
    states: tuple[str, ...] = ()

    @property
    def limit(self) -> float | None:
        """The one limit there is; None where there are two, or none."""
        ends = {end for end in (self.low, self.high) if abs(end) != INFINITE}
        return ends.pop() if len(ends) == 1 else None


@dataclass(frozen=True, slots=True)
class Escalation:
    """After ``after_s`` [s] in which operators could see it: ``priority`` from then on, or the call again (None).
    ``acknowledged``: also where somebody acknowledged it and it is still true."""

    after_s: float
    priority: int | None = None
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; delays in [s]. Of the last ``n`` readings ``k`` must fit. More than ``most`` calls in ``most_s`` [s]
    (0: any number): the alarm stays until it was calm for so long."""

    id: str
    select: Selector
    condition: Condition
    texts: Texts
    cause: Texts
    consequence: Texts
    action: Texts
    owner: Texts
    respond_s: float
    priority: int = LOW
    runbook: Texts = field(default_factory=dict)
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0
    k: int = 1
    n: int = 1
    latch: bool = False
    escalate: tuple[Escalation, ...] = ()
    during: Schedule = ALWAYS
    most: int = 0
    most_s: float = 3600.0
    file: str = ""
    line: int = 0

    @property
    def kind(self) -> str:
        """The kind of its alarms: threshold, state, loss, finding or source."""
        kind = self.condition.kind
        names = {"lost": "loss", "finding": "finding", "source": "source", "inside": "state"}
        return names.get(kind, "threshold")


@dataclass(frozen=True, slots=True)
class Window:
    """Alarms that are held back by design: those of places (and what is in them) and of rules whose names fit, from
    ``start`` to ``end`` [s since epoch], and of that time only while ``weekly`` holds."""

    id: str
    reason: Texts
    places: tuple[str, ...] = ()
    rules: tuple[str, ...] = ("*",)
    start: float = -INFINITE
    end: float = INFINITE
    weekly: Schedule = ALWAYS
    line: int = 0

    @property
    def actor(self) -> str:
        """Who suppresses, as the journal has it."""
        return f"window:{self.id}"


@dataclass(frozen=True, slots=True)
class AlarmRules:
    """All rules of a campus, its windows and vacations; how long an alarm may be shelved [s], and for how long the
    journal keeps what happened [days]."""

    rules: dict[str, Rule] = field(default_factory=dict)
    windows: dict[str, Window] = field(default_factory=dict)
    vacations: dict[str, tuple[date, date]] = field(default_factory=dict)
    max_shelve_s: float = MAX_SHELVE_S
    keep_days: int = 400
