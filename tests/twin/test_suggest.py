"""Device types told from what is sent: patterns, ids, columns, and what belongs to no type."""

from __future__ import annotations

from pathlib import Path

import pytest

from datasources.contract import Found
from server.suggestions import devices_sheet, points_sheet, seen_of, types_file
from twin.config import read_campus_config
from twin.guess_places import PlaceGuess
from twin.space import Building, Campus
from twin.suggest import Suggestion, TypeGuess, suggest, types_of

PLACES = PlaceGuess(Campus("c", buildings=[Building("B1"), Building("B2")]))


def found(*addresses: str, value: float = 1.5) -> list[Found]:
    return [Found(address, value) for address in addresses]


def types(rows: list[Found]) -> tuple[dict[str, TypeGuess], list[Suggestion]]:
    there, rows_ = types_of(suggest([seen_of(row) for row in rows], PLACES))
    return {one.name: one for one in there}, rows_


def ids(one: TypeGuess) -> list[str]:
    return [device.id for device in one.devices]


@pytest.mark.parametrize(
    ("addresses", "pattern", "paths", "codes"),
    [
        (["em/B1/a#/p", "em/B1/b#/p", "em/B2/c#/p"], "em/{level2}/{id}", ["/p"], ["a", "b", "c"]),
        (["em/a/power", "em/b/power"], "em/{id}/{path}", ["power"], ["a", "b"]),
        (["power/a", "power/b"], "{path}/{id}", ["power"], ["a", "b"]),
        (["温度/a", "温度/b", "湿度/a", "湿度/b"], "{path}/{id}", ["温度", "湿度"], ["a", "b"]),
        (["sw1#in[1]", "sw2#in[1]"], "{id}", ["in[1]"], ["sw1", "sw2"]),
        (["b1/f1/m#/p", "b1/f2/m#/p", "b2/f1/m#/p"], "{level1}/{level2}/m", ["/p"], ["b1-f1", "b1-f2", "b2-f1"]),
        (["x/7/foo", "x/8/foo"], "x/{id}/{path}", ["foo"], ["7", "8"]),
    ],
)
def test_the_pattern_of_what_is_alike(addresses: list[str], pattern: str, paths: list[str], codes: list[str]) -> None:
    there, rows = types(found(*addresses))
    (one,) = there.values()
    assert (one.address, sorted(one.points), ids(one)) == (pattern, sorted(paths), codes)
    assert {row.type for row in rows} == {one.name}


def test_one_device_is_no_type_and_a_brace_in_a_topic_is_no_placeholder() -> None:
    there, rows = types(found("em/a#/p", "x/{y}/1#/p", "x/{y}/2#/p", "lone"))
    assert there == {}
    assert {row.type for row in rows} == {""}


def test_a_device_that_lacks_a_point_is_of_the_type_and_another_shape_is_not() -> None:
    rows = found(*(f"em/{d}#/{p}" for d in "abc" for p in ("p_kw", "e_kwh", "u")))
    rows += [*found("em/d#/p_kw", "em/d#/e_kwh"), *found("em/x#/co2", "em/y#/co2", value=500)]
    there, _ = types(rows)
    assert {name: ids(one) for name, one in there.items()} == {"em": ["a", "b", "c", "d"], "em-2": ["x", "y"]}
    assert there["em"].confidence < 0.8
    assert there["em-2"].category == "IAQ_Sensor_Equipment"


def test_ids_that_two_types_share_get_the_types_name(tmp_path: Path) -> None:
    rows = found(
        *(f"{k}/{d}#/{p}" for k, p in (("em", "p_kw"), ("iaq", "co2")) for d in ("1", "2")), "iaq/3#/co2", value=500
    )
    there, _ = types(rows)
    assert {name: ids(one) for name, one in there.items()} == {
        "em": ["em-1", "em-2"],
        "iaq": ["iaq-1", "iaq-2", "iaq-3"],
    }
    assert {one.address for one in there.values()} == {"em/{code}", "iaq/{code}"}
    sheet = devices_sheet("m", list(there.values()))
    assert "iaq-3,iaq,m,,3," in sheet
    config = saved(tmp_path, types_file("m", list(there.values())), sheet.replace(",m,,", ",m,c,"))
    assert {point.address for device in config for point in device} == {row.address for row in rows}


def saved(folder: Path, types_text: str, sheet: str) -> list[list[Found]]:
    """The addresses of a campus folder of these two files."""
    (folder / "templates").mkdir()
    (folder / "templates" / "t.yaml").write_text(types_text, encoding="utf-8")
    (folder / "devices.csv").write_text(sheet, encoding="utf-8")
    (folder / "campus.yaml").write_text("campus: {id: c}\nsources: {m: {type: mqtt}}\ndevices: devices.csv\n")
    config, mistakes = read_campus_config(folder)
    assert config is not None
    assert [m for m in mistakes if m.severity == "error"] == []
    return [[Found(point.address) for point in device.points] for device in config.devices]


def test_what_nobody_knows_is_a_remark_and_names_of_devices_break_no_yaml(tmp_path: Path) -> None:
    evil = 'a": {x: 1}\n# b'
    rows = found("q/1#/foo", "q/2#/foo", *(f"w/{n}#/{p}" for n in (1, 2) for p in (evil, "t kw", "co2")), value=500)
    there, _ = types(rows)
    text = types_file("m", list(there.values()))
    assert '# "q":' in text
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "t.yaml").write_text(text, encoding="utf-8")
    from twin.template_files import read_templates

    read = read_templates(tmp_path / "templates", "t")
    assert read.mistakes == []
    assert {name: [s.key for s in t.signals] for name, t in read.templates.items()} == {"w": ["co2"]}


def test_ids_of_the_sheet_are_each_once_and_signals_without_a_name_have_one() -> None:
    rows = found("a b", "a-b", "a{b}", "###", "/")
    sheet = points_sheet("m", rows, suggest([seen_of(row) for row in rows], PLACES), {})
    codes = [line.partition(",")[0] for line in sheet.splitlines()[1:]]
    assert codes == ["a-b", "a-b~2", "a-b~3", "point", "point~2"]
