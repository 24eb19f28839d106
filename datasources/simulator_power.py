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
from scipy.sparse import csr_array

from datasources import simulator_weather as weather
from datasources.simulator_calendar import kind_of
from datasources.simulator_loads import (
    AWAKE,
    COOL_FROM_C,
    HEAT_FROM_C,
    LOADS,
    LOSS,
    PERIODS,
    PUMPS_W_PER_K,
    SERVER_SWING_W,
    SERVICES_W,
    SHARED_DAY_W,
    SHARED_NIGHT_W,
    TIMETABLED,
)
from datasources.simulator_noise import U64, key, keys, uniform
from datasources.simulator_people import PLACES, STEP_S, STEPS, occupancy
from twin.point import Point

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

UNITS = {"kW": 1.0, "W": 1e3, "MW": 1e-3}
SLOW_S = 1_800  # how often a room's own mood changes
FAST_S = 15  # how often its flicker does
_LEVELS = ("room", "storey", "building")


class AddressError(ValueError):
    """A point whose address the simulator does not understand; the message names the point and the form it wants."""


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


def _parent(entity: str) -> str:
    return entity.rsplit("/", 1)[0]


@dataclass(frozen=True, slots=True)
class _Rooms:
    """One row a room; loads [W/m2]."""

    area: F32
    key: U64
    building: I32
    place: I32
    classroom: npt.NDArray[np.bool_]
    dormitory: npt.NDArray[np.bool_]
    server: npt.NDArray[np.bool_]
    base: F32
    plug: F32
    light: F32
    cool: F32
    heat: F32
    idle: F32
    absent: F32

    @classmethod
    def of(cls, addresses: Sequence[Address], buildings: dict[str, int]) -> _Rooms:
        loads = [LOADS[a.what] for a in addresses]

        def column(name: str) -> F32:
            return np.array([getattr(load, name) for load in loads], dtype=np.float32)

        uses = np.array([a.what for a in addresses] or [""])[: len(addresses)]
        return cls(
            area=np.array([a.area for a in addresses], np.float32),
            key=keys([a.entity for a in addresses]),
            building=np.array([buildings[a.entity.split("/")[0]] for a in addresses], np.int32),
            place=np.array([PLACES.index(load.place) for load in loads], np.int32),
            classroom=uses == "classroom", dormitory=np.isin(uses, ("dormitory", "laundry", "common")),
            server=uses == "server", base=column("base"), plug=column("plug"), light=column("light"),
            cool=column("cool"), heat=column("heat"), idle=column("idle"), absent=column("absent"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Air:
    """Weather at the times of a block, one column a time."""

    warm: F32
    cold: F32
    dark: F32


class PowerModel:
    """All points of one simulated campus."""

    def __init__(self, points: Sequence[Point], seed: int) -> None:
        addresses = [Address.of(p) for p in points]
        self.seed = seed
        self.factor: F32 = np.array([UNITS[p.unit] for p in points], np.float32)
        rows: dict[str, list[int]] = {lv: [k for k, a in enumerate(addresses) if a.level == lv] for lv in _LEVELS}
        self._rows = {level: np.array(at, np.int64) for level, at in rows.items()}
        self.buildings = sorted({a.entity.split("/")[0] for a in addresses})
        number = {b: k for k, b in enumerate(self.buildings)}
        rooms, storeys, mains = ([addresses[k] for k in rows[level]] for level in _LEVELS)
        self._rooms = _Rooms.of(rooms, number)
        self._shared: F32 = np.array([a.area for a in storeys], np.float32)
        self._asleep = np.array([a.what == "dormitory" for a in storeys], bool)
        self._gross: F32 = np.array([a.area for a in mains], np.float32)
        self._to_storey = _sums([_parent(a.entity) for a in rooms], [a.entity for a in storeys])
        self._to_main = _sums([_parent(a.entity) for a in storeys], [a.entity for a in mains])

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

    def _stream(self, signal: str, day: int) -> U64:
        """Each room's stream of ``signal`` on ``day``: its building's, at the room's own place."""
        of_building = np.array([key(self.seed, b, signal, day) for b in self.buildings], np.uint64)
        own: U64 = of_building[self._rooms.building] ^ self._rooms.key
        return own

    def _once(self, signal: str, day: int) -> F32:
        """A number from 0 to 1 for each room and day."""
        return uniform(self._stream(signal, day), np.ones(1, np.uint64))

    def _slow(self, day: int, local: F64) -> F32:
        """Noise that drifts: straight lines between numbers every half hour; midnight belongs to the next day."""
        per_day = weather.DAY_S // SLOW_S
        slot = np.floor(local / SLOW_S).astype(np.int64)
        share = (local / SLOW_S - slot).astype(np.float32)
        wanted = np.unique(np.concatenate((slot, slot + 1)))
        today, tomorrow = self._stream("slow", day), self._stream("slow", day + 1)
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
        return uniform(self._stream("fast", day)[:, None], slot[None, :])

    def _occupied(self, day: int, local: F64) -> F32:
        """How much each room is in use, 0 to about 1: the people of its place, come early or late, or not at all."""
        r = self._rooms
        table = occupancy(kind_of(day))
        shift = (self._once("shift", day) - np.float32(0.5)) * np.float32(5_400)  # +-45 min
        step = ((local[None, :].astype(np.float32) - shift[:, None]) / np.float32(STEP_S)).astype(np.int32) % STEPS
        fill = np.float32(0.55) + np.float32(0.65) * self._once("fill", day)
        fill[self._once("absent", day) < r.absent] = 0.0
        occupied: F32 = np.minimum(table[r.place[:, None], step] * fill[:, None], np.float32(1.1))
        if r.classroom.any():
            occupied[r.classroom] = self._lessons(day, local)
        return occupied

    def _lessons(self, day: int, local: F64) -> F32:
        """Classrooms follow the timetable: in use or not in each period of the day."""
        stream = self._stream("lesson", day)[self._rooms.classroom]
        hours = local / 3_600.0
        lessons = np.zeros((len(stream), len(local)), np.float32)
        for k, ((begin, end), chance) in enumerate(zip(PERIODS, TIMETABLED[kind_of(day)], strict=True)):
            used = uniform(stream, np.full(1, 2 * k + 1, np.uint64)) < chance
            seats = np.float32(0.6) + np.float32(0.4) * uniform(stream, np.full(1, 2 * k + 2, np.uint64))
            columns = (hours >= begin - 0.1) & (hours < end + 0.1)
            lessons[:, columns] = (used * seats)[:, None]
        return lessons

    def _room_power(self, day: int, local: F64, air: _Air) -> F32:
        r = self._rooms
        occupied, slow = self._occupied(day, local), self._slow(day, local)
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


def _sums(parents: Sequence[str], totals: Sequence[str]) -> csr_array:
    """The matrix that adds up rows into the totals they belong to; a row whose total is no point is left out."""
    number = {name: k for k, name in enumerate(totals)}
    pairs = [(number[p], k) for k, p in enumerate(parents) if p in number]
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    ones = np.ones(len(pairs), np.float32)
    return csr_array((ones, (rows, columns)), shape=(len(totals), len(parents)), dtype=np.float32)
