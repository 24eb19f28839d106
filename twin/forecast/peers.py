"""The plain forecasts that a better one has to beat: the previous day, the previous week, four same weekdays."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]


def previous_day(table: F64) -> F64:
    """Each slot as it was the day before; tables (days, slots), NaN where nothing is known."""
    return _back(table, 1)


def previous_week(table: F64) -> F64:
    """Each slot as it was a week before."""
    return _back(table, 7)


def four_weekdays(table: F64) -> F64:
    """The median of each slot over the four last same weekdays, of those that are known."""
    stack = np.stack([_back(table, 7 * weeks) for weeks in (1, 2, 3, 4)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a slot of which none is known stays NaN
        median: F64 = np.nanmedian(stack, axis=0)
    return median


def _back(table: F64, days: int) -> F64:
    back = np.full_like(table, np.nan)
    back[days:] = table[:-days]
    return back


PEERS: Mapping[str, Callable[[F64], F64]] = MappingProxyType(
    {"previous day": previous_day, "previous week": previous_week, "median of four same weekdays": four_weekdays}
)
