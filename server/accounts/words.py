"""The texts of signing in and of the accounts, in both languages (assets/i18n/accounts.*.json)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache

from server.texts import TEXTS, Lang


@cache
def words(lang: Lang) -> Mapping[str, str]:
    """Every text of a language, by key."""
    found: dict[str, str] = json.loads((TEXTS / f"accounts.{lang}.json").read_text("utf-8"))
    return found


def say(key: str, lang: Lang, **figures: object) -> str:
    """The text of ``key`` with its ``{figures}``; KeyError names a key that no table has."""
    line = words(lang)[key]
    return line.format(**figures) if figures else line


def say_or(key: str, lang: Lang, otherwise: str) -> str:
    """The text of ``key``, or ``otherwise`` for a key that comes from data."""
    return words(lang).get(key, otherwise)
