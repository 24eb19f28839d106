"""``POST /api/v1/hooks/{type}``: the webhooks of Alertmanager, Grafana, LibreNMS. ``GET /api/v1/hooks``: how they are.

The bearer token says which hook of campus.yaml it is. Sent again, the same alarms change nothing; what is answered with
200 is in the journal of the alarms.
"""

from __future__ import annotations

import asyncio
import json
import math
from typing import Annotated, Any, get_args

from fastapi import APIRouter, HTTPException, Path, Request
from starlette.requests import ClientDisconnect

from server.hooks import Hook, HookDesk
from server.runtime import Runtime
from server.schemas_hooks import HookOut, HookRefusedOut, HookTakenOut
from server.values import instant
from twin.alarms.journal import JournalError
from twin.config_hooks import HookType
from twin.hooks.told import PayloadError, Read, read

MOST_BYTES = 2 * 1024 * 1024
BODY_S = 15.0
THREAD_BYTES = 32 * 1024
SHOWN = 100

_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        400: "the body cannot be read", 401: "no token, or none that is known", 403: "there is no such hook",
        404: "no such type, or this campus has no alarms", 408: "the body did not come in time", 413: "it is too large",
        429: "too many requests; Retry-After says when", 503: "it could not be kept now; Retry-After says when",
    }.items()
}  # fmt: skip


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""

    @api.post("/hooks/{kind}", responses=_PROBLEMS)
    async def take(request: Request, kind: Annotated[str, Path(max_length=40)]) -> HookTakenOut:
        desk = runtime.outside.hooks if runtime.outside is not None else None
        if kind not in get_args(HookType):
            raise HTTPException(
                404, f"there is no hook of type '{kind}': the types are {', '.join(get_args(HookType))}"
            )
        if desk is None or runtime.alarms is None:
            raise HTTPException(404, "this campus has no alarms: they are not judged while a recording is played")
        hook = _hook(desk, kind, request.headers.get("authorization", ""))
        wait_s = hook.bucket.wait()
        if wait_s:
            detail = f"hook '{hook.name}' takes {hook.entry.requests_per_minute} requests a minute: group alarms there"
            raise HTTPException(429, detail, {"Retry-After": str(math.ceil(wait_s))})
        body = await _body(request)
        try:
            parsed = _read(kind, body) if len(body) < THREAD_BYTES else await asyncio.to_thread(_read, kind, body)
        except PayloadError as error:
            hook.counts.refused += 1
            raise HTTPException(400, f"hook '{hook.name}': {error}") from None
        try:
            taken = await desk.take(hook, *parsed)
        except JournalError as error:
            raise HTTPException(
                503, f"the alarms may be lost in a crash, send them again: {error}", {"Retry-After": "5"}
            ) from None
        return HookTakenOut(
            hook=hook.name, alarms=taken.alarms, raised=taken.raised, ended=taken.ended, left_out=taken.left_out,
            late=taken.late, unplaced=taken.unplaced, refused_count=len(taken.refused),
            refused=[HookRefusedOut(number=row.number, why=row.why) for row in taken.refused[:SHOWN]],
        )  # fmt: skip

    @api.get("/hooks")
    async def hooks() -> list[HookOut]:
        return hooks_out(runtime)


def hooks_out(runtime: Runtime) -> list[HookOut]:
    """The hooks as they are."""
    alarms = runtime.alarms
    if runtime.outside is None or alarms is None:
        return []
    found = []
    for hook in runtime.outside.hooks.hooks.values():
        counts, trouble = hook.counts, hook.trouble
        active = sum(alarm.active for alarm in list(alarms.book.alarms.values()) if alarm.rule == hook.name)
        found.append(
            HookOut(
                name=hook.name, type=hook.entry.type, reason=trouble,
                state="misconfigured" if trouble else "waiting" if counts.last is None else "live",
                last=instant(counts.last), active=active, requests=counts.requests, alarms=counts.alarms,
                raised=counts.raised, ended=counts.ended, left_out=counts.left_out, late=counts.late,
                refused=counts.refused, unplaced_names=dict(counts.unplaced.most_common(SHOWN)),
            )
        )  # fmt: skip
    return found


def _hook(desk: HookDesk, kind: str, authorization: str) -> Hook:
    """The hook that the token opens. Every token is compared, whichever fits."""
    of_kind = [hook for hook in desk.hooks.values() if hook.entry.type == kind]
    if not of_kind:
        raise HTTPException(403, f"this campus takes no alarms of {kind}: add it below 'hooks:' in campus.yaml")
    scheme, _, token = authorization.partition(" ")
    opened = [hook for hook in of_kind if hook.opens(token.strip())] if scheme.lower() == "bearer" else []
    if not opened:
        desk.denied += 1
        detail = f"the token is not known: send 'Authorization: Bearer TOKEN' with the token of a hook of type {kind}"
        raise HTTPException(401, detail, {"WWW-Authenticate": 'Bearer realm="hooks"'})
    if len(opened) > 1:
        names = ", ".join(hook.name for hook in opened)
        raise HTTPException(403, f"the hooks {names} have the same token: give each its own")
    return opened[0]


async def _body(request: Request) -> bytes:
    too_large = f"the body is larger than {MOST_BYTES} bytes: send fewer alarms at once"
    if int(request.headers.get("content-length", "0") or 0) > MOST_BYTES:
        raise HTTPException(413, too_large)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException(400, "send the body as it is, not compressed")
    try:
        async with asyncio.timeout(BODY_S):
            body = await request.body()
    except TimeoutError:
        raise HTTPException(408, f"the body did not come within {BODY_S:.0f} s") from None
    except ClientDisconnect:
        raise HTTPException(400, "the body broke off") from None
    if len(body) > MOST_BYTES:
        raise HTTPException(413, too_large)
    return body


def _read(kind: str, body: bytes) -> Read:
    try:
        return read(kind, json.loads(body.decode("utf-8-sig")))
    except PayloadError:
        raise
    except RecursionError:
        raise PayloadError("the body is nested too deeply") from None
    except ValueError as error:
        raise PayloadError(f"the body is no JSON in UTF-8: {str(error)[:100]}") from None
