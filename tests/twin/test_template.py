"""Device types: the short form of a point, the patterns of addresses, and every mistake with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twin.big_campus import TEMPLATES
from twin.quantity import QUANTITIES
from twin.template import FormError, Pattern, Signal, duration, short_form
from twin.template_files import TemplateFiles, read_templates


def read(folder: Path, *texts: str) -> TemplateFiles:
    for number, text in enumerate(texts):
        (folder / f"{number}.yaml").write_text(text, encoding="utf-8")
    return read_templates(folder, "templates")


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("/d/p power kW", Signal("k", "/d/p", "power", "kW")),
        ("power kW", Signal("k", None, "power", "kW")),
        ("power power kW", Signal("k", "power", "power", "kW")),
        ("clients", Signal("k", None, "clients", "1")),
        ("n clients 1 0..500", Signal("k", "n", "clients", "1", low=0.0, high=500.0)),
        ("/e energy kWh counter 15min/1h", Signal("k", "/e", "energy", "kWh", "counter", interval_s=900, stale_s=3600)),
        ("t temperature °C -20..60 !-999 !6553.5 30s",
         Signal("k", "t", "temperature", "°C", "gauge", -20.0, 60.0, (-999.0, 6553.5), 30.0)),
        ("holding:40001:float power W ..9e3", Signal("k", "holding:40001:float", "power", "W", high=9000.0)),
        ("x temperature °C 0.5..", Signal("k", "x", "temperature", "°C", low=0.5)),
        ("state state", Signal("k", None, "state", "1", "state")),
        ("link_state state", Signal("k", None, "link_state", "1", "state")),
        ("state state state", Signal("k", "state", "state", "1", "state")),
        ("state power kW", Signal("k", "state", "power", "kW")),
        ("x state State", Signal("k", "x", "state", "1", "state")),
    ],
)  # fmt: skip
def test_the_short_form(text: str, signal: Signal) -> None:
    assert short_form("k", text) == signal


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("/d/p powr kW", "quantity", "'powr' is no quantity; did you mean 'power'?"),
        ("/d/p", "quantity", "'/d/p' is no quantity"),
        ("", "quantity", "write it as 'path quantity unit'"),
        ("/d/p power", "unit", "power needs its unit: use one of kW, W, MW"),
        ("/d/p power A", "unit", "'A' is no unit of power: use one of kW"),
        ("/d/p power kW 9..1", "low", "low 9 is not below high 1"),
        ("/d/p power kW count", "", "'count' is not understood: after the unit stand the kind (counter)"),
        ("/d/p power kW !none", "sentinels", "'none' in sentinels is no number"),
        ("/d/p power kW 0..1_0", "high", "'1_0' in high is no number"),
        ("/d/p power kW 0s", "", "'0s' is not understood"),
        ("/d/p power kW 5m", "", "the interval (60s, or 60s/5min with the time until stale)"),
    ],
)
def test_a_short_form_that_is_wrong_says_what_to_do(text: str, column: str, says: str) -> None:
    with pytest.raises(FormError, match=re.escape(says)) as error:
        short_form("k", text)
    assert error.value.column == column


@given(st.sampled_from(sorted(QUANTITIES)), st.data())
def test_every_quantity_and_unit_has_a_short_form(quantity: str, data: st.DataObject) -> None:
    unit = data.draw(st.sampled_from(sorted(QUANTITIES[quantity].units)))
    assert short_form("k", f"/a {quantity} {unit}") == Signal("k", "/a", quantity, unit)
    assert short_form("k", f"{quantity} {unit} counter") == Signal("k", None, quantity, unit, "counter")


def test_durations() -> None:
    texts = ("60s", "5min", "1.5h", "2d", "500ms", "60", "s", "-1s", "5m")
    assert [duration(text) for text in texts] == [60, 300, 5400, 172_800, 0.5, 0, 0, 0, 0]


def test_a_pattern_takes_columns_and_leaves_labels() -> None:
    pattern = Pattern.of('n#power{host="{Id}",rack="{机柜}"}')
    assert pattern.columns == ("id", "机柜")
    assert pattern.fill({"id": "a", "机柜": "r1"}) == 'n#power{host="a",rack="r1"}'
    with pytest.raises(KeyError, match="机柜"):
        pattern.fill({"id": "a"})


def test_twenty_five_types_in_at_most_thirty_lines(tmp_path: Path) -> None:
    found = read(tmp_path, TEMPLATES)
    assert found.mistakes == []
    assert len(found.templates) == 25
    assert len(TEMPLATES.splitlines()) <= 30


def test_the_full_form_says_the_same_as_the_short_one(tmp_path: Path) -> None:
    short = (
        "a: {address: 't/{id}', points: {t: '/x temperature °C -20..60 !-999 !999 60s/300s', e: /e energy kWh counter}}"
    )
    full = """\
