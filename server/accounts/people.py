"""Changes of people, displays and keys: invite, set a password, change a role, disable, delete; make and revoke."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from server.accounts import tokens
from server.accounts.accounts import Accounts, subject_of
from server.accounts.passwords import weakness
from server.accounts.rows import Display, Link, Program, User
from server.accounts.store import AccountsError
from server.accounts.who import STAFF

LINK_S = {"set-up": 3600.0, "reset": 3600.0, "invite": 3 * 86_400.0}
"""How long a link can be used [s]."""
_NAME = re.compile(r"[\w][\w .@+-]{0,62}[\w]|[\w]")


@dataclass(frozen=True, slots=True)
class Invited:
    """A link that was made: the path to open, and until when it can be used [s since epoch]."""

    path: str
    until: float


def checked_name(name: str) -> str:
    """A name that may be given; AccountsError says why not."""
    text = " ".join(name.split())
    if not _NAME.fullmatch(text):
        raise AccountsError(
            "name.wrong", "a name has 1 to 64 letters, digits or . _ - @ +, and begins with a letter or digit"
        )
    return text


def checked_role(role: str) -> str:
    """A role of people and programs; AccountsError for another."""
    if role not in STAFF:
        raise AccountsError("role.wrong", f"'{role[:40]}' is no role: use {', '.join(STAFF)}")
    return role


def admins(accounts: Accounts) -> list[User]:
    """Who may sign in and is admin."""
    rows = accounts.known.users.values()
    return [
        user for user in rows if user.role == "admin" and not user.disabled and (user.password or user.kind == "oidc")
    ]


def invite(accounts: Accounts, purpose: str, name: str, role: str) -> Invited:
    """A one-time link with which somebody chooses the password of ``name``; earlier ones for the same name end.

    ``purpose``: set-up (the first admin, who chooses the name too: ''), invite (a new user) or reset.
    """
    name = checked_name(name) if name else ""
    role = checked_role(role)
    user = accounts.known.names.get(("local", subject_of(name)))
    if purpose == "invite" and user is not None and user.password:
        raise AccountsError("name.taken", f"there is a user '{name}' already")
    if purpose == "reset" and user is None:
        raise AccountsError("no-user", f"there is no user '{name}': see 'app.py users list'")
    token = tokens.new_token()
    until = accounts.clock() + LINK_S[purpose]
    with accounts.store.change() as db:
        db.execute("DELETE FROM link WHERE name = ? OR until < ?", (name, accounts.clock()))
        if purpose == "invite" and user is None:
            _add_user(db, accounts, name, role)
        db.execute("INSERT INTO link VALUES (?, ?, ?, ?, ?)", (tokens.hashed(token), purpose, name, role, until))
    return Invited(f"/set-up/{token}", until)


def _add_user(db: sqlite3.Connection, accounts: Accounts, name: str, role: str) -> int:
    made = db.execute(
        "INSERT INTO user (kind, subject, name, role, made) VALUES ('local', ?, ?, ?, ?)",
        (subject_of(name), name, role, accounts.clock()),
    )
    return int(made.lastrowid or 0)


def link_of(accounts: Accounts, token: str) -> Link | None:
    """The link with that token, while it can be used."""
    link = accounts.known.links.get(tokens.hashed(token)) if tokens.is_token(token) else None
    return link if link is not None and link.until >= accounts.clock() else None


def take_link(accounts: Accounts, token: str, name: str, password: str) -> User:
    """Use a link: the password of its user is this from now on, and whoever was signed in as it is not any more."""
    link = link_of(accounts, token)
    if link is None:
        raise AccountsError("link.over", "the link was used already, or its time is over: ask for another one")
    name = link.name or checked_name(name)
    if why := weakness(password, name):
        raise AccountsError(why, "the password is too weak")
    hash_ = accounts.passwords.hash(password)
    with accounts.store.change() as db:
        if not db.execute("DELETE FROM link WHERE hash = ? AND until >= ?", (link.hash, accounts.clock())).rowcount:
            raise AccountsError("link.over", "the link was used already, or its time is over: ask for another one")
        row = db.execute("SELECT id FROM user WHERE kind = 'local' AND subject = ?", (subject_of(name),)).fetchone()
        if link.purpose == "set-up" and row is not None:
            raise AccountsError("name.taken", f"there is a user '{name}' already")
        if link.purpose != "set-up" and row is None:
            raise AccountsError("link.over", "the user of this link was deleted")
        id_ = row["id"] if row is not None else _add_user(db, accounts, name, link.role)
        db.execute("UPDATE user SET password = ? WHERE id = ?", (hash_, id_))
        db.execute("DELETE FROM session WHERE user = ?", (id_,))
    return accounts.known.users[id_]


def set_password(accounts: Accounts, user: User, password: str) -> None:
    """Another password for ``user``, whose other sessions end."""
    if why := weakness(password, user.name):
        raise AccountsError(why, "the password is too weak")
    hash_ = accounts.passwords.hash(password)
    with accounts.store.change() as db:
        db.execute("UPDATE user SET password = ? WHERE id = ?", (hash_, user.id))


def change_user(accounts: Accounts, id_: int, role: str | None, disabled: bool | None) -> User:
    """Another role, or let in no more; the last admin stays one."""
    user = _user(accounts, id_)
    role = user.role if role is None else checked_role(role)
    disabled = user.disabled if disabled is None else disabled
    if admins(accounts) == [user] and (disabled or role != "admin"):
        raise AccountsError("last-admin", "this is the last admin: make another one first")
    with accounts.store.change() as db:
        db.execute("UPDATE user SET role = ?, disabled = ? WHERE id = ?", (role, int(disabled), id_))
        if disabled:
            db.execute("DELETE FROM session WHERE user = ?", (id_,))
            db.execute("DELETE FROM link WHERE name = ?", (user.name,))
    return accounts.known.users[id_]


def delete_user(accounts: Accounts, id_: int) -> User:
    """Take a user away; the last admin stays."""
    user = _user(accounts, id_)
    if admins(accounts) == [user]:
        raise AccountsError("last-admin", "this is the last admin: make another one first")
    with accounts.store.change() as db:
        db.execute("DELETE FROM user WHERE id = ?", (id_,))
        db.execute("DELETE FROM link WHERE name = ?", (user.name,))
    return user


def _user(accounts: Accounts, id_: int) -> User:
    user = accounts.known.users.get(id_)
    if user is None:
        raise AccountsError("no-user", f"there is no user {id_}")
    return user


def make_display(accounts: Accounts, name: str, wall: str, by: str) -> tuple[Display, str]:
    """A display, and the token that its screen opens once."""
    name = checked_name(name)
    token = tokens.new_token()
    with accounts.store.change() as db:
        if db.execute("SELECT 1 FROM display WHERE name = ?", (name,)).fetchone():
            raise AccountsError("name.taken", f"there is a display '{name}' already")
        made = db.execute(
            "INSERT INTO display (name, wall, hash, made, made_by) VALUES (?, ?, ?, ?, ?)",
            (name, checked_wall(wall), tokens.hashed(token), accounts.clock(), by),
        )
    return accounts.known.displays[int(made.lastrowid or 0)], token


def checked_wall(wall: str) -> str:
    """The name of a wall, '' for any."""
    if not re.fullmatch(r"[\w.-]{0,64}", wall):
        raise AccountsError("wall.wrong", "the name of a wall has up to 64 letters, digits or . _ -")
    return wall


def revoke_display(accounts: Accounts, id_: int) -> Display:
    """Take a display away; its screen is signed off at once."""
    display = accounts.known.displays.get(id_)
    if display is None:
        raise AccountsError("no-display", f"there is no display {id_}")
    accounts.ended(*(row for row in accounts.known.sessions.values() if row.display == id_))
    with accounts.store.change() as db:
        db.execute("DELETE FROM display WHERE id = ?", (id_,))
    return display


def make_program(accounts: Accounts, name: str, role: str, by: str) -> tuple[Program, str]:
    """A key for a program, and its token."""
    name, role = checked_name(name), checked_role(role)
    token = tokens.new_token()
    with accounts.store.change() as db:
        if db.execute("SELECT 1 FROM program WHERE name = ?", (name,)).fetchone():
            raise AccountsError("name.taken", f"there is a key '{name}' already")
        made = db.execute(
            "INSERT INTO program (name, role, hash, made, made_by) VALUES (?, ?, ?, ?, ?)",
            (name, role, tokens.hashed(token), accounts.clock(), by),
        )
    return accounts.known.programs[int(made.lastrowid or 0)], token


def revoke_program(accounts: Accounts, id_: int) -> Program:
    """Take a key away."""
    program = accounts.known.programs.get(id_)
    if program is None:
        raise AccountsError("no-key", f"there is no key {id_}")
    with accounts.store.change() as db:
        db.execute("DELETE FROM program WHERE id = ?", (id_,))
    return program


def oidc_user(accounts: Accounts, subject: str, name: str, role: str) -> User:
    """The user of a provider's subject, with the name and role that it has there now; AccountsError when disabled."""
    known = accounts.known.names.get(("oidc", subject))
    if known is not None and known.disabled:
        raise AccountsError("disabled", f"'{known.name}' is not let in any more")
    with accounts.store.change() as db:
        db.execute(
            "INSERT INTO user (kind, subject, name, role, made) VALUES ('oidc', ?, ?, ?, ?) "
            "ON CONFLICT (kind, subject) DO UPDATE SET name = excluded.name, role = excluded.role",
            (subject, name, role, accounts.clock()),
        )
    return accounts.known.names["oidc", subject]
