"""All that is simulated of a campus: each address family goes to its model, all share one evaluation of the people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from datasources.simulator_address import Room, own_unit, refusal
from datasources.simulator_clients import ClientsModel
from datasources.simulator_co2 import Co2Model
from datasources.simulator_crowd import Crowd
from datasources.simulator_energy import EnergyModel
from datasources.simulator_motion import MotionModel
from datasources.simulator_power import Address, PowerModel
from datasources.simulator_temperature import TemperatureModel
from datasources.simulator_traffic import TrafficModel
from twin.point import Point

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

GROUP_OF = {
    "power": "power", "energy": "energy", "people": "people", "clients": "clients", "traffic": "traffic",
    "utilisation": "traffic", "link": "traffic", "co2": "co2", "temperature": "temperature", "pir": "pir",
}  # fmt: skip
"""The model that makes each family of addresses (their first word)."""
MAINS = "mains"


class CampusModel:
    """All points of one simulated campus: ``at(times)`` is a pure function of seed and time.

    ``folder`` keeps what takes long to work out again; the values are the same without one.
    """

    def __init__(self, points: Sequence[Point], seed: int, folder: Path | None = None) -> None:
        rows: dict[str, list[int]] = {group: [] for group in GROUP_OF.values()}
        for k, point in enumerate(points):
            group = GROUP_OF.get(point.address.split("/", 1)[0])
            if group is None:
                raise refusal(point, f"an address that begins with {', '.join(GROUP_OF)}")
            rows[group].append(k)
        self._rows = {group: np.array(at, np.int64) for group, at in rows.items()}
        of = {group: [points[k] for k in at] for group, at in rows.items()}
        self._count = len(points)
        self._known: tuple[npt.NDArray[np.int64], frozenset[str]] | None = None
        self._power = PowerModel(of["power"], seed)
        self._energy = EnergyModel(of["energy"], self._power, folder)
        for point in of["people"]:
            own_unit(point, "people")
        counted = [Room.of(p, "people") for p in of["people"]]
        aired, warmed = [Room.of(p, "co2") for p in of["co2"]], [Room.of(p, "temperature") for p in of["temperature"]]
        watched = [Room.of(p, "pir") for p in of["pir"]]
        climate = Crowd(_distinct([*aired, *warmed]), seed)
        self._crowd = Crowd(_distinct([*_metered(of["power"]), *counted, *climate.rooms, *watched]), seed)
        self._counted = np.array([self._crowd.number[room.space] for room in counted], np.int64)
        self._motion = MotionModel(of["pir"], self._crowd, [self._crowd.number[r.space] for r in watched], seed)
        self._clients = ClientsModel(of["clients"], self._crowd, seed)
        self._traffic = TrafficModel(of["traffic"], self._clients.served, seed)
        self._co2 = Co2Model(of["co2"], climate, [climate.number[r.space] for r in aired], seed)
        self._warmth = TemperatureModel(of["temperature"], climate, [climate.number[r.space] for r in warmed], seed)

    def at(self, times: npt.ArrayLike, only: npt.NDArray[np.int64] | None = None) -> F64:
        """Every point (rows, in the points' order and units) at ``times`` [s since epoch, UTC] (columns).

        With ``only`` families of which no row is among these stay 0, and so do meters of rooms and storeys where none
        but main meters is wanted.
        """
        when = np.asarray(times, dtype=np.float64).reshape(-1)
        result = np.zeros((self._count, len(when)))  # a register has more digits than 32 bits hold
        if not len(when):
            return result
        wanted = self._wanted(only)
        if MAINS in wanted:
            result[self._rows["power"][self._power.main_rows]] = self._power.mains_at(when)
        clients = self._clients.at(when) if wanted & {"clients", "traffic"} else np.zeros((0, 0), np.float32)
        makers: dict[str, Callable[[], F32 | F64]] = {
            "power": lambda: self._power.at(when),
            "energy": lambda: self._energy.at(when),
            "people": lambda: np.round(self._crowd.people.at(when)[self._counted]),
            "pir": lambda: self._motion.at(when),
            "clients": lambda: clients,
            "traffic": lambda: self._traffic.at(when, clients),
            "co2": lambda: self._co2.at(when),
            "temperature": lambda: self._warmth.at(when),
        }
        for group, rows in self._rows.items():
            if len(rows) and group in wanted:
                first, last = int(rows[0]), int(rows[-1]) + 1
                whole = last - first == len(rows)  # a run of rows is copied faster than single ones
                result[slice(first, last) if whole else rows] = makers[group]()
        return result

    def _wanted(self, only: npt.NDArray[np.int64] | None) -> frozenset[str]:
        """The families that are to be made; ``MAINS`` where of power only main meters are wanted."""
        if only is None:
            return frozenset(self._rows)
        if self._known is None or self._known[0] is not only:
            found = {group for group, rows in self._rows.items() if np.isin(rows, only).any()}
            mains = self._rows["power"][self._power.main_rows]
            if "power" in found and np.isin(np.intersect1d(self._rows["power"], only), mains).all():
                found = found - {"power"} | {MAINS}
            self._known = only, frozenset(found)
        return self._known[1]


def _metered(points: Sequence[Point]) -> list[Room]:
    """The rooms among power points."""
    addresses = [Address.of(p) for p in points if p.address.startswith("power/room/")]
    return [Room(a.what, a.area, a.entity) for a in addresses]


def _distinct(rooms: Sequence[Room]) -> list[Room]:
    return list({room.space: room for room in rooms}.values())
