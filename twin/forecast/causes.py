"""What may be behind an anomaly, ranked, each with the figures that speak for it.

Rules of thumb in the order of an energy manager's first questions, not a diagnosis: a score [0 to 1] says how well the
shape of the excess fits, and several may fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from twin.quality.finding import Check, Finding

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

CauseName = Literal["meter-fault", "base-load", "off-hours", "schedule-shift", "temperature", "closure"]

METER_CHECKS: frozenset[Check] = frozenset(
    {"flat", "spike", "sentinel", "unit", "zero", "twins", "clock", "gap", "submeter", "register"}
)
NIGHT = range(0, 6)
"""Local hours in which hardly anybody is there."""
MOST_SHIFT_H = 3
BUSY = 0.3
"""Share of the way from the lowest to the highest expected value above which an hour counts as busy."""
LEAST_SCORE = 0.3


@dataclass(frozen=True, slots=True)
class Cause:
    """A candidate: its ``score`` [0 to 1], the ``reason`` in a sentence, and the ``figures`` behind it."""

    name: CauseName
    score: float
    reason: str
    figures: dict[str, float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """The hours of an anomaly (n,): local ``hour`` 0 to 23, ``excess`` and ``expected`` [kW], ``off`` days (weekend or
    holiday), ``beyond`` where the temperature lies outside of the model's knots; the ``size`` [kW], and when.
    """

    hour: I64
    excess: F64
    expected: F64
    off: Bools
    beyond: Bools
    size: float
    begins: float
    ends: float

    @property
    def busy(self) -> Bools:
        """Hours in which the building is usually busy."""
        low, high = float(np.min(self.expected)), float(np.max(self.expected))
        busy: Bools = (self.expected > low + BUSY * (high - low)) & ~self.off
        return busy


def rank(shape: Shape, findings: Sequence[Finding] = ()) -> tuple[Cause, ...]:
    """The causes that fit at all, the likeliest first; none where nothing is known of the hours."""
    if not len(shape.hour):
        return ()
    found = [_meter_fault(shape, findings), *(rule(shape) for rule in RULES)]
    return tuple(sorted((c for c in found if c is not None and c.score >= LEAST_SCORE), key=lambda c: -c.score))


def _meter_fault(shape: Shape, findings: Sequence[Finding]) -> Cause | None:
    for finding in findings:
        overlaps = finding.since < shape.ends and (finding.until is None or finding.until > shape.begins)
        if finding.check in METER_CHECKS and overlaps:
            reason = f"The checks of the data report '{finding.check}' on this meter at the same time."
            return Cause("meter-fault", 0.95, reason, {"check": finding.check, "finding": finding.id})
    return None


def _base_load(shape: Shape) -> Cause | None:
    night = np.isin(shape.hour, list(NIGHT))
    if not night.any() or night.all():
        return None
    at_night, by_day = float(shape.excess[night].mean()), float(shape.excess[~night].mean())
    apart = abs(at_night - by_day) / (abs(at_night) + abs(by_day) + 1e-12)
    reason = f"The excess is alike at night ({at_night:+.1f} kW) and by day ({by_day:+.1f} kW): something runs through."
    return Cause("base-load", 0.9 * (1.0 - apart), reason, {"night_kw": at_night, "day_kw": by_day})


def _off_hours(shape: Shape) -> Cause | None:
    quiet = ~shape.busy
    total = float(np.abs(shape.excess).sum())
    if shape.size <= 0 or not quiet.any() or total == 0:
        return None
    share = float(np.maximum(shape.excess[quiet], 0.0).sum()) / total
    busy = shape.excess[shape.busy]
    in_busy = float(busy.mean()) if len(busy) else 0.0
    if in_busy > 0.5 * float(shape.excess[quiet].mean()):
        return None
    where = "at the weekend or on a holiday" if shape.off.mean() > 0.5 else "at night"
    reason = f"{100 * share:.0f} % of the excess falls into hours in which the building is usually quiet, {where}."
    return Cause("off-hours", share, reason, {"share": share, "busy_kw": in_busy})


def _schedule_shift(shape: Shape) -> Cause | None:
    squares = float(shape.excess @ shape.excess)
    best = (0.0, 0)
    for hours in range(-MOST_SHIFT_H, MOST_SHIFT_H + 1):
        if hours == 0 or squares == 0 or len(shape.hour) <= 2 * MOST_SHIFT_H:
            continue
        inner = slice(MOST_SHIFT_H, -MOST_SHIFT_H)
        moved = np.roll(shape.expected, hours)[inner] - shape.expected[inner]
        off = shape.excess[inner] - moved
        explained = 1.0 - float(off @ off) / max(float(shape.excess[inner] @ shape.excess[inner]), 1e-12)
        best = max(best, (explained, hours))
    if best[1] == 0:
        return None
    way = "later" if best[1] > 0 else "earlier"
    reason = f"The usual day, moved {abs(best[1])} h {way}, explains {100 * best[0]:.0f} % of what is off."
    return Cause("schedule-shift", best[0], reason, {"hours": float(best[1]), "explained": best[0]})


def _temperature(shape: Shape) -> Cause | None:
    share = float(shape.beyond.mean())
    reason = f"In {100 * share:.0f} % of the hours it was warmer or colder than the model knows well."
    return Cause("temperature", 0.8 * share, reason, {"share": share})


def _closure(shape: Shape) -> Cause | None:
    if shape.size >= 0:
        return None
    total = float(np.minimum(shape.excess, 0.0).sum())
    share = float(np.minimum(shape.excess[shape.busy], 0.0).sum()) / total if total else 0.0
    reason = f"{100 * share:.0f} % of what is missing is missing in hours that are usually busy: closed, or an outage."
    return Cause("closure", 0.9 * share, reason, {"share": share})


RULES: tuple[Callable[[Shape], Cause | None], ...] = (_base_load, _off_hours, _schedule_shift, _temperature, _closure)
