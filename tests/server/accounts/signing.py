"""A served campus where people have to sign in, and clients that did."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from server.accounts import people
from server.accounts.accounts import Accounts
from server.accounts.rows import User
from server.runtime import Runtime
from tests.server.serving import Served, serve
from twin.config_accounts import AccountsEntry

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "a quiet grey heron"
_OPEN: dict[str, list[httpx.Client]] = {}
ROLES = ("viewer", "operator", "planner", "admin")


def opened(folder: Path, settings: AccountsEntry | None = None, clock: Callable[[], float] = time.time) -> Accounts:
    return Accounts(folder, settings or AccountsEntry(), clock=clock, hasher=CHEAP)


@contextmanager
def guarded(
    cache: Path,
    settings: AccountsEntry | None = None,
    prepare: Callable[[FastAPI, Runtime], object] | None = None,
    clock: Callable[[], float] = time.time,
    off: bool = False,
) -> Iterator[Served]:
    """The small campus with accounts; one user of each role, named like it."""

    def adjust(runtime: Runtime) -> None:
        runtime.state_folder = cache / "state"
        accounts = opened(runtime.state_folder, settings, clock)
        accounts.on = not off
        for role in ROLES:
            add_user(accounts, role, role)
        runtime.accounts = accounts
        runtime.background.append(("the accounts", accounts.run))

    with serve(cache, prepare=prepare, adjust=adjust) as served:
        try:
            yield served
        finally:
            for browser in _OPEN.pop(served.url, []):
                browser.close()
            runtime_accounts = accounts_of(served)
    runtime_accounts.store.close()


def add_user(accounts: Accounts, name: str, role: str) -> User:
    link = people.invite(accounts, "invite", name, role)
    return people.take_link(accounts, link.path.removeprefix("/set-up/"), "", PASSWORD)


def accounts_of(served: Served) -> Accounts:
    assert served.runtime.accounts is not None
    return served.runtime.accounts


def client(served: Served, **headers: str) -> httpx.Client:
    """A browser without cookies; it follows nothing by itself."""
    browser = httpx.Client(base_url=served.url, timeout=10, headers=headers)
    _OPEN.setdefault(served.url, []).append(browser)
    return browser


def proof(text: str) -> str:
    found = re.search(r'name="proof" value="([^"]+)"', text)
    assert found is not None, text
    return found[1]


def post(browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Open the page of a form, and send it as its browser would."""
    shown = browser.get(path)
    return browser.post(path, data={"proof": proof(shown.text), **fields})


def sign_in(served: Served, name: str, password: str = PASSWORD) -> httpx.Client:
    browser = client(served)
    answer = post(browser, "/sign-in", name=name, password=password)
    assert answer.status_code == 303, answer.text
    return browser


def log_of(served: Served) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sign_in(served, "admin").get("/api/v1/audit?limit=1000").json()["items"]
    return found
