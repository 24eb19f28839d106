"""What ``/api/v1/incidents`` answers and takes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

State = Literal["open", "ended", "merged"]
Status = Literal["new", "working", "waiting", "done"]
MOST_PLACES, MOST_ALARMS = 200, 500


class IncidentOut(BaseModel):
    """An incident: alarms with one cause."""

    id: str
    number: int
    text: dict[str, str] = Field(description="what is wrong, in words")
    priority: int = Field(description="1 critical to 4 low: the most urgent of its alarms")
    state: State
    into: str = Field(description="the incident that it was merged into, '' for none")
    status: Status = Field(description="how far the work is, as people say")
    cause: str = Field(description="node or place that failed, '' where nobody knows")
    found: Literal["alarm", "inferred"] = Field(description="an alarm tells the cause, or it follows from many")
    cause_names: dict[str, str]
    place: str
    place_names: dict[str, str]
    building: str
    opened: AwareDatetime
    ended: AwareDatetime | None
    reopened: int
    active: int = Field(description="alarms of it that are still true")
    consequences: int
    counts: dict[str, int] = Field(description="alarms by domain")
    acknowledged: bool = Field(description="none of its alarms waits to be acknowledged")
    acked_by: str
    assignee: str
    action: dict[str, str] = Field(description="what to do, of the rule that tells the cause")
    owner: dict[str, str]
    respond_s: float
    simulated: bool
    nodes: list[str]
    places: list[str] = Field(max_length=MOST_PLACES)
    alarms: list[str] = Field(max_length=MOST_ALARMS)
    affected_spaces: int = Field(description="spaces that lose something by the cause, or that alarms speak of")


class IncidentsKeptOut(BaseModel):
    """Whether incidents are kept; ``trouble`` says what is wrong."""

    kept: bool
    trouble: str


class IncidentsPage(BaseModel):
    """A page of incidents: the open ones first, of these the most urgent; then the newest."""

    items: list[IncidentOut]
    total: int
    limit: int
    offset: int
    next_offset: int | None
    at: AwareDatetime
    by_state: dict[str, int] = Field(description="all that are kept, whatever the filter")
    journal: IncidentsKeptOut


class MemberOut(BaseModel):
    """An alarm of an incident. ``quiet``: it is held back as a consequence."""

    alarm: str
    role: Literal["cause", "speaker", "consequence"]
    priority: int
    domain: str
    place: str
    place_names: dict[str, str]
    text: dict[str, str]
    active: bool
    raised: AwareDatetime
    returned: AwareDatetime | None
    acked_by: str
    quiet: bool
    simulated: bool


class EntryOut(BaseModel):
    """A line of the timeline: ``text`` as somebody typed it, ``data`` what belongs to its ``kind``."""

    seq: int
    incident: str
    time: AwareDatetime
    kind: str
    actor: str
    text: str
    data: dict[str, object]


class FileOut(BaseModel):
    """A file beside an incident."""

    hash: str
    name: str
    type: str
    size: int
    actor: str
    time: AwareDatetime
    url: str


class IncidentDetailOut(BaseModel):
    """An incident with its alarms (at most 500), its timeline (the oldest 2,000 lines), its files, its runbook."""

    incident: IncidentOut
    members: list[MemberOut]
    timeline: list[EntryOut]
    files: list[FileOut]
    runbook: dict[str, str]
    consequence: dict[str, str]
    merged: list[str] = Field(description="incidents that are part of it")


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Comment = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class IncidentAckIn(_In):
    """One comment for all alarms."""

    comment: Comment = ""


class IncidentNoteIn(_In):
    """A note for the timeline."""

    text: Text


class AssignIn(_In):
    """Who takes it; '' gives it back."""

    to: Annotated[str, StringConstraints(strip_whitespace=True, max_length=80)] = ""


class StatusIn(_In):
    """How far the work is, and why."""

    status: Status
    comment: Comment = ""


class IncidentAckedOut(BaseModel):
    """How many alarms were acknowledged, and the incident after it."""

    acknowledged: int
    incident: IncidentOut
