"""What the default engine does of its own: files a day, retention, leftovers, errors in words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.twin.history.oracle import HOUR, Row, readings, rows_of
from twin.history import duckdb_parquet, roller, sealing
from twin.history.calendar import DAY_MS
from twin.history.contract import READINGS, HistoryError, HistoryFullError, HistoryMovedError, KeptPoint
from twin.history.duckdb_parquet import FILE, DuckDbStore
from twin.history.layout import Days
from twin.history.retention import Retention

T0 = 1_795_737_600_000
"""2026-11-27 00:00 UTC."""
POINTS = [KeptPoint("p", "power", 600.0), KeptPoint("people", "people", 600.0)]


def opened(folder: Path, retention: Retention | None = None) -> DuckDbStore:
    return DuckDbStore(folder, ZoneInfo("UTC"), retention, memory="128MB")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDbStore]:
    made = opened(tmp_path)
    made.keys(POINTS)
    yield made
    made.close()


def a_day(day: int = 0, points: tuple[int, ...] = (0, 1)) -> list[Row]:
    return [Row(p, T0 + day * DAY_MS + n * 600_000, n / 10) for p in points for n in range(144)]


def sealed(store: DuckDbStore, now: int) -> list[str]:
    while store.roll(now):
        pass
    return store.seal(now)


def test_a_day_is_put_away_a_day_after_its_end_and_its_tables_go(store: DuckDbStore, tmp_path: Path) -> None:
    store.append(readings(a_day()), 1)
    assert sealed(store, T0 + 2 * DAY_MS - 1) == []
    assert sealed(store, T0 + 2 * DAY_MS) == ["2026-11-27 put away: 336 rows"]
    assert (tmp_path / "readings/2026/2026-11-27.1.parquet").is_file()
    assert (tmp_path / "hours/2026/2026-11-27.1.parquet").is_file()
    tables = store.query("SELECT table_name AS name FROM duckdb_tables()").column("name").to_pylist()
    assert [name for name in tables if "2026" in name] == []
    assert len(store.rows(None, 0, 2**60)) == 288
    assert sealed(store, T0 + 2 * DAY_MS) == []


def test_what_comes_late_for_such_a_day_is_in_its_next_file_and_the_old_one_goes(
    store: DuckDbStore, tmp_path: Path
) -> None:
    store.append(readings(a_day()), 1)
    sealed(store, T0 + 2 * DAY_MS)
    store.append(readings([Row(0, T0, 7.0), Row(0, T0 + 1, 8.0)]), 2)
    assert [row.value for row in rows_of(store.rows(np.array([0], np.int32), T0, T0 + 2))] == [7.0, 8.0]
    assert sealed(store, T0 + 3 * DAY_MS) == ["2026-11-27 put away: 337 rows"]
    assert [row.value for row in rows_of(store.rows(np.array([0], np.int32), T0, T0 + 2))] == [7.0, 8.0]
    assert store.rollups("hour", np.array([0], np.int32), T0, T0 + 1).to_pylist()[0]["high"] == 8.0
    old = tmp_path / "readings/2026/2026-11-27.1.parquet"
    assert old.is_file(), "somebody may be reading it"
    sealed(store, T0 + 3 * DAY_MS)
    assert not old.exists()


def test_a_day_waits_for_roll_ups_that_are_to_be_made_again(store: DuckDbStore) -> None:
    store.append(readings(a_day()), 1)
    sealed(store, T0 + 2 * DAY_MS)
    store.append(readings([Row(0, T0 + 1, 8.0)]), 2)
    assert store.seal(T0 + 3 * DAY_MS) == []


def test_a_day_of_many_points_is_written_in_pieces_that_end_with_a_run(
    store: DuckDbStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "PIECE", 2048)
    keys = store.keys([KeptPoint(f"q{n}", "power", 600.0) for n in range(40)]).tolist()
    store.append(readings([Row(k, T0 + n * 60_000, k + n / 100) for n in range(400) for k in keys]), 1)
    sealed(store, T0 + 2 * DAY_MS)
    file = pq.ParquetFile(tmp_path / "readings/2026/2026-11-27.1.parquet")
    assert file.metadata.num_row_groups > 3
    assert len(store.rows(None, 0, 2**60)) == 16_000
    first = rows_of(store.rows(np.array([keys[7]], np.int32), T0, T0 + DAY_MS))
    assert [row.value for row in first] == [pytest.approx(keys[7] + n / 100) for n in range(400)]


def test_readings_are_kept_as_long_as_their_quantity_says_and_hours_longer(tmp_path: Path) -> None:
    store = opened(tmp_path, Retention(readings=10, hours=20, quantities={"people": 3}))
    store.keys(POINTS)
    store.append(readings(a_day()), 1)
    sealed(store, T0 + 2 * DAY_MS)
    assert sealed(store, T0 + 4 * DAY_MS) == ["2026-11-27 cleared: 144 of 288 readings are kept longer"]
    assert {row.point for row in rows_of(store.rows(None, 0, 2**60))} == {0}
    assert sealed(store, T0 + 5 * DAY_MS) == []
    assert sealed(store, T0 + 12 * DAY_MS) == ["2026-11-27 cleared: 0 of 144 readings are kept longer"]
    assert store.span() is None
    assert len(store.rollups("hour", None, 0, 2**60)) == 48
    assert len(store.rollups("day", None, 0, 2**60)) == 2
    assert sealed(store, T0 + 22 * DAY_MS) == ["2026-11-27 dropped: its hours need not be kept any longer"]
    assert len(store.rollups("hour", None, 0, 2**60)) == 0
    assert len(store.rollups("day", None, 0, 2**60)) == 2
    assert len(store.at(T0 + DAY_MS)) == 0
    assert sealed(store, T0 + 23 * DAY_MS) == []
    assert not list(tmp_path.glob("*/*/*.parquet"))
    store.close()


def test_what_a_crash_left_behind_is_taken_away(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.keys(POINTS)
    store.append(readings(a_day()), 1)
    sealed(store, T0 + 2 * DAY_MS)
    store.close()
    for name in ("2026-11-27.2.parquet", "2026-11-28.1.part"):
        (tmp_path / "readings/2026" / name).write_bytes(b"half of it")
    again = opened(tmp_path)
    assert [path.name for path in (tmp_path / "readings/2026").iterdir()] == ["2026-11-27.1.parquet"]
    assert len(again.rows(None, 0, 2**60)) == 288
    again.close()


def test_one_process_has_it(store: DuckDbStore, tmp_path: Path) -> None:
    code = f"from tests.twin.history.test_duckdb import opened, Path; opened(Path({str(tmp_path)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "in use by another process" in done.stderr


def test_another_program_that_has_the_file_is_named_as_such(tmp_path: Path) -> None:
    opened(tmp_path).close()
    code = f"import duckdb, sys; c = duckdb.connect({str(tmp_path / FILE)!r}); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(HistoryError, match="in use by another process"):
            opened(tmp_path)
        other.communicate()


def test_hours_that_begin_on_the_day_before_are_put_away_with_that(tmp_path: Path) -> None:
    store = DuckDbStore(tmp_path, ZoneInfo("Asia/Kolkata"), memory="128MB")  # +5:30
    store.keys(POINTS)
    store.append(readings(a_day()), 1)
    sealed(store, T0 + 3 * DAY_MS)
    assert sorted(store.days("hours").sealed) == [T0 // DAY_MS - 1, T0 // DAY_MS]
    assert sorted(store.days("readings").sealed) == [T0 // DAY_MS]
    store.insert("meta", store.query("SELECT * FROM meta WHERE false"))
    store.close()


def test_a_file_that_is_no_history_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"something else entirely, and long enough to be looked at" * 100)
    with pytest.raises(HistoryError, match="cannot be opened"):
        opened(tmp_path)


def test_a_later_version_is_refused(tmp_path: Path) -> None:
    store = opened(tmp_path)
    store.set_meta("version", 99)
    store.close()
    with pytest.raises(HistoryError, match="version 99, this program reads 1: update the program"):
        opened(tmp_path)


def test_the_numbers_that_are_kept_do_not_grow_with_the_batches(store: DuckDbStore) -> None:
    for batch in range(1, 20):
        store.append(readings([Row(0, T0 + batch, 1.0)]), batch)
    assert len(store.query("SELECT * FROM meta")) == 2
    assert store.watermark() == 19


def test_errors_are_told_in_words(store: DuckDbStore) -> None:
    with pytest.raises(HistoryError, match="cannot answer"):
        store.query("SELECT nonsense FROM meta")
    with pytest.raises(HistoryError, match="cannot be written"):
        store.execute("INSERT INTO meta VALUES (1, 2, 3)")
    with pytest.raises(HistoryError, match="cannot be written"):
        store.insert("meta", pa.table({"a": [1]}))
    with pytest.raises(HistoryError, match="cannot answer"):
        next(store.stream("SELECT nonsense FROM meta", 10))
    assert isinstance(duckdb_parquet._told(duckdb.IOException("x: No space left on device"), "x"), HistoryFullError)


def test_a_transaction_that_fails_leaves_everything_as_it_was(store: DuckDbStore) -> None:
    store.append(readings([Row(0, T0, 1.0)]), 1)

    def broken() -> None:
        with store.transaction():
            store.append(readings([Row(0, T0 + DAY_MS, 2.0)]), 2)
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        broken()
    assert (store.watermark(), store.days("readings").hot) == (1, frozenset({T0 // DAY_MS}))
    store.append(readings([Row(0, T0 + 60_000, 2.0)]), 2)
    assert len(store.rows(None, 0, 2**60)) == 2
    assert not store.days("readings").late, "it was in order: the newest row is known again, too"


def test_after_an_error_that_ends_the_database_it_is_opened_again(
    store: DuckDbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(readings([Row(0, T0, 1.0)]), 1)
    gone = store._database

    def dies() -> None:
        with store.transaction():
            gone.close()
            raise HistoryError("no room for its log")

    with pytest.raises(HistoryError, match="no room"):
        dies()
    store.append(readings([Row(0, T0 + 1, 2.0)]), 2)
    assert len(store.rows(None, 0, 2**60)) == 2


def test_a_commit_that_fails_is_told(store: DuckDbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def __init__(self, of: duckdb.DuckDBPyConnection, word: str) -> None:
            self.of, self.word = of, word

        def execute(self, sql: str) -> object:
            if sql == self.word:
                raise duckdb.IOException("could not write: No space left on device")
            return self.of.execute(sql)

        def __getattr__(self, name: str) -> object:
            return getattr(self.of, name)

    database = store._database
    for word in ("BEGIN", "COMMIT"):

        class Database:
            def cursor(self, word: str = word) -> object:
                return Refusing(database.cursor(), word)

            def __getattr__(self, name: str) -> object:
                return getattr(database, name)

        monkeypatch.setattr(store, "_database", Database())
        with pytest.raises(HistoryFullError, match="no room left"):
            store.append(readings([Row(0, T0, 1.0)]), 1)
        monkeypatch.setattr(store, "_database", database)


def test_a_question_goes_again_where_its_day_was_put_away_meanwhile(
    store: DuckDbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append(readings(a_day()), 1)
    before = store.days("readings")
    sealed(store, T0 + 2 * DAY_MS)
    real, asked = store.readings_of, []

    def stale(start: int, end: int) -> str:
        asked.append(start)
        if len(asked) > 1:
            return real(start, end)
        return store.readings_of_day(before, T0 // DAY_MS, start, end)

    monkeypatch.setattr(store, "readings_of", stale)
    assert len(store.rows(None, T0, T0 + DAY_MS)) == 288
    assert len(asked) == 2
    monkeypatch.setattr(
        store, "readings_of", lambda start, end: store.readings_of_day(before, T0 // DAY_MS, start, end)
    )
    with pytest.raises(HistoryMovedError):
        store.rows(None, T0, T0 + DAY_MS)
    gone = Days().put_away(1, store.days("readings").sealed[T0 // DAY_MS])
    missing = store.readings_of_day(gone, 1, 0, 1).replace(".1.parquet", ".9.parquet")
    with pytest.raises(HistoryMovedError):
        store.query(missing)


def test_an_hour_of_few_rows_is_made_with_others_and_one_of_many_alone(
    store: DuckDbStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roller, "FEW_ROWS", 5)
    store.append(readings([*a_day(), Row(0, T0 + DAY_MS + 5 * HOUR, 1.0)]), 1)
    assert store.roll(T0 + 2 * DAY_MS) == 2 * 24 + 0
    assert store.roll(T0 + 2 * DAY_MS) == 2
    assert store.rolled_hours.tolist()[-1] == T0 + DAY_MS + 5 * HOUR


def test_points_that_are_not_known_have_no_rows(store: DuckDbStore) -> None:
    store.append(readings([Row(0, T0, 1.0)]), 1)
    many = np.arange(500, 1000, dtype=np.int32)
    assert store.rows(many, 0, 2**60).schema == READINGS
    assert len(store.rows(many, 0, 2**60)) == 0
    assert len(store.rows(np.arange(300, dtype=np.int32), 0, 2**60)) == 1
