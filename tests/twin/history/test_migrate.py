"""Steps from version to version of the default historian: done once, wholly or not at all."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.twin.history.oracle import Row, readings, rows_of
from twin.history import duckdb_parquet, migrate
from twin.history.contract import HistoryError, KeptPoint
from twin.history.duckdb_parquet import DuckDbStore

T0 = 1_795_737_600_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A history of version 1 with one row."""
    store = opened(tmp_path)
    store.keys([KeptPoint("p", "power", 60.0)])
    store.append(readings([Row(0, T0, 1.0)]), 1)
    store.close()
    return tmp_path


def opened(folder: Path) -> DuckDbStore:
    return DuckDbStore(folder, ZoneInfo("UTC"), memory="256MB")


def test_a_step_is_done_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []

    def step(store: DuckDbStore) -> None:
        done.append(store.meta("version"))
        store.execute("CREATE TABLE notes (text VARCHAR)")
        store.execute("INSERT INTO notes VALUES ('made')")

    monkeypatch.setitem(migrate.STEPS, 1, step)
    monkeypatch.setattr(duckdb_parquet, "VERSION", 2)
    for _ in range(3):
        store = opened(folder)
        assert store.meta("version") == 2
        assert store.query("SELECT text FROM notes").to_pylist() == [{"text": "made"}]
        assert rows_of(store.last()) == [Row(0, T0, 1.0)]
        store.close()
    assert done == [1]
    new = opened(folder / "new")
    assert (new.meta("version"), done) == (2, [1]), "a new history needs no step"
    new.close()


def test_a_step_that_fails_leaves_the_old_state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def good(store: DuckDbStore) -> None:
        store.execute("CREATE TABLE notes (text VARCHAR)")
        store.execute("DELETE FROM names")

    def bad(store: DuckDbStore) -> None:
        store.execute("DROP TABLE meta")
        raise ValueError("the step is wrong")

    with monkeypatch.context() as patch:
        patch.setitem(migrate.STEPS, 1, good)
        patch.setitem(migrate.STEPS, 2, bad)
        patch.setattr(duckdb_parquet, "VERSION", 3)
        with pytest.raises(ValueError, match="the step is wrong"):
            opened(folder)
    store = opened(folder)  # by the program of before, in the same process: nothing was left open
    assert store.meta("version") == 1
    assert store.known_points() == {"p": 0}
    assert rows_of(store.last()) == [Row(0, T0, 1.0)]
    assert not len(store.query("SELECT 1 AS x FROM duckdb_tables() WHERE table_name = 'notes'"))
    store.close()


def test_a_later_version_and_one_without_a_way_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duckdb_parquet, "VERSION", 4)
    monkeypatch.setitem(migrate.STEPS, 1, lambda store: None)
    with pytest.raises(HistoryError, match="cannot bring it to 4: update it with the releases in between"):
        opened(folder)
    monkeypatch.setattr(duckdb_parquet, "VERSION", 1)
    store = opened(folder)
    store.set_meta("version", 5)
    store.close()
    with pytest.raises(HistoryError, match="has version 5, this program reads 1: update the program"):
        opened(folder)