a:
  address: t/{id}
  points:
    t:
      path: /x
      quantity: temperature
      unit: °C
      low: -20
      high: 60
      sentinels: [-999, 999]
      interval_s: 60
      stale_s: 300
    e: {path: /e, quantity: energy, unit: kWh, kind: counter}
"""
    folders = [tmp_path / name for name in ("short", "full")]
    for folder, text in zip(folders, (short, full), strict=True):
        folder.mkdir()
        (folder / "t.yaml").write_text(text, encoding="utf-8")
    one, other = (read_templates(folder, "t").templates["a"] for folder in folders)
    assert one.signals == other.signals
    assert [pattern.text for pattern in one.addresses] == ["t/{id}#/x", "t/{id}#/e"]


@pytest.mark.parametrize(
    ("address", "point", "expected"),
    [
        ("em/{id}", "/d/p power kW", "em/{id}#/d/p"),
        ("em/{id}#/d/{path}", "power kW", "em/{id}#/d/p"),
        ("em/{id}/", "power power kW", "em/{id}/power"),
        ("{path}/{id}", "power power kW", "power/{id}"),
        ("{id}#", "holding:40001 power kW", "{id}#holding:40001"),
        ("{id}", "octets_in[{port}] traffic B/s counter", "{id}#octets_in[{port}]"),
        ("em/{id}", "power kW", "em/{id}"),
    ],
)
def test_where_the_path_goes(tmp_path: Path, address: str, point: str, expected: str) -> None:
    found = read(tmp_path, f"a: {{address: '{address}', points: {{p: '{point}'}}}}")
    assert [pattern.text for pattern in found.templates["a"].addresses] == [expected]


def test_defaults_of_the_type_hold_where_a_point_has_none(tmp_path: Path) -> None:
    text = "a: {address: 't/{id}#/{path}', interval_s: 30, stale_s: 400, points: {p: power kW, e: energy kWh 15min}}"
    p, e = read(tmp_path, text).templates["a"].signals
    assert (p.interval_s, p.stale_s, e.interval_s, e.stale_s) == (30, 400, 900, 400)


def test_every_mistake_has_its_line_and_key(tmp_path: Path) -> None:
    text = """\
a: {address: "x/{id}", points: {p: power kW, q: power W}}
b: {adress: "x/{id}", points: {p: /p powr kW, t: /t temperature}}
c: {address: "y/{id}#/{path}", points: {p: {quantity: power, unit: kW, hihg: 3}, q: [1]}, names: 电表}
d: 3
e: {address: "z", interval_s: soon, id: "{id}", points: {P: /p power kW, p: /p power kW}}
f: {address: "z", points: {}}
"""
    found = read(tmp_path, text, "a: {address: 'w/{id}', points: {p: power kW}}")
    told = [(m.file, m.line, m.key, m.message) for m in found.mistakes]
    expected = [
        ("templates/0.yaml", 1, "a.points.p", "'p' has no path, so two points would have one address"),
        ("templates/0.yaml", 1, "a.points.q", "'q' has no path"),
        ("templates/0.yaml", 2, "b.adress", "'adress' is not a key of a type; did you mean 'address'?"),
        ("templates/0.yaml", 2, "b", "'b.address' is missing"),
        ("templates/0.yaml", 2, "b.points.p", "'powr' is no quantity; did you mean 'power'?"),
        ("templates/0.yaml", 2, "b.points.t", "temperature needs its unit: use one of °C"),
        ("templates/0.yaml", 3, "c.points.p.hihg", "'hihg' is not a key of a point; did you mean 'high'?"),
        ("templates/0.yaml", 3, "c.points.q", "must be 'path quantity unit'"),
        ("templates/0.yaml", 3, "c.names", "names must be texts by language"),
        ("templates/0.yaml", 4, "d", "needs an address and points"),
        ("templates/0.yaml", 5, "e.interval_s", "'soon' in interval_s is no number above 0"),
        ("templates/0.yaml", 5, "e.points.p", "'p' and 'P' differ in case only"),
        ("templates/0.yaml", 5, "e.points.p", "'p' has the address of 'P'"),
        ("templates/0.yaml", 5, "e.id", "is one id for 2 points: put {point} into it"),
        ("templates/0.yaml", 6, "f.points", "must name at least one point"),
    ]
    for file, line, key, message in expected:
        assert any((f, n, k) == (file, line, key) and message in words for f, n, k, words in told), (key, told)
    assert found.broken == {"a", "b", "c", "d", "e", "f"}
    again = next(m for m in found.mistakes if m.code == "duplicate-type")
    assert again.file == "templates/1.yaml"


def test_files_that_are_no_templates_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, "", "- a\n", "a: [unclosed\n", "a: &x {address: z, points: {p: power kW}}\n")
    assert {(m.file, m.code) for m in found.mistakes} == {
        ("templates/0.yaml", "empty"), ("templates/1.yaml", "empty"),
        ("templates/2.yaml", "yaml"), ("templates/3.yaml", "yaml"),
    }  # fmt: skip


def test_texts_where_texts_are_due(tmp_path: Path) -> None:
    text = """\
