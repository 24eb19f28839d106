"""``walls/*.yaml``: what is read of it, sizes of type from the screen, and every mistake at once with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.config import read_campus_config
from twin.mistake import Mistake
from twin.walls.profile import HERO, LEAST, NUMBER, TITLE, legible_m, type_px, unit
from twin.walls.wall import MOST_NUMBERS, Screen, Wall
from twin.walls.wall_files import default_walls, read_walls, unknown_places, wall_of_text
from twin.walls.wall_text import WallTextError, has_comments, wall_text
from twin.yaml_tree import parse_yaml

GOOD = """
names: {zh: 大厅, en: Lobby}
lang: en
screens:
  main: {diagonal: 55, pixels: 1920x1080, viewer: 6, playlist: day}
  side: {diagonal: 55, pixels: 3840 × 2160, viewer: 4, role: incidents, takeover: false}
playlists:
  day: [power]
scenes:
  power:
    title: {zh: 能源, en: Energy}
    domain: energy
    hero: energy.power
    numbers: [energy.energy_today]
    camera: {of: "14", azimuth: 200}
    dwell: 2min
    during: {days: mon-fri, hours: "22:00-06:00"}
alarms: off
night: {hours: "23:00-06:00", dim: 0.5}
reload: "03:15"
"""


def read(folder: Path, text: str, name: str = "lobby.yaml") -> tuple[dict[str, Wall], list[Mistake]]:
    (folder / name).write_text(text, "utf-8")
    return read_walls(folder, "walls")


@pytest.mark.parametrize(
    ("written", "volume"), [("off", 0.0), ('"off"', 0.0), ("on", 0.5), ("true", 0.5), ("0.2", 0.2)]
)
def test_a_wall_sounds_only_where_its_file_says_so(tmp_path: Path, written: str, volume: float) -> None:
    walls, mistakes = read(tmp_path, f"{GOOD}sound: {written}\n")
    assert (mistakes, walls["lobby"].sound) == ([], volume)
    assert default_walls()["lobby"].sound == 0.0


def test_a_volume_beyond_all_is_a_mistake(tmp_path: Path) -> None:
    _, mistakes = read(tmp_path, f"{GOOD}sound: 11\n")
    assert [(row.severity, "sound" in row.message) for row in mistakes] == [("error", True)]


def test_a_wall_is_read_as_it_is_written(tmp_path: Path) -> None:
    walls, mistakes = read(tmp_path, GOOD)
    assert mistakes == []
    wall = walls["lobby"]
    assert (wall.names["zh"], wall.lang, wall.theme, wall.reload_at, wall.file) == (
        "大厅", "en", "dark", 195, "walls/lobby.yaml",
    )  # fmt: skip
    scene = wall.scenes["power"]
    assert (scene.camera.of, scene.camera.azimuth, scene.dwell_s, scene.channel) == ("14", 200.0, 120.0, "energy.power")
    assert (scene.during.days, scene.during.spans) == (frozenset(range(1, 6)), ((1320, 360),))
    side = wall.screens["side"]
    assert (side.width, side.height, side.role, side.takes_over, side.playlist) == (
        3840,
        2160,
        "incidents",
        False,
        "day",
    )
    assert not wall.takeover.on
    assert wall.night is not None
    assert wall.night.dim == 0.5


def test_the_walls_of_the_product_can_be_read_by_their_viewers() -> None:
    walls = default_walls()
    assert {"lobby", "operations"} <= walls.keys()
    for wall in walls.values():
        for screen in wall.screens.values():
            assert legible_m(screen) == screen.viewer_m
        assert all(scene.count <= MOST_NUMBERS for scene in wall.scenes.values())


def screen(diagonal: float, width: int, height: int, viewer: float) -> Screen:
    return Screen("x", {}, diagonal, width, height, viewer, 1, "scenes", "all", True)


def test_type_is_as_large_as_the_farthest_viewer_needs() -> None:
    lobby = screen(55, 1920, 1080, 6)
    assert type_px(lobby, 16) == pytest.approx(62, abs=0.5)
    assert type_px(lobby, 20) == pytest.approx(77, abs=0.5)
    assert unit(lobby) == pytest.approx(1, abs=0.01)
    fine = screen(55, 3840, 2160, 6)
    assert unit(fine) == pytest.approx(2 * unit(lobby))
    assert unit(screen(55, 1920, 1080, 3)) == pytest.approx(unit(lobby) / 2)
    assert (LEAST, NUMBER, TITLE, HERO) == (42, 62, 77, 168)


def test_type_that_does_not_fit_is_smaller_and_said_to_be(tmp_path: Path) -> None:
    far = screen(40, 1920, 1080, 20)
    assert unit(far) == pytest.approx(1.08)
    assert legible_m(far) < 6
    walls, (warning,) = read(tmp_path, GOOD.replace("viewer: 6", "viewer: 20"))
    assert "lobby" in walls
    assert (warning.severity, warning.code, warning.line, warning.key) == (
        "warning", "wall-too-small", 5, "screens.main.viewer",
    )  # fmt: skip
    assert "read from 6.4 m" in warning.message or "read from 6.5 m" in warning.message


WRONG = """
names: {zh: 大厅}
colour: red
screens:
  main: {diagonal: 55, pixels: full, viewer: 6, playlist: dya}
  Other: {diagonal: 55, pixels: 1920x1080, viewer: 6}
