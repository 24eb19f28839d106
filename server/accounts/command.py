"""``app.py users`` and ``app.py audit``: for an administrator who cannot sign in. They work while it is served too."""

from __future__ import annotations

import getpass
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

from server.accounts import people
from server.accounts.accounts import Accounts, subject_of
from server.accounts.audit import verify as verify_log
from server.accounts.opening import folder_of
from server.accounts.rows import User
from server.accounts.store import FILE, AccountsError
from server.accounts.who import Who
from server.environment import cache_folder
from server.runtime import DEMO_SEED, DEMO_SPACES
from twin.config_accounts import AccountsEntry


def users(do: str, name: str, role: str, campus: Path | None, url: str) -> int:
    """List, invite, reset or disable; 0 done, 2 refused."""
    try:
        accounts = _opened(campus, create=do == "invite")
    except (AccountsError, OSError, sqlite3.Error) as error:
        sys.stderr.write(f"users: {error}\n")
        return 2
    try:
        sys.stdout.write(_do(accounts, do, name, role, url))
    except (AccountsError, sqlite3.Error) as error:
        sys.stderr.write(f"users: {error}\n")
        return 2
    finally:
        accounts.store.close()
    return 0


def _opened(campus: Path | None, create: bool) -> Accounts:
    folder = folder_of(campus, cache_folder(), DEMO_SEED, DEMO_SPACES)
    if campus is not None and not (campus / "campus.yaml").is_file():
        raise AccountsError("no-campus", f"'{campus}' has no campus.yaml: name the campus folder with --campus")
    if not create and not (folder / FILE).is_file():
        raise AccountsError("none", f"there is no {folder / FILE}: start 'app.py serve --accounts' once")
    return Accounts(folder, AccountsEntry())


def _do(accounts: Accounts, do: str, name: str, role: str, url: str) -> str:
    if do == "list":
        return _listed(list(accounts.known.users.values()))
    if not name:
        raise AccountsError("name.wrong", f"say whose: app.py users {do} NAME")
    me = Who(f"terminal:{getpass.getuser()}", "admin", "local")
    user = accounts.known.names.get(("local", subject_of(name)))
    if do == "disable":
        found = user or next((row for row in accounts.known.users.values() if row.name == name), None)
        if found is None:
            raise AccountsError("no-user", f"there is no user '{name}': see 'app.py users list'")
        people.change_user(accounts, found.id, None, True)
        accounts.note(me, "user", name, disabled=True)
        return f"{name} is not let in any more; whoever was signed in as {name} is signed out.\n"
    purpose = "invite" if user is None or not user.password else "reset"
    if do == "reset":
        if user is None:
            raise AccountsError("no-user", f"there is no user '{name}': see 'app.py users list'")
        role = user.role
        if user.disabled:
            people.change_user(accounts, user.id, None, False)
    elif purpose == "reset":
        raise AccountsError("name.taken", f"there is a user '{name}' already: use 'app.py users reset {name}'")
    made = people.invite(accounts, purpose, name, role)
    accounts.note(me, "invite", name, role=role, purpose=purpose)
    until = datetime.fromtimestamp(made.until, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    return f"Open this link until {until}; it works once:\n\n  {url.rstrip('/')}{made.path}\n"


def _listed(rows: list[User]) -> str:
    if not rows:
        return "There are no users yet: app.py users invite NAME --role admin\n"
    lines = []
    for user in rows:
        state = "not let in" if user.disabled else "" if user.password or user.kind == "oidc" else "no password yet"
        lines.append(f"{user.name:<32} {user.role:<10} {user.kind:<7} {state}".rstrip())
    return "\n".join(lines) + "\n"


def verify(campus: Path | None) -> int:
    """Whether the audit log is as it was written; 0 it is, 1 it is not, 2 there is none."""
    try:
        accounts = _opened(campus, create=False)
    except (AccountsError, OSError, sqlite3.Error) as error:
        sys.stderr.write(f"audit: {error}\n")
        return 2
    try:
        found = verify_log(accounts.store)
    finally:
        accounts.store.close()
    if found.wrong:
        sys.stdout.write(
            f"The audit log was changed: {found.wrong}. The {found.rows} rows before are as they were written.\n"
        )
        return 1
    sys.stdout.write(
        f"{found.rows} rows, each as it was written. Note this somewhere else; a later check must find it in row "
        f"{found.rows}:\n{found.head}\n"
    )
    return 0
