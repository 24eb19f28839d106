"""Air temperature of rooms: the season's set-point while there are people, drifting towards the weather without them.

``temperature/room/<use>/<area m2>/<space id>``. Set-points follow GB 50736: 20 °C in winter, 26 °C in summer, between
them what the building feels and its own heat. All of it is a shape, not a thermal model.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datasources import simulator_weather as weather
from datasources.simulator_address import own_unit
from datasources.simulator_crowd import Crowd
from datasources.simulator_streams import Streams
from twin.point import Point

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

WINTER_C, SUMMER_C = 20.0, 26.0
OWN_HEAT_K = 4.0  # lamps, devices and sun lift a building over the air
DRIFT = 0.15  # how far an empty room goes from the set-point towards the weather
CROWD_K = 1.5  # a full room over its set-point
PER_HOUR = 1.0  # how fast a room forgets its people [1/h]
ROOM_K, NOISE_K, NOISE_S = 1.6, 0.2, 60.0  # how rooms differ for a day, and their readings within minutes


class TemperatureModel:
    """One row a room; ``rows`` are the rooms' in ``crowd``."""

    def __init__(self, points: Sequence[Point], crowd: Crowd, rows: Sequence[int], seed: int) -> None:
        units = [own_unit(point, "temperature") for point in points]
        self._factor: F32 = np.array([factor for factor, _ in units], np.float32)[:, None]
        self._offset: F32 = np.array([offset for _, offset in units], np.float32)[:, None]
        self._rows = np.array(rows, np.int64)
        self._seats = np.maximum(crowd.seats[self._rows, None], np.float32(1))
        self._people = crowd.remembered(np.full(len(crowd.rooms), PER_HOUR, np.float32))
        self._streams = Streams([crowd.rooms[row].space for row in rows], seed)
        self._seed = seed

    def at(self, when: F64) -> F32:
        """Temperature, in the points' own units, at ``when`` [s since epoch, UTC] (columns)."""
        felt = weather.felt_by_buildings(when, self._seed) + OWN_HEAT_K
        wanted = np.clip(felt, WINTER_C, SUMMER_C)
        full = np.minimum(self._people.at(when)[self._rows] / self._seats, np.float32(1))
        kept = np.minimum(full * np.float32(4), np.float32(1))  # a quarter of its people is enough to condition a room
        drift = (np.float32(DRIFT) * (felt - wanted).astype(np.float32)) * (1 - kept)
        mood = np.float32(NOISE_K) * (self._streams.each("temperature", when, NOISE_S) - np.float32(0.5))
        air = wanted.astype(np.float32) + drift + np.float32(CROWD_K) * full + self._own(when) + mood
        told: F32 = air * self._factor + self._offset
        return told

    def _own(self, when: F64) -> F32:
        """How much warmer a room is than others for its side and its users [K]; it changes over a day."""
        local = (when + weather.UTC_OFFSET_S) / weather.DAY_S
        days = np.floor(local).astype(int)
        share = (local - days).astype(np.float32)
        wanted = np.unique(np.concatenate((days, days + 1)))
        drawn = np.stack([self._streams.once("warmth", day) for day in wanted.tolist()], axis=1)
        left, right = np.searchsorted(wanted, days), np.searchsorted(wanted, days + 1)
        own: F32 = (drawn[:, left] * (1 - share) + drawn[:, right] * share - np.float32(0.5)) * np.float32(ROOM_K)
        return own
