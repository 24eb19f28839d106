"""What a file of ``walls/`` becomes: a wall with its screens, scenes and playlists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from twin.alarms.schedule import EVERY_DAY, WHOLE_DAY

Theme = Literal["dark", "light"]
Language = Literal["zh", "en"]
Panel = Literal["trend", "legend"]
Range = Literal["day", "24h", "6h"]
Lens = Literal["data", "trust"]
Role = Literal["scenes", "incidents"]

MOST_NUMBERS = 12
"""Headline numbers that one scene may show."""


@dataclass(frozen=True, slots=True)
class Weekly:
    """Days (1 = Monday) and spans [minutes of the day] in the campus's zone; one that ends before it begins goes over
    midnight."""

    days: frozenset[int] = EVERY_DAY
    spans: tuple[tuple[int, int], ...] = WHOLE_DAY


@dataclass(frozen=True, slots=True)
class Camera:
    """How a scene is framed: ``of`` fills the free part of the screen, seen from ``azimuth`` (compass bearing of the
    view) and ``elevation`` [deg]; or exactly a ``pose`` (``azimuth,elevation,distance,x,y,z`` as in an address). ``of``
    '' = the campus.
    """

    of: str = ""
    azimuth: float = 18.0
    elevation: float = 34.0
    fill: float = 1.0
    pose: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A column of words: title, one large figure, some more, the course of the day. Figures are ids of KPIs."""

    title: dict[str, str]
    domain: str
    hero: str
    numbers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture of a playlist. ``labels`` parts of the campus are named with their value, ``worst`` places are listed
    with theirs; ``beside`` is a second column of a wide screen; ``dwell_s`` how long it stays [s].
    """

    id: str
    block: Block
    channel: str
    camera: Camera
    panels: tuple[Panel, ...]
    labels: int
    worst: int
    range: Range
    lens: Lens
    dwell_s: float
    during: Weekly
    beside: Block | None = None
    line: int = 0

    @property
    def count(self) -> int:
        """How many headline numbers it shows."""
        beside = 0 if self.beside is None else 1 + len(self.beside.numbers)
        return 1 + len(self.block.numbers) + self.labels + self.worst + beside


@dataclass(frozen=True, slots=True)
class Screen:
    """One display: its diagonal [in], pixels, the farthest viewer [m], and how many panels stand side by side."""

    id: str
    names: dict[str, str]
    diagonal_in: float
    width: int
    height: int
    viewer_m: float
    panels: int
    role: Role
    playlist: str
    takes_over: bool
    """Whether an incident takes the screen over."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """Incidents up to a ``priority`` (1 critical to 4 low) take the screen over: for ``hold_s`` [s] at least, until
    they are acknowledged or for ``longest_s`` [s], and a new one at most every ``every_s`` [s]. More than ``flood`` in
    ten minutes are a list."""

    on: bool = True
    priority: int = 2
    hold_s: float = 30.0
    longest_s: float = 600.0
    every_s: float = 60.0
    flood: int = 10


@dataclass(frozen=True, slots=True)
class Night:
    """Hours in which the screens are darker by ``dim`` (0 not, 1 black)."""

    weekly: Weekly
    dim: float = 0.45


@dataclass(frozen=True, slots=True)
class Wall:
    """One file. ``reload_at`` [minutes of the day] is when its pages are loaded anew, None never;
    ``sound`` the volume [0 to 1] of what takes its screens over, 0 none."""

    id: str
    names: dict[str, str]
    theme: Theme = "dark"
    lang: Language = "zh"
    screens: dict[str, Screen] = field(default_factory=dict)
    scenes: dict[str, Scene] = field(default_factory=dict)
    playlists: dict[str, tuple[str, ...]] = field(default_factory=dict)
    takeover: Takeover = Takeover()
    night: Night | None = None
    reload_at: int | None = 270
    sound: float = 0.0
    file: str = ""
