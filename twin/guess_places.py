"""Where a signal belongs, told from codes and names in its address, its device's name and its place: a suggestion.

The tree is asked, not a pattern alone: ``14/5F/5036`` is a room only where building 14 has a room 5036. A number may as
well be a serial number: it is believed where it stands by itself, or beside its building, storey or the word 'room'.
Where several places fit equally well none is suggested: they are told as candidates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

from twin.guess import Guess
from twin.guess_names import NameIndex, joined, joined_parts
from twin.guess_reason import Why, because
from twin.guess_texts import (
    BUILDING,
    LEAST_CJK,
    LEAST_LATIN,
    LEVELS,
    PARTS,
    TOKEN,
    alone,
    level_of,
    room_like,
    room_word,
    stands_alone,
    tokens,
    usable,
)  # fmt: skip
from twin.places import fold
from twin.search_texts import Pinyin
from twin.space import Building, Campus, Storey

ID, NAMED, PREFIXED, LIKELY, FITS, DOUBTFUL, BARE = 0.97, 0.93, 0.9, 0.85, 0.75, 0.65, 0.6
NEARLY = 0.55
"""At most this sure where the building's name is only nearly right, whatever stands beside it."""
CANDIDATES = 5
"""More places than this that fit are no help to anybody."""


@dataclass(slots=True)
class _House:
    """One building: its storeys by code and by number, its rooms by number and by name."""

    id: str
    site: str = ""
    storeys: dict[str, str] = field(default_factory=dict)
    levels: dict[int, str] = field(default_factory=dict)
    rooms: dict[str, list[str]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    called: NameIndex | None = None


@dataclass(frozen=True, slots=True)
class _Named:
    """The buildings that a text may name, how surely, by which words of it, and why."""

    houses: tuple[_House, ...] = ()
    sure: float = 0.0
    words: str = ""
    why: Why = ()


class PlaceGuess:
    """The tree, ready to be asked where texts belong."""

    def __init__(self, campus: Campus) -> None:
        self._ids: dict[str, str] = {fold(item.id): item.space or item.id for item in campus.equipment}
        self._houses: dict[str, _House] = {}
        self._codes: dict[str, str] = {}
        self._named: dict[str, list[str]] = {}
        self._aliases: dict[str, str] = {}
        self._joined: dict[str, str] = {}
        self._pinyin = Pinyin()
        self._campus = campus
        self._rooms: dict[str, list[str]] = {}
        for building in campus.buildings:
            self._add(building)
        self.of = lru_cache(maxsize=50_000)(self._of)

    def _add(self, building: Building) -> None:
        house = _House(building.id, building.site)
        self._houses[building.id] = house
        self._codes[fold(building.id)] = building.id
        for name in usable(building.names):
            if building.id not in self._named.setdefault(name, []):
                self._named[name].append(building.id)
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
            for name in usable(space.names) if space.category != "storey" else ():  # a whole storey, not a room of it
                house.names.setdefault(name, []).append(space.id)
            if number := re.sub(r"[^0-9a-z\u3400-\u9fff]+", "", fold(space.number)):
                house.rooms.setdefault(number, []).append(space.id)
                self._rooms.setdefault(number, []).append(space.id)

    def _alias(self, entity: str, values: Iterable[str]) -> None:
        """What another system calls it; what several are called there tells none of them."""
        for value in values:
            if len(value) >= LEAST_LATIN:
                word, key = fold(value), joined(value)
                self._aliases[word] = entity if self._aliases.get(word, entity) == entity else ""
                if len(key) >= LEAST_LATIN and not key.isdigit():
                    self._joined[key] = entity if self._joined.get(key, entity) == entity else ""

    @cached_property
    def _called(self) -> NameIndex:
        """What buildings are called, however it is written; reading Chinese takes a moment, so only where needed."""
        return NameIndex(((b.id, (b.id, *b.names.values())) for b in self._campus.buildings), self._pinyin)

    @cached_property
    def _sites(self) -> NameIndex:
        return NameIndex(((s.id, (s.id, *s.names.values())) for s in self._campus.sites), self._pinyin)

    def _of(self, address: str, device: str = "", place: str = "") -> Guess:
        """The narrowest place that the texts name; one that is sure before one that is not."""
        texts = [fold(text) for text in (place, device, address) if text]
        guesses = [self._text(text) for text in ([*texts, " / ".join(texts)] if len(texts) > 1 else texts)]
        return max(
            guesses,
            key=lambda g: (g.confidence >= 0.8, g.value.count("/"), g.confidence, len(g.candidates)),
            default=Guess(),
        )

    def _text(self, text: str) -> Guess:
        found = self._by_id(text)
        if found is not None:
            return self._below(found, text) if found.value.count("/") == 1 else found
        named = self._house(text)
        site = "" if len(named.houses) == 1 else self._site(text)
        houses = [house for house in named.houses if site in ("", house.site)] or list(named.houses)
        if not houses:
            return self._any_room(text, site)
        if len(houses) == 1:
            return self._inside(houses[0], text, named)
        return self._which(houses, text, named)

    def _which(self, houses: list[_House], text: str, named: _Named) -> Guess:
        """Several buildings are called so: the only one that has the room beside it, else all of them as candidates."""
        inside = [guess for house in houses if (guess := self._inside(house, text, named)).value.count("/") == 2]
        if len(inside) == 1:
            return replace(inside[0], confidence=min(inside[0].confidence, FITS))
        some = tuple(guess.value for guess in inside) or tuple(house.id for house in houses)
        why = because("which-building", word=named.words, n=len(houses))
        return Guess("", 0.0, why, some if len(some) <= CANDIDATES else ())

    def _inside(self, house: _House, text: str, named: _Named) -> Guess:
        """The building that a text names, or the storey or the room of it that the text names as well."""
        sure, most = named.sure, NEARLY if named.sure < BARE else 1.0
        left = text.replace(named.words, " ", 1)
        storey = level_of(left, house.levels, house.storeys)
        room, strong = self._room(left, text, house, storey, named.words)
        doubt = () if sure >= PREFIXED else named.why
        if room:
            worth = (NAMED if sure >= PREFIXED or storey else PREFIXED) if strong and (sure > BARE or storey) else FITS
            told = because("room", room=room.rsplit("/", 1)[-1], building=house.id)
            return Guess(room, min(worth, most), told + doubt)
        unknown = room_like(left) or any(name in left for name in house.names)
        why, some = _which_room(left, house, storey) if unknown else ((), ())
        if storey:
            worth = DOUBTFUL if unknown else PREFIXED if sure >= PREFIXED else FITS
            return Guess(storey, min(worth, most), because("storey", building=house.id) + doubt + why, some)
        return Guess(house.id, min(sure, NEARLY) if unknown else sure, named.why + why, some)

    def _below(self, found: Guess, text: str) -> Guess:
        """A storey's id in an address, and perhaps a room of it behind that."""
        house = self._houses[found.value.partition("/")[0]]
        left = text.partition(fold(found.value))[2]
        room, _ = self._room(left, text, house, found.value, "")
        if room.startswith(f"{found.value}/"):
            return Guess(room, NAMED, because("room-of-storey", room=room.rsplit("/", 1)[-1], storey=found.value))
        return Guess(found.value, DOUBTFUL, found.why) if room_like(left) else found

    def _by_id(self, text: str) -> Guess | None:
        """Levels of an address that are an id of the tree, the longest first; an alias."""
        levels = [level for level in LEVELS.split(text) if level]
        for length in (4, 3, 2):
            for at in range(len(levels) - length + 1):
                if found := self._ids.get("/".join(levels[at : at + length])):
                    return Guess(found, ID, because("address", id=found))
        for level in levels:
            if entity := self._aliases.get(level):
                return Guess(entity, ID, because("alias", word=level))
        for words in joined_parts(text) if self._joined else ():
            if entity := self._joined.get(words):
                return Guess(entity, PREFIXED, because("alias", word=words))
        return None

    def _house(self, text: str) -> _Named:
        """The building that a text names; several, where it may as well be another."""
        named = [name for name in self._named if name in text and stands_alone(name, text)]
        if named:
            longest = max(named, key=len)
            return self._told(self._named[longest], NAMED, longest)
        for match in BUILDING.finditer(text):
            code = next(part for part in match.groups() if part)
            for form in (code, code.lstrip("0"), f"b{code}", match[0]):
                if form in self._codes:
                    return self._told([self._codes[form]], PREFIXED, match[0])
        coded = self._coded(text)
        if coded.sure >= FITS:
            return coded
        called = self._called.find(text)
        if called is None or called.worth <= coded.sure:
            return coded
        return self._told(called.entities, called.worth, called.words, f"building-{called.way}")

    def _coded(self, text: str) -> _Named:
        """By a code that stands by itself."""
        for part in (*LEVELS.split(text), *PARTS.split(text)):
            for form in (part, part[1:] if part[:1] == "b" else part):
                if form in self._codes:
                    sure = BARE if form.isdigit() or len(form) < 2 else FITS if len(form) < LEAST_LATIN else PREFIXED
                    return self._told([self._codes[form]], sure, part)
        return _Named()

    def _told(self, ids: Sequence[str], sure: float, words: str, key: str = "building-name") -> _Named:
        why = because(key, word=words) if key == "building-name" else because(key, word=words, building=ids[0])
        return _Named(tuple(self._houses[one] for one in ids), sure, words, why)

    def _site(self, text: str) -> str:
        """The only site that a text names."""
        parts = {part for part in PARTS.split(text) if part}
        coded = [site.id for site in self._campus.sites if fold(site.id) in parts]
        called = self._sites.find(text) if not coded and self._campus.sites else None
        found = coded or list(called.entities if called is not None and called.way in ("name", "pinyin") else ())
        return found[0] if len(found) == 1 else ""

    def _room(self, text: str, whole: str, house: _House, storey: str, why: str) -> tuple[str, bool]:
        """The only room that a text can mean in a building, and whether there is little doubt."""
        for token in tokens(text):
            rooms = house.rooms.get(token, [])
            here = [room for room in rooms if storey and room.startswith(f"{storey}/")] or rooms
            if len(here) != 1:
                continue
            worded = room_word(token, whole)
            beside = bool(why) and re.search(rf"{re.escape(why)}[ _/.:-]?{token}(?![a-z0-9])", whole) is not None
            if len(token) >= 3 or worded or beside:
                there = bool(storey) and here[0].startswith(f"{storey}/")
                apart = len(token) >= 4 and alone(token, text)
                return here[0], worded or beside or there or apart
        for name, rooms in house.names.items():
            if name in text and stands_alone(name, text):
                here = [room for room in rooms if room.startswith(f"{storey}/")] if storey else rooms
                if len(here) == 1:
                    return here[0], len(name) > LEAST_CJK
        return self._spoken(text, house, storey), True

    def _spoken(self, text: str, house: _House, storey: str) -> str:
        """The only room that a text calls by the whole of its name, in other letters or with other separators."""
        if house.called is None:
            rooms = ((room, (name,)) for name, rooms in house.names.items() for room in rooms)
            house.called = NameIndex(rooms, self._pinyin, whole=True)
        called = house.called.find(text)
        here = [room for room in called.entities if room.startswith(f"{storey}/") or not storey] if called else []
        return here[0] if len(here) == 1 else ""

    def _any_room(self, text: str, site: str = "") -> Guess:
        """Without a building: a number that only one room has, on the site that is named."""
        several = Guess()
        for token in tokens(text):
            every = self._rooms.get(token, []) if len(token) >= 3 else []
            rooms = [room for room in every if site in ("", self._houses[room.partition("/")[0]].site)]
            if len(rooms) == 1:
                coded = token[0].isalpha() and not token.isalpha() and token in TOKEN.findall(text)
                sure = PREFIXED if room_word(token, text) else LIKELY if coded else DOUBTFUL
                return Guess(rooms[0], sure, because("only-room", number=token))
            if rooms and not several.why and (room_word(token, text) or alone(token, text)):
                some = tuple(rooms) if len(rooms) <= CANDIDATES else ()
                several = Guess("", 0.0, because("which-room", word=token, n=len(rooms)), some)
        if several.why:
            return several
        if len(self._houses) == 1:
            return Guess(next(iter(self._houses)), BARE, because("only-building"))
        return self._of_site(site) if site else Guess()

    def _of_site(self, site: str) -> Guess:
        """The only building of a site; of a few, each may be meant."""
        there = tuple(house.id for house in self._houses.values() if house.site == site)
        if len(there) == 1:
            return Guess(there[0], BARE, because("only-building-of-site", site=site))
        return Guess("", 0.0, because("site", site=site, n=len(there)), there if len(there) <= CANDIDATES else ())


def _which_room(text: str, house: _House, storey: str) -> tuple[Why, tuple[str, ...]]:
    """Rooms of one building among which a number or a name does not choose."""
    numbers = ((token, house.rooms.get(token, ())) for token in tokens(text) if len(token) >= 3)
    names = ((name, rooms) for name, rooms in house.names.items() if name in text and stands_alone(name, text))
    for word, rooms in (*numbers, *names):
        here = tuple(room for room in rooms if room.startswith(f"{storey}/") or not storey)
        if len(here) > 1:
            return because("which-room", word=word, n=len(here)), here if len(here) <= CANDIDATES else ()
    return (), ()
