"""Traffic of uplinks, which follows the Wi-Fi clients below them, their utilisation, and whether they are up.

``traffic/<scope>/<in|out>/<capacity Mbit/s>/<lower id>><upper id>``, ``utilisation/<scope>/<capacity>/<lower>><upper>``
(of the busier direction) and ``link/<scope>/<lower>><upper>``. Scopes: ``ap`` (an access point to its switch),
``storey`` (a switch of it to the building's: its access points, and a share of what is wired on the storey),
``building`` (its switch to the core), ``intercampus`` and ``egress`` (parts of what all buildings send and receive).
The lower id begins with the storey's or building's.
No source was found for traffic per device: the rates are assumptions that load an egress of 34 Gbit/s to about a third.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from datasources.simulator_address import own_unit, parent, refusal, sums
from datasources.simulator_clients import Served
from datasources.simulator_streams import Streams, local_days
from datasources.simulator_weather import DAY_S, UTC_OFFSET_S
from twin.point import Point

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

SCOPES = ("ap", "storey", "building", "intercampus", "egress")
DIRECTIONS = ("in", "out")
WIFI_MBIT_S = (0.48, 0.08)  # of a Wi-Fi client in the busiest hour [Mbit/s], in and out: an assumption
WIRED_MBIT_S = (0.12, 0.02)  # of the wired devices that go with a client: an assumption
IDLE_MBIT_S = (2.0, 1.0)  # of a storey's wired devices without anybody there
OVERHEAD = 0.01  # what a building's switch itself adds
# Parts of the buildings' traffic that leave: to the Internet, to each other campus; the rest is the data centre's.
PARTS = {"egress": 0.7, "intercampus": 0.06}
BURST_S, WANDER_S = 15.0, 1_800.0  # how often a storey's traffic changes, and the part that goes to another campus
# What a client does at each full hour of the day: it sleeps, it learns, it watches films in the evening.
ACTIVITY = (0.55, 0.25, 0.12, 0.08, 0.08, 0.08, 0.15, 0.4, 0.55, 0.6, 0.62, 0.65,
            0.75, 0.65, 0.6, 0.62, 0.65, 0.7, 0.75, 0.8, 0.88, 0.96, 1.0, 0.85)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Uplink:
    """What an address says: ``family`` traffic, utilisation or link; ``direction`` is empty where it is of both."""

    family: str
    scope: str
    direction: str
    capacity: float
    lower: str
    upper: str

    @classmethod
    def of(cls, point: Point) -> Uplink:
        """Read ``point.address``."""
        family, *rest = point.address.split("/")
        try:
            scope, direction, capacity, link = _fields(family, rest)
            lower, upper = link.split(">")
            uplink = cls(family, scope, direction, float(capacity), lower, upper)
            if scope not in SCOPES or not lower or not upper or not 0 < uplink.capacity < np.inf:
                raise ValueError
        except ValueError:
            wanted = (
                "traffic/<scope>/<in|out>/<capacity Mbit/s>/<lower>><upper>, utilisation/<scope>/<capacity>/<lower>>"
                f"<upper> or link/<scope>/<lower>><upper>; scopes are {', '.join(SCOPES)}"
            )
            raise refusal(point, wanted) from None
        return uplink


def _fields(family: str, rest: Sequence[str]) -> tuple[str, str, str, str]:
    """Scope, direction, capacity and link; ValueError where there are too few."""
    if family == "traffic":
        scope, direction, capacity, *link = rest
        if direction not in DIRECTIONS:
            raise ValueError
        return scope, direction, capacity, "/".join(link)
    if family == "utilisation":
        scope, capacity, *link = rest
        return scope, "", capacity, "/".join(link)
    scope, *link = rest
    return scope, "", "1", "/".join(link)


class TrafficModel:
    """One row an uplink's point; ``served`` are the access points whose clients make the traffic."""

    def __init__(self, points: Sequence[Point], served: Sequence[Served], seed: int) -> None:
        self.uplinks = [Uplink.of(p) for p in points]
        quantity = {"traffic": "traffic", "utilisation": "utilisation", "link": "link_state"}
        units = [own_unit(p, quantity[u.family]) for p, u in zip(points, self.uplinks, strict=True)]
        self._factor: F64 = np.array([factor for factor, _ in units], np.float64)[:, None]
        self._capacity: F32 = np.array([u.capacity for u in self.uplinks], np.float32)[:, None]
        self._used = _rows(self.uplinks, "utilisation")
        self._state = _rows(self.uplinks, "link")
        self._ways = [np.append(_rows(self.uplinks, "traffic", way), self._used) for way in DIRECTIONS]
        stations = [f"{a.storey}/{a.own}" for a in served]
        self._storeys = sorted({a.storey for a in served})
        buildings = sorted({name.split("/")[0] for name in self._storeys})
        self._to_storey = sums([a.storey for a in served], self._storeys)
        self._to_building = sums([name.split("/")[0] for name in self._storeys], buildings)
        self._of_station, self._of_storey = Streams(stations, seed), Streams(self._storeys, seed)
        lines = sorted({f"{u.lower}>{u.upper}" for u in self.uplinks if u.scope == "intercampus"})
        number = {line: k for k, line in enumerate(lines)}
        self._of_line = Streams(lines, seed)
        self._line = np.array([number.get(f"{u.lower}>{u.upper}", -1) for u in self.uplinks], np.int64)
        switches, of = _switches(self.uplinks), [a.storey for a in served]
        self._parts = [_parts([self.uplinks[k] for k in rows], buildings) for rows in self._ways]
        self._wired = [_wired([self.uplinks[k] for k in rows], switches, self._storeys) for rows in self._ways]
        upper = {u.lower: u.upper for u in self.uplinks if u.scope == "ap"}
        self._wireless = [
            _wireless([self.uplinks[k] for k in rows], upper, switches, stations, of) for rows in self._ways
        ]

    def at(self, when: F64, clients: F32) -> F64:
        """The points' values, in their own units, at ``when`` (columns), from ``clients`` (access points, columns)."""
        hour = (when + UTC_OFFSET_S - local_days(when) * DAY_S) / 3_600.0
        activity = np.interp(hour, np.arange(25), [*ACTIVITY, ACTIVITY[0]]).astype(np.float32)
        connected = self._to_storey @ clients
        carried = [self._carried(k, when, activity, clients, connected) for k in range(len(DIRECTIONS))]
        told = np.zeros((len(self.uplinks), len(when)), np.float32)
        for rows, values in zip(self._ways, carried, strict=True):
            told[rows] = values
        count = len(self._used)
        if count:
            busier = np.maximum(*(values[-count:] for values in carried))
            told[self._used] = busier / self._capacity[self._used] * np.float32(100)
        told[self._state] = 1
        own: F64 = told * self._factor
        return own

    def _carried(self, way: int, when: F64, activity: F32, clients: F32, connected: F32) -> F32:
        """What the uplinks ``self._ways[way]`` carry one way [Mbit/s]."""
        signal = f"traffic-{DIRECTIONS[way]}"
        wireless = clients * (activity * np.float32(WIFI_MBIT_S[way])) * _burst(self._of_station, signal, when)
        wired = connected * (activity * np.float32(WIRED_MBIT_S[way])) * _burst(self._of_storey, signal, when)
        wired += np.float32(IDLE_MBIT_S[way])
        storeys = self._to_storey @ wireless + wired
        through: F32 = self._parts[way] @ ((self._to_building @ storeys) * np.float32(1 + OVERHEAD))
        line = self._line[self._ways[way]]
        through[line >= 0] *= self._wander(when)[line[line >= 0]]
        through += self._wired[way] @ wired
        through += self._wireless[way] @ wireless
        return np.minimum(through, self._capacity[self._ways[way]], out=through)

    def _wander(self, when: F64) -> F32:
        """What goes to each other campus differs by the line, the day and the half hour."""
        days = local_days(when)
        of_day = np.ones((len(self._of_line), len(when)), np.float32)
        for day in np.unique(days).tolist():
            of_day[:, days == day] = np.float32(0.6) + np.float32(0.8) * self._of_line.once("line", day)[:, None]
        of_day *= np.float32(0.8) + np.float32(0.4) * self._of_line.each("line", when, WANDER_S)
        return of_day


