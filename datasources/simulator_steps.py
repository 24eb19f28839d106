"""Curves with a node every few minutes: what is slow is computed at the nodes and kept, between them it is straight.

The nodes stand at fixed times, so a value does not depend on the window that asked for it, and what is kept is only a
copy of what would be computed again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from datasources.simulator_people import STEP_S

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
KEPT = 160  # nodes of a curve: twelve hours and some


@dataclass(frozen=True, slots=True)
class Between:
    """Where some times lie between nodes: ``wanted`` are the step numbers of these, ``left`` and ``right`` (times,) the
    places of the two about each time among them, ``share`` (times,) how far it is from the left one."""

    wanted: I64
    left: I64
    right: I64
    share: F32

    @classmethod
    def of(cls, times: F64, step_s: float) -> Between:
        """The nodes about ``times`` [s since epoch, UTC]."""
        step: I64 = np.floor(times / step_s).astype(np.int64)
        share = (times / step_s - step).astype(np.float32)
        after = step + (share > 0)  # at a node the next one is not wanted
        wanted = np.unique(np.concatenate((step, after)))
        return cls(wanted, np.searchsorted(wanted, step), np.searchsorted(wanted, after), share)

    def curve(self, values: F32) -> F32:
        """The values (rows, times) of curves whose nodes ``wanted`` are ``values`` (rows, nodes)."""
        if not self.share.any() and np.array_equal(self.left, np.arange(len(self.wanted))):
            return values
        curve: F32 = np.take(values, self.left, axis=1)
        curve *= 1 - self.share
        after = np.take(values, self.right, axis=1)
        after *= self.share
        curve += after
        return curve


class Curves:
    """One curve a row; ``make`` gives the nodes (rows, steps) of some step numbers (since the epoch).

    There is a node every ``step_s`` [s].
    """

    def __init__(self, make: Callable[[Sequence[int]], F32], step_s: float = STEP_S) -> None:
        self._make = make
        self.step_s = step_s
        self._nodes: dict[int, F32] = {}

    def nodes(self, steps: Sequence[int]) -> F32:
        """The values (rows) at the nodes ``steps`` (columns)."""
        missing = [step for step in dict.fromkeys(steps) if step not in self._nodes]
        if missing:
            made = self._make(missing)
            self._nodes.update((step, made[:, k].copy()) for k, step in enumerate(missing))
        found: F32 = np.stack([self._nodes[step] for step in steps], axis=1)
        while len(self._nodes) > KEPT:
            del self._nodes[next(iter(self._nodes))]
        return found

    def at(self, times: F64) -> F32:
        """The values (rows) at ``times`` [s since epoch, UTC] (columns)."""
        between = Between.of(times, self.step_s)
        return between.curve(self.nodes(between.wanted.tolist()))
