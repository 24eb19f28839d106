"""The forecasts of the campus that is served: trains its models, looks every hour, and tells what is not as expected.

Everything that takes time is done in one thread, one subject at a time, and rests as long as it worked: the live path
keeps its core.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from zoneinfo import ZoneInfo

from datasources.simulator_calendar import kind_of
from server.chronicle import finding_events
from twin.forecast.exclusions import Marks, marks_of
from twin.forecast.keeper import TRAINED_D, Keeper, Surroundings
from twin.forecast.outlook import RECENT_D, Calendar
from twin.forecast.shelf import Shelf
from twin.forecast.subjects import Subject, outdoor_point, subjects
from twin.forecast.told import Told, settle
from twin.index import label_of
from twin.live import LiveState
from twin.quality.finding import Finding

if TYPE_CHECKING:
    from server.runtime import Runtime
    from twin.history.recorder import Recorder
    from twin.history.store import SqlStore

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

LOOK_S = 20.0
"""So often is looked whether an hour is over or a model is due [s]."""
REST_S = 0.05
"""The least rest after a piece of work [s]."""
DAY_S = 86_400.0


class Forecaster:
    """Forecasts from what ``recorder`` keeps; its models are files in ``folder``."""

    def __init__(self, runtime: Runtime, recorder: Recorder, folder: Path) -> None:
        self._runtime, self._recorder = runtime, recorder
        self.keeper = Keeper(ZoneInfo(runtime.assembled.campus.timezone), Shelf(folder))
        self._live: LiveState | None = None
        self._hour = 0
        self.looked = 0.0
        """When all were looked at last [s since the epoch]; 0 before."""
        self._turn = asyncio.Semaphore(1)

    async def run(self) -> None:
        """Train and look, until cancelled; a failure is logged and the next turn comes."""
        while True:
            try:
                await self.turn()
            except Exception:  # the historian may be away for a while
                log.exception("the forecasts could not be brought up to date; they go on in %.0f s", LOOK_S)
            await asyncio.sleep(LOOK_S)

    async def turn(self) -> None:
        """Do what is due: train models, and after every hour look at all."""
        store = self._recorder.store
        if store is None or self._recorder.filling:  # of half of the past there would be no model, for an hour
            return
        await self._follow()
        now = self._runtime.ingest.clock()
        due = self.keeper.due(now)
        if not store.rolled_until or (not due and store.rolled_until == self._hour):
            return
        self._hour = store.rolled_until
        try:
            around = self._around(now, await self.ask(lambda: _marks(store, now, TRAINED_D if due else RECENT_D)))
            for subject in due:
                await self._piece(lambda subject=subject: self.keeper.train(store, subject, around))  # type: ignore[misc]
            self.keeper.forget_readings()
            for subject in list(self.keeper.subjects.values()):
                await self._piece(lambda subject=subject: self.keeper.look(store, subject, around))  # type: ignore[misc]
        finally:
            self.keeper.forget_readings()
        await self._settle(store, now)
        self.looked = now

    async def ask(self, work: Callable[[], Answer]) -> Answer:
        """Do a piece of work in a thread, one at a time; an end waits for it, since what it reads is closed next."""
        async with self._turn:
            piece = asyncio.ensure_future(asyncio.to_thread(work))
            try:
                return await asyncio.shield(piece)
            except asyncio.CancelledError:
                await asyncio.wait([piece])
                raise

    async def _piece(self, work: Callable[[], object]) -> None:
        began = time.monotonic()
        await self.ask(work)
        await asyncio.sleep(max(REST_S, time.monotonic() - began))

    async def _follow(self) -> None:
        """Take over which subjects there are, where points came or went."""
        live, meters = self._runtime.live, self._runtime.meters
        if self._live is live:
            return
        await self.ask(lambda: self.keeper.follow(subjects(live, meters)))
        self._live, self._hour = live, 0

    def _around(self, now: float, marks: Marks) -> Surroundings:
        runtime = self._runtime
        given = runtime.given
        return Surroundings(
            now, marks, outdoor_point(runtime.assembled.campus, runtime.live.points), calendar_of(runtime),
            None if given is None or given.tariff is None else given.tariff.per_kwh,
            [finding for finding in runtime.watch.findings() if finding.check != "energy"],
        )  # fmt: skip

    async def _settle(self, store: SqlStore, now: float) -> None:
        """Tell what is not as expected, as findings; on the event loop."""
        runtime = self._runtime
        tariff = runtime.given.tariff if runtime.given is not None else None
        every = [told for subject in self.keeper.subjects.values() if (told := self._told(subject)) is not None]
        late = settle(runtime.watch.ledger, every, tariff.currency if tariff is not None else "", now)
        if late:
            begins = min(finding.since for finding in late)
            known = await self.ask(lambda: _told_before(store, begins, now))
            for finding in late:
                if finding.id not in known:
                    for event in finding_events(runtime.live, finding, now):
                        self._recorder.note(event)

    def _told(self, subject: Subject) -> Told | None:
        outlook = self.keeper.outlooks.get(subject.id)
        index = self._runtime.watch.live.index
        rows = tuple(index[point] for point in self.points_of(subject) if point in index)
        if outlook is None or not rows:
            return None
        return Told(subject.id, rows, self.names(subject.id), outlook.anomalies)

    def points_of(self, subject: Subject) -> tuple[str, ...]:
        """The points that a subject is made of, through its parts."""
        parts = (self.keeper.subjects[part] for part in subject.parts)
        return subject.points + tuple(point for part in parts for point in self.points_of(part))

    def names(self, entity: str) -> dict[str, str]:
        """What a subject is called, in both languages."""
        found = self._runtime.index.get(entity)
        if found is None:
            return {"zh": entity, "en": entity}
        return {"zh": label_of(found, "zh"), "en": label_of(found, "en")}

    def anomalies(self) -> dict[str, Finding]:
        """The open findings of what is used, by what uses it."""
        findings = self._runtime.watch.findings()
        return {f.entities[0]: f for f in findings if f.check == "energy" and f.until is None}


def calendar_of(runtime: Runtime) -> Calendar | None:
    """The calendar of the year: that of the simulator where everything is simulated. A timetable says which rooms are
    booked, not when the campus rests: no calendar comes of it."""
    types = {state.type for state in runtime.sources()}
    return _simulated if types == {"simulator"} else None


def _simulated(day: int) -> str:
    kind = kind_of(day)
    return "term" if kind == "weekend" else kind


def _marks(store: SqlStore, now: float, days: float) -> Marks:
    found = store.events(round((now - days * DAY_S) * 1000), round(now * 1000), ("finding", "program"))
    return marks_of(found.to_pylist(), round(now * 1000))


def _told_before(store: SqlStore, begins: float, now: float) -> set[str]:
    """The ids of findings that the history has since ``begins``."""
    found = store.events(round(begins * 1000), round(now * 1000), ("finding",))
    return set(found.column("subject").to_pylist())
