"""Main meters at many instants without the cost of every room at each: building by building, in pieces that stay in the
processor's cache, with the very same sums as ``PowerModel.at``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from datasources.simulator_loads import LOSS
from datasources.simulator_steps import Between

if TYPE_CHECKING:
    from datasources.simulator_power import PowerModel

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

COLUMNS = 240
"""Instants made at once: a building's rooms at so many are a few megabytes."""


@dataclass(frozen=True, slots=True)
class _Building:
    """The rows of one main meter among rooms and storeys, and how they add up."""

    rooms: I64
    storeys: I64
    to_storey: csr_array
    to_main: csr_array


class Mains:
    """The main meters of a power model, one row each."""

    def __init__(self, power: PowerModel) -> None:
        self._power = power
        self._buildings: list[_Building] = []

    def at(self, when: F64) -> F32:
        """(mains, times) power [kW] at ``when`` [s since epoch, UTC]."""
        if not self._buildings:
            self._buildings = [_part(self._power, row) for row in range(len(self._power.mains))]
        found = np.zeros((len(self._buildings), len(when)), np.float32)
        for first in range(0, len(when), COLUMNS):
            piece = slice(first, first + COLUMNS)
            found[:, piece] = self._piece(when[piece])
        return found

    def _piece(self, when: F64) -> F32:
        power = self._power
        between = Between.of(when, power.loads.step_s)
        nodes = power.loads.nodes(between.wanted.tolist())
        rooms, shared, own = power.split(nodes)
        shared, own = between.curve(shared), between.curve(own)
        found = np.zeros((len(self._buildings), len(when)), np.float32)
        for row, part in enumerate(self._buildings):
            of_rooms = between.curve(rooms[part.rooms])
            of_rooms *= power.flicker(when, part.rooms)
            storeys = part.to_storey @ of_rooms + shared[part.storeys]
            found[row] = ((part.to_main @ storeys)[0] + own[row]) * np.float32(1 + LOSS)
        return found


def _part(power: PowerModel, row: int) -> _Building:
    to_main = power.to_main[[row]]
    storeys = np.sort(to_main.indices.astype(np.int64))
    to_storey = power.to_storey[storeys]
    rooms = np.unique(to_storey.indices.astype(np.int64))
    return _Building(rooms, storeys, to_storey[:, rooms], to_main[:, storeys])
