"""Time of week and temperature (TOWT): what a meter uses in each slot of the week, and how that goes with temperature.

E(t) = a[slot of week(t)] + sum over j of b[j] T_j(t) + m[mode(t), slot of day(t)], where the temperature T is cut at
knots into components T_j, each of which grows only inside its own segment (Mathieu, Price, Kiliccote and Piette 2011,
doi 10.1109/TSG.2011.2145010). Slots of the week in which a plain temperature regression is exceeded in more than 65 %
of the cases are *occupied*; they and the others are fitted apart. ``mode`` is a column of names from the calendar
(term, exams, vacation, holiday ...): additive, or with a profile over the day of its own ("interact").
Without temperature the same model is TOW: a, and m.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from twin.forecast.clock import LocalTime, local_time
from twin.forecast.goodness import Goodness, goodness
from twin.forecast.segments import components_of, knots_of, occupied_slots
from twin.forecast.unfit import UnfitError

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ModeUse = Literal["add", "interact"]


@dataclass(frozen=True, slots=True)
class Part:
    """The coefficients of one part of the week: level of each slot of the week (NaN: never seen), slopes of the
    temperature components [unit/K], additions of the modes (modes, slots of the day or 1).
    """

    level: F64
    slopes: F64
    additions: F64


@dataclass(frozen=True, slots=True)
class Towt:
    """A fitted model. ``knots`` [deg C] is empty without temperature; ``modes`` are the names seen, the most usual one
    first (its additions are 0, and a name that was never seen counts as it); ``coefficients`` counts what was
    determined but for one intercept a part, ``goodness.parameters`` counts all.
    """

    interval_s: float
    zone: str
    knots: tuple[float, ...]
    occupied: Bools
    modes: tuple[str, ...]
    use: ModeUse
    parts: tuple[Part, ...]
    coefficients: int
    goodness: Goodness

    def predict(self, times: F64, temperature: F64 | None = None, modes: Sequence[str] | None = None) -> F64:
        """Expected values (n,) at ``times`` (n,) [s since the epoch, UTC] and ``temperature`` (n,) [deg C].

        NaN where the temperature is, or where that slot of the week was never seen in training.
        """
        when = local_time(times, ZoneInfo(self.zone), self.interval_s)
        if self.knots and temperature is None:
            raise UnfitError(
                "shape", "This model was trained with outdoor temperature: give the temperature of the times asked for."
            )
        components = components_of(temperature, self.knots) if self.knots and temperature is not None else None
        mode = _mode_numbers(modes, self.modes, len(times))
        place = when.slot if self.use == "interact" else np.zeros(len(times), np.int64)
        value = np.zeros(len(times))
        for number, part in enumerate(self.parts):
            mine = _of_part(self.occupied, number, len(self.parts), when)
            add = part.additions[mode[mine], place[mine]] if len(self.modes) > 1 else 0.0
            value[mine] = part.level[when.of_week[mine]] + add
            if components is not None:
                value[mine] += components[mine] @ part.slopes
        return value

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers (None for NaN), to be kept as JSON."""
        return {
            "interval_s": self.interval_s, "zone": self.zone, "knots": list(self.knots),
            "occupied": self.occupied.tolist(), "modes": list(self.modes), "use": self.use,
            "parts": [{"level": _plain(p.level), "slopes": p.slopes.tolist(), "additions": p.additions.tolist()}
                      for p in self.parts],
            "coefficients": self.coefficients, "goodness": self.goodness.to_dict(),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Towt:
        """What ``to_dict`` made."""
        parts = tuple(
            Part(
                np.array([np.nan if v is None else v for v in p["level"]], np.float64),
                np.array(p["slopes"], np.float64),
                np.array(p["additions"], np.float64).reshape(len(kept["modes"]), -1),
            )
            for p in kept["parts"]
        )
        return cls(
            kept["interval_s"], kept["zone"], tuple(kept["knots"]), np.array(kept["occupied"], np.bool_),
            tuple(kept["modes"]), kept["use"], parts, kept["coefficients"], Goodness.from_dict(kept["goodness"]),
        )  # fmt: skip


def _plain(values: F64) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]


