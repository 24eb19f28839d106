"""What a file of ``tours/`` becomes: a tour with its chapters and steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from twin.tours.camera import Pose
from twin.tours.condition import Condition
from twin.tours.figure import Figure
from twin.tours.moment import LIVE, Moment

Texts = Mapping[str, str]
"""Language -> text."""
Audience = Literal["visitors", "operators"]
Layer = Literal["rooms", "links", "devices", "labels", "trees", "night", "trust"]
NEEDED = ("zh", "en")
"""Languages that every text of a tour has."""

MOST_CALLOUTS = 3


@dataclass(frozen=True, slots=True)
class Callout:
    """A card at a place, with its own name where ``texts`` is empty, and a figure or none."""

    of: str
    texts: Texts = field(default_factory=dict)
    number: Figure | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or film of the campus folder, and what it shows in words."""

    file: str
    alt: Texts


@dataclass(frozen=True, slots=True)
class Words:
    """What a step says: one sentence on the wall, its caption ({} = the sentence), the guide's notes, one figure."""

    text: Texts
    caption: Texts = field(default_factory=dict)
    notes: Texts = field(default_factory=dict)
    number: Figure | None = None

    def said(self, lang: str) -> str:
        """The sentence in ``lang``, else in English, else in any."""
        return self.text.get(lang) or self.text.get("en") or next(iter(self.text.values()), "")


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Words that are told instead while a condition holds."""

    when: Condition
    words: Words


@dataclass(frozen=True, slots=True)
class Step:
    """One picture. ``priority`` 1 is told in every variant, 3 in the longest only; ``dwell_s`` [s] is all of its time,
    the flight included. ``when``: it is told only while that holds; the first ``otherwise`` that holds replaces its
    words. ``storeys`` are shown alone, ``highlights`` have colour."""

    id: str
    words: Words
    path: tuple[Pose, ...]
    dwell_s: float
    priority: int = 1
    storeys: tuple[str, ...] = ()
    highlights: tuple[str, ...] = ()
    callouts: tuple[Callout, ...] = ()
    domain: str = ""
    channel: str = ""
    layers: tuple[Layer, ...] = ()
    moment: Moment = LIVE
    when: Condition | None = None
    otherwise: tuple[Otherwise, ...] = ()
    media: Media | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Chapter:
    """Steps that belong together."""

    id: str
    names: Texts
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Tour:
    """One file. ``minutes`` are the lengths [min] that a guide may choose from; ``languages`` those it is told in."""

    id: str
    names: Texts
    summary: Texts
    chapters: tuple[Chapter, ...]
    audience: Audience = "visitors"
    minutes: tuple[int, ...] = ()
    languages: tuple[str, ...] = NEEDED
    file: str = ""

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in their order."""
        return tuple(step for chapter in self.chapters for step in chapter.steps)

    @property
    def seconds(self) -> float:
        """How long all of it takes [s]."""
        return sum(step.dwell_s for step in self.steps)


def all_words(step: Step) -> Iterator[Words]:
    """The words of a step and those that may replace them."""
    yield step.words
    for other in step.otherwise:
        yield other.words
