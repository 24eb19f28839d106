"""Devices in the tree: equipment with its points, machines of the models, places by alias and name, what is told."""

from __future__ import annotations

from pathlib import Path

from models3d.campus import Assembled, assemble_config
from models3d.check import check_folder
from models3d.model import Model
from tests.models3d.tiny import loader, tiny
from twin.config import load_campus_config
from twin.index import SpaceIndex
from twin.slots import SlotTree
from twin.space import Building, Campus, Equipment, Storey

TYPES = "em: {class: Electrical_Meter, address: 'em/{id}#/{path}', points: {p: power kW, e: energy kWh counter}}\n"


def model() -> Model:
    made = tiny("a.ifc", "A")
    made.buildings[0].names = {"zh": "图书馆", "en": "Library"}
    made.buildings[0].storeys[0].spaces[0].names = {"zh": "总配电室"}
    return made


def build(folder: Path, devices: str, points: str = "") -> Assembled:
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates" / "t.yaml").write_text(TYPES, encoding="utf-8")
    (folder / "devices.csv").write_text(devices, encoding="utf-8")
    (folder / "points.csv").write_text(points or "point,entity,quantity,unit\n", encoding="utf-8")
    (folder / "a.ifc").write_text("x")
    (folder / "campus.yaml").write_text(
        "campus: {id: c, names: {zh: 校园}}\nmodels: [{file: a.ifc}]\nsources: {m: {type: push}}\npoints: points.csv\n"
        "devices: devices.csv\n", encoding="utf-8",
    )  # fmt: skip
    return assemble_config(load_campus_config(folder), loader({"a.ifc": model}))


def homes(built: Assembled) -> dict[str, str]:
    return {point.id: point.entity for point in built.points}


def equipment(built: Assembled) -> dict[str, Equipment]:
    return {item.id: item for item in built.campus.equipment}


def told(built: Assembled) -> list[tuple[str, str, int]]:
    return [(f.code, f.severity, f.data["line"]) for f in built.findings if "line" in f.data]


def test_a_device_is_equipment_where_it_stands_and_its_points_hang_at_it(tmp_path: Path) -> None:
    rows = """\
id,type,source,entity,name_zh
1,em,m,A/01/101,电表一
2,em,m,A-101,
3,em,m,图书馆,
4,em,m,library,
5,em,m,a.ifc-1-1,
6,em,m,总配电室,
7,em,m,A/02,
8,em,m,A/102,
"""
    built = build(tmp_path, rows)
    items = equipment(built)
    assert told(built) == []
    assert {k: items[k].space for k in "12345678"} == {
        "1": "A/01/101", "2": "A/01/101", "3": "A", "4": "A", "5": "A/02/202", "6": "A/01/101", "7": "A/02",
        "8": "A/01/102",
    }  # fmt: skip
    assert (items["1"].category, items["1"].names) == ("Electrical_Meter", {"zh": "电表一"})
    assert homes(built)["1/p"] == "1"
    ids = [built.campus.id, *(b.id for b in built.campus.buildings)]
    ids += [s.id for b in built.campus.buildings for s in b.storeys]
    ids += [r.id for b in built.campus.buildings for s in b.storeys for r in s.spaces]
    tree = SlotTree.of(built.campus, ids)
    assert {tree.ids[tree.slot(entity)] for entity in homes(built).values()} == {
        "A/01/101", "A", "A/02/202", "A/02", "A/01/102",
    }  # fmt: skip
    assert SpaceIndex(built.campus).parent("7") == "A/02"


def test_what_a_meter_serves_gets_its_points_and_the_meter_stays_where_it_hangs(tmp_path: Path) -> None:
    rows = (
        "id,type,source,entity,serves,feeds,p.entity\n"
        "em1,em,m,A/01/101,A/02,ahu-1;A/01/102,\nem2,em,m,A/01,,,A/02/201\n"
    )
    built = build(tmp_path, rows)
    item = equipment(built)["em1"]
    assert (item.space, item.feeds) == ("A/01/101", ("A/02", "ahu-1", "A/01/102"))
    assert homes(built) == {"em1/p": "A/02", "em1/e": "A/02", "em2/p": "A/02/201", "em2/e": "em2"}


