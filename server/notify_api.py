"""``/api/v1/notifications``: the channels and their messages; try a channel, try a message again that was given up."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query

from server.notify import Channel, Notifier
from server.push_gate import Bucket
from server.runtime import Runtime
from server.schemas_notify import ChannelOut, NoticeIdOut, NoticeOut, NoticesPage, TestIn
from server.values import instant, utc
from twin.mistake import nearest
from twin.notify.spool import Notice, SpoolError, State

TESTS_A_MINUTE = 60
"""Messages that only try a channel, of all together; a tenth of them at once."""
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        404: "no such message or channel, or nobody is told of alarms by message", 409: "it was not given up",
        429: "too many tests", 503: "the messages cannot be read or kept now",
    }.items()
}  # fmt: skip


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    _add_list(api, runtime)
    _add_acts(api, runtime)


def _add_list(api: APIRouter, runtime: Runtime) -> None:
    @api.get("/notifications", responses={503: _PROBLEMS[503]})
    async def notifications(
        state: Annotated[str, Query(pattern="^(waiting|sent|dead|overtaken|)$")] = "",
        channel: Annotated[str, Query(max_length=200)] = "",
        before: Annotated[int, Query(ge=0, le=2**62)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> NoticesPage:
        found = runtime.outside.notifier if runtime.outside is not None else None
        if found is None:
            trouble = runtime.outside.trouble if runtime.outside is not None else ""
            return NoticesPage(channels=[], items=[], total=0, next_before=None, trouble=trouble)
        try:
            return await asyncio.to_thread(_page, found, state, channel, before, limit)
        except SpoolError as error:
            raise HTTPException(503, str(error)) from None


def _add_acts(api: APIRouter, runtime: Runtime) -> None:
    tests = Bucket(TESTS_A_MINUTE)

    @api.post("/notifications/test", responses=_PROBLEMS, status_code=202)
    async def test(given: TestIn) -> NoticeIdOut:
        notifier = _notifier(runtime)
        if given.channel not in notifier.channels:
            detail = f"there is no channel '{given.channel}'; {nearest(given.channel, notifier.channels)}"
            raise HTTPException(404, detail)
        if tests.wait():
            raise HTTPException(429, "too many tests: wait a minute", {"Retry-After": "60"})
        try:
            return NoticeIdOut(id=await notifier.test(given.channel))
        except SpoolError as error:
            raise HTTPException(503, str(error)) from None

    @api.post("/notifications/{notice}/again", responses=_PROBLEMS, status_code=202)
    async def again(notice: Annotated[int, Path(ge=1, le=2**62)]) -> NoticeIdOut:
        notifier = _notifier(runtime)
        try:
            found = await asyncio.to_thread(notifier.spool.again, notice, notifier.now)
        except SpoolError as error:
            raise HTTPException(503, str(error)) from None
        if not found:
            raise HTTPException(409, f"message {notice} was not given up: see /api/v1/notifications?state=dead")
        return NoticeIdOut(id=notice)


def _notifier(runtime: Runtime) -> Notifier:
    found = runtime.outside.notifier if runtime.outside is not None else None
    if found is None:
        raise HTTPException(404, "nobody is told of alarms by message: write 'notify:' into campus.yaml")
    return found


def _page(notifier: Notifier, state: str, channel: str, before: int, limit: int) -> NoticesPage:
    rows, total = notifier.spool.page(state=state, channel=channel, before=before, limit=limit)
    return NoticesPage(
        channels=channels_out(notifier), items=[_notice(row) for row in rows], total=total,
        next_before=rows[-1].id if len(rows) == limit else None, trouble=notifier.trouble,
    )  # fmt: skip


def channels_out(notifier: Notifier) -> list[ChannelOut]:
    """The channels as they are; it reads the disk."""
    counts, last = notifier.spool.counts(), notifier.spool.last_sent()
    return [_channel(notifier, row, counts, last.get(row.name)) for row in notifier.channels.values()]


def _channel(
    notifier: Notifier, row: Channel, counts: Mapping[tuple[str, State], int], last: float | None
) -> ChannelOut:
    failing = row.failing is not None
    return ChannelOut(
        name=row.name, type=row.entry.type, state="failing" if failing else "idle" if last is None else "well",
        reason=row.error, since=instant(row.failing), next_try=instant(row.next) if failing else None,
        last_sent=instant(last), waiting=counts.get((row.name, "waiting"), 0), sent=counts.get((row.name, "sent"), 0),
        dead=counts.get((row.name, "dead"), 0),
        routes=sum(row.name in route.to for route in notifier.entry.routes),
    )  # fmt: skip


def _notice(row: Notice) -> NoticeOut:
    return NoticeOut(
        id=row.id, time=utc(row.made), channel=row.channel, kind=row.kind, of=row.matter.id,
        incident=row.matter.number or None, priority=row.matter.priority, text=dict(row.matter.texts),
        state=row.state, tries=row.tries, next_try=utc(row.due) if row.state == "waiting" else None,
        done=instant(row.done), error=row.error,
    )  # fmt: skip
