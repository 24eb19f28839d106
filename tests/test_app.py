"""The command line: what it accepts, and what it says to the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import app
from bench import command, report


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["serve", "--port", "many"], "invalid int value: 'many'"),
        (["serve", "--role", "king"], "invalid choice: 'king'"),
        (["serve", "--colour"], "unrecognized arguments: --colour"),
        (["bench"], "required: NAME"),
        (["simulate", "--from", "2026-04-15"], "required: --to, --out"),
    ],
)
def test_a_bad_command_line_is_one_sentence_and_exit_2(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        app.main(words)
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert says in error
    assert error.count("\n") == 1
    assert "--help" in error


def test_an_unknown_benchmark_names_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["bench", "nothing"]) == 2
    assert "no benchmark 'nothing'" in capsys.readouterr().err


def test_serving_a_folder_that_is_no_campus_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["serve", "--campus", str(tmp_path)]) == 2
    assert "has no campus.yaml" in capsys.readouterr().err


def test_check_of_a_folder_that_is_no_campus_is_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["check", str(tmp_path), "--json"]) == 2
    report = json.loads(capsys.readouterr().out)
    assert [m["code"] for m in report["mistakes"]] == ["no-campus"]
    assert app.main(["check", str(tmp_path)]) == 2
    assert "has errors" in capsys.readouterr().out


def test_import_and_new_are_reached_by_their_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAMPUS_CACHE", str(tmp_path / "cache"))
    assert app.main(["import", str(tmp_path / "gone.ifc")]) == 2
    assert "does not exist" in capsys.readouterr().out
    assert app.main(["new", str(tmp_path / "campus"), str(tmp_path / "gone.ifc")]) == 2
    assert "no model could be read" in capsys.readouterr().err
    assert not (tmp_path / "campus").exists()


def test_simulate_writes_files_and_refuses_what_is_no_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    window = ["simulate", "--from", "2026-04-15T08:00", "--to", "2026-04-15T09:00+08:00", "--out", str(tmp_path)]
    assert app.main([*window, "--step", "1800"]) == 0
    assert "readings in 1 files" in capsys.readouterr().out
    assert (tmp_path / "readings" / "2026-04-15.parquet").is_file()  # 8:00 in Xi'an is midnight UTC
    assert app.main(window) == 2
    assert "already holds readings" in capsys.readouterr().err
    some = [*window[:-1], str(tmp_path / "some"), "--points", "power/building/*"]
    assert app.main([*some, "--step", "1800"]) == 0
    assert capsys.readouterr().out.startswith("96 readings in 1 files")
    assert app.main(["simulate", "--from", "soon", "--to", "2026-04-16", "--out", str(tmp_path / "x")]) == 2
    assert "--from 'soon' is no time" in capsys.readouterr().err


def test_the_table_of_a_benchmark_shows_what_is_limited() -> None:
    bars = [
        report.against_peer("open", "s", 1.3, [1.2, 1.0, 1.1], "bare calls", [1.0, 1.0, 1.0]),
        report.against_limit("size", "kB", 160, [170.0]),
    ]
    lines = command.as_text({"bars": bars}).splitlines()
    assert lines[1].split() == ["open", "1.1", "s", "bare", "calls", "1", "1.1", "1.3", "3", "yes"]
    assert lines[2].split() == ["size", "170", "kB", "-", "-", "160", "1", "NO"]
