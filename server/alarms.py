"""The alarms of the campus that is served: engine, journal, history and live stream, run beside everything else.

All of it happens on the event loop, a slice at a time; only the journal is written in a thread.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from server.alarms_ground import findings_seen, ground_of, sources_seen, well
from server.alarms_stream import AlarmStream
from twin.alarms.alarm import External, Transition
from twin.alarms.bind import Watches, bound
from twin.alarms.book import Book
from twin.alarms.engine import Engine, Ground
from twin.alarms.journal import Journal, JournalError
from twin.alarms.rule import AlarmRules
from twin.alarms.state import Process
from twin.history.spool import Event as HistoryEvent

if TYPE_CHECKING:
    from server.runtime import Runtime
    from twin.ingest import Judged

log = logging.getLogger(__name__)

TURN_S = 0.1
"""Values are judged together for so long [s]."""
SECOND_S = 1.0
FINDINGS_S = 5.0
FLUSH_S = 0.2
FORGET_S = 6 * 3600.0
DAY_S = 86_400.0
AGAIN_S = 5.0
"""So long after the disk refused is it tried again [s]."""
FILE = "alarms.sqlite"


class AlarmDesk:
    """The alarms of one runtime. ``journal`` None: they are forgotten with the process, ``trouble`` says why where that
    is not meant."""

    def __init__(self, runtime: Runtime, rules: AlarmRules, journal: Journal | None = None, trouble: str = "") -> None:
        self.runtime, self.journal, self.trouble = runtime, journal, trouble
        kept = None if journal is None else journal.kept()
        self.book = Book([] if kept is None else kept.alarms, 0 if kept is None else kept.last)
        self.engine = Engine(self.book, rules, ground_of(runtime))
        self.stream = AlarmStream(self)
        if journal is not None:
            self.book.listeners.append(journal.add)
        self.book.listeners.append(self.stream.take)
        self.book.listeners.append(self._tell_history)
        self._work = asyncio.Event()
        self._next_second = self._next_findings = 0.0
        self._next_forget = time.monotonic() + 60.0
        self._listen()
        self.engine.end_gone(self.now)

    @property
    def now(self) -> float:
        """The time of the campus [s since epoch]."""
        return self.runtime.ingest.clock()

    def _listen(self) -> None:
        listeners = self.runtime.ingest.listeners
        if self._take not in listeners:
            listeners.append(self._take)

    def _take(self, judged: Judged) -> None:
        """Note which points have new values; what came late or twice has none."""
        new = ~(judged.applied.late | judged.applied.duplicate)
        self.engine.changed(judged.rows.point[new])
        self._work.set()

    async def follow(self, rules: AlarmRules | None = None) -> None:
        """Points or rules are others now."""
        chosen = self.engine.rules if rules is None else rules

        def prepared() -> tuple[Ground, Watches]:
            ground = ground_of(self.runtime)
            return ground, bound(list(chosen.rules.values()), ground.live.points, ground.places)

        ground, watches = await asyncio.to_thread(prepared)
        self.engine.follow(chosen, ground, watches, self.now)
        self._listen()

    async def run(self) -> None:
        """Judge what comes, until cancelled."""
        while True:
            wait = max(0.0, self._next_second - time.monotonic())
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._work.wait()
            self._work.clear()
            try:
                await self._turn()
            except Exception:  # one rule or point that cannot be judged must not end all alarms
                log.exception("the alarms failed in one turn and go on")
            await asyncio.sleep(TURN_S)

    async def _turn(self) -> None:
        begun = time.monotonic()
        if begun >= self._next_second:
            self._next_second = begun + SECOND_S
            runtime, outside = self.runtime, self.engine.outside
            self.engine.second(self.now, well(runtime))
            outside.look("source", sources_seen(runtime), self.now)
            if begun >= self._next_findings:
                self._next_findings = begun + FINDINGS_S
                outside.look("finding", findings_seen(runtime), self.now)
        for _ in self.engine.turn(self.now):
            await asyncio.sleep(0)

    async def keep(self) -> None:
        """Write the journal, until cancelled, and the last of it then."""
        journal = self.journal
        if journal is None:
            return
        try:
            while True:
                await asyncio.sleep(AGAIN_S if self.trouble else FLUSH_S)
                with suppress(JournalError):
                    await self.durable()
                if time.monotonic() >= self._next_forget:
                    self._next_forget = time.monotonic() + FORGET_S
                    before = self.now - self.engine.rules.keep_days * DAY_S
                    with suppress(JournalError):
                        await asyncio.to_thread(journal.forget, before)
        finally:
            await asyncio.shield(asyncio.to_thread(journal.close))

    async def durable(self) -> None:
        """Wait until every step so far is on the disk; JournalError says why that cannot be."""
        if self.journal is None or not self.journal.waiting:
            return
        try:
            await asyncio.to_thread(self.journal.flush)
        except JournalError as error:
            if not self.trouble:
                log.error("%s", error)
            self.trouble = str(error)
            raise
        self.trouble = ""

    def take_external(self, rows: Iterable[External], source: str) -> list[Transition]:
        """What another system says of its alarms."""
        return self.engine.take_external(rows, source, self.now)

    def _tell_history(self, steps: Sequence[Transition]) -> None:
        recorder = self.runtime.recorder
        if recorder is None:
            return
        for step in steps:
            alarm = step.alarm
            detail = {
                "priority": alarm.priority, "entity": alarm.place, "event": step.event.value, "actor": step.actor,
                "reason": step.reason, "over": alarm.process is Process.NORMAL, **alarm.texts,
            }  # fmt: skip
            told = json.dumps(detail, ensure_ascii=False)
            recorder.note(HistoryEvent(round(step.time * 1000), "alarm", alarm.id, step.after, told))


def open_desk(runtime: Runtime, rules: AlarmRules, folder: Path | None) -> AlarmDesk:
    """The alarms of a campus with their journal in ``folder``, running with the server; without a folder, or where its
    journal cannot be had, in memory alone."""
    journal, trouble = None, ""
    if folder is not None:
        try:
            journal = Journal(folder / FILE)
        except JournalError as error:
            trouble = str(error)
            log.error("alarms are kept in memory only: %s", error)
    desk = AlarmDesk(runtime, rules, journal, trouble)
    runtime.alarms = desk
    runtime.background.append(("the alarms", desk.run))
    runtime.background.append(("the journal of the alarms", desk.keep))
    return desk
