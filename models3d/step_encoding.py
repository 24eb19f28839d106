"""Raw non-ASCII bytes in a STEP file -> the escapes that ISO 10303-21 asks for.

A STEP file is ASCII; other characters stand as ``\\X2\\<UTF-16 in hex>\\X0\\``. Many exporters write UTF-8, GBK or
Shift JIS as it is, and the IFC library then drops those characters silently: '巨构1号楼' becomes '1'. So the bytes are
decoded here, by the encoding that fits them best, and escaped.
"""

from __future__ import annotations

import re

_STRING = re.compile(rb"'[^'\r\n]*[\x80-\xff][^\r\n]*?'(?=\s*[,)])")
_NON_ASCII = re.compile(r"[^\x00-\x7f]+")
_SAMPLE = 2000
_REPLACED = "�"


def _gb_score(char: str) -> float:
    raw = char.encode("gb18030")
    if len(raw) == 2 and 0xA1 <= raw[1] <= 0xFE:
        if 0xB0 <= raw[0] <= 0xD7 or raw[0] in (0xA1, 0xA3):
            return 1.0  # a common character, or full-width punctuation
        return 0.3 if 0xD8 <= raw[0] <= 0xF7 else -1.0
    return -1.0


def _japanese_score(char: str) -> float:
    if "぀" <= char <= "ヿ":
        return 1.0
    raw = char.encode("shift_jis", errors="replace")
    return 0.8 if len(raw) == 2 and 0x88 <= raw[0] <= 0x97 else -0.5


def _utf8_score(char: str) -> float:
    return 1.0 if ord(char) >= 0xA0 else -1.0


def _western_score(text: str) -> float:
    """Western letters stand alone between ASCII ones; long runs of them are another encoding."""
    runs = [len(run) for run in _NON_ASCII.findall(text)]
    return sum(1.0 if run == 1 else 0.8 if run == 2 else -1.0 * run for run in runs) / max(sum(runs), 1)


def _score(sample: bytes, codec: str) -> float:
    text = sample.decode(codec, errors="replace")
    if codec == "cp1252":
        return _western_score(text)
    score = {"gb18030": _gb_score, "shift_jis": _japanese_score, "utf-8": _utf8_score}[codec]
    foreign = [char for char in text if not char.isascii()]
    return sum(-2.0 if char == _REPLACED else score(char) for char in foreign) / max(len(foreign), 1)


def encoding_of(data: bytes) -> str:
    """The encoding of a STEP file with raw non-ASCII bytes: ``utf-8-sig`` when it is valid, else what fits best.

    gb18030 and Shift JIS accept most byte sequences, so the strings are scored by how common their characters are.
    """
    try:
        data.decode("utf-8-sig")
    except UnicodeDecodeError:
        strings = _STRING.findall(data)[:_SAMPLE] or [data[:100_000]]
        sample = b"\n".join(strings)
        return max(("gb18030", "shift_jis", "cp1252", "utf-8"), key=lambda codec: _score(sample, codec))
    return "utf-8-sig"


def _escape(match: re.Match[str]) -> str:
    text = match.group().replace("﻿", "")
    if not text:
        return ""
    if all(ord(char) <= 0xFFFF for char in text):
        return f"\\X2\\{text.encode('utf-16-be').hex().upper()}\\X0\\"
    return f"\\X4\\{text.encode('utf-32-be').hex().upper()}\\X0\\"


def escape_non_ascii(data: bytes, codec: str) -> bytes:
    """``data`` with every character beyond ASCII escaped; U+FEFF is dropped, bytes that fit nothing become U+FFFD."""
    return _NON_ASCII.sub(_escape, data.decode(codec, errors="replace")).encode("ascii")
