"""Backups between engines, slices in pieces: whatever is put in comes out, and the same again elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from tests.twin.history.engines import Engine, Make
from tests.twin.history.oracle import HOUR, Row, readings, rows_of
from twin.history import backup, pieces, restore
from twin.history.calendar import DAY_MS
from twin.history.contract import COUNTS, EVENTS, HistoryError, KeptPoint
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.store import LAST, SqlStore

T0 = 1_795_737_600_000
"""2026-11-27 00:00 UTC."""
NOW = T0 + 5 * DAY_MS
POINTS = [KeptPoint("b/power", "power", 300.0), KeptPoint("a/co2", "co2", 900.0), KeptPoint("c/power", "power", 7200.0)]
ROWS = [
    Row(point, T0 + n * HOUR // 2 + point, None if n % 17 == 0 else float(n), 3, n % 2, 8, n % 3)
    for point in (0, 1, 2) for n in range(96 if point else 160) if not 30 < n < 50
]  # fmt: skip
ROWS.append(Row(2, NOW + HOUR, 9.0))  # after a silent day, and in an hour that is not over


def filled(store: SqlStore) -> SqlStore:
    store.keys(POINTS)
    store.reason_keys([("clock",), ("a b", "c")])
    event = pa.table(
        {n: [v] for n, v in zip(EVENTS.names, (T0 + 5, "source", "x'y", "down", "{}"), strict=True)}, schema=EVENTS
    )
    store.append(readings(ROWS[: len(ROWS) // 2]), 1, event)
    while store.roll(NOW):
        pass
    store.append(readings(ROWS[len(ROWS) // 2 :]), 2)
    return store


@pytest.fixture
def source(tmp_path: Path) -> Iterator[SqlStore]:
    store = DuckDbStore(tmp_path / "source", ZoneInfo("UTC"), memory="256MB")
    yield filled(store)
    store.close()


def take(store: SqlStore, folder: Path) -> dict[str, object]:
    with store.writing:
        head, parts = backup.snapshot(store, "c", NOW)
        return backup.write(folder, head, parts)


def rounded(value: object) -> object:
    """To what every engine keeps of a mean: seven digits where it is put away."""
    return float(f"{value:.6g}") if isinstance(value, float) else value


def everything(store: SqlStore) -> list[object]:
    while store.roll(NOW):
        pass
    ids = {key: name for name, key in store.known_points().items()}
    hours, days = (store.rollups(step, None, 0, LAST).to_pylist() for step in ("hour", "day"))
    return [
        [(ids[r.point], *(getattr(r, n) for n in Row.__slots__[1:])) for r in rows_of(store.rows(None, 0, LAST))],
        *([(ids[row["point"]], *map(rounded, list(row.values())[1:])) for row in rows] for rows in (hours, days)),
        store.events(0, LAST).to_pylist(), store.known_facts(), store.rolled_hours.tolist(),
    ]  # fmt: skip


def test_a_backup_goes_into_every_engine(source: SqlStore, make: Make, engine: Engine, tmp_path: Path) -> None:
    take(source, tmp_path / "backup")
    store = make("UTC")
    manifest = restore.check(tmp_path / "backup")
    (tmp_path / "mark").mkdir()
    restore.begin(tmp_path / "mark", manifest, store)
    told: list[str] = []
    restore.restore(store, tmp_path / "backup", manifest, NOW, told.append)
    restore.finish(tmp_path / "mark")
    assert everything(store) == everything(source), engine.name
    restore.restore(store, tmp_path / "backup", manifest, NOW)  # once more changes nothing
    assert everything(store) == everything(source)
    assert any("put away" in text for text in told) == (engine.name == "duckdb")
    again = tmp_path / "again"
    take(store, again)
    assert restore.check(again)["rows"] == manifest["rows"]


def test_points_and_reasons_may_have_other_keys(source: SqlStore, tmp_path: Path) -> None:
    take(source, tmp_path / "backup")
    store = DuckDbStore(tmp_path / "other", ZoneInfo("UTC"), memory="256MB")
    store.keys([KeptPoint("x", "power", 1.0), POINTS[2]])
    store.reason_keys([("x",), ("a b", "c")])
    restore.restore(store, tmp_path / "backup", restore.check(tmp_path / "backup"), NOW)

    def told(of: SqlStore) -> list[object]:
        ids, words = {key: name for name, key in of.known_points().items()}, of.known_reasons()
        rows = [(ids[r.point], r.time, r.value, words[r.reason]) for r in rows_of(of.rows(None, 0, LAST))]
        hours = [(ids[h["point"]], h["start"], h["n"], words[h["last_reason"]])
                 for h in of.rollups("hour", None, 0, LAST).to_pylist()]  # fmt: skip
        return [sorted(rows, key=str), sorted(hours)]

    assert told(store) == told(source)
    assert store.known_points()["a/co2"] != source.known_points()["a/co2"]
    store.close()


def test_an_empty_history_has_a_backup_too(make: Make, tmp_path: Path) -> None:
    store = make("UTC")
    take(store, tmp_path / "backup")
    manifest = restore.check(tmp_path / "backup")
    assert set(manifest["rows"].values()) == {0} or manifest["rows"]["reasons"] == 1
    other = DuckDbStore(tmp_path / "other", ZoneInfo("UTC"))
    restore.restore(other, tmp_path / "backup", manifest, NOW)
    assert other.span() is None
    other.close()


def test_a_history_that_is_there_is_not_touched(source: SqlStore, tmp_path: Path) -> None:
    take(source, tmp_path / "backup")
    with pytest.raises(HistoryError, match="holds a history already"):
        restore.begin(tmp_path, restore.check(tmp_path / "backup"), source)
    with pytest.raises(HistoryError, match="is there already"):
        take(source, tmp_path / "backup")
    other = DuckDbStore(tmp_path / "other", ZoneInfo("Asia/Shanghai"))
    with pytest.raises(HistoryError, match="hours and days would begin at other times"):
        restore.restore(other, tmp_path / "backup", restore.check(tmp_path / "backup"), NOW)
    manifest = restore.check(tmp_path / "backup")
    restore.begin(tmp_path, manifest, other)
    restore.begin(tmp_path, manifest, source)  # the mark lets it go on
    with pytest.raises(HistoryError, match="another backup was being put into"):
        restore.begin(tmp_path, {"sha256": "another"}, other)
    other.close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: (f / "manifest.json").unlink(), "is no whole backup"),
        (lambda f: (f / "manifest.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "events.parquet").unlink(), "lacks events.parquet"),
        (lambda f: (f / "events.parquet").write_bytes(b"x"), "is not what was written"),
        (lambda f: _told(f, format=9), "has format 9, this program reads 1"),
        (lambda f: _told(f, campus="x"), "is not what was written"),
    ],
)
def test_what_is_damaged_is_refused(source: SqlStore, tmp_path: Path, change: object, says: str) -> None:
    take(source, tmp_path / "backup")
    change(tmp_path / "backup")  # type: ignore[operator]
    with pytest.raises(HistoryError, match=says):
        restore.check(tmp_path / "backup")


def _told(folder: Path, **more: object) -> None:
    import json

    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **more}))


def test_a_name_that_leads_outside_is_refused(source: SqlStore, tmp_path: Path) -> None:
    take(source, tmp_path / "backup")
    with pytest.raises(HistoryError, match="names a file outside of it"):
        restore._check_file(tmp_path / "backup", {"name": "../x"})


def test_what_did_not_end_makes_room_for_the_next(source: SqlStore, tmp_path: Path) -> None:
    (tmp_path / "backup.part" / "hours").mkdir(parents=True)
    take(source, tmp_path / "backup")
    assert not (tmp_path / "backup.part").exists()


@pytest.mark.parametrize("number", [28, 13])
def test_a_disk_that_does_not_take_it_is_told(
    source: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def failing(path: Path) -> None:
        raise OSError(number, "no way")

    monkeypatch.setattr(backup, "_sync", failing)
    with pytest.raises(HistoryError, match="cannot be written: no way"):
        take(source, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()


@pytest.mark.parametrize("most", [1, 7, 100, 10_000])
def test_pieces_have_every_row_once_in_order(make: Make, most: int) -> None:
    store = filled(make("UTC"))
    keys = np.array([1, 2, 0], np.int32)
    found = list(pieces.readings(store, keys, T0 + HOUR, T0 + 70 * HOUR, most))
    rows = [row for piece in found for row in rows_of(piece)]
    wanted = [row for key in keys.tolist() for row in sorted(ROWS, key=lambda r: r.time)
              if row.point == key and T0 + HOUR <= row.time < T0 + 70 * HOUR]  # fmt: skip
    assert rows == wanted
    assert max(len(piece) for piece in found) <= max(2 * most, 2)
    assert list(pieces.readings(store, keys, T0, T0)) == []
    assert list(pieces.readings(store, keys[:0], T0, T0 + HOUR)) == []


def test_rows_are_counted_by_point(make: Make) -> None:
    store = filled(make("UTC"))
    found = store.counts(None, T0, T0 + DAY_MS)
    assert found.schema == COUNTS
    told = {r["point"]: r["rows"] for r in found.to_pylist()}
    assert told == {key: sum(r.point == key and r.time < T0 + DAY_MS for r in ROWS) for key in (0, 1, 2)}
    one = store.counts(np.array([1], np.int32), T0, T0 + DAY_MS).to_pylist()
    assert one == [{"point": 1, "rows": told[1]}]
    assert len(store.counts(None, 0, T0)) == 0


def test_points_are_chosen_by_patterns(source: SqlStore, tmp_path: Path) -> None:
    assert pieces.chosen(source, []).tolist() == [1, 0, 2]
    assert pieces.chosen(source, ["power", "nothing"]).tolist() == [0, 2]
    assert pieces.chosen(source, ["a/*", "c/power"]).tolist() == [1, 2]
    with pytest.raises(HistoryError, match="no point of the history fits x, y"):
        pieces.chosen(source, ["x", "y"])
    empty = DuckDbStore(tmp_path / "empty", ZoneInfo("UTC"))
    with pytest.raises(HistoryError, match="the history has no points"):
        pieces.chosen(empty, [])
    empty.close()


@pytest.mark.parametrize("step", [900_000, "hour", "day", None])
def test_an_export_is_the_same_in_any_pieces(source: SqlStore, monkeypatch: pytest.MonkeyPatch, step: object) -> None:
    def told() -> pa.Table:
        part = pieces.export(source, [], T0 + HOUR, T0 + 50 * HOUR, step, NOW)  # type: ignore[arg-type]
        return pa.concat_tables([part.schema.empty_table(), *part.pieces])

    while source.roll(NOW):
        pass
    whole = told()
    monkeypatch.setattr(pieces, "PIECE", 1)
    assert told().equals(whole)
    assert len(whole) > 0
    names = whole.column("point").to_pylist()
    assert names == sorted(names)
    nothing = pieces.export(source, [], NOW + 5 * HOUR, NOW + 6 * HOUR, step, NOW)  # type: ignore[arg-type]
    assert sum(len(piece) for piece in nothing.pieces) == 0
