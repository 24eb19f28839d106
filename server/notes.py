"""The notes of the campus that is served: ``GET``, ``POST`` and ``DELETE /api/v1/notes``.

A note is acknowledged once the journal of the history has it. Until the historian has taken it over from there, it is
told from memory.
"""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request

from server.instants import read_instant
from server.past import Archive
from server.push_gate import Bucket
from server.runtime import Runtime
from server.schemas_notes import NoteIn, NoteOut, NotesOut
from server.values import instant, utc
from twin.history.contract import HistoryError
from twin.history.spool import Event
from twin.history.store import LAST, SqlStore
from twin.index import label_of
from twin.notes import KIND, Note, noted, of_places, read_notes, removed

MOST = 20_000
"""Notes that stand."""
SHOWN = 500
A_MINUTE = 60
"""Notes that are written or taken away in a minute, by all together."""
LONGEST_S = 400 * 86_400.0
AHEAD_S = 366 * 86_400.0
KEPT_S = 5.0

Moment = Annotated[str, Query(max_length=60)]
Name = Annotated[str, Query(max_length=400)]
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        404: "no such place, point or note, or no history is kept", 409: "there are too many notes",
        422: "the note has mistakes", 429: "too many at once", 503: "it could not be kept now",
    }.items()
}  # fmt: skip


