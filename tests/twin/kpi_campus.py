"""A campus of two buildings whose figures can be worked out by hand, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from twin.config_kpis import Kpis as Given
from twin.ingest import Ingest
from twin.kpi import Kpis
from twin.kpi_value import KpiValue
from twin.live import LiveState
from twin.point import Point
from twin.reading import RawReading, ValueOrigin
from twin.slots import SlotTree
from twin.space import Building, Campus, Equipment, Space, Storey
from twin.topology import Edge, Topology, kinds_of

NOON = datetime(2026, 4, 15, 4, 0, tzinfo=UTC).timestamp()
"""Noon in Shanghai, on a day in no heating and no cooling season."""
ROOMS = ("A/1/1", "A/1/2", "A/1/3", "B/1/1")
QUANTITIES = {"p": "power", "t": "temperature", "c": "co2", "n": "people", "pir": "pir"}


def campus() -> Campus:
    """Building A with rooms of 100, 50 and 50 m2, building B with one of 200; access points and switches."""
    sizes = dict(zip(ROOMS, (100.0, 50.0, 50.0, 200.0), strict=True))
    spaces = {name: Space(name, name[-1], area_m2=size) for name, size in sizes.items()}
    a = Building("A", storeys=[Storey("A/1", spaces=[spaces[r] for r in ROOMS[:3]])])
    b = Building("B", storeys=[Storey("B/1", spaces=[spaces["B/1/1"]])])
    devices = [
        *(Equipment(f"AP{n}", category="access-point", space=room) for n, room in enumerate(ROOMS, 1)),
        Equipment("SWA", category="switch", space="A/1/3"), Equipment("CORE", category="switch", space="B/1/1"),
    ]  # fmt: skip
    return Campus("C", timezone="Asia/Shanghai", buildings=[a, b], equipment=devices)


def points() -> list[Point]:
    """Points named ``<entity>/<what>``; those of the network come from a source of their own."""
    rooms = [Point(f"{r}/{k}", r, q, "", source="plant") for r in ROOMS for k, q in QUANTITIES.items()]
    clients = [Point(f"AP{n}/clients", f"AP{n}", "clients", "1", source="net") for n in range(1, 5)]
    states = [Point("AP1/up-state", "AP1", "link_state", "1", source="net"),
              Point("SWA/state", "SWA", "link_state", "1", source="net")]  # fmt: skip
    links = [
        Point(f"{d}/traffic.{w}", d, "traffic", "Mbit/s", source="net") for d in ("SWA", "CORE") for w in ("in", "out")
    ]
    used = [
        Point(f"{d}/utilisation.{w}", d, "utilisation", "%", source="net")
        for d in ("SWA", "CORE")
        for w in ("in", "out")
    ]
    more = [
        Point("SWA/cpu", "SWA", "utilisation", "%", source="net"),
        Point("B/energy", "B", "energy", "kWh", source="plant"),
    ]
    every = [*rooms, *clients, *states, *links, *used, *more]
    units = {"power": "kW", "temperature": "°C", "co2": "ppm", "people": "1", "pir": "1"}
    return [
        p if p.unit else Point(p.id, p.entity, p.quantity, units[p.quantity], source=p.source, address=p.id)
        for p in every
    ]


class KpiCampus:
    """The campus with a clock (``now``): ``say`` hands readings in by point, ``of`` asks for figures by short key."""

    def __init__(
        self,
        now: float = NOON,
        given: Given | None = None,
        keep: Sequence[str] = (),
        origins: dict[str, ValueOrigin] | None = None,
    ) -> None:
        self.now = now
        self.campus = campus()
        rows = [p for p in points() if not keep or p.quantity in keep]
        rows = [Point(p.id, p.entity, p.quantity, p.unit, source=p.source, address=p.id) for p in rows]
        ids = ["C", "A", "B", "A/1", "B/1", *ROOMS]
        self.live = LiveState(rows, SlotTree.of(self.campus, ids), lambda: self.now)
        self.ingest = Ingest(rows, self.live, lambda: self.now, origins or {})
        edges = [
            Edge("SWA", "uplinks", "CORE", "network", 1.0, "Gbit/s"),
            Edge("CORE", "uplinks", "NET", "network", 10.0, "Gbit/s"),
        ]
        self.topology = Topology(edges, kinds_of(self.campus))
        self.kpis = Kpis(self.campus, self.live, self.topology, given)

    def say(self, values: Mapping[str, float]) -> None:
        """Readings of now, by point."""
        for source in ("plant", "net"):
            batch = [
                RawReading(point, value, self.now, self.now)
                for point, value in values.items() if self.live.points[self.live.index[point]].source == source
            ]  # fmt: skip
            if batch:
                self.ingest.accept(batch, source)

    def take(self) -> None:
        """Let the memory take what is true now."""
        self.live.tick()
        self.kpis.memory.take(self.live)

    def of(self, domain: str, entity: str = "") -> dict[str, KpiValue]:
        """The figures of a place, by key without the domain."""
        self.live.tick()
        return {value.kpi.key.partition(".")[2]: value for value in self.kpis.of(domain, entity)}

    def slot(self, entity: str) -> int:
        """The slot of an entity."""
        return self.live.tree.index[entity]
