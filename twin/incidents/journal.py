"""``incidents.sqlite``: every incident, its alarms, its timeline, its files. What is told has been written before."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.incidents.incident import Entry, Incident, Member, member_of, row_of
from twin.state_file import StateFileError, open_state

VERSION = 1
LONGEST_CHAIN = 50
MOST_HEADS = 5000
"""Rows that one question is answered with."""

_SCHEMA = """
CREATE TABLE incidents (id TEXT PRIMARY KEY, number INTEGER NOT NULL, state TEXT NOT NULL, opened REAL NOT NULL,
                        ended REAL, priority INTEGER NOT NULL, into_ TEXT NOT NULL, head TEXT NOT NULL);
CREATE INDEX incidents_opened ON incidents (opened);
CREATE INDEX incidents_into ON incidents (into_);
CREATE TABLE members (incident TEXT NOT NULL, alarm TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (incident, alarm))
    WITHOUT ROWID;
CREATE TABLE entries (seq INTEGER PRIMARY KEY, incident TEXT NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL,
                      actor TEXT NOT NULL, text TEXT NOT NULL, data TEXT NOT NULL);
CREATE INDEX entries_incident ON entries (incident, seq);
CREATE INDEX entries_time ON entries (time);
CREATE TABLE files (incident TEXT NOT NULL, hash TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL,
                    size INTEGER NOT NULL, actor TEXT NOT NULL, time REAL NOT NULL, PRIMARY KEY (incident, hash, name))
    WITHOUT ROWID;
"""


class JournalError(Exception):
    """The journal cannot be had or written; the message says what to do."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file beside an incident; its content stands under its ``hash`` (SHA-256). ``size`` [bytes]."""

    incident: str
    hash: str
    name: str
    type: str
    size: int
    actor: str
    time: float


@dataclass(frozen=True, slots=True)
class Told:
    """An entry with its number."""

    seq: int
    entry: Entry