class Notes:
    """What stands, of the history and of what was written a moment ago."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._fresh: dict[str, tuple[Event, Note]] = {}
        self._gone: dict[str, Event] = {}
        self.bucket = Bucket(A_MINUTE)

    async def all(self) -> dict[str, Note]:
        """Every note that stands, by id; HTTPException where no history is kept."""
        past = self._runtime.past
        if not isinstance(past, Archive):
            raise HTTPException(
                404, "this campus keeps no history, and notes are kept in it: see 'history' in campus.yaml"
            )
        rows = await past.ask(_rows)
        self._forget({(row["subject"], row["state"]) for row in rows})
        found = read_notes(rows) | {id_: note for id_, (_, note) in self._fresh.items()}
        return {id_: note for id_, note in found.items() if id_ not in self._gone}

    def _forget(self, known: set[tuple[str, str]]) -> None:
        """What the historian has by now is not told from memory any longer."""
        for id_ in [id_ for id_, (event, _) in self._fresh.items() if (id_, event.state) in known]:
            del self._fresh[id_]
        for id_ in [id_ for id_, event in self._gone.items() if (id_, event.state) in known]:
            del self._gone[id_]

    async def write(self, note: Note) -> None:
        """Keep a note; HTTPException where that cannot be acknowledged."""
        event = noted(note)
        await self._keep(event)
        self._fresh[note.id] = event, note

    async def remove(self, note: Note, by: str) -> None:
        """Take a note away: as an event as well, so that a backup of before has it still."""
        event = removed(note, round(self._runtime.ingest.clock() * 1000), by)
        await self._keep(event)
        self._gone[note.id] = event

    async def _keep(self, event: Event) -> None:
        recorder = self._runtime.recorder
        assert recorder is not None, "an archive has a recorder"
        recorder.note(event)
        try:
            async with asyncio.timeout(KEPT_S):
                await recorder.durable()
        except (TimeoutError, HistoryError) as error:
            why = str(error) or f"the disk did not take it within {KEPT_S:.0f} s"
            raise HTTPException(
                503, f"the note may not be kept: {why}; look whether it is there, then try again"
            ) from None


def _rows(store: SqlStore) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = store.events(0, LAST, (KIND,)).to_pylist()
    return found


def may_write(request: Request) -> None:
    """Whether who asks may write notes: the one place for a check of roles. Until there is a sign-in the product
    listens on this machine only, and whoever can reach it may."""


def add(api: APIRouter, runtime: Runtime, notes: Notes) -> None:
    """Add the routes."""

    @api.get("/notes", responses={404: _PROBLEMS[404]})
    async def read(
        start: Annotated[str, Query(alias="from", max_length=60)] = "", to: Moment = "",
        entity: Annotated[list[str] | None, Query(max_length=50)] = None,
        point: Annotated[list[str] | None, Query(max_length=50)] = None,
    ) -> NotesOut:  # fmt: skip
        first, last = window(start, to, runtime.live.clock())
        found = of_places((await notes.all()).values(), entity or (), point or ())
        found = [note for note in found if note.touches(first, last)]
        return NotesOut(items=[note_out(runtime, note) for note in found[-SHOWN:]], total=len(found))

    @api.post("/notes", status_code=201, responses=_PROBLEMS)
    async def write(request: Request, given: NoteIn) -> NoteOut:
        may_write(request)
        _not_too_often(notes)
        note = _checked(runtime, given)
        if len(await notes.all()) >= MOST:
            raise HTTPException(409, f"there are {MOST} notes already: take some away that nobody needs")
        await notes.write(note)
        return note_out(runtime, note)

    @api.delete("/notes/{note}", status_code=204, responses=_PROBLEMS)
    async def remove(
        request: Request, note: Annotated[str, Path(max_length=64)], author: Annotated[str, Query(max_length=80)] = ""
    ) -> None:  # fmt: skip
        may_write(request)
        _not_too_often(notes)
        found = (await notes.all()).get(note)
        if found is None:
            raise HTTPException(404, f"there is no note '{note[:64]}', or it was taken away: see /api/v1/notes")
        await notes.remove(found, author)


def window(start: str, to: str, now: float) -> tuple[int, int]:
    """The window of notes [ms], all of time where nobody says; 422 where it is none."""
    first = read_instant(start, "from", now + AHEAD_S) if start else 0.0
    last = read_instant(to, "to", now + AHEAD_S) if to else now + AHEAD_S
    if first >= last:
        raise HTTPException(422, "the window is empty: 'from' must be before 'to'")
    return round(first * 1000), round(last * 1000)


def _not_too_often(notes: Notes) -> None:
    if wait_s := notes.bucket.wait():
        detail = f"notes are taken {A_MINUTE} times a minute: try again in {wait_s:.0f} s"
        raise HTTPException(429, detail, {"Retry-After": str(max(1, round(wait_s)))})


def _checked(runtime: Runtime, given: NoteIn) -> Note:
    """The note that was given; 422 or 404 says what is wrong with it."""
    if bool(given.entity) == bool(given.point):
        raise HTTPException(422, "a note is on one thing: say either 'entity' (a place) or 'point'")
    entity = given.entity
    if given.point:
        if given.point not in runtime.live.index:
            raise HTTPException(404, f"there is no point '{given.point[:100]}': see /api/v1/points")
        entity = runtime.live.points[runtime.live.index[given.point]].entity
    elif runtime.index.get(entity) is None:
        raise HTTPException(404, f"there is no '{entity[:100]}' in the campus: see /api/v1/buildings")
    now = runtime.ingest.clock()
    start, end = given.start.timestamp(), None if given.end is None else given.end.timestamp()
    if not 0 < start <= now + AHEAD_S or (end is not None and not start < end <= start + LONGEST_S):
        raise HTTPException(
            422, f"a note lies between 1970 and a year ahead, and lasts at most {LONGEST_S / 86_400:.0f} days: 'end' "
            "comes after 'start'",
        )  # fmt: skip
    text, author = printable(given.text, "text"), printable(given.author, "author")
    return Note(
        secrets.token_hex(8), entity, given.point, round(start * 1000), None if end is None else round(end * 1000),
        text, author, round(now * 1000),
    )  # fmt: skip


_UNSEEN = ("Cc", "Cf", "Cs")
_ALLOWED = "\n\t\u200d"  # the last one joins signs to one


def printable(text: str, name: str) -> str:
    """The text; 422 where it holds what no reader can see: control characters, or such as turn the direction."""
    text = text.replace("\r\n", "\n")
    bad = next((sign for sign in text if unicodedata.category(sign) in _UNSEEN and sign not in _ALLOWED), None)
    if bad is not None:
        raise HTTPException(422, f"'{name}' holds the sign U+{ord(bad):04X}, which cannot be seen: take it out")
    return text


def note_out(runtime: Runtime, note: Note) -> NoteOut:
    """A note as it is told."""
    found = runtime.index.get(note.entity)
    names = {lang: note.entity if found is None else label_of(found, lang) for lang in ("zh", "en")}
    return NoteOut(
        id=note.id, entity=note.entity, point=note.point, names=names, start=utc(note.start / 1000),
        end=instant(None if note.end is None else note.end / 1000), text=note.text, author=note.author,
        made=utc(note.made / 1000),
    )  # fmt: skip


def notes_of(found: Sequence[Note], entities: Sequence[str], points: Sequence[str], start: int, end: int) -> list[Note]:
    """The latest of the notes on some places and points in a window [ms]."""
    return [note for note in of_places(found, entities, points) if note.touches(start, end)][-SHOWN:]
