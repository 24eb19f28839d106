"""The texts of incidents, the shift log, the hand-over and saved views, in both languages (assets/i18n/incidents.*)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from server.texts import TEXTS, Lang


@cache
def words(lang: Lang, number: str = "") -> Mapping[str, str]:
    """Every text of a language, by key; ``.one``: those that differ where n is one."""
    file = TEXTS / f"incidents.{lang}{number}.json"
    found: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found


def say(key: str, lang: Lang, **figures: object) -> str:
    """The text of ``key`` with its ``{figures}``; KeyError names a key that no table has."""
    one = words(lang, ".one") if str(figures.get("n")) == "1" else {}
    line = one.get(key) or words(lang)[key]
    return line.format(**figures) if figures else line


def say_or(key: str, lang: Lang, otherwise: str) -> str:
    """The text of ``key``, or ``otherwise`` for a key that comes from data."""
    return words(lang).get(key, otherwise)
