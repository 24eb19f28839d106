"""Walls that end short of one another: which gaps are bridged, and which are left open."""

from __future__ import annotations

import pytest
import shapely
from shapely import affinity
from shapely.geometry import Point, Polygon, box

from models3d.rooms_from_walls import enclosed
from models3d.wall_gaps import CORNER_M, REACH_M, bridges
from twin.space import Area


def walls(*boxes: tuple[float, float, float, float]) -> list[Area]:
    return [box(*corners) for corners in boxes]


def room(short: float) -> list[Area]:
    """Four walls of 0.2 m around 6 x 4 m whose ends stop ``short`` [m] before the corners."""
    s = short
    return walls((s, 0, 6 - s, 0.2), (s, 3.8, 6 - s, 4), (0, s, 0.2, 4 - s), (5.8, s, 6, 4 - s))


@pytest.mark.parametrize("turn", [0, 17, 45, 90, 133])
def test_a_doorway_between_two_pieces_of_wall_is_bridged_whatever_way_they_run(turn: float) -> None:
    pieces = [affinity.rotate(piece, turn, origin=(0, 0)) for piece in walls((0, 0, 3, 0.2), (4, 0, 7, 0.2))]
    (gap,) = shapely.get_parts(shapely.union_all(bridges(pieces)))
    assert affinity.rotate(gap, -turn, origin=(0, 0)).bounds == pytest.approx((2.98, 0, 4.02, 0.2), abs=1e-6)


@pytest.mark.parametrize(("gap", "closed"), [(0.3, True), (REACH_M - 0.01, True), (REACH_M + 0.01, False)])
def test_a_wall_that_ends_short_of_a_crossing_one_reaches_it_up_to_a_doorway(gap: float, closed: bool) -> None:
    assert bool(bridges(walls((0, 0, 5, 0.2), (2, 0.2 + gap, 2.2, 4)))) == closed


@pytest.mark.parametrize("short", [0.25, 0.4, CORNER_M - 0.05])
def test_corners_that_are_open_are_closed(short: float) -> None:
    pieces = room(short)
    assert enclosed(pieces) == []
    (found,) = enclosed([*pieces, *bridges(pieces)])
    assert found.area == pytest.approx(5.6 * 3.6, rel=0.01)


def test_corners_that_are_far_open_stay_open() -> None:
    pieces = room(CORNER_M + 0.2)
    assert enclosed([*pieces, *bridges(pieces)]) == []


def test_walls_that_meet_need_no_bridge() -> None:
    pieces = walls((0, 0, 6, 0.2), (0, 0.2, 0.2, 4), (2, 0.2, 2.2, 4))
    assert [bridge for bridge in bridges(pieces) if bridge.area > 1e-3] == []
    assert bridges([]) == []


def test_a_wall_that_was_cut_twice_is_one_wall() -> None:
    twice = walls((0, 0, 3, 0.2), (4, 0, 7, 0.2)) * 2
    assert shapely.union_all(bridges(twice)).area == pytest.approx(1.04 * 0.2)


def test_columns_piers_and_curves_have_no_ends() -> None:
    ring = Point(0, 0).buffer(3).difference(Point(0, 0).buffer(2.8)).intersection(box(0, 0, 9, 9))
    assert isinstance(ring, Polygon)
    assert bridges([ring, box(10, 0, 10.4, 0.4), box(11, 0, 13, 1.0), box(10.9, 2, 11.2, 2.3)]) == []
