"""The historian over an SQL engine: what is the same for all of them. Engines are ``duckdb_parquet.py`` (the default),
``clickhouse.py`` and ``postgres.py``.

An engine keeps these tables: ``names`` (keys of points and reasons), ``meta`` (numbers by name), ``hours`` and ``days``
(roll-ups), ``dirty`` (hours of points whose rows came after their roll-up), ``rolled`` (hours that have a roll-up),
``events``, and the readings in a way of its own.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from twin.history import reads
from twin.history.calendar import HOUR_MS, Calendar
from twin.history.columns import I32, I64, NO_ROWS, Rows, numbers
from twin.history.contract import (
    BEYOND,
    COUNTS,
    EVENTS,
    GROUPED,
    KNOWN,
    READINGS,
    ROLLUPS,
    SUMS,
    TOP,
    HistoryError,
    HistoryMovedError,
    Keys,
)
from twin.history.marks import Marks, newer, overlaid
from twin.history.names import Names
from twin.history.rollup import states_as_rows

VERSION = 1
NOBODY = "-1"
MOVES = 5
"""So often a question is put again where what it names was put away meanwhile."""
FEW_HOURS = 6
"""So many hours that wait to be made again are looked into one by one."""
LAST = 2**62
"""A time after every other [ms]."""

DIRTY = pa.schema([("point", pa.int32()), ("start", pa.int64())])
STARTS = pa.schema([("start", pa.int64())])
Step = Literal["hour", "day"]


class SqlStore(Names):
    """A historian over one engine. ``zone`` is the campus's: its hours and days are rolled up."""

    dialect: reads.Dialect

    def __init__(self, zone: ZoneInfo) -> None:
        super().__init__()
        self.calendar = Calendar(zone)
        self._rolled: I64 = np.zeros(0, np.int64)
        self.marks = Marks()
        self.waiting = False
        """Hours may wait to be made again."""
        self.rerolled = 0
        """Rises when an hour that had a roll-up gets another one."""

    # what an engine does

    def clear(self, name: str) -> None:
        """Take every row of a table away."""
        self.execute(f"DELETE FROM {name}")  # noqa: S608

    @abstractmethod
    def keep_rows(self, rows: Rows, batch: int) -> None:
        """Add readings, by time; each (point, time) is there once among them."""

    @abstractmethod
    def keep_rollups(self, step: Step, rollups: pa.Table) -> None:
        """Add roll-ups, in place of those of the same point and start."""

    @abstractmethod
    def readings_of(self, start: int, end: int) -> str:
        """The query of all readings from ``start`` to before ``end`` [ms] at least, each (point, time) once."""

    @abstractmethod
    def rollups_of(self, step: Step, start: int, end: int) -> str:
        """The query of all roll-ups that begin from ``start`` to before ``end`` [ms] at least."""

    @abstractmethod
    def groups_of(self, groups: pa.Table) -> str:
        """The query that answers the rows of ``groups``."""

    def events_of(self) -> str:
        """The query of all events with their ``number``, which rises with each that comes."""
        return "SELECT * FROM events"

    @abstractmethod
    def span(self) -> tuple[int, int] | None:
        """The times of the oldest and the newest row [ms]; None where there is none."""

    @abstractmethod
    def first_time(self, since: int) -> int | None:
        """The time of the first row from ``since`` on [ms]; None where there is none."""

    @abstractmethod
    def seal(self, now: int) -> list[str]:
        """Put away the days that are over for long enough; what was done, in words."""

    @abstractmethod
    def close(self) -> None:
        """Let go of everything."""

    def points_of(self, points: Keys) -> str:
        """Points as what may stand in ``IN (...)``."""
        return ", ".join(map(str, points.tolist()))

    def _told(self, points: Keys | None) -> str | None:
        if points is None:
            return None
        return self.points_of(points) if len(points) else NOBODY

    def read_known(self) -> None:
        """Read what is known of points, reasons and hours; an engine calls it when it has opened."""
        self.read_names()
        self.forget_rolled()
        self.waiting = len(self.query("SELECT start FROM dirty LIMIT 1")) > 0

    # numbers by name

    def meta(self, name: str, otherwise: int = 0) -> int:
        """A number that is kept under a name."""
        found = self.query(f"SELECT max(value) AS value FROM meta WHERE name = {self.quoted(name)}")  # noqa: S608
        value = found.column("value")[0].as_py()
        return otherwise if value is None else int(value)

    def set_meta(self, name: str, value: int) -> None:
        """Keep a number under a name: it only ever rises."""
        self.insert("meta", pa.table({"name": [name], "value": pa.array([value], pa.int64())}))

    # writing

    def append(self, rows: pa.Table, batch: int, events: pa.Table | None = None) -> None:
        """Keep ``rows`` (``READINGS``) and ``events`` (``EVENTS``) as batch ``batch``; nothing happens if that is not
        above the watermark."""
        _has_form(rows, READINGS, "readings")
        _has_form(events, EVENTS, "events")
        with self.writing:
            if batch <= self.watermark():
                return
            columns = newest_of_each(Rows.of(rows))
            with self.transaction():
                self._note_dirty(columns)
                self.keep_rows(columns, batch)
                if events is not None:
                    self.insert("events", events)
                self.set_meta("batch", batch)
            self.marks.note(columns)

    def _note_dirty(self, rows: Rows) -> None:
        if not self._rolled.size:
            return
        late = rows.time < self.rolled_until
        if not late.any():
            return
        start = self.calendar.hour(rows.time[late])
        both = np.unique(np.stack([rows.point[late].astype(np.int64), start]), axis=1)
        self.waiting = True
        self.insert("dirty", pa.table({"point": both[0].astype(np.int32), "start": both[1]}, schema=DIRTY))

    def note_again(self, points: I32, start: int) -> None:
        """Keep that the hour of these points that begins at ``start`` [ms] is to be made again."""
        columns = {"point": points, "start": np.full(len(points), start, np.int64)}
        self.waiting = True
        self.insert("dirty", pa.table(columns, schema=DIRTY))

    def watermark(self) -> int:
        """The number of the last batch that is kept; 0 before the first."""
        return self.meta("batch")

    @property
    def rolled_until(self) -> int:
        """The end of the last hour that has a roll-up [ms]; 0 before the first."""
        return int(self._rolled[-1]) + HOUR_MS if self._rolled.size else 0

    @property
    def rolled_hours(self) -> I64:
        """The hours that have a roll-up, ascending: those in which anything came."""
        return self._rolled

    def note_rolled(self, starts: I64) -> None:
        """Keep that these hours have a roll-up now."""
        self.insert("rolled", pa.table({"start": starts}, schema=STARTS))

    def forget_rolled(self) -> None:
        """Read anew which hours have a roll-up: after a transaction that added some."""
        self._rolled = numbers(self.query("SELECT DISTINCT start FROM rolled ORDER BY start"), "start")

    # reading

    def last(self, points: Keys | None = None) -> pa.Table:
        """The newest row of each point (``READINGS``), of all points without ``points``."""
        return self.at(LAST, points)

    def at(self, time: int, points: Keys | None = None) -> pa.Table:
        """The newest row of each point at or before ``time`` (``READINGS``)."""
        since, base = self._known_before(time, points)
        found = self._read(reads.newest(self.dialect, self._told(points), since, time), since, time + 1)
        return overlaid(base, Rows.of(found)).table()

    def _known_before(self, time: int, points: Keys | None) -> tuple[int, Rows]:
        """The newest row of each point before an instant [ms] that is not after ``time``, and that instant: of a mark
        in memory, or of the end of an hour that has a roll-up."""
        before = int(np.searchsorted(self._rolled + HOUR_MS, time, side="right"))
        since = 0 if before == 0 else int(self._rolled[before - 1]) + HOUR_MS
        mark = self.marks.before(time)
        if mark is not None and mark[0] >= since:
            rows = mark[1]
            return mark[0] + 1, rows if points is None else rows.take(np.isin(rows.point, points))
        base = NO_ROWS if before == 0 else self.states_at_end(int(self._rolled[before - 1]), points)
        return since, self._with_late(base, points, since)

    def _with_late(self, base: Rows, points: Keys | None, since: int) -> Rows:
        """States before ``since`` [ms] with the rows that came after the roll-up and are in none yet: they are in the
        hours that wait to be made again."""
        if not self.waiting:
            return base
        found = self.query(f"SELECT DISTINCT point, start FROM dirty WHERE start < {since}")  # noqa: S608
        keys, starts = numbers(found, "point"), numbers(found, "start")
        if points is not None:
            mine = np.isin(keys, points)
            keys, starts = keys[mine], starts[mine]
        hours = np.unique(starts).tolist()
        windows = [(hour, hour + HOUR_MS) for hour in hours]
        if len(hours) > FEW_HOURS:
            windows = [(hours[0], hours[-1] + HOUR_MS)]
        for begin, end in windows:
            some = np.unique(keys[(starts >= begin) & (starts < end)]).astype(np.int32)
            last = min(end, since)
            sql = reads.newest(self.dialect, self._told(some), begin, last - 1)
            base = newer(base, Rows.of(self._read(sql, begin, last)))
        return base

    def mark(self, first: int, now: int) -> bool:
        """Remember one instant of the last day, none before ``first`` or after ``now`` [ms]; whether there was one."""
        with self.writing:
            at = self.marks.missing(now, first)
            if at is not None:
                self.marks.put(at, Rows.of(self.at(at)))
            return at is not None

    def states_at_end(self, hour: int, points: Keys | None = None) -> Rows:
        """The newest row of each point before the end of an hour that has a roll-up."""
        return states_as_rows(self.rollups("hour", points, hour, hour + 1))

    def rows(self, points: Keys | None, start: int, end: int) -> pa.Table:
        """The rows of points from ``start`` to before ``end`` (``READINGS``), by point and time."""
        return self._read(reads.rows(self.dialect, self._told(points), start, end), start, end)

    def counts(self, points: Keys | None, start: int, end: int) -> pa.Table:
        """How many rows each point has from ``start`` to before ``end``: (point, rows), by point."""
        return self._read(reads.counts(self.dialect, self._told(points), start, end), start, end, COUNTS)

    def _read(self, sql: str, start: int, end: int, schema: pa.Schema = READINGS) -> pa.Table:
        return self._ask_of(sql, lambda: {reads.READINGS_OF: self.readings_of(start, end)}, schema)

    def _ask_of(self, sql: str, relations: Callable[[], dict[str, str]], schema: pa.Schema) -> pa.Table:
        """What a question answers, as ``schema``; it is put again where what it names was put away meanwhile."""
        again = 0
        while True:
            try:
                found = self.query(reads.with_relations(sql, relations(), self.dialect))
                break
            except HistoryMovedError:
                again += 1
                if again > MOVES:
                    raise
        return found.select(schema.names).cast(schema)

    def rollups(self, step: Step, points: Keys | None, start: int, end: int) -> pa.Table:
        """The roll-ups that begin from ``start`` to before ``end`` (``ROLLUPS``), by point and start."""
        sql = reads.rollups(self.dialect, self._told(points), start, end)
        return self._ask_of(sql, lambda: {reads.ROLLUPS_OF: self.rollups_of(step, start, end)}, ROLLUPS)

    def grouped(self, step: Step, groups: pa.Table, start: int, end: int) -> pa.Table:
        """Sums over groups of points: (group, start, sum, have, of), by group and start."""
        sql, named = reads.grouped(self.dialect, start, end), {reads.GROUPS_OF: self.groups_of(groups)}
        return self._ask_of(sql, lambda: {reads.ROLLUPS_OF: self.rollups_of(step, start, end), **named}, GROUPED)

    def top(self, points: Keys, start: int, end: int, n: int, *, lowest: bool = False) -> pa.Table:
        """The ``n`` points with the highest mean over their hours: (point, mean, high, hours)."""
        sql = reads.top(self.dialect, self._told(points) or NOBODY, start, end, n, lowest=lowest)
        return self._ask_of(sql, lambda: {reads.ROLLUPS_OF: self.rollups_of("hour", start, end)}, TOP)

    def beyond(self, points: Keys, start: int, end: int, low: float, high: float) -> pa.Table:
        """How many hours of each point are known and how many out of bounds: (point, hours, out), by point."""
        sql = reads.beyond(self.dialect, self._told(points) or NOBODY, start, end, low, high)
        return self._ask_of(sql, lambda: {reads.ROLLUPS_OF: self.rollups_of("hour", start, end)}, BEYOND)

    def sums(self, step: Step, points: Keys | None, start: int, end: int) -> pa.Table:
        """What each point comes to over roll-ups: (point, known [unit x ms], held [ms]), by point."""
        sql = reads.sums(self.dialect, self._told(points), start, end)
        return self._ask_of(sql, lambda: {reads.ROLLUPS_OF: self.rollups_of(step, start, end)}, SUMS)

    def known(self, start: int, end: int, step: int) -> pa.Table:
        """How many points were known in each ``step`` [ms]: (start, points), by start."""
        if step < HOUR_MS:
            return self._read(reads.spoke(self.dialect, start, end, step), start, end, KNOWN)
        sql = reads.held(self.dialect, start, end, step)
        return self._ask_of(sql, lambda: {reads.ROLLUPS_OF: self.rollups_of("hour", start, end)}, KNOWN)

    def events(self, start: int, end: int, kinds: Sequence[str] = ()) -> pa.Table:
        """The events from ``start`` to before ``end`` (``EVENTS``), oldest first."""
        sql = reads.events(self.dialect, start, end, kinds)
        return self._ask_of(sql, lambda: {reads.EVENTS_OF: self.events_of()}, EVENTS)

    def states(self, time: int, kind: str) -> pa.Table:
        """The newest event of each subject of a kind at or before ``time`` (``EVENTS``)."""
        found = self.events(0, time + 1, (kind,))
        subjects = found.column("subject").to_pylist()
        newest = {subject: row for row, subject in enumerate(subjects)}
        return found.take(pa.array(sorted(newest.values()), pa.int64()))

    def roll(self, now: int) -> int:
        """Make the roll-ups that are due at ``now`` [ms]; how many hours of points were made."""
        from twin.history.roller import roll

        return roll(self, now)


def _has_form(table: pa.Table | None, schema: pa.Schema, what: str) -> None:
    if table is not None and table.schema != schema:
        raise HistoryError(f"{what} have the columns {schema.names}; these are {table.schema.names}")


def newest_of_each(rows: Rows) -> Rows:
    """Rows by time, of those with the same point and time the one that came last."""
    order = np.lexsort((np.arange(len(rows.time)), rows.time, rows.point))
    point, time = rows.point[order], rows.time[order]
    final = np.append((point[1:] != point[:-1]) | (time[1:] != time[:-1]), True)[: len(order)]
    kept = order[final]
    return rows.take(kept[np.argsort(rows.time[kept], kind="stable")])
