"""The journal of the alarms: every step with its time, actor and reason, in one SQLite file that survives kill -9.

What is added waits in memory until ``flush`` has written it in one transaction (synchronous=FULL): whoever acknowledges
waits for that. With each step stands what the alarm was after it, so the newest steps are the state; the table
``standing`` names those of alarms that are not simply normal, in the same transaction, and a start reads only them.
Snapshots of that table let a past moment be told without reading all before it.
"""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from twin.alarms.alarm import DEFINITION, STATE, Alarm, Transition, packed, unpacked
from twin.alarms.state import Event

VERSION = 1
SNAPSHOT_EVERY = 20_000
"""Steps between two snapshots."""
MOST_WAITING = 500_000
"""Steps that wait in memory while the disk takes none; then the oldest are dropped and counted."""

_TABLES = """
CREATE TABLE definitions (key INTEGER PRIMARY KEY, body TEXT NOT NULL UNIQUE);
CREATE TABLE steps (
    seq INTEGER PRIMARY KEY, time REAL NOT NULL, alarm TEXT NOT NULL, event TEXT NOT NULL, before TEXT NOT NULL,
    after TEXT NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL, definition INTEGER NOT NULL, state TEXT NOT NULL
);
CREATE INDEX steps_of_alarm ON steps (alarm, seq);
CREATE INDEX steps_by_time ON steps (time);
CREATE TABLE standing (alarm TEXT PRIMARY KEY, seq INTEGER NOT NULL);
CREATE TABLE snapshots (seq INTEGER PRIMARY KEY, time REAL NOT NULL, standing TEXT NOT NULL);
"""
_STEP = "s.seq, s.time, s.alarm, s.event, s.before, s.after, s.actor, s.reason, d.body, s.state"
_FROM = "FROM steps s JOIN definitions d ON d.key = s.definition"


class JournalError(Exception):
    """The journal cannot be read or written; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a journal knows: ``alarms`` that are not simply normal, the number of the ``last`` step, and since when it
    knows [s since epoch] (None: it is empty)."""

    alarms: list[Alarm]
    last: int
    since: float | None


