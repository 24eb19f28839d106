"""The past of a simulated campus: where its history is new, what the simulator would have told until now.

First some months of the main meters, then a day or so of all points with the estimate of people that comes of them. It
is marked as simulated like everything that the simulator tells.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from datasources.simulator import Settings
from datasources.simulator_backfill import Told, main_rows, past
from models3d.campus import Assembled
from server.simulated_people import SimulatedPeople
from server.texts import filled
from twin.config_history import HistoryEntry
from twin.frame import FLAG_SIMULATED
from twin.history.columns import NO_ROWS, Rows
from twin.history.contract import EVENTS, HistoryLaterError, KeptPoint, Keys
from twin.history.sealing import MOST_DAYS
from twin.history.store import SqlStore
from twin.live import LiveState
from twin.point import Point

log = logging.getLogger(__name__)

DAY_S = 86_400.0
FIRST_BATCH = 1_000_000_000
"""Batches of the journal have the time [ms] for a number: those from here on come long before."""
DEMO_DAYS = 9
"""How long the demo keeps readings: a week to compare with, and not a full disk."""
DEMO_MAINS_DAYS = 90
"""How long it keeps those of its main meters, and all hours."""


def demo_entry(points: Sequence[Point]) -> HistoryEntry:
    """How long the demo campus, whose points these are, keeps what."""
    mains = {points[row].id: DEMO_MAINS_DAYS for row in main_rows(points).tolist()}
    return HistoryEntry(readings_days=DEMO_DAYS, hours_days=DEMO_MAINS_DAYS, points=mains)


@dataclass(frozen=True, slots=True)
class Length:
    """How far back the past reaches [days]: of all points, and of the main meters; 0: none."""

    days: float = 0.0
    mains_days: float = 0.0


@dataclass(frozen=True, slots=True)
class Simulated:
    """What simulates a campus whose points, with the derived ones, are those of ``live``."""

    settings: Settings
    assembled: Assembled
    live: LiveState


def fill(
    store: SqlStore, simulated: Simulated, length: Length, clock: Callable[[], float],
    going: Callable[[], bool] = lambda: True,
) -> int:  # fmt: skip
    """Write the past into a history that has nothing else yet; the number of readings.

    Ended half-way, it goes on the next time; once live readings are there it does nothing. HistoryLaterError where
    ``going`` says that it has to end now.
    """
    if store.watermark() > FIRST_BATCH or not max(length.days, length.mains_days):
        return 0
    keys = store.keys([KeptPoint(p.id, p.quantity, p.stale_s) for p in simulated.live.points])
    work = _Work(store, simulated, keys, going)
    now = clock()
    change = now - length.days * DAY_S
    work.mains(_midnight(store, now - max(length.days, length.mains_days) * DAY_S), change, now)
    work.everything(change, now)
    log.info("the simulated past: %d readings until %s", work.written, np.datetime64(round(now), "s"))
    return work.written


def _midnight(store: SqlStore, at: float) -> float:
    return store.calendar.day_of(round(at * 1000)) / 1000


@dataclass(slots=True)
class _Work:
    store: SqlStore
    simulated: Simulated
    keys: Keys
    going: Callable[[], bool]
    written: int = 0

    def mains(self, start: float, end: float, now: float) -> None:
        """The main meters from ``start`` to before ``end`` [s since epoch], rolled up and put away day by day."""
        points = self.simulated.assembled.points
        rows = main_rows(points)
        start = self._from(start)
        if start >= end or not rows.size:
            return
        days = _days(past(self.simulated.settings, points, start, end, rows), self.store)
        for number, told in enumerate(days, 1):
            self._keep(told)
            if number % MOST_DAYS == 0:  # a day at a time would take twice as long
                self._roll(float(told.time[-1]))
                self.store.seal(round(now * 1000))
        self._roll(end)
        while self.store.seal(round(now * 1000)):
            self._go_on()

    def everything(self, start: float, end: float) -> None:
        """All points from ``start`` to before ``end`` [s since epoch], and the estimate of people."""
        people = SimulatedPeople(self.simulated.live, self.simulated.assembled)
        start = self._from(start)
        self._tell_sources(start)
        for told in past(self.simulated.settings, self.simulated.assembled.points, start, end):
            self._keep(told)
            self._append(people.take(told))

    def _tell_sources(self, at: float) -> None:
        """That the sources speak from ``at`` [s since epoch] on, as a past moment tells it."""
        if len(self.store.states(round(at * 1000), "source")):
            return
        names = sorted({point.source for point in self.simulated.assembled.points if point.source})
        words = {lang: filled("source.live", lang, {}) for lang in ("zh", "en")}
        told = [{"type": "simulator", "reason": "", "over": True} | {k: f"{name}: {word}" for k, word in words.items()}
                for name in names]  # fmt: skip
        columns = {
            "time": [round(at * 1000)] * len(names), "kind": ["source"] * len(names), "subject": names,
            "state": ["live"] * len(names), "detail": [json.dumps(each, ensure_ascii=False) for each in told],
        }  # fmt: skip
        self.store.append(NO_ROWS.table(), self.store.watermark() + 1, pa.table(columns, schema=EVENTS))

    def _from(self, start: float) -> float:
        """Where to go on: after what is there already."""
        span = self.store.span()
        return start if span is None else max(start, span[1] / 1000 + 1)

    def _roll(self, until: float) -> None:
        while self.store.roll(round(until * 1000)):
            self._go_on()

    def _go_on(self) -> None:
        if not self.going():
            raise HistoryLaterError("the simulated past is not all there yet: it goes on with the next start")

    def _keep(self, told: Told) -> None:
        n = len(told.row)
        none = np.zeros(n, np.uint8)
        self._append(Rows(
            told.row, np.rint(told.time * 1000).astype(np.int64), told.value, np.zeros(n, np.int32), none,
            np.full(n, FLAG_SIMULATED, np.uint8), np.zeros(n, np.int32),
        ))  # fmt: skip

    def _append(self, rows: Rows) -> None:
        """Keep rows whose points are counted as in the live state."""
        self._go_on()
        if not len(rows.time):
            return
        kept = Rows(self.keys[rows.point], rows.time, rows.value, rows.delay, rows.quality, rows.flags, rows.reason)
        self.store.append(kept.table(), self.store.watermark() + 1)
        self.written += len(rows.time)


def _days(pieces: Iterator[Told], store: SqlStore) -> Iterator[Told]:
    """Pieces joined to local days."""
    waiting: list[Told] = []
    day = 0
    for piece in pieces:
        if not len(piece.time):
            continue
        begun = store.calendar.day_of(round(float(piece.time[0]) * 1000))
        if waiting and begun != day:
            yield _joined(waiting)
            waiting = []
        day = begun
        waiting.append(piece)
    if waiting:
        yield _joined(waiting)


def _joined(told: list[Told]) -> Told:
    return Told(*(np.concatenate([getattr(each, name) for each in told]) for name in ("row", "time", "value")))