def fit_towt(
    times: F64, values: F64, *, interval_s: float, zone: ZoneInfo, temperature: F64 | None = None,
    modes: Sequence[str] | None = None, knots: Sequence[float] | None = None, use: ModeUse = "interact",
) -> Towt:  # fmt: skip
    """Fit ``values`` (n,) [any unit] at ``times`` (n,) [s since the epoch, UTC], ``interval_s`` [s] 3600 or 86400 (or
    any that divides a day); ``temperature`` (n,) [deg C] and ``modes`` (n,) if given; ``knots`` [deg C], None: by rank.

    Observations with a NaN are left out. UnfitError without observations.
    """
    known = np.isfinite(values) if temperature is None else np.isfinite(values) & np.isfinite(temperature)
    if not known.any():
        raise UnfitError("too-little", "A TOWT model needs observations: all of them are missing. Give some.")
    when, y = local_time(times[known], zone, interval_s), values[known]
    labels = None if modes is None else [str(mode) for mode, there in zip(modes, known, strict=True) if there]
    names = ("",) if labels is None else _usual_first(labels)
    extra = _additions(_mode_numbers(labels, names, len(y)), len(names), when, use)
    occupied, cuts = np.zeros(7 * when.slots, np.bool_), tuple[float, ...]()
    if temperature is not None:
        occupied = occupied_slots(temperature[known], y, when)
        cuts = knots_of(temperature[known]) if knots is None else tuple(float(knot) for knot in knots)
        extra = np.column_stack((components_of(temperature[known], cuts), extra))
    slopes = 0 if temperature is None else len(cuts) + 1
    parts, determined = [], 0
    for number in range(1 if temperature is None else 2):
        mine = _of_part(occupied, number, 1 if temperature is None else 2, when)
        level, solved, rank = _absorb(y[mine], when.of_week[mine], 7 * when.slots, extra[mine])
        parts.append(Part(level, solved[:slopes], _as_additions(solved[slopes:], len(names))))
        determined += rank
    intercepts = sum(bool(np.isfinite(part.level).any()) for part in parts)
    model = Towt(
        float(interval_s), str(zone), cuts, occupied, names, use, tuple(parts), determined - intercepts,
        Goodness(0, 0, np.nan, np.nan, np.nan, np.nan),
    )  # fmt: skip
    fitted = model.predict(times[known], None if temperature is None else temperature[known], labels)
    return replace(model, goodness=goodness(y, fitted, determined))


def _of_part(occupied: Bools, number: int, parts: int, when: LocalTime) -> Bools:
    """Which instants belong to part ``number``: the first is the occupied one where there are two."""
    if parts == 1:
        return np.ones(len(when.slot), np.bool_)
    mine: Bools = occupied[when.of_week] == (number == 0)
    return mine


def _usual_first(labels: Sequence[str]) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for label in labels:
        counts[label] = counts.get(label, 0) + 1
    return tuple(sorted(counts, key=lambda label: (-counts[label], label)))


def _mode_numbers(labels: Sequence[str] | None, names: tuple[str, ...], n: int) -> I64:
    if labels is None:
        return np.zeros(n, np.int64)
    number = {name: k for k, name in enumerate(names)}
    return np.array([number.get(str(label), 0) for label in labels], np.int64)


def _additions(mode: I64, names: int, when: LocalTime, use: ModeUse) -> F64:
    """Indicator columns (n, (names - 1) x places) of the modes but the first, by slot of the day if they interact."""
    places = when.slots if use == "interact" else 1
    column = (mode - 1) * places + (when.slot if use == "interact" else 0)
    wide = np.zeros((len(mode), (names - 1) * places))
    there = np.flatnonzero(mode > 0)
    wide[there, column[there]] = 1.0
    return wide


def _as_additions(solved: F64, names: int) -> F64:
    if names == 1:
        return np.zeros((1, 1))
    table = solved.reshape(names - 1, -1)
    return np.vstack((np.zeros((1, table.shape[1])), table))


def _absorb(y: F64, slot: I64, slots: int, extra: F64) -> tuple[F64, F64, int]:
    """Least squares of ``y`` on indicators of ``slot`` and on ``extra``: levels (slots,), coefficients, and the rank.

    The indicators are absorbed by taking slot means away (Frisch and Waugh 1933, doi 10.2307/1907330), so that 168 of
    them cost nothing; what the data do not determine is the shortest solution.
    """
    n = np.bincount(slot, minlength=slots).astype(np.float64)
    seen = n > 0

    def mean(column: F64) -> F64:
        total = np.bincount(slot, weights=column, minlength=slots)
        average: F64 = np.divide(total, n, out=np.full(slots, np.nan), where=seen)
        return average

    level = mean(y)
    if extra.shape[1] == 0 or not seen.any():
        return level, np.zeros(extra.shape[1]), int(seen.sum())
    means = np.column_stack([mean(column) for column in extra.T])
    solved, _, rank, _ = np.linalg.lstsq(extra - means[slot], y - level[slot], rcond=1e-9)
    return level - means @ solved, np.asarray(solved, np.float64), int(seen.sum()) + int(rank)
