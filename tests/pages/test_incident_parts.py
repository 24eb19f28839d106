"""What incidents say: both languages whole; runbooks are text and never markup."""

from __future__ import annotations

import re
from string import Formatter
from typing import Any

import pytest
from plotly.io.json import to_json_plotly

from pages._parts.markdown import rendered
from server.incidents_words import say, words
from tests.conftest import ROOT


def test_both_languages_have_the_same_keys_and_figures() -> None:
    zh, en = words("zh"), words("en")
    assert zh.keys() == en.keys()
    for key, line in {**en, **words("en", ".one")}.items():
        figures = [{name for _, name, _, _ in Formatter().parse(text) if name} for text in (zh[key], line)]
        assert key == "day" or figures[1] <= figures[0], key
        assert key == "day" or key in words("en", ".one") or figures[0] == figures[1], key
        assert line.strip()
        assert re.search(r"[一-鿿]", zh[key]) or key in ("log.pdf", "event.alarm", "sheet.under", "sheet.covers"), key
    assert say("consequences", "en", n=1) == "1 incident, 1 consequence"


def test_no_key_is_left_over_and_none_is_missing() -> None:
    files = [*(ROOT / "pages").rglob("*.py"), *(ROOT / "server").glob("*.py")]
    code = "\n".join(file.read_text("utf-8") for file in files)
    families = {"sheet.", "says.", "views.", "month.", *re.findall(r'f"([a-z.-]+\.)\{', code)}
    families |= set(re.findall(r"f'([a-z.-]+\.)\{", code))
    known = {key.removesuffix("-text") for key in words("en")}
    unused = [key for key in known if f'"{key}"' not in code and not any(key.startswith(f) for f in families)]
    assert unused == []
    own = [file for file in files if "import say" in (text := file.read_text("utf-8")) and "incidents_words" in text]
    asked = {key for file in own for key in re.findall(r'\bsay\("([a-z.-]+)"', file.read_text("utf-8"))}
    written = {key for key in asked if key not in words("en") and f"sheet.{key}" not in words("en")}
    assert written - {"admin", "page-of", "zone"} == set()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("# Power\nLook at **the board**.\n\n1. open `14/MSB`\n2. measure\n- a\n- b", ["H4", "P", "Ol", "Ul"]),
        ("[manual](https://example.org/a) [map](/?sel=1)", ["P"]),
        ("<script>alert(1)</script> [x](javascript:alert(1)) [y](//evil.example)", ["P"]),
        ("", []),
    ],
)
def test_a_runbook_is_components(text: str, parts: list[str]) -> None:
    found = rendered(text)
    assert [type(part).__name__ for part in found] == parts
    told = to_json_plotly(found)
    links = [link for link in _links(found) if link is not None]
    assert all(link.startswith(("https://", "/?")) for link in links), links
    assert ("javascript:" in told) is ("javascript:" in text), "what is no link stays text"


def _links(part: Any) -> list[str | None]:
    children = part if isinstance(part, list) else getattr(part, "children", None)
    own = [getattr(part, "href", None)] if not isinstance(part, list) else []
    below = children if isinstance(children, list) else [children] if hasattr(children, "children") else []
    return own + [link for child in below for link in _links(child)]
