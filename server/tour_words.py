"""The texts of tours, their guides and followers, in both languages (assets/i18n/tours.*.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from server.texts import TEXTS, Lang


@cache
def words(lang: Lang) -> Mapping[str, str]:
    """Every text of a language, by key."""
    found: dict[str, str] = json.loads((TEXTS / f"tours.{lang}.json").read_text("utf-8"))
    return found


def say(key: str, lang: Lang, **figures: object) -> str:
    """The text of ``key`` with its ``{figures}``; KeyError names a key that no table has."""
    line = words(lang)[key]
    return line.format(**figures) if figures else line
