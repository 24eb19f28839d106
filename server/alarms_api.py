"""``/api/v1/alarms``: what stands and stood, the journal, the figures; and all that operators do with alarms.

Whoever does something is told that it is done once the journal has it on the disk.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, Request

from server.alarms import AlarmDesk
from server.alarms_domain import OTHER, domain_of
from server.alarms_figures import figures_out
from server.alarms_out import alarm_out, step_out
from server.instants import read_instant
from server.notes import printable
from server.runtime import Runtime
from server.schemas_alarms import (
    AlarmDetailOut,
    AlarmsPage,
    BulkIn,
    CommentIn,
    DoneOut,
    EventWord,
    KeptOut,
    OutOfServiceIn,
    RefusedOut,
    RuleOut,
    RulesOut,
    ShelveIn,
    ShelveSeveralIn,
    StepsPage,
)
from server.schemas_alarms_figures import AlarmFiguresOut
from server.values import utc
from twin.alarms.alarm import Alarm, AlarmError, Transition
from twin.alarms.journal import Journal, JournalError
from twin.alarms.state import LETTERS, Event
from twin.domains import domains

STANDING = "BCDEF"
KINDS = frozenset({"threshold", "state", "loss", "finding", "source", "external"})
STEPS_SHOWN = 100
NOBODY = "operator"
"""Who acts where nobody has to sign in."""
LONGEST_S = 400 * 86_400.0

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        404: "no such alarm, or this campus has none", 409: "the alarm's state does not allow it",
        422: "a part of the request is wrong", 503: "it could not be kept now",
    }.items()
}  # fmt: skip
Id = Annotated[str, Path(max_length=500)]
Text = Annotated[str, Query(max_length=200)]
Moment = Annotated[str, Query(max_length=60)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Endpoint = Callable[..., Awaitable[DoneOut]]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes: those of fixed names before those that have the id of an alarm in them."""
    _add_list(api, runtime)
    _add_rules(api, runtime)
    _add_journal(api, runtime)
    _add_bulk(api, runtime)
    _add_acts(api, runtime)
    _add_one(api, runtime)


def desk_of(runtime: Runtime) -> AlarmDesk:
    """The alarms of the campus; 404 where it has none."""
    if runtime.alarms is None:
        raise HTTPException(404, "this campus has no alarms: they are not judged while a recording is played")
    return runtime.alarms


def actor_of(request: Request) -> str:
    """Who asks."""
    who = getattr(request.state, "who", None)
    return str(getattr(who, "name", "") or NOBODY)


# reading


@dataclass(frozen=True, slots=True)
class _Filter:
    states: str
    priorities: frozenset[int]
    building: str
    place: str
    rule: str
    text: str
    kinds: frozenset[str]
    domains: frozenset[str]

    def takes(self, desk: AlarmDesk, alarm: Alarm) -> bool:
        """Whether an alarm is asked for."""
        if alarm.letter not in self.states or (self.priorities and alarm.priority not in self.priorities):
            return False
        places = desk.engine.ground.places
        if any(of and not places.under(alarm.place, of) for of in (self.building, self.place)):
            return False
        if (self.rule and alarm.rule != self.rule) or (self.kinds and alarm.kind not in self.kinds):
            return False
        if self.domains:
            ground = desk.engine.ground
            if domain_of(ground.live, desk.runtime.topology.kinds, alarm.source, alarm.nodes) not in self.domains:
                return False
        if not self.text:
            return True
        names = places.full_name(alarm.place).values() if alarm.place else ()
        return any(self.text in word.casefold() for word in (alarm.id, *alarm.texts.values(), *names))


