"""Texts of a tour: figures in braces, ``用电 {kpi:energy.power}``; how long a text is, how long reading it takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from twin.tours.figure import Figure, figure
from twin.tours.spoken import Spoken

MOST_SIGNS, MOST_WORDS = 60, 35
"""Chinese characters, words of other languages, that a wall shows at once."""
SIGNS_PER_S, WORDS_PER_S = 4.0, 2.5
"""How fast people read."""
SPACELESS = ("zh", "ja", "th", "lo", "km", "my")
"""Languages written without blanks between words: counted by signs."""
_FILLED_SIGNS, _FILLED_WORDS = "约十七兆瓦", "about seventeen megawatts"
"""What a figure counts for."""
_BRACED = re.compile(r"\{([^{}]*)\}")
_SIGN = re.compile(r"[㐀-鿿豈-﫿぀-ヿ฀-໿က-႟ក-៿]|[^\W_]+")


@dataclass(frozen=True, slots=True)
class Filled:
    """A text with its figures; ``missing`` are those without a value."""

    text: str
    missing: tuple[Figure, ...] = ()


def figures_in(text: str) -> Iterator[Figure]:
    """Every figure of a text; ValueError says which braces hold none."""
    for match in _BRACED.finditer(text):
        yield figure(match[1])
    if re.search(r"[{}]", _BRACED.sub("", text)):
        raise ValueError(f"braces in '{text}' do not match: write a figure as {{kpi:energy.power}}")


def filled(text: str, say: Callable[[Figure], Spoken | None]) -> Filled:
    """The text with each figure as ``say`` says it; what it does not know (None, or a value that is not there) is said
    to be missing, never 0."""
    missing: list[Figure] = []

    def put(match: re.Match[str]) -> str:
        asked = figure(match[1])
        told = say(asked)
        if told is None or not told.number:
            missing.append(asked)
        return "–" if told is None else told.text

    return Filled(_BRACED.sub(put, text), tuple(missing))


def by_signs(lang: str) -> bool:
    """Whether a language is counted by signs."""
    return lang.partition("-")[0] in SPACELESS


def length(text: str, lang: str) -> int:
    """Signs or words of a text; a number or a Latin word among Chinese signs counts as one."""
    plain = _BRACED.sub(_FILLED_SIGNS if by_signs(lang) else _FILLED_WORDS, text)
    return len(_SIGN.findall(plain)) if by_signs(lang) else len(plain.split())


def most(lang: str) -> int:
    """How long a sentence on the wall may be in a language."""
    return MOST_SIGNS if by_signs(lang) else MOST_WORDS


def reading_s(text: str, lang: str) -> float:
    """How long reading a text takes [s]."""
    return length(text, lang) / (SIGNS_PER_S if by_signs(lang) else WORDS_PER_S)
