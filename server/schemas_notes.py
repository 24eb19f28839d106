"""What ``/api/v1/notes`` takes and answers."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

TEXT_CHARS, AUTHOR_CHARS = 2000, 80

NoteText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_CHARS)]
Author = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=AUTHOR_CHARS)]
Id = Annotated[str, StringConstraints(max_length=400)]


class NoteIn(BaseModel):
    """A note to keep: on a place (``entity``) or a ``point``, at ``start``, and until ``end`` where it lasted."""

    model_config = ConfigDict(extra="forbid")

    entity: Id = ""
    point: Id = ""
    start: AwareDatetime
    end: AwareDatetime | None = None
    text: NoteText
    author: Author


class NoteOut(BaseModel):
    """A note; ``entity`` is also that of its ``point``, ``names`` what that is called; ``made``: when it was
    written."""

    id: str
    entity: str
    point: str
    names: dict[str, str]
    start: AwareDatetime
    end: AwareDatetime | None
    text: str
    author: str
    made: AwareDatetime


class NotesOut(BaseModel):
    """The notes of a window, oldest first; ``total`` of them, of which ``items`` are the latest."""

    items: list[NoteOut] = Field(max_length=500)
    total: int
