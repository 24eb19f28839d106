"""``/api/v1/visits``: the register of visits: bookings (by hand, from and to calendars), what was given, what
phones tapped, counters of the year.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from server.alarms_api import actor_of
from server.instants import read_instant
from server.notes import printable
from server.runtime import Runtime
from server.schemas_visits import CalendarIn, CountsOut, TakenOut, TapIn, VisitIn, VisitOut, VisitsOut
from server.tour_telling import Telling
from server.tours import followed
from server.values import utc
from server.visit_store import Visit, VisitsError, VisitStore
from twin import ical

log = logging.getLogger(__name__)

FILE = "visits.sqlite"
DAY_S = 86_400.0
TAP_S = 1800.0
"""So long after a tour its phones may still say what they think of it [s]."""
TAPS = 3
"""Taps that are counted for each person of a group: a phone may tap anew, a program not for ever."""
COLUMNS = (
    "begins", "minutes", "name", "kind", "people", "lang", "guide", "tour", "state", "lasted_min", "taps",
    "stars", "note",
)  # fmt: skip
Name = Annotated[str, Path(max_length=80)]
Moment = Annotated[str, Query(max_length=60)]
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        404: "no such visit", 409: "it cannot be counted now", 422: "a part is wrong", 503: "it could not be kept now",
    }.items()
}  # fmt: skip


class VisitBook:
    """The register of one runtime. ``trouble`` says why it is not kept, where that is not meant."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.trouble = ""
        self._store: VisitStore | None = None
        self._kept: set[asyncio.Task[None]] = set()
        self._recent: dict[str, tuple[str, float]] = {}
        runtime.tours.ended.append(self.given)

    @property
    def zone(self) -> ZoneInfo:
        """The campus's."""
        return ZoneInfo(self._runtime.assembled.campus.timezone)

    def store(self) -> VisitStore:
        """The file, opened when it is first asked for. In a thread."""
        if self._store is None:
            folder = self._runtime.state_folder
            try:
                self._store = VisitStore(None if folder is None else folder / FILE)
            except VisitsError as error:
                self.trouble = str(error)
                log.error("the register of visits is kept in memory only: %s", error)
                self._store = VisitStore(None)
        return self._store

    async def run(self) -> None:
        """Once a day forget whom to call about what is long over, until cancelled."""
        try:
            while True:
                try:
                    if count := await asyncio.to_thread(lambda: self.store().forget(self._runtime.ingest.clock())):
                        log.info("whom to call about %d visits is forgotten", count)
                except VisitsError as error:
                    log.error("whom to call could not be forgotten: %s", error)
                await asyncio.sleep(DAY_S)
        finally:
            if self._store is not None:
                await asyncio.shield(asyncio.to_thread(self._store.close))

    def given(self, telling: Telling) -> None:
        """A tour that was led for a visit is over: the register has how long it took."""
        if not telling.visit:
            return
        now = self._runtime.ingest.clock()
        lasted = max(0.0, now - telling.begun)
        self._recent = {code: row for code, row in self._recent.items() if row[1] > now}
        self._recent[telling.code] = telling.visit, now + TAP_S

        async def keep() -> None:
            def done() -> None:
                store = self.store()
                if (visit := store.find(telling.visit)) is not None:
                    store.put(replace(visit, state="given", lasted_s=lasted, tour=telling.tour.id))

            await asyncio.to_thread(done)

        task = asyncio.get_running_loop().create_task(keep())
        self._kept.add(task)
        task.add_done_callback(self._kept.discard)

    def tapped(self, code: str) -> str:
        """The visit that a phone's feedback belongs to: of a tour under way, or of one that has just ended."""
        telling = followed(self._runtime.tours, code)
        if telling is not None:
            return telling.visit
        visit, until = self._recent.get(code.upper(), ("", 0.0))
        return visit if until > self._runtime.ingest.clock() else ""

    def counts(self, now: float) -> CountsOut:
        """The year so far beside the one before up to the same day. In a thread."""
        here = datetime.fromtimestamp(now, UTC).astimezone(self.zone)
        first, before = datetime(here.year, 1, 1, tzinfo=self.zone), datetime(here.year - 1, 1, 1, tzinfo=self.zone)
        rows = self.store().between(first.timestamp(), first.timestamp() + 366 * DAY_S)
        came = [row for row in rows if row.state == "given"]
        last_end = before.timestamp() + (now - first.timestamp())
        earlier = [row for row in self.store().between(before.timestamp(), last_end) if row.state == "given"]
        taps = sum(count for row in came for count in row.stars.values())
        stars = sum(star * count for row in came for star, count in row.stars.items())
        return CountsOut(
            year=here.year, groups=len(came), people=sum(row.people for row in came), groups_before=len(earlier),
            people_before=sum(row.people for row in earlier), booked=sum(row.state == "booked" for row in rows),
            rated=sum(bool(row.stars) for row in came), taps=taps, stars=round(stars / taps, 2) if taps else None,
        )  # fmt: skip

    def tap(self, id_: str, stars: int) -> bool:
        """Count a phone's feedback; whether it was counted. In a thread."""
        visit = self.store().find(id_)
        if visit is None or sum(visit.stars.values()) >= TAPS * visit.people:
            return False
        self.store().tap(id_, stars)
        return True

    def take(self, events: Sequence[ical.Event], people: int, who: str, now: float) -> TakenOut:
        """Book what a calendar has; what came of it before is as it says now. In a thread."""
        new = changed = 0
        for event in events:
            id_ = "cal-" + hashlib.sha256(event.uid.encode()).hexdigest()[:20]
            found = self.store().find(id_)
            minutes = max(5, min(600, round((event.end - event.begin) / 60) or 30))
            name = " ".join(event.summary.split())[:120] or "–"
            if found is None:
                self.store().put(
                    Visit(id_, event.begin, minutes, name, "other", people, "zh", "", "", "", event.description[:1000],
                          "booked", None, now, who)
                )  # fmt: skip
                new += 1
            elif (found.begins, found.minutes, found.name) != (event.begin, minutes, name):
                self.store().put(replace(found, begins=event.begin, minutes=minutes, name=name))
                changed += 1
        return TakenOut(new=new, changed=changed)


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    book = VisitBook(runtime)
    runtime.desks["visits"] = book
    runtime.background.append(("the register of visits", book.run))
    _add_reading(api, runtime, book)
    _add_changes(api, runtime, book)
    _add_feedback(api, runtime, book)


