"""How a tour is written: the form of ``tours/*.yaml``, read into records (docs/reference/tours.md)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from twin.alarms.rule_form import duration
from twin.domains import channels, domains
from twin.mistake import nearest
from twin.tours.camera import LONGEST_MOVE_S, MOST_POSES, SHOTS, Pose, ShotKind, longest_s
from twin.tours.condition import Condition, condition
from twin.tours.figure import Figure, figure
from twin.tours.moment import LEAST_PLAY_S, LIVE, LONGEST_PLAY_S, Moment, moment
from twin.tours.text import figures_in, length, most
from twin.tours.tour import MOST_CALLOUTS, Audience, Callout, Chapter, Layer, Media, Otherwise, Step, Words

LEAST_DWELL_S, LONGEST_DWELL_S = 8.0, 300.0
VARIANTS = (3, 60)
"""Shortest and longest variant [min]."""


class Strict(BaseModel):
    """Nothing that is not named; texts are mappings of languages."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


def _said(texts: dict[str, str]) -> dict[str, str]:
    for text in texts.values():
        list(figures_in(text))
    return texts


def _short(texts: dict[str, str]) -> dict[str, str]:
    for lang, text in texts.items():
        if (long := length(text, lang)) > most(lang):
            what = "signs" if most(lang) == most("zh") else "words"
            raise ValueError(f"{long} {what} in '{lang}' are more than a wall shows at once: at most {most(lang)}")
    return texts


def _either(value: object) -> object:
    if isinstance(value, dict):
        for lang in ("zh", "en"):
            if lang not in value:
                raise ValueError(f"the text in '{lang}' is missing: every text is in Chinese (zh) and English (en)")
    return value


def _pixelless(name: str) -> str:
    if name.startswith(("/", "\\")) or ":" in name or ".." in name.replace("\\", "/").split("/"):
        raise ValueError(f"'{name}' leaves the campus folder: name a file inside it, as in media/library.webp")
    return name


def _domain(key: str) -> str:
    if key not in domains():
        raise ValueError(f"'{key}' is no domain; {nearest(key, domains())}")
    return key


def _channel(key: str) -> str:
    if key and key not in channels():
        raise ValueError(f"'{key}' is no channel; {nearest(key, channels())}")
    return key


def _figure(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a figure is written as a text, as in kpi:energy.power@14")
    return figure(value)


def _condition(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a condition is written as a text, as in night and weekday")
    return condition(value)


Lang = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")]
Line = Annotated[str, Field(min_length=1, max_length=400)]
Free = Annotated[str, Field(min_length=1, max_length=4000)]
Plain = Annotated[dict[Lang, Line], BeforeValidator(_either)]
Sentence = Annotated[dict[Lang, Line], BeforeValidator(_either), AfterValidator(_said), AfterValidator(_short)]
Notes = Annotated[dict[Lang, Free], BeforeValidator(_either), AfterValidator(_said)]
EntityId = Annotated[str, Field(min_length=1, max_length=400)]
FigureText = Annotated[Figure, BeforeValidator(_figure)]
ConditionText = Annotated[Any, BeforeValidator(_condition)]
Dwell = Annotated[float, BeforeValidator(duration), Field(ge=LEAST_DWELL_S, le=LONGEST_DWELL_S, allow_inf_nan=False)]
Flight = Annotated[float, BeforeValidator(duration), Field(ge=0, le=LONGEST_MOVE_S, allow_inf_nan=False)]
Rest = Annotated[float, BeforeValidator(duration), Field(ge=0, le=60, allow_inf_nan=False)]
Play = Annotated[float, BeforeValidator(duration), Field(ge=LEAST_PLAY_S, le=LONGEST_PLAY_S, allow_inf_nan=False)]
DomainKey = Annotated[str, Field(max_length=200), AfterValidator(_domain)]
ChannelKey = Annotated[str, Field(max_length=200), AfterValidator(_channel)]


class PoseForm(Strict):
    """A key pose of the camera."""

    shot: ShotKind = "step"
    of: Annotated[str, Field(max_length=400)] = ""
    azimuth: Annotated[float, Field(ge=-360, le=360)] = 18.0
    pitch: float | None = None
    height: float | None = None
    fov: float | None = None
    move: Flight | None = None
    rest: Rest = 0.0

    @model_validator(mode="after")
    def _allowed(self) -> PoseForm:
        shot = SHOTS[self.shot]
        for name, value, unit in (("pitch", self.pitch, "deg"), ("height", self.height, "m"), ("fov", self.fov, "deg")):
            least, _, largest = getattr(shot, name)
            if value is not None and not least <= value <= largest:
                raise ValueError(f"{name} {value:g} {unit} is not of a picture '{self.shot}': {least:g} to {largest:g}")
        return self

    def record(self) -> Pose:
        """The pose, with what is usual for its kind of picture."""
        shot = SHOTS[self.shot]
        return Pose(
            self.shot, self.of, self.azimuth % 360, shot.pitch[1] if self.pitch is None else self.pitch,
            shot.height[1] if self.height is None else self.height, shot.fov[1] if self.fov is None else self.fov,
            self.move, self.rest,
        )  # fmt: skip


class WordsForm(Strict):
    """What is said."""

    text: Sentence
    caption: Sentence | None = None
    notes: Notes | None = None
    number: FigureText | None = None

    def words(self) -> Words:
        """As a record."""
        return Words(self.text, self.caption or {}, self.notes or {}, self.number)


class OtherwiseForm(WordsForm):
    """What is said instead."""

    when: ConditionText

    def other(self) -> Otherwise:
        """As a record."""
        return Otherwise(self.when, self.words())


class CalloutForm(Strict):
    """A card at a place."""

    of: EntityId
    text: Sentence | None = None
    number: FigureText | None = None


class MediaForm(Strict):
    """A picture or film."""

    file: Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_pixelless)]
    alt: Plain


