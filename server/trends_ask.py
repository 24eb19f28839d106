"""What the routes of ``/api/v1/trends`` have in common: windows, subjects, names, and refusals as problems."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar

import numpy as np
from fastapi import HTTPException, Query

from server.instants import read_instant
from server.past import Archive
from server.runtime import Runtime
from server.texts import Lang, filled
from twin.forecast.subjects import outdoor_point
from twin.history.columns import Array
from twin.history.steps import SeriesError, Step, read_step
from twin.history.store import SqlStore
from twin.index import label_of
from twin.quantity import QUANTITIES
from twin.space import Building, Campus, Equipment, Site, Space, Storey
from twin.trends.normalise import NORMALISE, Around, Normalise, area_of
from twin.trends.periods import COMPARES, Compare
from twin.trends.subject import Subject, read_subjects

Answer = TypeVar("Answer")

DAY_S = 86_400.0
LONGEST_S = 3660 * DAY_S
AHEAD_S = 366 * DAY_S
LANGUAGES: tuple[Lang, ...] = ("zh", "en")
DIGITS = 6

Text = Annotated[str, Query(max_length=60)]
Code = Annotated[str, Query(max_length=400)]
From = Annotated[str, Query(alias="from", max_length=60)]
What = Annotated[list[str] | None, Query(max_length=50)]


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` to before ``end`` at ``now`` [ms]."""

    start: int
    end: int
    now: int


def window_of(runtime: Runtime, start: str, to: str, days: float = 1.0) -> Window:
    """What was asked, without it the last ``days``; 422 where it is no window."""
    now = runtime.live.clock()
    end = read_instant(to, "to", now + AHEAD_S) if to else now
    begin = read_instant(start, "from", now + AHEAD_S) if start else end - days * DAY_S
    if not 0 < end - begin <= LONGEST_S:
        raise HTTPException(422, f"'to' must lie after 'from', at most {LONGEST_S / DAY_S:.0f} days")
    return Window(round(begin * 1000), round(end * 1000), round(now * 1000))


def step_of(text: str) -> Step | None:
    """A step; None where nobody says one."""
    try:
        return read_step(text) if text else None
    except SeriesError as error:
        raise HTTPException(422, str(error)) from error


def compare_of(text: str) -> Compare:
    """What to compare with."""
    found = next((each for each in COMPARES if each == text), None)
    if found is None:
        raise HTTPException(422, f"compare='{text[:40]}' is not known: use {', '.join(COMPARES[1:])}")
    return found


def normalise_of(text: str) -> Normalise:
    """What to normalise by."""
    found = next((each for each in NORMALISE if each == text), None)
    if found is None:
        raise HTTPException(422, f"normalise='{text[:40]}' is not known: use {', '.join(NORMALISE[1:])}")
    return found


def subjects_of(store: SqlStore, runtime: Runtime, what: Sequence[str]) -> list[Subject]:
    """The subjects that were asked for."""
    return read_subjects(what, runtime.live, store.known_facts())


async def ask(runtime: Runtime, question: Callable[[SqlStore], Answer]) -> Answer:
    """Ask the historian; SeriesError, which is answered with 422, where that is no question."""
    if not isinstance(runtime.past, Archive):
        raise HTTPException(404, "this campus keeps no history: see 'history' in campus.yaml")
    try:
        return await runtime.past.ask(question)
    except LookupError as error:
        raise HTTPException(404, str(error.args[0])) from error


def around_of(runtime: Runtime, subject: Subject) -> Around:
    """What a subject is normalised by."""
    campus = runtime.assembled.campus
    return Around(area_of([space.area_m2 for space in spaces_of(runtime, subject.entity)]),
                  outdoor_point(campus, runtime.live.points))  # fmt: skip


def spaces_of(runtime: Runtime, entity: str) -> Sequence[Space]:
    """The spaces of a place."""
    found = runtime.index.get(entity)
    if isinstance(found, Equipment):
        found = runtime.index.get(found.space)
    if isinstance(found, Space):
        return [found]
    if isinstance(found, Storey):
        return found.spaces
    if isinstance(found, Building):
        return [space for storey in found.storeys for space in storey.spaces]
    if isinstance(found, Site | Campus):
        buildings = runtime.assembled.campus.buildings
        mine = [b for b in buildings if isinstance(found, Campus) or b.site == found.id]
        return [space for b in mine for storey in b.storeys for space in storey.spaces]
    return []


def word_of(key: str, lang: Lang, *, counted: bool) -> str:
    """A quantity in words; ``counted``: as the rate of registers. '' for one that nobody knows."""
    quantity = QUANTITIES.get(key)
    if quantity is None:
        return ""
    word = quantity.zh if lang == "zh" else quantity.en
    return filled("trends.counted", lang, {"of": word}) if counted else word


def names_of(runtime: Runtime, subject: Subject) -> dict[str, str]:
    """What a subject is called: its place and quantity, and the point's own word where it is one of several."""
    found = runtime.index.get(subject.entity)
    told: dict[str, str] = {}
    for lang in LANGUAGES:
        place = label_of(found, lang) if found is not None else subject.entity
        word = word_of(subject.told, lang, counted=bool(subject.registers))
        if subject.point:
            place = place or subject.point
            tail = subject.point.removeprefix(f"{subject.entity}/")
            word = word if tail == subject.quantity else f"{word} ({tail})" if place != subject.point else word
        told[lang] = " · ".join(filter(None, [place, word]))
    return told


def column(values: Array) -> list[float | None]:
    """Numbers for JSON: at most six significant decimals, null for what is not known."""
    return [
        None if not np.isfinite(value) else float(f"{value:.{DIGITS}g}") if abs(value) < 1e6 else round(float(value), 1)
        for value in values.tolist()
    ]


def figure(value: float | None) -> float | None:
    """One number for JSON."""
    return None if value is None or not np.isfinite(value) else float(f"{value:.{DIGITS}g}")


def step_text(step: Step) -> str:
    """A step as the address writes it."""
    return step if isinstance(step, str) else str(step // 1000)
