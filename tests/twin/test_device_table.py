"""devices.csv: 20,000 topics of 25 types in one sheet, per-row overrides, and every mistake with line and column."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from tests.twin.big_campus import write_campus
from twin.config import CampusConfig, read_campus_config
from twin.mistake import Mistake
from twin.point import Point

CAMPUS = "campus: {id: c}\nsources: {m: {type: mqtt}, n: {type: mqtt}}\npoints: points.csv\ndevices: devices.csv\n"
TYPES = """\
meter: {address: "em/{building}/{id}#/{path}", class: Electrical_Meter, source: m, names: {zh: "电表 {id}"},
  points: {p: power kW 0..500 !-1 60s, e: energy kWh counter 15min/1h}}
plain: {address: "t/{id}", id: "{id}", points: {t: temperature °C}}
"""


def read(
    folder: Path, devices: str, types: str = TYPES, points: str = "point,entity,quantity,unit\n", charset: str = "utf-8"
) -> tuple[CampusConfig, list[Mistake]]:
    (folder / "templates").mkdir(exist_ok=True)
    (folder / "templates" / "types.yaml").write_text(types, encoding="utf-8")
    (folder / "campus.yaml").write_text(CAMPUS, encoding="utf-8")
    (folder / "points.csv").write_text(points, encoding="utf-8")
    (folder / "devices.csv").write_bytes(devices.encode(charset))
    config, mistakes = read_campus_config(folder)
    assert config is not None
    return config, mistakes


def points_of(config: CampusConfig) -> list[Point]:
    return [point for device in config.devices for point in device.points]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_device_becomes_its_types_points(tmp_path: Path, charset: str) -> None:
    rows = "id;type;entity;building;name_en;楼\nem-1;meter;图书馆;B1;;x\nem-2;meter;14/05;B2;Main;\n"
    config, mistakes = read(tmp_path, rows + "t1;plain;c;;;\n", charset=charset)
    assert [m.code for m in mistakes] == ["empty-cell"]  # the plain type names no source, nor does its row
    first, second = config.devices
    assert (first.id, first.type, first.category, first.entity) == ("em-1", "meter", "Electrical_Meter", "图书馆")
    assert (first.names, second.names) == ({"zh": "电表 em-1"}, {"en": "Main", "zh": "电表 em-2"})
    assert first.points == (
        Point("em-1/p", "", "power", "kW", "gauge", 60, 180, 0, 500, (-1.0,), "m", "em/B1/em-1#/p"),
        Point("em-1/e", "", "energy", "kWh", "counter", 900, 3600, None, None, (), "m", "em/B1/em-1#/e"),
    )


@pytest.mark.alone
def test_twenty_thousand_topics_in_well_under_two_seconds(tmp_path: Path) -> None:
    messages = write_campus(tmp_path)
    took = []
    for _ in range(3):
        start = time.perf_counter()
        config, mistakes = read_campus_config(tmp_path)
        took.append(time.perf_counter() - start)
    assert config is not None
    assert mistakes == []
    addresses = {point.address.partition("#")[0] for point in points_of(config)}
    assert addresses == set(messages)
    assert len(messages) == 20_000
    assert len({device.type for device in config.devices}) == 25
    assert min(took) < (2.0 if sys.gettrace() is None else 20.0), took  # 0.5 s on two cores; tracing is slow


def test_a_row_overrules_its_type(tmp_path: Path) -> None:
    config, mistakes = read(
        tmp_path,
        "id,type,source,entity,building,interval_s,stale_s,P.High,p.unit,p.path,p.entity,e.path,e.interval_s,p.sentinels\n"
        "a,meter,n,14,B1,10,,900,W,power/w,14/05,-,,\n"
        "b,meter,,14,B1,10,50,,,,,,5,1 2;3\n",
    )
    assert {m.code for m in mistakes} == {"unused-type"}
    (only,) = config.devices[0].points
    assert (only.source, only.unit, only.high, only.address) == ("n", "W", 900, "em/B1/a#/power/w")
    assert (only.interval_s, only.stale_s, only.entity) == (10, 30, "14/05")
    p, e = config.devices[1].points
    assert (p.interval_s, p.stale_s, e.interval_s, e.stale_s) == (10, 50, 5, 50)
    assert p.sentinels == (1.0, 2.0, 3.0)


MISTAKES = """\
id,type,source,entity,serves,building,p.high,p.unit
a,meter,m,14,,B1,,
a,meter,m,14,,B2,,
b,metre,m,14,,B1,,
c,meter,x,14,,B1,,
d,meter,m,14,,,,
e,meter,m,,,B1,,
,meter,m,14,,B1,,
f,meter,m,14,,B1,-5,
g,meter,m,14,,B1,,kWh
h,plain,m,14,,,5,
"""


def test_every_mistake_of_every_row_at_once(tmp_path: Path) -> None:
    config, mistakes = read(tmp_path, MISTAKES)
    told = {(m.line, m.key, m.code) for m in mistakes if m.file == "devices.csv"}
    assert told == {
        (3, "id", "duplicate-id"), (3, "id", "duplicate-point"),
        (4, "type", "unknown-type"), (5, "source", "unknown-source"), (6, "building", "empty-cell"),
        (7, "entity", "empty-cell"), (8, "id", "empty-cell"), (9, "p.low", "empty-range"),
        (10, "p.unit", "unknown-unit"), (11, "p.high", "unknown-point"),
    }  # fmt: skip
    words = {m.code: m.message for m in mistakes}
    assert "did you mean 'meter'?" in words["unknown-type"]
    assert "'a' stands in line 2 too" in words["duplicate-id"]
    assert (
        "the point 'a/p' stands in devices.csv:2 too" in words["duplicate-point"] or "a/e" in words["duplicate-point"]
    )
    assert "the type 'plain' has no point 'p'" in words["unknown-point"]
    assert [device.id for device in config.devices] == ["a"]


def test_one_address_twice_and_one_address_with_two_units(tmp_path: Path) -> None:
    types = "".join(
        f"{t}: {{address: 'x/{{no}}', id: '{{id}}', points: {{p: power {u}}}}}\n" for t, u in (("a", "kW"), ("b", "W"))
    )
    points = "point,entity,quantity,unit,source,address\nold,c,power,kW,m,x/3\nq,c,power,kW,m,y\nd9,c,power,kW,m,z\n"
    rows = "id,type,source,entity,no\nd1,a,m,c,1\nd2,a,m,c,1\nd3,b,m,c,1\nd4,a,n,c,1\nd5,a,m,c,3\nd9,a,m,c,4\n"
    _, mistakes = read(tmp_path, rows, types, points)
    told = [(m.line, m.code, m.message) for m in mistakes]
    assert [(line, code) for line, code, _ in told] == [
        (3, "duplicate-address"), (4, "unit-conflict"), (6, "duplicate-address"), (7, "duplicate-point"),
    ]  # fmt: skip
    assert "'m x/1' feeds devices.csv:2 too: one address feeds one point" in told[0][2]
    assert "there in kW and here in W" in told[1][2]
    assert "points.csv:2" in told[2][2]
    assert "points.csv:4" in told[3][2]


def test_columns_that_are_missing_or_misspelt(tmp_path: Path) -> None:
    rows = "id,type,source,entitty,serves,Bilding,seriennummer,p.hihg,x.low\n" + "".join(
        f"a{n},meter,m,14,c,B1,77,,\n" for n in range(50)
    )
    _, mistakes = read(tmp_path, rows)
    told = {(m.line, m.key, m.code, m.severity) for m in mistakes if m.file == "devices.csv"}
    assert told == {
        (1, "entitty", "unused-column", "warning"), (1, "bilding", "unused-column", "warning"),
        (1, "p.hihg", "unknown-column", "error"), (1, "x.low", "unknown-column", "error"),
        (1, "building", "missing-column", "error"),
    }  # fmt: skip  # a serial number is nobody's mistake, and a missing column is told once, not in 50 rows
    message = next(m.message for m in mistakes if m.code == "missing-column")
    assert (
        "the type 'meter' (templates/types.yaml:1) needs {building}: add the column 'building' to devices.csv"
        in message
    )
    assert any("did you mean 'high'?" in m.message for m in mistakes)


def test_types_without_devices_and_devices_without_types(tmp_path: Path) -> None:
    _, mistakes = read(tmp_path, "id,type,source,entity,building\na,meter,m,c,B\n")
    assert [(m.file, m.line, m.code, m.severity) for m in mistakes] == [
        ("templates/types.yaml", 3, "unused-type", "warning")
    ]
    _, mistakes = read(
        tmp_path, "id,type,source,entity,building\na,meter,m,c,B\nb,broken,m,c,B\n", TYPES + "broken: {}\n"
    )
    assert not any(m.file == "devices.csv" for m in mistakes)  # what is wrong with the type is told where it stands


def test_campus_yaml_without_the_one_or_the_other(tmp_path: Path) -> None:
    read(tmp_path, "id,type\n")
    for text, code in (
        ("campus: {id: c}\n", "no-devices"),
        ("campus: {id: c}\ndevices: gone.csv\n", "read"),
        ("campus: {id: c}\ntemplates: types\ndevices: devices.csv\n", "no-file"),
        ("campus: {id: c}\ndevices: [a]\n", "config-string-type"),
    ):
        (tmp_path / "campus.yaml").write_text(text)
        codes = [m.code for m in read_campus_config(tmp_path)[1]]
        assert code in codes, (text, codes)


def test_a_sheet_without_its_columns_says_so_once(tmp_path: Path) -> None:
    _, mistakes = read(tmp_path, "name,type\n" + "x,meter\n" * 100)
    assert [m.code for m in mistakes if m.file == "devices.csv"] == ["missing-column"]


def test_a_wrong_word_in_20000_rows_takes_no_minutes(tmp_path: Path) -> None:
    rows = "id,type,source,entity,building\n" + "".join(f"d{n},metre,x,c,B\n" for n in range(20_000))
    start = time.perf_counter()
    _, mistakes = read(tmp_path, rows)
    assert time.perf_counter() - start < (3.0 if sys.gettrace() is None else 30.0)
    assert sum(m.code == "unknown-type" for m in mistakes) == 20_000


def test_an_address_holds_no_line_break(tmp_path: Path) -> None:
    _, mistakes = read(tmp_path, 'id,type,source,entity,building\na,meter,m,c,"B\n1"\n')
    assert {m.code for m in mistakes if m.severity == "error"} == {"bad-address"}


def test_numbers_and_names_of_a_row_that_are_none(tmp_path: Path) -> None:
    types = "a: {address: 'x/{id}', source: m, points: {p: power kW}, names: {zh: '{楼}表'}}\n"
    rows = "id,type,entity,interval_s,stale_s,楼\n1,a,c,soon,,主楼\n2,a,c,5,-1,\n3,a,c,,,副楼\n"
    config, mistakes = read(tmp_path, rows, types)
    assert {(m.line, m.key, m.code) for m in mistakes} == {
        (2, "interval_s", "not-a-number"), (3, "stale_s", "not-a-number"), (3, "楼", "empty-cell"),
    }  # fmt: skip
    assert [device.names for device in config.devices] == [{"zh": "副楼表"}]


def test_templates_that_nobody_uses_yet(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\n")
    assert read_campus_config(tmp_path)[1] == []  # an empty folder is no mistake
