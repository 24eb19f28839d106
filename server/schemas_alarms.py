"""What ``/api/v1/alarms`` and the stream of alarms answer, and what is sent to them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Letter = Literal["A", "B", "C", "D", "E", "F", "G", "H", "I"]
EventWord = Literal[
    "alarm", "return", "ack", "reset", "escalate", "shelve", "unshelve", "suppress", "unsuppress", "out-of-service",
    "in-service",
]  # fmt: skip


class AlarmOut(BaseModel):
    """An alarm as it stands."""

    id: str
    rule: str
    source: str = Field(description="the point, topology node, finding or key of another system")
    place: str = Field(description="id in the space tree, '' for the campus")
    place_names: dict[str, str]
    building: str
    nodes: list[str] = Field(description="nodes of the topology that it speaks of")
    kind: str = Field(description="threshold, state, loss, finding, source or external")
    priority: int = Field(description="1 critical, 2 high, 3 medium, 4 low; after escalation")
    state: Letter = Field(description="ISA-18.2: A normal ... I out of service")
    process: Letter = Field(description="the state without shelving, suppression and service")
    active: bool
    raised: AwareDatetime | None = Field(description="when the condition became true")
    shown: AwareDatetime | None = Field(description="since when operators see it; null: they do not")
    changed: AwareDatetime
    value: float | None = Field(description="what raised it, in unit")
    unit: str
    limit: float | None
    text: dict[str, str]
    cause: dict[str, str]
    consequence: dict[str, str]
    action: dict[str, str]
    owner: dict[str, str]
    runbook: dict[str, str]
    respond_s: float
    acked: AwareDatetime | None
    acked_by: str
    comment: str
    shelved_until: AwareDatetime | None
    one_shot: bool
    shelved_by: str
    shelved_why: str
    suppressed_by: list[str]
    suppressed_why: list[dict[str, str]]
    out_of_service: bool
    review: AwareDatetime | None
    removed_by: str
    removed_why: str
    escalated: int
    latch: bool
    simulated: bool
    incident: str = Field(description="the open incident that it belongs to, '' for none")
    data: Literal["fresh", "stale", "unknown"] = Field(description="whether the point's value is fresh now")


class StepOut(BaseModel):
    """One step of an alarm; ``alarm`` is what it was after it."""

    seq: int
    time: AwareDatetime
    event: EventWord
    before: Letter
    after: Letter
    actor: str
    reason: str
    reason_text: dict[str, str]
    alarm: AlarmOut


class KeptOut(BaseModel):
    """Whether the alarms are kept: ``trouble`` says what is wrong, ``waiting`` steps are not on the disk yet."""

    kept: bool
    trouble: str
    waiting: int


class AlarmsPage(BaseModel):
    """A page of alarms. ``by_priority`` and ``by_state`` count all, whatever the filter; ``seq`` is the last step."""

    items: list[AlarmOut]
    total: int
    limit: int
    offset: int
    next_offset: int | None
    at: AwareDatetime
    seq: int
    by_priority: dict[str, int] = Field(description="of those that operators see (states B to F)")
    by_state: dict[str, int]
    journal: KeptOut


class RuleOut(BaseModel):
    """A rule, and how many alarms of it are not normal."""

    id: str
    kind: str
    priority: int
    text: dict[str, str] = Field(description="with {what}, {limit} ... as the rule has them")
    alarms: int


class RulesOut(BaseModel):
    """All rules, the most urgent first, and how long an alarm may be shelved."""

    items: list[RuleOut]
    longest_shelving_s: float


class StepsPage(BaseModel):
    """A page of the journal, the newest first."""

    items: list[StepOut]
    total: int
    limit: int
    offset: int
    next_offset: int | None


class AlarmDetailOut(BaseModel):
    """An alarm with its last steps, the newest first."""

    alarm: AlarmOut
    steps: list[StepOut]
    total_steps: int


Comment = Annotated[str, Field(max_length=1000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class CommentIn(_In):
    """An acknowledgement, a reset, the end of shelving or of being out of service."""

    comment: Comment = ""


Ids = Annotated[list[Annotated[str, Field(min_length=1, max_length=500)]], Field(min_length=1, max_length=1000)]


class BulkIn(CommentIn):
    """The same for several alarms with one comment."""

    ids: Ids


class ShelveIn(_In):
    """``until`` or ``minutes``; without either until the alarm returns, and no longer than is allowed."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    minutes: Annotated[float | None, Field(gt=0, le=43_200, allow_inf_nan=False)] = None
    until: AwareDatetime | None = None


class ShelveSeveralIn(ShelveIn):
    """The same for several alarms with one reason."""

    ids: Ids


class OutOfServiceIn(_In):
    """Why, and when that is to be looked at again."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    review: AwareDatetime | None = None


class RefusedOut(BaseModel):
    """An alarm with which it could not be done, and why."""

    id: str
    why: str


class DoneOut(BaseModel):
    """What was done: the alarms as they stand now, those that refused, the last step."""

    alarms: list[AlarmOut]
    refused: list[RefusedOut]
    seq: int
