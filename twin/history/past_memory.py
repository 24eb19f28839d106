"""What the figures of a past moment remember of the day before it, from the hours of the historian."""

from __future__ import annotations

from collections.abc import Collection, MutableMapping, Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from twin.history.calendar import HOUR_MS
from twin.history.columns import numbers, table
from twin.history.contract import READINGS
from twin.history.moment import Moments
from twin.kpi_memory import Memory, PastHour
from twin.live import LiveState
from twin.reading import Quality

HOURS = 25
"""A day of 25 hours."""
KNOWN_MS = HOUR_MS // 2
"""An hour of which less is known [ms] is a gap."""


def hours_before(
    moments: Moments, at: float, quantities: Collection[str], memory: Memory, kept: MutableMapping[int, PastHour]
) -> list[PastHour]:
    """What ``memory`` remembers of the hours that are over at ``at`` [s since epoch], at most 25, the oldest first: of
    each the mean of every point of ``quantities``; registers (energy) with their last count.

    ``kept`` has the hours [ms since epoch] that were asked for before, and gets the others.
    """
    store = moments.store
    last = store.calendar.hour_of(round(at * 1000))
    wanted = store.rolled_hours
    wanted = wanted[(wanted >= last - HOURS * HOUR_MS) & (wanted < last)]
    # others ask at the same time, and what is kept may be forgotten meanwhile
    told = {hour: kept.get(hour) for hour in wanted.tolist()}
    missing = [hour for hour, known in told.items() if known is None]
    if missing:
        known = store.known_points()
        points = [known[p.id] for p in moments.live.points if p.quantity in (*quantities, "energy") and p.id in known]
        registers = {known[p.id] for p in moments.live.points if p.quantity == "energy" and p.id in known}
        found = store.rollups("hour", np.array(sorted(points), np.int32), missing[0], missing[-1] + 1)
        start = numbers(found, "start")
        for hour in missing:
            means = _means(found.filter(pa.array(start == hour)), registers)
            state = moments.live.as_of(hour / 1000 + 3600.0, moments.columns(means))
            told[hour] = kept[hour] = memory.hour_of(state)
    return [hour for hour in told.values() if hour is not None]


def _means(hours: pa.Table, registers: Collection[int]) -> pa.Table:
    """The roll-ups of one hour as readings at its end."""
    point, held = numbers(hours, "point"), numbers(hours, "held")
    counted = np.isin(point, np.fromiter(registers, np.int64, len(registers)))
    value = np.where(counted, numbers(hours, "last_value"), numbers(hours, "mean"))
    end = numbers(hours, "start") + HOUR_MS
    columns = {
        "point": point, "time": end, "value": np.where(held >= KNOWN_MS, value, np.nan),
        "delay": np.zeros(len(point), np.int32),
        "quality": np.where(held >= KNOWN_MS, numbers(hours, "quality"), np.uint8(Quality.BAD)),
        "flags": numbers(hours, "flags"), "reason": np.zeros(len(point), np.int32),
    }  # fmt: skip
    return table(READINGS, columns)


def remembered(
    moments: Moments, live: LiveState, quantities: Sequence[str], zone: ZoneInfo, kept: MutableMapping[int, PastHour]
) -> Memory:
    """The memory of the figures as it would have been at the moment of ``live``; ``kept`` as for ``hours_before``."""
    memory = Memory(live.tree, quantities, zone)
    memory.recall(live, hours_before(moments, live.clock(), quantities, memory, kept))
    return memory
