"""The texts of the editor of walls, in both languages (assets/i18n/wall-edit.*.json): a wall has its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from server.texts import TEXTS, Lang


@cache
def edit_words(lang: Lang) -> Mapping[str, str]:
    """Every text of a language, by key."""
    found: dict[str, str] = json.loads((TEXTS / f"wall-edit.{lang}.json").read_text("utf-8"))
    return found


def say(key: str, lang: Lang) -> str:
    """The text of ``key``; KeyError names a key that no table has."""
    return edit_words(lang)[key]
