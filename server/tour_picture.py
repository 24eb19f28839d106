"""One step of a tour as it is told now: words with figures as people say them, camera, places, moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import PurePath
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from server.schemas_tours import CalloutOut, MediaOut, MomentOut, NumberOut, PictureOut, PlaceOut, SaidOut
from server.texts import LANGUAGES
from server.tour_figures import NO_ANSWER, Answer, Answers, answers_at, names_of
from server.values import utc, word
from twin.domains import channels
from twin.index import label_of
from twin.kpi_text import COVERS
from twin.space import Equipment, Space, Zone
from twin.sun import is_night
from twin.tours.condition import Facts, Word, figures_of
from twin.tours.figure import Figure
from twin.tours.privacy import may_colour, why_not_asked, why_not_shown
from twin.tours.spoken import Spoken, spoken
from twin.tours.telling import words_now
from twin.tours.text import filled
from twin.tours.tour import Callout, Step, Tour, Words

if TYPE_CHECKING:
    from server.runtime import Runtime

LATE_S = 900.0
"""What people do is asked of the past, in buckets this long and at least this old [s]."""
FEWEST_PEOPLE = 10.0
FILMS = (".mp4", ".webm")


async def picture_of(runtime: Runtime, tour: Tour, step: Step, facts: Facts) -> PictureOut:
    """What stands on the wall at a step. Figures are those of the moment that it shows; of a stretch those of its
    end."""
    now, zone = runtime.ingest.clock(), ZoneInfo(runtime.assembled.campus.timezone)
    span = step.moment.resolve(now, zone)
    visitors = tour.audience == "visitors"
    answers = await answers_at(runtime, None if span is None else span[1], visitors=visitors)
    return _Told(runtime, tour, answers, now).picture(step, words_now(step, facts).words, span)


class _Told:
    """One telling of a step."""

    def __init__(self, runtime: Runtime, tour: Tour, answers: Answers, now: float) -> None:
        self._runtime, self._tour, self._answers, self._now = runtime, tour, answers, now
        self._asked: dict[Figure, Answer] = {}
        self._missing: dict[str, None] = {}

    def picture(self, step: Step, words: Words, span: tuple[float, float] | None) -> PictureOut:
        visitors = self._tour.audience == "visitors"
        told = not visitors or may_colour(step.channel)
        shown = [id_ for id_ in step.highlights if not (visitors and why_not_shown(id_, self._runtime.index))]
        cards = [row for row in step.callouts if not (visitors and why_not_shown(row.of, self._runtime.index))]
        channel = channels().get(step.channel) if told else None
        text = self._fill(words.text)
        at = self._now if span is None else span[1]
        return PictureOut(
            step=step.id, text=text, caption=self._fill(words.caption) or text, number=self._number(words.number),
            camera=[asdict(pose) for pose in step.path], storeys=list(step.storeys),
            highlights=[self._place(id_) for id_ in shown],
            callouts=[self._callout(callout) for callout in cards], domain=step.domain,
            channel="" if channel is None else channel.key, legend=None if channel is None else channel.legend(),
            layers=list(step.layers),
            moment=None if span is None else MomentOut(begin=utc(span[0]), end=utc(span[1]), play_s=step.moment.play_s),
            media=self._media(step), night=night_at(self._runtime, at), missing=list(self._missing),
            told=utc(self._now), notes=self._fill(words.notes),
        )  # fmt: skip

    def _answer(self, figure: Figure) -> Answer:
        found = self._asked.get(figure)
        if found is None:
            found = self._asked[figure] = self._answers.of(figure)
        return found

    def _place(self, id_: str) -> PlaceOut:
        return place_out(self._runtime, id_, visitors=self._tour.audience == "visitors")

    def _fill(self, texts: Mapping[str, str]) -> dict[str, str]:
        told: dict[str, str] = {}
        for lang, text in texts.items():
            done = filled(text, partial(self._said, lang))
            self._missing.update(dict.fromkeys(map(str, done.missing)))
            told[lang] = done.text
        return told

    def _said(self, lang: str, figure: Figure) -> Spoken:
        answer = self._answer(figure)
        return spoken(answer.value, answer.unit, lang)

    def _number(self, figure: Figure | None) -> NumberOut | None:
        if figure is None:
            return None
        answer = self._answer(figure)
        if answer.value is None:
            self._missing[str(figure)] = None
        zh, en = COVERS[answer.covers]
        return NumberOut(
            names=names_of(figure), said={lang: said(answer, lang) for lang in self._tour.languages}, have=answer.have,
            of=answer.of, covers={"zh": zh, "en": en}, age_s=age_of(answer, self._answers.time),
            quality=word(answer.quality), origin=answer.origin, hidden=answer.hidden,
        )  # fmt: skip

    def _callout(self, callout: Callout) -> CalloutOut:
        place = self._place(callout.of)
        return CalloutOut(
            id=place.id, names=place.names, texts=self._fill(callout.texts), number=self._number(callout.number)
        )

    def _media(self, step: Step) -> MediaOut | None:
        if step.media is None:
            return None
        film = PurePath(step.media.file).suffix.casefold() in FILMS
        return MediaOut(url=f"/api/v1/tours/{self._tour.id}/media/{step.id}", film=film, alt=dict(step.media.alt))


def said(answer: Answer, lang: str) -> SaidOut:
    """An answer as it is said in a language."""
    told = spoken(answer.value, answer.unit, lang)
    return SaidOut(text=told.text, number=told.number, unit=told.unit, about=told.about)


def age_of(answer: Answer, now: float) -> float | None:
    """How old the oldest value in an answer is [s]."""
    return None if answer.oldest is None else round(max(0.0, now - answer.oldest), 1)


def place_out(runtime: Runtime, id_: str, *, visitors: bool) -> PlaceOut:
    """A place with its name in both languages; visitors get a room's number alone: people are named in some names."""
    entity = runtime.index.get(id_)
    if visitors and isinstance(entity, Space | Zone | Equipment):
        number = entity.number if isinstance(entity, Space) else ""
        return PlaceOut(id=id_, names=dict.fromkeys(LANGUAGES, number or id_))
    names: dict[str, str] = {lang: id_ if entity is None else label_of(entity, lang) for lang in LANGUAGES}
    return PlaceOut(id=id_, names=names)


