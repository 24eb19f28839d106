"""The default historian: young days in DuckDB in the order in which they came, older ones in a Parquet file a day,
sorted by point and time. One folder, one process, no server.

Rows that come in order (newer than every other of their point) go to the day's own table, where nothing has to be
looked up; the others go to a table beside it, whose rows win. ``seal`` puts a day away: file beside, fsync, rename,
then one transaction that names the file and drops the tables. What is not named is no part of the history: wherever the
process ends, a day is in its tables or in its file, never in both, never in neither.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa

from twin.history import layout, packed, sealing
from twin.history.calendar import DAY_MS
from twin.history.columns import I64, Rows
from twin.history.contract import EVENTS, READINGS, ROLLUPS, HistoryError, HistoryFullError, HistoryMovedError, Keys
from twin.history.layout import Days, Kept, Sealed
from twin.history.migrate import migrate
from twin.history.names import NAMES
from twin.history.reads import Dialect
from twin.history.retention import Retention
from twin.history.store import DIRTY, STARTS, VERSION, SqlStore, Step

FILE = "history.duckdb"
MEMORY = "1GB"
THREADS = 2
FEW_POINTS = 200
META = pa.schema([("name", pa.string()), ("value", pa.int64())])
_SEALED = (
    "CREATE TABLE sealed (kept VARCHAR, day BIGINT, name VARCHAR, rows BIGINT, size BIGINT, first BIGINT, last BIGINT, "
    "number BIGINT, trimmed BIGINT)"
)
_TYPES = {
    "int32": "INTEGER", "int64": "BIGINT", "double": "DOUBLE", "uint8": "UTINYINT", "string": "VARCHAR",
}  # fmt: skip


class DuckDbStore(SqlStore):
    """The history in ``folder``, which is made if it is not there.

    HistoryError when another process has it, or a later version of this program wrote it.
    """

    dialect: Dialect = "duckdb"

    def __init__(self, folder: Path, zone: ZoneInfo, retention: Retention | None = None, memory: str = MEMORY) -> None:
        super().__init__(zone)
        self.folder = folder
        self.retention = retention or Retention()
        self._memory = memory
        self._local = threading.local()
        self._busy: duckdb.DuckDBPyConnection | None = None
        self._kept: dict[Kept, Days] = {"readings": Days(), "hours": Days()}
        self._changing = self._kept
        self._newest: I64 = np.zeros(0, np.int64)
        self.garbage: list[Path] = []
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._database = self._open()
        try:
            self._prepare()
        except BaseException:
            self._database.close()
            raise

    # opening

    def _open(self) -> duckdb.DuckDBPyConnection:
        config = {
            "threads": str(THREADS), "memory_limit": self._memory, "temp_directory": str(self.folder / "tmp"),
            # nothing is fetched from anywhere, and nothing but this folder is touched
            "autoinstall_known_extensions": "false", "autoload_known_extensions": "false",
        }  # fmt: skip
        try:
            return duckdb.connect(str(self.folder / FILE), config=config)  # type: ignore[arg-type]
        except duckdb.Error as error:
            if "lock" in str(error).lower():
                raise HistoryError(
                    f"the history in {self.folder} is in use by another process: one at a time may have it; "
                    "end the other one, or give this one another folder"
                ) from error
            raise _told(error, f"the history in {self.folder} cannot be opened") from error

    def _prepare(self) -> None:
        tables = {row["name"] for row in self.query("SELECT table_name AS name FROM duckdb_tables()").to_pylist()}
        if "meta" not in tables:
            self._create()
        migrate(self, VERSION)
        self._read_layout()
        self.read_known()
        self._read_newest()
        self._clean()

    def _create(self) -> None:
        with self.transaction():
            for name, schema in (("names", NAMES), ("meta", META), ("dirty", DIRTY), ("rolled", STARTS),
                                 ("events", EVENTS), ("days", ROLLUPS)):  # fmt: skip
                self.execute(_create(name, schema))
            self.execute(_SEALED)
            self.set_meta("version", VERSION)

    def _read_layout(self) -> None:
        tables = {row["name"] for row in self.query("SELECT table_name AS name FROM duckdb_tables()").to_pylist()}
        files = self.query("SELECT * FROM sealed").to_pylist()
        for kept in self._kept:
            sealed = {
                row["day"]: Sealed(**{k: row[k] for k in Sealed.__slots__}) for row in files if row["kept"] == kept
            }
            self._kept[kept] = Days(_days_of(tables, f"{kept}_"), _days_of(tables, f"late_{kept}_"), sealed)

    def _read_newest(self) -> None:
        """The newest time of each point: what is newer comes in order."""
        self._newest = np.full(len(self._hold), np.iinfo(np.int64).min, np.int64)
        for day in self._days["readings"].hot:
            name = layout.hot_table("readings", day)
            found = self.query(f"SELECT point, max(time) AS time FROM {name} GROUP BY point")  # noqa: S608
            point, time = (found.column(c).to_numpy() for c in ("point", "time"))
            self._newest[point] = np.maximum(self._newest[point], time)

    def _clean(self) -> None:
        """Files that nothing names: a process ended while it wrote them, or after others had taken their place."""
        named = set().union(*(days.files(self.folder) for days in self._days.values()))
        for kept in self._days:
            for path in (self.folder / kept).glob("*/*"):
                if path not in named:
                    path.unlink()

    # talking to DuckDB

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if self._busy is not None and getattr(self._local, "busy", False):
            return self._busy
        cursor: duckdb.DuckDBPyConnection | None = getattr(self._local, "cursor", None)
        if cursor is None or getattr(self._local, "of", None) is not self._database:
            cursor = self._database.cursor()
            self._local.cursor, self._local.of = cursor, self._database
        return cursor

    def query(self, sql: str) -> pa.Table:
        """What ``sql`` answers; HistoryError where that cannot be."""
        try:
            # not to_arrow_table: that held the event loop for 130 ms
            columns = self._cursor().execute(sql).fetchnumpy()
        except duckdb.Error as error:
            raise _told(error, "the history cannot answer") from error
        return pa.table({name: _array(values) for name, values in columns.items()})

    def stream(self, sql: str, rows: int) -> Iterator[pa.Table]:
        """What ``sql`` answers in pieces of at most ``rows`` rows."""
        try:
            for batch in self._cursor().sql(sql).to_arrow_reader(rows):
                yield pa.Table.from_batches([batch])
        except duckdb.Error as error:
            raise _told(error, "the history cannot answer") from error

    def execute(self, sql: str) -> None:
        """Do what ``sql`` says; HistoryError where that cannot be."""
        try:
            self._cursor().execute(sql)
        except duckdb.Error as error:
            raise _told(error, "the history cannot be written") from error

    def insert(self, name: str, rows: pa.Table) -> None:
        """Add rows to a table, their columns in the table's order."""
        if not len(rows):
            return
        cursor = self._cursor()
        try:
            cursor.register("incoming", rows)
            cursor.execute(f"INSERT INTO {name} SELECT * FROM incoming")  # noqa: S608 # our own names
            cursor.unregister("incoming")
        except duckdb.Error as error:
            raise _told(error, "the history cannot be written") from error

    def set_meta(self, name: str, value: int) -> None:
        """Keep a number under a name, in place of the one before."""
        with self.transaction():
            self.execute(f"DELETE FROM meta WHERE name = {self.quoted(name)}")  # noqa: S608
            super().set_meta(name, value)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing; a transaction within one is part of it."""
        with self.writing:
            if self._busy is not None:
                yield
                return
            newest = self._newest
            cursor = self._database.cursor()
            try:
                cursor.execute("BEGIN")
            except duckdb.Error as error:
                raise _told(error, "the history cannot be written") from error
            self._changing = dict(self._kept)
            self._busy, self._local.busy = cursor, True
            try:
                yield
                cursor.execute("COMMIT")
                self._kept = self._changing
            except BaseException as error:
                self._newest = newest
                self._give_up(cursor)
                if isinstance(error, duckdb.Error):
                    raise _told(error, "the history cannot be written") from error
                raise
            finally:
                self._busy, self._local.busy = None, False
                cursor.close()

    @property
    def _days(self) -> dict[Kept, Days]:
        """How the days are kept: for who is in the transaction as it will be, for others as it is."""
        return self._changing if self._busy is not None and getattr(self._local, "busy", False) else self._kept

    def _give_up(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Roll back; after an error that ends the database (no room for its log), open it again."""
        try:
            cursor.execute("ROLLBACK")
            self._database.execute("SELECT 1")
        except duckdb.Error:
            self._database.close()
            self._database = self._open()

    # rows

    def keep_rows(self, rows: Rows, batch: int) -> None:
        """Add readings, by time; each (point, time) is there once among them."""
        days = self._days["readings"]
        newest = np.full(max(len(self._hold), len(self._newest)), np.iinfo(np.int64).min, np.int64)
        newest[: len(self._newest)] = self._newest
        day = rows.time // DAY_MS
        put_away = np.isin(day, np.array(list(days.sealed), np.int64))
        ordered = (rows.time > newest[rows.point]) & ~put_away
        for which, in_order in ((ordered, True), (~ordered, False)):
            for each in np.unique(day[which]).tolist():
                self._keep_day(each, rows.take(which & (day == each)), batch if not in_order else None)
        np.maximum.at(newest, rows.point[ordered], rows.time[ordered])
        self._newest = newest

    def _keep_day(self, day: int, rows: Rows, late_batch: int | None) -> None:
        days, table = self._days["readings"], rows.table()
        if late_batch is None:
            name = layout.hot_table("readings", day)
            if day not in days.hot:
                self.execute(_create(name, READINGS))
                self._days["readings"] = days.with_hot(day)
        else:
            name = layout.late_table("readings", day)
            if day not in days.late:
                self.execute(_create(name, READINGS.append(pa.field("batch", pa.int64()))))
                self._days["readings"] = days.with_late(day)
            table = table.append_column("batch", pa.array(np.full(len(table), late_batch, np.int64)))
        self.insert(name, table)

    def readings_of(self, start: int, end: int) -> str:
        """The query of all readings from ``start`` to before ``end`` [ms], each (point, time) once."""
        days = self._days["readings"]
        parts = [self.readings_of_day(days, day, start, end) for day in days.within(start, end)]
        return " UNION ALL ".join(parts) or _empty(READINGS)

    def readings_of_day(self, days: Days, day: int, start: int, end: int) -> str:
        """The query of the readings of one day."""
        within = f"time >= {start} AND time < {end}"
        columns = ", ".join(READINGS.names)
        parts = []
        without = ""
        if day in days.late:
            name = layout.late_table("readings", day)
            without = f" AND NOT EXISTS (SELECT 1 FROM {name} l WHERE l.point = b.point AND l.time = b.time)"  # noqa: S608
            parts.append(
                f"SELECT {columns} FROM {name} WHERE {within} "  # noqa: S608
                "QUALIFY row_number() OVER (PARTITION BY point, time ORDER BY batch DESC) = 1"
            )
        if day in days.hot:
            parts.append(f"SELECT {columns} FROM {layout.hot_table('readings', day)} b WHERE {within}{without}")  # noqa: S608
        if day in days.sealed:
            told = packed.unpacked_sql(READINGS)
            file = self.quoted(str(self.folder / days.sealed[day].name))
            parts.append(f"SELECT {told} FROM read_parquet({file}) b WHERE {within}{without}")  # noqa: S608
        return " UNION ALL ".join(parts)

    # roll-ups

    def keep_rollups(self, step: Step, rollups: pa.Table) -> None:
        """Add roll-ups, in place of those of the same point and start."""
        if step == "day":
            self._replace("days", rollups)
            return
        start = rollups.column("start").to_numpy()
        for day in np.unique(start // DAY_MS).tolist():
            days = self._days["hours"]
            part = rollups.filter(pa.array(start // DAY_MS == day))
            late = day in days.sealed
            name = layout.late_table("hours", day) if late else layout.hot_table("hours", day)
            if day not in (days.late if late else days.hot):
                self.execute(_create(name, ROLLUPS))
                self._days["hours"] = days.with_late(day) if late else days.with_hot(day)
            self._replace(name, part)

    def _replace(self, name: str, rollups: pa.Table) -> None:
        cursor = self._cursor()
        cursor.register("replacing", rollups.select(["point", "start"]))
        self.execute(f"DELETE FROM {name} WHERE (point, start) IN (SELECT point, start FROM replacing)")  # noqa: S608
        cursor.unregister("replacing")
        self.insert(name, rollups)

    def rollups_of(self, step: Step, start: int, end: int) -> str:
        """The query of all roll-ups that begin from ``start`` to before ``end`` [ms]."""
        if step == "day":
            return "SELECT * FROM days"
        days = self._days["hours"]
        parts = [self.hours_of_day(days, day) for day in days.within(start, end)]
        return " UNION ALL ".join(parts) or _empty(ROLLUPS)

    def hours_of_day(self, days: Days, day: int) -> str:
        """The query of the hours of one day."""
        columns = ", ".join(ROLLUPS.names)
        parts = []
        without = ""
        if day in days.late:
            name = layout.late_table("hours", day)
            without = f" WHERE NOT EXISTS (SELECT 1 FROM {name} l WHERE l.point = b.point AND l.start = b.start)"  # noqa: S608
            parts.append(f"SELECT {columns} FROM {name}")  # noqa: S608
        if day in days.hot:
            parts.append(f"SELECT {columns} FROM {layout.hot_table('hours', day)}")  # noqa: S608
        if day in days.sealed:
            file = self.quoted(str(self.folder / days.sealed[day].name))
            parts.append(f"SELECT {packed.unpacked_sql(ROLLUPS)} FROM read_parquet({file}) b{without}")  # noqa: S608
        return " UNION ALL ".join(parts)

    def groups_of(self, groups: pa.Table) -> str:
        """The query that answers the rows of ``groups``."""
        self._cursor().register("asked_groups", groups)
        return "SELECT * FROM asked_groups"

    def points_of(self, points: Keys) -> str:
        """Points as what may stand in ``IN (...)``: ten thousand of them take longer to be read as text than found."""
        if len(points) <= FEW_POINTS:
            return super().points_of(points)
        self._cursor().register("asked_points", pa.table({"point": points}))
        return "SELECT point FROM asked_points"

    def events_of(self) -> str:
        """The query of all events with their ``number``: a table that only grows has them by its rows."""
        return "SELECT *, rowid AS number FROM events"

    # what there is

    def days(self, kept: Kept) -> Days:
        """How the days of a kind are kept now."""
        return self._days[kept]

    def set_days(self, kept: Kept, days: Days) -> None:
        """Keep them so from now on: within a transaction."""
        self._days[kept] = days

    def span(self) -> tuple[int, int] | None:
        """The times of the oldest and the newest row [ms]; None where there is none."""
        found = [edge for edge in (self._edge(min), self._edge(max)) if edge is not None]
        return (found[0], found[-1]) if found else None

    def _edge(self, which: Callable[..., int]) -> int | None:
        days = self._days["readings"]
        every = days.hot | days.late | set(days.sealed)
        if not every:
            return None
        day = which(every)
        found = self.query(
            f"SELECT {which.__name__}(time) AS time FROM ({self.readings_of_day(days, day, 0, 2**62)})"  # noqa: S608
        ).column("time")[0].as_py()  # fmt: skip
        return None if found is None else int(found)

    def first_time(self, since: int) -> int | None:
        """The time of the first row from ``since`` on [ms]; None where there is none."""
        days = self._days["readings"]
        for day in days.within(since, 2**62):
            found = self.query(
                f"SELECT min(time) AS time FROM ({self.readings_of_day(days, day, since, 2**62)})"  # noqa: S608
            ).column("time")[0].as_py()  # fmt: skip
            if found is not None:
                return int(found)
        return None

    def seal(self, now: int) -> list[str]:
        """Put away the days that are over for long enough, and drop what need not be kept; what was done, in words."""
        return sealing.seal(self, now)

    def close(self) -> None:
        """Let go of everything."""
        with self.writing:
            self._database.close()


def _create(name: str, schema: pa.Schema) -> str:
    columns = ", ".join(f"{field.name} {_TYPES[str(field.type)]}" for field in schema)
    return f"CREATE TABLE {name} ({columns})"


def _empty(schema: pa.Schema) -> str:
    columns = ", ".join(f"CAST(NULL AS {_TYPES[str(field.type)]}) AS {field.name}" for field in schema)
    return f"SELECT {columns} WHERE false"


def _days_of(tables: set[str], prefix: str) -> frozenset[int]:
    """The days that have a table whose name begins so."""
    ends = [name.removeprefix(prefix) for name in tables if name.startswith(prefix)]
    texts = [f"{end[:4]}-{end[4:6]}-{end[6:]}" for end in ends if end.isdigit()]
    return frozenset(np.array(texts, "datetime64[D]").astype(np.int64).tolist())


def _array(values: Any) -> pa.Array:
    if isinstance(values, np.ma.MaskedArray):
        return pa.array(np.ma.getdata(values), mask=np.ma.getmaskarray(values), from_pandas=False)
    return pa.array(values)


def _told(error: duckdb.Error, what: str) -> HistoryError:
    text = str(error).splitlines()[0]
    if isinstance(error, duckdb.CatalogException) or "No files found" in text:
        return HistoryMovedError(f"{what}: {text}")
    if "No space left" in str(error) or "ENOSPC" in str(error) or "Disk quota" in str(error):
        return HistoryFullError(f"{what}: there is no room left on its disk: make room, it goes on by itself ({text})")
    return HistoryError(f"{what}: {text}")