def _filter(
    desk: AlarmDesk, state: str, priority: str, building: str, place: str, rule: str, q: str, kind: str, domain: str
) -> _Filter:  # fmt: skip
    states = "".join(LETTERS) if state == "all" else state.replace(",", "").upper() or STANDING
    if set(states) - set(LETTERS):
        raise HTTPException(422, f"state='{state[:40]}': give letters of {', '.join(LETTERS)}, or 'all'")
    try:
        priorities = frozenset(int(part) for part in priority.split(",") if part)
    except ValueError:
        priorities = frozenset({0})
    if priorities - {1, 2, 3, 4}:
        raise HTTPException(422, f"priority='{priority[:40]}': give numbers from 1 (critical) to 4 (low)")
    for name in filter(None, (building, place)):
        if name not in desk.engine.ground.live.tree.index:
            raise HTTPException(404, f"there is no '{name[:100]}' in the campus: see /api/v1/buildings")
    kinds = frozenset(part for part in kind.split(",") if part)
    if kinds - KINDS:
        raise HTTPException(422, f"kind='{kind[:40]}': give some of {', '.join(sorted(KINDS))}")
    wanted = frozenset(part for part in domain.split(",") if part)
    if wanted - (known := {*domains(), OTHER}):
        raise HTTPException(422, f"domain='{domain[:40]}': give some of {', '.join(sorted(known))}")
    return _Filter(states, priorities, building, place, rule, q.strip().casefold(), kinds, wanted)


_SORTS: dict[str, Callable[[Alarm], Any]] = {
    "newest": lambda a: (-(a.raised or 0.0), a.id), "oldest": lambda a: (a.raised or 0.0, a.id),
    "changed": lambda a: (-a.changed, a.id), "place": lambda a: (a.place, a.priority, a.id),
}  # fmt: skip


def _add_list(api: APIRouter, runtime: Runtime) -> None:
    @api.get("/alarms", responses={404: _PROBLEMS[404], 422: _PROBLEMS[422]})
    async def alarms(
        state: Text = "", priority: Text = "", building: Text = "", place: Text = "", rule: Text = "", q: Text = "",
        kind: Text = "", domain: Text = "",
        sort: Annotated[str, Query(pattern="^(urgency|newest|oldest|changed|place)$")] = "urgency",
        at: Moment = "", limit: Limit = 100, offset: Offset = 0,
    ) -> AlarmsPage:  # fmt: skip
        desk = desk_of(runtime)
        wanted = _filter(desk, state, priority, building, place, rule, q, kind, domain)
        now = read_instant(at, "at", desk.now) if at else desk.now
        known = await _alarms_at(desk, now) if at else list(desk.book.alarms.values())
        rows = [alarm for alarm in known if wanted.takes(desk, alarm)]
        rows.sort(key=_SORTS.get(sort, lambda a: (a.priority, a.process.value, -(a.raised or 0.0), a.id)))
        shown = rows[offset : offset + limit]
        end = offset + len(shown)
        seen = [alarm for alarm in known if alarm.letter in STANDING]
        return AlarmsPage(
            items=[alarm_out(desk, alarm, then=bool(at)) for alarm in shown], total=len(rows), limit=limit,
            offset=offset, next_offset=end if shown and end < len(rows) else None, at=utc(now), seq=desk.book.seq,
            by_priority={str(p): n for p, n in sorted(Counter(alarm.priority for alarm in seen).items())},
            by_state=dict(sorted(Counter(alarm.letter for alarm in known).items())), journal=_kept(desk),
        )  # fmt: skip


def _add_rules(api: APIRouter, runtime: Runtime) -> None:
    @api.get("/alarms/rules", responses={404: _PROBLEMS[404]})
    async def rules() -> RulesOut:
        desk = desk_of(runtime)
        known = Counter(alarm.rule for alarm in desk.book.alarms.values())
        rows = [
            RuleOut(id=rule.id, kind=rule.kind, priority=rule.priority, text=dict(rule.texts), alarms=known[rule.id])
            for rule in sorted(desk.engine.rules.rules.values(), key=lambda rule: (rule.priority, rule.id))
        ]
        return RulesOut(items=rows, longest_shelving_s=desk.engine.rules.max_shelve_s)


