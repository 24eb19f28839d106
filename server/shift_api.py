"""``/api/v1/log``: the log of a shift, what is found in it, and what operators write; ``/api/v1/handover``."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Path, Query, Request
from starlette.responses import Response

from server.accounts.who import rank
from server.alarms_api import actor_of
from server.handover import sheet
from server.instants import read_instant
from server.notes import printable
from server.paper_browser import NoBrowserError
from server.paper_html import page
from server.paper_pdf import BusyError, PrintError
from server.reports_api import while_wanted
from server.runtime import Runtime
from server.schemas_shifts import LogEntryIn, LogEntryOut, LogOut, PinIn
from server.shift_log import ShiftBook, book_of, shift_out
from server.shift_store import ShiftLogError
from server.values import utc
from twin.shifts import Shift

SHOWN = 200
AHEAD_S = 2 * 86_400.0
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        404: "no such entry or place", 422: "a part of the request is wrong", 503: "it could not be kept now",
    }.items()
}  # fmt: skip
Text = Annotated[str, Query(max_length=100)]
Number = Annotated[int, Path(ge=1, le=2**53)]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    _add_reading(api, runtime)
    _add_writing(api, runtime)
    _add_sheet(api, runtime)


def read_shift(runtime: Runtime, text: str) -> Shift:
    """The shift that is asked for: ``current``, ``previous``, or an instant in it; 422 where it is none."""
    book = book_of(runtime)
    now = runtime.ingest.clock()
    if text in ("", "current"):
        return book.shifts.at(now)
    if text == "previous":
        return book.shifts.before(book.shifts.at(now))
    return book.shifts.at(read_instant(text, "shift", now + AHEAD_S))


def sees_changes(request: Request) -> bool:
    """Whether who asks may see who changed what."""
    who = getattr(request.state, "who", None)
    return who is not None and rank(who.role) >= rank("operator")


async def read_log(runtime: Runtime, shift: str, q: str, *, changes: bool) -> LogOut:
    """The log of a shift, or of a search. HTTPException says what is wrong with what is asked."""
    book: ShiftBook = book_of(runtime)
    try:
        if q.strip():
            rows = await asyncio.to_thread(book.store.found, q.strip(), SHOWN)
            found = [book.told(row) for row in rows]
            return LogOut(shift=None, previous=None, next=None, items=found, pinned=[], **_kept(book))
        of = read_shift(runtime, shift)
        items = await asyncio.to_thread(lambda: book.of_shift(of, changes=changes))
        pinned = await asyncio.to_thread(book.left_for, of)
    except ShiftLogError as error:
        raise HTTPException(503, str(error)) from None
    over = of.end <= runtime.ingest.clock()
    return LogOut(
        shift=shift_out(of), previous=utc(book.shifts.before(of).start), next=utc(of.end) if over else None,
        items=items, pinned=pinned, **_kept(book),
    )  # fmt: skip


def _kept(book: ShiftBook) -> dict[str, Any]:
    return {"kept": book.store.path is not None, "trouble": book.trouble}


def _add_reading(api: APIRouter, runtime: Runtime) -> None:
    @api.get("/log", responses={422: _PROBLEMS[422], 503: _PROBLEMS[503]})
    async def log(request: Request, shift: Text = "current", q: Text = "") -> LogOut:
        return await read_log(runtime, shift, q, changes=sees_changes(request))


def _add_writing(api: APIRouter, runtime: Runtime) -> None:
    @api.post("/log", status_code=201, responses=_PROBLEMS)
    async def write(request: Request, given: LogEntryIn) -> LogEntryOut:
        book: ShiftBook = book_of(runtime)
        if given.place and runtime.index.get(given.place) is None:
            raise HTTPException(404, f"there is no '{given.place[:100]}' in the campus: see /api/v1/buildings")
        text = printable(given.text, "text")
        tags = list(dict.fromkeys(printable(tag, "tags").replace("\n", " ") for tag in given.tags))
        actor, now = actor_of(request), runtime.ingest.clock()
        try:
            entry = await asyncio.to_thread(
                lambda: book.store.write(now, actor, text, given.place, tags, pinned=given.pinned)
            )
        except ShiftLogError as error:
            raise HTTPException(503, str(error), {"Retry-After": "5"}) from None
        return book.told(entry)

    @api.post("/log/{entry}/pin", responses=_PROBLEMS)
    async def pin(entry: Number, given: PinIn) -> LogEntryOut:
        book: ShiftBook = book_of(runtime)
        try:
            found = await asyncio.to_thread(lambda: book.store.pin(entry, pinned=given.pinned))
        except ShiftLogError as error:
            raise HTTPException(503, str(error), {"Retry-After": "5"}) from None
        if found is None:
            raise HTTPException(404, f"there is no entry {entry}, or it was taken away: see /api/v1/log")
        return book.told(found)

    @api.delete("/log/{entry}", status_code=204, responses=_PROBLEMS)
    async def remove(request: Request, entry: Number) -> None:
        book: ShiftBook = book_of(runtime)
        actor, now = actor_of(request), runtime.ingest.clock()
        try:
            done = await asyncio.to_thread(book.store.remove, entry, actor, now)
        except ShiftLogError as error:
            raise HTTPException(503, str(error), {"Retry-After": "5"}) from None
        if not done:
            raise HTTPException(404, f"there is no entry {entry}, or it was taken away: see /api/v1/log")


def _add_sheet(api: APIRouter, runtime: Runtime) -> None:
    @api.get(
        "/handover", response_class=Response,
        responses={200: {"content": {"text/html": {"schema": {"type": "string"}}, "application/pdf": {
            "schema": {"type": "string", "format": "binary"}}}}, 422: _PROBLEMS[422], 503: _PROBLEMS[503]},
    )  # fmt: skip
    async def handover(
        request: Request, shift: Text = "current", lang: Literal["zh", "en"] = "en",
        format: Literal["html", "pdf"] = "html",
    ) -> Response:  # fmt: skip
        of = read_shift(runtime, shift)
        changes = sees_changes(request)

        async def answer() -> Response:
            try:
                document = await sheet(runtime, of, lang, changes=changes)
                text = await asyncio.to_thread(page, document)
                name = f"handover-{of.id}-{utc(of.start).date().isoformat()}-{lang}.{format}"
                if format == "html":
                    return Response(text, media_type="text/html", headers=_headers("inline", name))
                data = await runtime.reports.printed(text)
                return Response(data, media_type="application/pdf", headers=_headers("attachment", name))
            except BusyError as error:
                raise HTTPException(503, str(error), {"Retry-After": "10"}) from error
            except (NoBrowserError, PrintError, ShiftLogError) as error:
                raise HTTPException(503, str(error)) from error

        return await while_wanted(request, answer())


def _headers(how: str, name: str) -> dict[str, str]:
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-.") else "-" for sign in name)
    return {"Cache-Control": "no-store", "Content-Disposition": f'{how}; filename="{plain}"'}