def _rows(uplinks: Sequence[Uplink], family: str, direction: str = "") -> I64:
    """The rows of a family, and of a direction where it has one."""
    return np.array([k for k, u in enumerate(uplinks) if (u.family, u.direction) == (family, direction)], np.int64)


def _burst(streams: Streams, signal: str, when: F64) -> F32:
    """(entities, times) a factor from 0.75 to 1.25."""
    burst: F32 = np.float32(0.75) + np.float32(0.5) * streams.each(signal, when, BURST_S)
    return burst


def _parts(uplinks: Sequence[Uplink], buildings: Sequence[str]) -> csr_array:
    """Which part of each building's traffic (columns) each uplink (rows) carries."""
    entries: list[tuple[int, int, float]] = []
    for row, uplink in enumerate(uplinks):
        if uplink.scope == "building":
            entries += [(row, k, 1.0) for k, building in enumerate(buildings) if building == parent(uplink.lower)]
        elif uplink.scope in PARTS:
            entries += [(row, k, PARTS[uplink.scope]) for k in range(len(buildings))]
    return _matrix(entries, (len(uplinks), len(buildings)))


def _switches(uplinks: Sequence[Uplink]) -> dict[str, list[str]]:
    """The switches of each storey that have an uplink."""
    found: dict[str, dict[str, None]] = {}
    for uplink in uplinks:
        if uplink.scope == "storey":
            found.setdefault(parent(uplink.lower), {})[uplink.lower] = None
    return {storey: list(names) for storey, names in found.items()}


