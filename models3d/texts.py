"""Names as files write them -> ``Names`` by language; text that was decoded wrongly is mended first."""

from __future__ import annotations

import re
import unicodedata

from twin.space import Names

_HIGH_RUN = re.compile(r"[\x80-\xff]+")
_C1 = re.compile(r"[\x80-\x9f]")
_HAN = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0002ffff]")
_KANA = re.compile(r"[぀-ヿㇰ-ㇿｦ-ﾟ]")
_HANGUL = re.compile(r"[가-힣ᄀ-ᇿ㄰-㆏]")
_CJK_PART = re.compile(r"[　-ヿ㐀-鿿豈-﫿＀-￯]")
_LATIN_PART = re.compile(r"[A-Za-zÀ-ɏ]{2,}")


def _plausible_gb(text: str) -> bool:
    """Whether the latin-1 ``text`` is two-byte Chinese: only pairs, mostly level-1 characters, no European letter.

    Bytes of GB 2312 come in pairs of high bytes, the first of a common character in B0..D7. A high run that touches
    a lower-case Latin letter is a European word ('Recepção').
    """
    pairs = common = 0
    for run in _HIGH_RUN.finditer(text):
        raw = run.group().encode("latin-1")
        before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
        if len(raw) % 2 or (before + after).strip().islower():
            return False
        for first, second in zip(raw[::2], raw[1::2], strict=True):
            if not (0xA1 <= first <= 0xF7 and 0xA1 <= second <= 0xFE):
                return False
            pairs += 1
            common += 0xB0 <= first <= 0xD7 or first == 0xA3
    return pairs >= 2 and common * 2 >= pairs


def _decoded(raw: bytes, codec: str) -> str | None:
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        return None
    return None if any(unicodedata.category(char) in ("Cc", "Co", "Cn") for char in text) else text


def _raw_bytes(text: str) -> bytes | None:
    """The bytes behind text that somebody decoded as latin-1 or Windows-1252; None when it cannot be that."""
    for codec in ("latin-1", "cp1252"):
        try:
            return text.encode(codec)
        except UnicodeEncodeError:
            continue
    return None


def mend(text: str) -> str:
    """``text`` without byte-order marks, and decoded again where UTF-8, GB 18030 or Shift JIS was read as latin-1.

    European text is left alone: a second decoding is accepted only when it is valid UTF-8, or when its high bytes
    pair up as Chinese or Japanese characters do and the result has no control characters.
    """
    clean = text.replace("﻿", "").replace("\x00", "")
    if clean.isascii():
        return clean
    raw = _raw_bytes(clean)
    if raw is None:
        return clean
    utf8 = _decoded(raw, "utf-8")
    if utf8 is not None:
        return utf8
    if _C1.search(clean):
        japanese = _decoded(raw, "shift_jis")
        if japanese is not None and (_KANA.search(japanese) or len(_HAN.findall(japanese)) >= 2):
            return japanese
    if _plausible_gb(clean):
        return _decoded(raw, "gb18030") or clean
    return clean


def language(text: str) -> str:
    """``zh``, ``ja`` or ``ko`` by the script of ``text``; ``""`` (unknown) for everything in Latin letters."""
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh" if _HAN.search(text) else ""


def names_of(*texts: str | None) -> Names:
    """``Names`` from what a file says, best first; a bilingual text ('办公室 Office') becomes zh and en.

    The first text of a language wins. Text in Latin letters beside a Chinese one is taken for English; alone, its
    language is unknown: German is no English.
    """
    names: Names = {}
    for text in texts:
        clean = " ".join((text or "").split())
        if not clean:
            continue
        tag = language(clean)
        latin = _LATIN_PART.search(clean)
        if tag == "zh" and latin:
            chinese = " ".join(_LATIN_WORDS.sub(" ", clean).split()).strip(" /-()（）|")
            english = " ".join(_CJK_PART.sub(" ", clean).split()).strip(" /-()（）|")
            names.setdefault("zh", chinese or clean)
            if len(english) > 3:
                names.setdefault("en", english)
            continue
        names.setdefault(tag, clean)
    return names


_LATIN_WORDS = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ '&/-]{2,}")
