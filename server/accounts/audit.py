"""The audit log: who did what, when, from where, and how it ended. Rows are only added, and each has a hash over itself
and the one before it, so that a row that was changed or taken out is found.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import json
import logging
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from server.accounts.store import Store
from server.accounts.who import Who

log = logging.getLogger(__name__)

FIRST = "0" * 64
LONGEST = 2000
COLUMNS = ("seq", "time", "who", "role", "kind", "address", "action", "target", "detail", "outcome", "hash")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is noted. ``detail`` [JSON object]; ``outcome`` ok, refused, or what else it was."""

    who: str
    role: str
    kind: str
    address: str
    action: str
    target: str = ""
    detail: str = "{}"
    outcome: str = "ok"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which rows: of whom, of which action, from ``start`` to ``end`` [s since epoch], older than row ``before``."""

    who: str = ""
    action: str = ""
    start: float = 0.0
    end: float = 1e18
    before: int = 2**62


class HasAccounts(Protocol):
    """A runtime, of which only this is needed here."""

    @property
    def accounts(self) -> Any:
        """The accounts, or None."""
        ...


def entry(
    who: Who | None, action: str, target: str = "", detail: Mapping[str, Any] | None = None, *,
    address: str = "", outcome: str = "ok",
) -> Entry:  # fmt: skip
    """A row for ``who``; None is somebody who did not sign in."""
    name, role, kind = (who.name, who.role, who.kind) if who else ("", "", "")
    text = json.dumps(detail or {}, ensure_ascii=False, sort_keys=True, default=str)
    if len(text) > LONGEST:
        text = json.dumps({"cut": text[: LONGEST - 100]}, ensure_ascii=False)
    return Entry(
        name[:200], role, kind, address[:80], action[:80], target[:500], text.encode("utf-8", "replace").decode(),
        outcome[:80],
    )  # fmt: skip


async def audit(
    runtime: HasAccounts, who: Who | None, action: str, target: str = "", detail: Mapping[str, Any] | None = None, *,
    address: str = "", outcome: str = "ok",
) -> None:  # fmt: skip
    """Note that ``who`` did ``action`` on ``target``; where no state is kept, in the program's log only."""
    row = entry(who, action, target, detail, address=address, outcome=outcome)
    accounts = runtime.accounts
    if accounts is None:
        log.info("%s (%s): %s %s %s", row.who, row.role, row.action, row.target, row.outcome)
        return
    await asyncio.to_thread(append, accounts.store, row)


def append(store: Store, row: Entry) -> int:
    """Add a row; its number. It is on the disk when this returns."""
    with store.note() as db:
        last = db.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
        seq, before = (last["seq"] + 1, last["hash"]) if last else (1, FIRST)
        columns = (
            seq, store.clock(), row.who, row.role, row.kind, row.address, row.action, row.target, row.detail,
            row.outcome,
        )  # fmt: skip
        db.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*columns, _chain(before, columns)))
    return int(seq)


def _chain(before: str, columns: tuple[Any, ...]) -> str:
    text = json.dumps([before, *columns], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Verified:
    """How many rows were looked at, the hash of the last one, and what is wrong, '' when nothing is."""

    rows: int
    head: str
    wrong: str = ""


def verify(store: Store) -> Verified:
    """Go through the whole log and compute every hash anew."""
    with store.reading() as db:
        before, number = FIRST, 0
        for row in db.execute("SELECT * FROM audit ORDER BY seq"):
            number += 1
            if row["seq"] != number:
                return Verified(number - 1, before, f"row {number} is missing: the next one there is {row['seq']}")
            columns = tuple(row[name] for name in COLUMNS[:-1])
            if row["hash"] != _chain(before, columns):
                return Verified(
                    number - 1, before, f"row {number} is not as it was written, or the one before it is not"
                )
            before = row["hash"]
    return Verified(number, before)


def rows(store: Store, asked: Asked, limit: int) -> list[dict[str, Any]]:
    """The newest rows that fit, newest first."""
    with store.reading() as db:
        return [dict(row) for row in _select(db, asked, limit)]


def csv_pieces(store: Store, asked: Asked, piece: int = 2000) -> Iterator[str]:
    """The rows that fit as CSV, newest first, some at a time."""
    yield _csv([COLUMNS])
    before = asked.before
    while True:
        wish = Asked(asked.who, asked.action, asked.start, asked.end, before)
        found = rows(store, wish, piece)
        if not found:
            return
        yield _csv([tuple(_inert(row[name]) for name in COLUMNS) for row in found])
        before = found[-1]["seq"]


def _select(db: sqlite3.Connection, asked: Asked, limit: int) -> sqlite3.Cursor:
    return db.execute(
        "SELECT * FROM audit WHERE seq < ? AND time >= ? AND time < ? AND (? = '' OR who = ?)"
        " AND (? = '' OR action = ?) ORDER BY seq DESC LIMIT ?",
        (asked.before, asked.start, asked.end, asked.who, asked.who, asked.action, asked.action, limit),
    )


def _csv(lines: list[tuple[Any, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue()


def _inert(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula, so that it does not."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
