"""The log of the shifts: what operators wrote, and between it what happened by itself: incidents, changes."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from server.accounts import audit
from server.accounts.audit import Asked
from server.accounts.words import say_or as say_account
from server.incidents_words import say
from server.schemas_shifts import LogEntryOut, ShiftOut
from server.shift_store import LogEntry, ShiftLog, ShiftLogError
from server.texts import LANGUAGES
from server.values import utc
from twin.index import label_of
from twin.shifts import DEFAULT, Shift, Shifts

if TYPE_CHECKING:
    from server.runtime import Runtime

log = logging.getLogger(__name__)

FILE = "shifts.sqlite"
TOLD = ("opened", "reopened", "ended")
AUDITED = 500
OWN = ("/api/v1/alarms", "/api/v1/incidents", "/api/v1/log", "/api/v1/views", "/api/v1/notes", "/api/v1/displays")
"""Changes that are told elsewhere: with the alarm, the incident, in the log itself."""
CHANGE = "change"
SIGN = frozenset({"sign-in", "sign-out", "export", "password", "set-up"})


class ShiftBook:
    """The shifts of one runtime and their log. ``trouble`` says why it is not kept, where that is not meant."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.trouble = ""
        folder: Path | None = runtime.state_folder
        try:
            self.store = ShiftLog(None if folder is None else folder / FILE)
        except ShiftLogError as error:
            self.trouble = str(error)
            log.error("the log of the shifts is kept in memory only: %s", error)
            self.store = ShiftLog(None)

    @property
    def shifts(self) -> Shifts:
        """The shifts as campus.yaml has them now."""
        runtime = self._runtime
        entry = None if runtime.config is None else runtime.config.file.shifts
        return Shifts(entry or DEFAULT, ZoneInfo(runtime.assembled.campus.timezone))

    def automatic(self, start: float, end: float, *, changes: bool) -> list[LogEntryOut]:
        """What happened by itself from ``start`` to before ``end`` [s since epoch]; ``changes``: and what was changed
        by whom, which the log of audits has. In a thread."""
        return [*self._incidents(start, end), *(self._changes(start, end) if changes else ())]

    def _incidents(self, start: float, end: float) -> Iterable[LogEntryOut]:
        desk = self._runtime.incidents
        for told in desk.journal.between(start, end, TOLD) if desk is not None else ():
            entry = told.entry
            assert desk is not None
            incident = desk.board.row(entry.incident)
            if incident is None:
                kept = desk.journal.load(entry.incident)
                incident = None if kept is None else desk.board.kept(kept)
            if incident is None:
                continue
            words: dict[str, str] = {
                lang: say(f"log.incident.{entry.kind}", lang, number=incident.number,
                          what=incident.text.get(lang, incident.cause)) for lang in LANGUAGES
            }  # fmt: skip
            yield LogEntryOut(
                id=None, kind="incident", time=utc(entry.time), actor="", text="", words=words, place=incident.place,
                place_names=incident.place_names, tags=[], pinned=False, incident=incident.id,
            )  # fmt: skip

    def _changes(self, start: float, end: float) -> Iterable[LogEntryOut]:
        accounts = self._runtime.accounts
        if accounts is None:
            return
        for row in audit.rows(accounts.store, Asked(start=start, end=end), AUDITED):
            target = str(row["target"])
            if row["action"] in SIGN or row["outcome"] != "ok" or target.partition(" ")[2].startswith(OWN):
                continue
            done = str(row["action"])
            # an action that has a name says enough; of others the address says what it was
            more = f": {target}" if done == CHANGE else ""
            told: dict[str, str] = {lang: say_account(f"action.{done}", lang, done) + more for lang in LANGUAGES}
            yield LogEntryOut(
                id=None, kind="change", time=utc(row["time"]), actor=str(row["who"]), text="", words=told, place="",
                place_names={}, tags=[], pinned=False, incident="",
            )  # fmt: skip

    def told(self, entry: LogEntry) -> LogEntryOut:
        """What somebody wrote, as it is told."""
        found = self._runtime.index.get(entry.place) if entry.place else None
        names: dict[str, str] = {} if found is None else {lang: label_of(found, lang) for lang in LANGUAGES}
        return LogEntryOut(
            id=entry.id, kind="note", time=utc(entry.time), actor=entry.actor, text=entry.text, words={},
            place=entry.place, place_names=names, tags=list(entry.tags), pinned=entry.pinned, incident="",
        )  # fmt: skip

    def of_shift(self, shift: Shift, *, changes: bool) -> list[LogEntryOut]:
        """All of a shift, oldest first. In a thread."""
        rows = [self.told(entry) for entry in self.store.between(shift.start, shift.end)]
        rows += self.automatic(shift.start, shift.end, changes=changes)
        return sorted(rows, key=lambda row: row.time)

    def left_for(self, shift: Shift) -> list[LogEntryOut]:
        """What the shift before pinned for this one."""
        before = self.shifts.before(shift)
        return [self.told(entry) for entry in self.store.pinned(before.start, before.end)]


def shift_out(shift: Shift) -> ShiftOut:
    """A shift as it is told."""
    return ShiftOut(id=shift.id, names=shift.names, start=utc(shift.start), end=utc(shift.end))


def book_of(runtime: Runtime) -> ShiftBook:
    """The log of the shifts of a runtime, opened when it is first asked for."""
    book = runtime.desks.get("shifts")
    if book is None:
        book = runtime.desks["shifts"] = ShiftBook(runtime)
    assert isinstance(book, ShiftBook)
    return book
