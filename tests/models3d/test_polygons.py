"""Polygons made fit for use, held against slow and obvious ways."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from models3d import polygons, schematic
from models3d import triangles as tri
from models3d.codes import Codes, code, storey_code
from models3d.levels import by_elevation

with np.errstate(invalid="ignore"):
    NOT_NUMBERS = Polygon([(0, 0), (float("nan"), 1), (1, 1)])
rings = st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=3, max_size=12)


class TestClean:
    @given(rings)
    @settings(max_examples=200, deadline=None)
    def test_whatever_the_ring_the_result_is_valid_and_oriented(self, ring: list[tuple[float, float]]) -> None:
        cleaned = polygons.clean(Polygon(ring))
        if cleaned.area is None:
            return
        assert cleaned.area.is_valid
        x, y = np.array(ring).T
        assert cleaned.area.area <= np.ptp(x) * np.ptp(y) + 1e-3
        for part in getattr(cleaned.area, "geoms", [cleaned.area]):
            assert shapely.is_ccw(part.exterior)
            assert not any(shapely.is_ccw(hole) for hole in part.interiors)

    def test_z_slivers_and_lines_go(self) -> None:
        mixed = shapely.GeometryCollection([
            Polygon([(0, 0, 5), (4, 0, 5), (4, 3, 5), (0, 3, 5)]), LineString([(0, 0), (9, 9)]),
            Polygon([(9, 9), (9.001, 9), (9, 9.001)]),
        ])  # fmt: skip
        area = polygons.clean(mixed).area
        assert isinstance(area, Polygon)
        assert not area.has_z
        assert area.area == pytest.approx(12)

    @pytest.mark.parametrize("bad", [Polygon(), Point(0, 0), LineString([(0, 0), (1, 1)]), NOT_NUMBERS])
    def test_nothing_usable_says_why(self, bad: BaseGeometry) -> None:
        cleaned = polygons.clean(bad)
        assert cleaned.area is None
        assert cleaned.reason

    def test_a_wall_between_rooms_is_closed(self) -> None:
        rooms = [Polygon([(0, 0), (5, 0), (5, 4), (0, 4)]), Polygon([(5.2, 0), (9, 0), (9, 4), (5.2, 4)])]
        assert isinstance(polygons.union(rooms), MultiPolygon)
        joined = polygons.union(rooms, gap_m=0.6)
        assert isinstance(joined, Polygon)
        assert joined.area == pytest.approx(36)


class TestShadow:
    @given(st.integers(0, 10_000))
    @settings(max_examples=60, deadline=None)
    def test_equals_the_plain_union(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        vertices = random.uniform(0, 10, (30, 3))
        triangles = random.integers(0, 30, (12, 3))
        plain = shapely.union_all([Polygon(vertices[one][:, :2]) for one in triangles if len(set(one.tolist())) == 3])
        found = tri.shadow(vertices, triangles, least_m2=0.0)
        assert (found.area if found is not None else 0.0) == pytest.approx(plain.area, rel=1e-3, abs=1e-3)


class TestCodes:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("14", "14"),
            ("N1/204", "N1-204"),
            (" A  B ", "A-B"),
            ("图书馆", "图书馆"),
            ("Ｎ１", "N1"),
            ("a\x00b\n", "ab"),
            ("///", ""),
            ("x" * 99, "x" * 64),
        ],
    )
    def test_code(self, text: str, expected: str) -> None:
        assert code(text) == expected

    @given(st.lists(st.text(max_size=12), max_size=30))
    @settings(max_examples=100, deadline=None)
    def test_never_twice_never_empty_never_a_slash(self, texts: list[str]) -> None:
        codes = Codes()
        given_out = [codes.take(text)[0] for text in texts]
        assert len({one.casefold() for one in given_out}) == len(given_out)
        assert all(one and "/" not in one for one in given_out)

    def test_storeys(self) -> None:
        assert [storey_code(ordinal) for ordinal in (-2, -1, 0, 9)] == ["B2", "B1", "01", "10"]


class TestLevels:
    def test_steps_stay_together_and_floors_apart(self) -> None:
        assert by_elevation([0.0, 3.5, 0.4, 3.6, -3.0, 7.2]) == [[4], [0, 2], [1, 3], [5]]
        assert by_elevation([]) == []

    def test_a_tower_of_many_levels(self) -> None:
        found = schematic.levels("Tower", 163.0, 3.0, 828.0)
        assert (found.above, found.below, round(found.storey_m, 1)) == (163, 3, 5.1)
        assert found.findings == []
