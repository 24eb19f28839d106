"""Where people are: one population, each person in one place at a time; occupancy of rooms follows from it.

Shares of the population by place and hour are assumptions in the shape of the usual schedules (SIA 2024); they add
up to at most one, what is left is off the campus. Summing room densities instead gives more people than there are.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from datasources.simulator_calendar import DayKind
from datasources.simulator_loads import LOADS

F32 = npt.NDArray[np.float32]

POPULATION = 30_000
PLACES = ("dormitory", "laboratory", "office", "teaching", "library", "canteen", "sports", "public")
STEP_S = 300  # of the tables below, interpolated from hours
STEPS = 86_400 // STEP_S

# Shares [%] of the population at each full hour of a working day in term, 0 to 23 h.
_WORKDAY: dict[str, tuple[float, ...]] = {
    "laboratory": (2, 1, 1, 1, 1, 1, 1, 4, 16, 22, 23, 20, 9, 11, 21, 23, 22, 17, 10, 15, 15, 11, 6, 3),
    "office": (0, 0, 0, 0, 0, 0, 0, 2, 8, 10, 10, 9, 4, 5, 10, 10, 10, 7, 3, 3, 2, 1, 0, 0),
    "teaching": (0, 0, 0, 0, 0, 0, 0, 4, 28, 30, 30, 25, 2, 3, 23, 25, 22, 8, 3, 13, 13, 5, 1, 0),
    "library": (0, 0, 0, 0, 0, 0, 0, 1, 3, 5, 6, 5, 3, 4, 6, 7, 7, 4, 5, 9, 9, 7, 2, 0),
    "canteen": (0, 0, 0, 0, 0, 0, 2, 14, 4, 1, 1, 9, 24, 5, 1, 1, 1, 14, 17, 4, 1, 1, 0, 0),
    "sports": (0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 3, 6, 4, 4, 3, 1, 0, 0),
    "public": (0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 2, 2, 1, 1, 2, 2, 2, 2, 2, 2, 1, 1, 0, 0),
    "dormitory": (80, 82, 83, 83, 83, 83, 82, 58, 22, 16, 15, 18, 42, 50, 23, 18, 19, 29, 42, 37, 42, 58, 73, 79),
}
# How many of the workday's people come to each place on other days.
_FACTORS: dict[DayKind, dict[str, float]] = {
    "term": {},
    "weekend": {"laboratory": 0.5, "office": 0.12, "teaching": 0.12, "canteen": 0.8, "sports": 1.6, "library": 1.0},
    "exams": {"teaching": 0.45, "library": 1.5, "sports": 0.6},
    "holiday": {"laboratory": 0.3, "office": 0.05, "teaching": 0.03, "canteen": 0.5, "library": 0.4, "public": 0.6},
    "vacation": {"laboratory": 0.5, "office": 0.4, "teaching": 0.03, "canteen": 0.3, "library": 0.25, "sports": 0.4,
                 "public": 0.5},
    "spring-festival": {"laboratory": 0.07, "office": 0.03, "teaching": 0.0, "canteen": 0.05, "library": 0.0,
                        "sports": 0.05, "public": 0.2},
}  # fmt: skip
# Share of the population that is there at all, and so sleeps in the dormitories if not at home.
_PRESENT: dict[DayKind, float] = {
    "term": 1.0, "weekend": 0.93, "exams": 1.0, "holiday": 0.62, "vacation": 0.34, "spring-festival": 0.06,
}  # fmt: skip


def _by_step(hours: tuple[float, ...]) -> F32:
    at = np.arange(STEPS) * STEP_S / 3_600.0
    return np.interp(at, np.arange(25), [*hours, hours[0]]).astype(np.float32)


@lru_cache(maxsize=8)
def shares(kind: DayKind) -> F32:
    """Share of the population in each of PLACES (rows) at each step of the day; columns add up to at most 1."""
    rows = {place: _by_step(hours) / np.float32(100) for place, hours in _WORKDAY.items()}
    freed = np.zeros(STEPS, np.float32)
    for place, factor in _FACTORS[kind].items():
        freed += rows[place] * np.float32(1 - factor)
        rows[place] = rows[place] * np.float32(factor)
    present = np.float32(_PRESENT[kind])
    others = sum((rows[p] for p in PLACES if p != "dormitory"), np.zeros(STEPS, np.float32))
    rows["dormitory"] = np.clip((rows["dormitory"] + np.float32(0.7) * freed) * present, 0, 1 - others)
    table = np.stack([rows[place] for place in PLACES])
    fair: F32 = table / np.maximum(table.sum(axis=0), np.float32(1.0))
    return fair


@lru_cache(maxsize=8)
def occupancy(kind: DayKind) -> F32:
    """How full each of PLACES is, against its fullest moment of a working day in term (1)."""
    table: F32 = shares(kind) / shares("term").max(axis=1, keepdims=True)
    return table


# Floor area that each place has on the demo campus [m2]: the population over it gives people per area.
_AREA_M2: dict[str, float] = {
    "dormitory": 320_300, "laboratory": 449_800, "office": 143_800, "teaching": 106_900, "library": 37_700,
    "canteen": 9_600, "sports": 5_900, "public": 21_600,
}  # fmt: skip
_FILL = 0.875  # of a room's seats on an average day (simulator_occupancy)
_UNPEOPLED = frozenset({"server", "comms", "electrical", "ventilation", "plant", "kitchen", "laundry"})
_CLASSROOM_PER_M2 = 0.15  # 7,350 students in 87,200 m2 of which 70 % are in use in a period, their seats to 80 %


def people_per_m2(use: str) -> float:
    """People of a room for its area [1/m2] when its place is at its fullest: the population's, not a design density."""
    if use in _UNPEOPLED:
        return 0.0
    if use == "classroom":
        return _CLASSROOM_PER_M2
    place = LOADS[use].place
    return POPULATION * max(_WORKDAY[place]) / 100 / _AREA_M2[place] / _FILL
