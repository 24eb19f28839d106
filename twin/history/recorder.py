"""From the live state to the historian: takes what was judged, acknowledges it from the journal, hands it on.

Two threads of its own. The *writer* puts what came on the disk a few times a second: from then on it is acknowledged.
The *keeper* hands the journal on to the historian, makes roll-ups and puts days away; while the historian cannot be
reached, or is slow, the journal grows and nothing else notices. Where the disk is full, what comes waits in memory as
far as that goes; the live state is never held up.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa

from twin.history.columns import table
from twin.history.contract import EVENTS, READINGS, HistoryError, HistoryFullError, KeptPoint, Keys
from twin.history.spool import ROW, Batch, Event, Rows, Spool
from twin.history.store import SqlStore
from twin.live import Bools, Columns, LiveState

log = logging.getLogger(__name__)

FLUSH_S = 0.5
KEEP_S = 1.0
ROLL_S = 30.0
SEAL_S = 1800.0
LOOK_S = 10.0
MOST_ROLLS = 10
MOST_MARKS = 4
MARK_AFTER_MS = 60_000
"""An instant is remembered when most of what is late has come."""
FIRST_WAIT_S, LAST_WAIT_S = 1.0, 60.0
MOST_WAITING = 2_000_000
"""Rows that wait in memory while the disk is full; then the oldest go, and are counted."""
AT_ONCE = 500_000
"""Rows handed on at a time."""

State = Literal["ok", "late", "full", "failed"]


@dataclass(frozen=True, slots=True)
class HistoryState:
    """How the keeping of history is: ``message`` in words, ``since`` [s since epoch], ``rows`` kept since the start,
    ``waiting`` [bytes] in the journal, ``dropped`` rows for which there was no room."""

    state: State
    message: str
    since: float
    rows: int
    waiting: int
    dropped: int


@dataclass(frozen=True, slots=True)
class _Taken:
    live: LiveState
    points: Sequence[KeptPoint]
    columns: Columns
    skip: Bools | None


class Recorder:
    """The one way into a historian. ``open_store`` opens that, which may take long or fail; ``folder`` is the
    journal's."""

    def __init__(
        self,
        folder: Path,
        open_store: Callable[[], SqlStore],
        clock: Callable[[], float] = time.time,
        first: Callable[[SqlStore], object] | None = None,
    ) -> None:
        """``first`` is done with the historian before anything is handed on to it."""
        self.store: SqlStore | None = None
        self.span: tuple[int, int] | None = None
        self.spool = Spool(folder)
        self.clock = clock
        self._open_store, self._first = open_store, first
        self._live: LiveState | None = None
        self._points: Sequence[KeptPoint] = ()
        self._taken: list[_Taken] = []
        self._events: list[Event] = []
        self._ticket = self._durable = 0
        self._waiters: list[tuple[int, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._lock = threading.Lock()
        self._wake, self._keep_wake = threading.Event(), threading.Event()
        self._write_ending, self._keep_ending = threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._rows = self._dropped = 0
        self._last = self.spool.last
        self._troubles: dict[str, tuple[State, str, float]] = {}
        self._since = clock()
        self._keys: tuple[Sequence[KeptPoint], Keys] | None = None

    # on the event loop

    def follow(self, live: LiveState) -> None:
        """From now on what is taken is of the points of ``live``."""
        self._live = live
        self._points = [KeptPoint(point.id, point.quantity, point.stale_s) for point in live.points]

    def take(self, columns: Columns, skip: Bools | None = None) -> None:
        """Keep readings of the points that it follows, but for those that ``skip`` marks."""
        assert self._live is not None, "follow a live state first"
        with self._lock:
            self._taken.append(_Taken(self._live, self._points, columns, skip))
            self._ticket += 1

    def note(self, event: Event) -> None:
        """Keep something that happened."""
        with self._lock:
            self._events.append(event)
            self._ticket += 1

    async def durable(self) -> None:
        """Wait until everything taken so far is on the disk; HistoryError says why that cannot be."""
        with self._lock:
            if self._durable >= self._ticket:
                return
            loop = asyncio.get_running_loop()
            future: asyncio.Future[None] = loop.create_future()
            self._waiters.append((self._ticket, loop, future))
        self._wake.set()
        await future

    def state(self) -> HistoryState:
        """How it is now."""
        worst = next((self._troubles[who] for who in ("writer", "keeper") if who in self._troubles), None)
        state, message, since = worst or ("ok", "", self._since)
        return HistoryState(state, message, since, self._rows, self.spool.waiting(), self._dropped)

    def start(self) -> None:
        """Begin to write and to keep."""
        for name, work in (("history writer", self._write_on), ("history keeper", self._keep_on)):
            thread = threading.Thread(target=work, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Write what was taken, hand on what can be handed on, and let go of everything. Takes a while: in a thread."""
        for ending, wake, thread in zip(
            (self._write_ending, self._keep_ending), (self._wake, self._keep_wake), self._threads, strict=False
        ):  # the writer first: what it writes is still handed on
            ending.set()
            wake.set()
            thread.join()
        self._threads.clear()
        self.spool.close()
        if self.store is not None:
            self.store.close()
            self.store = None

    @property
    def filling(self) -> bool:
        """Whether what is to be done first with the historian is not done yet."""
        return self._first is not None

    @property
    def ending(self) -> bool:
        """Whether it is being stopped: whatever takes long ends now."""
        return self._keep_ending.is_set()

    # the writer

    def _write_on(self) -> None:
        wait = FLUSH_S
        while not self._write_ending.is_set():
            self._wake.wait(wait)
            self._wake.clear()
            wait = FLUSH_S if self.write() else 2.0
        self.write()

    def write(self) -> bool:
        """Put everything taken so far into the journal; whether that could be."""
        with self._lock:
            taken, self._taken = self._taken, []
            events, self._events = self._events, []
            ticket = self._ticket
        done = 0
        try:
            for batch, size in self._batches(taken, events):
                self.spool.write(batch)
                self._last = batch.number
                done += size
                events = []
        except HistoryError as error:
            self._put_back(taken[done:], events, error)
            return False
        except Exception as error:
            log.exception("what came could not be put into the journal")
            self._put_back(taken[done:], events, HistoryError(f"{type(error).__name__}: {error}: see the log"))
            return False
        self._well("writer")
        self._tell(ticket, None)
        if done or taken:
            self._keep_wake.set()
        return True

    def _batches(self, taken: Sequence[_Taken], events: Sequence[Event]) -> list[tuple[Batch, int]]:
        """What was taken as batches of one set of points each, with how many takings each is."""
        groups: list[list[_Taken]] = []
        for each in taken:
            if groups and groups[-1][0].points is each.points:
                groups[-1].append(each)
            else:
                groups.append([each])
        number = max(self._last, int(time.time() * 1000))
        found = []
        for group in groups or ([[]] if events else []):
            rows, words = _rows(group)
            if len(rows) or events:
                number += 1
                points = group[0].points if group else self._points
                found.append((Batch(number, points, rows, words, tuple(events)), len(group)))
                events = ()
        return found

    def _put_back(self, taken: Sequence[_Taken], events: Sequence[Event], error: HistoryError) -> None:
        """What could not be written waits, the oldest of it no longer than there is room."""
        with self._lock:
            self._taken[:0] = taken
            self._events[:0] = events
            rows = sum(len(each.columns.point) for each in self._taken)
            while rows > MOST_WAITING:
                gone = len(self._taken.pop(0).columns.point)
                rows -= gone
                self._dropped += gone
            ticket = self._ticket
        self._trouble("writer", "full" if isinstance(error, HistoryFullError) else "failed", error)
        self._tell(ticket, error)

    def _tell(self, ticket: int, error: HistoryError | None) -> None:
        """Let those know who wait for what was written, or could not be."""
        with self._lock:
            if error is None:
                self._durable = max(self._durable, ticket)
            known = [waiter for waiter in self._waiters if waiter[0] <= ticket]
            self._waiters = [waiter for waiter in self._waiters if waiter[0] > ticket]
        for _, loop, future in known:
            loop.call_soon_threadsafe(_settle, future, error)

    # the keeper

    def _keep_on(self) -> None:
        rolled = sealed = looked = -np.inf
        wait = FIRST_WAIT_S
        while True:
            ending = self._keep_ending.is_set()
            try:
                self.keep()
                now = time.monotonic()
                if self.store is not None and now - looked >= LOOK_S:
                    looked, self.span = now, self.store.span()
                if self.store is not None and not ending and now - rolled >= ROLL_S:
                    rolled = now
                    self._roll(self.store)
                if self.store is not None and not ending:
                    self._mark(self.store)
                if self.store is not None and not ending and now - sealed >= SEAL_S:
                    sealed = now
                    for done in self.store.seal(round(self.clock() * 1000)):
                        log.info("history: %s", done)
                self._well("keeper")
                wait = FIRST_WAIT_S
            except Exception as error:
                self._late(error)
                wait = min(LAST_WAIT_S, 2 * wait)
            if ending:
                return
            self._keep_wake.wait(KEEP_S if wait == FIRST_WAIT_S else wait)
            if not self._keep_ending.is_set():
                self._keep_wake.clear()
                time.sleep(0 if wait > FIRST_WAIT_S else KEEP_S / 2)  # a few batches at once

    def _roll(self, store: SqlStore) -> None:
        """Make what is due; of very much only a part, so that days are put away meanwhile."""
        for _ in range(MOST_ROLLS):
            if self._keep_ending.is_set() or not store.roll(round(self.clock() * 1000)):
                return
            self.keep()

    def _mark(self, store: SqlStore) -> None:
        """Remember instants of the last day, a few at a time."""
        span = self.span
        for _ in range(MOST_MARKS if span is not None else 0):
            now = round(self.clock() * 1000) - MARK_AFTER_MS
            if self._keep_ending.is_set() or span is None or not store.mark(span[0], now):
                return

    def _late(self, error: Exception) -> None:
        if isinstance(error, HistoryError):
            self._trouble("keeper", "full" if isinstance(error, HistoryFullError) else "late", error)
        else:
            log.exception("history could not be kept: what comes waits in the journal")
            self._trouble("keeper", "failed", HistoryError(f"{type(error).__name__}: {error}: see the log"))

    def keep(self) -> None:
        """Hand on to the historian what waits in the journal; HistoryError where it does not take it."""
        if self.store is None:
            self.store = self._open_store()
            self._last = max(self._last, self.store.watermark())
        if self._first is not None:
            self._first(self.store)
            self._first = None
        watermark = self.store.watermark()
        rows: list[pa.Table] = []
        events: list[Event] = []
        number = waiting = 0
        for batch in self.spool.read(watermark):
            rows.append(self._table(self.store, batch))
            events += batch.events
            number, waiting = batch.number, waiting + len(batch.rows)
            if waiting >= AT_ONCE:
                self._hand_on(self.store, rows, events, number)
                rows, events, waiting = [], [], 0
        if rows:
            self._hand_on(self.store, rows, events, number)
        self.spool.trim(self.store.watermark())

    def _hand_on(self, store: SqlStore, rows: Sequence[pa.Table], events: Sequence[Event], number: int) -> None:
        every = pa.concat_tables(rows)
        columns = {"time": [e.time for e in events], "kind": [e.kind for e in events],
                   "subject": [e.subject for e in events], "state": [e.state for e in events],
                   "detail": [e.detail for e in events]}  # fmt: skip
        store.append(every, number, pa.table(columns, schema=EVENTS) if events else None)
        self._rows += len(every)

    def _table(self, store: SqlStore, batch: Batch) -> pa.Table:
        """A batch as the historian knows its points and reasons."""
        if self._keys is None or self._keys[0] is not batch.points:
            self._keys = batch.points, store.keys(batch.points)
        words = store.reason_keys(list(batch.words))
        rows = batch.rows
        columns = {name: rows[name] for name in READINGS.names}
        columns |= {"point": self._keys[1][rows["point"]], "reason": words[rows["reason"]]}
        return table(READINGS, columns)

    # how it is

    def _trouble(self, who: str, state: State, error: HistoryError) -> None:
        before = self._troubles.get(who)
        if before is None or before[:2] != (state, str(error)):
            log.error("history: %s", error)
            self._troubles[who] = state, str(error), before[2] if before else self.clock()

    def _well(self, who: str) -> None:
        if self._troubles.pop(who, None) is not None:
            self._since = self.clock()
            log.info("history: the %s goes on", who)


def _rows(group: Sequence[_Taken]) -> tuple[Rows, list[tuple[str, ...]]]:
    """Takings as rows of the journal, with the words of their reasons."""
    parts, reasons = [], []
    for taken in group:
        columns, keep = taken.columns, np.isfinite(taken.columns.judged)
        keep &= np.isfinite(columns.time)
        if taken.skip is not None:
            keep &= ~taken.skip
        at = np.flatnonzero(keep)
        part = np.zeros(len(at), ROW)
        part["point"], part["value"] = columns.point[at], columns.value[at]
        part["time"] = np.rint(columns.time[at] * 1000.0)
        part["delay"] = np.clip(np.rint(columns.received[at] - columns.time[at]), -(2**31), 2**31 - 1)
        part["quality"], part["flags"] = columns.quality[at], columns.flags[at]
        reasons.append(columns.reason[at])
        parts.append(part)
    if not parts:
        return np.zeros(0, ROW), [()]
    rows, reason = np.concatenate(parts), np.concatenate(reasons)
    known, number = np.unique(np.append(0, reason), return_inverse=True)
    rows["reason"] = number[1:]
    texts = group[0].live.reasons
    return rows, [texts.text(int(each)) for each in known]


def _settle(future: asyncio.Future[None], error: HistoryError | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
