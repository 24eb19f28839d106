"""Wi-Fi clients of access points: the people of the rooms they serve, some minutes late, times devices a person.

``clients/room/<share>/<space id>/<access point>`` serves its share [0 to 1] of a room;
``clients/storey/<share>/<storey id>/<access point>`` its share of those rooms of a storey that have no access point of
their own. Rooms are those that other points name (power, people, co2, temperature, pir).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from datasources.simulator_address import own_unit, parent, refusal
from datasources.simulator_crowd import Crowd
from datasources.simulator_streams import Streams
from twin.point import Point

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

DEVICES_A_PERSON = 1.6  # an assumption: a telephone, and a laptop for some
LAG_S = 180.0  # from coming in to being associated, and from leaving to being dropped
MOOD_S, WAVER_S = 1_800.0, 60.0  # how often the chance of rounding changes, and how often that of a device or two


@dataclass(frozen=True, slots=True)
class Served:
    """What an access point serves: ``level`` room or storey, its ``share``, the ``entity``; and its ``own`` name."""

    level: str
    share: float
    entity: str
    own: str

    @classmethod
    def of(cls, point: Point) -> Served:
        """Read ``point.address``."""
        try:
            family, level, share, rest = point.address.split("/", 3)
            entity, own = rest.rsplit("/", 1)
            served = cls(level, float(share), entity, own)
            if family != "clients" or level not in ("room", "storey") or not own or not entity:
                raise ValueError
            if not 0 < served.share <= 1:
                raise ValueError
        except ValueError:
            wanted = "clients/room/<share>/<space>/<access point> or clients/storey/<share>/<storey>/<access point>"
            raise refusal(point, wanted) from None
        return served

    @property
    def storey(self) -> str:
        """The id of its storey."""
        return self.entity if self.level == "storey" else parent(self.entity)


class ClientsModel:
    """One row an access point."""

    def __init__(self, points: Sequence[Point], crowd: Crowd, seed: int) -> None:
        for point in points:
            own_unit(point, "clients")
        self.served = [Served.of(p) for p in points]
        self._crowd = crowd
        self._streams = Streams([f"{a.entity}/{a.own}" for a in self.served], seed)
        self._rooms = _shares(self.served, crowd)

    def at(self, when: F64) -> F32:
        """Clients, in whole numbers, at ``when`` [s since epoch, UTC] (columns)."""
        people = self._rooms @ self._crowd.people.at(when - LAG_S)
        waver = np.float32(0.9) + np.float32(0.2) * self._streams.each("clients", when, WAVER_S)
        chance = self._streams.each("devices", when, MOOD_S)
        clients: F32 = np.floor(np.float32(DEVICES_A_PERSON) * people * waver + chance).astype(np.float32)
        return np.where(people > 0, clients, np.float32(0))


def _shares(served: Sequence[Served], crowd: Crowd) -> csr_array:
    """Which share of each room (columns) each access point (rows) serves."""
    own = {a.entity for a in served if a.level == "room"}
    members: dict[tuple[str, str], list[int]] = {}
    for k, room in enumerate(crowd.rooms):
        place = ("room", room.space) if room.space in own else ("storey", parent(room.space))
        members.setdefault(place, []).append(k)
    rows: list[int] = []
    columns: list[int] = []
    shares: list[float] = []
    for row, a in enumerate(served):
        rooms = members.get((a.level, a.entity), [])
        rows += [row] * len(rooms)
        columns += rooms
        shares += [a.share] * len(rooms)
    return csr_array((np.array(shares, np.float32), (rows, columns)), shape=(len(served), len(crowd.rooms)))
