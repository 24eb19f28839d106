"""Brick and Haystack out: what is written is read back by our own reader, and every reference leads somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import app
from models3d import brick
from models3d.brick_write import CLASSES, EQUIPMENT, UNITS, turtle
from models3d.campus import Assembled
from models3d.demo import demo_campus
from models3d.haystack_write import TAGS, grid, ref
from models3d.model import Model, Options
from twin.point import Point
from twin.quantity import QUANTITIES
from twin.space import Building, Campus, Equipment, Space, Storey, Zone


def written(folder: Path, campus: Campus, points: list[Point]) -> Model:
    path = folder / "campus.ttl"
    path.write_text("".join(turtle(campus, points)), encoding="utf-8")
    return brick.load(path, Options())


def ours(uri: str) -> str:
    return unquote(uri.partition("#")[2])


@pytest.fixture(scope="module")
def demo() -> Assembled:
    return demo_campus(seed=1, spaces=600)


def test_the_demo_campus_comes_back_from_brick(demo: Assembled, tmp_path: Path) -> None:
    campus = demo.campus
    back = written(tmp_path, campus, demo.points)
    assert [f.code for f in back.findings] == []
    assert {site.id for site in back.sites} == {campus.id, *(site.id for site in campus.sites)}
    assert {b.id: (b.site, b.names["zh"]) for b in back.buildings} == {
        b.id: (b.site, b.names["zh"]) for b in campus.buildings
    }
    storeys = {s.id: s.ordinal for b in campus.buildings for s in b.storeys}
    assert {s.id: s.ordinal for b in back.buildings for s in b.storeys} == storeys
    rooms = {
        r.id: (r.names["en"], round(r.area_m2 or 0, 3)) for b in campus.buildings for s in b.storeys for r in s.spaces
    }
    assert {
        r.id: (r.names["en"], r.area_authored_m2) for b in back.buildings for s in b.storeys for r in s.spaces
    } == rooms
    name = {item.id: ours(item.aliases[0].value) for item in back.equipment}
    places = {name[item.id]: item.space for item in back.equipment}
    assert places == {item.id: item.space for item in campus.equipment}
    feeds = {name[item.id]: {name.get(fed, fed) for fed in item.feeds} for item in back.equipment}
    assert feeds == {item.id: set(item.feeds) for item in campus.equipment}
    place = {item.id: item.space for item in campus.equipment}
    assert sorted(p.space for p in back.points) == sorted(place.get(p.entity, p.entity) for p in demo.points)


def test_a_device_with_points_and_a_zone_come_back(tmp_path: Path) -> None:
    room = Space("A/01/1", "1", {"zh": '机房 "甲"\n'}, area_m2=12.5)
    campus = Campus(
        "c d", {"": "Campus"}, buildings=[Building("A", {}, storeys=[Storey("A/01", spaces=[room])])],
        zones=[Zone("z", {"en": "Zone"}, "HVAC_Zone", ("A/01/1", "gone")), Zone("y", category="smoke")],
        equipment=[
            Equipment("em/1", {"zh": "电表"}, "meter", "A/01/1", ("A/01", "gone")), Equipment("x", {}, "Chiller"),
        ],
    )  # fmt: skip
    points = [Point("em/1/p", "em/1", "power", "kW"), Point("em/1", "em/1", "clients", "1"),
              Point("r", "A/01/1", "traffic", "MB/s"), Point("lost", "nowhere", "co2", "ppm")]  # fmt: skip
    back = written(tmp_path, campus, points)
    assert [(z.category, z.spaces) for z in back.zones] == [("Zone", ()), ("HVAC_Zone", ("A/01/1",))]
    meter = next(item for item in back.equipment if item.category == "Electrical_Meter")
    assert (meter.space, meter.feeds, ours(meter.aliases[0].value)) == ("A/01/1", ("A/01",), "em/1")
    assert {item.category for item in back.equipment} == {"Electrical_Meter", "Chiller"}
    found = {(p.category, p.space, p.equipment) for p in back.points}
    assert found == {
        ("Power_Sensor", "A/01/1", meter.id), ("Sensor", "A/01/1", meter.id), ("Sensor", "A/01/1", ""),
        ("CO2_Sensor", "", ""),
    }  # fmt: skip
    assert [f.code for f in back.findings] == ["point-unplaced"]
    assert back.buildings[0].storeys[0].spaces[0].names["zh"] == '机房 "甲"\n'


def test_the_words_of_the_two_vocabularies() -> None:
    import rdflib

    newer = {"Occupancy_Count_Sensor"}  # since 1.2; the list that rdflib carries is older
    classes = {*CLASSES.values(), *EQUIPMENT.values()} - newer
    assert [name for name in classes if name not in rdflib.BRICK] == []
    assert set(CLASSES) | set(TAGS) <= set(QUANTITIES)
    assert set(UNITS) <= {unit for quantity in QUANTITIES.values() for unit in quantity.units}


def refs(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["val"]] if value.get("_kind") == "ref" else []
        return own + [one for inner in value.values() for one in refs(inner)]
    return [one for inner in value for one in refs(inner)] if isinstance(value, list) else []


def test_every_reference_of_the_grid_leads_to_a_row(demo: Assembled) -> None:
    data = json.loads(json.dumps(grid(demo.campus, demo.points)))
    assert (data["_kind"], data["meta"]["ver"]) == ("grid", "3.0")
    ids = [row["id"]["val"] for row in data["rows"]]
    assert len(ids) == len(set(ids))
    assert set(refs(data["rows"])) == set(ids)
    names = {column["name"] for column in data["cols"]}
    assert all(re.fullmatch("[a-z][0-9a-zA-Z_]*", name) for name in names)
    assert {name for row in data["rows"] for name in row} == names
    assert all(re.fullmatch(r"[A-Za-z0-9_:.~-]+", code) for code in ids)
    kinds = [sum(tag in row for row in data["rows"]) for tag in ("site", "room", "equip", "point")]
    rooms = sum(len(s.spaces) for b in demo.campus.buildings for s in b.storeys)
    assert kinds == [1, rooms, len(demo.campus.equipment), len(demo.points)]
    point = next(row for row in data["rows"] if "point" in row)
    assert (point["kind"], point["unit"], "elec" in point, "spaceRef" in point) == ("Number", "kW", True, True)


def test_refs_are_each_their_own() -> None:
    assert ref("14/05/5036")["val"] == "14:05:5036"
    assert ref("图书馆", "Library") == {"_kind": "ref", "val": "~56fe~~4e66~~9986~", "dis": "Library"}
    assert len({ref(text)["val"] for text in ("a/b", "a:b", "a~b", "a b", "a-b", "a_b")}) == 6


def test_the_grid_of_a_device(demo: Assembled) -> None:
    campus = Campus("c", equipment=[Equipment("e", {"zh": "表"}, "Electrical_Meter")])
    points = [Point("e", "e", "humidity", "%", low=5.0, high=95.0), Point("p", "c", "people", "1")]
    site, equip, air, people = grid(campus, points)["rows"]
    assert (equip["meter"], equip["disZh"], "spaceRef" in equip) == ({"_kind": "marker"}, "表", False)
    assert (air["unit"], air["equipRef"]["val"], air["minVal"]) == (
        "%RH",
        "e",
        {"_kind": "number", "val": 5.0, "unit": "%RH"},
    )
    assert ("unit" in people, people["siteRef"]["val"], site["tz"]) == (False, "c", "UTC")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPUS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\npoints: points.csv\n")
    (tmp_path / "points.csv").write_text("point,entity,quantity,unit\np,c,power,kW\n")
    out = tmp_path / "c.ttl"
    assert app.main(["export", "brick", "--campus", str(tmp_path), "--out", str(out)]) == 0
    assert "a brick:Power_Sensor" in out.read_text(encoding="utf-8")
    assert app.main(["export", "haystack", "--campus", str(tmp_path)]) == 0
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 2
    assert app.main(["export", "brick", "--campus", str(tmp_path / "none")]) == 2
    assert "is no folder" in capsys.readouterr().err
