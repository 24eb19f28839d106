"""What ``/api/v1/walls`` and ``/api/v1/displays`` take and answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

DisplayState = Literal["ok", "hidden", "deaf", "frozen", "gone", "never"]
Do = Literal["scene", "next", "back", "hold", "resume", "select", "lang", "theme", "reload"]
Short = Annotated[str, Field(max_length=80)]
Count = Annotated[int, Field(ge=0, le=2**53)]


class WeeklyOut(BaseModel):
    """Days (1 = Monday) and spans [minutes of the day], local time of the campus."""

    days: list[int]
    spans: list[tuple[int, int]]


class BlockOut(BaseModel):
    """A column of words: figures are ids of KPIs of ``domain``."""

    title: dict[str, str]
    domain: str
    hero: str
    numbers: list[str]


class SceneOut(BlockOut):
    """One picture. ``entity`` is the place whose figures it shows ('' the campus), ``adds`` whether values of its
    channel may be added up, ``has_points`` whether the campus has any of it."""

    id: str
    channel: str
    legend: dict[str, Any] | None
    adds: bool
    camera: dict[str, Any]
    entity: str
    panels: list[str]
    labels: int
    worst: int
    range: str
    lens: str
    dwell_s: float
    during: WeeklyOut
    beside: BlockOut | None
    has_points: bool


class ScreenOut(BaseModel):
    """One display: ``unit`` [px] is what every size of type is a multiple of; its numbers can be read from
    ``legible_m`` [m]."""

    id: str
    names: dict[str, str]
    width: int
    height: int
    panels: int
    unit: float
    viewer_m: float
    legible_m: float
    role: str
    takeover: bool
    scenes: list[str]


class WallOut(BaseModel):
    """A wall as its pages draw it; ``unknown`` are places that its file names and the campus does not have."""

    id: str
    names: dict[str, str]
    theme: str
    lang: str
    screens: dict[str, ScreenOut]
    scenes: dict[str, SceneOut]
    playlists: dict[str, list[str]]
    takeover: dict[str, Any]
    night: dict[str, Any] | None
    sound: float = Field(description="the volume of its sound, 0 none")
    reload_at: int | None
    own: bool = Field(description="whether it is written in the campus folder, not the product's own")
    unknown: list[str]


class WallRow(BaseModel):
    """A wall in the list."""

    id: str
    names: dict[str, str]
    screens: list[str]
    own: bool


class ControlIn(BaseModel):
    """What somebody with a tablet wants: ``screen`` '' is all of the wall."""

    model_config = ConfigDict(extra="forbid")

    do: Do
    screen: Short = ""
    value: Annotated[str, Field(max_length=400)] = ""


class WallTelling(BaseModel):
    """The tour that a wall is lent to."""

    id: str
    tour: str


class WallStateOut(BaseModel):
    """How a wall stands: what was chosen last, by whom; ``held`` are screens, ``now`` is what each shows. With a
    ``telling`` its screens show that tour until it is over. ``written`` is another one when the wall's file is."""

    version: int
    written: str
    time: AwareDatetime
    lang: str
    theme: str
    selection: str
    held: list[str]
    by: str
    changed: AwareDatetime | None
    now: dict[str, dict[str, Any]]
    telling: WallTelling | None = None


class BeatIn(BaseModel):
    """A sign of life. ``tick`` counts the seconds that the page drew, ``frames`` those of the twin, ``seq`` the last
    live frame of ``channel``; ``stuck_s`` is for how long its main thread has not answered."""

    model_config = ConfigDict(extra="forbid")

    wall: Short
    screen: Short
    scene: Short = ""
    incident: Annotated[str, Field(max_length=400)] = ""
    tick: Count = 0
    frames: Count = 0
    seq: Count = 0
    channel: Short = ""
    feed: Short = ""
    hidden: bool = False
    stuck_s: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] = 0.0
    heap_mb: Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)] = 0.0
    nodes: Count = 0
    width: Count = 0
    height: Count = 0
    build: Short = ""
    held: bool = False
    bye: bool = False


class OutdoorOut(BaseModel):
    """How warm it is outside: ``value`` [unit], measured or simulated."""

    point: str
    value: float
    unit: str
    origin: str


class BeatOut(BaseModel):
    """The answer: ``reload`` asks for the page anew; ``state`` is how the wall stands, for a screen whose channel is
    gone."""

    time: AwareDatetime
    build: str
    reload: bool
    state: WallStateOut
    outdoor: OutdoorOut | None = Field(None, description="of the campus's thermometer outside, while its word is fresh")


class DisplayOut(BaseModel):
    """A display: ``state`` ok, hidden (a tab that nobody sees), deaf (no live values reach it), frozen (nothing moves
    on it), gone (no sign of life), never (known, but not heard of yet)."""

    id: str
    wall: str
    screen: str
    state: DisplayState
    since: AwareDatetime | None
    seen: AwareDatetime | None
    age_s: float | None
    scene: str
    incident: str
    held: bool
    seq: int
    frames: int
    heap_mb: float
    nodes: int
    width: int
    height: int
    build: str
    current: bool = Field(description="whether it shows the build that the server has")
    registered: bool = Field(description="whether it has a cookie of its own (see /admin)")


class DisplaysOut(BaseModel):
    """All displays, the worst first; ``wrong`` of them are not well."""

    items: list[DisplayOut]
    total: int
    wrong: int
    build: str
