"""``displays.sqlite``: how each wall stood, kept over a restart; a failing disk is told and nothing else stops."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
from pathlib import Path

log = logging.getLogger(__name__)

FILE = "displays.sqlite"
VERSION = 1


class WallStore:
    """The file, opened at its first use. Without a folder nothing is kept."""

    def __init__(self, folder: Path | None) -> None:
        self._path = None if folder is None else folder / FILE
        self._db: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self.trouble = ""

    def read(self) -> dict[str, str]:
        """The state of each wall as text; nothing where the file cannot be read."""
        with self._lock:
            try:
                db = self._open()
                return {} if db is None else dict(db.execute("SELECT wall, state FROM wall").fetchall())
            except (sqlite3.Error, OSError) as error:
                self._failed(error)
                return {}

    def keep(self, wall: str, state: str, now: float) -> None:
        """Keep how a wall stands."""
        with self._lock:
            try:
                if (db := self._open()) is not None:
                    db.execute(
                        "INSERT OR REPLACE INTO wall (wall, state, changed) VALUES (?, ?, ?)", (wall, state, now)
                    )
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
                "CREATE TABLE IF NOT EXISTS wall (wall TEXT PRIMARY KEY, state TEXT NOT NULL, changed REAL NOT NULL)"
            )
            db.execute(f"PRAGMA user_version = {VERSION}")
        except BaseException:
            db.close()
            raise
        self._db = db
        return db

    def _failed(self, error: Exception) -> None:
        if not self.trouble:
            log.error("how the walls stand is not kept: %s", error)
        self.trouble = str(error)
