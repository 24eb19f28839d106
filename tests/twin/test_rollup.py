"""Roll-ups against the slow obvious way, on random trees; and the rules one by one."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.twin.trees import IDS, TREE, campus_of, columns
from twin.frame import FLAG_ESTIMATED, FLAG_SIMULATED, FLAG_STALE
from twin.quantity import Rollup
from twin.reading import Quality
from twin.rollup import PointColumns, Rolled, roll_up
from twin.slots import SlotTree

GOOD, UNCERTAIN, BAD, NONE = (int(q) for q in Quality)


def at(rolled: Rolled, entity: str) -> tuple[float, int, int, int]:
    slot = TREE.index[entity]
    return float(rolled.value[slot]), int(rolled.have[slot]), int(rolled.of[slot]), int(rolled.flags[slot])


def test_a_buildings_own_meter_wins_over_its_rooms() -> None:
    rolled = roll_up(TREE, columns(("A/1/1", 1.0), ("A/1/2", 2.0), ("A", 10.0), ("B/1/1", 5.0)), "sum")
    assert at(rolled, "A/1")[:3] == (3.0, 2, 2)
    assert at(rolled, "A")[:3] == (10.0, 1, 1)
    assert at(rolled, "c")[:3] == (15.0, 2, 2)


def test_while_the_meter_is_dead_the_rooms_stand_in_and_it_is_said() -> None:
    rolled = roll_up(TREE, columns(("A/1/1", 1.0), ("A/1/2", 2.0), ("A", 10.0, GOOD, True)), "sum")
    value, have, of, flags = at(rolled, "A")
    assert (value, have, of) == (3.0, 2, 3)
    assert flags & FLAG_ESTIMATED
    assert not flags & FLAG_STALE


@pytest.mark.parametrize("state", [(BAD, False), (GOOD, True), (NONE, True)])
def test_what_does_not_count_is_missing_in_the_coverage_and_never_zero(state: tuple[int, bool]) -> None:
    rolled = roll_up(TREE, columns(("A/1/1", 4.0), ("A/1/2", 9.0, *state)), "sum")
    assert at(rolled, "A")[:3] == (4.0, 1, 2)
    alone = roll_up(TREE, columns(("A/1/2", 9.0, *state)), "sum")
    value, have, of, flags = at(alone, "c")
    assert math.isnan(value)
    assert (have, of, flags & 3) == (0, 1, NONE)
    assert bool(flags & FLAG_STALE) == (state[0] != NONE)


def test_a_stale_room_shows_its_last_value_and_a_silent_one_none() -> None:
    rolled = roll_up(TREE, columns(("A/1/1", 4.0, GOOD, True), ("A/1/2", math.nan, NONE, True)), "sum")
    assert at(rolled, "A/1/1") == (4.0, 0, 1, GOOD | FLAG_STALE)
    value, _, _, flags = at(rolled, "A/1/2")
    assert math.isnan(value)
    assert flags == NONE


def test_a_total_is_as_good_as_its_worst_part_and_simulated_if_any_part_is() -> None:
    points = columns(("A/1/1", 4.0), ("A/1/2", 1.0, UNCERTAIN, False, FLAG_SIMULATED), ("B/1/1", 1.0))
    rolled = roll_up(TREE, points, "sum")
    assert at(rolled, "A")[3] == UNCERTAIN | FLAG_SIMULATED
    assert at(rolled, "B")[3] == GOOD


def test_two_points_of_a_room_add_up_or_are_averaged_but_weigh_once() -> None:
    both = columns(("A/1/1", 20.0), ("A/1/1", 30.0), ("A/1/2", 10.0))
    assert at(roll_up(TREE, both, "sum"), "A/1")[0] == 60
    assert at(roll_up(TREE, both, "mean"), "A/1")[0] == pytest.approx(20)
    assert at(roll_up(TREE, both, "max"), "A/1")[0] == 30
    # 10 m2 at the mean of 25, 30 m2 at 10
    assert at(roll_up(TREE, both, "area-weighted"), "A/1")[0] == pytest.approx((10 * 25 + 30 * 10) / 40)


def test_the_oldest_value_that_counts_sets_the_age() -> None:
    points = columns(("A/1/1", 4.0), ("A/1/2", 1.0), ("B/1/1", 1.0, GOOD, True))
    points.judged[:] = (100.0, 50.0, 10.0)
    rolled = roll_up(TREE, points, "sum")
    assert rolled.oldest[TREE.index["c"]] == 50
    assert np.isinf(rolled.oldest[TREE.index["B"]])


def slow(points: PointColumns, how: Rollup, entity: str) -> tuple[float, int, int]:
    """One entity the obvious way: (value, have, of)."""
    slot = TREE.index[entity]
    mine = [i for i in range(len(points.slot)) if points.slot[i] == slot]
    counting = [i for i in mine if points.quality[i] <= 1 and not points.stale[i] and not math.isnan(points.value[i])]
    if counting:
        values = [float(points.value[i]) for i in counting]
        mean = sum(values) / len(values)
        return {"sum": sum(values), "max": max(values)}.get(how, mean), len(counting), len(mine)
    have, of, parts = 0, len(mine), []
    for child in (e for e, s in TREE.index.items() if TREE.parent[s] == slot):
        value, h, o = slow(points, how, child)
        have, of = have + h, of + o
        if h:
            parts.append((value, child, h))
    if not parts:
        return math.nan, 0, of
    if how == "sum":
        return sum(v for v, _, _ in parts), have, of
    if how == "max":
        return max(v for v, _, _ in parts), have, of
    return math.nan, have, of  # weighted means are compared by their own test


point = st.tuples(
    st.sampled_from(IDS), st.floats(-1e6, 1e6) | st.just(math.nan), st.sampled_from([GOOD, UNCERTAIN, BAD, NONE]),
    st.booleans(),
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(point, max_size=30), st.sampled_from(["sum", "max"]))
def test_against_the_slow_obvious_way(points: list[tuple[str, float, int, bool]], how: Rollup) -> None:
    table = columns(*points)
    rolled = roll_up(TREE, table, how)
    for entity in IDS:
        value, have, of = slow(table, how, entity)
        slot = TREE.index[entity]
        assert (int(rolled.have[slot]), int(rolled.of[slot])) == (have, of)
        if have:
            assert rolled.value[slot] == pytest.approx(value, rel=1e-9, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([i for i in IDS if i.count("/") == 2]), st.floats(-50, 50)), max_size=20))
def test_weighted_means_stay_between_their_parts(points: list[tuple[str, float]]) -> None:
    for how in ("mean", "area-weighted"):
        rolled = roll_up(TREE, columns(*points), how)
        if points:
            values = [value for _, value in points]
            assert min(values) - 1e-6 <= rolled.value[0] <= max(values) + 1e-6


def test_slots_that_do_not_fit_the_campus_are_refused() -> None:
    with pytest.raises(ValueError, match="do not match"):
        SlotTree.of(campus_of(), IDS[:-1])


def test_a_full_roll_up_of_20000_points_takes_less_than_10_ms() -> None:
    rooms = [f"{b}/{s}/{r}" for b in range(50) for s in range(8) for r in range(50)]
    tree = SlotTree.of(campus_of(rooms), ["c", *sorted({r.split("/")[0] for r in rooms}, key=int),
                                          *dict.fromkeys(r.rpartition("/")[0] for r in rooms), *rooms])  # fmt: skip
    n = len(rooms)
    slots = np.array([tree.index[room] for room in rooms], np.int32)
    zeros = np.zeros(n, np.uint8)
    points = PointColumns(slots, np.ones(n), np.ones(n), zeros, zeros, np.zeros(n, np.bool_))
    times = []
    for how in ("sum", "area-weighted", "max") * 3:
        start = time.thread_time()
        rolled = roll_up(tree, points, how)
        times.append(time.thread_time() - start)
        assert rolled.have[0] == n
    assert min(times) < 0.010, "CPU time: a busy machine is not slow code"
