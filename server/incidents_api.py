"""``/api/v1/incidents``: what is open and was, one with all that happened, and what operators do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request

from server import incidents_files
from server.alarms_api import actor_of
from server.incidents import ClosedError, IncidentDesk, assigned, noted, stated
from server.incidents_out import file_out
from server.instants import read_instant
from server.notes import printable
from server.runtime import Runtime
from server.schemas_incidents import (
    AssignIn,
    EntryOut,
    IncidentAckedOut,
    IncidentAckIn,
    IncidentDetailOut,
    IncidentNoteIn,
    IncidentOut,
    IncidentsKeptOut,
    IncidentsPage,
    StatusIn,
)
from server.values import utc
from twin.incidents.incident import Entry, Incident
from twin.incidents.journal import JournalError

ENTRIES, MEMBERS = 2000, 500
STATES = ("open", "ended", "merged")
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        404: "no such incident, or this campus has none", 409: "its state does not allow it",
        422: "a part of the request is wrong", 503: "it could not be kept now",
    }.items()
}  # fmt: skip
Id = Annotated[str, Path(max_length=40)]
Text = Annotated[str, Query(max_length=200)]
Moment = Annotated[str, Query(max_length=60)]
Limit = Annotated[int, Query(ge=1, le=500)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    _add_reading(api, runtime)
    _add_acts(api, runtime)
    incidents_files.add(api, runtime)


def desk_of(runtime: Runtime) -> IncidentDesk:
    """The incidents of the campus; 404 where it has none."""
    if runtime.incidents is None:
        raise HTTPException(404, "this campus has no incidents: alarms are not judged while a recording is played")
    return runtime.incidents


def _add_reading(api: APIRouter, runtime: Runtime) -> None:
    @api.get("/incidents", responses={404: PROBLEMS[404], 422: PROBLEMS[422], 503: PROBLEMS[503]})
    async def incidents(
        state: Text = "open", building: Text = "", priority: Text = "", assignee: Text = "", at: Moment = "",
        limit: Limit = 100, offset: Offset = 0,
    ) -> IncidentsPage:  # fmt: skip
        desk = desk_of(runtime)
        try:
            items, total, now = await listed(
                desk, state=state, building=building, priority=priority, assignee=assignee, at=at, limit=limit,
                offset=offset,
            )  # fmt: skip
            counts = await asyncio.to_thread(desk.journal.counts)
        except JournalError as error:
            raise HTTPException(503, str(error)) from None
        end = offset + len(items)
        return IncidentsPage(
            items=items, total=total, limit=limit, offset=offset,
            next_offset=end if items and end < total else None, at=utc(now), by_state=counts,
            journal=IncidentsKeptOut(kept=desk.journal.path is not None and not desk.trouble, trouble=desk.trouble),
        )  # fmt: skip

    @api.get("/incidents/{incident}", responses={404: PROBLEMS[404], 503: PROBLEMS[503]})
    async def one(incident: Id, at: Moment = "") -> IncidentDetailOut:
        desk = desk_of(runtime)
        moment = read_instant(at, "at", desk.now) if at else None
        try:
            await desk.known()
            return await asyncio.to_thread(detail, desk, incident, moment)
        except KeyError:
            raise _unknown(incident) from None
        except JournalError as error:
            raise HTTPException(503, str(error)) from None


def _states(state: str) -> Sequence[str]:
    wanted = STATES if state == "all" else tuple(part for part in state.split(",") if part)
    if not wanted or set(wanted) - set(STATES):
        raise HTTPException(422, f"state='{state[:40]}': give some of {', '.join(STATES)}, or 'all'")
    return wanted


def _filter(desk: IncidentDesk, building: str, priority: str, assignee: str) -> Callable[[Incident], bool]:
    places = desk.alarms.engine.ground.places
    if building and building not in desk.alarms.engine.ground.live.tree.index:
        raise HTTPException(404, f"there is no '{building[:100]}' in the campus: see /api/v1/buildings")
    try:
        priorities = {int(part) for part in priority.split(",") if part}
    except ValueError:
        priorities = {0}
    if priorities - {1, 2, 3, 4}:
        raise HTTPException(422, f"priority='{priority[:40]}': give numbers from 1 (critical) to 4 (low)")
    return lambda row: (
        (not building or places.under(row.place, building)) and (not priorities or row.priority in priorities)
        and (not assignee or row.assignee == assignee)
    )  # fmt: skip


async def listed(
    desk: IncidentDesk, *, state: str = "open", building: str = "", priority: str = "", assignee: str = "",
    at: str = "", limit: int = 100, offset: int = 0,
) -> tuple[list[IncidentOut], int, float]:  # fmt: skip
    """A page of incidents, how many there are in all, and of which instant [s since epoch]. HTTPException says what is
    wrong with what is asked, JournalError that it cannot be read."""
    states = _states(state)
    fits = _filter(desk, building, priority, assignee)
    now = read_instant(at, "at", desk.now) if at else desk.now
    moment = now if at else None
    await desk.known()

    def told() -> tuple[list[IncidentOut], int]:
        rows = [row for row in desk.journal.heads(states, moment) if fits(row)]
        rows.sort(key=lambda row: _order(row, moment))
        return [_told(desk, row, moment) for row in rows[offset : offset + limit]], len(rows)

    items, total = await asyncio.to_thread(told)
    return items, total, now


def _order(row: Incident, at: float | None) -> tuple[float, ...]:
    """The open ones first, of these the most urgent; then the newest."""
    is_open = row.state == "open" or at is not None
    return not is_open, row.priority if is_open else 0, -row.opened, -row.number


def _told(desk: IncidentDesk, row: Incident, at: float | None) -> IncidentOut:
    return (None if at is not None else desk.board.row(row.id)) or desk.board.kept(row, at)


def detail(desk: IncidentDesk, id_: str, at: float | None = None) -> IncidentDetailOut:
    """An incident with all that belongs to it, in a thread. KeyError where there is none of that id; ``at``
    [s since epoch] as it stood then."""
    incident = desk.journal.load(id_)
    if incident is None or (at is not None and incident.opened > at):
        raise KeyError(id_)
    told = (None if at is not None else desk.board.row(id_)) or desk.board.kept(incident, at)
    runbook, consequence = desk.board.rule_texts(incident)
    entries = [row for row in desk.journal.entries(id_, ENTRIES) if at is None or row.entry.time <= at]
    members = sorted(
        incident.members.values(), key=lambda row: (row.role == "consequence", not row.active, row.priority, row.raised)
    )
    return IncidentDetailOut(
        incident=told, members=[desk.board.member_out(row) for row in members[:MEMBERS]],
        timeline=[
            EntryOut(seq=row.seq, incident=row.entry.incident, time=utc(row.entry.time), kind=row.entry.kind,
                     actor=row.entry.actor, text=row.entry.text, data=dict(row.entry.data)) for row in entries
        ],
        files=[file_out(row) for row in desk.journal.files(id_) if at is None or row.time <= at],
        runbook=dict(runbook), consequence=dict(consequence), merged=desk.journal.chain(id_)[1:],
    )  # fmt: skip


def _unknown(id_: str) -> HTTPException:
    return HTTPException(404, f"there is no incident '{id_[:40]}': see /api/v1/incidents?state=all")


def people_of(runtime: Runtime) -> list[str] | None:
    """Whom an incident can be given to: users that may act; None where nobody has to sign in, so that any name can be
    typed."""
    accounts = runtime.accounts
    if accounts is None or not accounts.on:
        return None
    users = accounts.known.users.values()
    return sorted(user.name for user in users if not user.disabled and user.role in ("operator", "planner", "admin"))


async def _acted(
    runtime: Runtime, id_: str, does: Callable[[Incident], Entry | None]
) -> IncidentOut:  # fmt: skip
    desk = desk_of(runtime)
    try:
        incident = await desk.act(id_, does)
    except KeyError:
        raise _unknown(id_) from None
    except ClosedError as error:
        raise HTTPException(409, str(error)) from None
    except JournalError as error:
        raise HTTPException(503, str(error), {"Retry-After": "5"}) from None
    told = desk.board.row(id_)
    return await asyncio.to_thread(desk.board.kept, incident) if told is None else told


def _add_acts(api: APIRouter, runtime: Runtime) -> None:
    @api.post("/incidents/{incident}/ack", responses=PROBLEMS)
    async def ack(request: Request, incident: Id, given: IncidentAckIn | None = None) -> IncidentAckedOut:
        desk = desk_of(runtime)
        comment = printable("" if given is None else given.comment, "comment")
        try:
            done = await desk.acknowledge(incident, actor_of(request), comment)
            told = desk.board.row(incident) or (await asyncio.to_thread(detail, desk, incident)).incident
        except KeyError:
            raise _unknown(incident) from None
        except JournalError as error:
            raise HTTPException(503, str(error), {"Retry-After": "5"}) from None
        return IncidentAckedOut(acknowledged=done, incident=told)

    @api.post("/incidents/{incident}/note", status_code=201, responses=PROBLEMS)
    async def note(request: Request, incident: Id, given: IncidentNoteIn) -> IncidentOut:
        now = desk_of(runtime).now
        return await _acted(runtime, incident, noted(actor_of(request), printable(given.text, "text"), now))

    @api.post("/incidents/{incident}/assign", responses=PROBLEMS)
    async def assign(request: Request, incident: Id, given: AssignIn) -> IncidentOut:
        people, to = people_of(runtime), printable(given.to, "to").replace("\n", " ")
        if people is not None and to and to not in people:
            raise HTTPException(422, f"'{to[:80]}' is no user who may act: choose one of {', '.join(people[:20])}")
        return await _acted(runtime, incident, assigned(actor_of(request), to, desk_of(runtime).now))

    @api.post("/incidents/{incident}/status", responses=PROBLEMS)
    async def status(request: Request, incident: Id, given: StatusIn) -> IncidentOut:
        comment = printable(given.comment, "comment")
        does = stated(actor_of(request), given.status, comment, desk_of(runtime).now)
        return await _acted(runtime, incident, does)
