"""What is PostgreSQL's own: servers that end and come back, refuse, may only be read, or have no room."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import closing
from zoneinfo import ZoneInfo

import numpy as np
import psycopg
import pytest

from tests.datasources.postgres import OWNER, OWNER_PASSWORD, Server
from tests.twin.history.engines import postgresql_url
from tests.twin.history.oracle import HOUR, Row, readings, rows_of
from twin.history import postgres, postgres_link
from twin.history.calendar import DAY_MS
from twin.history.contract import HistoryError, HistoryFullError, KeptPoint
from twin.history.postgres import PostgresStore
from twin.history.postgres_link import Connections
from twin.history.retention import Retention

pytestmark = pytest.mark.postgresql
T0 = 1_795_737_600_000
ZONE = ZoneInfo("Asia/Shanghai")
POINTS = [KeptPoint("a", "power", 300.0), KeptPoint("b", "motion", 300.0)]


def store_of(url: str, retention: Retention | None = None) -> PostgresStore:
    return PostgresStore(Connections(url, OWNER_PASSWORD), ZONE, retention)


@pytest.fixture
def url(cluster: Server) -> str:
    return postgresql_url(cluster)


@pytest.fixture
def store(url: str) -> Iterator[PostgresStore]:
    store = store_of(url)
    store.keys(POINTS)
    store.append(readings([Row(0, T0, 1.0), Row(1, T0, 1.0)]), 1)
    yield store
    store.close()


def as_owner(url: str, *statements: str) -> None:
    with closing(psycopg.connect(url, password=OWNER_PASSWORD, autocommit=True)) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_server_that_comes_back_is_found_again(cluster: Server, store: PostgresStore, how: signal.Signals) -> None:
    assert len(store.last()) == 2
    cluster.end(how)
    try:
        with pytest.raises(HistoryError, match="is not to be reached: see whether the server runs"):
            store.last()
        with pytest.raises(HistoryError, match="is not to be reached"):
            store.append(readings([Row(0, T0 + 1, 2.0)]), 2)
    finally:
        cluster.start()
    store.append(readings([Row(0, T0 + 1, 2.0), Row(0, T0, 5.0)]), 2)
    assert [row.value for row in rows_of(store.rows(None, 0, 2**60))] == [5.0, 2.0, 1.0]
    assert store.watermark() == 2


def test_connections_that_are_killed_are_opened_again(cluster: Server, store: PostgresStore) -> None:
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'campus-twin'"
    store.last()
    with pytest.raises(HistoryError, match="is not to be reached"), store.transaction():  # noqa: PT012 # as below
        with closing(cluster.owner("postgres")) as connection:
            connection.execute(kill)
        store.last()
    assert len(store.last()) == 2
    store.append(readings([Row(0, T0 + 1, 2.0)]), 2)
    assert store.watermark() == 2


def test_one_process_at_a_time_writes(store: PostgresStore, url: str) -> None:
    with pytest.raises(HistoryError, match="in use by another process: one at a time"):
        store_of(url)
    store.close()
    store_of(url).close()


def test_a_later_version_is_left_alone(store: PostgresStore, url: str) -> None:
    store.set_meta("version", 99)
    store.close()
    with pytest.raises(HistoryError, match="has version 99, this program reads 1: update the program"):
        store_of(url)


def test_a_refused_sign_in_is_told_without_the_password(cluster: Server) -> None:
    place = f"127.0.0.1:{cluster.port}"
    with pytest.raises(HistoryError, match=f"{place} refuses the sign-in: check the account and the password") as found:
        PostgresStore(Connections(f"postgresql://{OWNER}@{place}/postgres", "nonsense-of-the-test"), ZONE)
    assert "nonsense" not in str(found.value)
    with pytest.raises(HistoryError, match="there is no such database: create it"):
        store_of(f"postgresql://{OWNER}@{place}/nowhere")
    with pytest.raises(HistoryError, match="write it as in postgresql://"):
        store_of("postgresql://%zz@/")


def test_an_account_that_lacks_a_right_is_told_so(cluster: Server, url: str) -> None:
    as_owner(url, "DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN PASSWORD 'guest-of-the-test'")
    with pytest.raises(HistoryError, match="lacks a right: grant it"):
        PostgresStore(Connections(f"postgresql://guest@127.0.0.1:{cluster.port}/postgres", "guest-of-the-test"), ZONE)


def test_a_server_that_may_only_be_read_is_told(url: str, store: PostgresStore) -> None:
    store.execute("SET default_transaction_read_only = on")  # a reader's; the writer goes on
    store.append(readings([Row(0, T0 + 1, 2.0)]), 2)
    with store.transaction():
        store.execute("SET SESSION default_transaction_read_only = on")
    with pytest.raises(HistoryError, match="may only read: name the primary server"):
        store.append(readings([Row(0, T0 + 2, 2.0)]), 3)
    assert len(store.rows(None, 0, 2**60)) == 3


def test_no_room_is_told_as_that_and_it_goes_on(url: str, store: PostgresStore) -> None:
    as_owner(
        url,
        "CREATE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING "
        "ERRCODE = '53100', MESSAGE = 'could not extend file: No space left on device'; END $$",
        "CREATE TRIGGER no_room BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION full_()",
    )
    with pytest.raises(HistoryFullError, match="no room left on its disk: make room, it goes on by itself"):
        store.append(readings([Row(0, T0 + 1, 2.0)]), 2)
    as_owner(url, "DROP TRIGGER no_room ON readings")
    store.append(readings([Row(0, T0 + 1, 2.0)]), 2)
    assert (store.watermark(), len(store.rows(None, 0, 2**60))) == (2, 3)


def test_what_takes_too_long_is_called_off(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(postgres_link._SETTINGS, "statement_timeout", "200ms")
    store = store_of(url)
    with pytest.raises(HistoryError, match="was called off: ask for less"):
        store.query("SELECT pg_sleep(30)::text AS x")
    with pytest.raises(HistoryError, match="PostgreSQL refuses"):
        store.query("SELECT nonsense")
    store.close()


def test_every_thread_asks_while_one_writes(store: PostgresStore) -> None:
    found: list[int] = []

    def ask() -> None:
        found.extend(len(store.last()) for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(postgres_link.MOST + 4)]
    with store.transaction():
        store.append(readings([Row(0, T0 + 1, 2.0)]), 2)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [2] * 10 * len(threads)


def test_a_connection_in_use_is_let_go_of_after_the_store(url: str) -> None:
    connections = Connections(url, OWNER_PASSWORD)
    with connections.reader() as connection:
        connections.close()
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert connection.closed
    with pytest.raises(HistoryError, match="is closed: open it again"), connections.reader():
        pass


def test_rows_of_years_have_a_partition_a_month(store: PostgresStore) -> None:
    times = [T0 - 700 * DAY_MS, T0 + 40 * DAY_MS, T0 - 3 * HOUR]
    store.append(readings([Row(0, time, 1.0) for time in times]), 2)
    assert len(store._months["readings"]) == 3
    assert store.span() == (min(times), max(times))
    assert store.first_time(T0 + 1) == T0 + 40 * DAY_MS
    assert store.first_time(T0 + 41 * DAY_MS) is None


def test_an_emptied_table_has_no_span(store: PostgresStore) -> None:
    store.clear("readings")
    assert store.span() is None


def test_a_late_row_takes_the_place_of_one_whose_answer_was_lost(store: PostgresStore) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():  # noqa: PT012 # what fails is the transaction
        store.append(readings([Row(0, T0 + 9, 2.0)]), 2)
        raise ZeroDivisionError
    assert store._newest is None
    store.append(readings([Row(0, T0, 3.0), Row(0, T0 + 9, 4.0)]), 2)
    assert [row.value for row in rows_of(store.rows(np.array([0], np.int32), 0, 2**60))] == [3.0, 4.0]


def test_what_others_use_is_dropped_another_time(
    url: str, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LOCK_MS", 200)
    store.retention = Retention(readings=30)
    with closing(psycopg.connect(url, password=OWNER_PASSWORD)) as reader:
        reader.execute("SELECT count(*) FROM readings")
        with pytest.raises(HistoryError, match="others use what is to be changed"):
            store.seal(T0 + 100 * DAY_MS)
        assert len(store.rows(None, 0, 2**60)) == 2
    assert store.seal(T0 + 100 * DAY_MS) == ["2026-11 dropped: its readings need not be kept any longer"]
    assert len(store.rows(None, 0, 2**60)) == 0


def test_what_is_refused_at_the_last_word_is_told_and_no_key_is_given_twice(url: str, store: PostgresStore) -> None:
    as_owner(
        url,
        "CREATE FUNCTION full_() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING "
        "ERRCODE = '53100', MESSAGE = 'could not write: No space left on device'; END $$",
        "CREATE CONSTRAINT TRIGGER no_room AFTER INSERT ON names DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION full_()",
    )
    with pytest.raises(HistoryFullError, match="make room, it goes on by itself"):
        store.keys([KeptPoint("c", "power", 60.0), KeptPoint("d", "power", 60.0)])
    as_owner(url, "DROP TRIGGER no_room ON names", "INSERT INTO names VALUES ('point', 2, 'c', 'power', 60000)")
    assert store.keys([KeptPoint("d", "power", 60.0), KeptPoint("c", "power", 60.0)]).tolist() == [3, 2]
