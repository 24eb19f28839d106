"""``shifts.sqlite``: what operators wrote into the log of their shift. Told once it is on the disk."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.state_file import StateFileError, open_state

VERSION = 1
MOST = 2000
_SCHEMA = """
CREATE TABLE entries (id INTEGER PRIMARY KEY AUTOINCREMENT, time REAL NOT NULL, actor TEXT NOT NULL, text TEXT NOT NULL,
                      place TEXT NOT NULL, tags TEXT NOT NULL, pinned INTEGER NOT NULL, removed_by TEXT NOT NULL,
                      removed REAL) STRICT;
CREATE INDEX entries_time ON entries (time);
"""


class ShiftLogError(Exception):
    """The log cannot be had or written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What somebody wrote at ``time`` [s since epoch]; ``place`` an id of the campus ('' = none), ``pinned``: the next
    shift has to know it."""

    id: int
    time: float
    actor: str
    text: str
    place: str
    tags: tuple[str, ...]
    pinned: bool


class ShiftLog:
    """The file ``path``; made where there is none. None: it is forgotten with the process. From any thread."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._db = open_state(path, _SCHEMA, VERSION)
        except StateFileError as error:
            raise ShiftLogError(str(error)) from error

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise ShiftLogError(f"{self.path} cannot be used: {error}; see that the disk is not full") from error

    def write(self, time: float, actor: str, text: str, place: str, tags: Sequence[str], *, pinned: bool) -> LogEntry:
        """Keep an entry."""
        with self._using() as db:
            made = db.execute(
                "INSERT INTO entries (time, actor, text, place, tags, pinned, removed_by)"
                " VALUES (?, ?, ?, ?, ?, ?, '')",
                (time, actor, text, place, json.dumps(list(tags), ensure_ascii=False), int(pinned)),
            )
            return LogEntry(int(made.lastrowid or 0), time, actor, text, place, tuple(tags), pinned)

    def pin(self, id_: int, *, pinned: bool) -> LogEntry | None:
        """Tell the next shift of an entry, or no more; None where there is none."""
        with self._using() as db:
            db.execute("UPDATE entries SET pinned = ? WHERE id = ? AND removed IS NULL", (int(pinned), id_))
        return self.find(id_)

    def remove(self, id_: int, by: str, now: float) -> bool:
        """Take an entry out of the log; its row stays. Whether there was one."""
        with self._using() as db:
            done = db.execute(
                "UPDATE entries SET removed = ?, removed_by = ? WHERE id = ? AND removed IS NULL", (now, by, id_)
            )
            return done.rowcount > 0

    def find(self, id_: int) -> LogEntry | None:
        """One entry that stands."""
        rows = self._rows("id = ?", id_)
        return rows[0] if rows else None

    def between(self, start: float, end: float) -> list[LogEntry]:
        """What was written from ``start`` to before ``end`` [s since epoch], oldest first."""
        return self._rows("time >= ? AND time < ?", start, end)

    def pinned(self, start: float, end: float) -> list[LogEntry]:
        """What is pinned of that time."""
        return self._rows("time >= ? AND time < ? AND pinned", start, end)

    def found(self, words: str, limit: int) -> list[LogEntry]:
        """The newest entries that have some words in their text, place, tags or author; newest first."""
        like = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        rows = self._rows(
            "(" + " OR ".join(f"{name} LIKE ? ESCAPE '\\'" for name in ("text", "place", "tags", "actor")) + ")",
            like, like, like, like, order="time DESC, id DESC",
        )  # fmt: skip
        return rows[:limit]

    def _rows(self, where: str, *values: Any, order: str = "time, id") -> list[LogEntry]:
        with self._using() as db:
            rows = db.execute(
                "SELECT id, time, actor, text, place, tags, pinned FROM entries"  # noqa: S608 - our own words only
                f" WHERE removed IS NULL AND {where} ORDER BY {order} LIMIT {MOST}",
                values,
            ).fetchall()
        return [
            LogEntry(id_, time, actor, text, place, tuple(json.loads(tags)), bool(pinned))
            for id_, time, actor, text, place, tags, pinned in rows
        ]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()
