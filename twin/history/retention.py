"""How long what is kept: readings by quantity, hours; days are kept for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twin.history.contract import KeptPoint

READINGS_DAYS = 400
HOURS_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Retention:
    """``readings`` and ``hours`` [days] are kept so long; ``quantities`` [days] says otherwise of the readings of some
    quantities."""

    readings: int = READINGS_DAYS
    hours: int = HOURS_DAYS
    quantities: Mapping[str, int] = field(default_factory=dict)

    def readings_days(self, quantity: str) -> int:
        """How long the readings of a quantity are kept [days]."""
        return self.quantities.get(quantity, self.readings)

    def keys_by_age(self, keys: Mapping[str, int], facts: Mapping[str, KeptPoint]) -> dict[int, list[int]]:
        """The keys of points by how long their readings are kept [days]."""
        ages: dict[int, list[int]] = {}
        for point, key in keys.items():
            ages.setdefault(self.readings_days(facts[point].quantity), []).append(key)
        return ages

    def due(self, age: int, trimmed: int) -> bool:
        """Whether a file of readings of that age [days], cleared at ``trimmed`` [days], has something to drop."""
        return any(trimmed < days <= age for days in (self.readings, *self.quantities.values()))