class Journal:
    """The journal in a file. ``add`` belongs to one thread, everything else to any."""

    def __init__(self, path: Path, snapshot_every: int = SNAPSHOT_EVERY) -> None:
        self.path = path
        self.dropped = 0
        self._every = snapshot_every
        self._waiting: list[Transition] = []
        self._guard, self._writing = threading.Lock(), threading.Lock()
        self._keys: dict[str, int] = {}
        self._since_snapshot = 0
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            self._lock = _locked(path)
            self._db = self._open()
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise _told(path, error) from error

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=10.0)
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        return db

    def _prepare(self) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            self._db.close()
            os.close(self._lock)
            raise JournalError(
                f"{self.path} was written by a newer Campus Twin (form {version}, this one knows {VERSION}): "
                "start that, or move the file away and begin a new journal"
            )
        if version == 0:
            with self._transaction():
                for statement in filter(str.strip, _TABLES.split(";")):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version={VERSION}")
        self._keys = {body: key for key, body in self._db.execute("SELECT key, body FROM definitions")}

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # writing

    def add(self, steps: Sequence[Transition]) -> None:
        """Take steps in; they are safe once ``flush`` has returned."""
        with self._guard:
            self._waiting.extend(steps)
            if (over := len(self._waiting) - MOST_WAITING) > 0:
                del self._waiting[:over]
                self.dropped += over

    @property
    def waiting(self) -> int:
        """Steps that are not on the disk yet."""
        return len(self._waiting)

    def flush(self) -> None:
        """Write everything that waits, and wait until the disk has it. JournalError: nothing of it was, it waits on."""
        with self._writing:
            with self._guard:
                steps = self._waiting[:]
            if not steps:
                return
            try:
                with self._transaction():
                    self._write(steps)
            except sqlite3.Error as error:
                self._keys = {}
                raise _told(self.path, error) from error
            with self._guard:
                del self._waiting[: len(steps)]

    def _write(self, steps: Sequence[Transition]) -> None:
        db = self._db
        db.executemany(
            "INSERT OR REPLACE INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (s.seq, s.time, s.alarm.id, s.event.value, s.before, s.after, s.actor, s.reason, self._key(s.alarm),
                 packed(s.alarm, STATE))
                for s in steps
            ],
        )  # fmt: skip
        newest = {step.alarm.id: step for step in steps}
        db.executemany("DELETE FROM standing WHERE alarm = ?", [(id_,) for id_, s in newest.items() if s.alarm.plain])
        db.executemany(
            "INSERT OR REPLACE INTO standing VALUES (?, ?)",
            [(id_, s.seq) for id_, s in newest.items() if not s.alarm.plain],
        )
        self._since_snapshot += len(steps)
        if self._since_snapshot >= self._every:
            self._since_snapshot = 0
            seqs = [seq for (seq,) in db.execute("SELECT seq FROM standing")]
            db.execute(
                "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", (steps[-1].seq, steps[-1].time, json.dumps(seqs))
            )

    def _key(self, alarm: Alarm) -> int:
        body = packed(alarm, DEFINITION)
        key = self._keys.get(body)
        if key is None:
            self._db.execute("INSERT OR IGNORE INTO definitions (body) VALUES (?)", (body,))
            (key,) = self._db.execute("SELECT key FROM definitions WHERE body = ?", (body,)).fetchone()
            self._keys[body] = key
        return int(key)

    def forget(self, before: float) -> int:
        """Forget the steps of before ``before`` [s since epoch], but for those that tell how an alarm stands; how many
        they were."""
        with self._writing:
            try:
                with self._transaction():
                    self._db.execute("DELETE FROM snapshots WHERE time < ?", (before,))
                    gone = self._db.execute(
                        "DELETE FROM steps WHERE time < ? AND seq NOT IN (SELECT seq FROM standing)"
                        " AND seq NOT IN (SELECT e.value FROM snapshots s, json_each(s.standing) e)"
                        " AND seq < (SELECT max(seq) FROM steps)", (before,),
                    ).rowcount  # fmt: skip
                    self._db.execute("DELETE FROM definitions WHERE key NOT IN (SELECT definition FROM steps)")
                    self._keys = {}
            except sqlite3.Error as error:
                raise _told(self.path, error) from error
        return int(gone)

    def close(self) -> None:
        """Write what waits, and let go of the file."""
        try:
            self.flush()
        finally:
            self._db.close()
            os.close(self._lock)

    # reading

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=10.0)) as db:
                yield db
        except sqlite3.Error as error:
            raise _told(self.path, error) from error

    def kept(self) -> Kept:
        """How the alarms stood after the last step that was written."""
        with self._reading() as db:
            rows = db.execute(f"SELECT {_STEP} {_FROM} JOIN standing t ON t.seq = s.seq ORDER BY s.seq").fetchall()
            last, since = db.execute("SELECT max(seq), min(time) FROM steps").fetchone()
        return Kept([_step(row).alarm for row in rows], last or 0, since)

    def rebuilt(self) -> list[Alarm]:
        """The same from the steps alone, without the table of what stands: what must always agree with it."""
        with self._reading() as db:
            rows = db.execute(
                f"SELECT {_STEP} {_FROM} JOIN (SELECT max(seq) AS seq FROM steps GROUP BY alarm) n ON n.seq = s.seq"  # noqa: S608
                " ORDER BY s.seq"
            )
            return [alarm for row in rows if not (alarm := _step(row).alarm).plain]

    def at(self, time: float) -> list[Alarm]:
        """The alarms as they stood at ``time`` [s since epoch]: the newest snapshot before it, and what came then."""
        with self._reading() as db:
            found = db.execute(
                "SELECT seq, standing FROM snapshots WHERE time <= ? ORDER BY seq DESC LIMIT 1", (time,)
            ).fetchone()
            seq, known = (0, []) if found is None else (found[0], json.loads(found[1]))
            later = db.execute(
                "SELECT max(seq) FROM steps WHERE seq > ? AND time <= ? GROUP BY alarm", (seq, time)
            ).fetchall()
            newest: dict[str, Alarm] = {}
            for number in sorted([*known, *(row[0] for row in later)]):
                row = db.execute(f"SELECT {_STEP} {_FROM} WHERE s.seq = ?", (number,)).fetchone()
                if row is not None:
                    newest[row[2]] = _step(row).alarm
        return [alarm for alarm in newest.values() if not alarm.plain]

    def steps(
        self, *, alarm: str = "", actor: str = "", events: Sequence[Event] = (), since: float | None = None,
        until: float | None = None, after: int = 0, limit: int = 100, offset: int = 0,
    ) -> tuple[list[Transition], int]:  # fmt: skip
        """Steps that fit every condition, the newest first, and how many there are; times [s since epoch]."""
        terms, values = ["s.seq > ?"], [after]  # type: tuple[list[str], list[object]]
        for term, value in (("s.alarm = ?", alarm), ("s.actor = ?", actor)):
            if value:
                terms.append(term)
                values.append(value)
        for term, bound in (("s.time >= ?", since), ("s.time < ?", until)):
            if bound is not None:
                terms.append(term)
                values.append(bound)
        if events:
            terms.append(f"s.event IN ({', '.join('?' * len(events))})")
            values += [event.value for event in events]
        where = " AND ".join(terms)
        with self._reading() as db:
            (total,) = db.execute(f"SELECT count(*) FROM steps s WHERE {where}", values).fetchone()  # noqa: S608
            rows = db.execute(
                f"SELECT {_STEP} {_FROM} WHERE {where} ORDER BY s.seq DESC LIMIT ? OFFSET ?",
                [*values, limit, offset],
            ).fetchall()
        return [_step(row) for row in rows], int(total)

    def rows(self, since: float, until: float) -> tuple[list[tuple[float, str, str, str, str, str, str]], float | None]:
        """Of the steps from ``since`` to before ``until`` [s since epoch], oldest first: time, alarm, event, letters
        before and after, actor, state; and since when the journal knows."""
        with self._reading() as db:
            found = db.execute(
                "SELECT time, alarm, event, before, after, actor, state FROM steps WHERE time >= ? AND time < ?"
                " ORDER BY seq", (since, until),
            ).fetchall()  # fmt: skip
            (first,) = db.execute("SELECT min(time) FROM steps").fetchone()
        return found, first


def _step(row: tuple[int, float, str, str, str, str, str, str, str, str]) -> Transition:
    seq, time, id_, event, before, after, actor, reason, definition, state = row
    return Transition(seq, time, unpacked(id_, definition, state), Event(event), before, after, actor, reason)


def _locked(path: Path) -> int:
    """A lock that the system lets go of when the process ends: two that number steps would overwrite each other's."""
    file = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        raise JournalError(
            f"the journal of alarms {path} is in use by another process: end that one, or serve another folder"
        ) from None
    return file


def _told(path: Path, error: Exception) -> JournalError:
    """What is wrong with the file in words."""
    if isinstance(error, sqlite3.DatabaseError) and "not a database" in str(error):
        return JournalError(f"{path} is no journal of alarms (it is damaged): move it away and begin a new one")
    return JournalError(f"the journal of alarms {path} cannot be used: {error}. Look at the disk and its rights")