playlists:
  day: [power, powr]
scenes:
  power:
    title: {zh: 能源, en: Energy}
    domain: enrgy
    hero: energy.pwer
    dwell: 5s
    camera: {of: "14", pose: "1,2,3"}
reload: late
night: {hours: 23-6}
"""


def test_every_mistake_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    walls, mistakes = read(tmp_path, WRONG)
    assert walls == {}
    told = {(mistake.key, mistake.line) for mistake in mistakes}
    assert told == {
        ("names.en", 2), ("colour", 3), ("screens.main.pixels", 5), ("screens.Other", 6), ("playlists.day[1]", 8),
        ("scenes.power.domain", 12), ("scenes.power.hero", 13), ("scenes.power.dwell", 14), ("scenes.power.camera", 15),
        ("reload", 16), ("night.hours", 17),
    }  # fmt: skip
    text = "\n".join(map(str, mistakes))
    for said in ("did you mean 'energy'", "did you mean 'energy.power'", "did you mean 'power'",
                 "write it as 1920x1080",
                 "no time of day", "no span of hours", "either 'of'"):  # fmt: skip
        assert said in text


def test_a_place_that_the_campus_does_not_have_is_told(tmp_path: Path) -> None:
    walls, _ = read(tmp_path, GOOD)
    assert unknown_places(walls, {"14"}) == []
    (warning,) = unknown_places(walls, {"15"})
    assert (warning.line, warning.key, warning.severity) == (11, "scenes.power.camera", "warning")


def test_nobody_reads_thirteen_numbers(tmp_path: Path) -> None:
    keys = "energy.power, energy.energy_today, energy.base_load, energy.comfort, energy.emissions_today"
    walls, (mistake,) = read(
        tmp_path, GOOD.replace("numbers: [energy.energy_today]", f"numbers: [{keys}]\n    labels: 8")
    )
    assert walls == {}
    assert "14 numbers are more than anybody reads: at most 12" in mistake.message
    assert mistake.key == "scenes.power"


def test_a_bad_name_and_a_playlist_of_nothing_are_told(tmp_path: Path) -> None:
    _, mistakes = read(tmp_path, GOOD.replace("day: [power]", "day: power"), "The Lobby.yaml")
    assert [mistake.code for mistake in mistakes][:2] == ["bad-name", "config-type"]


def test_the_campus_folder_has_them_and_says_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\n", "utf-8")
    config, mistakes = read_campus_config(tmp_path)
    assert config is not None
    assert (config.walls, mistakes) == ({}, [])
    (tmp_path / "walls").mkdir()
    read(tmp_path / "walls", GOOD)
    config, mistakes = read_campus_config(tmp_path)
    assert config is not None
    assert list(config.walls) == ["lobby"]
    read(tmp_path / "walls", GOOD.replace("hero: energy.power", "hero: energy.pow"))
    config, (mistake,) = read_campus_config(tmp_path)
    assert config is not None
    assert str(mistake).startswith("walls/lobby.yaml:13:11: error: 'scenes.power.hero'")
    (tmp_path / "campus.yaml").write_text("campus: {id: c}\nwalls: screens\n", "utf-8")
    _, (mistake,) = read_campus_config(tmp_path)
    assert (mistake.code, mistake.line) == ("no-file", 2)


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("alarms: off", "alarms:")])
def test_a_wall_that_a_form_writes_says_the_same(text: str) -> None:
    before, _ = wall_of_text("lobby", text, "walls/lobby.yaml")
    data = parse_yaml(text, "walls/lobby.yaml").data
    again = wall_text(data)
    assert wall_text(parse_yaml(again, "again").data) == again
    after, mistakes = wall_of_text("lobby", again, "walls/lobby.yaml")
    assert before is not None
    assert after is not None
    assert mistakes == []
    assert (after.screens, after.playlists, after.takeover, after.night) == (
        before.screens, before.playlists, before.takeover, before.night,
    )  # fmt: skip
    assert after.scenes["power"].camera.of == "14"
    assert [line for line in again.splitlines() if "dim" in line] == ["night: {hours: '23:00-06:00', dim: 0.5}"]


def test_codes_keep_their_zeros_and_remarks_are_found() -> None:
    assert "'05'" in wall_text({"names": {"zh": "05", "en": "x"}})
    assert "labels: 4" in wall_text({"labels": "4"})
    with pytest.raises(WallTextError, match="nesting"):
        wall_text({"a": [[[[[[[[[1]]]]]]]]]})
    assert has_comments(b"names: {}  # hung in March\n")
    assert has_comments(b"names: {}\n# the end")
    assert not has_comments(b"names: {zh: '# 1', en: a#b}\ntext: |\n  # no remark\n")
