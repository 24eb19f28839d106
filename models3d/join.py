"""Several files that are one building: rooms from one, a shell from another, equipment and points from a third.

Files that campus.yaml gives the same ``building`` code are joined. The first one that has rooms gives the tree; rooms
of the others are matched to it (alias, code, outline, then number), and what hangs on them moves along.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from models3d.model import Finding, Model
from models3d.reimport import match_spaces
from twin.space import Equipment, Space, Storey, Zone

MADE_UP = ("schematic", "synthetic")
"""Origins of spaces that only stand for a whole storey."""
SAME_LEVEL_M = 1.5


def _file(model: Model) -> str:
    return model.path.rsplit("/", 1)[-1]


def _spaces(model: Model) -> list[Space]:
    return [space for b in model.buildings for storey in b.storeys for space in storey.spaces]


def has_rooms(model: Model) -> bool:
    """Whether the file knows rooms with outlines, not only storeys or names."""
    return any(space.has_geometry and space.origin not in MADE_UP for space in _spaces(model))


def join(models: list[Model]) -> Model:
    """One model of several placed ones, each of a single building; the first that has rooms gives the tree."""
    main = next((model for model in models if has_rooms(model)), models[0])
    for other in models:
        if other is not main:
            _join(main, other)
    return main


def _join(main: Model, other: Model) -> None:
    home = main.buildings[0]
    ids, lost = _matched(main, other)
    ids[other.buildings[0].id] = home.id
    ids.update({old.id: home.id if new is None else new.id for old, new in _storeys(main, other)})
    taken = {home.id, *(e.id for e in main.equipment), *(z.id for z in main.zones), *(s.id for s in _spaces(main))}
    others: list[Equipment | Zone] = [*other.equipment, *other.zones]
    for item in others:
        own, n = item.id, 1
        while item.id in taken:
            n += 1
            item.id = f"{own}~{n}"
        taken.add(item.id)
        ids[own] = item.id
    _follow(other, ids)
    if any(shell for shell in other.shells) and all(space.origin in MADE_UP for space in _spaces(other)):
        main.shells = []  # a file that brings nothing but a shell is given to be seen
    main.shells += other.shells
    main.equipment += other.equipment
    main.zones += other.zones
    main.points += other.points
    main.ground += other.ground
    main.findings += [f for f in other.findings if f.code not in ("no-spaces", "no-geometry")]
    home.aliases = tuple(dict.fromkeys((*home.aliases, *other.buildings[0].aliases)))
    if lost:
        some = ", ".join(space.number or space.id for space in lost[:5]) + (" ..." if len(lost) > 5 else "")
        message = (
            f"{len(lost)} rooms of '{_file(other)}' are none of '{_file(main)}' ({some}): "
            "what hangs on them hangs on the building now; give them the same numbers"
        )
        main.findings.append(Finding("unmatched-space", message, other.path, entity=home.id, data={"n": len(lost)}))


def _matched(main: Model, other: Model) -> tuple[dict[str, str], list[Space]]:
    """The id in ``main`` of every space of ``other``; those without a match go to the building and are listed."""
    there, here = _spaces(main), [space for space in _spaces(other) if space.origin not in MADE_UP]
    pairs = match_spaces(here, there)
    ids = {pair.old.id: pair.new.id for pair in pairs}
    used = {pair.new.id for pair in pairs}
    numbers = _by_number(space for space in there if space.id not in used)
    own = _by_number(space for space in here if space.id not in ids)
    lost = []
    for space in here:
        if space.id in ids:
            continue
        match = numbers.get(_number(space)) if own.get(_number(space)) is space else None
        ids[space.id] = main.buildings[0].id if match is None else match.id
        if match is None:
            lost.append(space)
        else:
            match.aliases = tuple(dict.fromkeys((*match.aliases, *space.aliases)))
    for space in _spaces(other):
        ids.setdefault(space.id, main.buildings[0].id)
    return ids, lost


def _number(space: Space) -> str:
    return (space.number or space.id.rsplit("/", 1)[-1]).casefold().strip()


def _by_number(spaces: Iterable[Space]) -> dict[str, Space]:
    """Spaces by number, without numbers that several bear."""
    found: dict[str, Space] = {}
    twice = set()
    for space in spaces:
        if found.setdefault(_number(space), space) is not space:
            twice.add(_number(space))
    return {number: space for number, space in found.items() if number not in twice}


def _storeys(main: Model, other: Model) -> Iterable[tuple[Storey, Storey | None]]:
    """Each storey of ``other`` with the one of ``main`` on its level, if there is one and the file knows levels."""
    there = main.buildings[0].storeys
    for storey in other.buildings[0].storeys:
        known = any(space.has_geometry for space in storey.spaces) or storey.outline is not None or other.shells
        best = min(there, key=lambda s: abs(s.elevation_m - storey.elevation_m), default=None)
        if best is None or not known or abs(best.elevation_m - storey.elevation_m) > SAME_LEVEL_M:
            best = next((s for s in there if not known and s.ordinal == storey.ordinal), None)
        yield storey, best


def _follow(model: Model, ids: dict[str, str]) -> None:
    """Every reference of the model follows ``ids``."""

    def new(entity: str) -> str:
        return ids.get(entity, entity)

    def news(entities: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(new(entity) for entity in entities))

    for zone in model.zones:
        zone.spaces = news(zone.spaces)
    for item in model.equipment:
        item.space, item.feeds = new(item.space), news(item.feeds)
        item.meters, item.parts = news(item.meters), news(item.parts)
    for point in model.points:
        point.space, point.equipment = new(point.space), new(point.equipment)
    for shell in model.shells:
        shell.building, shell.storey = new(shell.building), new(shell.storey)
        if shell.storey == shell.building:
            shell.storey = ""
    model.findings = [replace(f, entity=new(f.entity)) if f.entity else f for f in model.findings]


def groups(keyed: Iterable[tuple[str, Any]]) -> list[list[Any]]:
    """The items in order, those of one non-empty key together at the place of the first."""
    found: dict[object, list[Any]] = {}
    for n, (key, item) in enumerate(keyed):
        found.setdefault(key or n, []).append(item)
    return list(found.values())
