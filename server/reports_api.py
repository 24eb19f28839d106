"""``GET /api/v1/reports``: the report of a day, week or month as HTML, PDF or JSON."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, HTTPException, Query, Request
from starlette.responses import JSONResponse, Response

from server.paper_browser import NoBrowserError
from server.paper_pdf import BusyError, PrintError
from server.reports import Form, Wish, file_name
from server.runtime import Runtime
from server.texts import Lang
from twin.reports.periods import KINDS, PeriodError, local, read_date
from twin.reports.report import plain

Answer = TypeVar("Answer")

LOOK_S = 0.25
GONE = 499
"""Nobody waits for the answer any longer."""
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": {
        "text/html": {"schema": {"type": "string"}},
        "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        "application/json": {"schema": {"type": "object"}},
    }},
    503: {"description": "no browser prints, or too many wait"},
}  # fmt: skip
Word = Annotated[str, Query(max_length=40)]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""

    @api.get("/reports", response_class=Response, responses=_ANSWERS)
    async def reports(
        request: Request, kind: Word = "day", of: Annotated[str, Query(max_length=200)] = "",
        day: Annotated[str, Query(alias="date", max_length=40)] = "", lang: Literal["zh", "en"] = "en",
        format: Literal["html", "pdf", "json"] = "html",
    ) -> Response:  # fmt: skip
        wish = read_wish(runtime, kind, of, day)
        return await while_wanted(request, _answer(runtime, wish, lang, format))


def read_wish(runtime: Runtime, kind: str, of: str, day: str) -> Wish:
    """Which report is asked for; without a date that of yesterday, or of the week or month that yesterday lies in. 422
    says what is no report."""
    told = next((each for each in KINDS if each == kind), None)
    if told is None:
        raise HTTPException(422, f"kind='{kind}' is no kind of report: use {', '.join(KINDS)}")
    try:
        wanted = read_date(day) if day else yesterday(runtime)
    except PeriodError as error:
        raise HTTPException(422, str(error)) from error
    return Wish(told, of, wanted)


def yesterday(runtime: Runtime) -> date:
    """The day before today, on the campus's clock."""
    reporter = runtime.reports
    now = runtime.ingest.clock()
    return local(round((now - 86_400) * 1000), reporter.zone).date()


async def _answer(runtime: Runtime, wish: Wish, lang: Lang, form: Form) -> Response:
    reporter = runtime.reports
    try:
        report = await reporter.report(wish)
        if form == "json":
            told = await asyncio.to_thread(lambda: {**plain(report), "complete": report.complete})
            return JSONResponse(told, headers=_headers())
        name = file_name(report, lang, form)
        if form == "html":
            text = await reporter.html(wish, lang)
            return Response(text, media_type="text/html", headers=_headers(f'inline; filename="{name}"'))
        data = await reporter.pdf(wish, lang)
        return Response(data, media_type="application/pdf", headers=_headers(f'attachment; filename="{name}"'))
    except KeyError:
        detail = f"there is no report of '{wish.of[:100]}': of the campus (leave it out) and its buildings there are"
        raise HTTPException(404, f"{detail}; see /api/v1/buildings") from None
    except PeriodError as error:
        raise HTTPException(422, str(error)) from error
    except BusyError as error:
        raise HTTPException(503, str(error), {"Retry-After": "10"}) from error
    except (NoBrowserError, PrintError) as error:
        raise HTTPException(503, str(error)) from error


def _headers(disposition: str = "") -> dict[str, str]:
    told = {"Cache-Control": "private, max-age=20"}
    return {**told, "Content-Disposition": disposition} if disposition else told


async def while_wanted(request: Request, work: Awaitable[Response]) -> Response:
    """Do the work as long as whoever asked is there; when they go it is given up, with the browser that prints."""
    task = asyncio.ensure_future(work)
    try:
        while not (await asyncio.wait({task}, timeout=LOOK_S))[0]:
            if await request.is_disconnected():
                return Response(status_code=GONE)
        return await task
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
