"""How walls and tours under way stood, as texts by id, kept over a restart; a failing disk stops nothing else."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from pathlib import Path
from typing import Literal

log = logging.getLogger(__name__)

VERSION = 1


class TextStore:
    """One ``table`` of a ``file``, opened at its first use. Without a folder nothing is kept; ``what`` it keeps
    is for the log."""

    def __init__(self, folder: Path | None, file: str, table: Literal["wall", "telling"], what: str) -> None:
        self._path = None if folder is None else folder / file
        self._table, self._what = table, what
        self._db: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self.trouble = ""

    def read(self) -> dict[str, str]:
        """The text of each id; nothing where the file cannot be read."""
        with self._lock:
            try:
                db = self._open()
                rows = [] if db is None else db.execute(f"SELECT {self._table}, state FROM {self._table}")  # noqa: S608
                return dict(rows)
            except (sqlite3.Error, OSError) as error:
                self._failed(error)
                return {}

    def keep(self, id_: str, state: str | None, now: float) -> None:
        """Keep how something stands; None forgets it."""
        with self._lock:
            try:
                if (db := self._open()) is not None and state is None:
                    db.execute(f"DELETE FROM {self._table} WHERE {self._table} = ?", (id_,))  # noqa: S608
                elif db is not None:
                    columns = f"{self._table} ({self._table}, state, changed)"
                    db.execute(f"INSERT OR REPLACE INTO {columns} VALUES (?, ?, ?)", (id_, state, now))  # noqa: S608
                self.trouble = ""
            except (sqlite3.Error, OSError) as error:
                self._failed(error)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def _open(self) -> sqlite3.Connection | None:
        if self._db is not None or self._path is None:
            return self._db
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))  # sqlite3 itself would let others read it
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            found = int(db.execute("PRAGMA user_version").fetchone()[0])
            if found > VERSION:
                raise sqlite3.DatabaseError(
                    f"{self._path} was written by a newer Campus Twin (form {found}, this one knows {VERSION}): update"
                )
            db.execute(
                f"CREATE TABLE IF NOT EXISTS {self._table} "
                f"({self._table} TEXT PRIMARY KEY, state TEXT NOT NULL, changed REAL NOT NULL)"
            )
            db.execute(f"PRAGMA user_version = {VERSION}")
        except BaseException:
            db.close()
            raise
        self._db = db
        return db

    def _failed(self, error: Exception) -> None:
        if not self.trouble:
            log.error("%s is not kept: %s", self._what, error)
        self.trouble = str(error)
