"""Wherever a process ends, or an answer is lost, nothing is lost and nothing counts twice, in every engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.twin.history.engines import Engine, Make
from tests.twin.history.oracle import HOUR, Oracle, Row, readings, rows_of
from twin.history.contract import EVENTS, READINGS, HistoryError, KeptPoint
from twin.history.store import SqlStore

T0 = 1_795_737_600_000


class EndedError(Exception):
    """The process ended."""


class Ends:
    """Ends at the ``last`` write to a store: before it, or after it so that only the answer is lost."""

    def __init__(self, store: SqlStore, last: int, lost: bool) -> None:
        self.count, self.last, self.lost, self.store = 0, last, lost, store
        for name in ("insert", "execute"):
            setattr(store, name, self._counted(getattr(store, name)))

    def _counted(self, write: Callable[..., None]) -> Callable[..., None]:
        def writing(*arguments: object) -> None:
            if self.count < 0:  # it has ended once
                return write(*arguments)
            self.count += 1
            if self.count == self.last:
                self.count = -1
                if self.lost:
                    write(*arguments)
                raise EndedError
            return write(*arguments)

        return writing


class Story:
    """Readings of two days that come late and in order, roll-ups in between; the points are of this story only."""

    def __init__(self, number: int) -> None:
        names = [KeptPoint(f"{number}/{n}", "power", 3000.0) for n in range(2)]
        begin = T0 + number * 96 * HOUR
        self.now = begin + 50 * HOUR
        self.batch = 0
        self.keys: list[int] = []
        self.oracle = Oracle({})
        self.steps: list[Callable[[SqlStore], object]] = [
            lambda store: self._name(store, names[:1]),
            lambda store: self._append(store, 1, [(0, begin + h * HOUR, 1.0 + h) for h in (0, 1, 3, 26, 30)]),
            lambda store: store.roll(begin + 40 * HOUR),
            lambda store: self._name(store, names),
            # late: the state of the second point changes all the hours after it, over more than one window
            lambda store: self._append(store, 2, [(1, begin + 30 * 60_000, 7.0), (0, begin + 3 * HOUR, 99.0)]),
            lambda store: store.roll(self.now),
            # into an hour in which there was nothing
            lambda store: self._append(store, 3, [(1, begin - 5 * HOUR, 8.0), (0, begin + 33 * HOUR, 50.0)]),
            lambda store: store.roll(self.now),
            lambda store: store.seal(self.now),
        ]  # fmt: skip

    def _name(self, store: SqlStore, points: list[KeptPoint]) -> None:
        self.keys = store.keys(points).tolist()
        self.oracle.hold.update(dict.fromkeys(self.keys, 3_000_000))
        if not self.batch:
            self.batch = store.watermark()

    def _append(self, store: SqlStore, number: int, rows: list[tuple[int, int, float]]) -> None:
        told = [Row(self.keys[point], time, value) for point, time, value in rows]
        store.append(readings(told), self.batch + number)
        self.oracle.append(told)

    def holds(self, store: SqlStore) -> None:
        keys = np.array(self.keys, np.int32)
        assert rows_of(store.rows(keys, 0, 2**60)) == self.oracle.rows(None, 0, 2**60)
        for time in range(self.now - 60 * HOUR, self.now, HOUR * 7):
            assert rows_of(store.at(time, keys)) == self.oracle.at(time), time
        days = store.rollups("day", keys, 0, 2**60).to_pylist()
        found = store.rollups("hour", keys, 0, 2**60).to_pylist()
        for each in found:
            for name, value in self.oracle.hour(each["point"], each["start"]).items():
                close = pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
                assert each[name] == close, (name, each)
        for day in days:
            end = store.calendar.day_after(day["start"])
            parts = [p for p in found if p["point"] == day["point"] and day["start"] <= p["start"] < end]
            assert (day["n"], day["held"]) == tuple(sum(p[name] for p in parts) for name in ("n", "held"))


@pytest.mark.parametrize("lost", [False, True], ids=["ends before a write", "an answer is lost"])
def test_wherever_it_ends_nothing_is_lost_and_nothing_counts_twice(engine: Engine, make: Make, lost: bool) -> None:
    """Each story ends at another write of its second half; not at every one, for the sake of time."""
    store = make("Asia/Shanghai")
    stride = engine.stride * (2 if lost else 1)
    for number in range(1, 60):
        story = Story(number)
        for step in story.steps[:3]:
            step(store)
        ends = Ends(store, 1 + stride * (number - 1), lost)
        for step in story.steps[3:-1]:
            try:
                step(store)
            except EndedError:
                if not lost:
                    store.close()
                    store = make("Asia/Shanghai")
                step(store)
        vars(store).pop("insert", None)
        vars(store).pop("execute", None)
        story.steps[-1](store)
        story.holds(store)
        if ends.count > 0:  # it had no write so late
            break
    assert number > 2
    assert len(set(store.known_points().values())) == len(store.known_points()) == 2 * number


def test_a_failed_batch_leaves_the_store_as_it_was(make: Make) -> None:
    store = make("Asia/Shanghai")
    store.keys([KeptPoint("a", "power", 60.0)])
    store.append(readings([Row(0, T0, 1.0)]), 1)
    Ends(store, 1, lost=False)
    with pytest.raises(EndedError):
        store.append(readings([Row(0, T0 + 1, 2.0)]), 2)
    assert (store.watermark(), len(store.rows(None, 0, 2**60))) == (1, 1)
    store.append(readings([Row(0, T0 + 1, 3.0)]), 2)
    assert [row.value for row in rows_of(store.rows(None, 0, 2**60))] == [1.0, 3.0]


def test_events_of_the_same_millisecond_are_in_the_order_in_which_they_came(make: Make) -> None:
    store = make("Asia/Shanghai")
    for n in range(40):
        row = {"time": T0, "kind": "source", "subject": "s", "state": str(n), "detail": "{}"}
        store.append(READINGS.empty_table(), n + 1, EVENTS.empty_table().from_pylist([row], schema=EVENTS))
    assert store.events(0, T0 + 1).column("state").to_pylist() == [str(n) for n in range(40)]
    assert store.states(T0, "source").column("state").to_pylist() == ["39"]


def test_a_store_that_is_closed_says_so(make: Make) -> None:
    store = make("Asia/Shanghai")
    store.close()
    store.close()
    with pytest.raises(HistoryError):
        store.last()
    with pytest.raises(HistoryError):
        store.append(readings([Row(0, T0, 1.0)]), 1)
    with pytest.raises(HistoryError):
        store.note_rolled(np.array([T0]))
