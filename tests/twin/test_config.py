"""The campus folder: what is accepted, and that every mistake is told at once with its place and a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from datasources.contract import settings_model
from twin.config import ConfigError, load_campus_config, read_campus_config
from twin.mistake import Mistake, nearest
from twin.secret import SecretError, SecretRef, literal_secrets
from twin.yaml_tree import MAX_BYTES, YamlTree, dotted, read_yaml

GOOD = """\
campus:
  id: block
  names: {zh: 科教板块, en: Science block}
  timezone: Asia/Shanghai
  location: {latitude: 34.25, longitude: 108.65, datum: gcj02}
models:
  - file: office.ifc
    building: 05
    place: {x: 120.0, y: -40, rotation_deg: 12}
  - {file: plan.geojson}
ground: plan.geojson
sources:
  plant: {type: simulator, seed: 1, interval_s: 5}
  meters:
    type: mqtt
    port: 1883
    password: {env: MQTT_PASSWORD}
points: points.csv
"""

POINTS = """\
point,entity,quantity,unit,kind,interval_s,stale_s,low,high,sentinels,source,address
p1,14/05/5036,power,W,gauge,5,30,0,9000,-9999 65535,meters,site/1/power
p2,14,energy,kWh,counter,,,,,,,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "campus.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "office.ifc").write_text("x")
    (tmp_path / "plan.geojson").write_text("{}")
    (tmp_path / "points.csv").write_text(POINTS, encoding="utf-8")
    return tmp_path


def write(folder: Path, old: str, new: str) -> list[Mistake]:
    """The mistakes after ``old`` became ``new`` in campus.yaml."""
    assert old in GOOD
    (folder / "campus.yaml").write_text(GOOD.replace(old, new), encoding="utf-8")
    return read_campus_config(folder)[1]


def test_a_good_folder_is_read_whole(folder: Path) -> None:
    config = load_campus_config(folder)
    assert config.file.campus.names["zh"] == "科教板块"
    assert config.file.campus.location is not None
    assert config.file.campus.location.datum == "gcj02"
    assert config.file.models[0].building == "05"
    assert config.file.models[0].place is not None
    assert (config.file.models[0].place.y, config.file.models[0].place.z) == (-40.0, 0.0)
    assert config.source_settings["plant"] == {"seed": 1, "interval_s": 5}
    assert config.source_settings["meters"]["password"] == {"env": "MQTT_PASSWORD"}
    assert config.path("office.ifc") == folder / "office.ifc"
    assert config.warnings == []
    first, second = config.points
    assert (first.stale_s, first.high, first.sentinels) == (30, 9000, (-9999, 65535))
    assert (second.interval_s, second.stale_s, second.kind, second.low) == (60, 180, "counter", None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_encodings_of_excel_and_wps_are_read(folder: Path, encoding: str) -> None:
    (folder / "campus.yaml").write_text(GOOD, encoding=encoding)
    (folder / "points.csv").write_text(POINTS.replace("p1", "电表一"), encoding=encoding)
    config = load_campus_config(folder)
    assert config.file.campus.names["zh"] == "科教板块"
    assert config.points[0].id == "电表一"


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_other_delimiters_and_comment_rows_are_read(folder: Path, delimiter: str) -> None:
    text = POINTS.replace(",", delimiter) + delimiter * 3 + "\n# a remark\n"
    (folder / "points.csv").write_text(text.replace("point" + delimiter, "Point " + delimiter, 1))
    assert [p.id for p in load_campus_config(folder).points] == ["p1", "p2"]


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "says"),
    [
        ("  id: block\n", "", 2, "campus.id", "'campus.id' is missing"),
        ("id: block", "id: a/b", 2, "campus.id", "without blanks and slashes"),
        ("id: block", "idd: block", 2, "campus.idd", "did you mean 'id'?"),
        ("Asia/Shanghai", "Asia/Shanghay", 4, "campus.timezone", "did you mean 'Asia/Shanghai'?"),
        ("34.25", "134.25", 5, "campus.location.latitude", "less than or equal to 90 (it is '134.25')"),
        ("gcj02", "bd09", 5, "campus.location.datum", "'wgs84' or 'gcj02'"),
        ("datum:", "date:", 5, "campus.location.date", "did you mean 'datum'?"),
        ("x: 120.0", "x: left", 9, "models[0].place.x", "(it is 'left')"),
        ("x: 120.0", "x: inf", 9, "models[0].place.x", "a finite number"),
        ("x: 120.0, ", "", 9, "models[0].place.x", "is missing"),
        ("rotation_deg", "rotation", 9, "models[0].place.rotation", "did you mean 'rotation_deg'?"),
        ("file: office.ifc", "fiel: office.ifc", 7, "models[0].fiel", "did you mean 'file'?"),
        ("file: office.ifc", "file: ofice.ifc", 7, "models[0].file", "did you mean 'office.ifc'?"),
        ("ground: plan.geojson", "ground: land.txt", 11, "ground", "no file 'land.txt'"),
        ("models:\n", "model:\n", 7, "model", "did you mean 'models'?"),
        ("type: mqtt\n", "kind: mqtt\n", 15, "sources.meters.type", "is missing"),
        ("{env: MQTT_PASSWORD}", "hunter2", 17, "sources.meters.password", "holds a secret"),
        ("port: 1883", "url: 'mqtt://me:hunter2@host'", 16, "sources.meters.url", "holds a secret"),
        ("points: points.csv", "points: nowhere.csv", 0, "", "No such file"),
        ("  id: block", "  id: block\n  id: other", 3, "campus.id", "given twice (first in line 2)"),
        ("  id: block", "  id: &x block", 2, "", "anchors"),
        ("  id: block", "  id: !!python/object:os.system block", 2, "", "tag"),
        ("campus:\n", "---\na: 1\n---\ncampus:\n", 3, "", "second document"),
        ("campus:\n", "campus: [\n", 3, "", "not valid YAML"),
        ("campus:\n", "\tcampus:\n", 1, "", "not valid YAML"),
        ("campus:\n", "? [a, b]\n: 1\ncampus:\n", 1, "", "a key must be a word"),
    ],
)
def test_a_mistake_names_its_place_and_a_way_out(
    folder: Path, old: str, new: str, line: int, key: str, says: str
) -> None:
    mistakes = write(folder, old, new)
    told = [m for m in mistakes if says in m.message]
    assert told, [str(m) for m in mistakes]
    assert (told[0].line, told[0].key) == (line, key)
    assert "hunter2" not in "".join(str(m) for m in mistakes)
    with pytest.raises(ConfigError) as error:
        load_campus_config(folder)
    assert str(told[0]) in str(error.value)