def test_a_machine_of_the_models_keeps_its_place_and_gets_the_points(tmp_path: Path) -> None:
    rows = (
        "id,type,source,entity,name_en\nahu-1,em,m,A/02,Air handler\nctl,em,m,ahu-1,\nsub,em,m,dev,\ndev,em,m,A/01,\n"
    )
    built = build(tmp_path, rows)
    items = equipment(built)
    assert set(items) == {"ahu-1", "dev"}
    assert (items["ahu-1"].space, items["ahu-1"].names["en"]) == ("A/01/101", "Air handler")
    assert items["ahu-1"].category == "Electrical_Meter"  # the model knew no more than that it is equipment
    assert {homes(built)[p] for p in ("ahu-1/p", "ctl/p")} == {"ahu-1"}
    assert homes(built)["sub/e"] == "dev"


def test_the_campus_is_no_room_so_the_points_are_its_own(tmp_path: Path) -> None:
    built = build(tmp_path, "id,type,source,entity\nhv,em,m,c\nx,em,m,校园\n")
    assert {k: v for k, v in homes(built).items() if k.endswith("/p")} == {"hv/p": "c", "x/p": "c"}
    assert equipment(built)["hv"].space == ""


def test_places_that_nobody_knows_are_told_and_no_point_is_lost(tmp_path: Path) -> None:
    rows = """\
id,type,source,entity,serves
1,em,m,A/01/110,
2,em,m,Floor 1,
3,em,m,A/01,B/02
A/01,em,m,A/02,
4,em,m,office,
"""
    built = build(tmp_path, rows)
    assert told(built) == [
        ("unknown-entity", "error", 2), ("duplicate-id", "error", 5), ("unknown-entity", "error", 6),
        ("unknown-entity", "error", 4),
    ]  # fmt: skip  # 'Floor 1' is the name of one storey; 'office' of four rooms
    words = [f.message for f in built.findings if "line" in f.data]
    assert "devices.csv:2: the entity of '1' is 'A/01/110', which no model has; did you mean 'A/01/10" in words[0]
    assert "'A/01' is a place already" in words[1]
    assert "which 3 things are called ('A/01/102', 'A/02/201', 'A/02/202'): write the id of one" in words[2]
    assert len(built.points) == 10
    assert homes(built)["1/p"] == "1"
    assert homes(built)["A/01/p"] == "A/02"
    SpaceIndex(built.campus)
    report = check_folder(tmp_path, loader({"a.ifc": model}))
    assert (report.figures["points"], report.figures["points_placed"]) == (10, 6)
    assert report.exit_code == 2
    text = report.as_text()
    assert "error: unknown-entity: devices.csv:2: the entity of '1' is 'A/01/110'" in text
    assert "5 devices of 1 types with 10 points" in text


def test_the_tables_work_side_by_side_and_a_point_may_hang_at_a_device(tmp_path: Path) -> None:
    built = build(tmp_path, "id,type,source,entity\nem,em,m,A\n", "point,entity,quantity,unit\nhz,em,frequency,Hz\n")
    assert homes(built) == {"hz": "em", "em/p": "em", "em/e": "em"}
    assert built.findings == [f for f in built.findings if f.code != "orphaned-point"]


def test_places_that_moved_are_followed() -> None:
    from models3d.place_devices import place_devices
    from twin.device_table import Device
    from twin.point import Point

    campus = Campus("c", buildings=[Building("A", storeys=[Storey("A/2")])])
    device = Device("d", "em", "Meter", "A/1", "devices.csv", 7, points=(Point("d/p", "", "power", "kW"),))
    points, findings = place_devices(campus, [device], {"A/1": "A/2"})
    assert [p.entity for p in points] == ["d"]
    assert campus.equipment[0].space == "A/2"
    assert [(f.code, f.severity, f.entity) for f in findings] == [("point-followed", "warning", "A/2")]
