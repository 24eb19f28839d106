"""``/api/v1/users``, ``kiosks``, ``keys``, ``audit``: what an administrator sees and changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from server.accounts import audit, people
from server.accounts.accounts import Accounts
from server.accounts.audit import Asked, HasAccounts, append, entry
from server.accounts.rows import Display, Program, User
from server.accounts.store import AccountsError
from server.instants import read_instant
from server.values import instant, utc

Found = TypeVar("Found")
Id = Annotated[int, Path(ge=1, le=2**53)]
Text = Annotated[str, Query(max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
STATUS = {"no-user": 404, "no-display": 404, "no-key": 404, "name.taken": 409, "last-admin": 409}


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UserIn(_In):
    """A user to invite."""

    name: Name
    role: str = Field(max_length=20)


class UserChange(_In):
    """What of a user is another from now on."""

    role: str | None = Field(default=None, max_length=20)
    disabled: bool | None = None


class DisplayIn(_In):
    """A display to add; ``wall`` is the one that it may show, '' for any."""

    name: Name
    wall: str = Field(default="", max_length=64)


class KeyIn(_In):
    """A key to make."""

    name: Name
    role: str = Field(max_length=20)


def add(api: APIRouter, runtime: HasAccounts) -> None:
    """Add the routes."""
    _add_users(api, runtime)
    _add_kiosks(api, runtime)
    _add_keys(api, runtime)
    _add_audit(api, runtime)


def accounts_of(runtime: HasAccounts) -> Accounts:
    """The accounts; 404 where nobody has to sign in."""
    accounts: Accounts | None = runtime.accounts
    if accounts is None or not accounts.on:
        raise HTTPException(404, "nobody has to sign in here: start with serve --accounts to have users")
    return accounts


async def _done(request: Request, accounts: Accounts, action: str, target: str, work: Callable[[], Found],
                **detail: object) -> Found:  # fmt: skip
    """Do what was asked for, and note it; the mistakes of who asks become problems."""
    who, address = request.state.who, request.state.address
    try:
        found = await asyncio.to_thread(work)
    except AccountsError as error:
        row = entry(who, action, target, detail, address=address, outcome=f"refused ({error.key})")
        await asyncio.to_thread(append, accounts.store, row)
        raise HTTPException(STATUS.get(error.key, 422), str(error)) from None
    await asyncio.to_thread(append, accounts.store, entry(who, action, target, detail, address=address))
    accounts.streams.check()
    return found


def _link(accounts: Accounts, request: Request, path: str) -> str:
    base = accounts.settings.url or str(request.base_url).rstrip("/")
    return base + path


def user_out(accounts: Accounts, user: User) -> dict[str, Any]:
    """A user as it is told: never its hash."""
    state = "disabled" if user.disabled else "active" if user.password or user.kind == "oidc" else "invited"
    return {"id": user.id, "name": user.name, "kind": user.kind, "role": user.role, "state": state,
            "made": utc(user.made), "seen": instant(user.seen)}  # fmt: skip


def _add_users(api: APIRouter, runtime: HasAccounts) -> None:
    @api.get("/users")
    async def users() -> list[dict[str, Any]]:
        accounts = accounts_of(runtime)
        return [user_out(accounts, user) for user in accounts.known.users.values()]

    @api.post("/users", status_code=201)
    async def invite(request: Request, given: UserIn) -> dict[str, Any]:
        accounts = accounts_of(runtime)
        made = await _done(request, accounts, "invite", given.name,
                           lambda: people.invite(accounts, "invite", given.name, given.role),
                           role=given.role)  # fmt: skip
        return {"link": _link(accounts, request, made.path), "until": utc(made.until)}

    @api.patch("/users/{user}")
    async def change(request: Request, user: Id, given: UserChange) -> dict[str, Any]:
        accounts = accounts_of(runtime)
        known = accounts.known.users.get(user)
        told = given.model_dump(exclude_none=True)
        row = await _done(request, accounts, "user", known.name if known else str(user),
                          lambda: people.change_user(accounts, user, given.role, given.disabled), **told)  # fmt: skip
        return user_out(accounts, row)

    @api.delete("/users/{user}", status_code=204)
    async def delete(request: Request, user: Id) -> None:
        accounts = accounts_of(runtime)
        known = accounts.known.users.get(user)
        await _done(request, accounts, "user-delete", known.name if known else str(user),
                    lambda: people.delete_user(accounts, user))  # fmt: skip

    @api.post("/users/{user}/reset", status_code=201)
    async def reset(request: Request, user: Id) -> dict[str, Any]:
        accounts = accounts_of(runtime)
        known = accounts.known.users.get(user)
        if known is None or known.kind != "local":
            raise HTTPException(404, f"there is no user {user} with a password of this server")
        purpose = "reset" if known.password else "invite"
        made = await _done(request, accounts, "invite", known.name,
                           lambda: people.invite(accounts, purpose, known.name, known.role),
                           purpose=purpose)  # fmt: skip
        return {"link": _link(accounts, request, made.path), "until": utc(made.until)}


def display_out(row: Display) -> dict[str, Any]:
    """A display as it is told."""
    return {"id": row.id, "name": row.name, "wall": row.wall, "made": utc(row.made), "made_by": row.made_by,
            "seen": instant(row.seen)}  # fmt: skip


def _add_kiosks(api: APIRouter, runtime: HasAccounts) -> None:
    @api.get("/kiosks")
    async def kiosks() -> list[dict[str, Any]]:
        return [display_out(row) for row in accounts_of(runtime).known.displays.values()]

    @api.post("/kiosks", status_code=201)
    async def make(request: Request, given: DisplayIn) -> dict[str, Any]:
        accounts = accounts_of(runtime)
        by = request.state.who.name
        row, token = await _done(request, accounts, "display", given.name,
                                 lambda: people.make_display(accounts, given.name, given.wall, by),
                                 wall=given.wall)  # fmt: skip
        return {**display_out(row), "link": _link(accounts, request, f"/kiosk/{token}")}

    @api.delete("/kiosks/{kiosk}", status_code=204)
    async def revoke(request: Request, kiosk: Id) -> None:
        accounts = accounts_of(runtime)
        known = accounts.known.displays.get(kiosk)
        await _done(request, accounts, "display-off", known.name if known else str(kiosk),
                    lambda: people.revoke_display(accounts, kiosk))  # fmt: skip


def key_out(row: Program) -> dict[str, Any]:
    """A key as it is told: never itself."""
    return {"id": row.id, "name": row.name, "role": row.role, "made": utc(row.made), "made_by": row.made_by,
            "seen": instant(row.seen)}  # fmt: skip


def _add_keys(api: APIRouter, runtime: HasAccounts) -> None:
    @api.get("/keys")
    async def keys() -> list[dict[str, Any]]:
        return [key_out(row) for row in accounts_of(runtime).known.programs.values()]

    @api.post("/keys", status_code=201)
    async def make(request: Request, given: KeyIn) -> dict[str, Any]:
        accounts = accounts_of(runtime)
        by = request.state.who.name
        row, token = await _done(request, accounts, "key", given.name,
                                 lambda: people.make_program(accounts, given.name, given.role, by),
                                 role=given.role)  # fmt: skip
        return {**key_out(row), "key": token}

    @api.delete("/keys/{key}", status_code=204)
    async def revoke(request: Request, key: Id) -> None:
        accounts = accounts_of(runtime)
        known = accounts.known.programs.get(key)
        await _done(request, accounts, "key-off", known.name if known else str(key),
                    lambda: people.revoke_program(accounts, key))  # fmt: skip


def _add_audit(api: APIRouter, runtime: HasAccounts) -> None:
    @api.get("/audit", response_model=None)
    async def log(
        who: Text = "", action: Text = "", start: Annotated[str, Query(alias="from", max_length=60)] = "",
        to: Annotated[str, Query(max_length=60)] = "", before: Annotated[int, Query(ge=1, le=2**53)] = 2**53,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
        format: Annotated[str, Query(pattern="^(json|csv)$")] = "json",
    ) -> dict[str, Any] | Response:  # fmt: skip
        accounts: Accounts | None = runtime.accounts
        if accounts is None:
            raise HTTPException(404, "this server keeps no audit log: nothing is written where it runs")
        now = accounts.clock()
        end = read_instant(to, "to", now + 86_400) if to else now + 86_400
        asked = Asked(who, action, read_instant(start, "from", now + 86_400) if start else 0.0, end, before)
        if format == "csv":
            headers = {"Content-Disposition": 'attachment; filename="audit.csv"'}
            return StreamingResponse(_pieces(accounts, asked), media_type="text/csv; charset=utf-8", headers=headers)
        rows = await asyncio.to_thread(audit.rows, accounts.store, asked, limit)
        more = rows[-1]["seq"] if len(rows) == limit else None
        return {"items": [{**row, "time": utc(row["time"])} for row in rows], "before": more}


async def _pieces(accounts: Accounts, asked: Asked) -> AsyncIterator[str]:
    pieces = audit.csv_pieces(accounts.store, asked)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
