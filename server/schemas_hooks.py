"""What ``/api/v1/hooks`` answers."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field


class HookRefusedOut(BaseModel):
    """An alarm that could not be taken."""

    number: int = Field(description="its place in the request, from 1")
    why: str


class HookTakenOut(BaseModel):
    """What became of a request."""

    hook: str
    alarms: int = Field(description="alarms in the request")
    raised: int = Field(description="those that are new here, or true again")
    ended: int
    left_out: int = Field(description="those that 'without' in campus.yaml leaves out")
    late: int = Field(description="those that are older than what is known of the same alarm")
    unplaced: int = Field(description="new ones whose labels name no place and no node: they stand at the campus")
    refused: list[HookRefusedOut] = Field(description="the first 100 that could not be taken")
    refused_count: int


class HookOut(BaseModel):
    """A way in, and what came through it since the server began."""

    name: str
    type: str
    state: str = Field(description="live, waiting (nothing came yet), misconfigured")
    reason: str
    last: datetime | None
    active: int = Field(description="its alarms that are true now")
    requests: int
    alarms: int
    raised: int
    ended: int
    left_out: int
    late: int
    refused: int
    unplaced_names: dict[str, int] = Field(description="labels that named no place and no node, with how often")
