"""A watch over a few points that a test feeds hour by hour, with a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from tests.twin.trees import TREE
from twin.ingest import Ingest
from twin.live import LiveState
from twin.point import Point
from twin.quality.engine import Inspector
from twin.quality.finding import Finding
from twin.reading import SUSPECT, RawReading

HOUR = 3600.0
MONDAY = 1_767_571_200.0
"""Monday 2026-01-05, 00:00 UTC."""
Values = npt.NDArray[np.float64]


def hourly(*names: str, quantity: str = "power", unit: str = "kW", **more: object) -> list[Point]:
    """Points that report once an hour, in different rooms."""
    rooms = ("A/1/1", "A/1/2", "A/2/1", "B/1/1")
    return [
        Point(name, rooms[k % 4], quantity, unit, interval_s=HOUR, stale_s=3 * HOUR, source="s", address=name, **more)  # type: ignore[arg-type]
        for k, name in enumerate(names)
    ]


class Replay:
    """Points, their live state and the watch over them; ``flagged`` counts suspect readings by point."""

    def __init__(
        self, points: Sequence[Point], start: float = MONDAY, zone: str = "UTC",
        meters: Sequence[tuple[int, tuple[int, ...]]] = (), memory: Path | None = None,
    ) -> None:  # fmt: skip
        self.now = start
        self.points = list(points)
        self.live = LiveState(self.points, TREE, self.clock)
        self.ingest = Ingest(self.points, self.live, self.clock)
        self.watch = Inspector(self.live, ZoneInfo(zone), meters, memory)
        self.ingest.judges.append(self.watch.judge)
        self.ingest.listeners.append(self.watch.take)
        self.readings = 0
        self.flagged: dict[str, list[float]] = {point.id: [] for point in self.points}

    def clock(self) -> float:
        return self.now

    def send(self, values: Mapping[str, float | None], *, inspect: bool = True) -> None:
        """One reading each now; None is silence."""
        self.ingest.accept([RawReading(k, v, self.now, self.now) for k, v in values.items() if v is not None], "s")
        self.readings += len(values)
        for name, value in values.items():
            if value is not None and set(self.live.latest(name).reasons) & set(SUSPECT):
                self.flagged[name].append(self.now)
        if inspect:
            self.inspect()

    def send_raw(self, values: Mapping[str, float]) -> None:
        """Readings by address, now."""
        self.ingest.accept([RawReading(k, v, self.now, self.now) for k, v in values.items()], "s")

    def inspect(self) -> None:
        self.watch.settle(self.watch.inspect())

    def play(self, columns: Mapping[str, Iterable[float]], step: float = HOUR) -> None:
        """Readings one after another, ``step`` [s] apart; NaN is silence."""
        series = {name: list(values) for name, values in columns.items()}
        for row in zip(*series.values(), strict=True):
            self.send({name: None if value != value else value for name, value in zip(series, row, strict=True)})
            self.now += step

    def open(self, check: str) -> list[Finding]:
        return [f for f in self.watch.findings() if f.check == check and f.until is None]

    def ever(self, check: str) -> list[Finding]:
        return [f for f in self.watch.findings() if f.check == check]


def office(weeks: float, seed: int = 1, base: float = 20.0, peak: float = 60.0) -> Values:
    """Hourly power [kW] of an office house: nights, working days, noise of 4 %, no two hours alike."""
    hours = np.arange(round(weeks * 168))
    day, hour = hours // 24 % 7, hours % 24
    busy = (day < 5) * np.clip(1.4 * np.sin(np.pi * (hour - 7) / 12), 0, 1) * ((hour >= 7) & (hour < 19))
    noise = np.random.default_rng(seed).normal(1.0, 0.04, len(hours))
    values: Values = np.round((base + peak * busy) * noise, 2)
    return values


def meter(samples: Path, name: str) -> Values:
    """Hourly consumption [kWh = kW over the hour] of a real building."""
    column: Values = pd.read_csv(samples / "energy" / f"{name}.csv").iloc[:, 1].to_numpy(np.float64)
    return column
