"""Where the thing stands that a point belongs to, what it is called, and what it is to the topology."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from twin.alarms.alarm import Texts
from twin.index import EntityKind, kind_of, label_of
from twin.space import Alias, Campus, Equipment

LANGS = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Where:
    """``place`` is an id of the space tree, '' for the campus and what is unknown; ``within`` that and all above it,
    from the building down."""

    entity: str
    place: str = ""
    within: tuple[str, ...] = ()
    kind: EntityKind = "campus"
    category: str = ""
    aliases: tuple[Alias, ...] = ()
    nodes: tuple[str, ...] = ()

    @property
    def building(self) -> str:
        """The building, '' outside of any."""
        return self.within[0] if self.within else ""


class Places:
    """The places of one campus. ``nodes`` are those of the topology."""

    def __init__(self, campus: Campus, nodes: Collection[str] = ()) -> None:
        self._campus = campus
        self._nodes = nodes
        self._found: dict[str, Where] = {}
        self._labels: dict[str, tuple[str, str]] = {}
        self._read()

    def _read(self) -> None:
        campus = self._campus
        self._add(campus.id, campus, (), "campus")
        for building in campus.buildings:
            self._add(building.id, building, (building.id,), building.category)
            for storey in building.storeys:
                self._add(storey.id, storey, (building.id, storey.id), "storey")
                for space in storey.spaces:
                    self._add(space.id, space, (building.id, storey.id, space.id), space.category)
        self._found[campus.id] = Where(campus.id, nodes=self._known(campus.id))
        for zone in campus.zones:
            self._add(zone.id, zone, (), zone.category)
        for item in campus.equipment:
            above = self._found.get(item.space)
            self._add(item.id, item, above.within if above else (), item.category)

    def _add(self, id_: str, entity: object, within: tuple[str, ...], category: str) -> None:
        self._labels[id_] = (label_of(entity, "zh"), label_of(entity, "en"))  # type: ignore[arg-type]
        self._found[id_] = Where(
            id_, within[-1] if within else "", within, kind_of(entity), category,  # type: ignore[arg-type]
            tuple(getattr(entity, "aliases", ())), (id_,) if isinstance(entity, Equipment) else self._known(id_),
        )  # fmt: skip

    def _known(self, id_: str) -> tuple[str, ...]:
        return (id_,) if id_ in self._nodes else ()

    def of(self, entity: str) -> Where:
        """Where an entity is; of an unknown one only its name."""
        return self._found.get(entity) or Where(entity)

    def name(self, entity: str) -> Texts:
        """What the entity is called, by language; its id where nothing better is known."""
        zh, en = self._labels.get(entity, (entity, entity))
        return {"zh": zh, "en": en}

    def full_name(self, entity: str) -> Texts:
        """The same with its building before it."""
        own, where = self.name(entity), self.of(entity)
        if not where.building or where.building == entity:
            return own
        building = self.name(where.building)
        return {lang: f"{building[lang]} {own[lang]}" for lang in LANGS}

    def under(self, place: str, of: str) -> bool:
        """Whether ``place`` is ``of`` or lies in it; '' and the campus hold everything."""
        return of in ("", self._campus.id, place) or of in self.of(place).within
