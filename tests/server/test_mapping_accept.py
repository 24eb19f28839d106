"""Suggestions that are accepted: what may ask, what is checked, what is written, and what stays as it was."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.runtime import build_runtime
from server.table_file import BOM, TableError, with_rows
from server.unmapped import Suggester
from tests.models3d.test_geojson import box, feature, write
from tests.server.serving import Served, serve, serve_runtime
from twin.config import load_campus_config
from twin.reading import RawReading

ROUTE = "/api/v1/mapping/accept"
HEAD = "point,entity,quantity,unit,kind,source,address\n"
POINT = {"source": "plant", "address": "site/B2/power", "entity": "B2", "quantity": "power", "unit": "kW"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    campus = tmp_path / "campus"
    (campus / "templates").mkdir(parents=True)
    houses = (feature(box(60.0 * n, 0, 40, 20), f"way/{n}", ref=f"B{n}", building="yes") for n in (1, 2))
    write(campus / "plan.geojson", *houses)
    (campus / "campus.yaml").write_text(
        "campus: {id: c}\nmodels: [{file: plan.geojson}]\nsources:\n  plant: {type: mqtt, host: 127.0.0.1, port: 1}\n"
        "points: points.csv\ndevices: devices.csv\n", "utf-8")  # fmt: skip
    (campus / "points.csv").write_text(HEAD + "b1,B1,power,kW,gauge,plant,site/B1/power\n", "utf-8")
    (campus / "devices.csv").write_text("id,type,entity,building\nem-1,meter,B1,B1\n", "utf-8")
    (campus / "templates" / "t.yaml").write_text(
        'meter: {class: Electrical_Meter, source: plant, address: "em/{building}/{id}#/d/{path}", '
        "points: {p: power kW, e: energy kWh counter}}\n", "utf-8")  # fmt: skip
    return campus


@pytest.fixture
def served(folder: Path, tmp_path: Path) -> Iterator[Served]:
    with serve_runtime(build_runtime(folder, tmp_path / "cache")) as running:
        yield running


def accept(served: Served, points: list[Any] | None = None, devices: list[Any] | None = None, **headers: str) -> Any:
    body = {"points": points or [], "devices": devices or []}
    return served.http.post(ROUTE, json=body, headers={name.replace("_", "-"): text for name, text in headers.items()})


def test_an_accepted_signal_becomes_a_row_and_the_old_table_stays(served: Served, folder: Path) -> None:
    before = (folder / "points.csv").read_bytes()
    answer = accept(served, [POINT])
    assert answer.json() == {"points": 1, "devices": 0, "files": ["points.csv"]}
    assert (folder / "points.csv.bak").read_bytes() == before
    points = {point.address: point for point in load_campus_config(folder).points}
    assert (points["site/B2/power"].entity, points["site/B2/power"].unit) == ("B2", "kW")
    assert list(folder.glob(".*.part")) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"entity": "B9"}, "B9"),
        ({"unit": "parsec"}, "parsec"),
        ({"quantity": "mood"}, "mood"),
        ({"source": "nobody"}, "nobody"),
        ({"address": "site/B1/power"}, "site/B1/power"),
    ],
)
def test_what_the_check_would_refuse_is_refused_with_its_mistakes(
    served: Served, folder: Path, change: dict[str, str], told: str
) -> None:
    before = {path.name: path.read_bytes() for path in folder.glob("*.csv*")}
    answer = accept(served, [{**POINT, **change}])
    assert answer.status_code == 422
    assert any(told in mistake["message"] for mistake in answer.json()["mistakes"])
    assert {path.name: path.read_bytes() for path in folder.glob("*.csv*")} == before
    assert list(folder.glob(".*.part")) == []


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"x_forwarded_for": "10.0.0.9"}, 403),
        ({"forwarded": "for=10.0.0.9"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"host": "twin.example"}, 421),
    ],
)
def test_who_is_not_at_the_machine_itself_may_not_write(
    served: Served, folder: Path, headers: dict[str, Any], status: int
) -> None:
    before = (folder / "points.csv").read_bytes()
    assert accept(served, [POINT], **headers).status_code == status
    assert (folder / "points.csv").read_bytes() == before


def test_a_name_of_a_proxy_may_look_but_not_write(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPUS_HOSTS", "twin.example")
    with serve_runtime(build_runtime(folder, tmp_path / "cache")) as served:
        assert served.http.get("/api/v1/sources", headers={"host": "twin.example"}).status_code == 200
        assert accept(served, [POINT], host="twin.example").status_code == 403


def test_the_demo_and_other_bodies_are_refused_in_words(served: Served, tmp_path: Path) -> None:
    with serve(tmp_path / "demo") as demo:
        answer = accept(demo, [POINT])
    assert (answer.status_code, "no folder" in answer.json()["detail"]) == (403, True)
    text = served.http.post(ROUTE, content=json.dumps({"points": [POINT]}), headers={"content-type": "text/plain"})
    assert text.status_code in (415, 422)
    for broken in ({**POINT, "address": "a\nb"}, {**POINT, "more": "x"}, {**POINT, "point": "# remark"}):
        assert accept(served, [broken]).status_code == 422


def test_a_table_that_campus_yaml_does_not_name_is_asked_for(folder: Path, tmp_path: Path) -> None:
    text = (folder / "campus.yaml").read_text("utf-8").replace("points: points.csv\n", "")
    (folder / "campus.yaml").write_text(text, "utf-8")
    with serve_runtime(build_runtime(folder, tmp_path / "cache")) as served:
        answer = accept(served, [POINT])
    assert (answer.status_code, "points: points.csv" in answer.json()["detail"]) == (409, True)


def bring(served: Served, *messages: tuple[str, bytes]) -> None:
    now = time.time()
    served.readings([RawReading(topic, None, now, raw=payload) for topic, payload in messages], "plant")


def test_a_device_of_a_known_type_is_seen_and_accepted_as_one_row(served: Served, folder: Path) -> None:
    bring(served, ("em/B2/em-7", b'{"d": {"p": 1.5, "e": 90.0}}'), ("em/B2/em-7", b'{"d": {"p": 1.6}}'))
    found = Suggester(served.runtime).look()
    assert found.signals == []
    (device,) = found.devices
    assert (device.id, device.type, device.columns, device.entity.value, device.count) == (
        "em-7", "meter", {"building": "B2"}, "B2", 2,
    )  # fmt: skip
    row = {"id": device.id, "type": device.type, "source": device.source, "entity": device.entity.value,
           "columns": device.columns, "names": device.names}  # fmt: skip
    assert accept(served, devices=[row]).json()["devices"] == 1
    devices = {one.id: one for one in load_campus_config(folder).devices}
    assert [point.address for point in devices["em-7"].points] == ["em/B2/em-7#/d/p", "em/B2/em-7#/d/e"]
    assert Suggester(served.runtime).look().devices[0].accepted
    assert accept(served, devices=[{**row, "type": "engine"}]).status_code == 422
    assert accept(served, devices=[{**row, "columns": {"p.high": "1"}}]).status_code == 422


def test_signals_have_suggestions_examples_and_no_persons(served: Served) -> None:
    bring(served, ("rooms/B1/air", '{"温度": 21.5, "user": "Li"}'.encode()), ("site/B2/power", b"12.5"),
          ("long", b'{"a": "' + b"x" * 300), ("picture", b"\x00\x01"))  # fmt: skip
    found = {one.address: one for one in Suggester(served.runtime).look().signals}
    assert {*found} == {"rooms/B1/air#/温度", "site/B2/power", "long", "picture"}
    power = found["site/B2/power"].suggestion
    assert (power.quantity.value, power.entity.value, found["site/B2/power"].example) == ("power", "B2", "12.5")
    assert found["rooms/B1/air#/温度"].suggestion.quantity.value == "temperature"
    assert found["long"].example == ""
    assert not any("Li" in one.example for one in found.values())


def test_programs_get_the_reasons_as_keys_with_arguments_and_as_sentences_in_both_languages(served: Served) -> None:
    bring(served, ("site/b2/power", b"12.5"), ("site/b7/power", b"3"), ("em/B2/em-7", b'{"d": {"p": 1.5, "e": 9}}'))
    found = served.http.get("/api/v1/mapping/suggestions").json()
    signals = {one["address"]: one for one in found["signals"]}
    assert {*signals} == {"site/b2/power", "site/b7/power"}
    power = signals["site/b2/power"]
    assert (power["quantity"]["value"], power["entity"]["value"], power["count"]) == ("power", "B2", 1)
    (why,) = power["quantity"]["why"]
    assert why == {
        "key": "name", "arguments": {"word": "power"},
        "text": {"zh": "名称中有“power”", "en": "'power' in the name"},
    }  # fmt: skip
    assert signals["site/b7/power"]["entity"] == {"value": "", "confidence": 0.0, "why": [], "candidates": []}
    assert [(one["id"], one["entity"]["value"]) for one in found["devices"]] == [("em-7", "B2")]
    assert served.http.get("/api/v1/mapping/suggestions?source=nobody").json()["signals"] == []


def test_a_type_that_was_taken_over_later_is_known(served: Served, folder: Path) -> None:
    suggester = Suggester(served.runtime)
    bring(served, ("air/B2/x-1", b'{"co2": 600}'))
    assert [one.address for one in suggester.look().signals] == ["air/B2/x-1#/co2"]
    (folder / "templates" / "u.yaml").write_text(
        'air: {source: plant, address: "air/{building}/{id}#/{path}", points: {co2: co2 ppm}}\n', "utf-8"
    )
    served.runtime.config = load_campus_config(folder)
    found = suggester.look()
    assert (found.signals, [device.id for device in found.devices]) == ([], ["x-1"])


@pytest.mark.parametrize(
    "raw",
    [
        b"id,entity\na,B1",
        "\ufeffid;entity;note\r\na;B1;主楼\r\n".encode(),
        "id\tentity\tnote\na\tB1\t主楼\n".encode("gbk"),
        b'"id","entity"\n"a\nb",B1\n',
    ],
)
def test_a_table_keeps_its_form_and_its_rows(raw: bytes) -> None:
    after = with_rows(raw, [{"id": "b", "entity": "二楼", "unit": "=1+1"}])
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text, old = after.decode(encoding), raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    assert after.startswith(BOM) == raw.startswith(BOM)
    body = old.partition("\n")[2].rstrip("\r\n")
    assert body in text
    last = text.rstrip("\r\n").splitlines()[-1]
    assert "二楼" in last
    assert last.endswith("'=1+1")
    assert ("\r\n" in text) == ("\r\n" in old)


def test_a_table_of_no_known_encoding_is_refused() -> None:
    with pytest.raises(TableError, match="UTF-8"):
        with_rows(b"id,entity\n\xff\xff,B1\n", [{"id": "b"}])
