"""The incidents of the campus that is served: alarms with one cause told as one, with who works on it.

The desk hears what the book of alarms tells and works it out in a thread, one step after the other: many alarms at once
hold up nobody. What it found is on the disk before anybody is told.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from server.incidents_ground import Window, causes_of, window_of
from server.incidents_out import Board
from server.incidents_told import tell_history
from twin.alarms.alarm import SYSTEM, Transition
from twin.alarms.journal import JournalError as AlarmJournalError
from twin.alarms.state import Event
from twin.incidents.engine import REOPEN_S, WINDOW_S, Changes, Engine
from twin.incidents.incident import Entry, Incident, Status
from twin.incidents.journal import Journal, JournalError, KeptFile

if TYPE_CHECKING:
    from server.alarms import AlarmDesk
    from server.impact_board import Known
    from server.runtime import Runtime

log = logging.getLogger(__name__)

TURN_S = 0.25
"""So often at most the incidents are worked out and told [s]."""
SECOND_S = 1.0
READY_S = 10.0
FORGET_S = 6 * 3600.0
DAY_S = 86_400.0
AT_ONCE = 50
"""Alarms that are held back or let speak in one go: whoever else waits has their turn between."""
FILE = "incidents.sqlite"
ATTACHMENTS = "attachments"
CONSEQUENCE, CAUSE_OVER = "consequence", "cause-over"
"""Why an alarm is held back, and why it speaks again."""
PREFIX = "incident:"


class ClosedError(Exception):
    """Something that cannot be done with an incident; the message says why."""


class IncidentDesk:
    """The incidents of one runtime. ``trouble`` says why they are not kept, where that is not meant; ``files`` is the
    folder of what is attached, None: nothing can be. ``window`` says how long an alarm waits for its cause [s]."""

    def __init__(
        self, runtime: Runtime, alarms: AlarmDesk, journal: Journal, files: Path | None = None, trouble: str = "",
        window: Window | None = None,
    ) -> None:  # fmt: skip
        self.runtime, self.alarms, self.journal, self.files, self.trouble = runtime, alarms, journal, files, trouble
        self.board = Board(runtime, alarms, journal)
        self.ready = asyncio.Event()
        self._window = window or window_of(alarms)
        self.engine: Engine | None = None
        self._known: Known | None = None
        self._ground: object = None
        self._turn = asyncio.Lock()
        self._steps: deque[Transition] = deque()
        self._wake = asyncio.Event()
        self._unkept = Changes()
        self._next_forget = time.monotonic() + 60.0
        alarms.book.listeners.append(self._take)

    @property
    def now(self) -> float:
        """The time of the campus [s since epoch]."""
        return self.alarms.now

    def _take(self, steps: Sequence[Transition]) -> None:
        self._steps.extend(steps)
        self._wake.set()

    async def run(self) -> None:
        """Work out what comes, until cancelled."""
        try:
            await self._begin()
            while True:
                with suppress(TimeoutError):
                    async with asyncio.timeout(SECOND_S):
                        await self._wake.wait()
                self._wake.clear()
                try:
                    await self.turn()
                except Exception:  # one alarm that cannot be told must not end all incidents
                    log.exception("the incidents failed in one turn and go on")
                if time.monotonic() >= self._next_forget:
                    self._next_forget = time.monotonic() + FORGET_S
                    with suppress(JournalError):
                        await asyncio.to_thread(self._forget, self.now - self.alarms.engine.rules.keep_days * DAY_S)
                await asyncio.sleep(TURN_S)
        finally:
            await asyncio.shield(asyncio.to_thread(self.journal.close))

    def _forget(self, before: float) -> None:
        """What ended before ``before`` [s since epoch] is kept no longer than the journal of the alarms is."""
        for name in self.journal.forget(before):
            if self.files is not None:
                (self.files / name).unlink(missing_ok=True)

    async def _begin(self) -> None:
        """Take up what the journal has, against what the alarms are now."""
        async with self._turn:
            self._steps.clear()
            standing = list(self.alarms.book.alarms.values())
            try:
                changes = await asyncio.to_thread(self._recalled, standing)
            except Exception as error:  # a file that cannot be read must not end what is found from now on
                log.exception("the journal of the incidents cannot be read; they are kept in memory only")
                self.trouble = f"{self.journal.path} cannot be read ({error}): move it away and start again"
                self.journal = self.board.journal = Journal(None)
                self.engine = self._known = None
                changes = await asyncio.to_thread(self._recalled, standing)
        await self._carry_out(changes)
        self.ready.set()

    async def known(self) -> None:
        """Wait until the incidents are known after a start; JournalError where that takes too long."""
        try:
            async with asyncio.timeout(READY_S):
                await self.ready.wait()
        except TimeoutError:
            raise JournalError("the incidents are still being read: ask again in a moment") from None

    def _recalled(self, standing: Sequence[object]) -> Changes:
        self._follow()
        assert self.engine is not None
        now, engine = self.now, self.engine
        kept = self.journal.standing(now - REOPEN_S - WINDOW_S)
        changes = engine.recall(kept, standing, now, self.journal.number())  # type: ignore[arg-type]  # alarms
        self._mend(changes)
        self._keep(changes)
        self.board.draw(self._known, engine.incidents.values())
        return changes

    def _mend(self, changes: Changes) -> None:
        """Alarms whose journal says another thing than the incidents' of who holds them back: killed between the
        two."""
        assert self.engine is not None
        held = {
            member.alarm: incident.id
            for incident in self.engine.incidents.values() if incident.state == "open"
            for member in incident.members.values() if member.quiet
        }  # fmt: skip
        for alarm in self.alarms.book.alarms.values():
            for actor in alarm.suppressed_by:
                if actor.startswith(PREFIX) and actor != f"{PREFIX}{held.get(alarm.id, '')}":
                    changes.release.append((alarm.id, actor.removeprefix(PREFIX)))
            if alarm.id in held and f"{PREFIX}{held[alarm.id]}" not in alarm.suppressed_by:
                changes.hush.append((alarm.id, held[alarm.id]))

    def _follow(self) -> None:
        """Look for causes in the topology and among the rules of now."""
        known, ground = self.runtime.impacts.known(), self.alarms.engine.evaluator
        if known is self._known and ground is self._ground:
            return
        causes = causes_of(known, self.alarms)
        if self.engine is None:
            self.engine = Engine(causes, self._window)
        self.engine.causes = causes
        self._known, self._ground = known, ground

    async def turn(self) -> None:
        """Work out what came since the last turn, keep it, and have it carried out."""
        async with self._turn:
            steps = list(self._steps)
            self._steps.clear()
            changes = await asyncio.to_thread(self._worked, steps, self.now)
        await self._carry_out(changes)

    def _worked(self, steps: Sequence[Transition], now: float) -> Changes:
        self._follow()
        assert self.engine is not None
        changes = self.engine.take(steps)
        changes.add(self.engine.tick(now))
        self._keep(changes)
        if changes or steps:
            self.board.draw(self._known, self.engine.incidents.values())
        return changes

    def _keep(self, changes: Changes) -> None:
        """Write what changed, with what could not be written before."""
        assert self.engine is not None
        pending = self._unkept
        pending.add(changes)
        if not pending:
            return
        known = self.engine.incidents
        try:
            self.journal.write(
                [known[id_] for id_ in pending.incidents if id_ in known],
                [(known[id_], alarm) for id_, alarm in pending.members if id_ in known],
                pending.entries,
            )
        except JournalError as error:
            pending.hush.clear()
            pending.release.clear()
            if not self.trouble:
                log.error("%s", error)
            self.trouble = str(error)
            return
        self._unkept = Changes()
        if self.journal.path is not None:
            self.trouble = ""

    async def _carry_out(self, changes: Changes) -> None:
        """Hold back what is a consequence, let go of what is none any more; tell everybody."""
        if not changes and not self.board.fresh:
            return
        await self._suppress(Event.SUPPRESS, changes.hush, CONSEQUENCE)
        await self._suppress(Event.UNSUPPRESS, changes.release, CAUSE_OVER)
        tell_history(self.runtime, self.board, changes)
        if self.board.fresh:
            self.board.fresh = False
            self.alarms.stream.tell_incidents(self.board.event)

    async def _suppress(self, event: Event, rows: Sequence[tuple[str, str]], reason: str) -> None:
        book = self.alarms.book
        for first in range(0, len(rows), AT_ONCE):
            by_actor: dict[str, list[str]] = {}
            for alarm, incident in rows[first : first + AT_ONCE]:
                actor = f"{PREFIX}{incident}"
                if not book.refusal(event, alarm, actor, reason, self.now):
                    by_actor.setdefault(actor, []).append(alarm)
            for actor, alarms in by_actor.items():
                book.do(event, alarms, actor, reason, self.now)
            await asyncio.sleep(0)

    # what people do

    async def act(self, id_: str, does: Callable[[Incident], Entry | None]) -> Incident:
        """Let somebody do something with an incident: ``does`` changes it and gives the entry for its timeline. Told
        once it is on the disk. KeyError: there is none of that id, ClosedError: it was merged into another one."""
        await self.known()
        async with self._turn:
            incident = await asyncio.to_thread(self._acted, id_, does)
        if self.board.fresh:
            self.board.fresh = False
            self.alarms.stream.tell_incidents(self.board.event)
        return incident

    def _acted(self, id_: str, does: Callable[[Incident], Entry | None]) -> Incident:
        assert self.engine is not None
        live = self.engine.incidents.get(id_)
        incident = live or self.journal.load(id_)
        if incident is None:
            raise KeyError(id_)
        if incident.state == "merged":
            raise ClosedError(f"incident {incident.number} was merged into {incident.into}: go on there")
        before = incident.status, incident.assignee
        entry = does(incident)
        if entry is None:
            return incident
        try:
            self.journal.write([incident], [], [entry])
        except JournalError:
            incident.status, incident.assignee = before
            raise
        self.board.draw(self._known, self.engine.incidents.values())
        return incident

    async def attach(self, kept: KeptFile, entry: Entry) -> None:
        """Keep that a file belongs to an incident."""
        await asyncio.to_thread(self.journal.add_file, kept, entry)

    async def acknowledge(self, id_: str, actor: str, comment: str) -> int:
        """Acknowledge all alarms of an incident that wait for it; how many that were. KeyError as above."""
        await self.known()
        assert self.engine is not None
        incident = self.engine.incidents.get(id_) or await asyncio.to_thread(self.journal.load, id_)
        if incident is None:
            raise KeyError(id_)
        book, done = self.alarms.book, 0
        waiting = [
            alarm for alarm in list(incident.members) if not book.refusal(Event.ACK, alarm, actor, comment, self.now)
        ]
        for first in range(0, len(waiting), AT_ONCE):
            part = [alarm for alarm in waiting[first : first + AT_ONCE]
                    if not book.refusal(Event.ACK, alarm, actor, comment, self.now)]  # fmt: skip
            done += len(book.do(Event.ACK, part, actor, comment, self.now)) if part else 0
            await asyncio.sleep(0)
        with suppress(AlarmJournalError):  # the list of the alarms says that they are not kept
            await self.alarms.durable()
        await self.turn()
        return done


def noted(actor: str, text: str, now: float) -> Callable[[Incident], Entry]:
    """A note for the timeline."""
    return lambda incident: Entry(incident.id, now, "note", actor, text)


def assigned(actor: str, to: str, now: float) -> Callable[[Incident], Entry | None]:
    """Somebody takes the incident, or is given it; '' nobody."""

    def does(incident: Incident) -> Entry | None:
        if incident.assignee == to:
            return None
        before, incident.assignee = incident.assignee, to
        return Entry(incident.id, now, "assigned", actor, "", {"to": to, "before": before})

    return does


def stated(actor: str, status: Status, text: str, now: float) -> Callable[[Incident], Entry | None]:
    """How far the work is."""

    def does(incident: Incident) -> Entry | None:
        if incident.status == status and not text:
            return None
        before, incident.status = incident.status, status
        return Entry(incident.id, now, "status", actor, text, {"status": status, "before": before})

    return does


def noticed(to: str, now: float) -> Callable[[Incident], Entry]:
    """Somebody was told of it: a person, a group, another system."""
    return lambda incident: Entry(incident.id, now, "notice", SYSTEM, "", {"to": to})


def open_incidents(runtime: Runtime, folder: Path | None, window: Window | None = None) -> IncidentDesk | None:
    """The incidents of a campus whose alarms are open, running with the server, kept in ``folder``; without one, or
    where it cannot be used, in memory alone. ``window`` as of the desk."""
    if runtime.alarms is None:
        return None
    trouble = ""
    try:
        journal = Journal(None if folder is None else folder / FILE)
    except JournalError as error:
        trouble = str(error)
        log.error("incidents are kept in memory only: %s", error)
        journal = Journal(None)
    files = None if folder is None else folder / ATTACHMENTS
    desk = IncidentDesk(runtime, runtime.alarms, journal, files, trouble, window)
    runtime.incidents = desk
    runtime.background.append(("the incidents", desk.run))
    return desk