def night_at(runtime: Runtime, at: float) -> bool:
    """Whether the sun is down over the campus at ``at`` [s since epoch]."""
    campus = runtime.assembled.campus
    if campus.latitude is None or campus.longitude is None:
        local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(campus.timezone))
        return not 6 <= local.hour < 19
    return is_night(campus.latitude, campus.longitude, at)


async def facts_now(runtime: Runtime, tour: Tour) -> Facts:
    """What the conditions of a tour ask, as it is now. Of people, visitors' tours ask the whole campus alone, late and
    not of a few."""
    answers = await answers_at(runtime, None, visitors=tour.audience == "visitors")
    late = await _late(runtime, tour)
    return Facts(
        words_at(runtime, runtime.ingest.clock()), _value(runtime, tour, answers, late), _dead(runtime, answers)
    )


def words_at(runtime: Runtime, now: float) -> frozenset[Word]:
    """Which words hold at ``now`` [s since epoch]."""
    local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(runtime.assembled.campus.timezone))
    held: set[Word] = {"weekday" if local.isoweekday() < 6 else "weekend"}
    if night_at(runtime, now):
        held.add("night")
    rules = runtime.config.alarms if runtime.config is not None else None
    vacations = {} if rules is None else rules.vacations
    if any(first <= local.date() <= last for first, last in vacations.values()):
        held.add("vacation")
    return frozenset(held)


async def _late(runtime: Runtime, tour: Tour) -> Answers | None:
    """The answers about people that visitors' conditions may ask; None where nothing does."""
    if tour.audience != "visitors" or not any(figure.tells_of_people for figure in _asked_in(tour)):
        return None
    at = (runtime.ingest.clock() - LATE_S) // LATE_S * LATE_S
    return await answers_at(runtime, at, visitors=False)


def _asked_in(tour: Tour) -> Iterator[Figure]:
    for step in tour.steps:
        for condition in (step.when, *(other.when for other in step.otherwise)):
            if condition is not None:
                yield from figures_of(condition)


def _value(runtime: Runtime, tour: Tour, answers: Answers, late: Answers | None) -> Callable[[Figure], float | None]:
    def value(figure: Figure) -> float | None:
        if tour.audience == "operators":
            return answers.asked(figure)
        if why_not_asked(figure, runtime.index):
            return None
        if not figure.tells_of_people:
            return answers.of(figure).value
        people = NO_ANSWER if late is None else late.of(figure)
        return None if people.value is None or people.value < FEWEST_PEOPLE else people.value

    return value


def _dead(runtime: Runtime, answers: Answers) -> Callable[[Figure | str], bool]:
    def dead(of: Figure | str) -> bool:
        if isinstance(of, Figure):
            return answers.asked(of) is None
        state = next((row.state for row in runtime.sources() if row.name == of), None)
        return state != "live"

    return dead