def _kept(desk: AlarmDesk) -> KeptOut:
    waiting = 0 if desk.journal is None else desk.journal.waiting
    return KeptOut(kept=desk.journal is not None, trouble=desk.trouble, waiting=waiting)


def _journal(desk: AlarmDesk) -> Journal:
    if desk.journal is None:
        why = desk.trouble or "alarms are kept in memory only"
        raise HTTPException(404, f"there is no journal of the alarms: {why}")
    return desk.journal


async def _alarms_at(desk: AlarmDesk, at: float) -> list[Alarm]:
    journal = _journal(desk)
    try:
        await desk.durable()
        return await asyncio.to_thread(journal.at, at)
    except JournalError as error:
        raise HTTPException(503, str(error)) from None


def _add_journal(api: APIRouter, runtime: Runtime) -> None:
    @api.get("/alarms/journal", responses={404: _PROBLEMS[404], 503: _PROBLEMS[503]})
    async def journal(
        alarm: Annotated[str, Query(max_length=500)] = "", actor: Text = "",
        event: Annotated[list[EventWord] | None, Query(max_length=11)] = None,
        start: Annotated[str, Query(alias="from", max_length=60)] = "", to: Moment = "",
        after: Annotated[int, Query(ge=0)] = 0, limit: Limit = 100, offset: Offset = 0,
    ) -> StepsPage:  # fmt: skip
        desk = desk_of(runtime)
        kept = _journal(desk)
        since = read_instant(start, "from", desk.now) if start else None
        until = read_instant(to, "to", desk.now + LONGEST_S) if to else None
        try:
            await desk.durable()
            rows, total = await asyncio.to_thread(
                lambda: kept.steps(
                    alarm=alarm, actor=actor, events=[Event(word) for word in event or ()], since=since, until=until,
                    after=after, limit=limit, offset=offset,
                )
            )  # fmt: skip
        except JournalError as error:
            raise HTTPException(503, str(error)) from None
        end = offset + len(rows)
        return StepsPage(
            items=[step_out(desk, row) for row in rows], total=total, limit=limit, offset=offset,
            next_offset=end if rows and end < total else None,
        )  # fmt: skip

    @api.get("/alarms/figures", responses={404: _PROBLEMS[404], 422: _PROBLEMS[422], 503: _PROBLEMS[503]})
    async def figures(
        start: Annotated[str, Query(alias="from", max_length=60)] = "", to: Moment = ""
    ) -> AlarmFiguresOut:
        desk = desk_of(runtime)
        kept, now = _journal(desk), desk.now
        until = min(read_instant(to, "to", now), now) if to else now
        since = read_instant(start, "from", now) if start else until - 7 * 86_400.0
        if not 0 < until - since <= LONGEST_S:
            raise HTTPException(422, f"the span must be between 0 and {LONGEST_S / 86_400:.0f} days: to after from")
        try:
            await desk.durable()
            return await asyncio.to_thread(figures_out, desk, kept, since, until)
        except JournalError as error:
            raise HTTPException(503, str(error)) from None


def _add_one(api: APIRouter, runtime: Runtime) -> None:
    @api.get("/alarms/{alarm:path}", responses={404: _PROBLEMS[404]})
    async def one(alarm: Id) -> AlarmDetailOut:
        desk = desk_of(runtime)
        steps: list[Transition] = []
        total = 0
        if desk.journal is not None:
            try:
                await desk.durable()
                steps, total = await asyncio.to_thread(lambda: _journal(desk).steps(alarm=alarm, limit=STEPS_SHOWN))
            except JournalError as error:
                raise HTTPException(503, str(error)) from None
        found = desk.book.find(alarm) or (steps[0].alarm if steps else None)
        if found is None:
            raise HTTPException(404, f"there is no alarm '{alarm[:200]}': see /api/v1/alarms")
        return AlarmDetailOut(
            alarm=alarm_out(desk, found), steps=[step_out(desk, step) for step in steps], total_steps=total
        )


# doing


