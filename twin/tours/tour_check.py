"""Tours against the campus that they tell of: places, figures, sources, what visitors may know, time to read.

All are warnings: a tour that names a lost room still runs, and leaves that step out.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from twin.index import SpaceIndex
from twin.mistake import Mistake, nearest
from twin.tours.camera import NEIGHBOURS_S
from twin.tours.condition import Condition, figures_of, sources_of
from twin.tours.figure import Figure
from twin.tours.privacy import may_colour, why_not_asked, why_not_shown, why_not_told
from twin.tours.telling import figure_places_of, places_of
from twin.tours.text import by_signs, figures_in, length, reading_s
from twin.tours.tour import Step, Tour, all_words
from twin.tours.variant import chosen

ENOUGH = 0.75
"""Share of a length that is told at least."""


def check_tours(
    tours: Mapping[str, Tour], index: SpaceIndex, points: Container[str], sources: Container[str]
) -> list[Mistake]:
    """Every finding about the tours; ``points`` and ``sources`` are the ids that the campus has."""
    found = [mistake for tour in tours.values() for mistake in _short(tour)]
    return found + [
        Mistake(
            tour.file, f"step '{step.id}': {message}", code, step.line, 0, f"{step.id}.{key}", "warning"
        )
        for tour in tours.values() for step in tour.steps
        for key, message, code in (
            *_lost(step, index), *_unknown(step, points, sources), *_told(tour, step, index), *_hurried(tour, step),
        )
    ]  # fmt: skip


def _short(tour: Tour) -> Iterator[Mistake]:
    """Lengths that promise more than there is to tell."""
    for minutes in tour.minutes:
        told = sum(step.dwell_s for step in chosen(tour.steps, minutes * 60))
        if told < ENOUGH * minutes * 60:
            message = f"its {minutes} minutes tell {told / 60:.1f} only: name a shorter length, or give steps more time"
            yield Mistake(tour.file, message, "tour-short-length", 0, 0, "minutes", "warning")


Finding = tuple[str, str, str]


def _lost(step: Step, index: SpaceIndex) -> Iterator[Finding]:
    for key, place in dict.fromkeys((*places_of(step), *figure_places_of(step))):
        if place not in index:
            yield key, f"there is no '{place}' in the campus: the step is left out", "tour-lost-place"


def _figures(step: Step) -> Iterator[tuple[str, Figure]]:
    """Every figure of a step, and where."""
    for words in all_words(step):
        for texts in (words.text, words.caption, words.notes):
            for text in texts.values():
                for asked in figures_in(text):
                    yield "text", asked
        if words.number is not None:
            yield "number", words.number
    for callout in step.callouts:
        if callout.number is not None:
            yield "callouts", callout.number
        for text in callout.texts.values():
            for asked in figures_in(text):
                yield "callouts", asked


def _conditions(step: Step) -> Iterator[tuple[str, Condition]]:
    if step.when is not None:
        yield "when", step.when
    for number, other in enumerate(step.otherwise):
        yield f"otherwise[{number}].when", other.when


def _unknown(step: Step, points: Container[str], sources: Container[str]) -> Iterator[Finding]:
    """Points and sources that the campus does not have."""
    asked = list(_figures(step))
    for key, condition in _conditions(step):
        asked += [(key, figure) for figure in figures_of(condition)]
        for name in sources_of(condition):
            if name not in sources:
                known = sources if isinstance(sources, Mapping | set | frozenset | list | tuple) else ()
                yield key, f"there is no source '{name}'; {nearest(name, known)}", "tour-unknown-source"
    for key, figure in dict.fromkeys(asked):
        if figure.kind == "point" and figure.key not in points:
            yield key, f"there is no point '{figure.key}': the figure has no value", "tour-unknown-point"


def _told(tour: Tour, step: Step, index: SpaceIndex) -> Iterator[Finding]:
    """What the server will not tell visitors."""
    if tour.audience != "visitors":
        return
    for key, figure in dict.fromkeys(_figures(step)):
        if why := why_not_told(figure, index):
            yield key, f"{figure}: {why}", "tour-not-for-visitors"
    for key, condition in _conditions(step):
        for figure in dict.fromkeys(figures_of(condition)):
            if why := why_not_asked(figure, index):
                yield key, f"{figure}: {why}", "tour-not-for-visitors"
    for key, place in dict.fromkeys(places_of(step)):
        if why := why_not_shown(place, index):
            yield key, f"{place}: {why}", "tour-not-for-visitors"
    if not may_colour(step.channel):
        yield "channel", f"'{step.channel}' tells of people: nothing of them goes to visitors", "tour-not-for-visitors"


def _hurried(tour: Tour, step: Step) -> Iterator[Finding]:
    """Texts that cannot be read while the step stands."""
    stands = step.dwell_s - sum(NEIGHBOURS_S if p.move_s is None else p.move_s for p in step.path)
    for words in all_words(step):
        for lang in tour.languages:
            text = words.text.get(lang, "")
            caption = words.caption.get(lang, "")
            if (needs := reading_s(text, lang) + (reading_s(caption, lang) if caption else 0.0)) > stands:
                count = length(text, lang) + length(caption, lang)
                what = "signs" if by_signs(lang) else "words"
                yield (
                    "dwell", f"reading the {count} {what} in '{lang}' takes {needs:.0f} s, the picture stands for "
                    f"{stands:.0f} s: shorten the text or stay longer", "tour-hurried",
                )  # fmt: skip
