"""The interface texts of both languages (assets/i18n) for what the server says in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

Lang = Literal["zh", "en"]
LANGUAGES: tuple[Lang, ...] = ("zh", "en")
TEXTS = Path(__file__).resolve().parent.parent / "assets" / "i18n"


@cache
def table(lang: Lang, number: str = "") -> Mapping[str, str]:
    """The texts of a language; ``.one``: those that differ where n is one, in languages that have such."""
    file = TEXTS / f"{lang}{number}.json"
    found: dict[str, str] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found


def filled(key: str, lang: Lang, words: Mapping[str, str]) -> str:
    """The text of ``key`` with its ``{figures}`` filled in; KeyError names a key that no table has."""
    one = table(lang, ".one") if words.get("n") == "1" else {}
    return one.get(key, table(lang)[key]).format(**words)


def choose_language(query: Mapping[str, str], cookies: Mapping[str, str], accept: str) -> Lang:
    """The language of a request: ``?lang=``, the cookie ``lang``, then Accept-Language; English without any wish."""
    for wish in (query.get("lang"), cookies.get("lang")):
        if wish in LANGUAGES:
            return wish
    wishes = []
    for place, part in enumerate(accept.split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            rank = float(weight) if weight else 1.0
        except ValueError:
            rank = 0.0
        wishes.append((-rank, place, tag.lower().partition("-")[0]))
    return next((tag for _, _, tag in sorted(wishes) if tag in LANGUAGES), "en")
