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
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator

from datasources.contract import MisconfiguredError
from datasources.simulator_address import AddressError
from datasources.simulator_campus import CampusModel
from datasources.simulator_drills import Drills
from datasources.simulator_faults import Faults, FaultSettings, Reported
from datasources.simulator_turns import Turns
from twin.point import Point
from twin.reading import RawReading


class Settings(BaseModel):
    """A simulated campus: the same ``seed`` gives the same readings.

    Each point reports at its own interval, or all of them every ``interval_s`` [s]. ``faults`` are listed faults,
    ``fault_rate`` the share of points that get a fault of 1 to 12 hours by chance each day, ``mishaps`` how many things
    go wrong a day, some of which take several points with them.
    """

    model_config = ConfigDict(extra="forbid")
    seed: int = 1
    interval_s: Annotated[float, Field(ge=0.2, le=3_600)] | None = None
    fault_rate: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    mishaps: Annotated[float, Field(ge=0.0, le=1_000)] = 0.0
    faults: list[FaultSettings] = []
    _cache: Path | None = PrivateAttr(None)
    _drills: Drills | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _given(self, info: ValidationInfo) -> Settings:
        self._cache = (info.context or {}).get("cache")
        self._drills = (info.context or {}).get("drills")
        return self

    @property
    def drills(self) -> Drills | None:
        """What trainers bring about; None without a server."""
        return self._drills

    @property
    def folder(self) -> Path | None:
        """Where what takes long to work out is kept over a restart; None without a server."""
        return self._cache / "simulator" if self._cache is not None else None


class Simulation:
    """The model with its faults: what is reported at any time, of the rows ``only`` of ``points`` if given.

    ``told`` are the points that are reported; the others are only their causes.
    """

    def __init__(self, settings: Settings, points: Sequence[Point], only: npt.NDArray[np.int64] | None = None) -> None:
        self.points = list(points)
        self.turns = Turns(self.points, settings.interval_s)
        self.model = CampusModel(self.points, settings.seed, settings.folder)
        self._only = only if only is not None and len(only) < len(points) else None
        self.told = self.points if self._only is None else [self.points[row] for row in self._only.tolist()]
        self.faults = Faults(
            self.points, settings.faults, settings.fault_rate, settings.seed, settings.mishaps, settings.drills
        )

    def values_at(self, times: npt.ArrayLike) -> Reported:
        """What points (rows) report at ``times`` [s since epoch, UTC] (columns), in the points' own units."""
        when = np.asarray(times, dtype=np.float64).reshape(-1)
        reported = self.faults.report(self.model, when, self.model.at(when, self._only))
        if self._only is None:
            return reported
        return Reported(reported.values[self._only], reported.missing[self._only])

    def readings(self, at: float) -> list[RawReading]:
        """The readings of every point at one time [s since epoch, UTC]."""
        return self._told(at, np.ones(len(self.points), np.bool_))

    def turn(self, before: int, tick: int) -> list[RawReading]:
        """The readings of the points that have their turn after tick ``before`` up to ``tick``, and of states that
        changed; their time is that of the tick.
        """
        return self._told(tick * self.turns.tick_s, self.turns.due(before, tick))

    def _told(self, at: float, rows: npt.NDArray[np.bool_]) -> list[RawReading]:
        reported = self.values_at([at])
        values, missing = np.round(reported.values[:, 0], 4), reported.missing[:, 0]
        telling = (rows | self.turns.changed(values, missing)) & ~missing
        self.turns.tell(telling, values)
        numbers = np.flatnonzero(telling)
        return [
            RawReading(self.points[row].address, value, at, at)
            for row, value in zip(numbers.tolist(), values[numbers].tolist(), strict=True)
        ]


async def batches(settings: Settings, points: Sequence[Point]) -> AsyncIterator[list[RawReading]]:
    """First all points at once, then at each tick those that have their turn, and states that changed."""
    if not points:
        raise MisconfiguredError("nothing to simulate: give points whose source is this simulator")
    try:
        simulation = await asyncio.to_thread(Simulation, settings, points)
    except AddressError as error:
        raise MisconfiguredError(str(error)) from None
    yield await asyncio.to_thread(simulation.readings, time.time())
    step = simulation.turns.tick_s
    tick = floor(time.time() / step)
    while True:
        before, tick = tick, max(tick + 1, floor(time.time() / step))  # what was slept through is told once, as of now
        await asyncio.sleep(max(0.0, tick * step - time.time()))
        yield await asyncio.to_thread(simulation.turn, before, tick)