class Journal:
    """The file ``path``; made where there is none. None: it is forgotten with the process. May be used from any
    thread."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            self._db = open_state(path, _SCHEMA, VERSION)
        except StateFileError as error:
            raise JournalError(str(error)) from error

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise JournalError(f"{self.path} cannot be written: {error}; see that the disk is not full") from error

    def _rows(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._db.execute(question, values).fetchall()
            except sqlite3.Error as error:
                raise JournalError(f"{self.path} cannot be read: {error}") from error

    def write(
        self, incidents: Iterable[Incident], members: Iterable[tuple[Incident, str]], entries: Iterable[Entry]
    ) -> None:  # fmt: skip
        """Keep what changed, all of it or nothing."""
        with self._writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO incidents VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [(row.id, row.number, row.state, row.opened, row.ended, row.priority, row.into, _text(row.head()))
                 for row in incidents],
            )  # fmt: skip
            db.executemany(
                "INSERT OR REPLACE INTO members VALUES (?, ?, ?)",
                [(row.id, alarm, _text(row_of(row.members[alarm]))) for row, alarm in members],
            )
            db.executemany(
                "INSERT INTO entries (incident, time, kind, actor, text, data) VALUES (?, ?, ?, ?, ?, ?)",
                [(row.incident, row.time, row.kind, row.actor, row.text, _text(row.data)) for row in entries],
            )

    def standing(self, since: float) -> list[Incident]:
        """Those that are open, and those that ended after ``since`` [s since epoch]."""
        rows = self._rows("SELECT head FROM incidents WHERE state = 'open' OR ended >= ?", since)
        return [self._whole(json.loads(head)) for (head,) in rows]

    def _whole(self, head: Mapping[str, Any]) -> Incident:
        rows = self._rows("SELECT alarm, body FROM members WHERE incident = ?", head["id"])
        return Incident.of(head, {alarm: json.loads(body) for alarm, body in rows})

    def load(self, incident: str) -> Incident | None:
        """One incident with its members, None where there is none of that id."""
        rows = self._rows("SELECT head FROM incidents WHERE id = ?", incident)
        return self._whole(json.loads(rows[0][0])) if rows else None

    def number(self) -> int:
        """The highest number of any incident."""
        return int(self._rows("SELECT coalesce(max(number), 0) FROM incidents")[0][0])

    def heads(self, states: Sequence[str], at: float | None = None, limit: int = MOST_HEADS) -> list[Incident]:
        """Incidents without their members: the open ones first, then the newest. ``at`` [s since epoch]: those that
        were open at that instant, whatever became of them."""
        if at is None:
            marks = ", ".join("?" for _ in states)
            where, values = f"state IN ({marks})", list[Any](states)
        else:
            where, values = "opened <= ? AND (ended IS NULL OR ended > ?)", [at, at]
        rows = self._rows(
            f"SELECT head FROM incidents WHERE {where} ORDER BY state <> 'open', opened DESC, number DESC LIMIT ?",  # noqa: S608 - only question marks
            *values, limit,
        )  # fmt: skip
        return [Incident.of(json.loads(head), {}) for (head,) in rows]

    def counts(self) -> dict[str, int]:
        """How many incidents there are of each state."""
        return dict(self._rows("SELECT state, count(*) FROM incidents GROUP BY state ORDER BY state"))

    def members(self, incident: str) -> dict[str, Member]:
        """The alarms of an incident."""
        rows = self._rows("SELECT alarm, body FROM members WHERE incident = ?", incident)
        return {alarm: member_of(json.loads(body)) for alarm, body in rows}

    def between(self, start: float, end: float, kinds: Sequence[str]) -> list[Told]:
        """The entries of these kinds from ``start`` to before ``end`` [s since epoch], of all incidents, oldest
        first."""
        marks = ", ".join("?" for _ in kinds)
        rows = self._rows(
            "SELECT seq, incident, time, kind, actor, text, data FROM entries"  # noqa: S608 - only question marks
            f" WHERE time >= ? AND time < ? AND kind IN ({marks}) ORDER BY time, seq LIMIT ?",
            start, end, *kinds, MOST_HEADS,
        )  # fmt: skip
        return [
            Told(seq, Entry(incident, time, kind, actor, text, json.loads(data)))
            for seq, incident, time, kind, actor, text, data in rows
        ]

    def forget(self, before: float) -> list[str]:
        """Forget incidents that ended before an instant [s since epoch], with all that belongs to them; the hashes of
        files that nothing refers to any more."""
        with self._writing() as db:
            old = "SELECT id FROM incidents WHERE state <> 'open' AND ended < ?"
            hashes = {row[0] for row in db.execute(f"SELECT hash FROM files WHERE incident IN ({old})", (before,))}  # noqa: S608 - our own words
            for table in ("members", "entries", "files"):
                db.execute(f"DELETE FROM {table} WHERE incident IN ({old})", (before,))  # noqa: S608 - as above
            db.execute("DELETE FROM incidents WHERE state <> 'open' AND ended < ?", (before,))
            kept = {row[0] for row in db.execute("SELECT hash FROM files")}
        return sorted(hashes - kept)

    def chain(self, incident: str) -> list[str]:
        """An incident and all that were merged into it."""
        found = [incident]
        for each in found:
            if len(found) > LONGEST_CHAIN:
                break
            found += [row[0] for row in self._rows("SELECT id FROM incidents WHERE into_ = ? ORDER BY number", each)]
        return found

    def entries(self, incident: str, limit: int, after: int = 0) -> list[Told]:
        """The timeline of an incident and of those merged into it, oldest first."""
        ids = self.chain(incident)
        marks = ", ".join("?" for _ in ids)
        rows = self._rows(
            "SELECT seq, incident, time, kind, actor, text, data FROM entries"  # noqa: S608 - only question marks
            f" WHERE incident IN ({marks}) AND seq > ? ORDER BY time, seq LIMIT ?",
            *ids, after, limit,
        )  # fmt: skip
        return [
            Told(seq, Entry(incident, time, kind, actor, text, json.loads(data)))
            for seq, incident, time, kind, actor, text, data in rows
        ]

    def add_file(self, kept: KeptFile, entry: Entry) -> None:
        """Keep that a file belongs to an incident, with its entry."""
        with self._writing() as db:
            db.execute(
                "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
                (kept.incident, kept.hash, kept.name, kept.type, kept.size, kept.actor, kept.time),
            )
            db.execute(
                "INSERT INTO entries (incident, time, kind, actor, text, data) VALUES (?, ?, ?, ?, ?, ?)",
                (entry.incident, entry.time, entry.kind, entry.actor, entry.text, _text(entry.data)),
            )

    def files(self, incident: str) -> list[KeptFile]:
        """The files of an incident and of those merged into it."""
        ids = self.chain(incident)
        marks = ", ".join("?" for _ in ids)
        rows = self._rows(f"SELECT * FROM files WHERE incident IN ({marks}) ORDER BY time", *ids)  # noqa: S608
        return [KeptFile(*row) for row in rows]


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
