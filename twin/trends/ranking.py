"""Who uses most and least: buildings or rooms by energy, by energy a square metre, by how much of them is known, by how
far they are from what was expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from twin.history.columns import F64

By = Literal["energy", "intensity", "coverage", "deviation"]
BYS: tuple[By, ...] = get_args(By)
UNITS: dict[By, str] = {"energy": "kWh", "intensity": "kWh/m²", "coverage": "1", "deviation": "%"}
LEAST_SHARE = 0.5
"""What is known for less of the time than this is not ranked by what it used: it would stand too low."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place: ``kwh`` (None: nothing known), ``area`` [m²], ``coverage`` (0..1), and the energy ``expected`` [kWh]
    of the hours in which it used ``compared`` [kWh]; None without a model."""

    id: str
    kwh: float | None
    area: float | None
    coverage: float
    expected: float | None = None
    compared: float | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """``rows`` with their values, best first, of ``of`` that could be ranked; ``left_out`` could not."""

    rows: list[tuple[Candidate, float]]
    of: int
    left_out: int


def rank(candidates: Sequence[Candidate], by: By, n: int, *, lowest: bool = False) -> Ranked:
    """The ``n`` with the highest value, or the lowest; of equals the first by id."""
    valued = [(each, value) for each in candidates if (value := _value(each, by)) is not None]
    valued.sort(key=lambda row: (row[1] if lowest else -row[1], row[0].id))
    return Ranked(valued[:n], len(valued), len(candidates) - len(valued))


def _value(row: Candidate, by: By) -> float | None:
    if by == "coverage":
        return row.coverage
    if by == "deviation":
        if row.expected is None or row.compared is None or row.expected <= 0:
            return None
        return 100.0 * (row.compared - row.expected) / row.expected
    if row.kwh is None or row.coverage < LEAST_SHARE:
        return None
    if by == "energy":
        return row.kwh
    return row.kwh / row.area if row.area else None


def compared_with(values: F64, expected: F64) -> tuple[float, float] | None:
    """The energy [kWh] that was used and expected in the hours of which both are known; None where there are none.
    ``values``, ``expected`` (h,) [kW] of the same hours."""
    both = np.isfinite(values) & np.isfinite(expected)
    if not both.any():
        return None
    return float(values[both].sum()), float(expected[both].sum())
