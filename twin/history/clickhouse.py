"""The historian in ClickHouse, for campuses past one machine.

Every table replaces: of the rows with the same key, the one that was inserted last counts, in each question at once
(``final``) and on the disk when ClickHouse merges. So whatever is written twice is there once.

There are no transactions. What belongs together is written in an order in which an end between any two writes loses
nothing and counts nothing twice: what says that there is something to do again (``dirty``) first, then the rows, and
last what says that they are there (the watermark, ``rolled``, ``days``). Who finds the last one missing does it all
again. What is taken away goes the other way round: ``rolled`` first, then the hours.

Readings have a partition a day, so that one that need not be kept any longer goes at once; in it they stand by point
and time within four hours: what was of all points at a time is a sixth of a day to be read, one point's day is six
places. Roll-ups have a partition a month, in which the days follow one another. Measured on
readings of one decimal that come 0 to 3 s late: times take 1.8 bytes as Delta and 2.6 as DoubleDelta, values 1.0 as
they are and 1.4 by Gorilla; a row takes 3.4.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from twin.history.calendar import DAY_MS, HOUR_MS
from twin.history.clickhouse_link import Link
from twin.history.columns import Rows
from twin.history.contract import READINGS, ROLLUPS, HistoryError
from twin.history.layout import day_text
from twin.history.months import Month
from twin.history.reads import Dialect
from twin.history.retention import Retention
from twin.history.store import VERSION, SqlStore, Step

SEAL_AFTER_MS = DAY_MS
"""A day's parts are merged so long after its end."""
MOST_DAYS = 4
"""Days merged or cleared at a time; whoever asks asks again."""

_TYPES = {"int32": "Int32", "int64": "Int64", "double": "Float64", "uint8": "UInt8", "string": "String"}
_MONTH = "toYYYYMM(fromUnixTimestamp64Milli(start, 'UTC'))"
_DELTA = " CODEC(Delta, ZSTD(1))"
_READING_ORDER = f"(intDiv(time, {4 * HOUR_MS}), point, time)"
_ROLLUP_ORDER = f"(intDiv(start, {DAY_MS}), point, start)"
_TABLES = (
    "names (kind String, key Int32, name String, quantity String, hold_ms Int64) "
    "ENGINE = ReplacingMergeTree ORDER BY (kind, key)",
    "meta (name String, value Int64) ENGINE = ReplacingMergeTree(value) ORDER BY name",
    "dirty (point Int32, start Int64) ENGINE = ReplacingMergeTree ORDER BY (point, start)",
    "rolled (start Int64) ENGINE = ReplacingMergeTree ORDER BY start",
    "events (time Int64, kind String, subject String, state String, detail String CODEC(ZSTD(1)), number Int64) "
    "ENGINE = MergeTree ORDER BY (time, number)",
)


