"""The names of a history: points and sets of reasons by the numbers that stand for them in its rows, kept in the table
``names``."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import pyarrow as pa

from twin.history.columns import I64, Bools
from twin.history.contract import KeptPoint, Keys
from twin.reading import SUSPECT

SEPARATOR = "\x1f"
NAMES = pa.schema(
    [
        ("kind", pa.string()),
        ("key", pa.int32()),
        ("name", pa.string()),
        ("quantity", pa.string()),
        ("hold_ms", pa.int64()),
    ]
)


class Names(ABC):
    """Keys of points and reasons, in an engine that can do what is abstract here."""

    def __init__(self) -> None:
        self.writing = threading.RLock()
        self._points: dict[str, int] = {}
        self._facts: dict[str, KeptPoint] = {}
        self._reasons: dict[tuple[str, ...], int] = {(): 0}
        self._hold: I64 = np.zeros(0, np.int64)
        self._suspect: Bools = np.zeros(1, np.bool_)
        self.names_version = 0
        """Rises with every new name."""
        self._unsure = False

    @abstractmethod
    def query(self, sql: str) -> pa.Table:
        """What ``sql`` answers; HistoryError where that cannot be."""

    @abstractmethod
    def execute(self, sql: str) -> None:
        """Do what ``sql`` says; HistoryError where that cannot be."""

    @abstractmethod
    def insert(self, name: str, rows: pa.Table) -> None:
        """Add rows to a table."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """All of it or nothing, as far as the engine can; a context manager that holds ``writing``."""

    def quoted(self, text: str) -> str:
        """A text as SQL; ids are anybody's."""
        return "'" + text.replace("'", "''") + "'"

    def read_names(self) -> None:
        """Read what is known of points and reasons."""
        known = self.query("SELECT kind, key, name, quantity, hold_ms FROM names ORDER BY kind, key").to_pylist()
        for row in known:
            if row["kind"] == "point":
                self._points[row["name"]] = row["key"]
                self._facts[row["name"]] = KeptPoint(row["name"], row["quantity"], row["hold_ms"] / 1000.0)
            else:
                self._reasons[tuple(row["name"].split(SEPARATOR))] = row["key"]
        self._index()

    def _index(self) -> None:
        """The facts of points and reasons by their keys."""
        hold = np.zeros(max(self._points.values(), default=-1) + 1, np.int64)
        for name, key in self._points.items():
            hold[key] = round(1000.0 * self._facts[name].hold_s)
        suspect = np.zeros(max(self._reasons.values()) + 1, np.bool_)
        for words, key in self._reasons.items():
            suspect[key] = any(word in SUSPECT for word in words)
        self._hold, self._suspect = hold, suspect
        self.names_version += 1

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Within it names are written. Where that failed, nobody knows whether they are there (an answer can be lost):
        the next one reads them first, so that no key is given out twice."""
        self._unsure = True
        with self.transaction():
            yield
        self._unsure = False

    def _be_sure(self) -> None:
        if self._unsure:
            self.read_names()
            self._unsure = False

    def keys(self, points: Sequence[KeptPoint]) -> Keys:
        """The keys of points, new ones given out; a point that is known gets what it says now."""
        with self.writing:
            self._be_sure()
            new = [point for point in points if point.id not in self._points]
            moved = [p for p in points if p.id in self._points and self._facts[p.id] != p]
            if new or moved:
                self._name_points(new, moved)
            return np.array([self._points[point.id] for point in points], np.int32)

    def _name_points(self, new: Sequence[KeptPoint], moved: Sequence[KeptPoint]) -> None:
        first = max(self._points.values(), default=-1) + 1
        numbered = {point.id: self._points.get(point.id, 0) for point in moved}
        numbered |= {point.id: first + n for n, point in enumerate({p.id: p for p in new}.values())}
        facts = {point.id: point for point in (*moved, *new)}
        rows = [("point", key, name, facts[name].quantity, round(1000 * facts[name].hold_s))
                for name, key in numbered.items()]  # fmt: skip
        with self._naming():
            self.forget_points([point.id for point in moved])
            self._insert_names(rows)
        self._points |= numbered
        self._facts |= facts
        self._index()

    def forget_points(self, ids: Sequence[str]) -> None:
        """Take the rows of ``names`` away that are put there anew."""
        for first in range(0, len(ids), 500):
            names = ", ".join(self.quoted(name) for name in ids[first : first + 500])
            self.execute(f"DELETE FROM names WHERE kind = 'point' AND name IN ({names})")  # noqa: S608

    def _insert_names(self, rows: Sequence[tuple[object, ...]]) -> None:
        columns = {field.name: [row[at] for row in rows] for at, field in enumerate(NAMES)}
        self.insert("names", pa.table(columns, schema=NAMES))

    def reason_keys(self, reasons: Sequence[tuple[str, ...]]) -> Keys:
        """The keys of sets of reasons, new ones given out; 0 is the empty set."""
        with self.writing:
            self._be_sure()
            new = list({words: None for words in reasons if words not in self._reasons})
            if new:
                first = max(self._reasons.values()) + 1
                numbered = {words: first + n for n, words in enumerate(new)}
                with self._naming():
                    self._insert_names([("reason", k, SEPARATOR.join(words), "", 0) for words, k in numbered.items()])
                self._reasons |= numbered
                self._index()
            return np.array([self._reasons[words] for words in reasons], np.int32)

    def known_points(self) -> dict[str, int]:
        """Every point that ever was, by id."""
        return dict(self._points)

    def known_facts(self) -> dict[str, KeptPoint]:
        """What is known of every point that ever was, by id."""
        return dict(self._facts)

    def known_reasons(self) -> dict[int, tuple[str, ...]]:
        """Every set of reasons that ever was, by key."""
        return {key: words for words, key in self._reasons.items()}

    def hold_ms(self, points: Keys) -> I64:
        """How long a value of each point stands [ms]."""
        return self._hold[points]

    @property
    def suspect(self) -> Bools:
        """Of each key of a reason, whether it keeps a value out of every total."""
        return self._suspect
