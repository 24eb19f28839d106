"""The simulated campus's electricity: rooms from weather, calendar and people; panels and main meters as their sums.

``PowerModel(points, seed).at(times)`` is a pure function: no clock, no memory, any window in any order.
A point's address says what it measures: ``power/room/<use>/<area m2>/<space id>``,
``power/storey/<kind of building>/<shared area m2>/<storey id>``, ``power/building/<kind>/<gross m2>/<building id>``.
A panel adds up the rooms of its storey that are among the points, a main meter its storeys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from datasources import simulator_weather as weather
from datasources.simulator_address import AddressError, parent, sums
from datasources.simulator_calendar import kind_of
from datasources.simulator_loads import (
    AWAKE,
    COOL_FROM_C,
    HEAT_FROM_C,
    LOADS,
    LOSS,
    PUMPS_W_PER_K,
    SERVER_SWING_W,
    SERVICES_W,
    SHARED_DAY_W,
    SHARED_NIGHT_W,
)
from datasources.simulator_noise import uniform
from datasources.simulator_occupancy import Occupancy
from datasources.simulator_people import PLACES, STEP_S, STEPS, occupancy
from twin.point import Point

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

UNITS = {"kW": 1.0, "W": 1e3, "MW": 1e-3}
SLOW_S = 1_800  # how often a room's own mood changes
FAST_S = 15  # how often its flicker does
_LEVELS = ("room", "storey", "building")


@dataclass(frozen=True, slots=True)
class Address:
    """What an address says: ``level`` room, storey or building, ``what`` use or kind, ``area`` [m2], the entity."""

    level: str
    what: str
    area: float
    entity: str

    @classmethod
    def of(cls, point: Point) -> Address:
        """Read ``point.address``."""
        parts = point.address.split("/", 4)
        try:
            quantity, level, what, area, entity = parts
            known = quantity == "power" and level in _LEVELS and (level != "room" or what in LOADS)
            if not known or not entity or point.unit not in UNITS:
                raise ValueError
            return cls(level, what, float(area), entity)
        except ValueError:
            raise AddressError(
                f"point {point.id}: the simulator cannot make '{point.address}' in '{point.unit}'. It wants "
                f"power/room/<use>/<m2>/<space>, power/storey/<kind>/<m2>/<storey> or power/building/<kind>/<m2>/<id>, "
                f"in {', '.join(UNITS)}; uses are {', '.join(LOADS)}"
            ) from None


@dataclass(frozen=True, slots=True)
class _Rooms:
    """One row a room; loads [W/m2]."""

    area: F32
    dormitory: npt.NDArray[np.bool_]
    server: npt.NDArray[np.bool_]
    base: F32
    plug: F32
    light: F32
    cool: F32
    heat: F32
    idle: F32

    @classmethod
    def of(cls, addresses: Sequence[Address]) -> _Rooms:
        loads = [LOADS[a.what] for a in addresses]

        def column(name: str) -> F32:
            return np.array([getattr(load, name) for load in loads], dtype=np.float32)

        uses = np.array([a.what for a in addresses] or [""])[: len(addresses)]
        return cls(
            area=np.array([a.area for a in addresses], np.float32),
            dormitory=np.isin(uses, ("dormitory", "laundry", "common")),
            server=uses == "server", base=column("base"), plug=column("plug"), light=column("light"),
            cool=column("cool"), heat=column("heat"), idle=column("idle"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Air:
    """Weather at the times of a block, one column a time."""

    warm: F32
    cold: F32
    dark: F32


class PowerModel:
    """All power points of one simulated campus."""

    def __init__(self, points: Sequence[Point], seed: int) -> None:
        addresses = [Address.of(p) for p in points]
        self.seed = seed
        self.factor: F32 = np.array([UNITS[p.unit] for p in points], np.float32)
        rows: dict[str, list[int]] = {lv: [k for k, a in enumerate(addresses) if a.level == lv] for lv in _LEVELS}
        self._rows = {level: np.array(at, np.int64) for level, at in rows.items()}
        rooms, storeys, mains = ([addresses[k] for k in rows[level]] for level in _LEVELS)
        self._rooms = _Rooms.of(rooms)
        self._occupancy = Occupancy([a.what for a in rooms], [a.entity for a in rooms], seed)
        self._streams = self._occupancy.streams
        self._shared: F32 = np.array([a.area for a in storeys], np.float32)
        self._asleep = np.array([a.what == "dormitory" for a in storeys], bool)
        self._gross: F32 = np.array([a.area for a in mains], np.float32)
        self._to_storey = sums([parent(a.entity) for a in rooms], [a.entity for a in storeys])
        self._to_main = sums([parent(a.entity) for a in storeys], [a.entity for a in mains])

    def at(self, times: npt.ArrayLike) -> F32:
        """Power of every point (rows, in the points' order and units) at ``times`` [s since epoch, UTC] (columns)."""
        when = np.asarray(times, dtype=np.float64).reshape(-1)
        days = np.floor((when + weather.UTC_OFFSET_S) / weather.DAY_S).astype(np.int64)
        result = np.zeros((len(self.factor), len(when)), np.float32)
        for day in np.unique(days).tolist():
            columns = np.flatnonzero(days == day)
            result[:, columns] = self._block(day, when[columns])
        return result * self.factor[:, None]

    def _block(self, day: int, when: F64) -> F32:
        """Times within one local day; [kW]."""
        felt = weather.felt_by_buildings(when, self.seed).astype(np.float32)
        air = _Air(
            np.maximum(felt - np.float32(COOL_FROM_C), 0), np.maximum(np.float32(HEAT_FROM_C) - felt, 0),
            weather.darkness(when).astype(np.float32),
        )  # fmt: skip
        local = when + weather.UTC_OFFSET_S - day * weather.DAY_S
        rooms = self._room_power(day, local, air)
        storeys = self._to_storey @ rooms + self._shared_power(day, local)
        own = self._gross[:, None] * (np.float32(SERVICES_W) + np.float32(PUMPS_W_PER_K) * air.warm) / np.float32(1e3)
        mains = (self._to_main @ storeys + own) * np.float32(1 + LOSS)
        block = np.zeros((len(self.factor), len(when)), np.float32)
        for level, values in zip(_LEVELS, (rooms, storeys, mains), strict=True):
            block[self._rows[level]] = values
        return block

    def _slow(self, day: int, local: F64) -> F32:
        """Noise that drifts: straight lines between numbers every half hour; midnight belongs to the next day."""
        per_day = weather.DAY_S // SLOW_S
        slot = np.floor(local / SLOW_S).astype(np.int64)
        share = (local / SLOW_S - slot).astype(np.float32)
        wanted = np.unique(np.concatenate((slot, slot + 1)))
        today, tomorrow = self._streams.of("slow", day), self._streams.of("slow", day + 1)
        knots = np.stack(
            [
                uniform(today if s < per_day else tomorrow, np.full(1, s % per_day + 1, np.uint64))
                for s in wanted.tolist()
            ],
            axis=1,
        )
        left, right = np.searchsorted(wanted, slot), np.searchsorted(wanted, slot + 1)
        noise: F32 = knots[:, left] * (1 - share) + knots[:, right] * share
        return noise

    def _flicker(self, day: int, local: F64) -> F32:
        slot = np.floor(local / FAST_S).astype(np.uint64) + np.uint64(1)
        return uniform(self._streams.of("fast", day)[:, None], slot[None, :])

    def _room_power(self, day: int, local: F64, air: _Air) -> F32:
        r = self._rooms
        occupied, slow = self._occupancy.on(day, local), self._slow(day, local)
        active = occupied.copy()
        if r.dormitory.any():
            awake = np.interp(local / 3_600.0, np.arange(25), [*AWAKE, AWAKE[0]]).astype(np.float32)
            active[r.dormitory] *= awake
        density = r.base[:, None] * (np.float32(0.8) + np.float32(0.4) * slow)
        density += r.plug[:, None] * active * (np.float32(0.55) + np.float32(0.9) * slow)
        density += (
            r.light[:, None] * np.minimum(active * np.float32(1.25), 1) * (np.float32(0.5) + np.float32(0.5) * air.dark)
        )
        climate = r.cool[:, None] * air.warm + r.heat[:, None] * air.cold
        density += climate * np.maximum(occupied, r.idle[:, None])
        if r.server.any():
            density[r.server] += np.float32(SERVER_SWING_W) * slow[r.server]
        density *= np.float32(0.97) + np.float32(0.06) * self._flicker(day, local)
        power: F32 = density * (r.area[:, None] / np.float32(1e3))
        return power

    def _shared_power(self, day: int, local: F64) -> F32:
        """Corridors, stairs, lifts, fans of each storey [kW], with the people of the day."""
        table = occupancy(kind_of(day))
        step = (local / STEP_S).astype(np.int64) % STEPS
        working, living = table[PLACES.index("laboratory"), step], table[PLACES.index("dormitory"), step]
        level = np.where(self._asleep[:, None], np.float32(0.6) * living, working)
        density = np.float32(SHARED_NIGHT_W) + np.float32(SHARED_DAY_W - SHARED_NIGHT_W) * np.minimum(level, 1)
        shared: F32 = (density * self._shared[:, None] / np.float32(1e3)).astype(np.float32)
        return shared
