"""What ``/api/v1/drills`` takes and tells."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["air", "full", "switch", "gateway", "pump", "line"]


class DrillIn(BaseModel):
    """A drill to begin: a kind, where (an id of a building, storey, space or device; '' anywhere), for how long."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    place: Annotated[str, Field(max_length=200)] = ""
    minutes: Annotated[int, Field(ge=1, le=240)] = 20


class DrillKindOut(BaseModel):
    """What can be brought about: to how many ``things``, and after how long [s] its rule tells it, None where no one
    rule does."""

    kind: str
    names: dict[str, str]
    takes: dict[str, str]
    things: int
    alarm_after_s: float | None


class DrillOut(BaseModel):
    """One drill: of what kind, where, from when to when, begun by whom, whether it is over. All of it is simulated."""

    id: int
    kind: str
    names: dict[str, str]
    place: str
    place_names: dict[str, str]
    begun: datetime
    ends: datetime
    by: str
    over: bool
    simulated: Literal[True] = True


class DrillsOut(BaseModel):
    """What can be brought about, and the drills of the last day, the newest first."""

    kinds: list[DrillKindOut]
    items: list[DrillOut]
    at: datetime
