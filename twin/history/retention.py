"""How long what is kept: readings by point or quantity, hours; days are kept for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from twin.history.contract import KeptPoint

READINGS_DAYS = 400
HOURS_DAYS = 3660


@dataclass(frozen=True)
class Retention:
    """``readings`` and ``hours`` [days] are kept so long; ``quantities`` [days] says otherwise of the readings of some
    quantities, and ``points`` [days], by id or pattern, of those of some points: the first that fits."""

    readings: int = READINGS_DAYS
    hours: int = HOURS_DAYS
    quantities: Mapping[str, int] = field(default_factory=dict)
    points: Mapping[str, int] = field(default_factory=dict)

    def readings_days(self, point: KeptPoint) -> int:
        """How long the readings of a point are kept [days]."""
        named = self.points.get(point.id)
        if named is None:
            named = next((days for pattern, days in self._patterns if fnmatchcase(point.id, pattern)), None)
        return self.quantities.get(point.quantity, self.readings) if named is None else named

    @cached_property
    def _patterns(self) -> list[tuple[str, int]]:
        return [(pattern, days) for pattern, days in self.points.items() if set(pattern) & set("*?[")]

    def keys_by_age(self, keys: Mapping[str, int], facts: Mapping[str, KeptPoint]) -> dict[int, list[int]]:
        """The keys of points by how long their readings are kept [days]."""
        ages: dict[int, list[int]] = {}
        for point, key in keys.items():
            ages.setdefault(self.readings_days(facts[point]), []).append(key)
        return ages

    def due(self, age: int, trimmed: int) -> bool:
        """Whether a file of readings of that age [days], cleared at ``trimmed`` [days], has something to drop."""
        return any(trimmed < days <= age for days in (self.readings, *self.quantities.values(), *self.points.values()))
