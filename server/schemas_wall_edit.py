"""What the editor of walls sends and is answered."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from server.schemas_walls import WallOut

Hash = Annotated[str, Field(max_length=64, pattern=r"^[0-9a-f]*$")]
Order = Annotated[dict[str, Annotated[list[str], Field(max_length=500)]], Field(max_length=5)]


class MistakeOut(BaseModel):
    """A mistake: ``key`` is the dotted key as in the file, ``severity`` error or warning."""

    key: str
    message: str
    code: str
    severity: str
    line: int


class SourceOut(BaseModel):
    """A wall as its file says it. ``order`` gives the names of a section in the file's order; ``comments``: the
    file has remarks, which a save from the screen does not keep."""

    id: str
    data: dict[str, Any]
    order: dict[str, list[str]]
    hash: str
    comments: bool
    own: bool
    file: str
    mistakes: list[MistakeOut]


class DraftIn(BaseModel):
    """A draft: the data of a file, and the order of its rows."""

    model_config = ConfigDict(extra="forbid")

    data: dict[str, Any]
    order: Order = Field(default_factory=dict)


class SaveIn(DraftIn):
    """A draft to keep; ``based_on`` is the hash of the file that it began from, '' for a new wall."""

    based_on: Hash = ""


class JudgedOut(BaseModel):
    """What is wrong with a draft; ``wall`` is how its screens would draw it, None with an error."""

    mistakes: list[MistakeOut]
    text: str
    wall: WallOut | None
