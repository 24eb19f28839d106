"""What each main meter's power adds up to in a day, without computing every room at every node.

A room's course of a day is one of some classes of use times one of some moods (``Occupancy.drawn``). So the sums over
the day are tables of classes and moods, made by a few small matrix products, and each room takes its own from them.
They are the same sums, term by term, as ``PowerModel._room_power`` makes at each node.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datasources.simulator_address import parent_rows
from datasources.simulator_calendar import kind_of
from datasources.simulator_loads import LOSS, PERIODS, PUMPS_W_PER_K, SERVER_SWING_W, SERVICES_W
from datasources.simulator_moods import moods
from datasources.simulator_occupancy import FILLS, SHAPES, SHIFT_STEPS, full_table_of
from datasources.simulator_people import PLACES, STEP_S
from datasources.simulator_power import NODE_S, NODES, Air, PowerModel, awake
from datasources.simulator_timetable import period_of
from datasources.simulator_weather import DAY_S, UTC_OFFSET_S

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

LOCAL: F64 = np.arange(NODES, dtype=np.float64) * NODE_S
"""The nodes of a day [s since midnight]."""
AIR_DAYS = 32
"""Days whose air is made at once: a day by itself takes nearly as long."""


class DaySums:
    """Sums over the nodes of a day of the power of each main meter of ``power`` [kW]."""

    def __init__(self, power: PowerModel) -> None:
        self._power = power
        self._storey = parent_rows(power.to_storey)
        self._main = parent_rows(power.to_main)
        self._within = np.arange(len(PERIODS))[:, None] == period_of(LOCAL)
        self._idles, self._idle = np.unique(np.append(power.rooms.idle, np.float32(0)), return_inverse=True)
        self._idle = self._idle[:-1]
        self._air: tuple[int, Air | None] = (-1, None)

    def of(self, day: int) -> F64:
        """(mains,) of local day number ``day``."""
        p = self._power
        air = self._air_of(day)
        rooms = self._rooms(day, air) * p.rooms.area.astype(np.float64) / 1e3
        shared = p.shared_density(day, LOCAL).astype(np.float64).sum(axis=1)[p.asleep.astype(np.int64)]
        storeys = _totals(rooms, self._storey, len(p.shared)) + shared * p.shared / 1e3
        own = (SERVICES_W * NODES + PUMPS_W_PER_K * float(air.warm.sum(dtype=np.float64))) * p.gross / 1e3
        total: F64 = (_totals(storeys, self._main, len(p.gross)) + own) * (1 + LOSS)
        return total

    def _air_of(self, day: int) -> Air:
        """The air at the nodes of a day."""
        number, at = divmod(day, AIR_DAYS)
        known, air = self._air
        if air is None or known != number:
            days = number * AIR_DAYS + np.arange(AIR_DAYS, dtype=np.float64)
            air = Air.at((days[:, None] * DAY_S - UTC_OFFSET_S + LOCAL).reshape(-1), self._power.seed)
            self._air = number, air
        nodes = slice(at * NODES, (at + 1) * NODES)
        return Air(air.warm[nodes], air.cold[nodes], air.dark[nodes])

    def _rooms(self, day: int, air: Air) -> F64:
        """(rooms,) sum over the nodes [W/m2]."""
        r, drawn = self._power.rooms, self._power.occupancy.drawn(day)
        mood, dark = moods(self._power.seed, day), np.float32(0.5) + np.float32(0.5) * air.dark
        climate = np.stack((air.warm, air.cold), axis=1)
        full = full_table_of(kind_of(day))[:, (LOCAL / STEP_S).astype(np.int64)]
        active = full.copy()
        active[np.arange(len(full)) // len(SHIFT_STEPS) == PLACES.index("dormitory")] *= awake(LOCAL)
        moody = mood.sum(axis=1, dtype=np.float64)[drawn.shape]
        place, fill = np.divmod(drawn.cls, len(FILLS))
        of_place = active.sum(axis=1, dtype=np.float64)
        # place by place: a larger product would wait for all cores, which costs most where they are busy
        of_mood = (active.reshape(len(PLACES), -1, NODES) @ mood.T).reshape(-1, SHAPES).astype(np.float64)
        plug = (0.55 * of_place[place] + 0.9 * of_mood[place, drawn.shape]) * FILLS[fill]
        used, active = _filled(full), _filled(active)
        light = (np.minimum(np.float32(1.25) * active, 1) @ dark).astype(np.float64)[drawn.cls]
        by_idle = np.stack([np.maximum(used, idle) @ climate for idle in self._idles])
        warm, cold = by_idle[self._idle, drawn.cls].astype(np.float64).T
        self._lessons(day, mood, dark, climate, (plug, light, warm, cold))
        total: F64 = r.base * (0.8 * NODES + 0.4 * moody) + r.plug * plug + r.light * light
        total += r.cool * warm + r.heat * cold + np.where(r.server, SERVER_SWING_W, 0.0) * moody
        return total

    def _lessons(self, day: int, mood: F32, dark: F32, climate: F32, into: tuple[F64, F64, F64, F64]) -> None:
        """Classrooms have the periods of their lessons instead of their class."""
        at = self._power.occupancy.classrooms
        if not at.size:
            return
        plug, light, warm, cold = into
        seats, within = self._power.occupancy.courses.attended(day), self._within.astype(np.float32)
        of_mood = (mood @ within.T)[self._power.occupancy.drawn(day).shape[at]].astype(np.float64)
        plug[at] = (seats * (0.55 * within.sum(axis=1) + 0.9 * of_mood)).sum(axis=1)
        light[at] = np.minimum(np.float32(1.25) * seats, 1) @ (within @ dark)
        idle = self._power.rooms.idle[at, None]
        for k, row in enumerate((warm, cold)):
            weight = climate[:, k]
            row[at] = idle[:, 0] * weight.sum() + np.maximum(seats - idle, 0) @ (within @ weight)


def _filled(full: F32) -> F32:
    """One row a class: each row of ``full`` at each of FILLS."""
    return (full[:, None, :] * FILLS[None, :, None]).reshape(-1, full.shape[1])


def _totals(values: F64, parent: I64, count: int) -> F64:
    """Sums by parent; what has none (-1) is left out."""
    inside = parent >= 0
    return np.bincount(parent[inside], values[inside], count).astype(np.float64)