class TimeForm(Strict):
    """A moment with the seconds that it is played in."""

    at: Annotated[str, Field(max_length=100)]
    play: Play | None = None

    @model_validator(mode="after")
    def _fits(self) -> TimeForm:
        self.record()
        return self

    def record(self) -> Moment:
        """The moment."""
        return moment(self.at, self.play or 0.0)


def _poses(value: object) -> object:
    if isinstance(value, str):
        return [{"shot": "opening"}] if value == "campus" else [{"of": value}]
    return [value] if isinstance(value, dict) else value


def _time(value: object) -> object:
    return {"at": value} if isinstance(value, str) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class StepForm(WordsForm):
    """A step as it is written."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    camera: Annotated[tuple[PoseForm, ...], BeforeValidator(_poses), Field(min_length=1, max_length=MOST_POSES)] = (
        PoseForm(shot="opening"),
    )
    storeys: Annotated[tuple[EntityId, ...], BeforeValidator(_listed), Field(max_length=20)] = ()
    highlights: Annotated[tuple[EntityId, ...], BeforeValidator(_listed), Field(max_length=20)] = ()
    callouts: Annotated[tuple[CalloutForm, ...], Field(max_length=MOST_CALLOUTS)] = ()
    domain: DomainKey | None = None
    channel: ChannelKey | None = None
    layers: Annotated[tuple[Layer, ...], BeforeValidator(_listed)] = ()
    time: Annotated[TimeForm | None, BeforeValidator(_time)] = None
    dwell: Dwell = 40.0
    priority: Annotated[int, Field(ge=1, le=3)] = 1
    when: ConditionText | None = None
    otherwise: Annotated[tuple[OtherwiseForm, ...], Field(max_length=8)] = ()
    media: MediaForm | None = None

    @model_validator(mode="after")
    def _in_time(self) -> StepForm:
        needs = longest_s(tuple(pose.record() for pose in self.camera))
        if needs > self.dwell:
            raise ValueError(f"the camera is under way for {needs:g} s of a dwell of {self.dwell:g} s: leave poses out")
        when = self.time.record() if self.time is not None else LIVE
        if when.play_s > self.dwell:
            raise ValueError(f"{when.play_s:g} s are played in a dwell of {self.dwell:g} s: play faster or stay longer")
        return self

    def record(self, line: int) -> Step:
        """The step."""
        asked: Condition | None = self.when
        return Step(
            self.id, self.words(), tuple(pose.record() for pose in self.camera), self.dwell, self.priority,
            self.storeys, self.highlights, tuple(Callout(c.of, c.text or {}, c.number) for c in self.callouts),
            self.domain or "", self.channel or "", self.layers, self.time.record() if self.time is not None else LIVE,
            asked, tuple(o.other() for o in self.otherwise),
            None if self.media is None else Media(self.media.file, self.media.alt), line,
        )  # fmt: skip


class ChapterForm(Strict):
    """A chapter without its steps."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    names: Plain

    def record(self, steps: tuple[Step, ...]) -> Chapter:
        """The chapter."""
        return Chapter(self.id, self.names, steps)


def _rising(minutes: tuple[int, ...]) -> tuple[int, ...]:
    least, largest = VARIANTS
    if any(not least <= each <= largest for each in minutes) or list(minutes) != sorted(set(minutes)):
        raise ValueError(f"lengths rise, each from {least} to {largest} minutes, as in [5, 10, 20]")
    return minutes


class HeadForm(Strict):
    """What stands in a file beside its chapters."""

    names: Plain
    summary: Plain
    audience: Audience = "visitors"
    minutes: Annotated[tuple[int, ...], AfterValidator(_rising)] = ()


Section = Literal["chapters", "steps"]


def head_keys() -> list[str]:
    """The keys of a file."""
    return [*HeadForm.model_fields, "chapters"]


def chapter_keys() -> list[str]:
    """The keys of a chapter."""
    return [*ChapterForm.model_fields, "steps"]
