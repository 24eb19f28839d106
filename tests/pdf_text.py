"""The text of a PDF that Chromium wrote, page by page: enough of the format to read it back, and no more.

Chromium's PDFs are plain: objects one after the other, streams deflated, every font with a table of what its codes
mean, and fonts and forms named by the number of their object (F12, X34).
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from functools import cached_property

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_TOKEN = re.compile(
    rb"<([0-9A-Fa-f\s]*)>|\(((?:\\.|[^\\()])*)\)|/([\w.+-]+)|([A-Za-z'\"*]+)|[-+.\d]+|[\[\]]", re.DOTALL
)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


@dataclass
class Pdf:
    """A file; ``pages`` is the text of each page."""

    data: bytes

    @cached_property
    def objects(self) -> dict[int, bytes]:
        return {int(number): body for number, body in _OBJECT.findall(self.data)}

    @cached_property
    def pages(self) -> list[str]:
        kids = [body for body in self.objects.values() if re.search(rb"/Type /Page\b(?!s)", body)]
        return [self._content(int(re.search(rb"/Contents (\d+)", body)[1])) for body in kids]  # type: ignore[index]

    @property
    def size_mm(self) -> tuple[int, int]:
        """Width and height of the first page [mm]."""
        box = re.search(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)", self.data)
        assert box is not None
        return round(float(box[1]) / 72 * 25.4), round(float(box[2]) / 72 * 25.4)

    def _stream(self, number: int) -> bytes:
        body = self.objects[number]
        begin = body.index(b"stream\n") + 7
        data = body[begin : body.rindex(b"\nendstream")]
        return zlib.decompress(data) if b"/FlateDecode" in body[:begin] else data

    def _codes(self, font: int) -> tuple[int, dict[int, str]]:
        """How many bytes a code of a font has, and what each means."""
        found = re.search(rb"/ToUnicode (\d+)", self.objects[font])
        table: dict[int, str] = {}
        width = 2 if b"/Type0" in self.objects[font] else 1
        if found is None:
            return width, table
        cmap = self._stream(int(found[1])).decode("latin-1")
        for block in re.findall(r"beginbfchar(.*?)endbfchar", cmap, re.DOTALL):
            for code, text in re.findall(r"<(\w+)>\s*<(\w+)>", block):
                table[int(code, 16)] = bytes.fromhex(text).decode("utf-16-be")
        for block in re.findall(r"beginbfrange(.*?)endbfrange", cmap, re.DOTALL):
            for first, last, text in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
                begin = int.from_bytes(bytes.fromhex(text)[-2:])
                for n in range(int(last, 16) - int(first, 16) + 1):
                    table[int(first, 16) + n] = chr(begin + n)
        return width, table

    def _content(self, number: int) -> str:
        """The text of a content stream, with that of the forms in it; without blanks, since signs are placed singly."""
        parts: list[str] = []
        width, table = 1, dict[int, str]()
        names: list[bytes] = []
        shown: list[bytes] = []
        for match in _TOKEN.finditer(self._stream(number)):
            code, literal, name, word = match.groups()
            if code is not None:
                shown.append(bytes.fromhex(code.decode()))
            elif literal is not None:
                shown.append(_plain(literal))
            elif name is not None:
                names.append(name)
            elif word == b"Tf" and names:
                width, table = self._codes(int(names[-1][1:]))
            elif word in (b"Tj", b"TJ"):
                for text in shown:
                    codes = [int.from_bytes(text[at : at + width]) for at in range(0, len(text), width)]
                    parts.append("".join(table.get(each, "") for each in codes))
                shown = []
            elif word == b"Do" and names and b"/Form" in self.objects[int(names[-1][1:])]:
                parts.append(self._content(int(names[-1][1:])))
        return re.sub(r"\s+", "", "".join(parts))


def _plain(literal: bytes) -> bytes:
    def one(match: re.Match[bytes]) -> bytes:
        told = match[1]
        return bytes([int(told, 8) & 255]) if told[:1].isdigit() else _ESCAPES.get(told, told)

    return re.sub(rb"\\([0-7]{1,3}|.)", one, literal, flags=re.DOTALL)
