"""Places by what people call them, however it is written: joined or apart, in pinyin, by initials, nearly right.

Only a whole name, or its whole pinyin, is sure by itself; a telling word, initials and what is only nearly a name are
for a person to look at, unless a room's number beside them fits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from functools import lru_cache
from typing import Literal

from twin.guess_words import GENERIC, matches
from twin.places import fold
from twin.search_texts import CJK, Pinyin

Way = Literal["name", "pinyin", "stem", "word", "initials", "near"]
WORTH: dict[Way, float] = {"name": 0.93, "pinyin": 0.9, "stem": 0.75, "word": 0.7, "initials": 0.65, "near": 0.45}
LEAST_NAME, LEAST_PINYIN, LEAST_INITIALS, LEAST_NEAR = 4, 5, 3, 5
_CLOSE = 0.8
_TOGETHER = 6
"""Words of a level that may be one name: ``tu-shu-guan`` has three."""

_LEVELS = re.compile(r"[/#|]+")
_WORD = re.compile(r"[a-z]+|\d+|[\u3400-\u9fff]+")
_TAIL = re.compile(r"(?:教学楼|实验楼|办公楼|综合楼|宿舍楼|大楼|大厦|中心|宿舍|号楼|楼|馆|栋|幢|座)$")
_COMMON_WORDS = """
    building buildings bldg block house hall tower centre center wing annex complex campus site area zone room rooms
    floor level storey main new old first second central general public student students staff school
    college faculty department institute university science sciences service services office offices laboratory
    laboratories dormitory canteen plant station store lobby garage parking roof basement
    meter meters sensor sensors device devices gateway gateways controller plc bms scada iot mqtt edge live feed feeds
    electric electrical electricity heating cooling water lighting light lights network energy power air data total
    telemetry status state events event alarm alarms test demo prod
