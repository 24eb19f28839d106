"""What the checks look at: facts of the points as columns, and everything that was learned, at one moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from twin.live import LiveState
from twin.point import DERIVED, Point
from twin.quality.finding import Hit
from twin.quality.hours import Week
from twin.quality.profile import Expected, Profiles
from twin.quality.recent import Recent
from twin.quantity import QUANTITIES

if TYPE_CHECKING:
    from twin.quality.register import Registers

F64 = npt.NDArray[np.float64]
F32 = npt.NDArray[np.float32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Index = npt.NDArray[np.intp]

NO_CURVE = frozenset({"state", "link_state", "uptime"})
"""Quantities that stand still, or run, for good reasons: no check of their curve."""
HOLD_INTERVALS, HOLD_S = 3.0, 900.0
"""An episode of wrong readings outlives its last one by so many stale times, at least so long [s]."""


@dataclass(frozen=True, slots=True)
class Meta:
    """Facts of the points. ``curve`` marks those whose values form a curve (no states, no registers);
    ``low`` and ``high`` are the ends of the scale [canonical unit], ``hold`` [s] the life of an episode.
    """

    points: tuple[Point, ...]
    curve: Bools
    stale_s: F64
    interval_s: F64
    low: F64
    high: F64
    hold: F64
    quantity: Index

    @classmethod
    def of(cls, points: Sequence[Point]) -> Meta:
        """The facts of ``points``."""
        keys = list(QUANTITIES)
        stale = np.array([point.stale_s for point in points], np.float64)
        ends = [_ends(point) for point in points]
        return cls(
            tuple(points),
            np.array([_has_curve(point) for point in points], np.bool_),
            stale,
            np.array([point.interval_s for point in points], np.float64),
            np.array([low for low, _ in ends], np.float64),
            np.array([high for _, high in ends], np.float64),
            np.maximum(HOLD_INTERVALS * stale, HOLD_S),
            np.array([keys.index(point.quantity) for point in points], np.intp),
        )


def _has_curve(point: Point) -> bool:
    if point.quantity in NO_CURVE or point.kind == "state" or point.source == DERIVED:
        return False
    return point.kind == "gauge" or QUANTITIES[point.quantity].counted


def _ends(point: Point) -> tuple[float, float]:
    quantity = QUANTITIES[point.quantity]
    low = quantity.low if point.low is None else quantity.to_canonical(point.low, point.unit)
    high = quantity.high if point.high is None else quantity.to_canonical(point.high, point.unit)
    return low, high


@dataclass(frozen=True, slots=True)
class Rescaled:
    """A change of unit ``since`` [s since epoch, UTC]: values came ``factor`` times as large as ``usual`` (NaN: another
    scale of temperature), seen over ``hours``.
    """

    factor: float
    since: float
    usual: float
    came: float
    hours: float


@dataclass(slots=True)
class View:
    """One moment, ``now`` [s since epoch, UTC]. ``expected`` is of the running hour; ``past`` are the centres that
    were expected in the last hours (a column an hour, the newest last; NaN = nothing known).

    ``calm`` is the logarithm of the chance that a point stands still as long as it does; ``usual_n`` readings an hour,
    ``last_n`` those of the last one; ``units`` are the changes of unit that go on, by row; ``new_hour`` is set for the
    first look after an hour is over. ``meters`` are (main, sub-meters) by row, ``registers`` the
    cumulative meters.
    """

    now: float
    meta: Meta
    live: LiveState
    recent: Recent
    week: Week
    profiles: Profiles
    expected: Expected
    past: F32
    calm: F64
    usual_n: F64
    last_n: F64
    units: dict[int, Rescaled]
    new_hour: bool
    meters: Sequence[tuple[int, tuple[int, ...]]]
    registers: Registers


@dataclass(frozen=True, slots=True)
class CheckOf:
    """A check: ``look`` finds, ``ready`` says which points it can judge by now; ``needs`` is what it waits for."""

    look: Callable[[View], list[Hit]]
    ready: Callable[[View], Bools]
    needs: str = ""
    hourly: bool = False


def spoken(view: View) -> Bools:
    """Points that have spoken: enough for the checks of single readings."""
    return view.recent.count > 0


def each(rows: npt.ArrayLike) -> list[int]:
    """Row numbers of a mask or index as plain integers."""
    rows = np.asarray(rows)
    found: list[int] = (np.flatnonzero(rows) if rows.dtype == np.bool_ else rows).tolist()
    return found
