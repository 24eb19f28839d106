"""Files beside an incident: taken as they come, judged by their content, kept under their hash.

What is sent back can do nothing in a browser: it is a download, of a type that we decided, with a policy of its own.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import unicodedata
from pathlib import Path as File
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

from fastapi import APIRouter, HTTPException, Path, Query, Request
from starlette.responses import FileResponse, Response

from server.incidents_out import file_out
from server.schemas_incidents import FileOut
from twin.incidents.incident import Entry
from twin.incidents.journal import JournalError, KeptFile

if TYPE_CHECKING:
    from server.incidents import IncidentDesk
    from server.runtime import Runtime

LARGEST = 10 * 1024 * 1024
"""Of one file [bytes]."""
MOST_FILES = 100
"""Beside one incident."""
NAME_CHARS = 120
_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, max-age=31536000, immutable", "Cross-Origin-Resource-Policy": "same-origin",
}  # fmt: skip
Id = Annotated[str, Path(max_length=40)]


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""
    from server.alarms_api import actor_of
    from server.incidents_api import PROBLEMS, desk_of

    problems = {**PROBLEMS, 413: {"description": "the file is too large"}, 415: {"description": "no such type"}}

    @api.post("/incidents/{incident}/files", status_code=201, responses=problems)
    async def attach(
        request: Request, incident: Id, name: Annotated[str, Query(min_length=1, max_length=400)]
    ) -> FileOut:  # fmt: skip
        desk = desk_of(runtime)
        if desk.files is None:
            raise HTTPException(404, "nothing can be attached: this campus keeps no state")
        data = await _body(request)
        type_ = type_of(data, name)
        if type_ is None:
            raise HTTPException(415, "only PNG, JPEG, WebP, PDF, text and CSV can be attached, judged by the content")
        kept = await _keep(desk, incident, clean(name), data, type_, actor_of(request))
        return file_out(kept)

    @api.get("/incidents/{incident}/files/{hash_}", response_class=FileResponse, responses={404: PROBLEMS[404]})
    async def file(incident: Id, hash_: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
        desk = desk_of(runtime)
        kept = next((row for row in await asyncio.to_thread(desk.journal.files, incident) if row.hash == hash_), None)
        path = None if kept is None or desk.files is None else desk.files / kept.hash
        if kept is None or path is None or not await asyncio.to_thread(path.is_file):
            raise HTTPException(404, f"incident '{incident[:40]}' has no such file")
        plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "_" for sign in kept.name)
        told = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(kept.name, safe='')}"
        return FileResponse(path, media_type=kept.type, headers={**_HEADERS, "Content-Disposition": told})


async def _body(request: Request) -> bytes:
    """The body, as far as it is not too large."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise HTTPException(413, f"the file is larger than {LARGEST // 1024 // 1024} MB: make it smaller")
        parts.append(part)
    if not size:
        raise HTTPException(422, "the file is empty")
    return b"".join(parts)


async def _keep(desk: IncidentDesk, id_: str, name: str, data: bytes, type_: str, actor: str) -> KeptFile:
    assert desk.files is not None
    incident = await asyncio.to_thread(desk.journal.load, id_)
    if incident is None:
        raise HTTPException(404, f"there is no incident '{id_[:40]}': see /api/v1/incidents?state=all")
    if len(await asyncio.to_thread(desk.journal.files, id_)) >= MOST_FILES:
        raise HTTPException(409, f"incident {incident.number} has {MOST_FILES} files already")
    now = desk.now
    kept = KeptFile(id_, hashlib.sha256(data).hexdigest(), name, type_, len(data), actor, now)
    entry = Entry(id_, now, "file", actor, name, {"hash": kept.hash, "type": type_, "size": len(data)})
    try:
        await asyncio.to_thread(store, desk.files, kept.hash, data)
        await desk.attach(kept, entry)
    except (OSError, JournalError) as error:
        raise HTTPException(503, f"the file could not be kept: {error}", {"Retry-After": "5"}) from None
    return kept


def store(folder: File, hash_: str, data: bytes) -> None:
    """Keep content under its hash: whole, or not at all."""
    path = folder / hash_
    if path.is_file():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f".{hash_}.{secrets.token_hex(4)}"
    with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


def type_of(data: bytes, name: str) -> str | None:
    """The type of a file by what is in it; None for what is not taken."""
    for magic, type_ in _MAGIC:
        if data.startswith(magic):
            return type_
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(unicodedata.category(sign) == "Cc" and sign not in "\r\n\t\f" for sign in text[:100_000]):
            return None
        charset = "utf-8" if encoding == "utf-8-sig" else encoding
        return f"text/{'csv' if name.lower().endswith('.csv') else 'plain'}; charset={charset}"
    return None


def clean(name: str) -> str:
    """The name of a file without its folders, and without what nobody can see."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(sign for sign in last if unicodedata.category(sign)[0] != "C").strip(" .")
    if len(shown) > NAME_CHARS:
        stem, dot, ending = shown.rpartition(".")
        shown = f"{stem[: NAME_CHARS - 12]}{dot}{ending[:10]}" if dot else shown[:NAME_CHARS]
    return shown or "file"
