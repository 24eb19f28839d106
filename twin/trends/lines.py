"""The lines of a chart: every subject in the window that is shown and, where asked, in the one to compare with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from twin.history.columns import I64
from twin.history.steps import SeriesError, Step, edges, is_short
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.trends.course import Course, of_point
from twin.trends.normalise import Around, Divided, Normalise, divided
from twin.trends.periods import Compare, Other, other_window, step_for
from twin.trends.refusal import RefusedError
from twin.trends.registers import of_registers
from twin.trends.rolled import of_places
from twin.trends.subject import Subject
from twin.trends.sums import Difference, Total, difference_of, total_of

MOST_PLACES = 10_000
"""Places of all lines together."""


Coarser = Literal["", "many", "gone"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A chart: from ``start`` to before ``end`` at ``now`` [ms]; without ``step`` one that suits."""

    subjects: Sequence[Subject]
    start: int
    end: int
    now: int
    step: Step | None = None
    compare: Compare = ""
    normalise: Normalise = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A subject in the window shown (``period`` 0) or the other (1). ``raw`` is the course as it was kept, ``course``
    the same normalised [``unit``]; ``by`` what the window comes to by that [``by_unit``], None without."""

    subject: Subject
    period: int
    raw: Course
    course: Course
    unit: str
    total: Total
    by: float | None = None
    by_unit: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """``lines`` by period and subject; ``places`` (b + 1,) are the borders of the window, ``others`` [ms] those of the
    other one where they are drawn; ``coarser``: why steps are longer than the window would like: there are too ``many``
    readings, or they are ``gone`` (their time is over, and only hours are kept)."""

    lines: list[Line]
    step: Step
    places: I64
    other: Other | None
    others: I64
    differences: dict[str, Difference | None]
    coarser: Coarser = ""


def chart(store: SqlStore, live: LiveState, asked: Asked, around: Callable[[Subject], Around]) -> Chart:
    """The chart; SeriesError (of which RefusedError) where that cannot be asked so. Takes long: call it from a
    thread."""
    step = asked.step or ("day" if asked.normalise in ("heating", "cooling") else step_for(asked.start, asked.end))
    if not is_short(step):
        return _chart(store, live, asked, step, around)
    try:
        found = _chart(store, live, asked, step, around)
    except SeriesError as error:
        if asked.step is not None or isinstance(error, RefusedError) or "are made from readings" not in str(error):
            raise
        return replace(_chart(store, live, asked, "hour", around), coarser="many")
    if not _readings_gone(store, asked):
        return found
    hours = _chart(store, live, asked, "hour", around)
    if _known(hours) <= _known(found) * MORE:
        return found
    if asked.step is not None:
        raise RefusedError("gone", "readings of that time are not kept any longer: ask for step=hour or step=day")
    return replace(hours, coarser="gone")


MORE = 1.2
"""So much more must hours know than readings do before they stand in."""


def _readings_gone(store: SqlStore, asked: Asked) -> bool:
    """Whether the window begins before the oldest reading that is kept."""
    span = store.span()
    return span is None or asked.start < span[0]


def _known(found: Chart) -> float:
    """How much is known of all lines [h]."""
    return sum(line.total.coverage * line.total.hours for line in found.lines if line.period == 0)


def _chart(store: SqlStore, live: LiveState, asked: Asked, step: Step, around: Callable[[Subject], Around]) -> Chart:
    places = edges(store.calendar, step, asked.start, asked.end)
    number = max(0, len(places) - 1) * len(asked.subjects) * (2 if asked.compare else 1)
    if number > MOST_PLACES:
        raise SeriesError(
            f"{number} places are too many for one chart, at most {MOST_PLACES}: ask for longer steps, fewer lines or "
            "a shorter window"
        )
    lines = [_line(store, live, asked, each, 0, step, places, around) for each in asked.subjects]
    other, others = None, np.zeros(0, np.int64)
    differences: dict[str, Difference | None] = {}
    if asked.compare:
        other = other_window(asked.compare, asked.start, asked.end, store.calendar)
        borders = edges(store.calendar, step, other.start, other.end)
        others = other.shifted(borders)
        before = [_line(store, live, asked, each, 1, step, borders, around) for each in asked.subjects]
        for this, that in zip(lines, before, strict=True):
            differences[this.subject.what] = difference_of(
                this.raw, places[:-1], that.raw, others[:-1], asked.now, energy=this.subject.summed
            )
        lines = [*lines, *before]
    return Chart(lines, step, places, other, others, differences)


def _line(
    store: SqlStore, live: LiveState, asked: Asked, subject: Subject, period: int, step: Step, borders: I64,
    around: Callable[[Subject], Around],
) -> Line:  # fmt: skip
    raw = course_of(store, live, subject, step, borders, asked.now)
    total = total_of(raw, asked.now, energy=subject.summed)
    if not asked.normalise:
        return Line(subject, period, raw, raw, subject.unit, total)
    found: Divided = divided(asked.normalise, subject, raw, around(subject), store, live, step, asked.now)
    return Line(subject, period, raw, found.course, found.unit, total, found.total, found.total_unit)


def course_of(store: SqlStore, live: LiveState, subject: Subject, step: Step, borders: I64, now: int) -> Course:
    """The course of a subject, whichever kind it is."""
    if subject.registers:
        return of_registers(store, subject.registers, step, borders, now)
    if subject.point:
        return of_point(store, subject.point, step, borders, now)
    (found,) = of_places(store, live, subject.quantity, [subject.entity], step, borders, now)
    return found
