"""Series as tables of local days by slots of the day, and which days are alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.forecast.clock import EPOCH_WEEKDAY, LocalTime

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

OFF_MODES: frozenset[str] = frozenset({"holiday", "spring-festival", "closed"})
"""Modes of the calendar in which a working day is like a Sunday."""
WORKING, SATURDAY, SUNDAY = 0, 1, 2
OTHER_WEEKDAY, OTHER_MODE = 0.12, 0.5
"""How much another working day counts beside the same one, and a day of another mode beside one of the same."""


def by_day(when: LocalTime, values: F64, first: int, days: int) -> F64:
    """``values`` (n,) as a table (days, slots) from local day ``first`` on; NaN where nothing is known.

    Where a slot comes twice (clocks go back) it holds the mean of both.
    """
    inside = np.isfinite(values) & (when.day >= first) & (when.day < first + days)
    place = (when.day[inside] - first) * when.slots + when.slot[inside]
    n = np.bincount(place, minlength=days * when.slots).astype(np.float64)
    total = np.bincount(place, weights=values[inside], minlength=days * when.slots)
    table: F64 = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0).reshape(days, when.slots)
    return table


def at_times(table: F64, first: int, when: LocalTime) -> F64:
    """The cells of a table (days, slots) for instants (n,); NaN outside of it."""
    inside = (when.day >= first) & (when.day < first + len(table))
    values = np.full(len(when.day), np.nan)
    values[inside] = table[when.day[inside] - first, when.slot[inside]]
    return values


def mode_of_days(when: LocalTime, modes: Sequence[str] | None, first: int, days: int) -> list[str]:
    """The mode that most instants of each day have; '' for days of which none is known."""
    if modes is None:
        return [""] * days
    names, number = np.unique(np.array(modes, np.str_), return_inverse=True)
    counts = np.zeros((days, len(names)), np.int64)
    inside = (when.day >= first) & (when.day < first + days)
    np.add.at(counts, (when.day[inside] - first, number[inside]), 1)
    return [str(names[row.argmax()]) if row.any() else "" for row in counts]


@dataclass(frozen=True, slots=True)
class DayKinds:
    """Of each day (d,): the ``weekday`` 0 to 6 that it is like, its ``group`` (working day, Saturday, Sunday), and the
    number of its ``mode``.
    """

    weekday: I64
    group: I64
    mode: I64

    def alike(self, day: int, since: int) -> tuple[F64, F64]:
        """How much each day from ``since`` to before ``day`` says about it: by likeness, and by its group alone.

        The same weekday counts 1, another working day 0.12, half of that in another mode; a day of another group a
        trace, so that a first Sunday has something to stand on.
        """
        past = slice(since, day)
        group = np.where(self.group[past] == self.group[day], 1.0, 1e-6)
        same = np.where(self.weekday[past] == self.weekday[day], 1.0, OTHER_WEEKDAY)
        mode = np.where(self.mode[past] == self.mode[day], 1.0, OTHER_MODE)
        return same * mode * group, group


def day_kinds(first: int, days: int, modes: Sequence[str] | None = None, off: Collection[str] = OFF_MODES) -> DayKinds:
    """Kinds of ``days`` days from local day ``first`` [days since 1970-01-01] on; ``off`` modes make a day a Sunday."""
    weekday = (np.arange(first, first + days) + EPOCH_WEEKDAY) % 7
    if modes is None:
        modes = [""] * days
    weekday = np.where([mode in off for mode in modes], 6, weekday).astype(np.int64)
    number = {name: k for k, name in enumerate(dict.fromkeys(modes))}
    group = np.where(weekday < 5, WORKING, np.where(weekday == 5, SATURDAY, SUNDAY)).astype(np.int64)
    return DayKinds(weekday, group, np.array([number[mode] for mode in modes], np.int64))
