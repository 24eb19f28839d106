"""Coordinate systems: GCJ-02 against published pairs, tangent planes against the ellipsoid, frames in one another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from models3d import georef
from models3d.model import Frame

GEOD = Geod(ellps="WGS84")


class TestGcj02:
    @pytest.mark.parametrize(
        ("wgs84", "gcj02"),
        [
            ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),
            ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),
            ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),
        ],
        ids=["Shanghai", "Shenzhen", "Beijing"],
    )
    def test_published_pairs(self, wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
        lon, lat = georef.wgs84_to_gcj02(np.array([wgs84[0]]), np.array([wgs84[1]]))
        assert (lon[0], lat[0]) == pytest.approx(gcj02, abs=1e-9)
        back_lon, back_lat = georef.gcj02_to_wgs84(lon, lat)
        assert (back_lon[0], back_lat[0]) == pytest.approx(wgs84, abs=1e-9)

    @given(lon=st.floats(74.0, 135.0), lat=st.floats(2.0, 54.0))
    @settings(max_examples=200, deadline=None)
    def test_there_and_back_is_within_a_millimetre(self, lon: float, lat: float) -> None:
        there = georef.wgs84_to_gcj02(np.array([lon]), np.array([lat]))
        back_lon, back_lat = georef.gcj02_to_wgs84(*there)
        assert GEOD.inv(lon, lat, float(back_lon[0]), float(back_lat[0]))[2] < 1e-3

    def test_outside_of_china_nothing_moves(self) -> None:
        lon, lat = np.array([-104.82, 4.37, 151.2]), np.array([38.85, 52.01, -33.87])
        for convert in (georef.wgs84_to_gcj02, georef.gcj02_to_wgs84):
            assert np.array_equal(np.column_stack(convert(lon, lat)), np.column_stack([lon, lat]))

    def test_the_shift_is_hundreds_of_metres(self) -> None:
        lon, lat = georef.wgs84_to_gcj02(np.array([108.65]), np.array([34.25]))
        assert 300 < GEOD.inv(108.65, 34.25, float(lon[0]), float(lat[0]))[2] < 800


class TestNames:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("EPSG:4326", 4326), ("urn:ogc:def:crs:EPSG::28992", 28992), ("urn:ogc:def:crs:EPSG:9.9:28992", 28992),
            ("https://www.opengis.net/def/crs/EPSG/0/7415", 7415), ("epsg:32649", 32649),
        ],
    )  # fmt: skip
    def test_known(self, text: str, code: int) -> None:
        crs = georef.parse_crs(text)
        assert crs is not None
        assert crs.to_epsg() == code

    @pytest.mark.parametrize("text", [None, "", "  ", "our own grid", "EPSG:0", "EPSG:99999999", "urn:x", 42424242])
    def test_unknown(self, text: str | int | None) -> None:
        assert georef.parse_crs(text) is None

    def test_crs84(self) -> None:
        crs = georef.parse_crs("urn:ogc:def:crs:OGC:1.3:CRS84")
        assert crs is not None
        assert crs.is_geographic


class TestPlace:
    @given(
        lon=st.floats(-179.0, 179.0),
        lat=st.floats(-80.0, 80.0),
        east=st.floats(-3000, 3000),
        north=st.floats(-3000, 3000),
    )
    @settings(max_examples=60, deadline=None)
    def test_a_tangent_plane_measures_like_the_ellipsoid(
        self, lon: float, lat: float, east: float, north: float
    ) -> None:
        azimuth, distance = np.degrees(np.arctan2(east, north)), float(np.hypot(east, north))
        far_lon, far_lat, _ = GEOD.fwd(lon, lat, azimuth, distance)
        placed = georef.place_geographic(np.array([lon]), np.array([lat]))
        x, y = placed.local(np.array([far_lon]), np.array([far_lat]))
        assert (x[0], y[0]) == pytest.approx((east, north), abs=0.05)

    def test_a_metre_grid_keeps_its_axes(self) -> None:
        crs = georef.parse_crs("EPSG:28992")
        placed = georef.place(crs, np.array([84_900.0, 85_100.0]), np.array([447_400.0, 447_600.0]))
        assert (placed.frame.crs, placed.frame.easting, placed.frame.northing) == ("EPSG:28992", 85_000.0, 447_500.0)
        x, y = placed.local(np.array([85_010.0]), np.array([447_520.0]))
        assert (x[0], y[0]) == (10.0, 20.0)

    @pytest.mark.parametrize(
        ("name", "x", "y"), [("EPSG:3857", 12_094_863.0, 4_062_586.0), ("EPSG:2227", 6_050_000.0, 2_110_000.0)]
    )
    def test_stretched_grids_and_feet_are_projected_anew(self, name: str, x: float, y: float) -> None:
        placed = georef.place(georef.parse_crs(name), np.array([x]), np.array([y]))
        assert placed.remark == "reprojected"
        lon, lat = placed.frame.longitude, placed.frame.latitude
        assert lon is not None
        assert lat is not None
        local_x, local_y = placed.local(np.array([x, x + 100.0]), np.array([y, y]))
        degrees = [
            georef.to_degrees(placed.frame, float(px), float(py)) for px, py in zip(local_x, local_y, strict=True)
        ]
        assert degrees[0] is not None
        assert degrees[1] is not None
        assert float(np.hypot(np.diff(local_x), np.diff(local_y))[0]) == pytest.approx(
            GEOD.inv(*degrees[0], *degrees[1])[2], rel=1e-5
        )

    def test_numbers_outside_of_the_grid_are_refused(self) -> None:
        with pytest.raises(ValueError, match="outside of"):
            georef.place(georef.parse_crs("EPSG:32649"), np.array([6.7e9]), np.array([6.7e9]))

    def test_other_datums_are_taken_to_wgs84(self) -> None:
        placed = georef.place(georef.parse_crs("EPSG:4490"), np.array([108.65]), np.array([34.25]))
        assert placed.frame.longitude == pytest.approx(108.65, abs=1e-5)

    def test_near_metres_stay_where_they_are(self) -> None:
        placed = georef.place(None, np.array([-9000.0, 9000.0]), np.array([0.0, 1.0]))
        assert placed.frame == Frame()


class TestRelative:
    def test_a_grid_in_a_tangent_plane(self) -> None:
        """UTM's north is off true north by the meridian convergence, its metre by the grid's scale."""
        utm = Frame("EPSG:32649", 283_000.0, 3_792_000.0, height=410.0)
        middle = georef.to_degrees(utm, 0.0, 0.0)
        assert middle is not None
        target = georef.tangent_frame(middle[1], middle[0], height=400.0)
        placement = georef.relative(utm, target)
        assert placement is not None
        assert (placement.x, placement.y, placement.z) == pytest.approx((0.0, 0.0, 10.0), abs=1e-3)
        convergence = (middle[0] - 111.0) * np.sin(np.radians(middle[1]))  # grid north, clockwise from true north
        assert placement.rotation_deg == pytest.approx(-convergence, abs=0.02)
        assert placement.scale == pytest.approx(1.0, abs=1e-3)

    @given(angle=st.floats(-180.0, 180.0), x=st.floats(-500, 500), y=st.floats(-500, 500))
    @settings(max_examples=40, deadline=None)
    def test_there_and_back(self, angle: float, x: float, y: float) -> None:
        source = Frame("EPSG:28992", 85_000.0, 447_500.0, rotation_deg=angle)
        target = georef.tangent_frame(52.0, 4.36)
        placement = georef.relative(source, target)
        assert placement is not None
        turn = np.radians(placement.rotation_deg)
        east = placement.x + (x * np.cos(turn) - y * np.sin(turn)) * placement.scale
        north = placement.y + (x * np.sin(turn) + y * np.cos(turn)) * placement.scale
        one, two = georef.to_degrees(source, x, y), georef.to_degrees(target, east, north)
        assert one is not None
        assert two is not None
        assert GEOD.inv(*one, *two)[2] < 0.1

    def test_nowhere_has_no_place(self) -> None:
        assert georef.relative(Frame(), georef.tangent_frame(34.25, 108.65)) is None
        assert georef.relative(georef.tangent_frame(34.25, 108.65), Frame()) is None