class ClickHouseStore(SqlStore):
    """The history in the database that ``link`` leads to; its tables are made if they are not there."""

    dialect: Dialect = "clickhouse"

    def __init__(self, link: Link, zone: ZoneInfo, retention: Retention | None = None) -> None:
        super().__init__(zone)
        self.retention = retention or Retention()
        self._link = link
        self._number = 0
        self._closed = threading.Event()
        try:
            self._prepare()
        except BaseException:
            link.close()
            raise

    def _prepare(self) -> None:
        for table in _TABLES:
            self.execute(f"CREATE TABLE IF NOT EXISTS {table}")
        partition = f"intDiv(time, {DAY_MS})"
        self.execute(_create("readings", READINGS, {"value"}, ("point", "time", "delay"), partition, _READING_ORDER))
        # a null takes little, and what can be null is null where a point never spoke
        null = {name for name in ROLLUPS.names if name in ("mean", "low", "high") or name.startswith("last_")}
        for name in ("hours", "days"):
            self.execute(_create(name, ROLLUPS, null, ("point", "start", "last_time"), _MONTH, _ROLLUP_ORDER))
        found = self.meta("version")
        if found > VERSION:
            raise HistoryError(f"the history has version {found}, this program reads {VERSION}: update the program")
        if not found:
            self.set_meta("version", VERSION)
        self.read_known()

    # talking to ClickHouse

    def query(self, sql: str) -> pa.Table:
        """What ``sql`` answers; HistoryError where that cannot be."""
        if self._closed.is_set():
            raise HistoryError("the history is closed: open it again")
        answer = self._link.ask(sql)
        return pa.ipc.open_stream(answer).read_all() if answer else pa.table({})

    def execute(self, sql: str) -> None:
        """Do what ``sql`` says; HistoryError where that cannot be."""
        self.query(sql)

    def clear(self, name: str) -> None:
        """Take every row of a table away."""
        self.execute(f"TRUNCATE TABLE {name}")

    def insert(self, name: str, rows: pa.Table) -> None:
        """Add rows to a table."""
        if self._closed.is_set():
            raise HistoryError("the history is closed: open it again")
        if not len(rows):
            return
        if name == "events":
            rows = rows.append_column("number", self._numbers(len(rows)))
        buffer = pa.BufferOutputStream()
        with pa.ipc.new_stream(buffer, rows.schema) as stream:
            stream.write_table(rows.combine_chunks())
        self._link.put(name, buffer.getvalue().to_pybytes())

    def _numbers(self, n: int) -> pa.Array:
        """Numbers that rise with each event: which of those of the same millisecond came last."""
        first = max(self._number + 1, time.time_ns())
        self._number = first + n - 1
        return pa.array(np.arange(first, first + n), pa.int64())

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One writer at a time; the order of the writes does the rest."""
        with self.writing:
            yield

    def quoted(self, text: str) -> str:
        """A text as SQL; a backslash escapes here."""
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    def forget_points(self, ids: Sequence[str]) -> None:
        """Nothing: the new row takes the place of the old one, and there is no moment without."""

    # rows

    def keep_rows(self, rows: Rows, batch: int) -> None:
        """Add readings, by time; each (point, time) is there once among them."""
        self.insert("readings", rows.table())

    def keep_rollups(self, step: Step, rollups: pa.Table) -> None:
        """Add roll-ups, in place of those of the same point and start."""
        self.insert(f"{step}s", rollups)

    def readings_of(self, start: int, end: int) -> str:
        """The query of all readings from ``start`` to before ``end`` [ms], each (point, time) once."""
        return f"SELECT {', '.join(READINGS.names)} FROM readings WHERE time >= {start} AND time < {end}"  # noqa: S608

    def rollups_of(self, step: Step, start: int, end: int) -> str:
        """The query of all roll-ups that begin from ``start`` to before ``end`` [ms]."""
        return f"SELECT {', '.join(ROLLUPS.names)} FROM {step}s WHERE start >= {start} AND start < {end}"  # noqa: S608

    def groups_of(self, groups: pa.Table) -> str:
        """The query that answers the rows of ``groups``."""
        # two arrays are two words for ClickHouse; as many rows would be too many for its parser
        points, numbers = (",".join(map(str, groups.column(name).to_pylist())) for name in ("point", "group"))
        return (
            'SELECT pair.1 AS point, pair.2 AS "group" FROM (SELECT arrayJoin(arrayZip('  # noqa: S608
            f"CAST([{points}] AS Array(Int32)), CAST([{numbers}] AS Array(Int32)))) AS pair)"
        )

    # what there is

    def span(self) -> tuple[int, int] | None:
        """The times of the oldest and the newest row [ms]; None where there is none."""
        row = self.query("SELECT count() AS n, min(time) AS first, max(time) AS last FROM readings SETTINGS final = 0")
        found = row.to_pylist()[0]
        return (found["first"], found["last"]) if found["n"] else None

    def first_time(self, since: int) -> int | None:
        """The time of the first row from ``since`` on [ms]; None where there is none."""
        sql = f"SELECT count() AS n, min(time) AS first FROM readings WHERE time >= {since} SETTINGS final = 0"  # noqa: S608
        found = self.query(sql).to_pylist()[0]
        return int(found["first"]) if found["n"] else None

    # putting away

    def seal(self, now: int) -> list[str]:
        """Merge the days that are over for long enough, and drop what need not be kept; what was done, in words."""
        with self.writing:
            return [*self._drop_readings(now), *self._drop_hours(now), *self._merge(now)]

    def _parts(self, table: str) -> dict[int, int]:
        """How many parts each partition of a table has."""
        sql = (
            "SELECT partition_id AS id, count() AS parts FROM system.parts WHERE active AND "  # noqa: S608 # our own names
            f"database = currentDatabase() AND table = '{table}' GROUP BY id ORDER BY id"
        )
        return {int(row["id"]): row["parts"] for row in self.query(sql).to_pylist()}

    def _merge(self, now: int) -> list[str]:
        over = (now - SEAL_AFTER_MS) // DAY_MS
        due = [day for day, parts in self._parts("readings").items() if day < over and parts > 1]
        for day in due[:MOST_DAYS]:
            self.execute(f"OPTIMIZE TABLE readings PARTITION ID '{day}' FINAL")
        return [f"{day_text(day)} merged" for day in due[:MOST_DAYS]]

    def _drop_readings(self, now: int) -> list[str]:
        gone = self.retention.keys_by_age(self.known_points(), self.known_facts())
        done: list[str] = []
        for day in self._parts("readings"):
            age = (now - day * DAY_MS) // DAY_MS - 1
            points = sorted(key for keep, keys in gone.items() if keep <= age for key in keys)
            if not points or len(done) == MOST_DAYS:
                continue
            if len(points) == len(self.known_points()):
                self.execute(f"ALTER TABLE readings DROP PARTITION ID '{day}'")
                done.append(f"{day_text(day)} dropped: its readings need not be kept any longer")
            elif self._has(day, points):
                keys = ", ".join(map(str, points))
                self.execute(f"ALTER TABLE readings DELETE IN PARTITION ID '{day}' WHERE point IN ({keys})")
                done.append(f"{day_text(day)} cleared: the readings of {len(points)} points need not be kept longer")
        return done

    def _has(self, day: int, points: Sequence[int]) -> bool:
        """Whether a day has a row of any of some points."""
        keys = ", ".join(map(str, points))
        sql = (
            f"SELECT point FROM readings WHERE time >= {day * DAY_MS} AND time < {(day + 1) * DAY_MS} "  # noqa: S608
            f"AND point IN ({keys}) LIMIT 1 SETTINGS final = 0"
        )
        return bool(len(self.query(sql)))

    def _drop_hours(self, now: int) -> list[str]:
        """Drop the months of which no hour need be kept."""
        kept = now - self.retention.hours * DAY_MS
        done = []
        for digits in self._parts("hours"):
            month = Month.of_digits(str(digits))
            if month.end <= kept:
                # who finds an hour in 'rolled' counts from it: it goes before its rows do
                self.execute(f"ALTER TABLE rolled DELETE WHERE start >= {month.begin} AND start < {month.end}")
                self.forget_rolled()
                self.execute(f"ALTER TABLE hours DROP PARTITION ID '{digits}'")
                done.append(f"{month} dropped: its hours need not be kept any longer")
        return done

    def close(self) -> None:
        """Let go of everything."""
        with self.writing:
            if not self._closed.is_set():
                self._closed.set()
                self._link.close()


def _create(name: str, schema: pa.Schema, null: set[str], rising: Sequence[str], partition: str, order: str) -> str:
    columns = []
    for field in schema:
        type_ = _TYPES[str(field.type)]
        type_ = f"Nullable({type_})" if field.name in null else type_
        columns.append(f"{field.name} {type_}{_DELTA if field.name in rising else ' CODEC(ZSTD(1))'}")
    return (
        f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(columns)}) ENGINE = ReplacingMergeTree "
        f"PARTITION BY {partition} ORDER BY {order}"
    )
