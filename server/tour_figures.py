"""Figures of a tour, of now or of a past moment, and what visitors get of them: nothing in which a single room shows.

What is published is safe together as well: whatever is missing of a published whole is no room at all, or many.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from server.visitors import told
from twin.domains import Channel, Kpi, channels
from twin.history.contract import HistoryError
from twin.kpi import KINDS, Then
from twin.kpi_value import Covers, Origin, of_rolled
from twin.live import LiveState
from twin.quantity import QUANTITIES
from twin.reading import Quality
from twin.slots import Level
from twin.tours.figure import Figure
from twin.tours.privacy import why_not_told

if TYPE_CHECKING:
    from server.runtime import Runtime

_METERED = ("energy", "power")
"""What energy of today, base load and what hangs on them are made of."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of a figure [``unit``], None where there is none. ``have`` of ``of`` of what ``covers`` names count;
    ``oldest`` [s since epoch] of the oldest value in it, None = unknown; ``hidden`` where there is a value that
    visitors do not get."""

    value: float | None
    unit: str = ""
    have: int = 0
    of: int = 0
    covers: Covers = "points"
    oldest: float | None = None
    quality: Quality = Quality.NONE
    origin: Origin = "measured"
    hidden: bool = False


NO_ANSWER = Answer(None)


class Answers:
    """The figures of one moment: now, ``then``, or none at all where the past cannot be had (``lost``). With
    ``visitors`` no answer is one that they must not have."""

    def __init__(
        self, runtime: Runtime, then: Then | None = None, *, visitors: bool = True, lost: bool = False
    ) -> None:
        self._runtime = runtime
        self._then = then
        self._visitors = visitors
        self._lost = lost
        self._live: LiveState = runtime.live if then is None else then.live
        self._seen: dict[tuple[str, ...], np.ndarray[tuple[int], np.dtype[np.bool_]]] = {}

    @property
    def time(self) -> float:
        """The moment [s since epoch]."""
        return self._live.clock()

    def of(self, figure: Figure) -> Answer:
        """The answer to a figure; without a value where the campus has no such place."""
        found = self._of(figure)
        if not self._visitors or found.value is None or self.told(figure):
            return found
        return Answer(None, found.unit, hidden=True)

    def told(self, figure: Figure) -> bool:
        """Whether visitors get a figure at all, whatever its value is."""
        if why_not_told(figure, self._runtime.index):
            return False
        slot = self._live.tree.index.get(figure.place) if figure.place else 0
        return slot is not None and bool(self._visible(_quantities(figure))[slot])

    def asked(self, figure: Figure) -> float | None:
        """The value of a figure for a condition, which the caller has seen may be asked."""
        return self._of(figure).value

    def _of(self, figure: Figure) -> Answer:
        if self._lost:
            return NO_ANSWER
        if figure.kind == "point":
            return self._point(figure.key)
        row = figure.row
        return self._kpi(row, figure.place) if isinstance(row, Kpi) else self._channel(row, figure.place)

    def _kpi(self, kpi: Kpi, entity: str) -> Answer:
        try:
            place = self._runtime.kpis.place(entity, self._then)
        except KeyError:
            return NO_ANSWER
        found = KINDS[kpi.kind](place, kpi)
        value = found.value if found.value is not None and math.isfinite(found.value) else None
        oldest = found.oldest if math.isfinite(found.oldest) and found.oldest > 0 else None
        unit = "" if found.unit == "1" else found.unit
        return Answer(value, unit, found.have, found.of, found.covers, oldest, found.quality, found.origin)

    def _channel(self, channel: Channel | None, entity: str) -> Answer:
        slot = self._live.tree.index.get(entity) if entity else 0
        if channel is None or slot is None:
            return NO_ANSWER
        rolled = self._live.rolled(channel)
        have, of = int(rolled.have[slot]), int(rolled.of[slot])
        if not have or not math.isfinite(value := float(rolled.value[slot])):
            return Answer(None, channel.shown_unit, 0, of)
        oldest, quality, origin = of_rolled(rolled, slot)
        known = oldest if math.isfinite(oldest) else None
        return Answer(value, channel.shown_unit, have, of, "points", known, quality, origin)

    def _point(self, point: str) -> Answer:
        if point not in self._live.index:
            return NO_ANSWER
        row = self._live.latest(point)
        dead = row.value is None or row.stale or not math.isfinite(row.value)
        unit = "" if row.unit == "1" else row.unit
        origin: Origin = row.origin if row.origin in ("simulated", "derived") else "measured"
        return Answer(None if dead else row.value, unit, int(not dead), 1, "points", row.time, row.quality, origin)

    def _visible(self, quantities: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which slots visitors get sums of: safe with all points there are, and with those that count just now."""
        found = self._seen.get(quantities)
        if found is None:
            live = self._live
            rows = np.concatenate([np.zeros(0, np.intp), *(live.rows(name) for name in quantities)])
            counting = rows[live.counting(rows)] if len(rows) else rows
            found = self._seen[quantities] = self._mask(rows) & self._mask(counting)
        return found

    def _mask(self, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        tree = self._live.tree
        rooms = np.zeros(len(tree.ids), np.bool_)
        slots = self._live.slot[rows]
        rooms[slots[slots >= 0]] = True
        return told(tree, rooms & (tree.level == Level.SPACE), np.ones(len(tree.ids), np.bool_))


def _quantities(figure: Figure) -> tuple[str, ...]:
    """What a figure is made of."""
    row = figure.row
    if not isinstance(row, Kpi):
        return () if row is None else (row.quantity,)
    if row.kind in ("energy-today", "base-load"):
        return _METERED
    tests = [test.quantity for test in (*row.all_of, *row.any_of)]
    return tuple(sorted({name for name in (row.quantity, *tests) if name in QUANTITIES}))


async def answers_at(runtime: Runtime, at: float | None, *, visitors: bool) -> Answers:
    """The figures of ``at`` [s since epoch], None = now; without any where that past is not kept."""
    if at is None:
        return Answers(runtime, visitors=visitors)
    if runtime.past is None:
        return Answers(runtime, visitors=visitors, lost=True)
    try:
        return Answers(runtime, await runtime.past.then(at, runtime.kpis), visitors=visitors)
    except HistoryError:
        return Answers(runtime, visitors=visitors, lost=True)


def names_of(figure: Figure) -> dict[str, str]:
    """What a figure is called; {} of a point."""
    row = channels().get(figure.key) if figure.kind == "channel" else figure.row
    return {} if row is None else {"zh": row.zh, "en": row.en}


def values_of(answers: Answers, figures: Iterable[Figure]) -> dict[Figure, Answer]:
    """The answers to some figures, each asked once."""
    return {figure: answers.of(figure) for figure in dict.fromkeys(figures)}
