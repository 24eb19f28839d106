"""Search of the space tree: by number, name (Chinese, English, pinyin), category and alias; ranked.

Every searchable text lies in a few byte arrays built once (``twin/search_texts.py``); a query is a handful of
vectorised passes over them, so that 100,000 spaces answer in a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.category import category_name
from twin.index import Entity, EntityKind, SpaceIndex, kind_of, label_of
from twin.search_texts import CJK, Floats, Grades, Ints, Marks, Pinyin, Syllables, Texts, fold, fold_code, pieces
from twin.space import Space

_KIND_BONUS: dict[EntityKind, float] = {"campus": 3, "site": 3, "building": 4, "storey": 2, "space": 1}

_NUMBER = Grades(100, 80, 60, 45)
_NAME = Grades(96, 76, 58, 50)
_PINYIN = Grades(72, 62, 44, 0)
_CATEGORY = Grades(46, 36, 30, 24)
_ALIAS_SCORE = 90.0
_ABOVE_WEIGHT = 0.5
_SURE = 70.0
"""No match inside a text reaches this score: with enough of them, the rest of the texts need not be looked through."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer. ``score`` is higher for better; ``why`` is number, name, pinyin, category or alias."""

    id: str
    kind: EntityKind
    label_zh: str
    label_en: str
    score: float
    why: str


