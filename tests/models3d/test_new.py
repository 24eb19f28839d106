"""``new`` and ``check``: a folder of any files becomes a campus that serves; nothing existing is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from models3d import georef
from models3d.check import check_folder
from models3d.commands import import_files, new
from models3d.formats import load as read
from models3d.model import Model, ModelError
from models3d.new import NewError, new_campus
from tests.models3d.tiny import loader, tiny
from twin.config import load_campus_config


def touch(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"content of {path.name}")
    return paths


MODELS = {
    "a.ifc": lambda: tiny("a.ifc", "A"),
    "b: 'x'.ifc": lambda: tiny("b.ifc", "B", frame=georef.tangent_frame(34.25, 108.65)),
}


def square(x: float) -> dict[str, object]:
    ring = [[x, 38.0], [x + 0.001, 38.0], [x + 0.001, 38.001], [x, 38.001], [x, 38.0]]
    properties = {"building": "yes", "name": f"Hall {x}", "building:levels": "3"}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}


def footprints(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    collection = {"type": "FeatureCollection", "features": [square(-104.82), square(-104.81)]}
    path.write_text(json.dumps(collection))
    return path


def test_a_campus_is_made_that_loads_again(tmp_path: Path) -> None:
    files = touch(tmp_path / "in", *MODELS)
    made = new_campus(tmp_path / "My Campus", files, loader(MODELS))
    assert [b.id for b in made.assembled.campus.buildings] == ["A", "B"]
    config = load_campus_config(made.folder)
    assert config.file.campus.id == "my-campus"
    assert [entry.file for entry in config.file.models] == ["models/a.ifc", "models/b: 'x'.ifc"]
    assert config.file.campus.location is not None
    assert config.file.campus.location.latitude == pytest.approx(34.25, abs=1e-3)
    assert (made.folder / "models" / "a.ifc").read_text() == "content of a.ifc"
    assert "| models/a.ifc | a.ifc | ifc IFC4 |" in (made.folder / "SOURCES.md").read_text()
    assert any("models: place" in line for line in made.missing)
    assert any("live data" in line for line in made.missing)


def test_what_is_there_is_never_overwritten(tmp_path: Path) -> None:
    (a,) = touch(tmp_path / "in", "a.ifc")
    campus = tmp_path / "c"
    touch(campus, "models/a.ifc", "SOURCES.md", "notes.txt")
    (campus / "models/a.ifc").write_text("another building of the same name")
    made = new_campus(campus, [a], loader(MODELS | {"a-2.ifc": MODELS["a.ifc"]}))
    assert load_campus_config(campus).file.models[0].file == "models/a-2.ifc"
    assert (campus / "models/a.ifc").read_text() == "another building of the same name"
    assert (campus / "SOURCES.md").read_text() == "content of SOURCES.md"
    text = (campus / "campus.yaml").read_text()
    with pytest.raises(NewError, match="is a campus already"):
        new_campus(campus, [a], loader(MODELS))
    assert (campus / "campus.yaml").read_text() == text
    with pytest.raises(NewError, match="is a file"):
        new_campus(campus / "notes.txt", [a], loader(MODELS))
    assert made.refused == []


def test_the_same_file_twice_is_copied_once(tmp_path: Path) -> None:
    files = touch(tmp_path / "in", "a.ifc")
    new_campus(tmp_path / "c", [*files, *files, tmp_path / "in" / ".." / "in" / "a.ifc"], loader(MODELS))
    assert [p.name for p in (tmp_path / "c" / "models").iterdir()] == ["a.ifc"]


def test_refused_files_are_told_and_the_rest_is_made(tmp_path: Path) -> None:
    files = touch(tmp_path / "in", "a.ifc", "broken.ifc")
    made = new_campus(tmp_path / "c", files, loader(MODELS))
    assert [path.name for path, _ in made.refused] == ["broken.ifc"]
    assert not (tmp_path / "c" / "models" / "broken.ifc").exists()
    with pytest.raises(NewError, match="no model could be read"):
        new_campus(tmp_path / "d", files[1:], loader(MODELS))
    assert not (tmp_path / "d").exists()


def test_a_folder_is_searched_for_models(tmp_path: Path) -> None:
    touch(tmp_path / "in", "readme.txt", ".hidden/x.geojson", "deep/fake.ifc")
    footprints(tmp_path / "in" / "deep" / "plan.geojson")
    made = new_campus(tmp_path / "c", [tmp_path / "in"], read)
    assert [p.name for p in (tmp_path / "c" / "models").iterdir()] == ["plan.geojson"]
    assert [path.name for path, _ in made.left_out] == ["readme.txt"]
    assert [path.name for path, _ in made.refused] == ["fake.ifc"]
    assert len(made.assembled.campus.buildings) == 2
    assert any("footprints only" in line for line in made.missing)


def test_models_that_lie_in_the_folder_stay_there(tmp_path: Path) -> None:
    footprints(tmp_path / "plan.geojson")
    made = new_campus(tmp_path, [], read)
    assert load_campus_config(tmp_path).file.models[0].file == "plan.geojson"
    assert not (tmp_path / "models").exists()
    assert made.assembled.campus.schematic


def test_a_file_of_ground_only_becomes_the_ground(tmp_path: Path) -> None:
    def ground() -> Model:
        model = tiny("g.geojson")
        model.buildings.clear()
        return model

    files = touch(tmp_path / "in", "a.ifc", "g.geojson")
    made = new_campus(tmp_path / "c", files, loader({**MODELS, "g.geojson": ground}))
    assert load_campus_config(tmp_path / "c").file.ground == "models/g.geojson"
    assert not any("the ground" in line for line in made.missing)
    assert len(made.assembled.ground) == 2


def test_a_mesh_brings_the_files_that_it_needs_and_no_others(tmp_path: Path) -> None:
    scene = {"buffers": [{"uri": "a%20b.bin"}, {"uri": "../secret.bin"}, {"uri": "data:,x"}, {}]}
    gltf, obj, *_ = touch(tmp_path / "in", "m.gltf", "m.obj", "a b.bin", "m.mtl", "../secret.bin")
    gltf.write_text(json.dumps(scene))
    obj.write_text("mtllib m.mtl\nmtllib gone.mtl\nv 0 0 0\n")
    models = {"m.gltf": lambda: tiny("m.gltf", "A"), "m.obj": lambda: tiny("m.obj", "B")}
    new_campus(tmp_path / "c", [gltf, obj], loader(models))
    there = {p.name for p in (tmp_path / "c" / "models").iterdir()}
    assert there == {"m.gltf", "m.obj", "a b.bin", "m.mtl"}
    assert not (tmp_path / "c" / "secret.bin").exists()


def test_names_that_are_awkward_in_yaml_survive(tmp_path: Path) -> None:
    files = touch(tmp_path / "in", "a.ifc")
    for name in ("yes", '"x" #y: {z}', "图书馆 1"):
        made = new_campus(tmp_path / name, files, loader(MODELS))
        assert load_campus_config(made.folder).file.campus.names["zh"] == name
        assert yaml.safe_load((made.folder / "campus.yaml").read_text())["campus"]["names"]["en"] == name


def test_check_tells_files_models_and_points_at_once(tmp_path: Path) -> None:
    class Settings(BaseModel):
        port: int

    touch(tmp_path, "a.ifc", "broken.ifc")
    (tmp_path / "campus.yaml").write_text(
        "campus: {id: c}\nmodels: [{file: a.ifc}, {file: broken.ifc}, {file: gone.ifc}]\nground: gone.geojson\n"
        "sources: {m: {type: mqtt, port: x}}\npoints: points.csv\n"
    )
    (tmp_path / "points.csv").write_text(
        "point,entity,quantity,unit\np1,A/01/101,power,kW\np2,Z,power,kW\np3,Z,power,kg\n"
    )
    found = check_folder(tmp_path, loader(MODELS), lambda kind: Settings if kind == "mqtt" else None)
    assert [m.key for m in found.mistakes] == ["models[2].file", "ground", "sources.m.port", "unit"]
    codes = [f.code for f in found.findings]
    assert codes[:2] == ["model-refused", "orphaned-point"]
    assert found.exit_code == 2
    assert found.figures["points"] == 2
    assert found.figures["points_placed"] == 1
    text = found.as_text()
    for part in ("campus.yaml:2:", "broken.ifc", "gone.geojson", "points.csv:4", "has errors", "1 buildings"):
        assert part in text
    report = json.loads(json.dumps(found.as_json()))
    assert report["exit"] == 2
    overlap = next(f for f in report["findings"] if f["code"] == "overlap")
    assert (overlap["entity"], overlap["position"]) == ("A/01/101", [0, 0, 0])
    assert [f["ok"] for f in report["files"]] == [True, False]


def test_check_of_a_clean_campus_and_of_one_with_warnings(tmp_path: Path) -> None:
    def clean() -> Model:
        model = tiny("a.ifc")
        model.findings.clear()
        return model

    touch(tmp_path, "a.ifc")
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\nmodels: [{file: a.ifc}]\n")
    assert check_folder(tmp_path, loader({"a.ifc": clean})).exit_code == 0
    warned = check_folder(tmp_path, loader(MODELS))
    assert warned.exit_code == 1
    assert "works, with warnings" in warned.as_text()
    nothing = check_folder(tmp_path / "gone", loader(MODELS))
    assert nothing.exit_code == 2
    assert nothing.as_json()["files"] == []


def test_many_findings_of_one_kind_are_counted(tmp_path: Path) -> None:
    def noisy() -> Model:
        model = tiny("a.ifc")
        model.findings *= 40
        return model

    touch(tmp_path, "a.ifc")
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\nmodels: [{file: a.ifc}]\n")
    text = check_folder(tmp_path, loader({"a.ifc": noisy})).as_text()
    assert "overlap: ... and 35 more" in text
    assert text.count("two rooms") == 5


def test_the_commands_print_and_answer_with_their_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAMPUS_CACHE", str(tmp_path / "cache"))
    good = footprints(tmp_path / "in" / "plan.geojson")
    bad = tmp_path / "in" / "page.ifc"
    bad.write_text("<!DOCTYPE html><html>sign in</html>")
    assert import_files([good], as_json=False, out=tmp_path / "out") == 0
    assert "2 buildings, 6 storeys, 6 spaces" in capsys.readouterr().out
    assert (tmp_path / "out" / "plan" / "campus.json").is_file()
    assert import_files([good, bad, tmp_path / "gone.ifc"], as_json=True, out=None) == 2
    files = json.loads(capsys.readouterr().out)["files"]
    assert [f["ok"] for f in files] == [True, False, False]
    assert files[1]["error"]["code"] == "html"
    assert len(files[1]["sha256"]) == 64
    assert "page.ifc" in files[1]["error"]["message"]
    assert new(tmp_path / "c", [good, bad]) == 1
    out = capsys.readouterr().out
    assert "is a campus of 2 buildings. Missing:" in out
    assert "refused: " in out
    assert new(tmp_path / "c", [good]) == 2
    assert "is a campus already" in capsys.readouterr().err


def test_a_model_error_carries_code_and_message() -> None:
    error = ModelError("empty", "'x' is empty")
    assert (error.code, error.message, str(error)) == ("empty", "'x' is empty", "'x' is empty")
