"""The small served campus with a network: a switch in each of three buildings, an access point, a way out."""

from __future__ import annotations

import time
from collections.abc import Mapping

from models3d.campus import Assembled
from tests.server.serving import Served, small_campus
from twin.point import Point
from twin.reading import RawReading
from twin.space import Equipment
from twin.topology import Edge, Node, TopologyFacts

QUANTITIES = {"in": ("traffic", "Mbit/s"), "out": ("traffic", "Mbit/s"), "used": ("utilisation", "%"),
              "link_state": ("link_state", "1")}  # fmt: skip


def net_campus() -> Assembled:
    """``1/SW`` and ``2/SW`` hang on ``3/SW`` (1 Gbit/s), that on ``NET`` outside (10 Gbit/s), ``1/AP`` on ``1/SW``."""
    built = small_campus(3)
    campus = built.campus
    for building in campus.buildings:
        campus.equipment.append(
            Equipment(f"{building.id}/SW", {"en": f"Switch {building.id}"}, "switch", f"{building.id}/01/101")
        )
    campus.equipment.append(Equipment("1/AP", {"en": "AP"}, "access-point", "1/02/203"))
    built.topology = TopologyFacts(
        [Node("NET", "internet", {"zh": "互联网", "en": "Internet"})],
        [
            Edge("1/SW", "uplinks", "3/SW", "network", 1.0, "Gbit/s"),
            Edge("2/SW", "uplinks", "3/SW", "network", 1.0, "Gbit/s"),
            Edge("3/SW", "uplinks", "NET", "network", 10.0, "Gbit/s"),
            Edge("1/AP", "uplinks", "1/SW", "network"),
        ],
    )
    for device in ("1/SW", "2/SW", "3/SW"):
        for word, (quantity, unit) in QUANTITIES.items():
            name = f"{device}/{word}"
            built.points.append(Point(name, device, quantity, unit, source="feed", address=name, stale_s=60.0))
    return built


def say(served: Served, values: Mapping[str, float], time_s: float | None = None) -> None:
    """Readings of now, by point."""
    now = time.time()
    served.readings([RawReading(name, value, now, time=time_s) for name, value in values.items()])
