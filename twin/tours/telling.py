"""What of a tour is told just now: steps whose condition holds and whose place is there, with the words that fit."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from twin.tours.condition import Facts
from twin.tours.text import figures_in
from twin.tours.tour import Step, Tour, Words


@dataclass(frozen=True, slots=True)
class Told:
    """``words`` are told; ``instead`` is the number of the alternative, None for the step's own."""

    words: Words
    instead: int | None = None


def words_now(step: Step, facts: Facts) -> Told:
    """The first alternative that holds, else the step's own words."""
    for number, other in enumerate(step.otherwise):
        if other.when.holds(facts) is True:
            return Told(other.words, number)
    return Told(step.words)


def places_of(step: Step) -> Iterator[tuple[str, str]]:
    """Every place that a step names, and where: the key and the id."""
    for pose in step.path:
        if pose.of:
            yield "camera", pose.of
    for key, ids in (("storeys", step.storeys), ("highlights", step.highlights)):
        for id_ in ids:
            yield key, id_
    for callout in step.callouts:
        yield "callouts", callout.of


def figure_places_of(step: Step) -> Iterator[tuple[str, str]]:
    """Every place of a figure of a step, and where: the key and the id."""
    for key, words in (("text", step.words), *((f"otherwise[{n}]", o.words) for n, o in enumerate(step.otherwise))):
        texts = (*words.text.values(), *words.caption.values(), *words.notes.values())
        asked = [found for text in texts for found in figures_in(text)]
        if words.number is not None:
            asked.append(words.number)
        for place in dict.fromkeys(each.place for each in asked if each.place):
            yield key, place
    for callout in step.callouts:
        if callout.number is not None and callout.number.place:
            yield "callouts", callout.number.place


def lost(steps: Sequence[Step], known: Container[str]) -> dict[str, str]:
    """The steps that name a place which the campus does not have -> that place."""
    found: dict[str, str] = {}
    for step in steps:
        for _, place in (*places_of(step), *figure_places_of(step)):
            if place not in known:
                found.setdefault(step.id, place)
    return found


def untold(steps: Sequence[Step], facts: Facts) -> frozenset[str]:
    """The steps whose condition does not hold, or is not known to hold."""
    return frozenset(step.id for step in steps if step.when is not None and step.when.holds(facts) is not True)


def chapter_of(tour: Tour, step_id: str) -> str:
    """The chapter of a step; KeyError if the tour has no such step."""
    for chapter in tour.chapters:
        if any(step.id == step_id for step in chapter.steps):
            return chapter.id
    raise KeyError(step_id)
