"""What ``GET /api/v1/mapping/suggestions`` answers, as pydantic models."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from twin.guess_reason import Argument


class ReasonOut(BaseModel):
    """Why a guess is as it is: a stable ``key`` with its ``arguments``, and the sentence in both languages."""

    key: str
    arguments: dict[str, Argument]
    text: dict[str, str]


class GuessOut(BaseModel):
    """A guess; ``value`` is '' where there is none. ``candidates`` fit as well, and none of them is more likely."""

    value: str
    confidence: Annotated[float, Field(ge=0, le=1)]
    why: list[ReasonOut]
    candidates: list[str]


class SignalOut(BaseModel):
    """An address that no point has. ``count`` messages came since the start; ``confidence`` is that of the least sure
    guess, 0 where one is missing.
    """

    source: str
    address: str
    count: int
    example: str
    point: str
    accepted: bool
    confidence: Annotated[float, Field(ge=0, le=1)]
    quantity: GuessOut
    unit: GuessOut
    kind: GuessOut
    entity: GuessOut


class SeenDeviceOut(BaseModel):
    """A device that sends as a type of the campus does and is not in its table of devices."""

    source: str
    id: str
    type: str
    columns: dict[str, str]
    address: str
    count: int
    names: list[str]
    accepted: bool
    entity: GuessOut


class SuggestionsOut(BaseModel):
    """What comes in unmapped. ``names`` counts all addresses; the most frequent of each source have suggestions."""

    names: int
    signals: list[SignalOut]
    devices: list[SeenDeviceOut]
