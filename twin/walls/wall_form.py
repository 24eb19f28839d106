"""How a wall is written: the form of ``walls/*.yaml``, read into records (docs/reference/walls.md)."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from twin.alarms.rule_form import Priority, duration
from twin.alarms.schedule import EVERY_DAY, WHOLE_DAY, hours, weekdays
from twin.domains import channels, domains
from twin.mistake import nearest
from twin.walls.wall import (
    MOST_NUMBERS,
    Block,
    Camera,
    Language,
    Lens,
    Night,
    Panel,
    Range,
    Role,
    Scene,
    Screen,
    Takeover,
    Theme,
    Weekly,
)

USUAL_VOLUME = 0.5
LEAST_DWELL_S, LONGEST_DWELL_S = 10.0, 3600.0
_PIXELS = re.compile(r"\s*(\d{3,5})\s*[x×*]\s*(\d{3,5})\s*")


def _pixels(text: object) -> object:
    match = _PIXELS.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"'{text}' is no number of pixels: write it as 1920x1080")
    return int(match[1]), int(match[2])


def _kpi(key: str) -> str:
    known = [kpi.key for row in domains().values() for kpi in row.kpis]
    if key not in known:
        raise ValueError(f"'{key}' is no figure; {nearest(key, known)}")
    return key


def _domain(key: str) -> str:
    if key not in domains():
        raise ValueError(f"'{key}' is no domain; {nearest(key, domains())}")
    return key


def _channel(key: str) -> str:
    if key and key not in channels():
        raise ValueError(f"'{key}' is no channel; {nearest(key, channels())}")
    return key


def _clock(text: object) -> object:
    if isinstance(text, str) and text.casefold() in ("off", "no", "never", "false"):
        return None
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"'{text}' is no time of day: write it in quotes, as in \"04:30\", or off")
    return int(match[1]) * 60 + int(match[2])


def _volume(value: object) -> object:
    """``on`` is half as loud as can be."""
    named = str(value).casefold() if isinstance(value, str | bool) else ""
    return {"on": USUAL_VOLUME, "true": USUAL_VOLUME, "off": 0.0, "false": 0.0}.get(named, value)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(_Strict):
    """A short text in both languages."""

    zh: Annotated[str, Field(min_length=1, max_length=40)]
    en: Annotated[str, Field(min_length=1, max_length=60)]

    def texts(self) -> dict[str, str]:
        """As a mapping."""
        return {"zh": self.zh, "en": self.en}


Dwell = Annotated[float, BeforeValidator(duration), Field(ge=LEAST_DWELL_S, le=LONGEST_DWELL_S, allow_inf_nan=False)]
Span = Annotated[float, BeforeValidator(duration), Field(ge=0, le=86_400, allow_inf_nan=False)]
KpiKey = Annotated[str, Field(max_length=200), AfterValidator(_kpi)]
DomainKey = Annotated[str, Field(max_length=200), AfterValidator(_domain)]
ChannelKey = Annotated[str, Field(max_length=200), AfterValidator(_channel)]
EntityId = Annotated[str, Field(max_length=400)]


class WeeklyForm(_Strict):
    """Days and hours."""

    days: Annotated[frozenset[int], BeforeValidator(lambda v: weekdays(v) if isinstance(v, str) else v)] = EVERY_DAY
    hours: Annotated[tuple[tuple[int, int], ...], BeforeValidator(lambda v: hours(v) if isinstance(v, str) else v)] = (
        WHOLE_DAY
    )

    def record(self) -> Weekly:
        """The schedule."""
        return Weekly(self.days, self.hours)


class CameraForm(_Strict):
    """Framing of a place, or an exact pose."""

    of: EntityId = ""
    azimuth: Annotated[float, Field(ge=-360, le=360)] = 18.0
    elevation: Annotated[float, Field(ge=10, le=90)] = 34.0
    fill: Annotated[float, Field(ge=0.2, le=2)] = 1.06
    pose: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _six(self) -> CameraForm:
        if self.pose and self.of:
            raise ValueError("give either 'of' (what is framed) or 'pose' (exactly where the camera stands)")
        if self.pose and not re.fullmatch(r"\s*-?\d+(\.\d+)?(\s*,\s*-?\d+(\.\d+)?){5}\s*", self.pose):
            raise ValueError(
                f"'{self.pose}' is no pose: six numbers, azimuth,elevation,distance,x,y,z, as 'cam' in an address"
            )
        return self

    def record(self) -> Camera:
        """The camera."""
        return Camera(self.of, self.azimuth, self.elevation, self.fill, self.pose.replace(" ", ""))


class BlockForm(_Strict):
    """A column of words."""

    title: Names
    domain: DomainKey
    hero: KpiKey
    numbers: tuple[KpiKey, ...] = ()

    def block(self) -> Block:
        """The column."""
        return Block(self.title.texts(), self.domain, self.hero, self.numbers)


def _camera(value: object) -> object:
    return {} if value == "campus" else {"of": value} if isinstance(value, str) else value


class SceneForm(BlockForm):
    """A scene as it is written."""

    channel: ChannelKey | None = None
    camera: Annotated[CameraForm, BeforeValidator(_camera)] = CameraForm()
    panels: tuple[Panel, ...] = ("trend", "legend")
    labels: Annotated[int, Field(ge=0, le=8)] = 4
    worst: Annotated[int, Field(ge=0, le=8)] = 0
    range: Range = "day"
    lens: Lens = "data"
    dwell: Dwell = 45.0
    during: WeeklyForm = WeeklyForm()
    beside: BlockForm | None = None

    @model_validator(mode="after")
    def _few(self) -> SceneForm:
        count = self.record("", 0).count
        if count > MOST_NUMBERS:
            raise ValueError(
                f"{count} numbers are more than anybody reads: at most {MOST_NUMBERS} with hero, numbers, labels, "
                "worst and beside"
            )
        return self

    def record(self, id_: str, line: int) -> Scene:
        """The scene named ``id_``."""
        row = domains()[self.domain]
        channel = row.channels[0].key if self.channel is None else self.channel
        beside = None if self.beside is None else self.beside.block()
        return Scene(
            id_, self.block(), channel, self.camera.record(), self.panels, self.labels, self.worst, self.range,
            self.lens, self.dwell, self.during.record(), beside, line,
        )  # fmt: skip


class ScreenForm(_Strict):
    """A screen as it is written."""

    names: Names | None = None
    diagonal: Annotated[float, Field(ge=5, le=2000, allow_inf_nan=False)]
    pixels: Annotated[tuple[int, int], BeforeValidator(_pixels)]
    viewer: Annotated[float, Field(ge=0.3, le=200, allow_inf_nan=False)]
    panels: Annotated[int, Field(ge=1, le=8)] = 1
    role: Role = "scenes"
    playlist: Annotated[str, Field(max_length=80)] = ""
    takeover: bool = True

    @model_validator(mode="after")
    def _sane(self) -> ScreenForm:
        width, height = self.pixels
        if not (320 <= width <= 32_000 and 320 <= height <= 32_000):
            raise ValueError(f"pixels: {width}x{height} is no screen: each side has 320 to 32000 pixels")
        return self

    def record(self, id_: str, playlist: str) -> Screen:
        """The screen named ``id_``."""
        names = {"zh": id_, "en": id_} if self.names is None else self.names.texts()
        return Screen(
            id_, names, self.diagonal, *self.pixels, self.viewer, self.panels, self.role, playlist, self.takeover
        )


class TakeoverForm(_Strict):
    """What an incident does to the screens."""

    start: Annotated[Priority, Field(alias="from")] = 2
    hold: Span = 30.0
    longest: Span = 600.0
    every: Annotated[Span, Field(ge=60)] = 60.0
    flood: Annotated[int, Field(ge=2, le=1000)] = 10

    @model_validator(mode="after")
    def _fits(self) -> TakeoverForm:
        if self.longest < self.hold:
            raise ValueError("longest must not be shorter than hold")
        return self

    def record(self) -> Takeover:
        """The rules of taking over."""
        return Takeover(True, self.start, self.hold, self.longest, self.every, self.flood)


class NightForm(WeeklyForm):
    """When and how much darker."""

    dim: Annotated[float, Field(ge=0, le=0.8)] = 0.45

    def night(self) -> Night:
        """The night."""
        return Night(self.record(), self.dim)


def _takeover(value: object) -> object:
    return None if isinstance(value, str) and value.casefold() in ("off", "no", "false") else value


class HeadForm(_Strict):
    """What stands in a file beside screens, scenes and playlists."""

    names: Names
    theme: Theme = "dark"
    lang: Language = "zh"
    alarms: Annotated[TakeoverForm | None, BeforeValidator(_takeover)] = TakeoverForm()
    night: NightForm | None = None
    reload: Annotated[int | None, BeforeValidator(_clock)] = 270
    sound: Annotated[float, BeforeValidator(_volume), Field(ge=0, le=1)] = 0.0


SECTIONS = ("screens", "scenes", "playlists")


def head_keys() -> list[str]:
    """The keys of a file."""
    return [*HeadForm.model_fields, *SECTIONS]
