"""The simulated campus's electricity: rooms from weather, calendar and people; panels and main meters as their sums.

``PowerModel(points, seed).at(times)`` is a pure function: no clock, no memory, any window in any order. Loads have a
node every quarter of an hour and are straight between them; on top each room flickers, for 15 s as far up as for the
next 15 s down. So the energy of a main meter is a sum over its nodes (datasources/simulator_energy.py).
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
from datasources.simulator_mains import Mains
from datasources.simulator_moods import moods
from datasources.simulator_noise import uniform
from datasources.simulator_occupancy import Occupancy
from datasources.simulator_people import PLACES, STEP_S, STEPS, occupancy
from datasources.simulator_steps import Curves
from datasources.simulator_streams import local_days
from twin.point import Point

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

UNITS = {"kW": 1.0, "W": 1e3, "MW": 1e-3}
NODE_S = 900  # between the nodes of every load
NODES = weather.DAY_S // NODE_S
FAST_S = 15  # how often a room's flicker changes
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
class Rooms:
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
    def of(cls, addresses: Sequence[Address]) -> Rooms:
        """The rooms that addresses name."""
        loads = [LOADS[a.what] for a in addresses]

        def column(name: str) -> F32:
            return np.array([getattr(load, name) for load in loads], dtype=np.float32)

        uses = np.array([a.what for a in addresses] or [""])[: len(addresses)]
        return cls(
            area=np.array([a.area for a in addresses], np.float32),
            dormitory=np.array([load.place == "dormitory" for load in loads], np.bool_),
            server=uses == "server", base=column("base"), plug=column("plug"), light=column("light"),
            cool=column("cool"), heat=column("heat"), idle=column("idle"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Air:
    """Weather at some times: degrees [K] above and below what buildings want, darkness 0 to 1."""

    warm: F32
    cold: F32
    dark: F32

    @classmethod
    def at(cls, when: F64, seed: int) -> Air:
        """At ``when`` [s since epoch, UTC]."""
        felt = weather.felt_by_buildings(when, seed).astype(np.float32)
        return cls(
            np.maximum(felt - np.float32(COOL_FROM_C), 0), np.maximum(np.float32(HEAT_FROM_C) - felt, 0),
            weather.darkness(when).astype(np.float32),
        )  # fmt: skip


def awake(local: F64) -> F32:
    """Share of a dormitory's plugs and lamps in use at ``local`` [s since midnight]."""
    return np.interp(local / 3_600.0, np.arange(25), [*AWAKE, AWAKE[0]]).astype(np.float32)


