"""Ids and addresses of points that are given out already, and who has them: one register for all tables of a campus."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from twin.point import Point


class Giver(NamedTuple):
    """Who has an id or an address: file and line, the point's key in its type, its unit."""

    where: str
    key: str
    unit: str


@dataclass(slots=True)
class Taken:
    """Each id once, each address of a source once."""

    ids: dict[str, Giver] = field(default_factory=dict)
    addresses: dict[tuple[str, str], Giver] = field(default_factory=dict)

    def take_id(self, point: Point, giver: Giver) -> Giver | None:
        """Who has the point's id already, or None."""
        first = self.ids.setdefault(point.id, giver)
        return None if first == giver else first

    def take_address(self, point: Point, giver: Giver) -> Giver | None:
        """Who has the point's address already, or None."""
        first = self.addresses.setdefault((point.source, point.address), giver) if point.address else giver
        return None if first == giver else first
