"""What ``/api/v1/log`` and ``/api/v1/handover`` answer and take."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

LogText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class ShiftOut(BaseModel):
    """A shift of one day."""

    id: str
    names: dict[str, str]
    start: AwareDatetime
    end: AwareDatetime


class LogEntryOut(BaseModel):
    """A line of the log: ``note`` somebody wrote it (``id`` to pin or remove it), ``incident`` and ``change`` tell
    themselves."""

    id: int | None
    kind: Literal["note", "incident", "change"]
    time: AwareDatetime
    actor: str
    text: str
    words: dict[str, str] = Field(description="the text in both languages, where the program tells it")
    place: str
    place_names: dict[str, str]
    tags: list[str]
    pinned: bool
    incident: str


class LogOut(BaseModel):
    """The log of a shift, oldest first; ``pinned`` is what the shift before left for this one. Of a search the newest
    entries first, and no shift."""

    shift: ShiftOut | None
    previous: AwareDatetime | None
    next: AwareDatetime | None
    items: list[LogEntryOut]
    pinned: list[LogEntryOut]
    kept: bool
    trouble: str


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LogEntryIn(_In):
    """An entry to write."""

    text: LogText
    place: Annotated[str, StringConstraints(max_length=400)] = ""
    tags: Annotated[list[Tag], Field(max_length=10)] = []
    pinned: bool = False


class PinIn(_In):
    """Whether the next shift has to know it."""

    pinned: bool
