"""Which steps of a tour are told in 5, 10 or 20 minutes."""

from __future__ import annotations

from collections.abc import Sequence

from twin.tours.tour import Step


def chosen(steps: Sequence[Step], seconds: float) -> tuple[Step, ...]:
    """The steps that fit in ``seconds`` [s], in their order.

    Taken by priority, then by place, up to the first that does not fit: a less important step never stands in for a
    more important one, and a longer variant holds all of a shorter one.
    """
    taken: set[int] = set()
    left = seconds
    for place in sorted(range(len(steps)), key=lambda n: (steps[n].priority, n)):
        left -= steps[place].dwell_s
        if left < 0:
            break
        taken.add(place)
    return tuple(step for n, step in enumerate(steps) if n in taken)


def needed_s(steps: Sequence[Step]) -> float:
    """How long the steps take that every variant must have [s]."""
    return sum(step.dwell_s for step in steps if step.priority == 1)
