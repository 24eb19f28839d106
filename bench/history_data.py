"""A day of a campus's readings, in the order in which they come: what ``bench history`` writes and asks for.

Kinds of meters in equal parts, each as fine as such devices are: power to 0.1 kW, temperature to 0.1 °C, CO2 to 1 ppm,
counts of clients, traffic as a rate of counters to seven digits. Each point has its own second in the minute; the
server hears of it in the same or the next second.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from twin.history.columns import table
from twin.history.contract import READINGS

START = 1_795_737_600_000
"""2026-11-27 00:00 UTC [ms]."""
MINUTE_MS = 60_000
KINDS = 5


def readings(points: int, minutes: int, seed: int = 1, start: int = START) -> pa.Table:
    """``READINGS`` of ``points`` keys from 0 on, one a minute, by time."""
    rng = np.random.default_rng(seed)
    phase = rng.integers(0, 60, points) * 1000
    values = _values(rng, points, minutes)
    times = start + MINUTE_MS * np.arange(minutes, dtype=np.int64)[:, None] + phase[None, :]
    order = np.argsort(phase, kind="stable")
    n = points * minutes
    columns = {
        "point": np.broadcast_to(order.astype(np.int32), (minutes, points)).ravel(),
        "time": times[:, order].ravel(),
        "value": values[:, order].ravel(),
        "delay": rng.integers(0, 2, n, dtype=np.int32),
        "quality": np.zeros(n, np.uint8),
        "flags": np.zeros(n, np.uint8),
        "reason": np.zeros(n, np.int32),
    }
    return table(READINGS, columns)


def _values(rng: np.random.Generator, points: int, minutes: int) -> npt.NDArray[np.float64]:
    """(minutes, points): the course of a day with a random walk on it, as fine as the device."""
    base = rng.uniform(5, 400, points)
    day = np.sin(np.arange(minutes) / 1440 * 2 * np.pi - 1.5)[:, None]
    walk = np.cumsum(rng.normal(0, 1, (minutes, points)), axis=0)
    values = np.zeros((minutes, points))
    for kind in range(KINDS):
        at = np.arange(points) % KINDS == kind
        b, w = base[at], walk[:, at]
        values[:, at] = (
            np.round(b * (1 + 0.4 * day) + w * b * 0.01, 1),
            np.round(21 + 2 * day + w * 0.03, 1),
            np.round(600 + 200 * day + w * 8),
            np.maximum(0, np.round(30 * (1 + day) + w * 0.5)),
            np.abs(b * (1 + day) + w * b * 0.05).astype(np.float32),
        )[kind]
    return values
