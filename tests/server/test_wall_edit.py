"""Walls edited over HTTP: what a form is told, what is wrong with a draft, and that a save is whole, loses nobody's
work and is on the wall at once."""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from collections.abc import Iterator
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from datasources.contract import settings_model
from server.reload import Reloader, look
from server.runtime import Runtime
from tests.server.accounts.signing import guarded, sign_in
from tests.server.serving import Served, serve
from twin.config import CampusConfig, read_campus_config
from twin.walls.wall_files import default_walls, read_walls

YAML = """# hung in March
names: {zh: 中庭, en: Atrium}
screens:
  main: {diagonal: 55, pixels: 1920x1080, viewer: 6}
scenes:
  "2": {title: {zh: 二, en: Two}, domain: energy, hero: energy.power}
  "1": {title: {zh: 一, en: One}, domain: energy, hero: energy.power, camera: {of: "05", azimuth: 20}}
"""
CAMPUS = "campus: {id: demo, names: {zh: 测试校园, en: Test campus}, timezone: Asia/Shanghai}\nmodels: []\n"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Path]]:
    """A campus without a folder."""
    folder = tmp_path_factory.mktemp("walls")
    with serve(folder / "cache", adjust=kept(folder / "state")) as served:
        yield served, folder / "state/walls"


@pytest.fixture
def empty(demo: tuple[Served, Path]) -> tuple[Served, Path]:
    """The same, without a wall of its own."""
    served, folder = demo
    for path in folder.glob("*.yaml"):
        served.call(partial(served.runtime.walls.drop, path.stem))
    shutil.rmtree(folder, ignore_errors=True)
    return demo


def kept(state: Path) -> Any:
    def adjust(runtime: Runtime) -> None:
        runtime.state_folder = state

    return adjust


def source(served: Served, name: str = "lobby", status: int = 200) -> Any:
    answer = served.http.get(f"/api/v1/walls/{name}/source")
    assert answer.status_code == status, answer.text
    return answer.json()