def test_all_mistakes_are_told_at_once_in_order(folder: Path) -> None:
    (folder / "campus.yaml").write_text(
        "campus: {id: a b, timezone: Mars}\nmodels:\n  - {file: gone.ifc}\n  - {place: {x: 1}}\nsorces: {}\n"
        "sources: {m: {token: abc}, n: 3}\npoints: points.csv\n"
    )
    (folder / "points.csv").write_text("point,entity,quantity\np,e,powr\n")
    config, mistakes = read_campus_config(folder)
    assert config is None
    assert [(m.file, m.line) for m in mistakes] == sorted((m.file, m.line) for m in mistakes)
    keys = {m.key for m in mistakes}
    assert keys >= {
        "campus.id", "campus.timezone", "models[0].file", "models[1].file", "models[1].place.y", "sorces",
        "sources.m.token", "sources.m.type", "sources.n", "unit", "quantity",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "key", "says"),
    [
        ("p1,e,power,kW,,,,,,,,", "point", "'p1' stands in line 2 too"),
        ("p3,,power,kW,,,,,,,,", "entity", "'entity' is empty"),
        ("p3,e,powre,kW,,,,,,,,", "quantity", "did you mean 'power'?"),
        ("p3,e,power,kWh,,,,,,,,", "unit", "use one of kW, W, MW"),
        ("p3,e,power,kW,guage,,,,,,,", "kind", "did you mean 'gauge'?"),
        ("p3,e,power,kW,,0,,,,,,", "interval_s", "'0' in interval_s is no number above 0"),
        ("p3,e,power,kW,,soon,,,,,,", "interval_s", "'soon'"),
        ("p3,e,power,kW,,,nan,,,,,", "stale_s", "'nan'"),
        ("p3,e,power,kW,,,,5,5,,,", "low", "low 5 is not below high 5"),
        ("p3,e,power,kW,,,,,,1;x,,", "sentinels", "'x' is no number"),
        ("p3,e,power,kW,,,,,,,meter,a", "source", "did you mean 'meters'?"),
        ("p3,e,power,kW,,,,,,,meters,site/1/power", "address", "'meters site/1/power' stands in line 2 too"),
        ("p3,e,power,kW,,,,,,,,,a,b", "", "needs quotes"),
    ],
)
def test_a_row_that_is_wrong_is_told_and_left_out(folder: Path, row: str, key: str, says: str) -> None:
    (folder / "points.csv").write_text(POINTS + row + "\n")
    config, mistakes = read_campus_config(folder)
    assert config is not None
    assert [p.id for p in config.points] == ["p1", "p2"]
    assert [(m.file, m.line, m.key) for m in mistakes] == [("points.csv", 4, key)]
    assert says in mistakes[0].message


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "empty"),
        (b"point,entity,unit\n", "missing-column"),
        (b"point,entity,quantity,unit,adress\n", "unknown-column"),
        (b"point,entity,quantity,unit,unit\n", "duplicate-column"),
        (b"point,entity\0", "not-csv"),
        (b"point,entity,quantity,unit\n" + b"x" * 200_000 + b",\n", "not-csv"),
    ],
)
def test_a_table_that_is_none_is_told(folder: Path, text: bytes, code: str) -> None:
    (folder / "points.csv").write_bytes(text)
    assert code in {m.code for m in read_campus_config(folder)[1]}


