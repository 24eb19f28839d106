"""``visits.sqlite``: which groups come, what they were shown, what they thought of it. Of people as little as can be:
whom to call is forgotten a month after the visit, and nobody who taps a feedback is kept.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from twin.state_file import StateFileError, open_state

VERSION = 1
MOST = 5000
CONTACT_DAYS = 30
"""So long after a visit the one to call is kept [days]."""
State = Literal["booked", "given", "cancelled"]
Kind = Literal["school", "university", "government", "company", "international", "other"]
_SCHEMA = """
CREATE TABLE visits (id TEXT PRIMARY KEY, begins REAL NOT NULL, minutes INTEGER NOT NULL, name TEXT NOT NULL,
                     kind TEXT NOT NULL, people INTEGER NOT NULL, lang TEXT NOT NULL, guide TEXT NOT NULL,
                     tour TEXT NOT NULL, contact TEXT NOT NULL, note TEXT NOT NULL, state TEXT NOT NULL,
                     lasted_s REAL, made REAL NOT NULL, made_by TEXT NOT NULL) STRICT;
CREATE INDEX visits_begins ON visits (begins);
CREATE TABLE feedback (visit TEXT NOT NULL, stars INTEGER NOT NULL, count INTEGER NOT NULL,
                       PRIMARY KEY (visit, stars)) STRICT;
"""
_COLUMNS = "id, begins, minutes, name, kind, people, lang, guide, tour, contact, note, state, lasted_s, made, made_by"


class VisitsError(Exception):
    """The register cannot be had or written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A group that comes at ``begins`` [s since epoch] for ``minutes`` [min]; ``lasted_s`` [s] is how long it took.
    ``stars`` are the taps of its phones, 1 to 5 -> how many."""

    id: str
    begins: float
    minutes: int
    name: str
    kind: Kind
    people: int
    lang: str
    guide: str
    tour: str
    contact: str
    note: str
    state: State
    lasted_s: float | None
    made: float
    made_by: str
    stars: Mapping[int, int] = field(default_factory=dict)


class VisitStore:
    """The file ``path``; made where there is none. None: it is forgotten with the process. From any thread."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._db = open_state(path, _SCHEMA, VERSION)
        except StateFileError as error:
            raise VisitsError(str(error)) from error

    @contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise VisitsError(f"{self.path} cannot be used: {error}; see that the disk is not full") from error

    def put(self, visit: Visit) -> None:
        """Keep a visit; one of the same id is replaced."""
        values = [getattr(visit, name) for name in _COLUMNS.split(", ")]
        marks = ", ".join("?" * len(values))
        with self._using() as db:
            db.execute(f"INSERT OR REPLACE INTO visits ({_COLUMNS}) VALUES ({marks})", values)  # noqa: S608

    def find(self, id_: str) -> Visit | None:
        """One visit."""
        rows = self._rows("id = ?", id_)
        return rows[0] if rows else None

    def between(self, start: float, end: float) -> list[Visit]:
        """The visits that begin from ``start`` to before ``end`` [s since epoch], in their order."""
        return self._rows("begins >= ? AND begins < ?", start, end)

    def remove(self, id_: str) -> bool:
        """Take a visit out of the register, with what was thought of it. Whether there was one."""
        with self._using() as db:
            db.execute("DELETE FROM feedback WHERE visit = ?", (id_,))
            return db.execute("DELETE FROM visits WHERE id = ?", (id_,)).rowcount > 0

    def tap(self, id_: str, stars: int) -> None:
        """One phone's feedback: counted, nothing else."""
        with self._using() as db:
            db.execute(
                "INSERT INTO feedback (visit, stars, count) VALUES (?, ?, 1)"
                " ON CONFLICT (visit, stars) DO UPDATE SET count = count + 1",
                (id_, stars),
            )

    def forget(self, now: float) -> int:
        """Forget whom to call about visits that are over for long; how many were."""
        with self._using() as db:
            done = db.execute(
                "UPDATE visits SET contact = '' WHERE contact != '' AND begins + minutes * 60 < ?",
                (now - CONTACT_DAYS * 86_400,),
            )
            return done.rowcount

    def _rows(self, where: str, *values: Any) -> list[Visit]:
        with self._using() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM visits WHERE {where} ORDER BY begins, id LIMIT {MOST}",  # noqa: S608
                values,
            ).fetchall()
            taps = db.execute(
                f"SELECT visit, stars, count FROM feedback WHERE visit IN (SELECT id FROM visits WHERE {where})",  # noqa: S608
                values,
            ).fetchall()
        stars: dict[str, dict[int, int]] = {}
        for visit, star, count in taps:
            stars.setdefault(visit, {})[star] = count
        names = _COLUMNS.split(", ")
        return [Visit(**dict(zip(names, row, strict=True)), stars=stars.get(row[0], {})) for row in rows]

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()
