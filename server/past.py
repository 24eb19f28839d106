"""The past of the campus that is served: the recorder that keeps it, and moments of it for whoever asks."""

from __future__ import annotations

import asyncio
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np

from server.past_contract import Stood
from twin.config_history import HistoryEntry
from twin.history.contract import HistoryError, HistoryLaterError
from twin.history.moment import Moments
from twin.history.open import open_history
from twin.history.past_memory import remembered
from twin.history.recorder import Recorder
from twin.history.restore import MARK
from twin.history.retention import Retention
from twin.history.store import LAST, SqlStore
from twin.kpi import Kpis, Then
from twin.kpi_memory import PastHour
from twin.live import LiveState
from twin.notes import KIND as NOTE
from twin.notes import NOTED, Note, read_notes

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

MOMENTS = 24
"""Moments that are kept: whoever scrubs comes by again."""
HOURS = 200
"""Hours whose means are kept: some numbers for each building and storey."""
AT_ONCE = 2
"""Questions that are answered at the same time; others wait, and the live path has its core."""
YOUNG_S = 10.0
"""What is younger [s] may still get rows, and is asked for again."""


@dataclass(frozen=True, slots=True)
class PastEvent:
    """Something that happened at ``time`` [s since epoch], and until when it lasted (None: it lasts, or is over at
    once); ``entity`` is where, '' for nowhere."""

    time: float
    until: float | None
    kind: str
    subject: str
    state: str
    entity: str
    zh: str
    en: str


def open_recorder(
    entry: HistoryEntry,
    base: Path,
    zone: ZoneInfo,
    clock: Callable[[], float],
    first: Callable[[SqlStore], object] | None = None,
) -> Recorder:
    """The recorder of a campus whose folder is ``base``. HistoryError when its journal cannot be had. ``first`` is done
    with the historian before it gets anything."""
    return Recorder(base / entry.folder / "journal", lambda: _whole_store(entry, base, zone), clock, first)


def open_store(entry: HistoryEntry, base: Path, zone: ZoneInfo) -> SqlStore:
    """The history of a campus whose folder is ``base``; HistoryError when it cannot be had."""
    keep = Retention(entry.readings_days, entry.hours_days, entry.quantities, entry.points)
    return open_history(entry, base / entry.folder, zone, keep)


def _whole_store(entry: HistoryEntry, base: Path, zone: ZoneInfo) -> SqlStore:
    folder = base / entry.folder
    if (folder / MARK).exists():
        raise HistoryError(f"a backup was being put into {folder} and that did not end: run the command restore again")
    return open_store(entry, base, zone)


