"""The product's own typefaces for a page that has to stand alone: only the slices whose characters are on it.

Noto Sans SC comes in a hundred slices with a few dozen characters each; a report in Chinese needs some thirty of them.
"""

from __future__ import annotations

import base64
import logging
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

log = logging.getLogger(__name__)

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "fonts"
SHEETS = ("inter.css", "noto-sans-sc.css")
LINKED = "".join(f'<link rel="stylesheet" href="/assets/fonts/{name}">' for name in SHEETS)
"""For a page that is shown by the server itself: the browser fetches the slices that it needs."""

_FACE = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
_FAMILY = re.compile(r"font-family:\s*'([^']+)'")
_FILE = re.compile(r"url\(\./files/([\w.-]+\.woff2)\)")
_RANGE = re.compile(r"unicode-range:\s*([^;]+);")


@dataclass(frozen=True, slots=True)
class Slice:
    """A file of a typeface and the characters in it."""

    family: str
    file: Path
    text: str
    characters: frozenset[int]


@cache
def slices() -> tuple[Slice, ...]:
    """Every slice there is; none where the viewer was not built, which is said once."""
    found = []
    for name in SHEETS:
        try:
            sheet = (FOLDER / name).read_text("utf-8")
        except OSError as error:
            log.warning("pages on paper use the machine's own typefaces: %s (run sh scripts/setup)", error)
            continue
        for face in _FACE.findall(sheet):
            family, file, span = (pattern.search(face) for pattern in (_FAMILY, _FILE, _RANGE))
            if family and file and span:
                found.append(Slice(family[1], FOLDER / "files" / file[1], span[1], _characters(span[1])))
    return tuple(found)


def _characters(text: str) -> frozenset[int]:
    every: set[int] = set()
    for part in text.replace("U+", "").replace("u+", "").split(","):
        first, _, last = part.strip().partition("-")
        every.update(range(int(first, 16), int(last or first, 16) + 1))
    return frozenset(every)


def embedded(text: str) -> str:
    """The ``@font-face`` rules, with the files in them, that ``text`` is set with. Digits and Latin letters are
    Inter's, so that no slice of the other one is taken for them."""
    wanted = {ord(sign) for sign in text}
    rules = []
    for each in slices():
        mine = wanted & each.characters
        if each.family.startswith("Inter"):
            wanted -= mine
        if not mine:
            continue
        rules.append(_rule(each))
    return "\n".join(rules)


@cache
def _rule(each: Slice) -> str:
    data = base64.b64encode(each.file.read_bytes()).decode()
    return (
        f"@font-face{{font-family:'{each.family}';font-style:normal;font-weight:100 900;"
        f"src:url(data:font/woff2;base64,{data}) format('woff2');unicode-range:{each.text}}}"
    )
