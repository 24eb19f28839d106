"""What goes wrong on a simulated campus by itself: a few mishaps a day of different kinds, drawn from the seed.

Each spoils what is *reported* of the points that it touches, as faults do, and carries their labels; rules find the
rest out. A mishap is a pure function of seed and local day, so that a replay has those that ran live.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import numpy as np

from datasources.faults import Label
from datasources.simulator_calendar import EPOCH
from datasources.simulator_noise import key, uniform
from datasources.simulator_weather import DAY_S, UTC_OFFSET_S
from twin.point import Point

T = TypeVar("T")

HOUR_S = 3_600.0
AIR_PPM, FULL_PERCENT, COLD_C, HOT_C = 2_600.0, 93.0, 10.5, 33.5
"""What a room's air, a link, and rooms without their pump come to."""
WARM_MONTHS = range(5, 10)
ROOMS = 3
"""Rooms that a pump leaves cold or hot."""
DRAWS = 5
"""Numbers of chance that a mishap takes."""


@dataclass(frozen=True, slots=True)
class Fault(Label):
    """A label with the ``row`` of its point; of a drift the ``level`` [the point's unit] that it comes to, and how long
    the way there and back takes [s]."""

    row: int
    level: float = 0.0
    rise_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Kind:
    """How often (of all mishaps), when it begins [h of the local day], how long it lasts [h]."""

    share: float
    hours: tuple[float, float]
    lasts: tuple[float, float]


KINDS: dict[str, _Kind] = {
    "air": _Kind(0.36, (8.0, 20.0), (0.8, 2.0)),
    "full": _Kind(0.20, (9.0, 22.0), (0.6, 1.5)),
    "switch": _Kind(0.20, (0.0, 24.0), (0.75, 2.0)),
    "gateway": _Kind(0.12, (0.0, 24.0), (0.5, 1.5)),
    "pump": _Kind(0.09, (8.0, 17.0), (2.0, 3.5)),
    "line": _Kind(0.03, (0.0, 24.0), (0.1, 0.6)),
}
"""A room's fan stops; a link fills up; an access switch loses its power and takes down its access points; the gateway
of a building's meters dies; a pump stops and rooms grow cold or hot; the line to another campus breaks."""


