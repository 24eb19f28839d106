"""A stream of chance for each (seed, building, signal, day), at each entity's own place in it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datasources.simulator_noise import U64, key, keys, mix, uniform
from datasources.simulator_weather import DAY_S, UTC_OFFSET_S

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
KEPT = 32  # streams kept for the next call: a live step has 50 ms


def local_days(times: F64) -> npt.NDArray[np.int64]:
    """The local day number (since 1970-01-01) of each of ``times`` [s since epoch, UTC]."""
    days: npt.NDArray[np.int64] = np.floor((times + UTC_OFFSET_S) / DAY_S).astype(np.int64)
    return days


class Streams:
    """The streams of ``entities`` (one row each), whose building is the first part of their id."""

    def __init__(self, entities: Sequence[str], seed: int) -> None:
        self._seed = seed
        of = [entity.split("/")[0] for entity in entities]
        self._buildings = sorted(set(of))
        number = {building: k for k, building in enumerate(self._buildings)}
        self._building = np.array([number[building] for building in of], np.int32)
        self._keys = keys(list(entities))
        self._kept: dict[tuple[str, int], U64] = {}
        self._drawn: dict[tuple[str, int], F32] = {}

    def __len__(self) -> int:
        """How many entities."""
        return len(self._keys)

    def of(self, signal: str, day: int) -> U64:
        """Each entity's stream of ``signal`` on local day number ``day``."""
        if (signal, day) not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            of_building = np.array([key(self._seed, b, signal, day) for b in self._buildings], np.uint64)
            self._kept[signal, day] = of_building[self._building] ^ self._keys
        return self._kept[signal, day]

    def bits(self, signal: str, day: int) -> U64:
        """64 random bits for each entity and day."""
        return mix(self.of(signal, day))

    def once(self, signal: str, day: int) -> F32:
        """A number from 0 to 1 for each entity and day."""
        if (signal, day) not in self._drawn:
            if len(self._drawn) >= KEPT:
                self._drawn.clear()
            self._drawn[signal, day] = uniform(self.of(signal, day), np.ones(1, np.uint64))
        return self._drawn[signal, day]

    def each(self, signal: str, times: F64, every_s: float) -> F32:
        """A number from 0 to 1 for each entity (rows) at ``times`` (columns), new every ``every_s`` [s] of the day."""
        days = local_days(times)
        slots = np.floor((times + UTC_OFFSET_S - days * DAY_S) / every_s).astype(np.uint64) + np.uint64(1)
        numbers = np.zeros((len(self._keys), len(times)), np.float32)
        for day in np.unique(days).tolist():
            columns = np.flatnonzero(days == day)
            numbers[:, columns] = uniform(self.of(signal, day)[:, None], slots[None, columns])
        return numbers
