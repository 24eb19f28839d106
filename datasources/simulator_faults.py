"""Faults of meters that can be switched on, each with its label: what went wrong, where, from when to when.

The model's values stay true; a fault spoils what is *reported*. So the label tells exactly which readings are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator

from datasources.faults import SENTINEL, SPIKE_FACTOR, Instant, matches
from datasources.simulator_campus import CampusModel
from datasources.simulator_drills import Drills
from datasources.simulator_mishaps import Fault, Mishaps
from datasources.simulator_noise import key, keys, uniform
from datasources.simulator_weather import DAY_S, UTC_OFFSET_S
from twin.point import Point

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]

Kind = Literal["silent", "sentinel", "flat", "spike", "zero"]
KINDS: tuple[Kind, ...] = get_args(Kind)
SPIKE_EVERY_S, SPIKE_S = 600.0, 60.0


class FaultSettings(BaseModel):
    """One fault: ``points`` is an id or a pattern such as ``14/05/*``; ``start`` and ``end`` are times with a zone.

    silent: no reading; sentinel: -9999 instead of the value; flat: the value at the start is repeated; spike: for a
    minute in ten 21 times too high; zero: 0 where there is nothing to say.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    points: Annotated[str, Field(min_length=1)]
    start: Instant
    end: Instant

    @model_validator(mode="after")
    def _ordered(self) -> FaultSettings:
        if self.end <= self.start:
            raise ValueError(f"the fault at '{self.points}' ends before it starts")
        return self


@dataclass(frozen=True, slots=True)
class Reported:
    """What meters report: ``values`` (points, times) and where a reading is ``missing``."""

    values: F64
    missing: npt.NDArray[np.bool_]


class Faults:
    """The faults of a campus: those that were asked for, ``rate`` of all points a day by chance (seeded), and those of
    ``mishaps`` mishaps a day, and ``drills``."""

    def __init__(
        self, points: Sequence[Point], listed: Sequence[FaultSettings], rate: float, seed: int, mishaps: float = 0.0,
        drills: Drills | None = None,
    ) -> None:  # fmt: skip
        self._points = points
        self._rate = rate
        self._seed = seed
        self._mishaps = Mishaps(points, mishaps, seed) if mishaps else None
        self._keys = keys([p.id for p in points]) if rate else np.zeros(0, np.uint64)
        self._drills = drills
        if drills is not None:
            drills.follow(points, seed)
        self._days: dict[int, list[Fault]] = {}
        self._held: dict[Fault, float] = {}  # what flat lines repeat: kept, for a live step has 50 ms
        self._listed = [
            Fault(entry.kind, point.id, entry.start.timestamp(), entry.end.timestamp(), row)
            for entry in listed
            for row, point in enumerate(points)
            if matches(entry.points, point.id, point.entity)
        ]

    def between(self, start: float, end: float) -> Iterator[Fault]:
        """Every fault that touches [``start``, ``end``) [s since epoch, UTC]."""
        days = range(int((start + UTC_OFFSET_S) // DAY_S) - 1, int((end + UTC_OFFSET_S) // DAY_S) + 1)
        drilled = () if self._drills is None else self._drills.spoiled
        for fault in (*self._listed, *drilled, *(f for day in days for f in self._by_chance(day))):
            if fault.start < end and start < fault.end:
                yield fault

    def _by_chance(self, day: int) -> list[Fault]:
        """Those that begin on local day number ``day``."""
        if not self._rate and self._mishaps is None:
            return []
        if day not in self._days:
            if len(self._days) > 40:
                self._days.clear()
            self._days[day] = self._scattered(day) + (self._mishaps.of(day) if self._mishaps else [])
        return self._days[day]

    def _scattered(self, day: int) -> list[Fault]:
        """Those of single points; they last 1 to 12 hours."""
        if not self._rate:
            return []
        stream = np.full(1, key(self._seed, "fault", day), np.uint64) ^ self._keys
        draw = [uniform(stream, np.full(1, k, np.uint64)) for k in (1, 2, 3, 4)]
        midnight = day * DAY_S - UTC_OFFSET_S
        found = []
        for row in np.flatnonzero(draw[0] < self._rate).tolist():
            start = midnight + float(draw[1][row]) * DAY_S
            end = start + 3_600.0 * (1 + 11 * float(draw[2][row]))
            kind = KINDS[int(float(draw[3][row]) * len(KINDS))]
            found.append(Fault(kind, self._points[row].id, start, end, row))
        return found

    def report(self, model: CampusModel, times: F64, values: F64) -> Reported:
        """What is reported of the true ``values`` (points, times); they are not changed."""
        missing = np.zeros(values.shape, np.bool_)
        if not len(times):
            return Reported(values, missing)
        spoiled = values
        for fault in self.between(float(times.min()), float(times.max()) + 1.0):
            if spoiled is values:
                spoiled = values.copy()
            columns = (times >= fault.start) & (times < fault.end)
            self._spoil(fault, model, times, columns, spoiled, missing)
        return Reported(spoiled, missing)

    def _spoil(
        self,
        fault: Fault,
        model: CampusModel,
        times: F64,
        columns: npt.NDArray[np.bool_],
        values: F64,
        missing: npt.NDArray[np.bool_],
    ) -> None:
        row = values[fault.row]
        if fault.kind == "silent":
            missing[fault.row, columns] = True
        elif fault.kind == "sentinel":
            row[columns] = SENTINEL
        elif fault.kind == "zero":
            row[columns] = 0.0
        elif fault.kind == "drift":
            left = np.minimum(times[columns] - fault.start, fault.end - times[columns])
            way = np.clip(left / fault.rise_s, 0.0, 1.0)
            row[columns] += way * (fault.level - row[columns])
        elif fault.kind == "flat":
            if fault not in self._held:
                self._held[fault] = float(model.at([fault.start])[fault.row, 0])
            row[columns] = self._held[fault]
        else:
            hits = columns & ((times - fault.start) % SPIKE_EVERY_S < SPIKE_S)
            row[hits] *= SPIKE_FACTOR
