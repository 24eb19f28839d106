"""An incident: alarms with one cause, told as one, with who works on it; and the entries of its timeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from twin.incidents.cause import Found

State = Literal["open", "ended", "merged"]
Status = Literal["new", "working", "waiting", "done"]
STATUSES: tuple[Status, ...] = get_args(Status)
EntryKind = Literal[
    "opened", "joined", "alarm", "return", "ack", "cause", "merged", "took-over", "ended", "reopened",
    "note", "assigned", "status", "file", "notice",
]  # fmt: skip


@dataclass(slots=True)
class Member:
    """An alarm of an incident. ``role``: it tells the cause, speaks for a cause that nobody tells, or is a consequence.

    ``spots`` are the nodes and places that it says have failed, times [s since epoch]; ``quiet`` while the incident
    holds it suppressed.
    """

    alarm: str
    role: Literal["cause", "speaker", "consequence"]
    priority: int
    place: str
    texts: Mapping[str, str]
    active: bool
    raised: float
    joined: float
    returned: float | None = None
    acked_by: str = ""
    quiet: bool = False
    simulated: bool = False
    rule: str = ""
    spots: tuple[str, ...] = ()


@dataclass(slots=True)
class Incident:
    """``cause`` is a node or place ('' = nobody knows which), ``found`` whether an alarm tells it or it was inferred.

    ``state``: open; ended (all of its alarms returned); merged (``into`` another one). ``status`` is what people say.
    """

    id: str
    number: int
    opened: float
    cause: str
    found: Found
    speaker: str
    place: str = ""
    priority: int = 4
    state: State = "open"
    status: Status = "new"
    assignee: str = ""
    ended: float | None = None
    cause_returned: float | None = None
    into: str = ""
    reopened: int = 0
    simulated: bool = False
    members: dict[str, Member] = field(default_factory=dict)

    @property
    def active(self) -> int:
        """How many of its alarms are active."""
        return sum(member.active for member in self.members.values())

    @property
    def consequences(self) -> int:
        """How many alarms the cause has brought about."""
        return sum(member.role == "consequence" for member in self.members.values())

    def head(self) -> dict[str, Any]:
        """All but its members, for the journal."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "members"}
        return told

    @classmethod
    def of(cls, head: Mapping[str, Any], members: Mapping[str, Mapping[str, Any]]) -> Incident:
        """What the journal has; TypeError or KeyError where that is no incident."""
        return cls(
            **dict(head),
            members={alarm: member_of(row) for alarm, row in members.items()},
        )


def member_of(row: Mapping[str, Any]) -> Member:
    """What the journal has of a member; TypeError or KeyError where that is none."""
    return Member(**{**row, "spots": tuple(row["spots"])})


def row_of(member: Member) -> dict[str, Any]:
    """A member for the journal."""
    return asdict(member)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of an incident's timeline at ``time`` [s since epoch]; ``data`` are figures and ids that JSON can hold."""

    incident: str
    time: float
    kind: EntryKind
    actor: str = ""
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