class PowerModel:
    """All power points of one simulated campus."""

    def __init__(self, points: Sequence[Point], seed: int) -> None:
        addresses = [Address.of(p) for p in points]
        self.seed = seed
        self.addresses = [p.address for p in points]
        self.factor: F32 = np.array([UNITS[p.unit] for p in points], np.float32)
        rows: dict[str, list[int]] = {lv: [k for k, a in enumerate(addresses) if a.level == lv] for lv in _LEVELS}
        self._rows = {level: np.array(at, np.int64) for level, at in rows.items()}
        rooms, storeys, mains = ([addresses[k] for k in rows[level]] for level in _LEVELS)
        self.mains = [a.entity for a in mains]
        self.rooms = Rooms.of(rooms)
        self.occupancy = Occupancy([a.what for a in rooms], [a.entity for a in rooms], seed)
        self._streams = self.occupancy.streams
        self.shared: F32 = np.array([a.area for a in storeys], np.float32)
        self.asleep = np.array([a.what == "dormitory" for a in storeys], bool)
        self.gross: F32 = np.array([a.area for a in mains], np.float32)
        self.to_storey = sums([parent(a.entity) for a in rooms], [a.entity for a in storeys])
        self.to_main = sums([parent(a.entity) for a in storeys], self.mains)
        self.loads = Curves(self._nodes, NODE_S)
        self._whole = Mains(self)

    def at(self, times: npt.ArrayLike) -> F32:
        """Power of every point (rows, in the points' order and units) at ``times`` [s since epoch, UTC] (columns)."""
        when = np.asarray(times, dtype=np.float64).reshape(-1)
        result = np.zeros((len(self.factor), len(when)), np.float32)
        if len(when):
            rooms, shared, own = self.split(self.loads.at(when))
            rooms = rooms * self.flicker(when)
            storeys, mains = self._sums(rooms, shared, own)
            for level, values in zip(_LEVELS, (rooms, storeys, mains), strict=True):
                result[self._rows[level]] = values
        return result * self.factor[:, None]

    @property
    def main_rows(self) -> I64:
        """The rows of the main meters among the points."""
        return self._rows["building"]

    def mains_at(self, when: F64) -> F32:
        """(main_rows, times) the main meters as in ``at``, for less."""
        power: F32 = self._whole.at(when) * self.factor[self.main_rows, None]
        return power

    def mains_at_nodes(self, steps: Sequence[int]) -> F64:
        """(mains, steps) power [kW] of the main meters at nodes, without flicker; a step is NODE_S since the epoch."""
        return self._sums(*self.split(self.loads.nodes(steps)))[1].astype(np.float64)

    def split(self, loads: F32) -> tuple[F32, F32, F32]:
        """What the rooms, the storeys and the buildings themselves draw."""
        rooms, storeys = len(self.rooms.area), len(self.shared)
        return loads[:rooms], loads[rooms : rooms + storeys], loads[rooms + storeys :]

    def _sums(self, rooms: F32, shared: F32, own: F32) -> tuple[F32, F32]:
        """Panels and main meters."""
        storeys: F32 = self.to_storey @ rooms + shared
        mains: F32 = (self.to_main @ storeys + own) * np.float32(1 + LOSS)
        return storeys, mains

    def _nodes(self, steps: Sequence[int]) -> F32:
        """Loads [kW] at nodes: rows of rooms, then what storeys share, then buildings' own."""
        when = np.array(steps, np.float64) * NODE_S
        days = local_days(when)
        count = len(self.rooms.area) + len(self.shared) + len(self.gross)
        loads = np.zeros((count, len(when)), np.float32)
        for day in np.unique(days).tolist():
            at = np.flatnonzero(days == day)
            air, local = Air.at(when[at], self.seed), when[at] + weather.UTC_OFFSET_S - day * weather.DAY_S
            parts = (self._room_power(day, local, air), self._shared_power(day, local), self._own_power(air))
            loads[:, at] = np.concatenate(parts)
        return loads

    def flicker(self, when: F64, rooms: I64 | slice = slice(None)) -> F32:
        """(rooms, times) a factor about 1: in the first 15 s of each half minute as far above as below in the rest."""
        days = local_days(when)
        slot = np.floor((when + weather.UTC_OFFSET_S - days * weather.DAY_S) / FAST_S).astype(np.int64)
        sign = np.where(slot % 2, np.float32(-0.06), np.float32(0.06))
        parts = []
        for day in dict.fromkeys(days.tolist()):
            at = np.flatnonzero(days == day)
            pair = (slot[at] // 2 + 1).astype(np.uint64)
            factor = uniform(self._streams.of("fast", day)[rooms, None], pair[None, :])
            factor -= np.float32(0.5)
            factor *= sign[at]
            factor += np.float32(1.0)
            parts.append((at, factor))
        if len(parts) == 1:
            return parts[0][1]
        whole = np.ones((len(self.rooms.area[rooms]), len(when)), np.float32)
        for at, factor in parts:
            whole[:, at] = factor
        return whole

    def _room_power(self, day: int, local: F64, air: Air) -> F32:
        r = self.rooms
        occupied = self.occupancy.on(day, local)
        node = (local / NODE_S).astype(np.int64)
        slow = moods(self.seed, day)[:, node][self.occupancy.drawn(day).shape]
        active = occupied.copy()
        if r.dormitory.any():
            active[r.dormitory] *= awake(local)
        density = r.base[:, None] * (np.float32(0.8) + np.float32(0.4) * slow)
        density += r.plug[:, None] * active * (np.float32(0.55) + np.float32(0.9) * slow)
        density += (
            r.light[:, None] * np.minimum(active * np.float32(1.25), 1) * (np.float32(0.5) + np.float32(0.5) * air.dark)
        )
        climate = r.cool[:, None] * air.warm + r.heat[:, None] * air.cold
        density += climate * np.maximum(occupied, r.idle[:, None])
        if r.server.any():
            density[r.server] += np.float32(SERVER_SWING_W) * slow[r.server]
        power: F32 = density * (r.area[:, None] / np.float32(1e3))
        return power

    def shared_density(self, day: int, local: F64) -> F32:
        """(2, times) corridors, stairs, lifts, fans [W/m2] of storeys where people work, and where they sleep."""
        table = occupancy(kind_of(day))
        step = (local / STEP_S).astype(np.int64) % STEPS
        working, living = table[PLACES.index("laboratory"), step], table[PLACES.index("dormitory"), step]
        level = np.stack((working, np.float32(0.6) * living))
        density: F32 = np.float32(SHARED_NIGHT_W) + np.float32(SHARED_DAY_W - SHARED_NIGHT_W) * np.minimum(level, 1)
        return density

    def _shared_power(self, day: int, local: F64) -> F32:
        """What each storey shares [kW], with the people of the day."""
        density = self.shared_density(day, local)[self.asleep.astype(np.int64)]
        shared: F32 = density * (self.shared[:, None] / np.float32(1e3))
        return shared

    def _own_power(self, air: Air) -> F32:
        """Fire pumps, outdoor light, cooling pumps of each building [kW]."""
        own: F32 = (np.float32(SERVICES_W) + np.float32(PUMPS_W_PER_K) * air.warm) * (
            self.gross[:, None] / np.float32(1e3)
        )
        return own
