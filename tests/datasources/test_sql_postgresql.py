"""Polls of a real PostgreSQL: watermarks, zones, types, killed connections, slow queries, writes, a wrong password."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import re
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from datasources import sql
from datasources.contract import MisconfiguredError, SourceError
from datasources.runner import SourceConfig, Supervisor
from tests.conftest import require
from tests.datasources.peers import Collector, point, until
from tests.datasources.pipeline import Pipeline
from tests.datasources.postgres import OWNER, OWNER_PASSWORD, Server, account
from twin.point import Point
from twin.reading import RawReading

pytestmark = [
    pytest.mark.postgresql,
    # SQLAlchemy does not close the cursor of a connection that died; psycopg remarks on that, and frees it all the same
    pytest.mark.filterwarnings("ignore:.*ServerCursor object .* was deleted while still open:ResourceWarning"),
]

NEW = "SELECT id, key, value, time FROM r WHERE id > :watermark ORDER BY id"
SECRET = "nonsense-of-the-test"


@pytest.fixture(scope="module")
def cluster(postgresql: Path) -> Iterator[Server]:
    require(os.getuid() != 0 or account(), "PostgreSQL refuses root, and there is no account postgres or nobody")
    server = Server(postgresql)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def server(cluster: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The cluster with an empty database; the account is the superuser: its rights would let it write."""
    monkeypatch.setenv("TEST_PASSWORD", OWNER_PASSWORD)
    monkeypatch.setenv("TEST_WRONG", SECRET)
    with closing(cluster.owner("postgres")) as connection:
        connection.execute("DROP DATABASE IF EXISTS meters WITH (FORCE)")
        connection.execute("CREATE DATABASE meters")
    with closing(cluster.owner()) as connection:
        connection.execute("CREATE TABLE r (id bigserial PRIMARY KEY, key text, value numeric, time timestamptz)")
    return cluster


def settings_of(server: Server, password: str = "TEST_PASSWORD", **queries: dict[str, Any]) -> dict[str, Any]:
    url = f"postgresql+psycopg://{OWNER}@127.0.0.1:{server.port}/meters"
    return {"url": url, "password": {"env": password}, "queries": queries}


def database(server: Server, password: str = "TEST_PASSWORD") -> sql.Database:
    return sql.Database(sql.Settings.model_validate(settings_of(server, password, q={"sql": "SELECT 1"})))


def add(server: Server, *rows: tuple[str, object, str]) -> None:
    with closing(server.owner()) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO r (key, value, time) VALUES (%s, %s, %s)", rows)


def one(server: Server, question: str) -> Any:
    with closing(server.owner()) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def read(server: Server, query: str, **more: Any) -> list[RawReading]:
    asked = sql.Query(sql=query, **more)
    columns, rows = database(server).rows(asked, asked.start)
    return sql.Rows("q", asked).readings(columns, rows, 9.0)[0]


@asynccontextmanager
async def polling(server: Server, settings: dict[str, Any], point_: Point) -> AsyncIterator[Collector]:
    """Poll; afterwards no connection is left: a poll that was begun may end by itself, in its thread."""
    collector = Collector()
    task = asyncio.create_task(collector.follow(sql.batches(sql.Settings.model_validate(settings), [point_])))
    try:
        yield collector
    finally:
        task.cancel()
        await asyncio.wait({task})
    await nobody_is_connected(server)


async def nobody_is_connected(server: Server) -> None:
    open_now = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'meters' AND pid <> pg_backend_pid()"
    await until(lambda: one(server, open_now) == 0, 3.0, "a connection is left")


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("query", "more"),
    [
        (NEW, {"start": 0, "watermark": "id"}),
        ("SELECT key, value, time FROM r WHERE time > :watermark ORDER BY time", {"start": "2026-01-01T00:00:00Z"}),
    ],
    ids=["number", "time"],
)
async def test_each_row_comes_once_and_new_ones_follow(server: Server, query: str, more: dict[str, Any]) -> None:
    add(server, *(("a", n, f"2026-03-01 12:00:0{n}+08") for n in range(5)))
    settings = settings_of(server, q={"sql": query, "max_rows": 2, **more})
    async with polling(server, settings, point("q#a")) as found:
        await until(lambda: len(found.readings) >= 5)
        add(server, ("a", 5, "2026-03-01 12:00:05.5+08"))
        await until(lambda: len(found.readings) >= 6)
        await asyncio.sleep(0.6)  # three polls that must bring nothing
    noon = datetime(2026, 3, 1, 4, tzinfo=UTC).timestamp()
    rows = [(row.value, (row.time or 0) - noon) for row in found.readings]
    assert rows == [(0.0, 0), (1.0, 1), (2.0, 2), (3.0, 3), (4.0, 4), (5.0, 5.5)]


