"""Registers: a cumulative meter that dipped, went round, sent garbage or was replaced: told for a day."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from twin.meter import Register, RegisterEvent
from twin.point import Point
from twin.quality.finding import Hit
from twin.quality.view import F64, Bools, CheckOf, Index, View
from twin.quantity import QUANTITIES

TOLD_S = 86_400.0
MOST_EVENTS = 1_000
CUMULATIVE = frozenset({"energy", "volume"})


class Registers:
    """The cumulative meters among ``points`` and what befell them; written on the event loop."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.rows = {
            row: Register()
            for row, point in enumerate(points)
            if point.kind == "counter" and point.quantity in CUMULATIVE and not QUANTITIES[point.quantity].counted
        }
        self.is_register: Bools = np.zeros(len(points), np.bool_)
        self.is_register[list(self.rows)] = True
        self.events: deque[tuple[int, RegisterEvent]] = deque(maxlen=MOST_EVENTS)

    def take(self, point: Index, value: F64, time: F64) -> None:
        """Usable readings in the order in which they came."""
        at = np.flatnonzero(self.is_register[point]) if self.rows else ()
        for n in at:
            row = int(point[n])
            event = self.rows[row].read(float(time[n]), float(value[n])).event
            if event is not None:
                self.events.append((row, event))


def look(view: View) -> list[Hit]:
    """Events of the last day, the newest of each register."""
    newest = {row: event for row, event in list(view.registers.events) if view.now - event.time <= TOLD_S}
    return [
        Hit((row,), e.time, {"before": e.before, "after": e.after, "offset": e.offset}, e.kind)
        for row, e in sorted(newest.items())
    ]


def ready(view: View) -> Bools:
    """Every register that has spoken."""
    spoken: Bools = view.registers.is_register & np.isfinite(view.live.time)
    return spoken


CHECK = CheckOf(look, ready)