async def _do(
    runtime: Runtime, request: Request, event: Event, ids: Sequence[str], reason: str, until: float | None = None,
    *, together: bool = False,
) -> DoneOut:  # fmt: skip
    """Let ``event`` happen to some alarms; ``together``: to those that allow it, else 409 names why not."""
    desk = desk_of(runtime)
    actor, now, reason = actor_of(request), desk.now, printable(reason, "comment")
    refused: list[RefusedOut] = []
    allowed: list[str] = []
    for id_ in dict.fromkeys(ids):
        why = desk.book.refusal(event, id_, actor, reason, now, until)
        if why:
            refused.append(RefusedOut(id=id_, why=why))
        else:
            allowed.append(id_)
    if refused and not together:
        missing = desk.book.find(refused[0].id) is None
        raise HTTPException(404 if missing else 409, refused[0].why)
    try:
        desk.book.do(event, allowed, actor, reason, now, until)
        await desk.durable()
    except AlarmError as error:
        raise HTTPException(409, str(error)) from None
    except JournalError as error:
        detail = f"it is done, and a crash would lose it: {error}"
        raise HTTPException(503, detail, {"Retry-After": "5"}) from None
    stand = [alarm for id_ in allowed if (alarm := desk.book.find(id_)) is not None]
    return DoneOut(alarms=[alarm_out(desk, alarm) for alarm in stand], refused=refused, seq=desk.book.seq)


def _add_bulk(api: APIRouter, runtime: Runtime) -> None:
    def several(event: Event) -> Endpoint:
        async def act(request: Request, given: BulkIn) -> DoneOut:
            return await _do(runtime, request, event, given.ids, given.comment, together=True)

        return act

    for name, event in (("ack", Event.ACK), ("reset", Event.RESET), ("unshelve", Event.UNSHELVE)):
        _route(api, f"/alarms/{name}", several(event), f"{name}_several")

    async def shelve(request: Request, given: ShelveSeveralIn) -> DoneOut:
        until = _shelved_until(runtime, given)
        return await _do(runtime, request, Event.SHELVE, given.ids, given.reason, until, together=True)

    _route(api, "/alarms/shelve", shelve, "shelve_several")


def _shelved_until(runtime: Runtime, given: ShelveIn) -> float | None:
    """The end of a shelving [s since epoch]; None: the next return."""
    if given.minutes is not None and given.until is not None:
        raise HTTPException(422, "give either 'minutes' or 'until', not both")
    if given.minutes is not None:
        return desk_of(runtime).now + 60.0 * given.minutes
    return None if given.until is None else given.until.timestamp()


def _add_acts(api: APIRouter, runtime: Runtime) -> None:
    def plain(event: Event) -> Endpoint:
        async def act(request: Request, alarm: Id, given: CommentIn | None = None) -> DoneOut:
            return await _do(runtime, request, event, [alarm], "" if given is None else given.comment)

        return act

    for event in (Event.ACK, Event.RESET, Event.UNSHELVE, Event.RESTORE):
        _route(api, f"/alarms/{{alarm:path}}/{event.value}", plain(event), event.value)

    async def shelve(request: Request, alarm: Id, given: ShelveIn) -> DoneOut:
        until = _shelved_until(runtime, given)
        return await _do(runtime, request, Event.SHELVE, [alarm], given.reason, until)

    async def out_of_service(request: Request, alarm: Id, given: OutOfServiceIn) -> DoneOut:
        review = None if given.review is None else given.review.timestamp()
        return await _do(runtime, request, Event.REMOVE, [alarm], given.reason, review)

    _route(api, "/alarms/{alarm:path}/shelve", shelve, "shelve")
    _route(api, "/alarms/{alarm:path}/out-of-service", out_of_service, "out_of_service")


def _route(api: APIRouter, path: str, endpoint: Endpoint, name: str) -> None:
    api.add_api_route(path, endpoint, methods=["POST"], name=name, responses=_PROBLEMS, response_model=DoneOut)