def test_times_are_of_their_zone(server: Server) -> None:
    """The server's own zone is New York's, which nothing may show."""
    query = """
        SELECT * FROM (VALUES
            ('with', 1, timestamptz '2026-07-01 12:00:00+08'),
            ('utc', 1, timestamptz '2026-07-01 04:00:00Z')) AS t (key, value, time)
        """
    moment = datetime(2026, 7, 1, 4, tzinfo=UTC).timestamp()
    assert {row.time for row in read(server, query, timezone="Europe/Berlin")} == {moment}
    local = "SELECT 'naive' AS key, 1 AS value, timestamp '2026-07-01 06:00:00' AS time"
    assert [row.time for row in read(server, local, timezone="Europe/Berlin")] == [moment]
    day = "SELECT 'day' AS key, 1 AS value, date '2026-07-01' AS time"
    assert [row.time for row in read(server, day, timezone="Asia/Shanghai")] == [moment - 12 * 3600]
    epochs = "SELECT 'epoch' AS key, 1 AS value, extract(epoch FROM timestamptz '2026-07-01 04:00:00Z') AS time"
    assert [row.time for row in read(server, epochs, timezone="Asia/Shanghai")] == [moment]
    text = "SELECT 'text' AS key, 1 AS value, '2026-07-01T12:00:00+08:00' AS time"
    assert [row.time for row in read(server, text)] == [moment]
    clock = "SELECT 'clock' AS key, 1 AS value, time '06:00' AS time"
    assert [row.bad for row in read(server, clock)] == ["its time cannot be read"]


def test_a_time_that_python_does_not_know_costs_its_own_row_only(server: Server) -> None:
    query = """
        SELECT * FROM (VALUES ('never', 1, timestamptz 'infinity'), ('old', 1, timestamptz '0044-03-15 BC'),
            ('good', 2, timestamptz '2026-07-01 04:00:00Z'), ('far', 1, timestamptz '20000-01-01'))
        AS t (key, value, time)
        """
    rows = {row.address: (row.value, row.bad) for row in read(server, query)}
    unread = (None, "its time cannot be read")
    assert rows == {"q#never": unread, "q#old": unread, "q#good": (2, ""), "q#far": unread}
    local = "SELECT 'a' AS key, 1 AS value, t AS time FROM (VALUES (timestamp '-infinity')) AS x (t)"
    assert [row.bad for row in read(server, local)] == ["its time cannot be read"]
    day = "SELECT 'a' AS key, 1 AS value, date 'infinity' AS time"
    assert [row.bad for row in read(server, day)] == ["its time cannot be read"]


def test_the_hour_that_comes_twice_goes_on(server: Server) -> None:
    query = "SELECT 'a' AS key, 1 AS value, t AS time FROM unnest('{02:00,02:30,02:00,02:30,03:00}'::text[]) AS x (c)"
    query += ", LATERAL (SELECT ('2026-10-25 ' || c)::timestamp) AS y (t)"
    begin = datetime(2026, 10, 25, 0, tzinfo=UTC).timestamp()
    times = [((row.time or 0) - begin) / 60 for row in read(server, query, timezone="Europe/Berlin")]
    assert times == [0, 30, 60, 90, 120]


@pytest.mark.parametrize(
    ("value", "gives"),
    [
        ("123456789.125::numeric(20,3)", 123456789.125),
        ("0.1::numeric", 0.1),
        ("7::smallint", 7),
        ("9007199254740993::bigint", 9007199254740993),
        ("1.5::real", 1.5),
        ("2.5::float8", 2.5),
        ("true", True),
        ("'on'::text", "on"),
        ("NULL::numeric", None),
    ],
)
def test_values_of_every_type(server: Server, value: str, gives: object) -> None:
    (row,) = read(server, f"SELECT 'a' AS key, {value} AS value, NULL::timestamptz AS time")
    assert (row.address, row.value, row.bad, row.time) == ("q#a", gives, "", None)
    assert type(row.value) is type(gives)


@pytest.mark.parametrize("value", [r"'\x00'::bytea", "interval '1 h'", "'{1,2}'::int[]", "'{}'::jsonb"])
def test_what_is_no_single_value_is_bad(server: Server, value: str) -> None:
    (row,) = read(server, f"SELECT 'a' AS key, {value} AS value, NULL::timestamptz AS time")
    assert (row.value, row.bad) == (None, "not a single value")


def test_a_key_that_is_null_is_bad_and_no_name(server: Server) -> None:
    (row,) = read(server, "SELECT NULL AS key, 1 AS value, now() AS time")
    assert (row.address, row.bad) == ("q#", "its key is NULL")