class Archive:
    """Answers what was. ``live`` says which points there are now: it is another one after points came or went."""

    def __init__(self, recorder: Recorder, live: Callable[[], LiveState]) -> None:
        self.recorder = recorder
        self._live = live
        self._kept: OrderedDict[int, LiveState] = OrderedDict()
        self._moments: Moments | None = None
        self._hours: tuple[object, dict[int, PastHour]] = (None, {})
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def ask(self, question: Callable[[SqlStore], Answer]) -> Answer:
        """What the historian answers, in a thread; HistoryError where it cannot."""
        store = self.recorder.store
        if store is None:
            state = self.recorder.state()
            raise HistoryLaterError(state.message or "the history is being opened: ask again in a moment")
        async with self._turns:
            return await asyncio.to_thread(question, store)

    async def live_at(self, at: float) -> LiveState:
        """The live state as of ``at`` [s since epoch]; HistoryError where there is none."""
        live = self._live()
        if self._moments is None or self._moments.live is not live or self._moments.store is not self.recorder.store:
            self._kept.clear()
            self._moments = None if self.recorder.store is None else Moments(live, self.recorder.store)
        moments = self._moments
        key = round(at * 1000)
        found = self._kept.get(key)
        if found is None:
            found = await self.ask(lambda store: moments.at(at) if moments else Moments(live, store).at(at))
            if self._moments is moments and live.clock() - at > YOUNG_S:
                self._kept[key] = found
                while len(self._kept) > MOMENTS:
                    self._kept.popitem(last=False)
        return found

    async def then(self, at: float, kpis: Kpis) -> Then:
        """What the figures are made of at ``at`` [s since epoch]; HistoryError where that cannot be known."""
        live = await self.live_at(at)
        moments = self._moments

        def made(store: SqlStore) -> Then:
            known = moments or Moments(live, store)
            kept = self._hours_kept(known)
            memory = remembered(known, live, kpis.remembered, kpis.zone, kept)
            for hour in list(kept)[:-HOURS]:
                kept.pop(hour, None)
            return Then(live, memory)

        return await self.ask(made)

    def _hours_kept(self, moments: Moments) -> dict[int, PastHour]:
        """What is remembered of hours, as long as they are the same."""
        key = (moments, moments.store.rerolled)
        if self._hours[0] != key:
            self._hours = key, {}
        return self._hours[1]

    def span(self) -> tuple[float, float] | None:
        """The oldest and the newest instant [s since epoch] of which anything is kept; None where nothing is."""
        span = self.recorder.span
        return None if span is None else (span[0] / 1000, max(span[1] / 1000, self._live().clock()))

    async def coverage(self, start: float, end: float, step_s: float) -> list[float]:
        """The share of points (0..1) of which something was known, in each step [s] from ``start`` to ``end``."""
        points = max(1, len(self._live().points))
        first, step = round(start * 1000), max(1, round(step_s * 1000))
        steps = -(-round(end * 1000 - first) // step)
        shares = np.zeros(steps)
        known = await self.ask(lambda store: store.known(first, round(end * 1000), step))
        at = (known.column("start").to_numpy() - first) // step
        shares[at] = np.minimum(1.0, known.column("points").to_numpy() / points)
        return [float(share) for share in shares]

    async def events(self, start: float, end: float) -> list[PastEvent]:
        """What happened from ``start`` to ``end`` [s since epoch], oldest first."""
        rows, notes = await self.ask(lambda store: _events(store, round(start * 1000), round(end * 1000)))
        following: dict[tuple[str, str], float] = {}
        found: list[PastEvent] = []
        for row in reversed(rows):
            if row["kind"] == NOTE:
                if (note := notes.get(row["subject"])) is not None and row["state"] == NOTED:
                    found.append(_noted(note, json.loads(row["detail"])))
                continue
            key = row["kind"], row["subject"]
            if row["kind"] == "figures":  # of a finding that goes on: nothing happened
                continue
            detail = json.loads(row["detail"])
            if not detail.get("over"):
                found.append(PastEvent(
                    row["time"] / 1000, following.get(key), row["kind"], row["subject"], row["state"],
                    detail.get("entity", ""), detail.get("zh", ""), detail.get("en", ""),
                ))  # fmt: skip
            following[key] = row["time"] / 1000
        return found[::-1]

    async def stood(self, at: float, kinds: Sequence[str]) -> list[Stood]:
        """The newest event of each subject of these kinds at or before ``at`` [s since epoch]."""
        time = round(at * 1000)
        tables = await self.ask(lambda store: [store.states(time, kind) for kind in kinds])
        return [
            Stood(row["time"] / 1000, row["kind"], row["subject"], row["state"], json.loads(row["detail"]))
            for table in tables
            for row in table.to_pylist()
        ]


def _events(store: SqlStore, start: int, end: int) -> tuple[list[dict[str, Any]], dict[str, Note]]:
    """What happened from ``start`` to before ``end`` [ms], and the notes that stand, where there are any among it: one
    may have been taken away later."""
    rows = store.events(start, end).to_pylist()
    some = any(row["kind"] == NOTE for row in rows)
    return rows, read_notes(store.events(0, LAST, (NOTE,)).to_pylist()) if some else {}


def _noted(note: Note, told: dict[str, str]) -> PastEvent:
    until = None if note.end is None else note.end / 1000
    return PastEvent(note.start / 1000, until, NOTE, note.id, NOTED, note.entity, told["zh"], told["en"])
