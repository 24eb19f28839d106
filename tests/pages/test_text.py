"""Texts: complete in both languages, every key that the code asks for exists, the language is chosen as promised."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from models3d.remarks import FINDINGS
from pages._parts.text import choose_language, singulars, text, text_or, texts

ROOT = Path(__file__).resolve().parents[2]
ASKED = re.compile(r"""\btext\(\s*"([^"{}]+)"[,)]|campus\.text\("([^"]+)"[,)]""")


def test_both_languages_have_the_same_keys_and_figures() -> None:
    zh, en = texts("zh"), texts("en")
    assert zh.keys() == en.keys()
    for key, line in zh.items():
        assert line.strip()
        assert en[key].strip()
        figures = [{name for _, name, _, _ in Formatter().parse(words) if name} for words in (line, en[key])]
        assert figures[0] == figures[1], key


def test_one_of_a_thing_is_not_several() -> None:
    several, one = texts("en"), singulars("en")
    assert one.keys() <= several.keys()
    for key, line in one.items():
        figures = [{name for _, name, _, _ in Formatter().parse(words) if name} for words in (line, several[key])]
        assert figures[0] == figures[1], key
    assert text("check.files", "en", n=1) == "1 file"
    assert text("check.files", "en", n="21") == "21 files"
    assert text("check.files", "zh", n=1) == text("check.files", "zh", n=2).replace("2", "1")


def test_every_key_that_the_pages_ask_for_exists() -> None:
    sources = [*(ROOT / "pages").rglob("*.py"), *(ROOT / "assets").glob("*.js")]
    asked = {key for file in sources for pair in ASKED.findall(file.read_text("utf-8")) for key in pair if key}
    assert len(asked) > 80
    assert asked - texts("en").keys() == set()


def test_no_key_is_left_over() -> None:
    code = "\n".join(
        file.read_text("utf-8")
        for file in [*(ROOT / "pages").rglob("*.py"), *(ROOT / "server").glob("*.py"), *(ROOT / "assets").glob("*.js")]
    )
    families = set(re.findall(r'f"([a-z.-]+\.)\{', code)) | set(re.findall(r"`([a-z.-]+\.)\$\{", code))
    unused = [key for key in texts("en") if f'"{key}"' not in code and not any(key.startswith(f) for f in families)]
    assert unused == []


def test_chinese_is_chinese() -> None:
    latin_only = [key for key, line in texts("zh").items() if not re.search(r"[一-鿿]", line)]
    assert latin_only == ["mode.3d", "mode.2d"]


def test_every_finding_has_its_meaning_in_both_languages() -> None:
    assert [code for code in FINDINGS if f"finding.{code}" not in texts("en")] == []


def test_a_key_that_nobody_has_is_an_error_unless_it_is_data() -> None:
    with pytest.raises(KeyError):
        text("no.such.key", "en")
    assert text_or("reason.a new reason", "zh", "a new reason") == "a new reason"
    assert text("table.count", "zh", n="3", area="48 m²") == "3 个房间 · 48 m²"


@pytest.mark.parametrize(
    ("query", "cookies", "accept", "chosen"),
    [
        ({"lang": "zh"}, {"lang": "en"}, "en", "zh"),
        ({"lang": "fr"}, {"lang": "zh"}, "en", "zh"),
        ({}, {}, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ({}, {}, "de,en;q=0.5,zh;q=0.9", "zh"),
        ({}, {}, "de-DE, fr;q=0.2", "en"),
        ({}, {"lang": "'; drop"}, "en;q=x, zh;q=0.1", "zh"),
        ({}, {}, "", "en"),
    ],
)
def test_language_by_address_then_cookie_then_browser(
    query: dict[str, str], cookies: dict[str, str], accept: str, chosen: str
) -> None:
    assert choose_language(query, cookies, accept) == chosen
