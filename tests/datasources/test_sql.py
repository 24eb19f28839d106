"""Polls of a real SQLite file: watermarks, times of a zone, the hour that comes twice, refusals, a slow query."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from contextlib import aclosing, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from datasources import sql, sql_limits
from datasources.contract import MisconfiguredError, SourceError, TargetReport
from twin.point import Point
from twin.reading import RawReading

NEW = "SELECT id, key, value, time FROM r WHERE id > :watermark ORDER BY id"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "meters.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE r (id INTEGER PRIMARY KEY, key TEXT, value, time TEXT)")
        connection.commit()
    return path


def add(base: Path, *rows: tuple[str, object, str | None]) -> None:
    with closing(sqlite3.connect(base)) as connection:
        connection.executemany("INSERT INTO r (key, value, time) VALUES (?, ?, ?)", rows)
        connection.commit()


def configured(base: Path, **queries: dict[str, object]) -> sql.Settings:
    return sql.Settings.model_validate({"url": f"sqlite:///{base}", "queries": queries})


def points(*addresses: str) -> list[Point]:
    return [Point(f"p{n}", "A", "power", "W", interval_s=0.1, source="s", address=a) for n, a in enumerate(addresses)]


async def until(
    settings: sql.Settings,
    wanted: list[Point],
    enough: Callable[[list[RawReading], list[TargetReport]], bool],
    step: Callable[[], None] | None = None,
) -> tuple[list[RawReading], list[TargetReport]]:
    """What comes until it is ``enough``; ``step`` is done once, after the first readings."""
    readings: list[RawReading] = []
    reports: list[TargetReport] = []
    async with asyncio.timeout(6), aclosing(sql.batches(settings, wanted)) as stream:  # type: ignore[type-var]
        async for item in stream:
            if isinstance(item, TargetReport):
                reports.append(item)
            else:
                readings += item
            if readings and step:
                step()
                step = None
            if enough(readings, reports):
                return readings, reports
    raise AssertionError("the stream ended")


@pytest.mark.asyncio
async def test_each_row_comes_once_and_new_ones_follow(base: Path) -> None:
    add(base, ("a", 1.5, "2026-03-01 12:00:00"), ("b", "on", "2026-03-01T12:00:00+00:00"), ("c", None, None))
    settings = configured(
        base, q={"sql": NEW, "start": 0, "watermark": "id", "timezone": "Asia/Shanghai", "max_rows": 2}
    )
    wanted = points("q#a", "q#b", "q#")
    found, _ = await until(settings, wanted, lambda rows, _: len([r for r in rows if not r.bad]) >= 4,
                           lambda: add(base, ("a", 2, "2026-03-01 12:01:00")))  # fmt: skip
    rows = [(row.address, row.value, row.time) for row in found if not row.bad]
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
    assert rows == [
        ("q#a", 1.5, noon - 8 * 3600),
        ("q#b", "on", noon),
        ("q#c", None, None),
        ("q#a", 2, noon - 8 * 3600 + 60),
    ]
    assert "stands the key" in next(row.bad for row in found if row.bad)


def test_the_hour_that_comes_twice_goes_on(base: Path) -> None:
    texts = ["01:30", "02:00", "02:30", "02:00", "02:30", "02:30", "03:00"]
    rows = sql.Rows("q", sql.Query(sql="SELECT 1", timezone="Europe/Berlin"))
    table = [("a", 1, f"2026-10-25 {text}:00") for text in texts]
    found, _ = rows.readings(["key", "value", "time"], table, 0)
    begin = datetime(2026, 10, 24, 23, 30, tzinfo=UTC).timestamp()
    assert [((row.time or 0) - begin) / 60 for row in found] == [0, 30, 60, 90, 120, 120, 150]


def test_what_is_no_time_or_value_is_bad() -> None:
    rows = sql.Rows("q", sql.Query(sql="SELECT 1"))
    found, _ = rows.readings(
        ["key", "value", "time"], [("a", 1, "soon"), ("b", b"x", 1500000000), ("c", 1, "1500000000")], 9
    )
    assert [(row.bad, row.time) for row in found] == [
        ("its time cannot be read", None), ("not a single value", 1500000000), ("", 1500000000)]  # fmt: skip


@pytest.mark.asyncio
async def test_one_query_fails_and_the_others_go_on(base: Path) -> None:
    add(base, ("a", 1, "2026-03-01 12:00:00"))
    slow = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000000) "
            "SELECT 'a' AS key, count(*) AS value FROM n")  # fmt: skip
    settings = configured(
        base, good={"sql": "SELECT key, value, time FROM r"}, table={"sql": "SELECT * FROM nowhere"},
        column={"sql": "SELECT key, value FROM r"}, slow={"sql": slow, "time": "", "timeout_s": 0.1},
        write={"sql": "DELETE FROM r", "time": ""}, many={"sql": "SELECT * FROM r, (SELECT 1 UNION SELECT 2)", "max_rows": 1},  # noqa: E501
    )  # fmt: skip
    wanted = points(*(f"{name}#a" for name in settings.queries))
    found, reports = await until(
        settings, wanted, lambda rows, reps: len({r.target for r in reps}) >= 5 and len(rows) > 5
    )
    reasons = {row.target: f"{row.state}: {row.reason}" for row in reversed(reports)}
    assert reasons["table"].startswith("misconfigured: the query cannot be run: no such table")
    assert "no column 'time'" in reasons["column"]
    assert reasons["slow"].startswith("down: no answer within 0.1 s")
    assert reasons["write"].startswith("misconfigured: the query would change data")
    assert "more than 1 rows" in reasons["many"]
    assert {row.address for row in found} == {"good#a"}
    with closing(sqlite3.connect(base)) as connection:
        assert connection.execute("SELECT count(*) FROM r").fetchone() == (1,)


def test_a_query_that_runs_too_long_is_called_off(base: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    database = sql.Database(configured(base, q={"sql": endless}))
    begin = time.monotonic()
    with pytest.raises(SourceError, match=r"no answer within 0\.3 s: the query was called off"):
        database.rows(sql.Query(sql=endless, timeout_s=0.3), None)
    assert 0.2 < time.monotonic() - begin < 3
    assert database.rows(sql.Query(sql="SELECT 1 AS a"), None) == (["a"], [(1,)]), "the next is not touched"


@pytest.mark.parametrize(
    "writes",
    ["DELETE FROM r", "INSERT INTO r (key) VALUES ('x') RETURNING key", "CREATE TABLE other (a)", "DROP TABLE r"],
)
def test_no_query_writes(base: Path, writes: str) -> None:
    before = base.read_bytes()
    database = sql.Database(configured(base, q={"sql": writes}))
    with pytest.raises(MisconfiguredError, match="would change data, which is refused: it must be a SELECT"):
        database.rows(sql.Query(sql=writes), None)
    assert base.read_bytes() == before


def test_a_file_of_any_name_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "电 表 #1?mode=rwc%.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE r (a)")
    url = sa.URL.create("sqlite", database=str(path))
    assert sql_limits.for_reading(url).query["mode"] == "ro"
    with sa.create_engine(sql_limits.for_reading(url)).connect() as connected:
        assert connected.exec_driver_sql("SELECT count(*) FROM r").scalar() == 0


def test_what_each_kind_of_database_is_told() -> None:
    told = sql_limits.statements
    assert told("postgresql", 1.5) == ["SET TRANSACTION READ ONLY", "SET LOCAL statement_timeout = 1500"]
    assert told("mysql", 2) == ["SET SESSION TRANSACTION READ ONLY", "SET SESSION max_execution_time = 2000"]
    assert told("mysql", 2, mariadb=True)[1] == "SET SESSION max_statement_time = 2"
    assert told("mssql", 2) == []
    assert sql_limits.arguments(sa.make_url("postgresql+psycopg://h/d"))["connect_timeout"] == 10
    assert sql_limits.arguments(sa.make_url("sqlite:///x")) == {}


class RefusalError(Exception):
    sqlstate = ""


@pytest.mark.parametrize(
    ("code", "kind", "says"),
    [
        ("28P01", MisconfiguredError, "refuses the sign-in"),
        ("25006", MisconfiguredError, "would change data"),
        ("57014", SourceError, "no answer within 2 s"),
        ("08006", SourceError, "the database: words"),
    ],
)
def test_what_postgresql_says_is_told(code: str, kind: type[SourceError], says: str) -> None:
    origin = RefusalError("words")
    origin.sqlstate = code
    failed = sql_limits.failure(sa.exc.OperationalError("SELECT 1", None, origin), "words", 2)
    assert type(failed) is kind
    assert says in str(failed)


class Refused:
    """What psycopg leaves of a connection that failed."""

    def __init__(self, needs: bool = False, used: bool = False) -> None:
        self.needs_password, self.used_password = needs, used


@pytest.mark.parametrize(
    ("connection", "words", "refused"),
    [
        (Refused(used=True), 'port 5432 failed: 致命错误:  用户 "reader" Password 认证失败', True),
        (Refused(used=True), 'port 5432 failed: FATAL:  database "x" does not exist', True),
        (Refused(needs=True), "port 5432 failed: fe_sendauth: no password supplied", True),
        (Refused(), 'port 5432 failed: 致命错误:  没有用于主机 "10.0.0.1" 的 pg_hba.conf 记录', True),
        (Refused(used=True), 'port 5432 failed: FATAL:  too many connections for role "reader"', False),
        (Refused(used=True), "port 5432 failed: server closed the connection unexpectedly", False),
        (Refused(), "port 5432 failed: FATAL:  the database system is starting up", False),
        (Refused(), "port 5432 failed: Connection refused", False),
    ],
)
def test_a_connection_of_postgresql_that_is_refused_tells_no_code(
    connection: Refused, words: str, refused: bool
) -> None:
    origin = RefusalError(words)
    origin.pgconn = connection  # type: ignore[attr-defined]
    failed = sql_limits.failure(sa.exc.OperationalError("SELECT 1", None, origin), words, 2)
    assert isinstance(failed, MisconfiguredError) is refused
    assert words in str(failed)


def test_a_driver_that_is_not_there_is_named() -> None:
    with pytest.raises(MisconfiguredError, match=r"driver of 'oracle\+cx_oracle' cannot be used: install it"):
        sql.Database(sql.Settings.model_validate({"url": "oracle+cx_oracle://h/d", "queries": {"q": {"sql": "x"}}}))


@pytest.mark.asyncio
async def test_no_file_is_made_and_no_secret_is_missing_silently(base: Path) -> None:
    gone = base.with_name("gone.db")
    with pytest.raises(MisconfiguredError, match="no database file"):
        await until(configured(gone, q={"sql": "SELECT 1"}), points("q#a"), lambda *_: True)
    assert not gone.exists()
    settings = sql.Settings.model_validate(
        {"url": "sqlite://", "password": {"env": "NOT_SET_ANYWHERE"}, "queries": {"q": {"sql": "SELECT 1"}}})  # fmt: skip  # noqa: E501
    with pytest.raises(MisconfiguredError, match="NOT_SET_ANYWHERE"):
        sql.Database(settings)


@pytest.mark.asyncio
async def test_discover_lists_the_keys(base: Path) -> None:
    add(base, ("a", 1, None), ("b", 2, None), ("a", 3, None))
    found = await sql.discover(configured(base, q={"sql": NEW, "start": 0, "watermark": "id"}), 5)
    assert [(row.address, row.value) for row in found] == [("q#a", 3), ("q#b", 2)]


@pytest.mark.parametrize("wrong", [{"url": "postgresql://u:p@h/d"}, {"url": "no"}, {"queries": {}},
                                   {"queries": {"q": {"sql": NEW}}}])  # fmt: skip
def test_settings_that_cannot_work(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        sql.Settings.model_validate({"url": "sqlite:///x", "queries": {"q": {"sql": "SELECT 1"}}, **wrong})
