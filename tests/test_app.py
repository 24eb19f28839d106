"""The command line: what it accepts, and what it says to the rest."""

from __future__ import annotations

import pytest

import app


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nonsense"], "invalid choice: 'nonsense'"),
        (["serve", "--port", "many"], "invalid int value: 'many'"),
        (["serve", "--role", "king"], "invalid choice: 'king'"),
        (["serve", "--colour"], "unrecognized arguments: --colour"),
        (["bench"], "required: NAME"),
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
