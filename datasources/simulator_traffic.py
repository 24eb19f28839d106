"""Traffic of uplinks, which follows the Wi-Fi clients below them, their utilisation, and whether they are up.

``traffic/<scope>/<in|out>/<capacity Mbit/s>/<lower id>><upper id>``, ``utilisation/<scope>/<capacity>/<lower>><upper>``
(of the busier direction) and ``link/<scope>/<lower>><upper>``. Scopes: ``storey`` (a switch of it to the building's;
several share its traffic alike), ``building`` (its switch to the core), ``intercampus`` and ``egress`` (parts of what
all buildings send and receive). The lower id begins with the storey's or building's.
No source was found for traffic per device: the rates are assumptions that load an egress of 34 Gbit/s to about a third.
"""

from __future__ import annotations

from collections.abc import Sequence
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

SCOPES = ("storey", "building", "intercampus", "egress")
DIRECTIONS = ("in", "out")
CLIENT_MBIT_S = (0.6, 0.1)  # of a client in the busiest hour [Mbit/s], in and out: an assumption
IDLE_MBIT_S = (2.0, 1.0)  # of a storey without clients
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
        self._factor: F32 = np.array([factor for factor, _ in units], np.float32)[:, None]
        self._storeys = sorted({a.storey for a in served})
        buildings = sorted({name.split("/")[0] for name in self._storeys})
        self._to_storey = sums([a.storey for a in served], self._storeys)
        self._to_building = sums([name.split("/")[0] for name in self._storeys], buildings)
        self._streams = Streams(self._storeys, seed)
        self._capacity: F32 = np.array([u.capacity for u in self.uplinks], np.float32)[:, None]
        self._links = Streams([f"{u.lower}>{u.upper}" for u in self.uplinks], seed)
        self._wanders = np.array([u.scope == "intercampus" for u in self.uplinks], np.bool_)
        self._parts = _parts(self.uplinks, buildings)
        self._shares = _shares(self.uplinks, self._storeys)

    def at(self, when: F64, clients: F32) -> F32:
        """The points' values, in their own units, at ``when`` (columns), from ``clients`` (access points, columns)."""
        hour = (when + UTC_OFFSET_S - local_days(when) * DAY_S) / 3_600.0
        activity = np.interp(hour, np.arange(25), [*ACTIVITY, ACTIVITY[0]]).astype(np.float32)
        connected = self._to_storey @ clients
        carried = []
        for k, direction in enumerate(DIRECTIONS):
            burst = np.float32(0.75) + np.float32(0.5) * self._streams.each(f"traffic-{direction}", when, BURST_S)
            storeys = connected * (activity * np.float32(CLIENT_MBIT_S[k])) * burst + np.float32(IDLE_MBIT_S[k])
            buildings = (self._to_building @ storeys) * np.float32(1 + OVERHEAD)
            through = (self._parts @ buildings) * self._wander(when) + self._shares @ storeys
            carried.append(np.minimum(through, self._capacity))
        return self._told(*carried) * self._factor

    def _wander(self, when: F64) -> F32:
        """What goes to each other campus differs by the line, the day and the half hour; all else is as it adds up."""
        days = local_days(when)
        of_day = np.ones((len(self.uplinks), len(when)), np.float32)
        for day in np.unique(days).tolist():
            of_day[:, days == day] = np.float32(0.6) + np.float32(0.8) * self._links.once("line", day)[:, None]
        of_day *= np.float32(0.8) + np.float32(0.4) * self._links.each("line", when, WANDER_S)
        return np.where(self._wanders[:, None], of_day, np.float32(1))

    def _told(self, into: F32, out: F32) -> F32:
        """Traffic [Mbit/s], utilisation [%] or 1 for each point."""
        values = np.ones_like(into)
        for row, uplink in enumerate(self.uplinks):
            if uplink.family == "traffic":
                values[row] = into[row] if uplink.direction == "in" else out[row]
            elif uplink.family == "utilisation":
                values[row] = np.maximum(into[row], out[row]) / self._capacity[row] * np.float32(100)
        return values


def _parts(uplinks: Sequence[Uplink], buildings: Sequence[str]) -> csr_array:
    """Which part of each building's traffic (columns) each uplink (rows) carries."""
    parts = np.zeros((len(uplinks), len(buildings)), np.float32)
    for row, uplink in enumerate(uplinks):
        if uplink.scope == "building":
            parts[row] = [building == parent(uplink.lower) for building in buildings]
        elif uplink.scope != "storey":
            parts[row] = PARTS[uplink.scope]
    return csr_array(parts)


def _shares(uplinks: Sequence[Uplink], storeys: Sequence[str]) -> csr_array:
    """Which share of each storey's traffic (columns) each uplink (rows) carries: its switches share it alike."""
    of_storey = [parent(uplink.lower) if uplink.scope == "storey" else "" for uplink in uplinks]
    switches: dict[str, set[str]] = {}
    for uplink, storey in zip(uplinks, of_storey, strict=True):
        switches.setdefault(storey, set()).add(uplink.lower)
    weight = np.array([1 / len(switches[storey]) for storey in of_storey], np.float32)
    belongs = sums(of_storey, storeys).T
    return csr_array(belongs.multiply(weight[:, None]))
