"""``accounts.sqlite``: users, sessions, links, displays, programs, keys of signatures, the audit log; and what of it is
asked for at every request, in memory.

Everything here may wait for the disk: call it in a thread. ``known`` may be read anywhere, it is replaced as a whole.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server.accounts.rows import SCHEMA, VERSION, Display, Link, Program, Session, User, read

FILE = "accounts.sqlite"
ROTATE_S = 30 * 86_400.0
KEYS = 4
"""Keys that signatures are checked with: a cookie outlives three rotations."""


class AccountsError(Exception):
    """Something of the accounts cannot be done; ``key`` names the text that says so to the reader, the message says it
    to programs and in the terminal.
    """

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key


@dataclass(frozen=True, slots=True)
class Known:
    """The tables, by what they are looked up by. ``keys`` sign, the newest first."""

    users: dict[int, User]
    names: dict[tuple[str, str], User]
    sessions: dict[str, Session]
    links: dict[str, Link]
    displays: dict[int, Display]
    display_tokens: dict[str, Display]
    programs: dict[int, Program]
    program_tokens: dict[str, Program]
    keys: tuple[bytes, ...]


class Store:
    """The database of one campus. One connection, one writer at a time."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.path = folder / FILE
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.RLock()
        os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))  # sqlite3 itself would let others read it
        self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10)
        self._db.row_factory = sqlite3.Row
        try:
            self._prepare()
            self.known = self._read()
        except BaseException:
            self._db.close()
            raise
        self._version = self._data_version()

    def _prepare(self) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
            self._db.execute(f"PRAGMA {pragma}")
        with self._change() as db:
            found = int(db.execute("PRAGMA user_version").fetchone()[0])
            if found > VERSION:
                raise AccountsError(
                    "newer",
                    f"{self.path} was written by a newer Campus Twin (form {found}, this one knows {VERSION}): update",
                )
            if found == 0:
                for statement in _statements(SCHEMA):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION}")
            now = self.clock()
            newest = db.execute("SELECT max(made) FROM secret").fetchone()[0]
            if newest is None or now - newest > ROTATE_S:
                db.execute("INSERT INTO secret (made, bytes) VALUES (?, ?)", (now, secrets.token_bytes(32)))
                db.execute(
                    "DELETE FROM secret WHERE id NOT IN (SELECT id FROM secret ORDER BY id DESC LIMIT ?)", (KEYS,)
                )

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    @contextmanager
    def change(self) -> Iterator[sqlite3.Connection]:
        """One transaction; after it ``known`` has what it did."""
        with self._lock:
            with self._change() as db:
                yield db
            self.known = self._read()

    @contextmanager
    def note(self) -> Iterator[sqlite3.Connection]:
        """One transaction that touches nothing of ``known``."""
        with self._change() as db:
            yield db

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, to read from."""
        with self._lock:
            yield self._db

    def look(self) -> bool:
        """Take in what another process changed (``app.py users``); whether it did."""
        with self._lock:
            version = self._data_version()
            if version == self._version:
                return False
            self._version = version
            self.known = self._read()
        return True

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _data_version(self) -> int:
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    def _read(self) -> Known:
        db = self._db
        users, displays = read(db, User, "user"), read(db, Display, "display")
        programs = read(db, Program, "program")
        keys = [bytes(row[0]) for row in db.execute("SELECT bytes FROM secret ORDER BY id DESC")]
        return Known(
            {user.id: user for user in users}, {(user.kind, user.subject): user for user in users},
            {row.hash: row for row in read(db, Session, "session")}, {row.hash: row for row in read(db, Link, "link")},
            {row.id: row for row in displays}, {row.hash: row for row in displays},
            {row.id: row for row in programs}, {row.hash: row for row in programs}, tuple(keys),
        )  # fmt: skip


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; a trigger has semicolons of its own."""
    part = ""
    for line in script.splitlines():
        part += line + "\n"
        if sqlite3.complete_statement(part) and part.strip():
            yield part
            part = ""