def _add_reading(api: APIRouter, runtime: Runtime, book: VisitBook) -> None:
    @api.get("/visits", responses={503: _PROBLEMS[503]}, response_model=VisitsOut)
    async def visits(start: Annotated[Moment, Query(alias="from")] = "", to: Moment = "", format: str = "") -> Any:
        now = runtime.ingest.clock()
        year = datetime.fromtimestamp(now, UTC).astimezone(book.zone).year
        low = _instant(start, "from") if start else datetime(year, 1, 1, tzinfo=book.zone).timestamp()
        high = _instant(to, "to") if to else low + 732 * DAY_S
        rows = await _kept(lambda: book.store().between(low, high))
        if format == "csv":
            return Response(_csv(rows), media_type="text/csv; charset=utf-8", headers=_file("visits.csv"))
        if format == "ics":
            events = [_event(row) for row in rows if row.state != "cancelled"]
            text = ical.written(events, runtime.assembled.campus.names.get("zh", "visits"), now)
            return Response(text, media_type="text/calendar; charset=utf-8", headers=_file("visits.ics"))
        if format:
            raise HTTPException(422, f"format='{format[:20]}' is none: leave it out for JSON, or write csv or ics")
        return VisitsOut(items=[_out(row) for row in rows], counts=await _kept(lambda: book.counts(now)))


