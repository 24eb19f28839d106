"""Presence detectors (PIR): 1 while somebody who is there was seen to move, else 0.

``pir/room/<use>/<area m2>/<space id>``. A detector holds for five minutes; in each such time it sees n people with
chance 1 - (1 - f) exp(-h n), and nobody with chance f: one person who reads is missed now and then, two hardly ever.
When the five minutes begin differs from detector to detector, so that they do not all switch at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datasources.simulator_address import own_unit
from datasources.simulator_crowd import Crowd
from datasources.simulator_noise import keys
from datasources.simulator_people import STEP_S
from datasources.simulator_streams import Streams
from twin.point import Point

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

FALSE, SEEN = 0.004, 1.5  # f and h: assumptions


class MotionModel:
    """One row a detector; ``rows`` are the rooms' in ``crowd``."""

    def __init__(self, points: Sequence[Point], crowd: Crowd, rows: Sequence[int], seed: int) -> None:
        for point in points:
            own_unit(point, "pir")
        self._rows = np.array(rows, np.int64)
        self._people = crowd.people
        names = [crowd.rooms[row].space for row in rows]
        self._ahead = (keys(names) % np.uint64(STEP_S)).astype(np.float64)[:, None]
        self._streams = Streams(names, seed)

    def at(self, when: F64) -> F32:
        """0 or 1 at ``when`` [s since epoch, UTC] (columns)."""
        step = np.floor((when[None, :] + self._ahead) / STEP_S).astype(np.int64)
        wanted = np.unique(step)
        people = self._people.nodes(wanted.tolist())[self._rows]
        drawn = self._streams.each("pir", wanted.astype(np.float64) * STEP_S, STEP_S)
        seen = drawn < np.float32(1) - np.float32(1 - FALSE) * np.exp(np.float32(-SEEN) * people)
        on: F32 = np.take_along_axis(seen, np.searchsorted(wanted, step), axis=1).astype(np.float32)
        return on
