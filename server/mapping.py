"""``POST /api/v1/mapping/accept``: suggestions that a person accepted become rows of the campus's tables.

Nobody signs in yet, and this writes to the disk: it is for this machine alone, asked under a loopback name, by no page
of another origin and through no proxy. The result is checked as ``check`` does before anything is written.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from datasources.contract import settings_model
from models3d.cache import ModelCache
from models3d.check import CheckReport, check_folder
from models3d.versions import Versions
from server.problems import problem
from server.runtime import Runtime
from server.schemas import AcceptedOut, AcceptIn
from server.security import is_loopback
from server.suggestions import point_id
from server.table_file import TableError, beside, put, with_rows
from twin.config import CampusConfig

SHOWN = 50
"""Mistakes that an answer lists."""


class Refusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """Why nothing was written; ``mistakes`` are those of the check."""

    def __init__(self, status: int, detail: str, mistakes: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.mistakes = mistakes


def barred(runtime: Runtime) -> str:
    """Why nothing can be accepted here at all: 'demo' (no folder), 'open' (others reach it); '' where it can."""
    if runtime.config is None:
        return "demo"
    return "open" if runtime.any_host else ""


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the route."""
    one_at_a_time = asyncio.Lock()
    responses: dict[int | str, dict[str, Any]] = {
        status: {"description": text, "content": {"application/problem+json": {}}}
        for status, text in (
            (403, "not from there"), (409, "no table, or it changed"), (415, "no JSON"), (422, "mistakes"),
        )
    }  # fmt: skip

    @api.post("/mapping/accept", response_model=AcceptedOut, responses=responses)
    async def accept(request: Request, wanted: AcceptIn) -> Any:
        try:
            config = _allowed(runtime, request)
            async with one_at_a_time:
                return await asyncio.to_thread(_accept, runtime, config, wanted)
        except Refusal as refusal:
            answer: Response = problem(refusal.status, str(refusal), mistakes=list(refusal.mistakes)[:SHOWN])
            return answer


def _allowed(runtime: Runtime, request: Request) -> CampusConfig:
    """The campus folder that may be written to; Refusal says why there is none for this request."""
    config = runtime.config
    if config is None:
        raise Refusal(403, "the demo campus has no folder: make one with 'python app.py new DIR FILE ...'")
    headers, peer = request.headers, request.client.host if request.client else ""
    proxied = "forwarded" in headers or any(name.startswith("x-forwarded") for name in headers)
    if barred(runtime) or proxied or not is_loopback(peer) or not is_loopback(request.url.hostname or ""):
        raise Refusal(
            403, "the mapping is changed on the machine itself only, at http://127.0.0.1: nobody signs in yet"
        )
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refusal(403, "a page of another origin may not write here")
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, "send JSON, as Content-Type application/json")
    return config


def _accept(runtime: Runtime, config: CampusConfig, wanted: AcceptIn) -> AcceptedOut:
    """Check and write; on a thread, because the check reads the models."""
    rows = {"points": _point_rows(runtime, wanted), "devices": _device_rows(config, wanted)}
    olds: dict[str, bytes] = {}
    parts: dict[str, Path] = {}
    try:
        for kind, added in rows.items():
            if added:
                name = _table(config, kind)
                olds[name] = _read(config.path(name))
                parts[name] = beside(config.path(name).resolve(), with_rows(olds[name], added))
        _check(runtime, config, parts)
        for name, part in parts.items():
            if _read(config.path(name)) != olds[name]:
                raise Refusal(409, f"{name} was changed by somebody else just now: look again")
            put(part, config.path(name).resolve())
    except (OSError, TableError, UnicodeEncodeError) as error:
        raise Refusal(409, f"{', '.join(olds) or 'the table'} cannot be written: {error}") from None
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)
    runtime.accepted |= {(row.source, row.address) for row in wanted.points}
    runtime.accepted |= {(row.source, name) for row in wanted.devices for name in row.names}
    return AcceptedOut(points=len(wanted.points), devices=len(wanted.devices), files=list(parts))


def _point_rows(runtime: Runtime, wanted: AcceptIn) -> list[dict[str, str]]:
    taken = set(runtime.live.index)
    return [
        {
            "point": row.point or point_id(row.address, taken), "entity": row.entity, "quantity": row.quantity,
            "unit": row.unit, "kind": row.kind, "source": row.source, "address": row.address,
        }
        for row in wanted.points
    ]  # fmt: skip


def _device_rows(config: CampusConfig, wanted: AcceptIn) -> list[dict[str, str]]:
    rows = []
    for device in wanted.devices:
        template = config.templates.get(device.type)
        if template is None:
            raise Refusal(422, f"there is no device type '{device.type}': it may have been renamed")
        if foreign := sorted(device.columns.keys() - template.columns()):
            raise Refusal(422, f"the type '{device.type}' has no column '{foreign[0]}'")
        named = {} if template.source else {"source": device.source}
        rows.append({"id": device.id, "type": device.type, "entity": device.entity, **device.columns, **named})
    return rows


def _table(config: CampusConfig, kind: str) -> str:
    name = config.file.points if kind == "points" else config.file.devices
    if not name:
        detail = f"campus.yaml names no table of {kind}: write '{kind}: {kind}.csv' there, and make the file"
        raise Refusal(409, detail)
    return name


def _read(path: Path) -> bytes:
    return path.read_bytes()


def _check(runtime: Runtime, config: CampusConfig, parts: Mapping[str, Path]) -> None:
    """Refusal lists what would be wrong with the campus that was not before."""
    cache = runtime.models.parent
    versions = Versions.of_campus(config.folder, cache, read_only=True)
    report: CheckReport = check_folder(
        config.folder, ModelCache(cache).load, settings_model, versions, instead=parts
    )  # fmt: skip
    mistakes = [mistake.as_dict() for mistake in report.mistakes if mistake.severity == "error"]
    known = {(finding.code, finding.element) for finding in runtime.assembled.findings}
    mistakes += [
        {"file": "", "message": finding.message, "code": finding.code, "line": 0, "column": 0, "key": finding.element,
         "severity": finding.severity}
        for finding in report.findings
        if finding.severity != "info" and (finding.code, finding.element) not in known
    ]  # fmt: skip
    if mistakes:
        raise Refusal(
            422, f"nothing was written: with these rows the campus would have {len(mistakes)} mistakes", mistakes
        )