def test_huge_files_are_refused_unread(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.tables.MAX_BYTES", 10)
    assert {m.code for m in read_campus_config(folder)[1]} == {"not-csv"}
    (folder / "campus.yaml").write_text("a: " + "x" * MAX_BYTES)
    assert {m.code for m in read_campus_config(folder)[1]} == {"too-large"}


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty"), ("# nothing\n", "empty"), ("- a\n- b\n", "empty"), ("[" * 5000, "yaml"), ("{a: " * 40, "yaml")],
)
def test_a_file_that_is_no_campus_is_told(folder: Path, text: str, code: str) -> None:
    (folder / "campus.yaml").write_text(text)
    config, mistakes = read_campus_config(folder)
    assert config is None
    assert [m.code for m in mistakes] == [code]


def test_no_folder_and_no_file_are_told(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        config, (mistake,) = read_campus_config(folder)
        assert config is None
        assert mistake.code == "no-campus"
        assert "app.py new" in mistake.message
    assert read_yaml(tmp_path, "campus.yaml").mistakes[0].code == "read"


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")

    port: int = 1883
    mode: Literal["a", "b"] = "a"
    password: SecretRef | None = None


def test_the_settings_of_a_source_are_checked_by_its_model(folder: Path) -> None:
    def models(kind: str) -> type[BaseModel] | None:
        return _Settings if kind == "mqtt" else None

    (folder / "campus.yaml").write_text(GOOD.replace("port: 1883", "port: many\n    prot: 5"), encoding="utf-8")
    _, mistakes = read_campus_config(folder, models)
    assert [(m.line, m.key) for m in mistakes] == [
        (13, "sources.plant.type"),
        (16, "sources.meters.port"),
        (17, "sources.meters.prot"),
    ]
    assert "no source type 'simulator'" in mistakes[0].message
    assert "did you mean 'port'?" in mistakes[2].message
    (folder / "campus.yaml").write_text(
        GOOD.replace("type: simulator", "type: mqtt").replace(", seed: 1, interval_s: 5", "")
    )
    assert read_campus_config(folder, models)[1] == []


def test_unknown_keys_deep_in_settings_are_compared_with_their_neighbours(folder: Path) -> None:
    class Auth(BaseModel):
        model_config = ConfigDict(extra="forbid")

        user: str = ""

    class Nested(BaseModel):
        seed: int = 1
        interval_s: int = 5
        users: dict[str, Auth] = {}
        tags: list[str] | None = None

    (folder / "campus.yaml").write_text(
        GOOD.replace("seed: 1, interval_s: 5", "users: {a: {usr: x}}, tags: [{}]"), encoding="utf-8"
    )
    _, mistakes = read_campus_config(folder, lambda kind: Nested if kind == "simulator" else _Settings)
    assert [m.key for m in mistakes] == ["sources.plant.users.a.usr", "sources.plant.tags[0]"]
    assert "did you mean 'user'?" in mistakes[0].message


def test_an_entry_that_is_no_mapping_is_told(folder: Path) -> None:
    mistakes = write(folder, "  - {file: plan.geojson}", "  - plan.geojson")
    assert [(m.line, m.key) for m in mistakes] == [(10, "models[1]")]


def test_a_tree_without_a_place_says_none() -> None:
    assert YamlTree().position(("a", 0)) == (0, 0)


def test_settings_keep_the_types_that_yaml_gives_them(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text("a: {n: 3, t: true, none: ~, list: [1, x], odd: 2001-99-99, s: '3'}\n")
    assert read_yaml(path).plain(("a",)) == {
        "n": 3, "t": True, "none": None, "list": [1, "x"], "odd": "2001-99-99", "s": "3",
    }  # fmt: skip
    assert read_yaml(path).data["a"]["n"] == "3"
    assert read_yaml(path).data["a"]["none"] is None


def test_secrets_are_read_where_the_reference_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("hunter2\nsecond line\n")
    monkeypatch.setenv("TWIN_TEST_SECRET", "hunter3")
    assert SecretRef(file=str(path)).reveal() == "hunter2"
    assert SecretRef(env="TWIN_TEST_SECRET").reveal() == "hunter3"
    monkeypatch.delenv("TWIN_TEST_SECRET")
    with pytest.raises(SecretError, match="TWIN_TEST_SECRET is not set"):
        SecretRef(env="TWIN_TEST_SECRET").reveal()
    path.write_text("\n")
    with pytest.raises(SecretError, match="is empty"):
        SecretRef(file=str(path)).reveal()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SecretError, match="not UTF-8"):
        SecretRef(file=str(path)).reveal()
    with pytest.raises(SecretError, match="No such file"):
        SecretRef(file=str(tmp_path / "gone")).reveal()
    for wrong in ({}, {"env": "A", "file": "b"}):
        with pytest.raises(ValueError, match="either"):
            SecretRef.model_validate(wrong)


def test_secrets_written_out_are_found_wherever_they_hide() -> None:
    settings = {
        "password": "x", "auth": [{"api_key": "y"}, {"name": "z"}], "snmp": {"community": "public"},
        "token": {"env": "A"}, "secret": {"value": {"password": "z"}}, "passwords_file": "ok", "empty": {"token": ""},
        "urls": ["https://host/x", "https://me@host/", "https://me:pw@host/"],
    }  # fmt: skip
    assert [dotted(key) for key in literal_secrets(settings)] == [
        "password", "auth[0].api_key", "snmp.community", "secret.value.password", "urls[2]",
    ]  # fmt: skip


def test_the_nearest_word_is_offered() -> None:
    assert nearest("Modles", ["models", "ground"]) == "did you mean 'models'?"
    assert nearest("zzz", ["b", "a"]) == "known are: a, b"
    assert nearest("zzz", [f"k{i:02d}" for i in range(20)]).endswith("k11 ...")
    assert nearest("zzz", []) == "there are none"


def test_a_mistake_prints_as_compilers_do() -> None:
    mistake = Mistake("campus.yaml", "no", "x", 3, 5, "a.b", "warning")
    assert str(mistake) == "campus.yaml:3:5: warning: no"
    assert mistake.as_dict()["key"] == "a.b"


@given(st.text(max_size=300) | st.text("{}[]:-&*!'\"#\n \tab1,|>%@?", max_size=120))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "campus.yaml").write_text(text, encoding="utf-8", errors="replace")
        config, mistakes = read_campus_config(Path(name))
    assert (config is None) == bool(mistakes)


@given(st.binary(max_size=300))
def test_no_bytes_make_the_table_reader_raise(raw: bytes) -> None:
    import tempfile

    from twin.point_table import read_points

    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "points.csv"
        path.write_bytes(b"point,entity,quantity,unit\n" + raw)
        points, mistakes = read_points(path, ())
    assert all(point.id for point in points)
    assert all(m.file == "points.csv" for m in mistakes)


def test_a_secret_that_was_written_out_is_shown_in_no_message(tmp_path: Path) -> None:
    (tmp_path / "campus.yaml").write_text(
        "campus: {id: c}\nsources:\n  m: {type: mqtt, host: h, password: hunter2}\n"
        "  d: {type: sql, url: 'postgresql://reader:hunter2@h/db', queries: {}}\n"
    )
    _, mistakes = read_campus_config(tmp_path, settings_model)
    assert {mistake.key for mistake in mistakes} >= {"sources.m.password", "sources.d.url"}
    assert not any("hunter2" in str(mistake) for mistake in mistakes)
