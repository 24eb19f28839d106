"""The assembly: where models stand, what they are called, and that one bad file costs only itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from models3d import georef
from models3d.campus import Assembled, assemble_config
from models3d.identity import natural
from models3d.model import Frame, Model
from models3d.place import GAP_M, Candidate, Move, footprint, ground_elevation, move_model, place_all
from models3d.place_points import place_reports
from tests.models3d.tiny import loader, tiny
from twin.config import ConfigError, load_campus_config
from twin.config_reports import ScheduledReport
from twin.index import SpaceIndex
from twin.space import Building, Campus, Site

Make = Callable[[], Model]


def build(folder: Path, text: str, models: dict[str, Make], points: str = "") -> Assembled:
    """The campus of a campus.yaml whose files are ``models``; a file named there that is none is refused."""
    (folder / "campus.yaml").write_text(text)
    if points:
        (folder / "points.csv").write_text(points)
    config_text = text.replace("{", " ").replace("}", " ").replace(",", " ")
    for word in config_text.split():
        if word.endswith((".ifc", ".glb", ".geojson")):
            (folder / word).write_text("x")
    return assemble_config(load_campus_config(folder), loader(models))


def codes(built: Assembled) -> list[str]:
    return [f.code for f in built.findings if f.code != "overlap"]


def outline(built: Assembled, building: str) -> tuple[float, float, float, float]:
    (found,) = [b for b in built.campus.buildings if b.id == building]
    assert found.outline is not None
    x0, y0, x1, y1 = (round(v, 2) for v in found.outline.bounds)
    return x0, y0, x1, y1


TWO = "campus: {id: c}\nmodels:\n  - file: ./a.ifc\n  - file: b.ifc\n"


def test_models_from_nowhere_stand_side_by_side_on_the_ground(tmp_path: Path) -> None:
    built = build(
        tmp_path, TWO, {"a.ifc": lambda: tiny("a.ifc", "A", base=4500.0), "b.ifc": lambda: tiny("b.ifc", "B")}
    )
    a, b = outline(built, "A"), outline(built, "B")
    assert a == (0, 0, 20, 10)
    assert not box(*a).buffer(GAP_M - 0.1).intersects(box(*b))
    assert [b.storeys[0].elevation_m for b in built.campus.buildings] == [0, 0]
    assert {round(float(s.vertices[:, 2].min()), 6) for s in built.shells} == {0}
    assert codes(built) == ["placed-side-by-side"] * 2
    assert built.campus.latitude is None


def test_a_single_model_from_nowhere_is_no_finding(tmp_path: Path) -> None:
    built = build(tmp_path, "campus: {id: c}\nmodels: [{file: a.ifc}]\n", {"a.ifc": lambda: tiny("a.ifc")})
    assert codes(built) == []


def test_the_campus_file_decides_where_a_model_stands(tmp_path: Path) -> None:
    text = "campus: {id: c}\nmodels:\n  - file: a.ifc\n    place: {x: 100, y: 50, z: 7, rotation_deg: 90}\n"
    built = build(tmp_path, text, {"a.ifc": lambda: tiny("a.ifc", "A")})
    assert outline(built, "A") == (90, 50, 100, 70)
    storey = built.campus.buildings[0].storeys[0]
    assert (storey.elevation_m, storey.spaces[0].elevation_m) == (7, 7)
    assert storey.spaces[0].area_m2 == pytest.approx(storey.spaces[0].polygon.area)  # type: ignore[union-attr]
    assert built.campus.equipment[0].position == pytest.approx((99, 51, 8))
    assert built.findings[0].position == pytest.approx((100, 50, 7))
    assert built.ground[0].geometry.bounds == pytest.approx((105, 50, 105, 59))
    np.testing.assert_allclose(built.shells[0].vertices[1], (100, 70, 7))


def test_georeferenced_models_keep_their_distance_and_bearing(tmp_path: Path) -> None:
    utm = Frame("EPSG:32649", easting=300_000.0, northing=3_790_000.0, height=400.0)
    east = Frame("EPSG:32649", easting=300_300.0, northing=3_790_400.0, height=403.0)
    built = build(tmp_path, TWO, {"a.ifc": lambda: tiny("a.ifc", "A", frame=utm),
                                  "b.ifc": lambda: tiny("b.ifc", "B", frame=east)})  # fmt: skip
    a, b = outline(built, "A"), outline(built, "B")
    assert math.hypot(b[0] - a[0], b[1] - a[1]) == pytest.approx(500, rel=1e-3)  # UTM's own scale is 0.9996 .. 1.0001
    assert [x.storeys[0].elevation_m for x in built.campus.buildings] == pytest.approx([0, 3])
    assert built.campus.latitude == pytest.approx(34.23, abs=0.02)
    assert codes(built) == []


def test_the_declared_location_is_the_origin_whatever_its_datum(tmp_path: Path) -> None:
    frame = georef.tangent_frame(34.25, 108.65)
    for datum, off in (("wgs84", 0.0), ("gcj02", 500.0)):
        text = f"campus: {{id: c, location: {{latitude: 34.25, longitude: 108.65, datum: {datum}}}}}\n"
        built = build(tmp_path, text + "models: [{file: a.ifc}]\n", {"a.ifc": lambda: tiny("a.ifc", "A", frame=frame)})
        x, y = outline(built, "A")[:2]
        assert math.hypot(x, y) == pytest.approx(off, abs=0.01 if not off else 250)


def test_a_model_that_says_it_stands_elsewhere_is_placed_beside(tmp_path: Path) -> None:
    here, there = georef.tangent_frame(49.1, 8.4), georef.tangent_frame(42.36, -71.06)
    text = TWO + "  - file: c.ifc\n"
    built = build(tmp_path, text, {"a.ifc": lambda: tiny("a.ifc", "A", frame=there),
                                   "b.ifc": lambda: tiny("b.ifc", "B", frame=here),
                                   "c.ifc": lambda: tiny("c.ifc", "D", frame=here, at=(100.0, 0.0))})  # fmt: skip
    assert codes(built) == ["georeference-far"]
    assert built.campus.latitude == pytest.approx(49.1, abs=0.01)
    a, b, c = (outline(built, i) for i in "ABD")
    assert c[0] - b[0] == pytest.approx(100, abs=0.01)
    assert a[0] >= c[2] + GAP_M - 0.1


@pytest.mark.parametrize(
    "frame",
    [
        Frame("EPSG:32649", easting=9e12, northing=-9e12),
        Frame("EPSG:32649", easting=math.nan),
        Frame("no such system"),
        Frame(latitude=91.0, longitude=400.0),
        Frame("EPSG:3857", easting=1e7, northing=1e9),
    ],
)
def test_a_georeference_that_is_nonsense_costs_the_place_not_the_model(tmp_path: Path, frame: Frame) -> None:
    text = TWO.replace("{id: c}", "{id: c, location: {latitude: 34.25, longitude: 108.65}}")
    models: dict[str, Make] = {"a.ifc": lambda: tiny("a.ifc", "A", frame=frame), "b.ifc": lambda: tiny("b.ifc", "B")}
    built = build(tmp_path, text, models)
    for name in "AB":
        assert all(math.isfinite(v) and abs(v) < 1000 for v in outline(built, name))
    assert not box(*outline(built, "A")).intersects(box(*outline(built, "B")))


def test_two_files_of_one_default_city_do_not_stand_in_each_other(tmp_path: Path) -> None:
    boston = Frame(latitude=42.36, longitude=-71.06)
    built = build(tmp_path, TWO, {"a.ifc": lambda: tiny("a.ifc", "A", frame=boston),
                                  "b.ifc": lambda: tiny("b.ifc", "B", frame=boston)})  # fmt: skip
    assert codes(built) == ["georeference-overlap"]
    assert not box(*outline(built, "A")).intersects(box(*outline(built, "B")))


def test_a_refused_model_costs_only_itself(tmp_path: Path) -> None:
    built = build(tmp_path, TWO, {"b.ifc": lambda: tiny("b.ifc", "B")})
    assert [b.id for b in built.campus.buildings] == ["B"]
    assert [r["ok"] for r in built.reports] == [False, True]
    (finding,) = [f for f in built.findings if f.code == "model-refused"]
    assert (finding.severity, finding.element) == ("error", "./a.ifc")
    assert "cut off" in finding.message


def test_ids_are_unique_across_files_and_references_follow(tmp_path: Path) -> None:
    built = build(tmp_path, TWO, {"a.ifc": lambda: tiny("a.ifc", "A"), "b.ifc": lambda: tiny("b.ifc", "A")})
    index = SpaceIndex(built.campus)  # refuses ids that stand for two entities
    assert "duplicate-code" in codes(built)
    assert [b.id for b in built.campus.buildings] == ["A", "A~2"]
    assert [b.site for b in built.campus.buildings] == ["", ""]
    for shell in built.shells:
        assert shell.building in index
        assert index.parent(shell.storey) == shell.building
    for zone, item, point in zip(built.campus.zones, built.campus.equipment, built.model_points, strict=True):
        assert zone.spaces == (item.space,)
        assert item.feeds == (item.space, zone.id)
        assert (point.space, point.equipment) == (item.space, item.id)
    assert {f.entity for f in built.findings if f.code == "overlap"} == {"A/01/101", "A~2/01/101"}


def test_a_building_may_be_called_as_another_files_equipment(tmp_path: Path) -> None:
    def first() -> Model:
        model = tiny("a.ifc", "A")
        model.equipment[0].id, model.zones[0].id = "B", "B/01/101"
        return model

    built = build(tmp_path, TWO, {"a.ifc": first, "b.ifc": lambda: tiny("b.ifc", "B")})
    index = SpaceIndex(built.campus)
    assert index.get("B") is built.campus.equipment[0]
    assert [b.id for b in built.campus.buildings] == ["A", "B~2"]


def test_sites_stay_where_they_tell_something(tmp_path: Path) -> None:
    def on(building: str, *sites: str) -> Make:
        def made() -> Model:
            model = tiny(building, building)
            model.sites = [Site(f"s{n}", {"": name}) for n, name in enumerate(sites)]
            model.buildings[0].site = "s0"
            return model

        return made

    files = {"a.ifc": on("A", "North"), "b.ifc": on("B", "north "), "c.ifc": on("C1", "Site"), "d.ifc": on("D", "Site"),
             "e.ifc": on("E", "East", "West"), "f.ifc": on("F", "Lonely")}  # fmt: skip
    text = "campus: {id: campus}\nmodels:\n" + "".join(f"  - file: {name}\n" for name in files)
    built = build(tmp_path, text, files)
    index = SpaceIndex(built.campus)
    assert [site.names[""] for site in built.campus.sites] == ["North", "East", "West"]
    north, east, _ = (site.id for site in built.campus.sites)
    assert {b.id: b.site for b in built.campus.buildings} == {
        "A": north, "B": north, "C1": "", "D": "", "E": east, "F": "",
    }  # fmt: skip
    assert index.path("B") == ["campus", north, "B"]
    one = build(tmp_path, TWO, {"a.ifc": on("A", "North"), "b.ifc": on("B", "North")})
    assert one.campus.sites == []


def test_the_campus_file_gives_a_building_its_code_and_names(tmp_path: Path) -> None:
    text = "campus: {id: c}\nmodels:\n  - {file: a.ifc, building: 05, names: {zh: 五号楼}}\n"
    built = build(tmp_path, text, {"a.ifc": lambda: tiny("a.ifc", "Default building")})
    building = built.campus.buildings[0]
    assert building.id == "05"
    assert building.names == {"en": "Default building", "zh": "五号楼"}
    assert building.storeys[1].spaces[0].id == "05/02/201"


def test_a_code_for_a_file_of_several_buildings_is_told(tmp_path: Path) -> None:
    def two() -> Model:
        model = tiny("a.ifc", "A")
        model.buildings += tiny("a.ifc", "B").buildings
        return model

    built = build(tmp_path, "campus: {id: c}\nmodels: [{file: a.ifc, building: X}]\n", {"a.ifc": two})
    assert codes(built) == ["building-ambiguous"]
    assert [b.id for b in built.campus.buildings] == ["A", "B"]


def test_a_building_may_not_take_the_id_of_the_campus(tmp_path: Path) -> None:
    built = build(tmp_path, "campus: {id: A}\nmodels: [{file: a.ifc}]\n", {"a.ifc": lambda: tiny("a.ifc", "A")})
    assert built.campus.buildings[0].id == "A~2"
    SpaceIndex(built.campus)


def test_a_ground_file_brings_ground_only(tmp_path: Path) -> None:
    built = build(tmp_path, "campus: {id: c}\nground: g.geojson\n", {"g.geojson": lambda: tiny("g.geojson", "A")})
    assert built.campus.buildings == []
    assert [(f.kind, f.geometry.bounds) for f in built.ground] == [("road", (0, -5, 9, -5))]


def test_points_without_a_place_are_kept_and_told(tmp_path: Path) -> None:
    entities = ("A/01/101", "A/01/110", "ahu-1", "B/01/102")
    rows = "point,entity,quantity,unit\n" + "".join(f"p{n},{e},power,kW\n" for n, e in enumerate(entities, start=1))
    text = "campus: {id: c}\nmodels: [{file: a.ifc}]\npoints: points.csv\n"
    built = build(tmp_path, text, {"a.ifc": lambda: tiny("a.ifc", "A")}, rows)
    assert [p.id for p in built.points] == ["p1", "p2", "p3", "p4"]
    orphans = {f.element: f.message for f in built.findings if f.code == "orphaned-point"}
    assert set(orphans) == {"p2", "p4"}
    assert "did you mean 'A/01/10" in orphans["p2"]
    assert "did you mean 'A/01/102'?" in orphans["p4"]


def test_buildings_are_sorted_as_people_count(tmp_path: Path) -> None:
    text = "campus: {id: c}\nmodels:\n" + "".join(f"  - file: {n}.ifc\n" for n in (10, 9, 2))
    models: dict[str, Make] = {f"{n}.ifc": (lambda n=n: tiny(f"{n}.ifc", str(n))) for n in (10, 9, 2)}  # type: ignore[misc]
    built = build(tmp_path, text, models)
    assert [b.id for b in built.campus.buildings] == ["2", "9", "10"]
    assert sorted(["A-10", "a-9", "B", "10", "1a", "图书馆"], key=natural) == ["1a", "10", "a-9", "A-10", "B", "图书馆"]


def test_a_campus_of_footprints_only_is_schematic(tmp_path: Path) -> None:
    def schematic() -> Model:
        model = tiny("a.ifc", "A")
        model.buildings[0].schematic = True
        return model

    assert build(tmp_path, TWO, {"a.ifc": schematic}).campus.schematic
    assert not build(tmp_path, TWO, {"a.ifc": schematic, "b.ifc": lambda: tiny("b.ifc", "B")}).campus.schematic
    assert not build(tmp_path, "campus: {id: c}\n", {}).campus.schematic


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(5, 200), st.floats(5, 200), st.floats(-1e5, 1e5)), min_size=1, max_size=9))
def test_models_side_by_side_never_touch(sizes: list[tuple[float, float, float]]) -> None:
    candidates = [
        Candidate(tiny(f"{n}.ifc", str(n), size=(wide, high), at=(far, -far)))
        for n, (wide, high, far) in enumerate(sizes)
    ]
    candidates[0].wanted = Move(x=10.0)
    place_all(candidates, None)
    placed = []
    for candidate in candidates:
        assert candidate.move is not None
        move_model(candidate.model, candidate.move)
        placed.append(footprint(candidate.model))
    for n, outline_ in enumerate(placed):
        for other in placed[n + 1 :]:
            assert outline_.distance(other) >= GAP_M - 1e-3


@given(st.floats(-1e4, 1e4), st.floats(-360, 360), st.floats(0.5, 2))
def test_a_move_turns_counter_clockwise_and_keeps_shapes(x: float, angle: float, scale: float) -> None:
    move = Move(x, -x, 3.0, angle, scale)
    origin, east, north = move.plan(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    assert origin == pytest.approx((x, -x))
    assert (east - origin) == pytest.approx(
        (scale * math.cos(math.radians(angle)), scale * math.sin(math.radians(angle))), abs=1e-6
    )
    assert np.cross(np.append(east - origin, 0), np.append(north - origin, 0))[2] == pytest.approx(scale**2, abs=1e-5)


def test_the_ground_is_storey_zero_else_the_lowest(tmp_path: Path) -> None:
    model = tiny(base=100.0)
    assert ground_elevation(model) == 100
    model.buildings[0].storeys[0].ordinal = -1
    model.buildings[0].storeys[1].ordinal = 0
    assert ground_elevation(model) == 103
    model.buildings[0].storeys.pop()
    assert ground_elevation(model) == 100
    model.buildings.clear()
    assert ground_elevation(model) == 100
    model.shells.clear()
    assert ground_elevation(model) == 0
    assert footprint(Model("", "", "", "")).is_empty


def test_the_topology_sheet_finds_its_ends_and_tells_those_that_are_not_there(tmp_path: Path) -> None:
    rows = "from,relation,to\nGRID,is,mains\nGRID,feeds,A\nA,feeds,A/01\nA,feeds,A/09\nGRID,meters,A/01/101\n"
    (tmp_path / "topology.csv").write_text(rows, "utf-8")
    text = "campus: {id: c}\nmodels: [{file: a.ifc}]\ntopology: topology.csv\n"
    built = build(tmp_path, text, {"a.ifc": lambda: tiny("a.ifc", "A")})
    sheet = [(e.source, e.target) for e in built.topology.edges if e.origin == "sheet"]
    assert sheet == [("GRID", "A"), ("A", "A/01"), ("GRID", "A/01/101")]
    assert [node.kind for node in built.topology.nodes] == ["mains"]
    (told,) = [f for f in built.findings if f.code == "topology-unknown"]
    assert told.message.startswith("topology.csv:5: error: no model has 'A/09'; did you mean 'A/0")
    assert {(e.relation, e.origin) for e in built.topology.edges if e.origin != "sheet"} <= {
        ("feeds", "model"),
        ("serves", "model"),
    }


def test_mistakes_of_the_topology_sheet_stop_the_campus_with_their_line(tmp_path: Path) -> None:
    (tmp_path / "topology.csv").write_text("from,relation,to\nA,feeds,B\nB,feeds,A\n", "utf-8")
    text = "campus: {id: c}\nmodels: [{file: a.ifc}]\ntopology: topology.csv\n"
    with pytest.raises(ConfigError, match=r"topology.csv:3: error: 'B' above 'A' closes a circle of electricity"):
        build(tmp_path, text, {"a.ifc": lambda: tiny("a.ifc", "A")})
    (tmp_path / "topology.csv").unlink()
    with pytest.raises(ConfigError, match=r"topology.csv cannot be read"):
        build(tmp_path, text, {"a.ifc": lambda: tiny("a.ifc", "A")})


def test_the_timetable_finds_its_spaces_and_tells_those_that_are_not_there(tmp_path: Path) -> None:
    rows = "space,days,from,to,people\nA/01/101,1-5,08:00,09:50,40\nA/01/999,1,08:00,09:50,40\n"
    (tmp_path / "timetable.csv").write_text(rows, "utf-8")
    text = "campus: {id: c}\nmodels: [{file: a.ifc}]\ntimetable: timetable.csv\n"
    built = build(tmp_path, text, {"a.ifc": lambda: tiny("a.ifc", "A")})
    assert [(lesson.space, lesson.people) for lesson in built.timetable] == [("A/01/101", 40)]
    (told,) = [f for f in built.findings if f.code == "timetable-unknown"]
    assert told.message.startswith("timetable.csv:3: error: no model has the space 'A/01/999'; did you mean 'A/01/")


def test_a_scheduled_report_of_a_building_that_is_not_there_is_told(tmp_path: Path) -> None:
    built = Campus("c", {}, buildings=[Building("14", {})])
    written = [ScheduledReport(kind="day", of=of) for of in ("", "c", "14", "41")]
    (only,) = place_reports(built, written, "campus.yaml")
    assert (only.code, only.severity, only.data) == ("report-unknown", "warning", {"key": "reports.write[3].of"})
    assert "there is no building '41', and its report is never written; known are: 14, c" in only.message
