"""Cumulative registers of main meters [kWh]: the integral of their simulated power since they were installed.

``energy/building/<building id>``, where the building's ``power/building/...`` is among the points too. The power of a
main meter is straight between its nodes but for flicker, which cancels every half minute; so its integral from the
first node to node K is 0.25 h times (all nodes before K, half of node K, less half of the first). What was before
today comes from sums of whole days (datasources/simulator_daysums.py, kept by datasources/simulator_past.py): any
reading can be made without its past.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from datasources.simulator_address import own_unit, refusal
from datasources.simulator_daysums import DaySums
from datasources.simulator_past import Past, file_of
from datasources.simulator_power import NODE_S, NODES, PowerModel
from datasources.simulator_weather import UTC_OFFSET_S
from twin.point import Point

F64 = npt.NDArray[np.float64]

INSTALLED_DAY = 20_454
"""Local day number (since 1970) on which every register began at 0: 1 January 2026. Before that it shows 0."""
NODE_H = NODE_S / 3_600.0
KEPT = 4  # days


class EnergyModel:
    """One row a register. ``folder`` keeps the sums of past days over a restart (None: they are made again)."""

    def __init__(self, points: Sequence[Point], power: PowerModel, folder: Path | None = None) -> None:
        number = {building: row for row, building in enumerate(power.mains)}
        rows = []
        for point in points:
            row = number.get(point.address.removeprefix("energy/building/"))
            if row is None:
                raise refusal(point, "energy/building/<building>, with its power/building/... among the points")
            rows.append(row)
        self._rows = np.array(rows, np.int64)
        self._factor: F64 = np.array([own_unit(p, "energy")[0] for p in points], np.float64)[:, None]
        self._power = power
        file = None if folder is None or not points else file_of(folder, power.seed, power.addresses)
        self._past = Past(DaySums(power).of, INSTALLED_DAY, len(power.mains), file)
        self._today: dict[int, F64] = {}
        first = self._power.mains_at_nodes([INSTALLED_DAY * NODES - UTC_OFFSET_S // NODE_S]) if points else None
        self._first: F64 = np.zeros(0) if first is None else first[:, 0] / 2

    def at(self, when: F64) -> F64:
        """What the registers show, in the points' own units, at ``when`` [s since epoch, UTC] (columns)."""
        shown = np.zeros((len(self._power.mains), len(when)))
        since = (when + UTC_OFFSET_S) / NODE_S
        step = np.floor(since).astype(np.int64)
        for day in np.unique(step // NODES).tolist():
            at = np.flatnonzero(step // NODES == day)
            if day >= INSTALLED_DAY:
                shown[:, at] = self._on(day, since[at] - day * NODES)
        return shown[self._rows] * self._factor

    def _on(self, day: int, nodes: F64) -> F64:
        """(mains, times) at ``nodes`` since midnight of one local day [kWh]."""
        k = np.floor(nodes).astype(np.int64)
        share = nodes - k
        course = self._course(day, int(k.max()) + 2)
        before = np.cumsum(course, axis=1) - course
        here, there = course[:, k], course[:, k + 1]
        counted = self._past.before(day)[:, None] + before[:, k] + here / 2 - self._first[:, None]
        counted += share * here + share * share / 2 * (there - here)
        total: F64 = counted * NODE_H
        return total

    def _course(self, day: int, count: int) -> F64:
        """The first ``count`` nodes of a local day [kW]; kept, since a live register asks for the same again."""
        known = self._today.get(day)
        have = 0 if known is None else known.shape[1]
        if have < count:
            first = day * NODES - UTC_OFFSET_S // NODE_S
            more = self._power.mains_at_nodes(range(first + have, first + count))
            known = more if known is None else np.concatenate((known, more), axis=1)
            while len(self._today) >= KEPT:
                del self._today[next(iter(self._today))]
            self._today[day] = known
        assert known is not None
        return known[:, :count]
