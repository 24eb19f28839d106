"""CO2 of rooms: the mass balance of a well-mixed room, V dC/dt = G n + Q (C_out - C), with the people n of the past.

With a = Q / V [1/h] air changes, C = C_out + G / (a V) m, where m are the people of the last six hours, forgotten at
the rate a (``Crowd.remembered``). G is the CO2 that a person gives off: G = 0.000179 BMR M T / P [L/s], with
BMR [MJ/day], M [met], T [K], P [kPa]; Persily and de Jonge 2017, doi:10.1111/ina.12383.

Addresses: ``co2/room/<use>/<area m2>/<space id>``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datasources.simulator_address import own_unit
from datasources.simulator_crowd import Crowd
from datasources.simulator_streams import Streams
from twin.point import Point

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

OUTDOOR_PPM = 425.0
BMR_MJ_DAY = (
    6.4  # mean of women of 57 kg and men of 70 kg, 18 to 30 years (Schofield 1985: 0.062 m + 2.036, 0.063 m + 2.896)
)
MET = 1.4  # sitting, light work
AIR_K, AIR_KPA = 297.0, 97.0  # at 397 m above the sea
HEIGHT_M = 3.2
AIR_CHANGES: dict[str, float] = {"classroom": 1.5, "reading": 1.2, "study": 1.2, "stacks": 0.8, "office": 0.8}  # [1/h]
OTHER_CHANGES = 1.0
NOISE_PPM, NOISE_S = 8.0, 60.0


def generation() -> float:
    """CO2 that a person gives off [m3/h]."""
    return 0.000179 * BMR_MJ_DAY * MET * AIR_K / AIR_KPA * 3.6


class Co2Model:
    """One row a room; ``rows`` are the rooms' in ``crowd``."""

    def __init__(self, points: Sequence[Point], crowd: Crowd, rows: Sequence[int], seed: int) -> None:
        for point in points:
            own_unit(point, "co2")
        self._rows = np.array(rows, np.int64)
        rooms = crowd.rooms
        changes = np.array([AIR_CHANGES.get(room.use, OTHER_CHANGES) for room in rooms], np.float32)
        volume = np.array([room.area * HEIGHT_M for room in rooms], np.float32)
        self._ppm: F32 = (np.float32(1e6 * generation()) / (changes * volume))[self._rows, None]
        self._people = crowd.remembered(changes)
        self._streams = Streams([rooms[row].space for row in rows], seed)

    def at(self, when: F64) -> F32:
        """CO2 [ppm] at ``when`` [s since epoch, UTC] (columns)."""
        noise = np.float32(NOISE_PPM) * (self._streams.each("co2", when, NOISE_S) - np.float32(0.5))
        ppm: F32 = np.float32(OUTDOOR_PPM) + self._ppm * self._people.at(when)[self._rows] + noise
        return ppm
