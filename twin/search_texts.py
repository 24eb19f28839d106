"""The texts that a search looks through: byte arrays built once, scanned by vectorised passes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Marks = npt.NDArray[np.int8]

_SEPARATORS = re.compile(r"[\s/\\_.,，、‐-―－]+")
CJK = re.compile(r"[㐀-鿿]+")
_PIECES = re.compile(r"[㐀-鿿]+|[^\s㐀-鿿]+")


@dataclass(frozen=True, slots=True)
class Grades:
    """Score of a match: the whole text, its beginning, the beginning of a word or syllable, anywhere (0 = no match)."""

    whole: float
    start: float
    word: float
    inside: float


def fold(text: str) -> str:
    """Text as it is compared: one width, one case, no leading or trailing space."""
    if text.isascii():
        return text.lower().strip()
    return unicodedata.normalize("NFKC", text).casefold().strip()


def fold_code(text: str) -> str:
    """A number or id as it is compared: every separator is one hyphen, so ``14/05/5036`` is ``14-05-5036``."""
    return _SEPARATORS.sub("-", fold(text)).strip("-")


def pieces(text: str) -> list[str]:
    """Runs of Chinese and of other characters: ``14号楼5036`` is ``14``, ``号楼``, ``5036``."""
    return _PIECES.findall(text)


class Texts:
    """Distinct texts in one byte array, and the rows that bear each.

    ``pairs`` are (row, folded text); ``codes`` says that they were folded as codes; ``why`` is the word for a hit.
    """

    def __init__(self, pairs: Iterable[tuple[int, str]], grades: Grades, why: str, *, codes: bool = False) -> None:
        self.grades = grades
        self.why = why
        self.codes = codes
        known: dict[str, int] = {}
        rows, bearers = [], []
        for row, text in pairs:
            if text:
                rows.append(known.setdefault(text, len(known)))
                bearers.append(row)
        order = np.argsort(np.array(rows, dtype=np.int64), kind="stable")
        self._bearers = np.array(bearers, dtype=np.int64)[order]
        self._bearer_start = np.searchsorted(np.array(rows, dtype=np.int64)[order], np.arange(len(known) + 1))
        encoded = [text.encode() for text in known]
        self._size = np.array([len(text) for text in encoded], dtype=np.int64)
        self._start = np.concatenate(([0], np.cumsum(self._size + 1)[:-1])) if encoded else np.zeros(0, np.int64)
        self._bytes = np.frombuffer(b"\n".join(encoded), dtype=np.uint8)
        self._word = self._word_starts()

    def _word_starts(self) -> npt.NDArray[np.bool_]:
        """Where a word begins: after a separator, and at every CJK character (a 3-byte lead 0xE3..0xE9)."""
        before = np.concatenate((np.array([10], np.uint8), self._bytes[:-1]))[: len(self._bytes)]
        lead = (self._bytes >= 0xE3) & (self._bytes <= 0xE9)
        result: npt.NDArray[np.bool_] = np.isin(before, np.frombuffer(b"\n -'([", np.uint8)) | lead
        return result

    def score(self, query: str, into: Floats, why: Marks, code: int, *, starts_only: bool = False) -> None:
        """Raise the score of every row whose text contains (or only: begins with) ``query``.

        ``why`` gets ``code`` where the score was raised.
        """
        q = np.frombuffer(query.encode(), dtype=np.uint8)
        if not len(q) or len(q) > len(self._bytes):
            return
        last = len(self._bytes) - len(q)
        begin = self._start[self._start <= last] if starts_only else None
        at = np.flatnonzero(self._bytes[: last + 1] == q[0]) if begin is None else begin[self._bytes[begin] == q[0]]
        for offset in range(1, len(q)):
            at = at[self._bytes[at + offset] == q[offset]]
        if not len(at):
            return
        text = np.searchsorted(self._start, at, side="right") - 1
        grades = self.grades
        value = np.where(self._word[at], np.float32(grades.word), np.float32(grades.inside))
        first = at == self._start[text]
        value[first] = grades.start
        value[first & (self._size[text] == len(q))] = grades.whole
        value[value > 0] += (3.0 * len(q) / self._size[text])[value > 0]
        best = np.zeros(len(self._size), np.float32)
        np.maximum.at(best, text, value)
        self._spread(np.flatnonzero(best), best, into, why, code)

    def _spread(self, texts: Ints, best: Floats, into: Floats, why: Marks, code: int) -> None:
        """The scores of texts to the rows that bear them."""
        first, count = self._bearer_start[texts], self._bearer_start[texts + 1] - self._bearer_start[texts]
        run = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(first, count)
        rows, values = self._bearers[run], np.repeat(best[texts], count)
        better = values > into[rows]
        # A row may bear two texts of one field (two languages): the best of them must stay.
        np.maximum.at(into, rows[better], values[better])
        why[rows[better]] = code


class Pinyin:
    """Readings of names, remembered by name and by run of Chinese characters (rooms share few names)."""

    def __init__(self) -> None:
        self._texts: dict[str, tuple[list[str], list[str]]] = {}
        self._runs: dict[str, list[str]] = {}
        self._read: Callable[[str], list[str]] | None = None

    def read(self, text: str) -> tuple[list[str], list[str]]:
        """The syllables of a folded text and their initials, other runs of characters kept whole.

        ``2号楼`` is ``2 hao lou`` and ``2 h l``.
        """
        found = self._texts.get(text)
        if found is None:
            syllables = [syllable for piece in pieces(text) for syllable in self._run(piece)]
            found = self._texts[text] = (syllables, [s[0] if s.isalpha() else s for s in syllables])
        return found

    def _run(self, piece: str) -> list[str]:
        if not CJK.match(piece):
            return [piece]
        found = self._runs.get(piece)
        if found is None:
            if self._read is None:
                from pypinyin import lazy_pinyin  # half a second of dictionaries: only where there is Chinese

                self._read = lazy_pinyin
            found = self._runs[piece] = [s.replace("ü", "v") for s in self._read(piece)]
        return found


class Syllables(Texts):
    """Texts of joined syllables, in which a match begins at a syllable only."""

    def __init__(self, pairs: Iterable[tuple[int, Sequence[str]]], grades: Grades, why: str) -> None:
        self._starts_of: dict[str, list[int]] = {}
        super().__init__(self._joined(pairs), grades, why)

    def _joined(self, pairs: Iterable[tuple[int, Sequence[str]]]) -> Iterable[tuple[int, str]]:
        for row, syllables in pairs:
            text = "".join(syllables)
            if text not in self._starts_of:
                lengths = [0, *(len(s.encode()) for s in syllables)]
                self._starts_of[text] = np.cumsum(lengths)[:-1].tolist()
            yield row, text

    def _word_starts(self) -> npt.NDArray[np.bool_]:
        word = np.zeros(len(self._bytes), dtype=np.bool_)
        texts = [starts for text, starts in self._starts_of.items() if text]
        for start, inner in zip(self._start.tolist(), texts, strict=True):
            word[[start + i for i in inner]] = True
        del self._starts_of
        return word
