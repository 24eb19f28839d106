"""An alarm, and one step of it. Everything in it can be told by its journal again: nothing refers to anything else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twin.alarms.state import Event, Process, letter

Texts = Mapping[str, str]
"""Language -> text, ``zh`` and ``en``."""
CRITICAL, HIGH, MEDIUM, LOW = 1, 2, 3, 4
PRIORITIES = ("critical", "high", "medium", "low")
SYSTEM = "system"
"""The actor of what nobody did."""


class AlarmError(Exception):
    """Something that cannot be done with an alarm; the message says which alarm, and why."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm of one rule and source, as it stands.

    ``source`` is a point, a topology node, or the key of another system; ``place`` an id of the space tree ('' = the
    campus); ``nodes`` the topology's nodes that it speaks of. ``base`` is the priority of its rule, ``priority`` what
    it is after escalation (1 critical to 4 low). ``active``: the condition is true. ``raised`` is when it became true,
    ``shown`` since when operators see it (None: they do not), ``changed`` its last step [s since epoch, UTC].
    ``shelved_until`` [s since epoch] is None where it is not shelved; with ``one_shot`` it ends with the next return.
    ``suppressed_by`` are all who hold it back: it comes again when the last of them lets go.
    """

    id: str
    rule: str
    source: str
    place: str = ""
    nodes: tuple[str, ...] = ()
    base: int = LOW
    kind: str = "threshold"
    texts: Texts = field(default_factory=dict)
    unit: str = ""
    limit: float | None = None
    latch: bool = False
    owner: Texts = field(default_factory=dict)
    cause: Texts = field(default_factory=dict)
    consequence: Texts = field(default_factory=dict)
    action: Texts = field(default_factory=dict)
    runbook: Texts = field(default_factory=dict)
    respond_s: float = 0.0
    simulated: bool = False
    process: Process = Process.NORMAL
    priority: int = LOW
    active: bool = False
    raised: float | None = None
    shown: float | None = None
    changed: float = 0.0
    value: float | None = None
    acked: float | None = None
    acked_by: str = ""
    comment: str = ""
    shelved_until: float | None = None
    one_shot: bool = False
    shelved_by: str = ""
    shelved_why: str = ""
    suppressed_by: tuple[str, ...] = ()
    out_of_service: bool = False
    removed_by: str = ""
    removed_why: str = ""
    review: float | None = None
    escalated: int = 0

    @property
    def flagged(self) -> bool:
        """Whether operators are not called: shelved, suppressed or out of service."""
        return self.shelved_until is not None or bool(self.suppressed_by) or self.out_of_service

    @property
    def letter(self) -> str:
        """The state in one letter, ``A`` to ``I``."""
        return letter(
            self.process, shelved=self.shelved_until is not None, suppressed=bool(self.suppressed_by),
            out_of_service=self.out_of_service,
        )  # fmt: skip

    @property
    def plain(self) -> bool:
        """Whether there is nothing to say of it: normal, and nobody holds it."""
        return self.process is Process.NORMAL and not self.flagged


@dataclass(frozen=True, slots=True)
class Transition:
    """One step: the ``alarm`` after it, the letters before and after, who did it and why. ``seq`` rises by one."""

    seq: int
    time: float
    alarm: Alarm
    event: Event
    before: str
    after: str
    actor: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class External:
    """What another system says of an alarm of its own, or the twin of a source or finding: ``key`` is its name there,
    ``time`` [s since epoch] when it became so."""

    key: str
    active: bool
    priority: int
    texts: Texts
    place: str = ""
    nodes: tuple[str, ...] = ()
    time: float = 0.0
    action: Texts = field(default_factory=dict)
    cause: Texts = field(default_factory=dict)
    consequence: Texts = field(default_factory=dict)
    owner: Texts = field(default_factory=dict)
    respond_s: float = 0.0


DEFINITION = (
    "rule", "source", "place", "nodes", "base", "kind", "texts", "unit", "limit", "latch", "owner", "cause",
    "consequence", "action", "runbook", "respond_s", "simulated",
)  # fmt: skip
"""Fields that stay the same from step to step; the journal keeps equal ones once."""
STATE = (
    "process", "priority", "active", "raised", "shown", "changed", "value", "acked", "acked_by", "comment",
    "shelved_until", "one_shot", "shelved_by", "shelved_why", "suppressed_by", "out_of_service", "removed_by",
    "removed_why", "review", "escalated",
)  # fmt: skip
_TUPLES = ("nodes", "suppressed_by")


def packed(alarm: Alarm, names: tuple[str, ...]) -> str:
    """Some fields as a JSON list."""
    values = [getattr(alarm, name) for name in names]
    return json.dumps([dict(v) if isinstance(v, Mapping) else v for v in values], ensure_ascii=False)


def unpacked(id_: str, definition: str, state: str) -> Alarm:
    """The alarm of the two lists; ValueError where they are not such."""
    given: dict[str, Any] = {}
    for names, text in ((DEFINITION, definition), (STATE, state)):
        values = json.loads(text)
        if not isinstance(values, list) or len(values) != len(names):
            raise ValueError(f"alarm '{id_}' has {len(values)} fields where {len(names)} are due")
        given.update(zip(names, values, strict=True))
    given.update((name, tuple(given[name])) for name in _TUPLES)
    given["process"] = Process(given["process"])
    return Alarm(id_, **given)