class Search:
    """The searchable texts of one index; ``find`` may be called from several threads."""

    def __init__(self, index: SpaceIndex) -> None:
        self._entities: list[Entity] = index.entities
        self._row = {entity.id: row for row, entity in enumerate(self._entities)}
        self._bonus = np.array([_KIND_BONUS.get(kind_of(e), 0.0) for e in self._entities], dtype=np.float32)
        self._above = self._ancestors(index)
        self._texts = [*self._code_texts(), *self._name_texts(), self._category_texts()]
        self._whys = ["", *(texts.why for texts in self._texts), "alias"]
        self._aliases: dict[str, list[int]] = {}
        for row, entity in enumerate(self._entities):
            for alias in getattr(entity, "aliases", ()):
                self._aliases.setdefault(fold(alias.value), []).append(row)

    def find(self, text: str, limit: int = 20) -> list[Hit]:
        """The best ``limit`` entities for ``text``, best first; ties in tree order. Empty text finds nothing.

        Several words must all fit, some of them may fit what stands above: ``14 laboratory`` finds the laboratories of
        building 14. Where nothing fits, words that run together are taken apart (``14号楼5036``).
        """
        words = [word for word in fold(text).split() if fold_code(word)]
        scores, whys = self._score(words, limit)
        if not scores.any() and len(parts := [p for word in words for p in pieces(word)]) > len(words):
            scores, whys = self._score(parts, limit)
        found = np.flatnonzero(scores)
        totals = scores[found] + self._bonus[found]
        if len(found) > limit:
            # argpartition alone would cut ties anywhere: keep the first in tree order
            edge = np.partition(totals, len(totals) - limit)[len(totals) - limit]
            sure, tied = np.flatnonzero(totals > edge), np.flatnonzero(totals == edge)
            keep = np.concatenate((sure, tied[: limit - len(sure)]))
            found, totals = found[keep], totals[keep]
        order = np.lexsort((found, -totals))
        return [self._hit(int(found[i]), float(totals[i]), self._whys[whys[found[i]]]) for i in order]

    def _hit(self, row: int, score: float, why: str) -> Hit:
        entity = self._entities[row]
        return Hit(entity.id, kind_of(entity), label_of(entity, "zh"), label_of(entity, "en"), score, why)

    def _score(self, words: list[str], limit: int) -> tuple[Floats, Marks]:
        """Scores of all rows (0 = does not fit) and the field that gave the best word's.

        A single word that begins enough texts is not looked for inside of others.
        """
        if len(words) == 1:
            scores, why = self._score_word(words[0], starts_only=True)
            if np.count_nonzero(scores >= _SURE) >= limit:
                return np.where(scores >= _SURE, scores, np.float32(0)), why
        own = np.zeros(len(self._entities), np.float32)
        total = np.zeros(len(self._entities), np.float32)
        fits = np.ones(len(self._entities), np.bool_)
        whys = np.zeros(len(self._entities), np.int8)
        for word in words:
            # One letter or digit stands inside of nearly everything: beside other words it must begin something.
            scores, why = self._score_word(word, starts_only=len(word) == 1 < len(words) and word.isascii())
            whys[scores > own] = why[scores > own]
            own = np.maximum(own, scores)
            if len(words) > 1:
                scores = np.maximum(scores, np.float32(_ABOVE_WEIGHT) * self._best_above(scores))
            fits &= scores > 0
            total += scores
        total[~fits | (own == 0)] = 0
        total /= np.float32(max(1, len(words)))
        return total, whys

    def _score_word(self, word: str, *, starts_only: bool = False) -> tuple[Floats, Marks]:
        scores = np.zeros(len(self._entities), np.float32)
        whys = np.zeros(len(self._entities), np.int8)
        code = fold_code(word)
        for number, texts in enumerate(self._texts, start=1):
            texts.score(code if texts.codes else word, scores, whys, number, starts_only=starts_only)
        for row in self._aliases.get(word, ()):
            if scores[row] < _ALIAS_SCORE:
                scores[row], whys[row] = _ALIAS_SCORE, len(self._texts) + 1
        return scores, whys

    def _best_above(self, scores: Floats) -> Floats:
        padded = np.append(scores, np.float32(0))  # row -1: above the top
        best: Floats = np.max([padded[rows] for rows in self._above], axis=0)
        return best

    def _ancestors(self, index: SpaceIndex) -> list[Ints]:
        """For each row its parent's row, then its grandparent's ..., -1 above the top."""
        parent = np.array([self._row.get(index.parent(e.id), -1) for e in self._entities] + [-1], dtype=np.int64)
        levels, above = [], parent[:-1]
        for _ in range(4):  # space -> storey -> building -> site -> campus
            levels.append(above)
            above = parent[above]
        return levels

    def _code_texts(self) -> list[Texts]:
        """Ids; and the numbers of spaces, alone and after the building's code (``5036``, ``14-5036``)."""
        ids = [(row, fold_code(entity.id)) for row, entity in enumerate(self._entities)]
        numbers = [(r, fold_code(e.number)) for r, e in enumerate(self._entities) if isinstance(e, Space)]
        full = [(r, f"{fold_code(self._entities[r].id.split('/', 1)[0])}-{number}") for r, number in numbers if number]
        return [Texts(pairs, _NUMBER, "number", codes=True) for pairs in (ids, numbers, full)]

    def _name_texts(self) -> list[Texts]:
        """Names in every language, and the pinyin of the Chinese ones: whole syllables and initials."""
        names = [(row, fold(name)) for row, entity in enumerate(self._entities) for name in entity.names.values()]
        pinyin = Pinyin()
        read = [(row, pinyin.read(name)) for row, name in names if not name.isascii() and CJK.search(name)]
        return [
            Texts(names, _NAME, "name"),
            Syllables(((row, syllables) for row, (syllables, _) in read), _PINYIN, "pinyin"),
            Syllables(((row, initials) for row, (_, initials) in read), _PINYIN, "pinyin"),
        ]

    def _category_texts(self) -> Texts:
        texts: dict[str, list[str]] = {}
        pairs: list[tuple[int, str]] = []
        for row, entity in enumerate(self._entities):
            if key := getattr(entity, "category", ""):
                if key not in texts:
                    texts[key] = sorted({fold(t) for t in (key, category_name(key, "zh"), category_name(key, "en"))})
                pairs.extend((row, text) for text in texts[key])
        return Texts(pairs, _CATEGORY, "category")
