"""Where a signal belongs, told from codes and names in its address, its device's name and its place: a suggestion.

The tree is asked, not a pattern alone: ``14/5F/5036`` is a room only where building 14 has a room 5036. A number may as
well be a serial number: it is believed where it stands by itself, or beside its building, storey or the word 'room'.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from twin.guess import Guess
from twin.places import fold
from twin.space import Building, Campus, Names, Storey

ID, NAMED, PREFIXED, LIKELY, DOUBTFUL, BARE = 0.97, 0.93, 0.9, 0.85, 0.65, 0.6
LEAST_LATIN, LEAST_CJK = 4, 2
"""A name shorter than this is found in too many words to mean its place."""

_BUILDING = re.compile(
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
_TOKEN = re.compile(r"[a-z0-9]+|[\u3400-\u9fff]+")
_ROOM_LIKE = re.compile(r"[a-z]{0,2}\d{3,}[a-z]?")
_LEVELS = re.compile(r"[/#|\s]+")
_PARTS = re.compile(r"[/#|\s_.:-]+")


@dataclass(slots=True)
class _House:
    """One building: its storeys by code and by number, its rooms by number and by name."""

    id: str
    storeys: dict[str, str] = field(default_factory=dict)
    levels: dict[int, str] = field(default_factory=dict)
    rooms: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)


class PlaceGuess:
    """The tree, ready to be asked where texts belong."""

    def __init__(self, campus: Campus) -> None:
        self._ids: dict[str, str] = {fold(item.id): item.space or item.id for item in campus.equipment}
        self._houses: dict[str, _House] = {}
        self._codes: dict[str, str] = {}
        self._named: dict[str, str] = {}
        self._aliases: dict[str, str] = {}
        self._rooms: dict[str, list[str]] = {}
        for building in campus.buildings:
            self._add(building)
        self.of = lru_cache(maxsize=50_000)(self._of)

    def _add(self, building: Building) -> None:
        house = _House(building.id)
        self._houses[building.id] = house
        self._codes[fold(building.id)] = building.id
        for name in _usable(building.names):
            self._named.setdefault(name, building.id)
        self._alias(building.id, (alias.value for alias in building.aliases))
        for storey in building.storeys:
            self._storey(house, storey)

    def _storey(self, house: _House, storey: Storey) -> None:
        self._ids[fold(storey.id)] = storey.id
        house.storeys[fold(storey.id.rsplit("/", 1)[-1])] = storey.id
        house.levels[storey.ordinal + 1 if storey.ordinal >= 0 else storey.ordinal] = storey.id
        for space in storey.spaces:
            self._ids[fold(space.id)] = space.id
            self._alias(space.id, (alias.value for alias in space.aliases if alias.scheme != "use"))
            for name in _usable(space.names) if space.category != "storey" else ():  # a whole storey, not a room of it
                house.names.setdefault(name, []).append(space.id)
            if number := re.sub(r"[^0-9a-z\u3400-\u9fff]+", "", fold(space.number)):
                house.rooms.setdefault(number, []).append(space.id)
                self._rooms.setdefault(number, []).append(space.id)

    def _alias(self, entity: str, values: Iterable[str]) -> None:
        for value in values:
            if len(value) >= LEAST_LATIN:
                self._aliases.setdefault(fold(value), entity)

    def _of(self, address: str, device: str = "", place: str = "") -> Guess:
        """The narrowest place that the texts name; one that is sure before one that is not."""
        texts = [fold(text) for text in (place, device, address) if text]
        guesses = [self._text(text) for text in ([*texts, " / ".join(texts)] if len(texts) > 1 else texts)]
        return max(guesses, key=lambda g: (g.confidence >= 0.8, g.value.count("/"), g.confidence), default=Guess())

    def _text(self, text: str) -> Guess:
        found = self._by_id(text)
        if found is not None:
            return self._below(found, text) if found.value.count("/") == 1 else found
        house, sure, why = self._house(text)
        if house is None:
            return self._any_room(text)
        left = text.replace(why, " ", 1)
        storey = _level(left, house)
        room, strong = self._room(left, text, house, storey, why)
        if room:
            worth = (NAMED if sure >= PREFIXED or storey else PREFIXED) if strong and (sure > BARE or storey) else 0.75
            return Guess(room, worth, f"room {room.rsplit('/', 1)[-1]} of building {house.id}")
        unknown = _room_like(left) or any(name in left for name in house.names)
        if storey:
            worth = DOUBTFUL if unknown else PREFIXED if sure >= PREFIXED else 0.75
            return Guess(storey, worth, f"storey of building {house.id}")
        return Guess(house.id, min(sure, 0.55) if unknown else sure, f"building '{why}'")

    def _below(self, found: Guess, text: str) -> Guess:
        """A storey's id in an address, and perhaps a room of it behind that."""
        house = self._houses[found.value.partition("/")[0]]
        left = text.partition(fold(found.value))[2]
        room, _ = self._room(left, text, house, found.value, "")
        if room.startswith(f"{found.value}/"):
            return Guess(room, NAMED, f"room {room.rsplit('/', 1)[-1]} of storey {found.value}")
        return Guess(found.value, DOUBTFUL, found.why) if _room_like(left) else found

    def _by_id(self, text: str) -> Guess | None:
        """Levels of an address that are an id of the tree, the longest first; an alias."""
        levels = [level for level in _LEVELS.split(text) if level]
        for length in (4, 3, 2):
            for at in range(len(levels) - length + 1):
                if found := self._ids.get("/".join(levels[at : at + length])):
                    return Guess(found, ID, f"'{found}' in the address")
        for level in levels:
            if entity := self._aliases.get(level):
                return Guess(entity, ID, f"alias '{level}'")
        return None

    def _house(self, text: str) -> tuple[_House | None, float, str]:
        """The building that a text names, how surely, and the words that do."""
        named = [name for name in self._named if name in text and _stands_alone(name, text)]
        if named:
            longest = max(named, key=len)
            return self._houses[self._named[longest]], NAMED, longest
        for match in _BUILDING.finditer(text):
            code = next(part for part in match.groups() if part)
            for form in (code, code.lstrip("0"), f"b{code}", match[0]):
                if form in self._codes:
                    return self._houses[self._codes[form]], PREFIXED, match[0]
        for part in (*_LEVELS.split(text), *_PARTS.split(text)):
            for form in (part, part[1:] if part[:1] == "b" else part):
                if form in self._codes:
                    sure = BARE if form.isdigit() or len(form) < 2 else 0.75 if len(form) < LEAST_LATIN else PREFIXED
                    return self._houses[self._codes[form]], sure, part
        return None, 0.0, ""

    def _room(self, text: str, whole: str, house: _House, storey: str, why: str) -> tuple[str, bool]:
        """The only room that a text can mean in a building, and whether there is little doubt."""
        for token in _tokens(text):
            rooms = house.rooms.get(token, [])
            here = [room for room in rooms if storey and room.startswith(f"{storey}/")] or rooms
            if len(here) != 1:
                continue
            worded = _room_word(token, whole)
            beside = bool(why) and re.search(rf"{re.escape(why)}[ _/.-]?{token}(?![a-z0-9])", whole) is not None
            if len(token) >= 3 or worded or beside:
                there = bool(storey) and here[0].startswith(f"{storey}/")
                alone = len(token) >= 4 and re.search(rf"(?:^|[/#|\s]){token}(?:$|[/#|\s])", text) is not None
                return here[0], worded or beside or there or alone
        for name, rooms in house.names.items():
            if name in text and _stands_alone(name, text):
                here = [room for room in rooms if room.startswith(f"{storey}/")] if storey else rooms
                if len(here) == 1:
                    return here[0], len(name) > LEAST_CJK
        return "", False

    def _any_room(self, text: str) -> Guess:
        """Without a building: a number that only one room has."""
        for token in _tokens(text):
            rooms = self._rooms.get(token, [])
            if len(rooms) == 1 and len(token) >= 3:
                coded = token[0].isalpha() and not token.isalpha() and token in _TOKEN.findall(text)
                sure = PREFIXED if _room_word(token, text) else LIKELY if coded else DOUBTFUL
                return Guess(rooms[0], sure, f"only one room has the number {token}")
        if len(self._houses) == 1:
            return Guess(next(iter(self._houses)), BARE, "the only building")
        return Guess()


