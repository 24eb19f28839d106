"""Which walls have a room behind them, and which rooms lie under other storeys: what is left out of far buildings."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from models3d.tiles_inner import covered, inner_walls
from models3d.tiles_rings import Frame, groups_of
from twin.space import Space, Storey

FRAME = Frame(-100.0, -100.0)


def walls(*rooms: BaseGeometry, top_cm: list[int] | None = None, storey: list[int] | None = None) -> list[list[bool]]:
    """For each room whether its walls (south, east, north, west) have a room behind them."""
    groups = [groups_of(room, FRAME) for room in rooms]  # type: ignore[arg-type]
    n = len(rooms)
    levels = np.array(storey or [0] * n)
    inner = inner_walls(groups, levels, levels * 400, np.array(top_cm or [400] * n) + levels * 400, FRAME.step)
    return inner.reshape(n, 4).tolist()


def test_walls_between_two_rooms_have_a_room_behind_them() -> None:
    left, right = walls(box(0, 0, 4, 6), box(4.2, 0, 8, 6))
    assert left == [False, True, False, False]
    assert right == [False, False, False, True]


def test_a_corridor_sees_the_rooms_on_its_sides_across_the_gaps_between_them() -> None:
    rooms = [box(4.0 * k, 2.2, 4.0 * k + 3.8, 8) for k in range(5)]
    corridor, *others = walls(box(0, 0, 19.8, 2), *rooms)
    assert corridor == [False, False, True, False]
    assert all(south for south, *_ in others)
    assert not any(north for _, _, north, _ in others)


def test_a_courtyard_and_a_wall_that_stands_half_free_are_seen() -> None:
    assert walls(box(0, 0, 4, 6), box(7, 0, 11, 6)) == [[False] * 4] * 2
    long, short = walls(box(0, 0, 4, 20), box(4.2, 0, 8, 9))
    assert not long[1]
    assert short[3]


def test_a_lower_room_hides_no_higher_one_and_other_storeys_hide_nothing() -> None:
    high, low = walls(box(0, 0, 4, 6), box(4.2, 0, 8, 6), top_cm=[800, 300])
    assert not high[1]
    assert low[3]
    assert walls(box(0, 0, 4, 6), box(4.2, 0, 8, 6), storey=[0, 1]) == [[False] * 4] * 2


@pytest.mark.parametrize(("lowest", "first"), [(1, True), (-1, True), (0, False), (3, False)])
def test_a_room_is_covered_when_the_storeys_above_reach_over_all_of_it_but_in_every_third_storey(
    lowest: int, first: bool
) -> None:
    storeys = []
    for level, shapes in enumerate(
        ([box(0, 0, 10, 10), box(10.2, 0, 20, 10), box(20.2, 0, 30, 10)], [box(0, 0, 20, 10)])
    ):
        storey = Storey(f"7/{level}", {}, level + lowest, level * 4.0, 4.0)
        for k, shape in enumerate(shapes):
            height = 7.9 if level == 0 and k == 1 else 4.0
            storey.spaces.append(Space(f"7/{level}/{k}", str(k), {}, "office", shape, level * 4.0, height))
        storeys.append(storey)
    outlines = [box(0, 0, 30, 10), box(0, 0, 20, 10)]
    assert covered(storeys, outlines).tolist() == [first, False, False, False]
    assert covered(storeys, [None, None]).tolist() == [False] * 4
