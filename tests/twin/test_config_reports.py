"""``reports`` of campus.yaml: what may stand there, and mistakes with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin.config import read_campus_config

HEAD = "campus:\n  id: c\n  timezone: Asia/Shanghai\nreports:\n"


def read(folder: Path, text: str) -> tuple[object, list[str]]:
    (folder / "campus.yaml").write_text(HEAD + text, "utf-8")
    config, mistakes = read_campus_config(folder)
    return config, [str(mistake) for mistake in mistakes]


def test_a_list_of_reports_with_its_defaults(tmp_path: Path) -> None:
    config, mistakes = read(
        tmp_path, "  folder: /srv/reports\n  write:\n    - {kind: day}\n"
        '    - {kind: month, at: "05:00", of: "14", langs: [zh, en], formats: [pdf, html], keep: 12}\n',
    )  # fmt: skip
    assert mistakes == []
    told = config.file.reports  # type: ignore[attr-defined]
    first, second = told.write
    assert (first.at, first.of, first.langs, first.formats, first.keep) == ("06:30", "", ("zh",), ("pdf",), 90)
    assert (second.kind, second.at, second.of, second.langs, second.keep) == ("month", "05:00", "14", ("zh", "en"), 12)
    assert (told.folder, told.chromium) == ("/srv/reports", "")


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("  write:\n    - {kind: year}\n", "campus.yaml:6:14", "'reports.write[0].kind': should be 'day', 'week' or"),
        ("  write:\n    - {kind: day, at: 6.30}\n", "campus.yaml:6:23", "write it in quotes, as in"),
        ("  write:\n    - {kind: day, at: '24:00'}\n", "campus.yaml:6:23", "is no time of day"),
        ("  write:\n    - {kind: day, langs: [zh, fr]}\n", "campus.yaml:6:31", "should be 'zh' or 'en'"),
        ("  write:\n    - {kind: day, formats: []}\n", "campus.yaml:6:28", "reports.write[0].formats"),
        ("  write:\n    - {kind: day, keep: 0}\n", "campus.yaml:6:25", "greater than or equal to 1"),
        ("  write:\n    - {kind: day, off: x}\n", "campus.yaml:6:24", "did you mean 'of'"),
        ("  write:\n    - {at: '06:30'}\n", "campus.yaml:6:7", "'reports.write[0].kind' is missing"),
        ("  chrome: x\n", "campus.yaml:5:11", "'reports.chrome' is not a known key"),
    ],
)
def test_mistakes_have_their_place(tmp_path: Path, text: str, place: str, said: str) -> None:
    _, mistakes = read(tmp_path, text)
    (only,) = mistakes
    assert only.startswith(place)
    assert said in only
