"""``/api/v1/views``: addresses of pages with a name, one's own or shared. A page keeps its whole state in its address
(camera, filters, selection, time), so an address is a view.
"""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as Folder
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from server.accounts.policy import may_show
from server.accounts.who import Who, rank
from server.alarms_api import actor_of
from server.notes import printable
from server.values import utc
from twin.state_file import StateFileError, open_state

if TYPE_CHECKING:
    from server.runtime import Runtime

log = logging.getLogger(__name__)

FILE = "views.sqlite"
VERSION = 1
MOST = 200
"""Views of one person."""
_ADDRESS = re.compile(r"/(?![/\\])[^\s\\#]*")
_SCHEMA = """
CREATE TABLE views (id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, name TEXT NOT NULL,
                    address TEXT NOT NULL, shared INTEGER NOT NULL, made REAL NOT NULL, UNIQUE (owner, name)) STRICT;
"""
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"description": text, "content": {"application/problem+json": {}}}
    for status, text in {
        403: "only operators share, and only who made a view or an admin takes it away", 404: "no such view",
        409: "too many views", 422: "a part of the request is wrong", 503: "it could not be kept now",
    }.items()
}  # fmt: skip


class ViewOut(BaseModel):
    """A view; ``mine``: who asks made it."""

    id: int
    name: str
    address: str
    owner: str
    shared: bool
    mine: bool
    made: AwareDatetime


class ViewsOut(BaseModel):
    """The views that who asks can see, by name; ``may_share``: whether they may share theirs."""

    items: list[ViewOut]
    may_share: bool
    kept: bool


class ViewIn(BaseModel):
    """A view to keep; one of the same name is replaced."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    address: Annotated[str, Field(max_length=4000)]
    shared: bool = False


class ViewsError(Exception):
    """The views cannot be had or written; the message says what to do."""


class Views:
    """The file ``path``; made where there is none. None: it is forgotten with the process. From any thread."""

    def __init__(self, path: Folder | None) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._db = open_state(path, _SCHEMA, VERSION)
        except StateFileError as error:
            raise ViewsError(str(error)) from error

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise ViewsError(f"{self.path} cannot be used: {error}; see that the disk is not full") from error

    def seen_by(self, owner: str) -> list[tuple[Any, ...]]:
        """The views of somebody, and those that others share, by name."""
        with self._using() as db:
            return db.execute(
                "SELECT id, name, address, owner, shared, made FROM views WHERE owner = ? OR shared"
                " ORDER BY name COLLATE NOCASE, id LIMIT 2000", (owner,)
            ).fetchall()  # fmt: skip

    def keep(self, owner: str, name: str, address: str, made: float, *, shared: bool) -> bool:
        """Keep a view, over one of the same name; whether there was room."""
        with self._using() as db:
            count = db.execute("SELECT count(*) FROM views WHERE owner = ? AND name <> ?", (owner, name)).fetchone()[0]
            if count >= MOST:
                return False
            db.execute(
                "INSERT INTO views (owner, name, address, shared, made) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (owner, name) DO UPDATE SET"
                " address = excluded.address, shared = excluded.shared, made = excluded.made",
                (owner, name, address, int(shared), made),
            )
            return True

    def owner(self, id_: int) -> str | None:
        """Who made a view; None where there is none."""
        with self._using() as db:
            row = db.execute("SELECT owner FROM views WHERE id = ?", (id_,)).fetchone()
        return None if row is None else str(row[0])

    def remove(self, id_: int) -> None:
        """Take a view away."""
        with self._using() as db:
            db.execute("DELETE FROM views WHERE id = ?", (id_,))


def views_of(runtime: Runtime) -> Views:
    """The views of a runtime, opened when they are first asked for."""
    found = runtime.desks.get("views")
    if not isinstance(found, Views):
        folder = runtime.state_folder
        try:
            found = Views(None if folder is None else folder / FILE)
        except ViewsError as error:
            log.error("saved views are kept in memory only: %s", error)
            found = Views(None)
        runtime.desks["views"] = found
    return found


def add(api: APIRouter, runtime: Runtime) -> None:
    """Add the routes."""

    @api.get("/views", responses={503: _PROBLEMS[503]})
    async def views(request: Request) -> ViewsOut:
        return await _told(runtime, request)

    @api.post("/views", status_code=201, responses=_PROBLEMS)
    async def keep(request: Request, given: ViewIn) -> ViewsOut:
        address = _address(given.address)
        if given.shared and not may_share(_who(request)):
            raise HTTPException(403, "only operators share views: keep it for yourself")
        name, actor = printable(given.name, "name").replace("\n", " "), actor_of(request)
        now = runtime.ingest.clock()
        try:
            room = await asyncio.to_thread(
                lambda: views_of(runtime).keep(actor, name, address, now, shared=given.shared)
            )
        except ViewsError as error:
            raise HTTPException(503, str(error), {"Retry-After": "5"}) from None
        if not room:
            raise HTTPException(409, f"you have {MOST} views already: take some away that nobody needs")
        return await _told(runtime, request)

    @api.delete("/views/{view}", status_code=204, responses=_PROBLEMS)
    async def remove(request: Request, view: Annotated[int, Path(ge=1, le=2**53)]) -> None:
        store, who = views_of(runtime), _who(request)
        try:
            owner = await asyncio.to_thread(store.owner, view)
            if owner is None:
                raise HTTPException(404, f"there is no view {view}: see /api/v1/views")
            if owner != actor_of(request) and (who is None or who.role != "admin"):
                raise HTTPException(403, f"view {view} is of '{owner}': only they or an admin take it away")
            await asyncio.to_thread(store.remove, view)
        except ViewsError as error:
            raise HTTPException(503, str(error), {"Retry-After": "5"}) from None


async def _told(runtime: Runtime, request: Request) -> ViewsOut:
    who, actor = _who(request), actor_of(request)
    try:
        rows = await asyncio.to_thread(lambda: views_of(runtime).seen_by(actor))
    except ViewsError as error:
        raise HTTPException(503, str(error)) from None
    items = [
        ViewOut(id=id_, name=name, address=address, owner=owner, shared=bool(shared), mine=owner == actor,
                made=utc(made)) for id_, name, address, owner, shared, made in rows
        if may_show(who, address.partition("?")[0])
    ]  # fmt: skip
    return ViewsOut(items=items, may_share=may_share(who), kept=views_of(runtime).path is not None)


def _who(request: Request) -> Who | None:
    who = getattr(request.state, "who", None)
    return who if isinstance(who, Who) else None


def may_share(who: Who | None) -> bool:
    """Whether somebody may share a view with everybody."""
    return who is not None and rank(who.role) >= rank("operator")


def _address(text: str) -> str:
    """An address of a page of ours; 422 where it leads elsewhere."""
    text = printable(text, "address").strip()
    path = text.partition("?")[0]
    if not _ADDRESS.fullmatch(text) or path.startswith(("/api/", "/_", "/assets/", "/sign-", "/kiosk/", "/set-up/")):
        raise HTTPException(422, f"'{text[:100]}' is no address of a page here: it begins with '/', as in /?sel=14")
    return text