def save(served: Served, found: Any, name: str = "lobby", status: int = 200, **more: Any) -> Any:
    body = {"data": found["data"], "order": found["order"], "based_on": found["hash"], **more}
    answer = served.http.put(f"/api/v1/walls/{name}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def check(served: Served, data: Any, name: str = "lobby") -> Any:
    answer = served.http.post(f"/api/v1/walls/{name}/check", json={"data": data})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_wall_of_the_product_is_edited_and_given_back(empty: tuple[Served, Path]) -> None:
    served, folder = empty
    found = source(served)
    assert (found["own"], found["comments"], found["mistakes"]) == (False, True, [])
    assert found["order"]["scenes"] == ["energy", "people", "network", "air"]
    sign = served.http.post("/api/v1/walls/lobby/control", json={"do": "next"}).json()["written"]
    found["data"]["scenes"]["energy"]["title"]["en"] = "Power: 05 # now"
    saved = save(served, found)
    assert (saved["own"], saved["comments"]) == (True, False)
    wall = served.http.get("/api/v1/walls/lobby").json()
    assert (wall["scenes"]["energy"]["title"]["en"], wall["own"]) == ("Power: 05 # now", True)
    again = served.http.post("/api/v1/walls/lobby/control", json={"do": "next"}).json()["written"]
    assert sign != again, "a screen knows by it that it has to be loaded anew"
    assert {"lobby", "operations"} == {row["id"] for row in served.http.get("/api/v1/walls").json()}
    assert (folder / "lobby.yaml").stat().st_mode & 0o777 == 0o600
    gone = served.http.delete("/api/v1/walls/lobby", params={"based_on": found["hash"]})
    assert (gone.status_code, (folder / "lobby.yaml").exists()) == (409, True), "it was changed since"
    assert served.http.delete("/api/v1/walls/lobby", params={"based_on": saved["hash"]}).status_code == 204
    assert served.http.get("/api/v1/walls/lobby").json()["own"] is False
    assert [path.name for path in folder.iterdir()] == ["lobby.yaml.bak"]
    refused = served.http.delete("/api/v1/walls/lobby", params={"based_on": found["hash"]})
    assert (refused.status_code, "comes with the product" in refused.json()["detail"]) == (409, True)


def test_of_two_hands_the_second_is_told(empty: tuple[Served, Path]) -> None:
    served, folder = empty
    one, two = source(served), source(served)
    one["data"]["theme"] = "light"
    first = save(served, one)
    two["data"]["lang"] = "en"
    assert "another hand" in save(served, two, status=409)["detail"]
    assert served.http.get("/api/v1/walls/lobby").json()["theme"] == "light"
    raw = (folder / "lobby.yaml").read_bytes()
    first["data"]["lang"] = "en"
    save(served, first)
    assert (folder / "lobby.yaml.bak").read_bytes() == raw, "the file before is kept"
    assert not list(folder.glob("*.part"))


def test_a_new_wall_takes_a_name_that_is_free(empty: tuple[Served, Path]) -> None:
    served, folder = empty
    copy = {**source(served, "operations"), "hash": ""}
    assert save(served, copy, "annexe")["own"] is True
    assert "already" in save(served, copy, "annexe", status=409)["detail"]
    assert "already" in save(served, copy, "lobby", status=409)["detail"]
    assert [row["code"] for row in save(served, copy, "Hall A", status=422)["mistakes"]] == ["bad-name"]
    for name in ("..%2f..%2fpasswd", "%2e%2e"):
        assert served.http.get(f"/api/v1/walls/{name}/source").status_code in (404, 422)
    assert [path.name for path in folder.iterdir()] == ["annexe.yaml"]
    source(served, "nothing", 404)
    assert served.http.delete("/api/v1/walls/nothing", params={"based_on": ""}).status_code == 404


def test_mistakes_are_those_of_the_file_and_nothing_is_written(empty: tuple[Served, Path]) -> None:
    served, folder = empty
    found = source(served)
    scene = found["data"]["scenes"]["energy"]
    scene.update(labels="8", worst="8", hero="energy.powr", camera={"of": "nowhere"})
    found["data"]["screens"]["main"].update(pixels="big", playlist="night")
    found["data"]["playlists"]["day"].append("dance")
    found["data"]["colour"] = "red"
    judged = check(served, found["data"])
    keys = {row["key"] for row in judged["mistakes"]}
    assert {"scenes.energy.hero", "screens.main.pixels", "playlists.day[4]", "colour"} <= keys
    assert judged["wall"] is None
    refused = save(served, found, status=422)
    assert {row["key"] for row in refused["mistakes"]} == keys
    scene["hero"] = "energy.power"
    many = check(served, found["data"])
    assert any("at most 12" in row["message"] for row in many["mistakes"] if row["key"] == "scenes.energy")
    assert not (folder / "lobby.yaml").exists()


def test_a_draft_that_is_well_is_drawn(empty: tuple[Served, Path]) -> None:
    served, _ = empty
    data = source(served)["data"]
    data["scenes"]["energy"].update(labels=2, camera="1", dwell="90s")
    data["scenes"]["people"]["camera"] = "nowhere"
    judged = check(served, data)
    assert [(row["key"], row["severity"]) for row in judged["mistakes"]] == [("scenes.people.camera", "warning")]
    drawn = judged["wall"]["scenes"]["energy"]
    assert (drawn["labels"], drawn["dwell_s"], drawn["entity"]) == (2, 90, "1")
    assert served.http.get("/api/v1/walls/lobby").json()["scenes"]["energy"]["labels"] == 4, "a draft changes nothing"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"data": []}, 422),
        ({"data": {}, "more": 1}, 422),
        ({"data": {"names": [[[[[[[[[[1]]]]]]]]]]}}, 200),
        ({"data": {"names": {"zh": "\ud800", "en": "x"}}}, 200),
        ({"data": {"scenes": "x", "screens": [1], "playlists": {"a": {"b": 1}}}}, 200),
        ({"data": {"names": {"zh": "&a *a !!x", "en": ": - #\n\x00"}}}, 200),
    ],
)
def test_what_is_no_wall_is_said(demo: tuple[Served, Path], body: Any, status: int) -> None:
    served, _ = demo
    content = json.dumps(body).encode()
    answer = served.http.post(
        "/api/v1/walls/lobby/check", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    if status == 200:
        assert answer.json()["mistakes"]
        assert answer.json()["wall"] is None


def test_a_campus_folder_keeps_the_other_walls(tmp_path: Path) -> None:
    folder = tmp_path / "campus"
    folder.mkdir()
    (folder / "campus.yaml").write_text(CAMPUS, "utf-8")

    def adjust(runtime: Runtime) -> None:
        runtime.config = config_of(folder)
        runtime.state_folder = folder / "state"

    with serve(tmp_path / "cache", adjust=adjust) as served:
        found = source(served)
        found["data"]["theme"] = "light"
        save(served, found)
        walls = folder / "walls"
        assert sorted(path.name for path in walls.iterdir()) == ["lobby.yaml", "operations.yaml"]
        shipped = (files("twin.walls.defaults") / "operations.yaml").read_bytes()
        assert (walls / "operations.yaml").read_bytes() == shipped
        reloader = Reloader(served.runtime, config_of(folder), tmp_path / "cache", look(folder))
        (walls / "atrium.yaml").write_text(YAML, "utf-8")
        live = served.runtime.live
        asyncio.run(reloader.reload())
        assert set(served.runtime.walls.walls()) == {"atrium", "lobby", "operations"}
        assert served.runtime.live is live, "a wall disturbs nothing that is fed"
        atrium = source(served, "atrium")
        assert (atrium["comments"], atrium["order"]["scenes"]) == (True, ["2", "1"])
        # a browser sorts names that are numbers: the order is sent beside
        atrium["data"]["scenes"] = dict(sorted(atrium["data"]["scenes"].items()))
        save(served, atrium, "atrium")
        assert list(served.http.get("/api/v1/walls/atrium").json()["playlists"]["all"]) == ["2", "1"]
        assert (walls / "atrium.yaml.bak").read_text("utf-8") == YAML
        (walls / "atrium.yaml").write_text("names: [", "utf-8")
        assert "text editor" in source(served, "atrium", 409)["detail"]
    read, mistakes = read_walls(walls, "walls")
    assert (set(read), [row.code for row in mistakes]) == ({"lobby", "operations"}, ["yaml"])
    assert read["operations"].scenes == default_walls()["operations"].scenes


def config_of(folder: Path) -> CampusConfig:
    config, mistakes = read_campus_config(folder, settings_model)
    assert config is not None, mistakes
    return config


def test_what_was_edited_outlives_a_restart_and_only_planners_write(tmp_path: Path) -> None:
    with guarded(tmp_path) as site:
        planner, operator = sign_in(site, "planner"), sign_in(site, "operator")
        assert operator.get("/api/v1/walls/lobby/source").status_code == 403
        found = planner.get("/api/v1/walls/lobby/source").json()
        found["data"]["theme"] = "light"
        body = {"data": found["data"], "based_on": found["hash"]}
        for call in (operator.put, operator.post):
            path = "/api/v1/walls/lobby" + ("/check" if call == operator.post else "")
            assert call(path, json=body).status_code == 403
        assert operator.delete("/api/v1/walls/lobby?based_on=").status_code == 403
        assert planner.put("/api/v1/walls/lobby", json=body).status_code == 200
        (row,) = [row for row in audit(site) if row["target"] == "PUT /api/v1/walls/lobby" and row["outcome"] == "ok"]
        assert (row["who"], row["action"]) == ("planner", "change")
    with serve(tmp_path / "cache", adjust=kept(tmp_path / "state")) as served:
        end = time.monotonic() + 5  # the files are read in the background
        while served.http.get("/api/v1/walls/lobby").json()["theme"] != "light":
            assert time.monotonic() < end
            time.sleep(0.02)


def audit(site: Served) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = sign_in(site, "admin").get("/api/v1/audit").json()["items"]
    return rows


def test_only_the_preview_of_a_wall_may_be_framed_and_by_us_alone(demo: tuple[Served, Path]) -> None:
    served, _ = demo

    def ancestors(path: str) -> str:
        policy = served.http.get(path).headers["content-security-policy"]
        return policy.partition("frame-ancestors ")[2]

    assert ancestors("/wall/lobby?preview=1&screen=main") == "'self'"
    for path in ("/wall/lobby", "/wall/lobby/control?preview=1", "/?preview=1", "/wall/lobby?previews=1"):
        assert ancestors(path) == "'none'", path
