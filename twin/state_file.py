"""A file in which the server keeps what is its own: SQLite, for its owner alone, on the disk when a call returns."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path


class StateFileError(Exception):
    """The file cannot be used; the message says why and what to do."""


def open_state(path: Path | None, schema: str, version: int) -> sqlite3.Connection:
    """The database ``path``, made with ``schema`` (SQL) where there is none; None: forgotten with the process.

    ``version`` is that of the schema, kept in the file. The connection may be used from any thread, by one at a time,
    and each statement is a transaction of its own unless one is begun. StateFileError: it cannot be used, or a newer
    program wrote it.
    """
    try:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))  # sqlite3 itself would let others read it
        db = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None, timeout=10.0)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(path, error) from error
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        found = int(db.execute("PRAGMA user_version").fetchone()[0])
        if found == 0:
            db.executescript(f"BEGIN; {schema} PRAGMA user_version = {version}; COMMIT;")
        if found <= version:
            return db
    except sqlite3.Error as error:
        db.close()
        raise _unusable(path, error) from error
    db.close()
    raise StateFileError(
        f"{path} was written by a newer Campus Twin (its version {found}, ours {version}): run that one, or move the "
        "file away and begin a new one"
    )


def _unusable(path: Path | None, error: Exception) -> StateFileError:
    return StateFileError(f"{path} cannot be used: {error}; see that the folder can be written")
