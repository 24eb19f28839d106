"""How rooms of one use differ for hours: some courses of a day, of which each room takes one by chance."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from datasources.simulator_noise import key, uniform
from datasources.simulator_occupancy import SHAPES

F32 = npt.NDArray[np.float32]
KNOTS = 49  # every half hour


@lru_cache(maxsize=8)
def moods(seed: int, day: int) -> F32:
    """(SHAPES, 96) numbers from 0 to 1 at each quarter of an hour of local day number ``day``.

    Straight lines between numbers by chance every half hour.
    """
    stream = np.full(1, key(seed, "mood", day), np.uint64)
    places = np.arange(1, SHAPES * KNOTS + 1, dtype=np.uint64)
    knots = uniform(stream, places).reshape(SHAPES, KNOTS)
    quarters = np.zeros((SHAPES, 2 * (KNOTS - 1)), np.float32)
    quarters[:, 0::2] = knots[:, :-1]
    quarters[:, 1::2] = (knots[:, :-1] + knots[:, 1:]) / np.float32(2)
    return quarters
