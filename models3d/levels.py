"""Rooms grouped into levels by the height of their floors."""

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