def _add_changes(api: APIRouter, runtime: Runtime, book: VisitBook) -> None:
    @api.post("/visits", status_code=201, responses=_PROBLEMS)
    async def make(request: Request, given: VisitIn) -> VisitOut:
        visit = _visit(runtime, given, secrets.token_urlsafe(8), runtime.ingest.clock(), actor_of(request))
        await _kept(lambda: book.store().put(visit))
        return _out(visit)

    @api.put("/visits/{visit}", responses=_PROBLEMS)
    async def change(visit: Name, given: VisitIn) -> VisitOut:
        found = await _kept(lambda: book.store().find(visit))
        if found is None:
            raise HTTPException(404, f"there is no visit '{visit}': see /api/v1/visits")
        fresh = replace(
            _visit(runtime, given, visit, found.made, found.made_by), lasted_s=found.lasted_s, stars=found.stars
        )
        await _kept(lambda: book.store().put(fresh))
        return _out(fresh)

    @api.delete("/visits/{visit}", status_code=204, responses=_PROBLEMS)
    async def remove(visit: Name) -> None:
        if not await _kept(lambda: book.store().remove(visit)):
            raise HTTPException(404, f"there is no visit '{visit}': see /api/v1/visits")

    @api.post("/visits/calendar", responses=_PROBLEMS)
    async def take(request: Request, given: CalendarIn) -> TakenOut:
        try:
            events = await asyncio.to_thread(ical.read, given.calendar, book.zone)
        except ical.CalendarError as error:
            raise HTTPException(422, str(error)) from None
        who, now = actor_of(request), runtime.ingest.clock()
        taken: TakenOut = await _kept(lambda: book.take(events, given.people, who, now))
        return taken


def _add_feedback(api: APIRouter, runtime: Runtime, book: VisitBook) -> None:
    @api.post("/follow/{code}/feedback", status_code=204, responses=_PROBLEMS)
    async def tap(code: Name, given: TapIn) -> None:
        visit = book.tapped(code)
        if not visit or not await _kept(lambda: book.tap(visit, given.stars)):
            raise HTTPException(409, "nobody counts what is thought of this tour")


def _instant(text: str, name: str) -> float:
    return read_instant(text, name, 4e9)


async def _kept(work: Any) -> Any:
    try:
        return await asyncio.to_thread(work)
    except VisitsError as error:
        raise HTTPException(503, str(error)) from None


def _visit(runtime: Runtime, given: VisitIn, id_: str, made: float, by: str) -> Visit:
    if given.tour and given.tour not in (tours := runtime.tours.tours()):
        raise HTTPException(422, f"there is no tour '{given.tour}': there are {', '.join(tours) or 'none'}")
    texts = {name: printable(getattr(given, name), name) for name in ("name", "guide", "contact", "note")}
    return Visit(
        id_, given.begins.timestamp(), given.minutes, texts["name"], given.kind, given.people, given.lang,
        texts["guide"], given.tour, texts["contact"], texts["note"], given.state, None, made, by,
    )  # fmt: skip


def _out(visit: Visit) -> VisitOut:
    return VisitOut(
        id=visit.id, begins=utc(visit.begins), minutes=visit.minutes, name=visit.name, kind=visit.kind,
        people=visit.people, lang=visit.lang, guide=visit.guide, tour=visit.tour, contact=visit.contact,
        note=visit.note, state=visit.state,
        lasted_min=None if visit.lasted_s is None else round(visit.lasted_s / 60, 1),
        stars=dict(visit.stars), made_by=visit.made_by,
    )  # fmt: skip


def _event(visit: Visit) -> ical.Event:
    """As a calendar has it: no name of a person is in it."""
    return ical.Event(
        f"{visit.id}@campus-twin", visit.begins, visit.begins + visit.minutes * 60, f"{visit.name} ({visit.people})",
        visit.note,
    )  # fmt: skip


def _csv(rows: Iterable[Visit]) -> str:
    """The register as a table; a cell that a spreadsheet would work out is quoted."""
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for row in rows:
        taps = sum(row.stars.values())
        mean = sum(star * count for star, count in row.stars.items()) / taps if taps else ""
        lasted = "" if row.lasted_s is None else round(row.lasted_s / 60, 1)
        table.writerow([
            _cell(value) for value in (
                utc(row.begins).isoformat(), row.minutes, row.name, row.kind, row.people, row.lang, row.guide, row.tour,
                row.state, lasted, taps, mean, row.note,
            )
        ])  # fmt: skip
    return "\ufeff" + text.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
