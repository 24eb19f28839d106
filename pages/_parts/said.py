"""What a source says of itself, in the reader's language.

The supervisor and the protocols tell their reasons in English sentences: in the log, in the API, and as they are on a
page in English. For other languages ``assets/i18n/LANG.said.json`` lists the sentences as templates, first match first,
with their translations; what stands in a ``{gap}`` is translated in turn. A sentence of a peer that no template knows
stays as it came.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache

from pages._parts.text import Lang
from pages._parts.tokens import ASSETS

MOST_CHARS = 1000
"""A longer reason is no sentence of ours: it is shown as it came."""
MOST_DEEP = 8
"""Sentences within sentences: a peer could nest its own until nothing is left to call with."""
_GAP = re.compile(r"\\\{(\w+)\\\}")


@cache
def _templates(lang: Lang) -> tuple[tuple[re.Pattern[str], str], ...]:
    file = ASSETS / "i18n" / f"{lang}.said.json"
    pairs: list[tuple[str, str]] = json.loads(file.read_text("utf-8")) if file.exists() else []
    return tuple((_pattern(said), translated) for said, translated in pairs)


def _pattern(template: str) -> re.Pattern[str]:
    """``{n}`` stands for a number, every other gap for as few characters as fit."""
    gaps = _GAP.sub(lambda gap: rf"(?P<{gap[1]}>{'[0-9.]+' if gap[1] == 'n' else '.+?'})", re.escape(template))
    return re.compile(gaps, re.IGNORECASE | re.DOTALL)


@lru_cache(maxsize=2048)
def said(sentence: str, lang: Lang) -> str:
    """``sentence`` in ``lang``: several that are joined by ';', and one behind the name of a device, in parts."""
    return _said(sentence, lang, MOST_DEEP) if len(sentence) <= MOST_CHARS else sentence


def _said(sentence: str, lang: Lang, deep: int) -> str:
    templates = _templates(lang)
    if not templates or not deep:
        return sentence
    for pattern, translated in templates:
        if match := pattern.fullmatch(sentence):
            gaps = match.groupdict().items()
            return translated.format(**{name: _said(value, lang, deep - 1) for name, value in gaps})
    for joint, shown in (("; ", "；"), (", or ", "，或")):
        if joint in sentence:
            return shown.join(_said(part, lang, deep - 1) for part in sentence.split(joint))
    for joint, shown, end in ((": ", "：", ""), (" (", "（", "）")):
        name, found, rest = sentence.partition(joint)
        rest = rest.removesuffix(")") if end else rest
        translated = _said(rest, lang, deep - 1) if found else rest
        if translated != rest:
            return f"{name}{shown}{translated}{end}"
    return sentence
