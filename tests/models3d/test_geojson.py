"""GeoJSON: the real campus, tags as people write them, and every way a footprint file goes wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Polygon, mapping

from models3d import formats, osm_tags
from models3d.model import Model, Options
from tests.models3d.contract import LoaderContract, refused, walk

LON, LAT = 108.65, 34.25
M_LON = 1 / 92_000  # about a metre at this latitude [deg]
M_LAT = 1 / 110_900


def box(x: float, y: float, w: float, h: float) -> dict[str, Any]:
    """A rectangle, in metres from (LON, LAT), as GeoJSON in degrees."""
    corners = [(x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)]
    return {"type": "Polygon", "coordinates": [[[LON + cx * M_LON, LAT + cy * M_LAT] for cx, cy in corners]]}


def feature(geometry: dict[str, Any] | None, key: str = "", **tags: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "Feature", "properties": {k.replace("__", ":"): v for k, v in tags.items()}}
    return {**found, "geometry": geometry, **({"id": key} if key else {})}


def write(path: Path, *features: dict[str, Any], **members: Any) -> Path:
    path.write_text(
        json.dumps({"type": "FeatureCollection", **members, "features": list(features)}, ensure_ascii=False)
    )
    return path


def codes(model: Model) -> list[str]:
    return sorted(finding.code for finding in model.findings)


class TestContract(LoaderContract):
    format_key = "geojson"
    suffix = ".geojson"
    broken = {  # noqa: RUF012
        "no-list": b'{"type": "FeatureCollection"}',
        "no-features": b'{"type": "FeatureCollection", "features": []}',
        "all-null": b'{"type": "FeatureCollection", "features": [null, 3, {"type": "Feature", "geometry": null}]}',
        "nan": b'{"type": "Feature", "properties": {"building": "yes"}, "geometry": '
        b'{"type": "Polygon", "coordinates": [[[NaN, 1], [1, Infinity], [2, 2], [NaN, 1]]]}}',
        "zeros-in-the-middle": b'{"type": "FeatureCollection", "features": [' + b"\0" * 200,
        "only-shops": b'{"type": "Feature", "properties": {"shop": "yes"}, '
        b'"geometry": {"type": "Point", "coordinates": [1, 2]}}',
        "words": b'{"type": "Polygon", "coordinates": [[["a", "b"], ["c", "d"], ["e", "f"]]]}',
        "deep": b'{"type": "Polygon", "coordinates": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    }

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        hole = box(200, 0, 60, 60)
        hole["coordinates"].append(box(220, 20, 20, 20)["coordinates"][0])
        return write(
            tmp_path / "campus.geojson",
            feature(
                box(0, 0, 40, 20),
                "way/1",
                building="university",
                building__levels="5",
                name="图书馆",
                name__en="Library",
            ),
            feature(box(100, 0, 30, 30), "way/2", building="dormitory", height="21 m", building__levels="6", ref="14"),
            feature(hole, "way/3", building="yes", building__levels__underground="2", building__levels="3"),
            feature({"type": "LineString", "coordinates": [[LON, LAT], [LON + 0.002, LAT]]}, highway="residential"),
            feature(box(0, 100, 50, 50), leisure="park", name="北园"),
            feature({"type": "Point", "coordinates": [LON, LAT]}, natural="tree"),
            feature({"type": "Point", "coordinates": [LON, LAT]}, shop="books"),
        )


@pytest.fixture(scope="module")
def college(samples: Path) -> Model:
    return formats.load(samples / "geojson" / "colorado_college.geojson")


class TestColoradoCollege:
    """93 real buildings of OpenStreetMap, 71 with levels."""

    def test_counts(self, college: Model) -> None:
        assert len(college.buildings) == 93
        assert sum(len(building.storeys) for building in college.buildings) == 185
        assert len(list(walk(college))) == 185
        assert all(space.origin == "schematic" for _, _, space in walk(college))

    def test_71_have_levels_and_the_rest_say_so(self, college: Model) -> None:
        assert codes(college).count("no-levels") == 19
        assert codes(college).count("levels-from-height") == 3
        assert 93 - 19 - 3 == 71

    def test_areas(self, college: Model) -> None:
        assert sum(b.outline.area for b in college.buildings if b.outline) == pytest.approx(69_305, rel=1e-3)
        assert sum(space.area_m2 or 0.0 for _, _, space in walk(college)) == pytest.approx(189_982, rel=1e-3)

    def test_a_house_as_tagged(self, college: Model) -> None:
        house = next(building for building in college.buildings if building.id == "Hamlin-House")
        assert house.names == {"": "Hamlin House"}
        assert [storey.height_m for storey in house.storeys] == [3.0, 3.0, 3.0]
        assert house.category == "residential"
        assert ("osm", "way/231407634") in {(alias.scheme, alias.value) for alias in house.aliases}

    def test_stands_where_the_college_stands(self, college: Model) -> None:
        assert college.frame.latitude == pytest.approx(38.849, abs=0.002)
        assert college.frame.longitude == pytest.approx(-104.825, abs=0.002)


class TestTags:
    @pytest.mark.parametrize(
        ("text", "value"),
        [("3", 3.0), ("3.5", 3.5), ("3,5", 3.5), ("3;4", 4.0), ("2-3", 3.0), ("12层", 12.0), ("６", 6.0), ("-1", -1.0)],
    )
    def test_numbers(self, text: str, value: float) -> None:
        assert osm_tags.number(text) == value

    @pytest.mark.parametrize(
        ("text", "value"),
        [("9 m", 9.0), ("9m", 9.0), ("7.5", 7.5), ("30'", 9.144), ("12'6\"", 3.81), ("30 ft", 9.144), ("350 cm", 3.5)],
    )
    def test_metres(self, text: str, value: float) -> None:
        assert osm_tags.metres(text) == pytest.approx(value)

    @pytest.mark.parametrize("text", ["", "unknown", "high", "n/a"])
    def test_words_are_no_numbers(self, text: str) -> None:
        assert osm_tags.number(text) is None
        assert osm_tags.metres(text) is None

    def test_names_keep_their_languages(self) -> None:
        tags = osm_tags.tags_of({"name": "图书馆 Library", "name:en": "Library", "name:zh-Hans": "图书馆"})
        assert osm_tags.names(tags) == {"en": "Library", "zh-hans": "图书馆", "zh": "图书馆", "": "图书馆 Library"}
        assert osm_tags.names({"name": "Bibliothek"}) == {"": "Bibliothek"}
        assert osm_tags.names({"name": "としょかん図"}) == {"": "としょかん図"}

    def test_nested_and_gdal_tags_are_unfolded(self) -> None:
        tags = osm_tags.tags_of({"other_tags": '"building:levels"=>"5","roof:shape"=>"flat"', "tags": {"height": 12}})
        assert tags == {"building:levels": "5", "roof:shape": "flat", "height": "12"}

    def test_column_names_of_campuses(self, tmp_path: Path) -> None:
        path = write(tmp_path / "c.geojson", feature(box(0, 0, 30, 30), 名称="一号楼", 层数=7, 楼号="1"))
        building = formats.load(path).buildings[0]
        assert (building.id, len(building.storeys), building.names) == ("1", 7, {"zh": "一号楼"})


class TestStoreys:
    def load(self, tmp_path: Path, **tags: Any) -> Model:
        return formats.load(write(tmp_path / "one.geojson", feature(box(0, 0, 40, 20), building="yes", **tags)))

    def test_levels_without_a_height(self, tmp_path: Path) -> None:
        model = self.load(tmp_path, building__levels="4", building__levels__underground="2")
        storeys = model.buildings[0].storeys
        assert [storey.ordinal for storey in storeys] == [-2, -1, 0, 1, 2, 3]
        assert [storey.elevation_m for storey in storeys] == [-7.0, -3.5, 0.0, 3.5, 7.0, 10.5]
        assert [storey.id.split("/")[1] for storey in storeys] == ["B2", "B1", "01", "02", "03", "04"]
        assert codes(model) == []

    def test_neither(self, tmp_path: Path) -> None:
        model = self.load(tmp_path)
        assert len(model.buildings[0].storeys) == 1
        assert codes(model) == ["no-levels"]
        assert model.findings[0].entity == model.buildings[0].id

    def test_min_level_floats(self, tmp_path: Path) -> None:
        model = self.load(tmp_path, building__levels="6", building__min_level="4")
        assert [storey.ordinal for storey in model.buildings[0].storeys] == [4, 5]

    @pytest.mark.parametrize(
        ("levels", "height", "storeys", "code"),
        [
            ("2019", "", 1, "levels-implausible"),
            ("0", "", 1, "no-levels"),
            ("4", "3", 4, "height-implausible"),
            ("2", "5000", 2, "height-implausible"),
            ("", "14", 4, "levels-from-height"),
        ],
    )
    def test_nonsense_is_said(self, tmp_path: Path, levels: str, height: str, storeys: int, code: str) -> None:
        model = self.load(tmp_path, building__levels=levels, height=height)
        assert len(model.buildings[0].storeys) == storeys
        assert code in codes(model)

    def test_parts_make_a_tower_on_a_podium(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "tower.geojson",
            feature(box(0, 0, 60, 40), "way/1", building="yes", building__levels="12"),
            feature(box(0, 0, 60, 40), "way/2", building__part="yes", building__levels="2"),
            feature(box(10, 10, 20, 20), "way/3", building__part="yes", building__levels="12"),
        )
        model = formats.load(path)
        assert len(model.buildings) == 1
        areas = [storey.spaces[0].area_m2 or 0.0 for storey in model.buildings[0].storeys]
        assert len(areas) == 12
        assert areas[0] == pytest.approx(2400, rel=0.01)
        assert areas[2] == pytest.approx(400, rel=0.01)


class TestGeometry:
    def test_bow_tie_is_repaired(self, tmp_path: Path) -> None:
        tie = box(0, 0, 40, 20)
        ring = tie["coordinates"][0]
        ring[1], ring[2] = ring[2], ring[1]
        model = formats.load(write(tmp_path / "a.geojson", feature(tie, building="yes", building__levels=1)))
        assert codes(model) == ["invalid-polygon"]
        assert model.findings[0].position is not None
        assert sum(space.area_m2 or 0.0 for _, _, space in walk(model)) == pytest.approx(400, rel=0.01)

    def test_drawn_twice_is_one(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "a.geojson",
            feature(box(0, 0, 40, 20), "way/1", building="yes"),
            feature(box(0.1, 0, 40, 20), "way/2", building="yes", building__levels=3),
        )
        model = formats.load(path)
        assert len(model.buildings) == 1
        assert len(model.buildings[0].storeys) == 3
        assert codes(model) == ["duplicate-footprint"]

    def test_overlap_is_found_and_both_are_kept(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "a.geojson",
            feature(box(0, 0, 40, 20), "way/1", building="yes", building__levels=1),
            feature(box(30, 0, 40, 20), "way/2", building="yes", building__levels=1),
        )
        model = formats.load(path)
        assert len(model.buildings) == 2
        overlap = next(finding for finding in model.findings if finding.code == "overlap")
        assert overlap.data["area_m2"] == pytest.approx(200, rel=0.01)

    def test_neighbours_that_share_a_wall_do_not_overlap(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "a.geojson",
            feature(box(0, 0, 40, 20), "way/1", building="yes", building__levels=1),
            feature(box(40, 0, 40, 20), "way/2", building="yes", building__levels=1),
        )
        assert codes(formats.load(path)) == []

    def test_a_courtyard_is_a_hole(self, tmp_path: Path) -> None:
        ring = box(0, 0, 60, 60)
        ring["coordinates"].append(box(20, 20, 20, 20)["coordinates"][0])
        model = formats.load(write(tmp_path / "a.geojson", feature(ring, building="yes", building__levels=1)))
        polygon = next(walk(model))[2].polygon
        assert isinstance(polygon, Polygon)
        assert len(polygon.interiors) == 1
        assert polygon.area == pytest.approx(3200, rel=0.01)

    def test_two_buildings_of_one_name(self, tmp_path: Path) -> None:
        path = write(
            tmp_path / "a.geojson",
            feature(box(0, 0, 40, 20), building="yes", building__levels=1, ref="14"),
            feature(box(60, 0, 40, 20), building="yes", building__levels=1, ref="14"),
        )
        model = formats.load(path)
        assert [building.id for building in model.buildings] == ["14", "14~2"]
        assert codes(model) == ["duplicate-code"]


class TestPlace:
    def test_latitude_first_is_swapped_back(self, tmp_path: Path) -> None:
        flipped = box(0, 0, 40, 20)
        flipped["coordinates"][0] = [[y, x] for x, y in flipped["coordinates"][0]]
        model = formats.load(write(tmp_path / "a.geojson", feature(flipped, building="yes", building__levels=1)))
        assert codes(model) == ["axes-swapped"]
        assert model.frame.longitude == pytest.approx(LON, abs=0.01)
        assert next(walk(model))[2].area_m2 == pytest.approx(800, rel=0.01)

    def test_metres_without_a_system(self, tmp_path: Path) -> None:
        square = mapping(Polygon([(1000, 2000), (1040, 2000), (1040, 2020), (1000, 2020)]))
        model = formats.load(write(tmp_path / "a.geojson", feature(dict(square), building="yes", building__levels=1)))
        assert codes(model) == ["no-georeference"]
        assert model.frame.crs is None
        assert next(walk(model))[2].area_m2 == pytest.approx(800)

    def test_a_small_plan_in_metres_is_not_taken_for_degrees(self, tmp_path: Path) -> None:
        square = mapping(Polygon([(10, 20), (50, 20), (50, 40), (10, 40)]))
        model = formats.load(write(tmp_path / "a.geojson", feature(dict(square), building="yes", building__levels=1)))
        assert codes(model) == ["no-georeference"]
        assert next(walk(model))[2].area_m2 == pytest.approx(800)

    def test_far_metres_keep_their_area(self, tmp_path: Path) -> None:
        x, y = 6.7e9, -3.1e9
        square = mapping(Polygon([(x, y), (x + 40, y), (x + 40, y + 20), (x, y + 20)]))
        model = formats.load(write(tmp_path / "a.geojson", feature(dict(square), building="yes", building__levels=1)))
        assert codes(model) == ["far-origin", "no-georeference"]
        assert model.frame.origin_offset[0] == pytest.approx(x, abs=50)
        assert next(walk(model))[2].area_m2 == pytest.approx(800, rel=1e-6)

    @pytest.mark.parametrize(
        "name", ["urn:ogc:def:crs:EPSG::32649", "EPSG:32649", "http://www.opengis.net/def/crs/EPSG/0/32649"]
    )
    def test_a_metre_grid_is_kept(self, tmp_path: Path, name: str) -> None:
        square = mapping(
            Polygon([(283_000, 3_792_000), (283_040, 3_792_000), (283_040, 3_792_020), (283_000, 3_792_020)])
        )
        crs = {"type": "name", "properties": {"name": name}}
        model = formats.load(
            write(tmp_path / "a.geojson", feature(dict(square), building="yes", building__levels=1), crs=crs)
        )
        assert codes(model) == []
        assert model.frame.crs == "EPSG:32649"
        assert model.frame.latitude == pytest.approx(34.24, abs=0.05)

    def test_web_mercator_is_not_measured_in(self, tmp_path: Path) -> None:
        x, y = 12_094_863.0, 4_062_586.0
        square = mapping(Polygon([(x, y), (x + 100, y), (x + 100, y + 100), (x, y + 100)]))
        crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
        model = formats.load(
            write(tmp_path / "a.geojson", feature(dict(square), building="yes", building__levels=1), crs=crs)
        )
        assert codes(model) == ["reprojected"]
        assert next(walk(model))[2].area_m2 == pytest.approx(10_000 * 0.8266**2, rel=0.01)

    def test_an_unknown_system_is_said(self, tmp_path: Path) -> None:
        crs = {"type": "name", "properties": {"name": "our own grid"}}
        model = formats.load(
            write(tmp_path / "a.geojson", feature(box(0, 0, 40, 20), building="yes", building__levels=1), crs=crs)
        )
        assert codes(model) == ["georeference-ignored"]

    def test_gcj02_is_declared_never_guessed(self, tmp_path: Path) -> None:
        plain = write(tmp_path / "a.geojson", feature(box(0, 0, 40, 20), building="yes", building__levels=1))
        shifted = write(
            tmp_path / "b.geojson", feature(box(0, 0, 40, 20), building="yes", building__levels=1), datum="gcj02"
        )
        here, there = formats.load(plain).frame, formats.load(shifted).frame
        assert here.longitude is not None
        assert there.longitude is not None
        assert 0.003 < here.longitude - there.longitude < 0.007
        assert formats.load(plain, Options(datum="gcj02")).frame == there

    def test_impossible_numbers_are_left_out(self, tmp_path: Path) -> None:
        huge = {"type": "Polygon", "coordinates": [[[1e308, 0], [1e308, 1], [-1e308, 1], [1e308, 0]]]}
        path = write(
            tmp_path / "a.geojson",
            feature(box(0, 0, 40, 20), building="yes", building__levels=1),
            feature(huge, "way/9"),
        )
        model = formats.load(path)
        assert [finding.element for finding in model.findings if finding.code == "bad-coordinates"] == ["way/9"]
        assert next(walk(model))[2].area_m2 == pytest.approx(800, rel=0.01)

    def test_null_island_is_left_out(self, tmp_path: Path) -> None:
        origin = {"type": "Polygon", "coordinates": [[[0, 0], [0.001, 0], [0.001, 0.001], [0, 0]]]}
        buildings = [feature(box(60 * i, 0, 40, 20), f"way/{i}", building="yes", building__levels=1) for i in range(5)]
        model = formats.load(write(tmp_path / "a.geojson", *buildings, feature(origin, "way/9", building="yes")))
        assert len(model.buildings) == 5
        assert codes(model) == ["stray-feature"]
        assert model.frame.longitude == pytest.approx(LON, abs=0.01)


class TestOtherShapesOfTheFile:
    def test_a_feature_a_line(self, tmp_path: Path) -> None:
        lines = [json.dumps(feature(box(60 * i, 0, 40, 20), f"way/{i}", building="yes")) for i in range(3)]
        path = tmp_path / "a.geojsonl"
        path.write_text("\n".join(lines))
        assert len(formats.load(path).buildings) == 3
        path.write_text("\x1e" + "\n\x1e".join(lines))
        assert len(formats.load(path).buildings) == 3

    def test_bare_geometry_is_taken_as_a_building(self, tmp_path: Path) -> None:
        path = tmp_path / "a.geojson"
        path.write_text(json.dumps(box(0, 0, 40, 20)))
        assert codes(formats.load(path)) == ["assumed-buildings", "no-levels"]

    def test_gb18030(self, tmp_path: Path) -> None:
        path = tmp_path / "a.geojson"
        text = json.dumps(feature(box(0, 0, 40, 20), building="yes", name="食堂"), ensure_ascii=False)
        path.write_bytes(text.encode("gb18030"))
        assert formats.load(path).buildings[0].names == {"zh": "食堂"}

    def test_cut_in_two(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.geojson", feature(box(0, 0, 40, 20), building="yes"))
        path.write_bytes(path.read_bytes()[:200])
        assert refused(path).code == "truncated"


class TestGround:
    def test_kinds(self, tmp_path: Path) -> None:
        line = {"type": "LineString", "coordinates": [[LON, LAT], [LON + 0.001, LAT], [LON + 0.001, LAT + 0.001]]}
        path = write(
            tmp_path / "a.geojson",
            feature(line, highway="primary"), feature(line, highway="footway", width="3"),
            feature(line, natural="tree_row"),
            feature(line, barrier="wall"), feature(line, waterway="river"),
            feature(box(0, 0, 9, 9), natural="water"), feature(box(0, 0, 9, 9), landuse="grass"),
            feature(box(0, 0, 9, 9), leisure="pitch"), feature(box(0, 0, 9, 9), amenity="parking"),
            feature(box(0, 0, 9, 9), highway="pedestrian", area="yes"), feature(box(0, 0, 9, 9), landuse="industrial"),
            feature({"type": "MultiPoint", "coordinates": [[LON, LAT], [LON, LAT + 0.001]]}, natural="tree"),
        )  # fmt: skip
        found = [(item.kind, round(item.width_m, 1), item.geometry.geom_type) for item in formats.load(path).ground]
        assert found == [
            ("road", 11.0, "LineString"), ("path", 3.0, "LineString"), ("tree-row", 6.0, "LineString"),
            ("wall", 0.4, "LineString"), ("water", 20.0, "LineString"), ("water", 0.0, "Polygon"),
            ("green", 0.0, "Polygon"),
            ("sport", 0.0, "Polygon"), ("parking", 0.0, "Polygon"), ("plaza", 0.0, "Polygon"), ("land", 0.0, "Polygon"),
            ("tree", 0.0, "Point"), ("tree", 0.0, "Point"),
        ]  # fmt: skip
