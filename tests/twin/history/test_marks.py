"""Instants of the last day that are remembered: whatever comes, and in whatever order, they answer as the rows do."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.twin.history.oracle import HOUR, Row, readings, rows_of
from twin.history.contract import KeptPoint
from twin.history.duckdb_parquet import DuckDbStore
from twin.history.marks import SPAN_MS, STEP_MS

ZONE = ZoneInfo("Asia/Shanghai")
NOW = 1_790_000_000_000 // STEP_MS * STEP_MS + 60_000
POINTS = 12


@pytest.fixture
def store(tmp_path: Path) -> DuckDbStore:
    store = DuckDbStore(tmp_path, ZONE, memory="128MB")
    store.keys([KeptPoint(f"p{n}", "power", 300.0) for n in range(POINTS)])
    return store


def fill(store: DuckDbStore, chance: np.random.Generator, batch: int, start: int, end: int, n: int) -> None:
    times = np.sort(chance.integers(start, end, n))
    rows = [Row(int(chance.integers(POINTS)), int(at), float(chance.integers(1000))) for at in times]
    store.append(readings(rows), batch)


def mark_all(store: DuckDbStore, now: int = NOW) -> int:
    first = store.span()
    assert first is not None
    made = 0
    while store.mark(first[0], now):
        made += 1
    return made


def newest(store: DuckDbStore, at: int, points: np.ndarray | None = None) -> list[Row]:
    """The newest row of each point, of all rows that there are."""
    found = {row.point: row for row in rows_of(store.rows(points, 0, at + 1))}
    return [found[point] for point in sorted(found)]


def test_a_moment_is_the_same_from_a_mark_on_whatever_comes_late(store: DuckDbStore) -> None:
    chance = np.random.default_rng(5)
    fill(store, chance, 1, NOW - 30 * HOUR, NOW, 3000)
    while store.roll(NOW):
        pass
    assert mark_all(store) == SPAN_MS // STEP_MS + (1 if (NOW - SPAN_MS) % STEP_MS == 0 else 0)
    instants = [int(at) for at in chance.integers(NOW - SPAN_MS + STEP_MS, NOW + HOUR, 12)]
    instants += [at // STEP_MS * STEP_MS + by for at in instants[:5] for by in (-1, 0, 1)]
    some = np.array([1, 5, 7], np.int32)
    for batch in range(2, 5):
        for at in instants:
            assert rows_of(store.at(at)) == newest(store, at)
            assert rows_of(store.at(at, some)) == newest(store, at, some)
        assert rows_of(store.last()) == newest(store, 2**61)
        # some late, some at the very time of others, some new
        fill(store, chance, batch, NOW - 27 * HOUR, NOW + batch * 60_000, 200)
        if batch % 2:
            while store.roll(NOW):
                pass
    store.close()


def test_a_value_that_replaces_another_of_its_time_is_remembered(store: DuckDbStore) -> None:
    store.append(readings([Row(0, NOW - HOUR, 1.0)]), 1)
    mark_all(store)
    store.append(readings([Row(0, NOW - HOUR, 2.0), Row(1, NOW - HOUR, 3.0)]), 2)
    found = store.at(NOW - HOUR + STEP_MS)
    assert found.column("value").to_pylist() == [2.0, 3.0]
    store.close()


def test_the_newest_rows_leave_what_was_as_it_was(store: DuckDbStore) -> None:
    store.append(readings([Row(0, NOW - HOUR, 1.0)]), 1)
    mark_all(store)
    known = store.marks.before(NOW)
    store.append(readings([Row(0, NOW + 1, 2.0)]), 2)
    assert store.marks.before(NOW) == known, "nobody pays for what is not late"
    store.close()


def test_what_is_older_than_a_day_is_forgotten_and_what_was_never_there_not_remembered(store: DuckDbStore) -> None:
    store.append(readings([Row(0, NOW - 2 * HOUR, 1.0)]), 1)
    made = mark_all(store)
    assert made == 2 * HOUR // STEP_MS
    assert mark_all(store) == 0
    assert mark_all(store, NOW + 25 * HOUR) == 25 * HOUR // STEP_MS
    assert store.marks.before(NOW - 1) is None
    assert len(store.marks) <= SPAN_MS // STEP_MS + 1
    store.close()


def test_marks_are_asked_before_the_roll_up_of_the_hour(store: DuckDbStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append(readings([Row(0, NOW - 3 * HOUR + minute * 60_000, float(minute)) for minute in range(180)]), 1)
    while store.roll(NOW):
        pass
    mark_all(store)
    monkeypatch.setattr(store, "states_at_end", None)
    at = NOW - HOUR // 2
    assert store.at(at).column("value").to_pylist() == [float((at - (NOW - 3 * HOUR)) // 60_000)]
    store.close()