@pytest.mark.asyncio
async def test_what_is_no_number_reaches_no_total(server: Server) -> None:
    add(server, ("nan", "NaN", "2026-03-01Z"), ("inf", "Infinity", "2026-03-01Z"), ("good", "1.5", "2026-03-01Z"))
    wanted = [
        Point(name, "A/1/101", "power", "W", interval_s=0.2, source="s", address=f"q#{name}")
        for name in ("nan", "inf", "good")
    ]
    pipeline = Pipeline("sql", wanted, settings_of(server, q={"sql": NEW, "start": 0, "watermark": "id"}))
    await pipeline.supervisor.start()
    try:
        await until(lambda: len(pipeline.readings) >= 3)
        assert [pipeline.value(row.id) for row in wanted] == [None, None, 0.0015], "in kW"
        assert pipeline.ingest.counts["s"].bad == 2
    finally:
        await pipeline.supervisor.stop()


@pytest.mark.asyncio
async def test_a_connection_that_is_killed_is_begun_anew_and_nothing_is_missed(server: Server) -> None:
    slow = """
        SELECT found.* FROM (SELECT pg_sleep(0.3)::text AS done OFFSET 0) AS wait,
        LATERAL (SELECT * FROM r WHERE id > :watermark AND wait.done IS NOT NULL ORDER BY id OFFSET 0) AS found
        """
    settings = settings_of(server, q={"sql": slow, "start": 0, "watermark": "id"})
    add(server, ("a", 1, "2026-03-01 12:00:01Z"))
    kill = ("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = 'meters' AND state = 'active' AND query LIKE 'FETCH%'")  # fmt: skip
    async with polling(server, settings, point("q#a")) as found:
        await until(lambda: found.value("q#a") == 1)
        await until(lambda: one(server, kill) == 1)
        await until(lambda: found.states("q") == ["down"])
        assert re.search("terminating connection|server closed the connection", found.reports[-1].reason)
        add(server, ("a", 2, "2026-03-01 12:00:02Z"))
        await until(lambda: found.states("q") == ["down", "live"])
        await until(lambda: found.value("q#a") == 2)
    assert [row.value for row in found.readings] == [1, 2]


