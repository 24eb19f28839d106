"""A tour as the conductor needs it: its stops, its variants, and what is left out just now."""

from __future__ import annotations

from collections.abc import Container

from twin.tours.condition import Facts
from twin.tours.conductor import Plan, Skip, Stop
from twin.tours.telling import lost, untold
from twin.tours.tour import Tour
from twin.tours.variant import chosen


def plan_of(tour: Tour, idle_s: float = 60.0) -> Plan:
    """The plan of a tour; ``idle_s`` [s] as ``conductor.Plan`` has it."""
    stops = tuple(Stop(step.id, chapter.id, step.dwell_s) for chapter in tour.chapters for step in chapter.steps)
    lengths = {minutes: frozenset(step.id for step in chosen(tour.steps, minutes * 60)) for minutes in tour.minutes}
    return Plan(stops, lengths, idle_s)


def skips_now(tour: Tour, known: Container[str], facts: Facts) -> dict[str, Skip]:
    """What is left out -> why: steps whose place is none of ``known``, and those whose condition does not hold."""
    skips = {id_: Skip("condition") for id_ in untold(tour.steps, facts)}
    return skips | {id_: Skip("lost", place) for id_, place in lost(tour.steps, known).items()}
