"""Messages that wait to be sent, were sent, or could not be: one SQLite file, so that a crash loses and repeats none.

``Spool`` may be called from any thread; each call is one short transaction (synchronous=FULL).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from twin.notify.matter import Kind, Matter
from twin.notify.plan import Due, Key, Known, Order

VERSION = 1
MOST_WAITING = 5000
"""Messages of one channel that wait; of more the oldest are given up."""

State = Literal["waiting", "sent", "dead", "overtaken"]
"""``dead``: it could not be sent; ``overtaken``: it was over before anybody was told."""
STATES: tuple[State, ...] = get_args(State)

_TABLES = """
CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT, made REAL NOT NULL, channel TEXT NOT NULL, kind TEXT NOT NULL,
    matter TEXT NOT NULL, priority INTEGER NOT NULL, body TEXT NOT NULL, state TEXT NOT NULL, tries INTEGER NOT NULL,
    due REAL NOT NULL, done REAL, error TEXT NOT NULL
);
CREATE INDEX notice_waiting ON notice (state, channel, id);
CREATE INDEX notice_matter ON notice (matter, channel);
CREATE TABLE told (
    matter TEXT NOT NULL, channel TEXT NOT NULL, priority INTEGER NOT NULL, ended INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (matter, channel)
);
"""
_COLUMNS = "id, made, channel, kind, body, state, tries, due, done, error"


class SpoolError(Exception):
    """The file cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one channel; ``due`` is when it is tried next, ``done`` when it was sent or given up
    [s since epoch]."""

    id: int
    made: float
    channel: str
    kind: Kind
    matter: Matter
    state: State
    tries: int
    due: float
    done: float | None
    error: str


class Spool:
    """The messages of one campus."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise _told(path, error) from error

    def _prepare(self) -> None:
        with self._change() as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise SpoolError(
                    f"{self.path} was written by a newer Campus Twin (form {version}, this one knows {VERSION}): update"
                )
            if version == 0:
                for statement in filter(str.strip, _TABLES.split(";")):
                    db.execute(statement)
                db.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._reading() as db:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The connection; SpoolError where the file cannot be used."""
        try:
            with self._lock:
                yield self._db
        except sqlite3.Error as error:
            raise _told(self.path, error) from error

    def told(self) -> list[tuple[Key, Known]]:
        """Who was told of what, and not yet that it is over."""
        with self._reading() as db:
            rows = db.execute("SELECT matter, channel, priority, ended, body FROM told").fetchall()
        return [
            ((m, channel), Known(Matter.unpacked(body), priority, bool(ended)))
            for m, channel, priority, ended, body in rows
        ]

    def put(self, due: Due, now: float) -> None:
        """Keep orders and who is told, together. That something is over is told only where that it began was; where
        that still waits neither is sent."""
        with self._change() as db:
            for order in due.orders:
                if order.kind == "ended" and not self._began(db, order, now):
                    continue
                self._add(db, order, now)
            for channel in {order.channel for order in due.orders}:
                self._bound(db, channel, now)
            db.executemany("DELETE FROM told WHERE matter = ? AND channel = ?", due.over)
            db.executemany(
                "INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?, ?)",
                [(*key, row.priority, row.ended, row.matter.packed()) for key, row in due.told.items()],
            )

    def _began(self, db: sqlite3.Connection, order: Order, now: float) -> bool:
        """Whether the beginning of what has ended was sent, since it was last told to be over."""
        key = (order.matter.id, order.channel)
        rows = db.execute(
            "SELECT kind, state FROM notice WHERE matter = ? AND channel = ? ORDER BY id DESC", key
        ).fetchall()  # fmt: skip
        db.execute(
            "UPDATE notice SET state = 'overtaken', done = ? WHERE matter = ? AND channel = ? AND state = 'waiting'",
            (now, *key),
        )
        for kind, state in rows:
            if kind == "ended":
                return False
            if state == "sent":
                return True
        return False

    def _add(self, db: sqlite3.Connection, order: Order, now: float) -> None:
        matter = order.matter
        db.execute(
            "INSERT INTO notice (made, channel, kind, matter, priority, body, state, tries, due, error)"
            " VALUES (?, ?, ?, ?, ?, ?, 'waiting', 0, ?, '')",
            (now, order.channel, order.kind, matter.id, matter.priority, matter.packed(), now),
        )

    def _bound(self, db: sqlite3.Connection, channel: str, now: float) -> None:
        """Give up the oldest of too many that wait."""
        db.execute(
            "UPDATE notice SET state = 'dead', done = ?, error = 'too many were waiting' WHERE id IN"
            " (SELECT id FROM notice WHERE state = 'waiting' AND channel = ? ORDER BY id DESC LIMIT -1 OFFSET ?)",
            (now, channel, MOST_WAITING),
        )

    def test(self, channel: str, matter: Matter, now: float) -> int:
        """A message that only tries a channel; its number."""
        with self._change() as db:
            self._add(db, Order(channel, "test", matter), now)
            self._bound(db, channel, now)
            (id_,) = db.execute("SELECT max(id) FROM notice").fetchone()
        return int(id_)

    def waiting(self, channel: str, now: float, most: int = 200) -> list[Notice]:
        """The messages of a channel that are due at ``now``, in the order in which they were made."""
        return self._notices("state = 'waiting' AND channel = ? AND due <= ? ORDER BY id LIMIT ?", (channel, now, most))

    def done(self, ids: Iterable[int], state: State, now: float, error: str = "") -> None:
        """They were sent, or given up for the reason ``error``."""
        rows = [(state, now, error[:500], id_) for id_ in ids]
        with self._change() as db:
            db.executemany("UPDATE notice SET state = ?, done = ?, error = ?, tries = tries + 1 WHERE id = ?", rows)

    def later(self, ids: Iterable[int], due: float, error: str) -> None:
        """They could not be sent now, and are tried again at ``due`` [s since epoch]. One that was overtaken meanwhile
        stays so."""
        rows = [(due, error[:500], id_) for id_ in ids]
        with self._change() as db:
            db.executemany(
                "UPDATE notice SET due = ?, error = ?, tries = tries + 1 WHERE id = ? AND state = 'waiting'", rows
            )

    def again(self, id_: int, now: float) -> bool:
        """Try one that was given up once more; whether there is such."""
        with self._change() as db:
            found = db.execute(
                "UPDATE notice SET state = 'waiting', due = ?, done = NULL, made = ? WHERE id = ? AND state = 'dead'",
                (now, now, id_),
            ).rowcount
        return found == 1

    def page(
        self, *, state: str = "", channel: str = "", before: int = 0, limit: int = 100
    ) -> tuple[list[Notice], int]:
        """Messages that fit, the newest first, and how many there are in all."""
        terms, values = ["1"], []  # type: tuple[list[str], list[object]]
        for term, value in (("state = ?", state), ("channel = ?", channel)):
            if value:
                terms.append(term)
                values.append(value)
        where = " AND ".join(terms)
        with self._reading() as db:
            (total,) = db.execute(f"SELECT count(*) FROM notice WHERE {where}", values).fetchone()  # noqa: S608
        if before:
            where, values = f"{where} AND id < ?", [*values, before]
        return self._notices(f"{where} ORDER BY id DESC LIMIT ?", (*values, limit)), int(total)

    def counts(self) -> dict[tuple[str, State], int]:
        """How many messages each channel has in each state."""
        with self._reading() as db:
            rows = db.execute("SELECT channel, state, count(*) FROM notice GROUP BY channel, state").fetchall()
        return {(channel, state): n for channel, state, n in rows}

    def last_sent(self) -> dict[str, float]:
        """When each channel last brought a message [s since epoch]."""
        with self._reading() as db:
            return dict(db.execute("SELECT channel, max(done) FROM notice WHERE state = 'sent' GROUP BY channel"))

    def forget(self, before: float) -> int:
        """Forget what was done before ``before`` [s since epoch]; how many they were."""
        with self._change() as db:
            return db.execute("DELETE FROM notice WHERE state <> 'waiting' AND made < ?", (before,)).rowcount

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def _notices(self, where: str, values: Sequence[object]) -> list[Notice]:
        with self._reading() as db:
            rows = db.execute(f"SELECT {_COLUMNS} FROM notice WHERE {where}", values).fetchall()  # noqa: S608
        return [
            Notice(id_, made, channel, kind, Matter.unpacked(body), state, tries, due, done, error)
            for id_, made, channel, kind, body, state, tries, due, done, error in rows
        ]


def _told(path: Path, error: Exception) -> SpoolError:
    return SpoolError(f"the messages in {path} cannot be used: {error}. Look at the disk and its rights")