a: {address: [x], points: {p: {quantity: power, unit: kW, kind: counted, sentinels: [1, [2]]}}}
b: {address: "x/{id}", points: {p: {quantity: power, unit: kW, sentinels: 1 x}, q: {quantity: powr, path: /q}}}
c: {address: "x/{id}", points: {p: {quantity: power, unit: kW, kind: counted, sentinels: ""}}}
"""
    told = {(m.line, m.key, m.code) for m in read(tmp_path, text).mistakes}
    assert {
        (1, "a.address", "config-type"), (2, "b.points.p.sentinels", "not-a-number"),
        (3, "c.points.p.kind", "unknown-kind"), (2, "b.points.q.quantity", "unknown-quantity"),
        (1, "a.points.p.kind", "unknown-kind"),
    } <= told  # fmt: skip
    (tmp_path / "0.yaml").write_text("a: {address: x, points: {p: {quantity: power, unit: kW, sentinels: [1, [2]]}}}")
    assert "config-type" in {m.code for m in read_templates(tmp_path, "t").mistakes}


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from twin import template_files

    monkeypatch.setattr(template_files, "MAX_FILES", 2)
    found = read(tmp_path, *(f"t{n}: {{address: 'x/{{id}}', points: {{p: power kW}}}}" for n in range(3)))
    assert [m.code for m in found.mistakes] == ["too-many"]
    assert set(found.templates) == {"t0", "t1"}


def test_points_by_number(tmp_path: Path) -> None:
    text = """\
a:
  address: "x/{id}"
  points:
    p1..3: /ch/{n}/p power kW -5..5
    in08..10: {path: "octets_in[Gi0/{n}]", quantity: traffic, unit: B/s, kind: counter}
    t: {path: /t, quantity: temperature, unit: °C}
b: {address: "x/{id}", points: {p3..1: /p power kW, q0..2000: /q power kW, r1..2: [1]}}
c: {address: "x/{id}", points: {p1..2: /p power kW}}
d: {address: "x/{id}", points: {p1..2: "/{n} powr kW"}}
"""
    found = read(tmp_path, text)
    signals = found.templates["a"].signals
    assert [s.key for s in signals] == ["p1", "p2", "p3", "in08", "in09", "in10", "t"]
    assert [s.path for s in signals[2:5]] == ["/ch/3/p", "octets_in[Gi0/08]", "octets_in[Gi0/09]"]
    assert (signals[0].low, signals[3].kind) == (-5.0, "counter")
    told = [(m.line, m.key, m.code) for m in found.mistakes]
    assert told == [
        (7, "b.points.p3..1", "bad-range"), (7, "b.points.q0..2000", "bad-range"), (7, "b.points.r1", "config-type"),
        (7, "b.points.r2", "config-type"), (8, "c.points.p2", "duplicate-address"),
        (9, "d.points.p1", "unknown-quantity"), (9, "d.points.p2", "unknown-quantity"),
    ]  # fmt: skip
