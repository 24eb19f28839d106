"""Interface texts in Chinese and English, and the choice of language: URL, then cookie, then the browser's wish."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from pages._parts.tokens import ASSETS
from server.texts import LANGUAGES as LANGUAGES
from server.texts import Lang as Lang
from server.texts import choose_language as choose_language


@cache
def texts(lang: Lang) -> Mapping[str, str]:
    """Every interface text of ``lang`` by key, from assets/i18n."""
    table: dict[str, str] = json.loads((ASSETS / "i18n" / f"{lang}.json").read_text("utf-8"))
    return table


@cache
def singulars(lang: Lang) -> Mapping[str, str]:
    """The texts that differ where ``n`` is one, by key, from assets/i18n; Chinese has none."""
    file = ASSETS / "i18n" / f"{lang}.one.json"
    table: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return table


def text(key: str, lang: Lang, **figures: object) -> str:
    """The text of ``key`` with its ``{figures}`` filled in; KeyError names a key that no table has."""
    line = texts(lang)[key]
    if str(figures.get("n")) == "1":
        line = singulars(lang).get(key, line)
    return line.format(**figures) if figures else line


def text_or(key: str, lang: Lang, otherwise: str) -> str:
    """The text of ``key``, or ``otherwise`` for a key that comes from data (a category, a code) and is not known."""
    return texts(lang).get(key, otherwise)
