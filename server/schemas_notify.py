"""What ``/api/v1/notifications`` answers."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field


class ChannelOut(BaseModel):
    """A channel, and how it is."""

    name: str
    type: str
    state: str = Field(description="idle (nothing was sent yet), well, failing")
    reason: str
    since: datetime | None = Field(description="since when it fails")
    next_try: datetime | None
    last_sent: datetime | None
    waiting: int
    sent: int
    dead: int = Field(description="messages that were given up; POST notifications/{id}/again tries one once more")
    routes: int = Field(description="routes that lead to it")


class NoticeOut(BaseModel):
    """A message to one channel."""

    id: int
    time: datetime
    channel: str
    kind: Literal["raised", "escalated", "ended", "test"]
    of: str = Field(description="the alarm or incident that it is about")
    incident: int | None
    priority: int
    text: dict[str, str]
    state: Literal["waiting", "sent", "dead", "overtaken"]
    tries: int
    next_try: datetime | None
    done: datetime | None
    error: str


class NoticesPage(BaseModel):
    """Messages, the newest first, and the channels."""

    channels: list[ChannelOut]
    items: list[NoticeOut]
    total: int
    next_before: int | None = Field(description="give it as 'before' for the next page")
    trouble: str = Field(description="why no message can be kept, '' otherwise")


class TestIn(BaseModel):
    """Which channel is to be tried."""

    __test__ = False  # no test, whatever pytest takes its name for
    channel: str = Field(min_length=1, max_length=200)


class NoticeIdOut(BaseModel):
    """The number of a message."""

    id: int
