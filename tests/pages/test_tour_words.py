"""The texts of tours: both languages have the same keys and figures, and every key that code asks for is there."""

from __future__ import annotations

import re
from string import Formatter

from server.tour_words import words
from tests.conftest import ROOT

ASKED = re.compile(r"""\bsay\(\s*f?["`](tours?\.[\w.${}-]+|tours|(?:guide|follow|visits)\.[\w.${}-]+)["`]""")


def test_both_languages_have_the_same_keys_and_figures() -> None:
    zh, en = words("zh"), words("en")
    assert zh.keys() == en.keys()
    for key, line in zh.items():
        assert re.search(r"[一-鿿]", line) or key in ("tour.of", "tour.then", "tour.stretch", "visits.stars"), key
        figures = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (line, en[key])]
        assert figures[0] == figures[1], key


def test_what_code_asks_for_is_there_and_nothing_is_left_over() -> None:
    assets, pages = ROOT / "assets", ROOT / "pages"
    paths = [
        *assets.glob("*tour*.js"),
        *assets.glob("boot/*.js"),
        *pages.glob("tour*.py"),
        assets / "visits.js",
        pages / "visits.py",
        pages / "_parts/bar.py",
    ]
    paths.append(ROOT / "server/tour_phones.py")
    code = "\n".join(path.read_text("utf-8") for path in paths)
    asked = set(ASKED.findall(code))
    assert len(asked) > 30
    families = {key.partition("$")[0].partition("{")[0] for key in asked if "{" in key}
    known, quoted = words("en").keys(), code.replace("'", '"')
    assert {key for key in asked if "{" not in key} - known == set()
    left = [key for key in known if f'"{key}"' not in quoted and not any(key.startswith(each) for each in families)]
    assert left == []