def _usable(names: Names) -> Iterator[str]:
    for name in names.values():
        folded = fold(name)
        if len(folded) >= (LEAST_LATIN if folded.isascii() else LEAST_CJK):
            yield folded


def _stands_alone(name: str, text: str) -> bool:
    """Whether a name in Latin letters is there as words; Chinese has no blanks."""
    if not name.isascii():
        return True
    return re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", text) is not None


def _tokens(text: str) -> Iterator[str]:
    """Words that may be a room's number: as they stand, two joined (A-101), and without the letters before them."""
    parts = _TOKEN.findall(text)
    words = [word for word in parts if any(c.isdigit() for c in word)]
    for first, second in pairwise(parts):
        if second.isdigit() and ((first.isalpha() and len(first) <= 3) or (first[0].isalpha() and len(second) <= 2)):
            yield first + second
    yield from words
    for word in words:
        if (bare := word.lstrip("abcdefghijklmnopqrstuvwxyz")) != word and len(bare) >= 3:
            yield bare


def _room_like(text: str) -> bool:
    return any(_ROOM_LIKE.fullmatch(token) for token in _TOKEN.findall(text))


def _room_word(token: str, text: str) -> bool:
    """Whether a text says that the token is a room."""
    return re.search(rf"(?:room|rm|房间|教室)[a-z]?[ _-]?{token}(?![a-z0-9])|{token}(?:室|房间)", text) is not None


def _level(text: str, house: _House) -> str:
    """The storey that a text names by its number or its code."""
    if match := _CELLAR.search(text):
        return house.levels.get(-(_CHINESE.get(match[1]) or int(match[1])), "")
    for match in _STOREY.finditer(text):
        number = int(next(part for part in match.groups() if part))
        if found := house.levels.get(number):
            return found
    if match := _CHINESE_STOREY.search(text):
        return house.levels.get(_CHINESE[match[1]], "")
    return next((house.storeys[part] for part in _PARTS.split(text) if len(part) >= 2 and part in house.storeys), "")