class Mishaps:
    """The mishaps of a campus: ``per_day`` of them on average, where it has the points for their kind.

    ``things`` are what each kind can happen to: points, switches, buildings, storeys, lines.
    """

    def __init__(self, points: Sequence[Point], per_day: float, seed: int) -> None:
        self._points = points
        self._per_day = per_day
        self._seed = seed
        self._row = {point.id: row for row, point in enumerate(points)}
        self._lines = _by_link(points, "intercampus")
        self._switches = _by_link(points, "storey")
        self._stations = _stations(points)
        self._meters = _grouped(points, ("power/building/", "energy/building/", "power/storey/"), 1)
        self._rooms = _grouped(points, ("temperature/room/",), 2)
        self.things: dict[str, Sequence[str]] = {
            "air": [point.id for point in points if point.address.startswith("co2/room/")],
            "full": [point.id for point in points if point.address.startswith("utilisation/storey/")],
            "switch": sorted(self._switches), "gateway": sorted(self._meters), "pump": sorted(self._rooms),
            "line": sorted(self._lines),
        }  # fmt: skip
        self._warm = False

    def of(self, day: int) -> list[Fault]:
        """The faults of the mishaps that begin on local day number ``day``."""
        count = int(np.ceil(self._per_day))
        if not count:
            return []
        self._warm = warm(day)
        stream = np.full(count * DRAWS, key(self._seed, "mishap", day), np.uint64)
        chance = uniform(stream, np.arange(1, count * DRAWS + 1, dtype=np.uint64)).reshape(count, DRAWS)
        found: list[Fault] = []
        for there, kind, when, where, length in chance.astype(np.float64).tolist():
            if there < self._per_day / count:
                found += self._one(day, _drawn(kind), when, where, length)
        return found

    def _one(self, day: int, name: str, when: float, where: float, length: float) -> Iterator[Fault]:
        kind = KINDS[name]
        first, last = kind.hours
        short, long = kind.lasts
        start = day * DAY_S - UTC_OFFSET_S + HOUR_S * (first + when * (last - first))
        end = start + HOUR_S * (short + length * (long - short))
        for thing in _chosen(self.things[name], where):
            for row, what, level, rise in self.takes(name, thing, warm=self._warm):
                yield Fault(what, self._points[row].id, start, end, row, level, rise)

    def place_of(self, name: str, thing: str) -> str:
        """What a mishap of kind ``name`` happens to: a space, a device, the far end of a line."""
        if name in ("air", "full"):
            return self._points[self._row[thing]].entity
        return thing.rpartition(">")[2] if name == "line" else thing

    def takes(self, name: str, thing: str, *, warm: bool) -> Iterator[tuple[int, str, float, float]]:
        """What a mishap of kind ``name`` does to one of its ``things``: row of a point, kind of fault, level, rise [s].

        ``warm``: rooms without their pump grow hot, else cold.
        """
        if name == "air":
            yield self._row[thing], "drift", AIR_PPM, 900.0
        elif name == "full":
            yield self._row[thing], "drift", FULL_PERCENT, 300.0
        elif name == "switch":
            yield from self._of_switch(thing)
        elif name == "gateway":
            for row in self._meters[thing]:
                yield row, "silent", 0.0, 0.0
        elif name == "pump":
            for row in self._rooms[thing][:ROOMS]:
                yield row, "drift", HOT_C if warm else COLD_C, 2_400.0
        else:
            for row in self._lines[thing]:
                yield row, "zero", 0.0, 0.0

    def _of_switch(self, switch: str) -> Iterator[tuple[int, str, float, float]]:
        for row in self._switches[switch]:
            down = self._points[row].address.startswith("link/")
            yield row, "zero" if down else "silent", 0.0, 0.0
        for row in self._stations.get(switch, ()):
            yield row, "silent", 0.0, 0.0


def warm(day: int) -> bool:
    """Whether local day number ``day`` is in the months in which rooms without their pump grow hot."""
    return (EPOCH + timedelta(days=day)).month in WARM_MONTHS


def _drawn(chance: float) -> str:
    """The kind that a number from 0 to 1 falls on."""
    for name, kind in KINDS.items():
        chance -= kind.share
        if chance < 0.0:
            return name
    return next(iter(KINDS))


def _chosen(of: Sequence[T], where: float) -> Sequence[T]:
    """One of some by a number from 0 to 1; none of none."""
    return [of[min(int(where * len(of)), len(of) - 1)]] if of else []


def _by_link(points: Sequence[Point], scope: str) -> dict[str, list[int]]:
    """Rows of the points of each link of a scope, by its address's ``<lower>><upper>``; of switches by the switch."""
    found: dict[str, list[int]] = {}
    for row, point in enumerate(points):
        family, _, rest = point.address.partition("/")
        if family in ("link", "traffic", "utilisation") and rest.startswith(f"{scope}/"):
            link = rest.split("/", {"link": 1, "utilisation": 2, "traffic": 3}[family])[-1]
            found.setdefault(link.partition(">")[0] if scope == "storey" else link, []).append(row)
    return found


def _stations(points: Sequence[Point]) -> dict[str, list[int]]:
    """Rows of the points of the access points that hang on each switch."""
    switch_of: dict[str, str] = {}
    for point in points:
        if point.address.startswith("traffic/ap/in/"):
            lower, _, upper = point.address.split("/", 4)[-1].partition(">")
            switch_of[lower] = upper
    found: dict[str, list[int]] = {}
    for row, point in enumerate(points):
        if point.entity in switch_of:
            found.setdefault(switch_of[point.entity], []).append(row)
    return found


def _grouped(points: Sequence[Point], families: tuple[str, ...], depth: int) -> dict[str, list[int]]:
    """Rows of the points of some families, by the first ``depth`` parts of what they belong to."""
    found: dict[str, list[int]] = {}
    for row, point in enumerate(points):
        if point.address.startswith(families):
            found.setdefault("/".join(point.entity.split("/")[:depth]), []).append(row)
    return found
