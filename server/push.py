"""``POST /api/v1/readings``: readings that others send, checked row by row, acknowledged once they are on the disk.

The bearer token says which source they are of. Sent again, the same readings change nothing: they are filed under point
and time. Where history is kept the answer waits for its journal, else for the inbox alone; where there is no room the
whole request is put off (503).
"""

from __future__ import annotations

import asyncio
import math
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from server.problems import problem
from server.push_body import CSV, JSON, KINDS, NDJSON, BodyError, TooManyError, kind_of, rows_of
from server.push_gate import Gate
from server.push_rows import Judged, Refused
from server.runtime import Runtime
from server.schemas import PushedOut, RefusedOut
from twin.history.contract import HistoryError
from twin.ingest import SAMPLE_CHARS, Sample

BODY_S = 30.0
THREAD_BYTES = 32 * 1024
SHOWN = 1000
FULL_WAIT_S = 1
KEPT_S = 10.0

_ROW = {
    "type": "object",
    "required": ["value"],
    "properties": {
        "point": {"type": "string", "description": "id of the point; or 'address'"},
        "address": {"type": "string", "description": "address of the point in its source; or 'point'"},
        "value": {"type": ["number", "string", "boolean"], "description": "a number; true is 1"},
        "time": {"type": ["string", "number"], "description": "ISO 8601, or s, ms, us, ns since 1970; else now"},
        "unit": {"type": "string", "description": "a unit of the point's quantity; else that of the point"},
    },
    "additionalProperties": False,
}
_BODY = {
    "required": True,
    "content": {
        JSON: {"schema": {"type": "array", "items": _ROW}},
        NDJSON[0]: {"schema": _ROW},
        CSV: {"schema": {"type": "string", "description": "header: point or address, value, time, unit"}},
    },
}
_PROBLEMS = {
    400: "the body cannot be read", 401: "no token, or none that is known", 403: "not with this token",
    408: "the body did not come in time", 413: "too many readings, or too large", 415: "no JSON, NDJSON or CSV",
    429: "too many requests; Retry-After says when", 503: "no room; Retry-After says when",
}  # fmt: skip


class Refusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """Why a whole request is refused."""

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": {"application/problem+json": {}}} for status, text in _PROBLEMS.items()
    }

    @api.post("/readings", response_model=PushedOut, responses=responses, openapi_extra={"requestBody": _BODY})
    async def readings(request: Request, source: Annotated[str, Query(max_length=200)] = "") -> Any:
        try:
            return await _take(runtime, request, source)
        except Refusal as refusal:
            answer: Response = problem(refusal.status, str(refusal))
            answer.headers.update(refusal.headers)
            return answer


async def _take(runtime: Runtime, request: Request, source: str) -> PushedOut:
    gate = _gate(runtime.gates, request.headers.get("authorization", ""), source)
    wait_s = gate.bucket.wait()
    if wait_s:
        limit = gate.settings.requests_per_minute
        detail = f"source '{gate.name}' takes {limit} requests a minute: send more readings in each"
        raise Refusal(429, detail, Retry_After=str(math.ceil(wait_s)))
    kind = kind_of(request.headers.get("content-type", ""))
    if not kind or request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(415, f"send UTF-8 as one of {', '.join(KINDS)}, not compressed")
    body = await _body(request)
    received = runtime.ingest.clock()
    try:
        if len(body) < THREAD_BYTES:
            judged = _judged(gate, kind, body, received)
        else:
            judged = await asyncio.to_thread(_judged, gate, kind, body, received)
    except BodyError as error:
        raise Refusal(400, str(error)) from None
    except TooManyError as error:
        raise Refusal(413, str(error)) from None
    if not runtime.ready or not gate.inbox.put(judged.readings, gate.settings.max_waiting):
        detail = f"source '{gate.name}' has no room for {len(judged.readings)} more readings: send them again"
        raise Refusal(503, detail, Retry_After=str(FULL_WAIT_S))
    await _kept(runtime, gate, len(judged.readings))
    if judged.refused:
        runtime.ingest.refuse([_sample(row, received) for row in judged.refused], gate.name)
    return PushedOut(
        source=gate.name, accepted=len(judged.readings), duplicate=judged.duplicate,
        rejected_count=len(judged.refused),
        rejected=[RefusedOut.model_validate(row._asdict()) for row in judged.refused[:SHOWN]],
    )  # fmt: skip


async def _kept(runtime: Runtime, gate: Gate, number: int) -> None:
    """Wait until the readings that were put into the inbox are in the journal of the history."""
    if runtime.recorder is None or not number:
        return
    again = "they are shown and may not be kept: send them again"
    try:
        async with asyncio.timeout(KEPT_S):
            await gate.inbox.judged()
            await runtime.recorder.durable()
    except TimeoutError:
        detail = f"the {number} readings were not on the disk within {KEPT_S:.0f} s: {again}"
        raise Refusal(503, detail, Retry_After=str(FULL_WAIT_S)) from None
    except HistoryError as error:
        raise Refusal(503, f"{error}; {again}", Retry_After=str(FULL_WAIT_S)) from None


def _gate(gates: list[Gate], authorization: str, source: str) -> Gate:
    """The gate that the token opens. Every token is compared, whichever fits."""
    if not gates:
        raise Refusal(403, "this campus takes no readings by HTTP: add a source of type 'push' to campus.yaml")
    scheme, _, token = authorization.partition(" ")
    opened = [gate for gate in gates if gate.opens(token.strip())] if scheme.lower() == "bearer" else []
    if not opened:
        detail = "the token is not known: send 'Authorization: Bearer TOKEN' with the token of a source of type 'push'"
        raise Refusal(401, detail, WWW_Authenticate='Bearer realm="readings"')
    if source:
        opened = [gate for gate in opened if gate.name == source]
        if not opened:
            raise Refusal(403, f"the token is not that of source '{source}': leave ?source= out, or use its token")
    if len(opened) > 1:
        raise Refusal(403, "several sources have this token: name one with ?source=, or give each its own")
    return opened[0]


async def _body(request: Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_S):
            return await request.body()
    except TimeoutError:
        raise Refusal(408, f"the body did not come within {BODY_S:.0f} s: send less at once") from None
    except ClientDisconnect:
        raise Refusal(400, "the body broke off") from None


def _judged(gate: Gate, kind: str, body: bytes, received: float) -> Judged:
    return gate.rows.judge(rows_of(kind, body, gate.settings.max_batch), received)


def _sample(row: Refused, received: float) -> Sample:
    return Sample(row.point, row.code.replace("-", " "), row.raw[:SAMPLE_CHARS], received)
