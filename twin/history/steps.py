"""Buckets of time: as long as asked, where the campus's clock and calendar have them begin."""

from __future__ import annotations

from typing import Literal

import numpy as np

from twin.history.calendar import DAY_MS, HOUR_MS, Calendar
from twin.history.columns import I64
from twin.history.contract import HistoryError

Step = int | Literal["hour", "day"]
"""Milliseconds, or an hour of the campus's clock, or a local day of 23, 24 or 25 hours."""

MOST_BUCKETS = 100_000
LONGEST_STEP_MS = 366 * DAY_MS


class SeriesError(HistoryError):
    """Something that cannot be asked so; the message says how to ask."""


def read_step(text: str) -> Step:
    """A step from ``hour``, ``day`` or a number of seconds; SeriesError where it is none of them."""
    if text in ("hour", "day"):
        return "hour" if text == "hour" else "day"
    if not text.isascii() or not text.isdigit() or not 1 <= (seconds := int(text[:12])) <= LONGEST_STEP_MS // 1000:
        raise SeriesError(f"step='{text[:40]}' is no step: use whole seconds as in 900, or hour, or day")
    if 1000 * seconds > HOUR_MS and 1000 * seconds % HOUR_MS:
        raise SeriesError(f"step={seconds} is no step: from an hour on use whole hours (3600, 7200 ...), or day")
    return "hour" if 1000 * seconds == HOUR_MS else 1000 * seconds


def is_short(step: Step) -> bool:
    """Whether a step is below an hour: made from rows, longer ones from the roll-ups."""
    return isinstance(step, int) and step < HOUR_MS


def length_ms(step: Step) -> int:
    """How long a step is [ms]; a day has its 24 hours."""
    return step if isinstance(step, int) else HOUR_MS if step == "hour" else DAY_MS


def edges(calendar: Calendar, step: Step, start: int, end: int) -> I64:
    """The borders (b + 1,) [ms] of the buckets that have any of the time from ``start`` to before ``end`` [ms].

    Steps in milliseconds are counted from the local midnight before ``start``.
    """
    if end <= start:
        return np.zeros(0, np.int64)
    if (end - start) / length_ms(step) > MOST_BUCKETS:
        raise SeriesError(f"the window has more than {MOST_BUCKETS} steps: ask for longer steps, or a shorter window")
    if step == "day":
        found = [calendar.day_of(start)]
        while found[-1] < end:
            found.append(calendar.day_after(found[-1]))
        return np.array(found, np.int64)
    width = length_ms(step)
    origin = calendar.hour_of(start) if step == "hour" else calendar.day_of(start)
    first = start - (start - origin) % width
    return spaced(first, first - (first - end) // width * width + 1, width)


def spaced(start: int, end: int, width: int) -> I64:
    """Times from ``start`` to before ``end``, ``width`` apart [ms]."""
    return start + width * np.arange(max(0, -((start - end) // width)), dtype=np.int64)