@pytest.mark.asyncio
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
async def test_a_server_that_goes_and_comes_back_is_found_within_ten_seconds(
    server: Server, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []
    asked = sql.Database.rows

    def counted(self: sql.Database, *args: Any) -> Any:
        tries.append(time.monotonic())
        return asked(self, *args)

    monkeypatch.setattr(sql.Database, "rows", counted)
    add(server, ("a", 1, "2026-03-01 12:00:01Z"))
    settings = settings_of(server, q={"sql": NEW, "start": 0, "watermark": "id"})
    async with polling(server, settings, point("q#a", interval_s=0.1)) as found:
        await until(lambda: found.value("q#a") == 1)
        server.end(how)
        try:
            await until(lambda: found.states("q") == ["down"])
            tries.clear()
            await asyncio.sleep(6.0)
            apart = [later - earlier for earlier, later in itertools.pairwise(tries)]
        finally:
            server.start()
        begun = time.monotonic()
        add(server, ("a", 2, "2026-03-01 12:00:02Z"))
        await until(lambda: found.value("q#a") == 2, 10.0, "not back within 10 s")
        assert found.states("q") == ["down", "live"]
        assert time.monotonic() - begun < 10
    assert tries
    assert all(gap > 0.7 for gap in apart), apart
    assert len(apart) < 2 or apart[-1] > 1.3 * apart[0], "it backs off"
    assert [row.value for row in found.readings] == [1, 2]


@pytest.mark.asyncio
async def test_a_slow_query_is_cut_and_no_other_waits(server: Server) -> None:
    add(server, ("a", 1, "2026-03-01 12:00:01Z"))
    slow = "SELECT 'a' AS key, 1 AS value, now() AS time FROM pg_sleep(60)"
    good = {"sql": "SELECT key, value, now() AS time FROM r"}
    came: dict[str, list[float]] = {}
    reasons: list[str] = []
    sources = [
        SourceConfig("mixed", "sql", settings_of(server, slow={"sql": slow, "timeout_s": 0.5}, good=good)),
        SourceConfig("other", "sql", settings_of(server, good=good)),
    ]
    wanted = [
        Point(f"{source}-{query}", "A", "power", "W", interval_s=0.1, source=source, address=f"{query}#a")
        for source, query in (("mixed", "slow"), ("mixed", "good"), ("other", "good"))
    ]
    supervisor = Supervisor(sources, wanted, lambda name, _: came.setdefault(name, []).append(time.monotonic()))
    await supervisor.start()
    try:
        await until(lambda: len(came.get("mixed", [])) > 20 and len(came.get("other", [])) > 20, 15.0)
        reasons = [row.reason for row in supervisor.states()]
    finally:
        await supervisor.stop()
    assert reasons[0].startswith("values arrive, but not from slow (no answer within 0.5 s"), reasons
    assert reasons[1] == "values arrive"
    for times in came.values():
        assert max(later - earlier for earlier, later in itertools.pairwise(times)) < 1.0
    await nobody_is_connected(server)


def test_a_query_that_runs_too_long_is_called_off(server: Server) -> None:
    begin = time.monotonic()
    with pytest.raises(SourceError, match=r"no answer within 0\.3 s: the query was called off"):
        database(server).rows(sql.Query(sql="SELECT pg_sleep(60)", timeout_s=0.3), None)
    assert time.monotonic() - begin < 3


def test_no_more_rows_are_fetched_than_are_taken(server: Server) -> None:
    """A hundred thousand rows of 20 ms each: only a server that hands over row by row answers in time."""
    query = "SELECT n FROM generate_series(1, 100000) AS n, LATERAL (SELECT pg_sleep(0.02 + 0 * n)) AS wait"
    columns, rows = database(server).rows(sql.Query(sql=query, max_rows=5, timeout_s=5), None)
    assert (columns, len(rows)) == (["n"], 6)


@pytest.mark.parametrize(
    "writes",
    [
        "DELETE FROM r",
        "INSERT INTO r (key) VALUES ('x') RETURNING key",
        "WITH gone AS (DELETE FROM r RETURNING key) SELECT key FROM gone",
        "CREATE TABLE other (a int)",
        "COMMIT; DELETE FROM r; COMMIT",
        "SELECT 1; COMMIT; DELETE FROM r",
        "SELECT wipe()",
        "SELECT nextval('r_id_seq')",
        "SET TRANSACTION READ WRITE",
    ],
)
def test_no_query_writes(server: Server, writes: str) -> None:
    add(server, ("a", 1, "2026-03-01 12:00:01Z"))
    with closing(server.owner()) as connection:
        connection.execute("CREATE FUNCTION wipe() RETURNS int LANGUAGE sql AS 'DELETE FROM r; SELECT 1'")
    state = "SELECT (SELECT count(*) FROM r) || '/' || (SELECT count(*) FROM pg_tables WHERE schemaname = 'public')"
    state += " || '/' || (SELECT last_value FROM r_id_seq)"
    before = one(server, state)
    with pytest.raises(MisconfiguredError, match=r"it must be (a|one) SELECT"):
        database(server).rows(sql.Query(sql=writes), None)
    assert one(server, state) == before == "1/1/1"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda url: url.replace("/meters", "/nowhere"), "refuses the sign-in: .*nowhere.* does not exist"),
        (lambda url: url.replace(OWNER, "somebody"), "refuses the sign-in: .*authentication failed"),
    ],
)
def test_what_stands_wrong_in_the_address_is_misconfigured(
    server: Server, change: Callable[[str], str], says: str
) -> None:
    settings = settings_of(server, q={"sql": "SELECT 1"})
    wrong = sql.Settings.model_validate({**settings, "url": change(settings["url"])})
    with pytest.raises(MisconfiguredError, match=says):
        sql.Database(wrong).rows(wrong.queries["q"], None)


@pytest.mark.asyncio
async def test_a_wrong_password_is_told_without_it_and_does_not_storm(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    before = server.connections()
    wanted = [Point("p", "A/1/101", "power", "W", interval_s=0.1, source="s", address="q#a")]
    pipeline = Pipeline("sql", wanted, settings_of(server, "TEST_WRONG", q={"sql": "SELECT 1"}))
    await pipeline.supervisor.start()
    try:
        await until(lambda: pipeline.state() == "misconfigured")
        await asyncio.sleep(3.0)
        state = pipeline.supervisor.states()[0]
    finally:
        await pipeline.supervisor.stop()
    assert "the database refuses the sign-in" in state.reason
    assert "password authentication failed" in state.reason
    assert [row.state for row in state.targets] == ["misconfigured"]
    assert SECRET not in repr(state)
    assert SECRET not in caplog.text
    assert server.connections() - before == 1, "asked once a minute"


@pytest.mark.asyncio
async def test_discover_lists_the_keys(server: Server) -> None:
    add(server, ("a", 1, "2026-03-01Z"), ("b", 2, "2026-03-01Z"), ("a", 3, "2026-03-02Z"))
    settings = settings_of(server, q={"sql": NEW, "start": 0, "watermark": "id"})
    found = await sql.discover(sql.Settings.model_validate(settings), 5)
    assert [(row.address, row.value) for row in found] == [("q#a", 3.0), ("q#b", 2.0)]
