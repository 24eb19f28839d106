"""What is ClickHouse's own: no transactions, merges, servers that end and come back, refuse, or have no room."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from tests.twin.history.clickhouse_peer import PASSWORD, Peer
from tests.twin.history.oracle import HOUR, Row, readings, rows_of
from twin.history.calendar import DAY_MS
from twin.history.clickhouse import ClickHouseStore
from twin.history.clickhouse_link import Embedded, Server, told
from twin.history.columns import Rows
from twin.history.contract import HistoryError, HistoryFullError, KeptPoint

T0 = 1_795_737_600_000
ZONE = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ClickHouseStore]:
    store = ClickHouseStore(Embedded(tmp_path), ZONE)
    store.keys([KeptPoint("a", "power", 300.0), KeptPoint("b", "motion", 300.0)])
    yield store
    store.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Peer]:
    peer = Peer(tmp_path)
    peer.ask("CREATE DATABASE campus")
    yield peer
    peer.end()


def test_days_that_are_over_are_merged(store: ClickHouseStore) -> None:
    store.execute("SYSTEM STOP MERGES readings")
    for n in range(3):
        store.append(readings([Row(0, T0, float(n)), Row(0, T0 + DAY_MS + n, float(n))]), n + 1)
    assert set(store._parts("readings").values()) == {3}
    store.execute("SYSTEM START MERGES readings")
    assert store.seal(T0 + DAY_MS) == []
    done = store.seal(T0 + 2 * DAY_MS)
    assert done in (["2026-11-27 merged"], []), "ClickHouse may have been quicker"
    assert store._parts("readings")[T0 // DAY_MS] == 1
    assert [row.value for row in rows_of(store.rows(None, 0, 2**60))] == [2.0, 0.0, 1.0, 2.0]
    assert store.query("SELECT count() AS n FROM readings SETTINGS final = 0").to_pylist() in (
        [{"n": 4}], [{"n": 5}],
    )  # fmt: skip


def test_many_points_are_asked_for_at_once(store: ClickHouseStore) -> None:
    """More words than ClickHouse's parser takes by itself."""
    n = 60_000
    every = np.arange(1_000_000, 1_000_000 + n, dtype=np.int32)
    table = readings([]).from_arrays(
        [pa.array(column, field.type) for column, field in zip(
            (every, np.full(n, T0), np.ones(n), *[np.zeros(n)] * 4), readings([]).schema, strict=True)],
        schema=readings([]).schema,
    )  # fmt: skip
    store.keep_rows(Rows.of(table), 1)
    assert len(store.rows(every, T0, T0 + 1)) == n
    groups = pa.table({"point": pa.array(every), "group": pa.array(every % 7)})
    assert len(store.grouped("hour", groups, T0, T0 + HOUR)) == 0


def test_every_thread_has_a_session(store: ClickHouseStore) -> None:
    found: list[int] = []
    store.append(readings([Row(0, T0, 1.0)]), 1)
    threads = [threading.Thread(target=lambda: found.append(len(store.last()))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 6


def test_a_process_has_one_folder_at_a_time(store: ClickHouseStore, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="cannot connect with different path"):
        Embedded(tmp_path / "other")


def test_a_later_version_is_left_alone(store: ClickHouseStore, tmp_path: Path) -> None:
    store.set_meta("version", 99)
    store.close()
    with pytest.raises(HistoryError, match="has version 99, this program reads 1: update the program"):
        ClickHouseStore(Embedded(tmp_path), ZONE)


def test_a_server_that_comes_back_is_found_again(server: Peer) -> None:
    store = ClickHouseStore(Server(server.url("campus"), PASSWORD), ZONE)
    store.keys([KeptPoint("a", "power", 300.0)])
    store.append(readings([Row(0, T0, 1.0)]), 1)
    server.end()
    with pytest.raises(HistoryError, match="is not to be reached: see whether the server runs"):
        store.last()
    with pytest.raises(HistoryError, match="is not to be reached"):
        store.append(readings([Row(0, T0 + 1, 2.0)]), 2)
    server.start()
    store.append(readings([Row(0, T0 + 1, 2.0)]), 2)
    assert [row.value for row in rows_of(store.rows(None, 0, 2**60))] == [1.0, 2.0]
    store.close()


def test_a_refused_sign_in_is_told_without_the_password(peer: Peer) -> None:
    with pytest.raises(HistoryError, match="refuses the sign-in: check the account and the password") as found:
        ClickHouseStore(Server(peer.url("default"), "nonsense-of-the-test"), ZONE)
    assert "nonsense" not in str(found.value)
    with pytest.raises(HistoryError, match="there is no such database on the server: have its administrator"):
        ClickHouseStore(Server(peer.url("nowhere"), PASSWORD), ZONE)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("Code: 243. DB::Exception: Cannot reserve 1.00 MiB, not enough space", HistoryFullError, "make room"),
        ("Code: 1001. DB::Exception: No space left on device", HistoryFullError, "make room"),
        ("Code: 164. DB::Exception: Cannot execute query in readonly mode.", HistoryError, "may only read"),
        ("Code: 497. DB::Exception: historian: Not enough privileges.", HistoryError, "lacks a right: grant it"),
        ("Code: 62. DB::Exception: Syntax error", HistoryError, "ClickHouse refuses"),
        ("", HistoryError, "is not to be reached"),
    ],
)
def test_what_the_server_says_is_told(text: str, kind: type[HistoryError], says: str) -> None:
    error = told(RuntimeError(text), "the history on h:8123")
    assert type(error) is kind
    assert says in str(error)
    assert str(error).startswith("the history on h:8123")
