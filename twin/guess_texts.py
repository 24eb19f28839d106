"""What texts say of places by themselves: names, numbers of rooms and of storeys, in English and in Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from twin.places import fold
from twin.space import Names

LEAST_LATIN, LEAST_CJK = 4, 2
"""A name shorter than this is found in too many words to mean its place."""

BUILDING = re.compile(
    r"(?<![a-z0-9])(?:b|bldg|building|bld|楼|楼栋)[ _.-]?([a-z0-9]{1,6})(?![a-z0-9])"
    r"|(\d{1,3}[a-z]?)(?:号楼|栋|幢|#楼|号巨构)"
)
_STOREY = re.compile(
    r"(?<![a-z0-9])(?:f|l|fl|floor|level|storey)[ _.-]?(-?\d{1,2})(?![a-z0-9])"
    r"|(?<![a-z0-9])(\d{1,2})(?:f|fl)(?![a-z0-9])|(?<!\d)(\d{1,2})(?:层|楼(?!栋))"
)
_CELLAR = re.compile(r"(?:地下|负)([一二三\d])层?")
_CHINESE = {"一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9, "十": 10}
_CHINESE_STOREY = re.compile(r"([一二三四五六七八九十])[层楼]")
TOKEN = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_ROOM_LIKE = re.compile(r"[a-z]{0,2}\d{3,}[a-z]?")
LEVELS = re.compile(r"[/#|\s]+")
PARTS = re.compile(r"[/#|\s_.:-]+")


def usable(names: Names) -> Iterator[str]:
    """Names that are long enough to be looked for in texts, folded."""
    for name in names.values():
        folded = fold(name)
        if len(folded) >= (LEAST_LATIN if folded.isascii() else LEAST_CJK):
            yield folded


def stands_alone(name: str, text: str) -> bool:
    """Whether a name in Latin letters is there as words; Chinese has no blanks."""
    if not name.isascii():
        return True
    return re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", text) is not None


def tokens(text: str) -> Iterator[str]:
    """Words that may be a room's number: as they stand, two joined (A-101), and without the letters before them."""
    parts = TOKEN.findall(text)
    words = [word for word in parts if any(c.isdigit() for c in word)]
    for first, second in pairwise(parts):
        if second.isdigit() and ((first.isalpha() and len(first) <= 3) or (first[0].isalpha() and len(second) <= 2)):
            yield first + second
    yield from words
    for word in words:
        if (bare := word.lstrip("abcdefghijklmnopqrstuvwxyz")) != word and len(bare) >= 3:
            yield bare


def room_like(text: str) -> bool:
    """Whether a text has what may be a room's number."""
    return any(_ROOM_LIKE.fullmatch(token) for token in TOKEN.findall(text))


def alone(token: str, text: str) -> bool:
    """Whether a token is a whole level of an address."""
    return re.search(rf"(?:^|[/#|\s]){token}(?:$|[/#|\s])", text) is not None


def room_word(token: str, text: str) -> bool:
    """Whether a text says that the token is a room."""
    return re.search(rf"(?:room|rm|房间|教室)[a-z]?[ _-]?{token}(?![a-z0-9])|{token}(?:室|房间)", text) is not None


def level_of(text: str, levels: Mapping[int, str], codes: Mapping[str, str]) -> str:
    """The storey that a text names by its number or its code."""
    if match := _CELLAR.search(text):
        return levels.get(-(_CHINESE.get(match[1]) or int(match[1])), "")
    for match in _STOREY.finditer(text):
        number = int(next(part for part in match.groups() if part))
        if found := levels.get(number):
            return found
    if match := _CHINESE_STOREY.search(text):
        return levels.get(_CHINESE[match[1]], "")
    return next((codes[part] for part in PARTS.split(text) if len(part) >= 2 and part in codes), "")
