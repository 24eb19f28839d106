"""Which floor is which: rooms grouped by the height of their floors, and the ordinals of storeys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

SPLIT_M: Final = 1.5
"""Floors that lie further apart than this are two storeys [m]; less is a step or a raised floor."""


def by_elevation(elevations: Sequence[float], split_m: float = SPLIT_M) -> list[list[int]]:
    """Indices grouped into levels, lowest first: a gap of ``split_m`` [m] between neighbours starts a new level."""
    order = sorted(range(len(elevations)), key=lambda index: elevations[index])
    groups: list[list[int]] = []
    for index in order:
        if groups and elevations[index] - elevations[groups[-1][0]] <= split_m:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


def ordinals(elevations: Sequence[float], ground: float) -> list[int]:
    """The ordinals of storeys given lowest first: 0 is the one nearest to ``ground`` [m], below it -1, -2 ..."""
    if not elevations:
        return []
    nearest = min(range(len(elevations)), key=lambda index: abs(elevations[index] - ground))
    return [index - nearest for index in range(len(elevations))]
