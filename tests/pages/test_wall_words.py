"""The texts of walls: both languages have the same keys and figures, and every key that code asks for is there."""

from __future__ import annotations

import re
from string import Formatter

from server.wall_words import words
from tests.conftest import ROOT

PYTHON = re.compile(r"""\bsay\(\s*f?"([a-z][\w.{}-]+)\"""")
SCRIPT = re.compile(r"""\b(?:wall\.)?say\(["`]([a-z][\w.${}-]+)["`]""")


def test_both_languages_have_the_same_keys_and_figures() -> None:
    zh, en = words("zh"), words("en")
    assert zh.keys() == en.keys()
    for key, line in zh.items():
        assert re.search(r"[一-鿿]", line), key
        figures = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (line, en[key])]
        assert figures[0] == figures[1], key


def test_what_code_asks_for_is_there_and_nothing_is_left_over() -> None:
    scripts = "\n".join(path.read_text("utf-8") for path in (ROOT / "assets").glob("wall*.js"))
    python = "\n".join(
        path.read_text("utf-8")
        for path in [*(ROOT / "pages").glob("wall*.py"), ROOT / "server/displays.py", ROOT / "pages/_parts/screens.py"]
    )
    asked = {*SCRIPT.findall(scripts), *PYTHON.findall(python)}
    families = {key.partition("$")[0].partition("{")[0] for key in asked if "{" in key}
    families |= set(re.findall(r"`(wall\.[a-z-]+\.)\$\{", scripts))
    plain = {key for key in asked if "{" not in key}
    known = words("en").keys()
    assert len(plain) > 40
    assert {key for key in plain if key.startswith(("wall", "control", "display"))} - known == set()
    code = scripts + python
    left = [key for key in known if f'"{key}"' not in code and not any(key.startswith(f) for f in families)]
    assert left == []
