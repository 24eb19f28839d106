"""The historian in PostgreSQL, for sites that run one: real transactions, a partition a month.

Readings have an index by point and time, which also keeps each (point, time) there once, and one by blocks of time
(BRIN, some kilobytes a month) for what was of all points at a time. Rows that are newer than every other of their point
are copied in as they come; of the others, those of the same point and time are taken away first. Which is which is told
by the newest time of each point, which is read again after anything failed.

Measured: rows come in as CSV (305,000 a second beside the index; in the server's binary form 234,000). They go out as
an array a column, which numpy reads as it is: 480,000 in 0.7 s, where psycopg makes rows of Python's of them in 1.7 s
and holds up every other thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.csv

from twin.history import postgres_arrays as arrays
from twin.history import reads
from twin.history.calendar import DAY_MS
from twin.history.columns import I64, Rows
from twin.history.contract import READINGS, ROLLUPS, HistoryError
from twin.history.months import Month
from twin.history.postgres_link import Connections
from twin.history.reads import Dialect
from twin.history.retention import Retention
from twin.history.store import VERSION, SqlStore, Step

PIECE = 5_000
"""Rows made Arrow at a time: other threads run in between."""
MINUTE_MS = 60_000
LOCK_MS = 5_000
"""How long whoever asks has to wait for a change that others are in the way of [ms]."""

# the widest columns first: PostgreSQL pads
_READINGS = (
    "time bigint NOT NULL, value double precision, point integer NOT NULL, delay integer NOT NULL, "
    "reason integer NOT NULL, quality smallint NOT NULL, flags smallint NOT NULL, PRIMARY KEY (point, time)"
)
_ROLLUPS = (
    "start bigint NOT NULL, held bigint NOT NULL, mean double precision, low double precision, high double precision, "
    "last_time bigint, last_value double precision, point integer NOT NULL, n integer NOT NULL, last_reason integer, "
    "last_delay integer, quality smallint NOT NULL, flags smallint NOT NULL, last_quality smallint, "
    "last_flags smallint, PRIMARY KEY (point, start)"
)
_TABLES = (
    "TABLE IF NOT EXISTS names (kind text, key integer, name text NOT NULL, quantity text NOT NULL, "
    "hold_ms bigint NOT NULL, PRIMARY KEY (kind, key))",
    "TABLE IF NOT EXISTS meta (name text PRIMARY KEY, value bigint NOT NULL)",
    "TABLE IF NOT EXISTS dirty (point integer NOT NULL, start bigint NOT NULL)",
    "TABLE IF NOT EXISTS rolled (start bigint NOT NULL)",
    "TABLE IF NOT EXISTS events (time bigint NOT NULL, kind text NOT NULL, subject text NOT NULL, state text NOT NULL, "
    "detail text NOT NULL, number bigserial PRIMARY KEY)",
    "INDEX IF NOT EXISTS events_by_time ON events (time)",
    f"TABLE IF NOT EXISTS readings ({_READINGS}) PARTITION BY RANGE (time)",
    "INDEX IF NOT EXISTS readings_by_time ON readings USING brin (time) "
    "WITH (pages_per_range = 32, autosummarize = on)",
    f"TABLE IF NOT EXISTS hours ({_ROLLUPS}) PARTITION BY RANGE (start)",
    "INDEX IF NOT EXISTS hours_by_start ON hours (start)",
    f"TABLE IF NOT EXISTS days ({_ROLLUPS})",
    "INDEX IF NOT EXISTS days_by_start ON days (start)",
)
_TYPES = {
    16: pa.bool_(), 20: pa.int64(), 21: pa.int16(), 23: pa.int32(), 25: pa.string(), 701: pa.float64(),
}  # fmt: skip
"""Arrow's types by PostgreSQL's numbers of its own."""


class PostgresStore(SqlStore):
    """The history in the database that ``connections`` lead to; its tables are made if they are not there.

    HistoryError when another process has it, or a later version of this program wrote it.
    """

    dialect: Dialect = "postgres"

    def __init__(self, connections: Connections, zone: ZoneInfo, retention: Retention | None = None) -> None:
        super().__init__(zone)
        self.retention = retention or Retention()
        self._connections = connections
        self._local = threading.local()
        self._months: dict[str, frozenset[Month]] = {}
        self._newest: I64 | None = None
        try:
            self._prepare()
        except BaseException:
            connections.close()
            raise

    def _prepare(self) -> None:
        with self.transaction():
            for table in _TABLES:
                self.execute(f"CREATE {table}")
            found = self.meta("version")
            if found > VERSION:
                raise HistoryError(f"the history has version {found}, this program reads {VERSION}: update the program")
            self.set_meta("version", VERSION)
        self._read_months()
        self.read_known()

    def _read_months(self) -> None:
        for table in ("readings", "hours"):
            found = self.query(
                f"SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = '{table}'::regclass"  # noqa: S608
            )
            self._months[table] = frozenset(Month.of_name(name) for name in found.column("name").to_pylist())

    # talking to PostgreSQL

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        """A cursor of this thread's transaction, or of a connection that reads."""
        try:
            busy = getattr(self._local, "busy", None)
            if busy is not None:
                with busy.cursor(binary=True) as cursor:
                    yield cursor
                return
            with self._connections.reader() as connection, connection.cursor(binary=True) as cursor:
                yield cursor
        except self._connections.error as error:
            raise self._connections.told(error) from error

    def query(self, sql: str) -> pa.Table:
        """What ``sql`` answers; HistoryError where that cannot be."""
        with self._cursor() as cursor:
            cursor.execute(sql.encode())
            schema = pa.schema([(column.name, _TYPES[column.type_code]) for column in cursor.description])
            pieces = []
            while rows := cursor.fetchmany(PIECE):
                columns = zip(*rows, strict=True)
                arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
                pieces.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
            return pa.Table.from_batches(pieces, schema)

    def _ask_of(self, sql: str, relations: Callable[[], dict[str, str]], schema: pa.Schema) -> pa.Table:
        if pa.string() in schema.types:
            return super()._ask_of(sql, relations, schema)
        columns = ", ".join(
            f'array_agg(CAST(coalesce("{field.name}", {arrays.NONE[field.type]}) AS {arrays.SQL[field.type]}))'
            for field in schema
        )
        asked = reads.with_relations(sql, relations(), self.dialect)
        with self._cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM ({asked}) AS asked".encode())  # noqa: S608 # our own names
            found = [cursor.pgresult.get_value(0, place) for place in range(len(schema))]
        return pa.Table.from_arrays([arrays.read(f.type, d) for f, d in zip(schema, found, strict=True)], schema=schema)

    def execute(self, sql: str) -> None:
        """Do what ``sql`` says; HistoryError where that cannot be."""
        self._change(sql)

    def _change(self, sql: str) -> int:
        """Do what ``sql`` says; how many rows it was done to."""
        with self._cursor() as cursor:
            cursor.execute(sql.encode())
            return int(cursor.rowcount)

    def insert(self, name: str, rows: pa.Table) -> None:
        """Add rows to a table."""
        if not len(rows):
            return
        buffer = pa.BufferOutputStream()
        form = pa.csv.WriteOptions(include_header=False, quoting_style="all_valid")  # null is what has no quotes
        pa.csv.write_csv(rows, buffer, form)
        sql = f"COPY {name} ({', '.join(rows.schema.names)}) FROM STDIN (FORMAT csv, ENCODING 'UTF8')"
        with self._cursor() as cursor, cursor.copy(sql.encode()) as copy:
            copy.write(buffer.getvalue().to_pybytes())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; a transaction within one is part of it."""
        with self.writing:
            if getattr(self._local, "busy", None) is not None:
                yield
                return
            before = dict(self._months)
            try:
                connection = self._connections.writer()
                self._local.busy = connection
                with connection.transaction():
                    yield
            except BaseException as error:
                # nobody knows what is there: an answer to the last word can be lost
                self._newest, self._months = None, before
                if isinstance(error, self._connections.error):
                    raise self._connections.told(error) from error
                raise
            finally:
                self._local.busy = None

    def set_meta(self, name: str, value: int) -> None:
        """Keep a number under a name: it only ever rises."""
        self.execute(
            f"INSERT INTO meta AS m VALUES ({self.quoted(name)}, {int(value)}) "  # noqa: S608
            "ON CONFLICT (name) DO UPDATE SET value = greatest(m.value, excluded.value)"
        )

    # rows

    def keep_rows(self, rows: Rows, batch: int) -> None:
        """Add readings, by time; each (point, time) is there once among them."""
        self._make_months("readings", rows.time)
        newest = self._newest_times()
        ordered = rows.time > newest[rows.point]
        self._replace("readings", "time", rows.take(~ordered).table())
        self.insert("readings", rows.take(ordered).table())
        np.maximum.at(newest, rows.point[ordered], rows.time[ordered])

    def _newest_times(self) -> I64:
        """The newest time of each point, or one after it: what is newer is not there yet."""
        if self._newest is None:
            # what came late for an hour that was rolled up may not be in its state yet
            self._newest = np.full(len(self._hold), self.rolled_until - 1, np.int64)
            last = Rows.of(self.last())
            np.maximum.at(self._newest, last.point, last.time)
        more = len(self._hold) - len(self._newest)
        if more > 0:
            self._newest = np.append(self._newest, np.full(more, np.iinfo(np.int64).min, np.int64))
        return self._newest

    def _make_months(self, table: str, times: I64) -> None:
        """Make the partitions that are not there for rows of these times [ms]."""
        for month in sorted(Month.of_times(times) - self._months[table]):
            name = month.name(table)
            # attached, and not made as a part: that would wait for whoever reads
            self.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING ALL)")
            self.execute(
                f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({month.begin}) TO ({month.end})"
            )
            self._months[table] |= {month}

    def _replace(self, table: str, time: str, rows: pa.Table) -> None:
        """Add rows in place of those of the same point and time."""
        if not len(rows):
            return
        points, times = (rows.column(name).to_pylist() for name in ("point", time))
        self.execute(
            f"DELETE FROM {table} AS kept USING unnest({_array(points, 'integer')}, {_array(times, 'bigint')}) "  # noqa: S608
            f"AS new (point, time) WHERE kept.point = new.point AND kept.{time} = new.time "
            f"AND kept.{time} >= {min(times)} AND kept.{time} <= {max(times)}"
        )
        self.insert(table, rows)

    def keep_rollups(self, step: Step, rollups: pa.Table) -> None:
        """Add roll-ups, in place of those of the same point and start."""
        if step == "hour":
            self._make_months("hours", rollups.column("start").to_numpy())
        self._replace(f"{step}s", "start", rollups)

    def readings_of(self, start: int, end: int) -> str:
        """The query of all readings from ``start`` to before ``end`` [ms], each (point, time) once."""
        return f"SELECT {', '.join(READINGS.names)} FROM readings WHERE time >= {start} AND time < {end}"  # noqa: S608

    def rollups_of(self, step: Step, start: int, end: int) -> str:
        """The query of all roll-ups that begin from ``start`` to before ``end`` [ms]."""
        return f"SELECT {', '.join(ROLLUPS.names)} FROM {step}s WHERE start >= {start} AND start < {end}"  # noqa: S608

    def groups_of(self, groups: pa.Table) -> str:
        """The query that answers the rows of ``groups``."""
        points, numbers = (_array(groups.column(name).to_pylist(), "integer") for name in ("point", "group"))
        return f'SELECT * FROM unnest({points}, {numbers}) AS g (point, "group")'  # noqa: S608

    # what there is

    def span(self) -> tuple[int, int] | None:
        """The times of the oldest and the newest row [ms]; None where there is none."""
        first, last = self.first_time(0), self._last_time()
        return None if first is None or last is None else (first, last)

    def first_time(self, since: int) -> int | None:
        """The time of the first row from ``since`` on [ms]; None where there is none."""
        for month in sorted(self._months["readings"]):
            # wider and wider: a minute of all points is a look at a few blocks, a month is none
            for begin, end in month.widening(since, MINUTE_MS):
                found = self._edge("min", begin, end)
                if found is not None:
                    return found
        return None

    def _last_time(self) -> int | None:
        for month in sorted(self._months["readings"], reverse=True):
            for begin, end in month.narrowing(DAY_MS):
                found = self._edge("max", begin, end)
                if found is not None:
                    return found
        return None

    def _edge(self, which: str, begin: int, end: int) -> int | None:
        sql = f"SELECT {which}(time) AS time FROM readings WHERE time >= {begin} AND time < {end}"  # noqa: S608
        found: int | None = self.query(sql).column("time")[0].as_py()
        return found

    # putting away

    def seal(self, now: int) -> list[str]:
        """Drop what need not be kept any longer; what was done, in words."""
        with self.writing:
            return [*self._drop("readings", now - self._longest() * DAY_MS),
                    *self._clear(now),
                    *self._drop("hours", now - self.retention.hours * DAY_MS)]  # fmt: skip

    def _ages(self) -> dict[int, list[int]]:
        return self.retention.keys_by_age(self.known_points(), self.known_facts())

    def _longest(self) -> int:
        return max(self._ages(), default=self.retention.readings)

    def _drop(self, table: str, kept: int) -> list[str]:
        """Drop the months that end before ``kept`` [ms]."""
        done = []
        for month in sorted(month for month in self._months[table] if month.end <= kept):
            self._patiently(lambda month=month: self._drop_month(table, month))  # type: ignore[misc]
            done.append(f"{month} dropped: its {table} need not be kept any longer")
        return done

    def _drop_month(self, table: str, month: Month) -> None:
        if table == "hours":
            self.execute(f"DELETE FROM rolled WHERE start >= {month.begin} AND start < {month.end}")  # noqa: S608
        self.execute(f"DROP TABLE {month.name(table)}")
        self._months[table] -= {month}

    def _clear(self, now: int) -> list[str]:
        """Take the readings away of quantities that are not kept as long as others."""
        done = []
        longest = self._longest()
        for keep, points in sorted(self._ages().items()):
            if keep < longest:
                before = (now - keep * DAY_MS) // DAY_MS * DAY_MS
                keys = _array(points, "integer")
                sql = f"DELETE FROM readings WHERE time < {before} AND point = ANY({keys})"  # noqa: S608
                number = self._patiently(lambda sql=sql: self._change(sql))  # type: ignore[misc]
                if number:
                    done.append(f"{number} readings cleared that are kept for {keep} days")
        return done

    def _patiently(self, what: Callable[[], int | None]) -> int | None:
        """Do what may take long, unless others use what it needs."""
        with self.transaction():
            self.execute("SET LOCAL statement_timeout = 0")
            self.execute(f"SET LOCAL lock_timeout = {LOCK_MS}")
            done = what()
        self.forget_rolled()
        return done

    def close(self) -> None:
        """Let go of everything."""
        with self.writing:
            self._connections.close()


def _array(numbers: list[int], of: str) -> str:
    return f"'{{{','.join(map(str, numbers))}}}'::{of}[]"
