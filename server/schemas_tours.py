"""What ``/api/v1/tours`` and ``/api/v1/tellings`` take and answer. A telling is a tour under way."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Texts = dict[str, str]
"""Language -> text."""
Do = Literal[
    "next", "back", "hold", "resume", "jump", "chapter", "length", "join", "take-over", "leave", "touch", "lang",
    "point", "wall", "end",
]  # fmt: skip
ScreenDo = Literal["next", "back", "hold", "resume", "touch"]
Short = Annotated[str, Field(max_length=80)]


class TourRow(BaseModel):
    """A tour in the list: ``minutes`` are its lengths [min], ``seconds`` all of it [s]."""

    id: str
    names: Texts
    summary: Texts
    audience: str
    languages: list[str]
    minutes: list[int]
    steps: int
    seconds: float
    own: bool = Field(description="whether it is written in the campus folder, not the product's own")


class StepRow(BaseModel):
    """A step in the guide's list; ``text`` with figures as they are written."""

    id: str
    text: Texts
    dwell_s: float
    priority: int


class ChapterRow(BaseModel):
    """A chapter with its steps."""

    id: str
    names: Texts
    steps: list[StepRow]


class TourOut(TourRow):
    """A tour with its chapters, for a guide."""

    chapters: list[ChapterRow]


class SaidOut(BaseModel):
    """A number as a person says it: all of it, and number and unit as a wall sets them apart."""

    text: str
    number: str
    unit: str
    about: bool


class NumberOut(BaseModel):
    """A figure as it is told. ``have`` of ``of`` of what ``covers`` names were counted, the oldest value in it is
    ``age_s`` old [s]; ``hidden``: there is one that visitors do not get."""

    names: Texts
    said: dict[str, SaidOut]
    have: int
    of: int
    covers: Texts
    age_s: float | None
    quality: str
    origin: str
    hidden: bool


class PlaceOut(BaseModel):
    """A place with its name."""

    id: str
    names: Texts


class CalloutOut(PlaceOut):
    """A card at a place."""

    texts: Texts
    number: NumberOut | None


class MomentOut(BaseModel):
    """What a step shows of the past: an instant (``end`` the same), or a stretch played in ``play_s`` [s]."""

    begin: AwareDatetime
    end: AwareDatetime
    play_s: float


class MediaOut(BaseModel):
    """A picture or film: where it is had, what it shows in words."""

    url: str
    film: bool
    alt: Texts


class PictureOut(BaseModel):
    """What stands on the wall: the words with their figures, the camera, what has colour. ``camera`` are the key poses
    of docs/reference/tours.md; ``missing`` figures had no value; ``notes`` are for guides alone."""

    step: str
    text: Texts
    caption: Texts
    number: NumberOut | None
    camera: list[dict[str, Any]]
    storeys: list[str]
    highlights: list[PlaceOut]
    callouts: list[CalloutOut]
    domain: str
    channel: str
    legend: dict[str, Any] | None
    layers: list[str]
    moment: MomentOut | None
    media: MediaOut | None
    night: bool
    missing: list[str]
    told: AwareDatetime
    notes: Texts = Field(default_factory=dict)


class TellingOut(BaseModel):
    """How a tour under way stands. ``n`` of ``of`` steps of this length; ``left_s`` [s] is of all that follows too;
    ``warns_s`` [s] until it begins anew by itself, None where that is not near; ``guided``: somebody leads."""

    id: str = Field(description="empty for followers, who may only look")
    code: str
    tour: str
    names: Texts
    chapter: PlaceOut
    step: str
    n: int
    of: int
    phase: str
    minutes: int
    dwell_s: float
    elapsed_s: float
    left_s: float
    held: bool
    guided: bool
    warns_s: float | None
    lang: str
    languages: list[str]
    pointer: PlaceOut | None
    wall: str
    asks: bool = Field(description="whether phones may say what they think of it: it is led for a visit")
    version: int
    time: AwareDatetime


class SkipOut(BaseModel):
    """A step that was passed over, and why."""

    step: str
    why: Texts


class GuideOut(TellingOut):
    """The same for a guide: who holds the baton, who else looks on, what was passed over, which steps are told."""

    holder: str
    you: str = ""
    guides: list[str]
    notes: list[SkipOut]
    left_out: list[SkipOut]
    path: list[str]
    lengths: list[int]
    followers: int


class BeginIn(BaseModel):
    """A tour to begin: ``minutes`` 0 is all of it; ``lead`` by who asks, else it runs by itself."""

    model_config = ConfigDict(extra="forbid")

    tour: Short
    minutes: Annotated[int, Field(ge=0, le=240)] = 0
    lead: bool = False
    lang: Short = "zh"
    visit: Short = Field("", description="of the register, that it is led for")


class ActIn(BaseModel):
    """What a guide does: ``value`` is the step, chapter, length [min], language, place or wall."""

    model_config = ConfigDict(extra="forbid")

    do: Do
    value: Annotated[str, Field(max_length=400)] = ""


class ScreenActIn(BaseModel):
    """What is done at the screen itself, while nobody leads."""

    model_config = ConfigDict(extra="forbid")

    do: ScreenDo


class QrOut(BaseModel):
    """The address that visitors' phones follow by, and its code: the path of the dark squares in a field of ``size``
    modules."""

    url: str
    size: int
    path: str


class FollowOut(BaseModel):
    """What a visitor's phone is told."""

    state: TellingOut
    picture: PictureOut | None
