"""What people write for a place, as an id of the tree: id, alias, ``building-room``, a name that only one has."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from twin.mistake import nearest
from twin.space import Alias, Building, Campus, Equipment, Names, Space

_NEARBY = 1000
_EXPLAINED = 100


@dataclass(frozen=True, slots=True)
class Resolved:
    """The id that a text stands for, '' for none; ``why`` then says why not, as the end of a sentence."""

    id: str
    why: str = ""


class Places:
    """The tree by everything that people call its parts; equipment may be added while devices are placed."""

    def __init__(self, campus: Campus) -> None:
        self._ids: set[str] = set()
        self._words: dict[str, list[str]] = {}
        self._memo: dict[str, Resolved] = {}
        self._explained = 0
        for entity, words in _entities(campus):
            self._ids.add(entity)
            for word in dict.fromkeys(words):
                self._words.setdefault(word, []).append(entity)

    def __contains__(self, entity: object) -> bool:
        return entity in self._ids

    def add(self, item: Equipment) -> None:
        """One more thing that may be named."""
        self._ids.add(item.id)
        for word in dict.fromkeys((fold(item.id), *_called(item.names, item.aliases))):
            self._words.setdefault(word, []).append(item.id)
        self._memo.clear()

    def resolve(self, text: str) -> Resolved:
        """The id that a text stands for."""
        if text in self._ids:
            return Resolved(text)
        if text not in self._memo:
            self._memo[text] = self._resolve(text)
        return self._memo[text]

    def find(self, text: str) -> str:
        """The id that a text stands for, '' for none or several: at once, without a reason."""
        if text in self._ids:
            return text
        found = self._words.get(fold(text), ())
        return found[0] if len(found) == 1 else ""

    def _resolve(self, text: str) -> Resolved:
        found = self._words.get(fold(text), [])
        if len(found) == 1:
            return Resolved(found[0])
        if found:
            some = ", ".join(f"'{entity}'" for entity in found[:3])
            return Resolved("", f"which {len(found)} things are called ({some}): write the id of one")
        self._explained += 1
        if self._explained > _EXPLAINED:  # slow to tell of thousands of ids, and a list that long is one fault
            return Resolved("", "which no model has")
        return Resolved("", f"which no model has; {nearest(text, self._nearby(text))}")

    def _nearby(self, text: str) -> list[str]:
        """Ids that end or begin as ``text`` does: candidates for what was meant."""
        last = text.rsplit("/", 1)[-1]
        head = text.split("/", 1)[0]
        same = [entity for entity in self._ids if entity.rsplit("/", 1)[-1] == last]
        same = same or [entity for entity in self._ids if entity.split("/", 1)[0] == head]
        return sorted(same or self._ids)[:_NEARBY]


def fold(text: str) -> str:
    """A name as it is compared: width, case and outer blanks do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _called(names: Names, aliases: Iterable[Alias]) -> Iterator[str]:
    yield from (fold(alias.value) for alias in aliases)
    yield from (fold(name) for name in names.values() if name)


def _entities(campus: Campus) -> Iterator[tuple[str, list[str]]]:
    """Every entity with what it is called."""
    yield campus.id, [fold(campus.id), *_called(campus.names, ())]
    for site in campus.sites:
        yield site.id, [fold(site.id), *_called(site.names, ())]
    for zone in campus.zones:
        yield zone.id, [fold(zone.id), *_called(zone.names, ())]
    for building in campus.buildings:
        yield building.id, [fold(building.id), *_called(building.names, building.aliases)]
        for storey in building.storeys:
            # names of storeys and rooms ('Floor 1', 'Office') are no names of one thing, unless only one has them
            yield storey.id, [fold(storey.id), *_called(storey.names, storey.aliases)]
            for space in storey.spaces:
                yield space.id, [*_codes(building, space), *_called(space.names, space.aliases)]
    for item in campus.equipment:
        yield item.id, [fold(item.id), *_called(item.names, item.aliases)]


def _codes(building: Building, space: Space) -> Iterator[str]:
    """``14/05/5036`` is also ``14-5036`` and ``14/5036``; its number alone where no other room has it."""
    yield fold(space.id)
    if space.number:
        yield fold(f"{building.id}-{space.number}")
        yield fold(f"{building.id}/{space.number}")
        yield fold(space.number)
