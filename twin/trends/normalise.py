"""Courses by what is behind them: floor area, people who are there, degree days. What a course is divided by is known
or it is refused, with the reason; nothing is assumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from twin.history.columns import F64, I64
from twin.history.steps import Step
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.trends.course import Course, of_point, over_ms
from twin.trends.refusal import RefusedError
from twin.trends.rolled import of_places
from twin.trends.subject import Subject

Normalise = Literal["", "area", "people", "heating", "cooling"]
NORMALISE: tuple[Normalise, ...] = get_args(Normalise)
BASE_C = {"heating": 18.0, "cooling": 26.0}
"""Bases of degree days [°C]: those of China's standards for the energy of buildings (JGJ 26, HDD18 and CDD26)."""
LEAST_PEOPLE = 1.0
"""Fewer people than this [1] divide nothing."""
LEAST_KELVIN = 0.5
"""A day that is milder than this [K] tells nothing of heating or cooling."""
LEAST_KNOWN = 0.75
"""Of so much of a day the temperature must be known."""
LEAST_DAYS = 0.5
"""Of so many of the days."""


@dataclass(frozen=True, slots=True)
class Divided:
    """A course by something: ``unit`` of its values, ``total`` what the window comes to [``total_unit``], None where
    nothing can be told."""

    course: Course
    unit: str
    total: float | None
    total_unit: str


@dataclass(frozen=True, slots=True)
class Around:
    """What divides: ``area`` [m²] of a place (None: not known), the ``outdoor`` thermometer ('' = none)."""

    area: float | None
    outdoor: str


def divided(
    how: Normalise, subject: Subject, course: Course, around: Around, store: SqlStore, live: LiveState, step: Step,
    now: int,
) -> Divided:  # fmt: skip
    """``course`` by ``how``; RefusedError where that cannot be."""
    if how == "area":
        return _by_area(subject, course, around, now)
    if how == "people":
        return _by_people(subject, course, store, live, step, now)
    return _by_degree_days("heating" if how == "heating" else "cooling", subject, course, around, store, step, now)


def _kwh(course: Course, now: int) -> float:
    return float((course.known * over_ms(course.borders, now)).sum() / 3_600_000.0)


def _scaled(course: Course, factor: F64 | float) -> Course:
    return replace(course, value=course.value * factor, low=course.low * factor, high=course.high * factor)


def _by_area(subject: Subject, course: Course, around: Around, now: int) -> Divided:
    if not around.area:
        raise RefusedError(
            "no-area", f"the floor area of '{subject.entity}' is not known: no geometry tells it", place=subject.entity
        )
    if subject.summed:
        energy = _kwh(course, now) / around.area
        return Divided(_scaled(course, 1000.0 / around.area), "W/m²", energy, "kWh/m²")
    unit = f"{'' if subject.unit == '1' else subject.unit}/m²"
    return Divided(_scaled(course, 1.0 / around.area), unit, None, unit)


def _by_people(
    subject: Subject, course: Course, store: SqlStore, live: LiveState, step: Step, now: int
) -> Divided:  # fmt: skip
    people = None
    if subject.entity in live.tree.index:
        (people,) = of_places(store, live, "people", [subject.entity], step, course.borders, now)
    if people is None or not np.isfinite(people.value).any():
        raise RefusedError(
            "no-people", f"nobody counts people in '{subject.entity}' in this window", place=subject.entity
        )
    there = np.where(people.value >= LEAST_PEOPLE, people.value, np.nan)
    # the window's energy by the people who were there on average, hours without anybody among them
    weight = over_ms(course.borders, now) * (np.isfinite(people.value) & np.isfinite(course.value))
    mean = float((np.nan_to_num(people.value) * weight).sum() / weight.sum()) if weight.sum() > 0 else 0.0
    if subject.summed:
        energy = float((course.known * weight).sum() / 3_600_000.0) / mean if mean > 0 else None
        return Divided(_scaled(course, 1000.0 / there), "W/person", energy, "kWh/person")
    unit = f"{'' if subject.unit == '1' else subject.unit}/person"
    return Divided(_scaled(course, 1.0 / there), unit, None, unit)


def _by_degree_days(
    how: Literal["heating", "cooling"], subject: Subject, course: Course, around: Around, store: SqlStore, step: Step,
    now: int,
) -> Divided:  # fmt: skip
    if not subject.summed:
        raise RefusedError("only-power", "only what is used [kWh] can be told by degree days: ask for power")
    if step != "day":
        raise RefusedError("only-days", "degree days are days: ask for step=day")
    kelvin = degree_days(how, around.outdoor, store, course.borders, now)
    day = np.where(kelvin >= LEAST_KELVIN, kelvin, np.nan)
    # of a day that is known in part the whole is what it comes to at its mean power
    hours = over_ms(course.borders, now) / 3_600_000.0
    both = np.isfinite(day) & np.isfinite(course.value)
    if not both.any():
        raise RefusedError(
            "mild",
            f"no day of the window is more than {LEAST_KELVIN:g} K beyond {BASE_C[how]:g} °C",
            base=f"{BASE_C[how]:g}",
        )
    total = float((course.value * hours)[both].sum() / day[both].sum())
    return Divided(_scaled(course, hours / day), "kWh/(K·d)", total, "kWh/(K·d)")


def degree_days(how: Literal["heating", "cooling"], outdoor: str, store: SqlStore, borders: I64, now: int) -> F64:
    """The degree days of local days between ``borders``: (b,) [K·d], NaN where the temperature is not known.
    RefusedError where it is not known of half of them."""
    if not outdoor:
        raise RefusedError(
            "no-outdoor", "no thermometer stands outdoors: map a temperature point to the campus, a site, or a space "
            "of the category 'outdoor'",
        )  # fmt: skip
    warm = of_point(store, outdoor, "day", borders, now)
    known = warm.coverage >= LEAST_KNOWN
    past = borders[:-1] < now
    if not past.any() or known[past].mean() < LEAST_DAYS:
        raise RefusedError(
            "unknown-outdoor", f"the outdoor temperature ('{outdoor}') is known of {int(known.sum())} of "
            f"{int(past.sum())} days only", known=str(int(known.sum())), days=str(int(past.sum())),
        )  # fmt: skip
    apart = BASE_C[how] - warm.value if how == "heating" else warm.value - BASE_C[how]
    return np.where(known, np.maximum(0.0, apart), np.nan)


def area_of(areas: Sequence[float | None]) -> float | None:
    """The floor area of spaces [m²]; None where none is known."""
    known = [area for area in areas if area]
    return float(sum(known)) if known else None