def _wired(uplinks: Sequence[Uplink], switches: Mapping[str, list[str]], storeys: Sequence[str]) -> csr_array:
    """Which share of each storey's wired traffic (columns) each uplink (rows) carries: its switches share it alike."""
    column = {storey: k for k, storey in enumerate(storeys)}
    entries = [
        (row, column[storey], 1 / len(switches[storey]))
        for row, uplink in enumerate(uplinks)
        if uplink.scope == "storey" and (storey := parent(uplink.lower)) in column
    ]
    return _matrix(entries, (len(uplinks), len(storeys)))


def _wireless(
    uplinks: Sequence[Uplink],
    upper: Mapping[str, str],
    switches: Mapping[str, list[str]],
    stations: Sequence[str],
    storeys: Sequence[str],
) -> csr_array:
    """Which share of each access point's traffic (columns; ``stations``, their ``storeys``) each uplink (rows) carries.

    The switch ``upper`` that an access point's own uplink names carries all of it; else the storey's share it alike.
    """
    column = {station: k for k, station in enumerate(stations)}
    shares: dict[str, list[tuple[int, float]]] = {}
    for k, (station, storey) in enumerate(zip(stations, storeys, strict=True)):
        of = [upper[station]] if station in upper else switches.get(storey, [])
        for switch in of:
            shares.setdefault(switch, []).append((k, 1 / len(of)))
    entries: list[tuple[int, int, float]] = []
    for row, uplink in enumerate(uplinks):
        if uplink.scope == "ap" and uplink.lower in column:
            entries.append((row, column[uplink.lower], 1.0))
        elif uplink.scope == "storey":
            entries += [(row, k, share) for k, share in shares.get(uplink.lower, [])]
    return _matrix(entries, (len(uplinks), len(stations)))


def _matrix(entries: Sequence[tuple[int, int, float]], shape: tuple[int, int]) -> csr_array:
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array((np.array(values, np.float32), (rows, columns)), shape=shape, dtype=np.float32)
