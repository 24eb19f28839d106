"""GeoPackage: several layers, several systems, columns as tags, files that are cut off or hold no features."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from models3d import formats
from models3d.model import Model
from tests.models3d.contract import LoaderContract, refused, walk

X, Y = 283_000.0, 3_792_000.0  # metres in EPSG:32649


def box(x: float, y: float, w: float, h: float) -> Polygon:
    return Polygon([(X + x, Y + y), (X + x + w, Y + y), (X + x + w, Y + y + h), (X + x, Y + y + h)])


def add(
    path: Path,
    layer: str,
    geometry: list[Any],
    columns: dict[str, list[Any]],
    crs: str | None = "EPSG:32649",
    to: str | None = None,
) -> Path:
    import geopandas

    frame = geopandas.GeoDataFrame(columns, geometry=geometry, crs=crs)
    (frame.to_crs(to) if to else frame).to_file(path, layer=layer, driver="GPKG", mode="a" if path.exists() else "w")
    return path


def campus(path: Path) -> Path:
    columns: dict[str, list[Any]] = {
        "name": ["图书馆", "宿舍", None],
        "层数": [5, 6, None],
        "building": ["library", "dormitory", "yes"],
        "height": [20.0, None, 9.5],
    }
    shapes = [box(0, 0, 40, 20), MultiPolygon([box(100, 0, 10, 10), box(120, 0, 10, 10)]), box(200, 0, 10, 10)]
    add(path, "buildings", shapes, columns)
    add(path, "roads", [LineString([(X, Y - 20), (X + 200, Y - 20)])], {"width": [7.0]})
    return add(path, "trees", [Point(X, Y - 30), Point(X + 10, Y - 30)], {"species": ["银杏", "槐"]}, to="EPSG:4326")


class TestContract(LoaderContract):
    format_key = "geopackage"
    suffix = ".gpkg"
    broken = {"header-only": b"SQLite format 3\x00" + b"\0" * 52 + b"GPKG" + b"\0" * 100}  # noqa: RUF012

    @pytest.fixture
    def sample(self, tmp_path: Path) -> Path:
        return campus(tmp_path / "campus.gpkg")


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return formats.load(campus(tmp_path / "campus.gpkg"))


class TestLayers:
    def test_buildings_with_chinese_columns(self, model: Model) -> None:
        assert [(building.id, building.category, len(building.storeys)) for building in model.buildings] == [
            ("图书馆", "library", 5), ("宿舍", "dormitory", 6), ("buildings-3", "other", 3),
        ]  # fmt: skip
        areas = [building.outline.area for building in model.buildings if building.outline is not None]
        assert areas == pytest.approx([800, 200, 100])

    def test_layers_say_what_their_features_are(self, model: Model) -> None:
        assert [(feature.kind, feature.width_m) for feature in model.ground] == [
            ("road", 7.0),
            ("tree", 0.0),
            ("tree", 0.0),
        ]

    def test_layers_of_another_system_are_brought_together(self, model: Model) -> None:
        tree = next(feature.geometry for feature in model.ground if feature.kind == "tree")
        library = model.buildings[0].outline
        assert library is not None
        assert tree.distance(library) == pytest.approx(30.0, abs=0.01)
        assert model.frame.crs == "EPSG:32649"
        assert "reprojected" in {finding.code for finding in model.findings}


class TestMess:
    def test_metres_without_a_system(self, tmp_path: Path) -> None:
        import warnings

        path = tmp_path / "a.gpkg"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            add(path, "footprints", [box(0, 0, 40, 20)], {"levels": [2]}, crs=None)
        model = formats.load(path)
        assert next(walk(model))[2].area_m2 == pytest.approx(800)
        assert {"no-georeference"} <= {finding.code for finding in model.findings}

    def test_null_geometry_is_said(self, tmp_path: Path) -> None:
        path = add(tmp_path / "a.gpkg", "buildings", [box(0, 0, 40, 20), None], {"levels": [2, 2]})
        model = formats.load(path)
        assert len(model.buildings) == 1
        assert "no-geometry" in {finding.code for finding in model.findings}

    def test_no_features(self, tmp_path: Path) -> None:
        path = campus(tmp_path / "a.gpkg")
        with closing(sqlite3.connect(path)) as database:
            database.execute("DELETE FROM gpkg_contents")
            database.commit()
        assert refused(path).code == "no-features"

    def test_a_database_that_is_no_geopackage(self, tmp_path: Path) -> None:
        path = tmp_path / "a.gpkg"
        with closing(sqlite3.connect(path)) as database:
            database.execute("CREATE TABLE a (b)")
            database.commit()
        assert refused(path).code == "sqlite"
