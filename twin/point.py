"""A point: one measured, counted or reported signal, and where it belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["gauge", "counter", "state"]

DERIVED = "derived"
"""The source of what the twin works out itself from other points: no feed brings it."""


@dataclass(frozen=True, slots=True)
class Point:
    """A signal of the campus (Brick: isPointOf).

    ``entity`` is the id of a space, storey, building, equipment or the campus. ``unit`` is the unit the source sends;
    the twin keeps the quantity's canonical unit. ``interval_s`` is how often a value is expected [s]; after
    ``stale_s`` [s] without one the point is stale. ``source`` names the source, ``address`` the place in it
    (an MQTT topic with ``#/path/in/json``, an OID, a register).
    """

    id: str
    entity: str
    quantity: str
    unit: str
    kind: Kind = "gauge"
    interval_s: float = 60.0
    stale_s: float = 180.0
    low: float | None = None
    high: float | None = None
    sentinels: tuple[float, ...] = ()
    source: str = ""
    address: str = ""

    @property
    def signal(self) -> tuple[str, ...]:
        """What makes an old value one of this point still: the same id, read from the same place in the same unit."""
        return self.id, self.quantity, self.unit, self.kind, self.source, self.address
