"""What the database of accounts holds, as rows; and its schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

VERSION = 1

SCHEMA = """
CREATE TABLE user (
    id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, subject TEXT NOT NULL, name TEXT NOT NULL,
    role TEXT NOT NULL, password TEXT, disabled INTEGER NOT NULL DEFAULT 0, made REAL NOT NULL, seen REAL,
    UNIQUE (kind, subject)
) STRICT;
CREATE TABLE session (
    hash TEXT PRIMARY KEY, user INTEGER REFERENCES user (id) ON DELETE CASCADE,
    display INTEGER REFERENCES display (id) ON DELETE CASCADE, made REAL NOT NULL, seen REAL NOT NULL,
    address TEXT NOT NULL
) STRICT;
CREATE TABLE link (
    hash TEXT PRIMARY KEY, purpose TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, until REAL NOT NULL
) STRICT;
CREATE TABLE display (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, wall TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
    made REAL NOT NULL, made_by TEXT NOT NULL, seen REAL
) STRICT;
CREATE TABLE program (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, hash TEXT NOT NULL UNIQUE,
    made REAL NOT NULL, made_by TEXT NOT NULL, seen REAL
) STRICT;
CREATE TABLE secret (id INTEGER PRIMARY KEY AUTOINCREMENT, made REAL NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, time REAL NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL, kind TEXT NOT NULL,
    address TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL, outcome TEXT NOT NULL,
    hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_time ON audit (time);
CREATE TRIGGER audit_stands BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END;
"""


@dataclass(frozen=True, slots=True)
class User:
    """A person. ``kind`` local or oidc, ``subject`` what identifies it there; without a ``password`` none was chosen
    yet. Times [s since epoch].
    """

    id: int
    kind: str
    subject: str
    name: str
    role: str
    password: str | None
    disabled: bool
    made: float
    seen: float | None


@dataclass(frozen=True, slots=True)
class Session:
    """A browser that signed in as ``user``, or was made ``display``. Times [s since epoch]."""

    hash: str
    user: int | None
    display: int | None
    made: float
    seen: float
    address: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link that can be used once, until then [s since epoch]; ``purpose`` set-up, invite or reset."""

    hash: str
    purpose: str
    name: str
    role: str
    until: float


@dataclass(frozen=True, slots=True)
class Display:
    """A screen without a person at it, which may show ``wall`` ('' = any)."""

    id: int
    name: str
    wall: str
    hash: str
    made: float
    made_by: str
    seen: float | None


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a key of its own."""

    id: int
    name: str
    role: str
    hash: str
    made: float
    made_by: str
    seen: float | None


Row = TypeVar("Row")


def read(db: sqlite3.Connection, kind: type[Row], table: str) -> list[Row]:
    """Every row of a table."""
    make: Callable[..., Row] = kind
    found = db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608  # the name of one of our tables
    return [make(**_plainly(row)) for row in found]


def _plainly(row: sqlite3.Row) -> Mapping[str, Any]:
    named = dict(row)
    if "disabled" in named:
        named["disabled"] = bool(named["disabled"])
    return named
