"""The simulated campus as a source like any other: settings, points in, batches of readings out.

Every value comes from ``CampusModel`` (datasources/simulator_campus.py), a pure function of seed and time: what runs
live is what a replay of the same hours gives. Only this module looks at the clock. That the values are simulated
stands on every reading through the source's type (the ingest's origin 'simulated').
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from math import floor
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from datasources.contract import MisconfiguredError
from datasources.simulator_address import AddressError
from datasources.simulator_campus import CampusModel
from datasources.simulator_faults import Faults, FaultSettings, Reported
from twin.point import Point
from twin.reading import RawReading

BATCHES = 5  # an interval's points are spread over so many batches, as real meters would not answer all at once


class Settings(BaseModel):
    """A simulated campus: the same ``seed`` gives the same readings.

    Each point reports every ``interval_s`` [s]. ``faults`` are listed faults, ``fault_rate`` the share of points that
    get a fault of 1 to 12 hours by chance each day.
    """

    model_config = ConfigDict(extra="forbid")
    seed: int = 1
    interval_s: Annotated[float, Field(ge=0.2, le=3_600)] = 5.0
    fault_rate: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    faults: list[FaultSettings] = []


class Simulation:
    """The model with its faults: what is reported at any time."""

    def __init__(self, settings: Settings, points: Sequence[Point]) -> None:
        self.points = list(points)
        self.model = CampusModel(self.points, settings.seed)
        self.faults = Faults(self.points, settings.faults, settings.fault_rate, settings.seed)

    def values_at(self, times: npt.ArrayLike) -> Reported:
        """What every point (rows) reports at ``times`` [s since epoch, UTC] (columns), in the points' own units."""
        when = np.asarray(times, dtype=np.float64).reshape(-1)
        return self.faults.report(self.model, when, self.model.at(when))

    def readings(self, at: float, part: int = 0, of: int = 1) -> list[RawReading]:
        """The readings of every ``of``-th point from ``part`` at one time [s since epoch, UTC]."""
        reported = self.values_at([at])
        values = np.round(reported.values[part::of, 0].astype(np.float64), 4).tolist()
        missing = reported.missing[part::of, 0].tolist()
        return [
            RawReading(point.address, value, at, at)
            for point, value, gone in zip(self.points[part::of], values, missing, strict=True)
            if not gone
        ]


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
    """First all points at once, then a part of them several times an interval, on the clock's full multiples."""
    if not points:
        raise MisconfiguredError("nothing to simulate: give points whose source is this simulator")
    try:
        simulation = await asyncio.to_thread(Simulation, settings, points)
    except AddressError as error:
        raise MisconfiguredError(str(error)) from None
    yield await asyncio.to_thread(simulation.readings, time.time())
    step = settings.interval_s / BATCHES
    tick = floor(time.time() / step)
    while True:
        tick = max(tick + 1, floor(time.time() / step))  # after a sleep of the machine it goes on with the present
        await asyncio.sleep(max(0.0, tick * step - time.time()))
        yield await asyncio.to_thread(simulation.readings, tick * step, tick % BATCHES, BATCHES)