"""
_COMMON = GENERIC | frozenset(_COMMON_WORDS.split())
"""Words of names and of addresses that tell no place from another."""


@dataclass(frozen=True, slots=True)
class Called:
    """What a text calls by ``way``: the places that this may mean, and the ``words`` as they stand in the text."""

    entities: tuple[str, ...]
    way: Way
    words: str

    @property
    def worth(self) -> float:
        """How sure it is that one of them is meant."""
        return WORTH[self.way]


class NameIndex:
    """What places are called. ``whole``: only by their whole names, as of rooms, whose words many others share."""

    def __init__(self, entries: Iterable[tuple[str, Iterable[str]]], pinyin: Pinyin, *, whole: bool = False) -> None:
        self._keys: dict[str, tuple[Way, tuple[str, ...]]] = {}
        for entity, names in entries:
            for name in dict.fromkeys(fold(name) for name in names):
                for key, way in _forms(name, pinyin):
                    if not whole or way in ("name", "pinyin"):
                        self._put(key, way, entity)
        self._similar = [] if whole else [k for k, (way, _) in self._keys.items() if way != "initials" and _plain(k)]
        self._near = lru_cache(maxsize=20_000)(self._nearest)

    def _put(self, key: str, way: Way, entity: str) -> None:
        known, entities = self._keys.get(key, (way, ()))
        if WORTH[way] > WORTH[known]:
            self._keys[key] = (way, (entity,))
        elif known == way and entity not in entities:
            self._keys[key] = (way, (*entities, entity))

    def find(self, text: str) -> Called | None:
        """The best that a folded text calls; places of several equally good names are all told."""
        found: list[Called] = []
        for level in _LEVELS.split(text):
            found += self._in_level(level)
        return _best(found or [near for level in _LEVELS.split(text) for near in self._near_in(level)])

    def _in_level(self, level: str) -> Iterator[Called]:
        taken = -1
        for gram, start, end in sorted(_grams(level), key=lambda row: (row[1], -row[2])):
            if start >= taken and gram in self._keys:
                way, entities = self._keys[gram]
                if way != "initials" or _apart(level, start, end):
                    taken = end
                    yield Called(entities, way, level[start:end])

    def _near_in(self, level: str) -> Iterator[Called]:
        for gram, start, end in _grams(level, together=2):
            if len(gram) >= LEAST_NEAR and _plain(gram) and not _says_nothing(gram) and (keys := self._near(gram)):
                entities = dict.fromkeys(entity for key in keys for entity in self._keys[key][1])
                yield Called(tuple(entities), "near", level[start:end])

    def _nearest(self, word: str) -> tuple[str, ...]:
        """The keys that a word misses by a letter or two; all that are equally near."""
        close = [key for key in get_close_matches(word, self._similar, 5, _CLOSE) if key[0] == word[0]]
        ratios = {key: SequenceMatcher(None, key, word).ratio() for key in close}
        return tuple(key for key in close if ratios[key] >= max(ratios.values()) - 1e-9)


def _best(found: list[Called]) -> Called | None:
    if not found:
        return None
    most = max(one.worth for one in found)
    best = [one for one in found if one.worth == most]
    shared = set(best[0].entities).intersection(*(one.entities for one in best))  # two words of one name agree
    entities = dict.fromkeys(entity for one in best for entity in one.entities if not shared or entity in shared)
    return Called(tuple(entities), best[0].way, best[0].words)


def joined(text: str) -> str:
    """The letters and digits of a text, in lower case: what is compared."""
    return "".join(_WORD.findall(fold(text)))


def joined_parts(text: str) -> Iterator[str]:
    """Every run of words of a level of a folded text, joined."""
    return (gram for level in _LEVELS.split(text) for gram, _, _ in _grams(level))


def _grams(level: str, together: int = _TOGETHER) -> Iterator[tuple[str, int, int]]:
    """Runs of words of one level of an address, joined, and where they stand."""
    words = list(_WORD.finditer(level))
    for first in range(len(words)):
        gram = ""
        for word in words[first : first + together]:
            gram += word[0]
            if not _cuts(level, words[first].start(), word.end()):
                yield gram, words[first].start(), word.end()


def _cuts(level: str, start: int, end: int) -> bool:
    """Whether a number is cut off from letters that belong to it: ``block_3`` of ``block_3s2``."""
    first = level[start].isdigit() and level[start - 1 : start].isalnum()
    return first or (level[end - 1].isdigit() and level[end : end + 1].isalnum())


def _apart(level: str, start: int, end: int) -> bool:
    """Whether separators stand on both sides."""
    return not level[start - 1 : start].isalnum() and not level[end : end + 1].isalnum()


def _plain(text: str) -> bool:
    return len(text) >= LEAST_NEAR and text.isascii() and text.isalpha()


def _says_nothing(word: str) -> bool:
    """A word that measures, or that stands in every other address."""
    return word in _COMMON or bool(matches(word))


def _forms(name: str, pinyin: Pinyin) -> Iterator[tuple[str, Way]]:
    """How a name may be written, and which way that is."""
    words = _WORD.findall(name)
    if name.isascii():
        key = "".join(words)
        if len(key) >= LEAST_NAME and not _says_nothing(key):
            yield key, "name"
        for word in words:
            if len(word) >= LEAST_NAME and word.isalpha() and not _says_nothing(word) and word != key:
                yield word, "word"
    elif CJK.search(name):
        yield from _spoken(name, words, pinyin)


def _spoken(name: str, words: list[str], pinyin: Pinyin) -> Iterator[tuple[str, Way]]:
    syllables, initials = pinyin.read("".join(words))
    whole = "".join(syllables)
    if len(whole) >= LEAST_PINYIN and len(syllables) > 1:
        yield whole, "pinyin"
    if len(initials) >= LEAST_INITIALS and not _says_nothing("".join(initials)):
        yield "".join(initials), "initials"
    stem = _TAIL.sub("", name)
    if stem != name and CJK.search(stem):
        short = "".join(pinyin.read("".join(_WORD.findall(stem)))[0])
        if len(short) >= LEAST_PINYIN and not _says_nothing(short):
            yield short, "stem"
