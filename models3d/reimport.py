"""A new version of a model against the old one: which space is which, and what changed.

Spaces are matched by alias (GlobalId, OSM id ...), then by code, then by how much their outlines share on the same
level; each once. What is matched keeps its points, whatever it is called now; what is gone is listed with its points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
import shapely

from models3d.model import Model
from twin.space import Alias, Building, Equipment, Space, Storey

How = Literal["alias", "code", "overlap"]

SAME_LEVEL_M: Final = 1.0
"""Floors whose levels differ by less [m] are the same floor."""
SAME_PLACE: Final = 0.5
"""Outlines that share more than this of what they cover together (IoU) are the same room."""
MOVED_M: Final = 0.5
"""A room whose middle is farther away than this [m] has moved."""
AREA_RATIO: Final = 0.01
AREA_M2: Final = 0.1
"""An area that changes by more than both (of the old one; [m2]) has changed."""

Entity = Building | Storey | Space | Equipment


@dataclass(frozen=True, slots=True)
class Pair:
    """The same space in two versions, and how that was seen."""

    old: Space
    new: Space
    how: How


@dataclass(slots=True)
class Difference:
    """What a new version changes. Ids are the file's own; a space may be in several of the lists of changes.

    ``ids`` maps the old id of every matched building, storey, space and equipment whose id changed to its new one;
    ``gone`` are the ids of all of them that have no match any more.
    """

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    moved: list[tuple[str, float]] = field(default_factory=list)
    resized: list[tuple[str, float, float]] = field(default_factory=list)
    kept: int = 0
    ids: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.renamed or self.moved or self.resized or self.ids or self.gone)

    def sentence(self) -> str:
        """The counts in words."""
        parts = [
            f"{len(found)} {word}"
            for found, word in (
                (self.added, "added"), (self.removed, "removed"), (self.renamed, "renamed"), (self.moved, "moved"),
                (self.resized, "changed in area"),
            )
            if found
        ]  # fmt: skip
        return ", ".join([*parts, f"{self.kept} kept as they were"])

    def as_json(self, limit: int = 200) -> dict[str, Any]:
        """The report, each list cut at ``limit`` (the counts tell how long it is)."""
        return {
            "counts": {
                "added": len(self.added), "removed": len(self.removed), "renamed": len(self.renamed),
                "moved": len(self.moved), "resized": len(self.resized), "kept": self.kept,
            },
            "added": self.added[:limit],
            "removed": self.removed[:limit],
            "renamed": [{"from": old, "to": new} for old, new in self.renamed[:limit]],
            "moved": [{"id": i, "metres": round(m, 2)} for i, m in self.moved[:limit]],
            "resized": [{"id": i, "from_m2": round(a, 2), "to_m2": round(b, 2)} for i, a, b in self.resized[:limit]],
        }  # fmt: skip


def _spaces(model: Model) -> list[Space]:
    return [space for b in model.buildings for storey in b.storeys for space in storey.spaces]


def _keyed(items: Sequence[Entity], keys: Callable[[Entity], Iterable[Alias | str]]) -> dict[Alias | str, Entity]:
    """The items by key, without keys that several bear: a copied GlobalId tells nothing."""
    pairs = [(key, item) for item in items for key in dict.fromkeys(keys(item))]
    counts = Counter(key for key, _ in pairs)
    return {key: item for key, item in pairs if counts[key] == 1}


_WAYS: tuple[tuple[How, Callable[[Entity], Iterable[Alias | str]]], ...] = (
    ("alias", lambda entity: entity.aliases),
    ("code", lambda entity: (entity.id,)),
)


def _match_named(old: Sequence[Any], new: Sequence[Any]) -> Iterator[tuple[Any, Any, How]]:
    """Pairs by alias, then by code, each entity once."""
    left, right = list(old), list(new)
    for how, keys in _WAYS:
        there = _keyed(right, keys)
        taken: set[int] = set()
        used: set[int] = set()
        for key, item in _keyed(left, keys).items():
            other = there.get(key)
            if other is not None and id(other) not in taken and id(item) not in used:
                taken.add(id(other))
                used.add(id(item))
                yield item, other, how
        left = [item for item in left if id(item) not in used]
        right = [item for item in right if id(item) not in taken]


def match_spaces(
    old: Sequence[Space], new: Sequence[Space], shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> list[Pair]:
    """Which space of ``new`` each of ``old`` is, each at most once. ``shift`` [m] takes old places to the new frame."""
    pairs = [Pair(a, b, how) for a, b, how in _match_named(old, new)]
    used, taken = {id(pair.old) for pair in pairs}, {id(pair.new) for pair in pairs}
    left = [space for space in old if id(space) not in used and space.has_geometry]
    right = [space for space in new if id(space) not in taken and space.has_geometry]
    pairs.extend(_match_places(left, right, shift))
    return pairs


def _match_places(old: Sequence[Space], new: Sequence[Space], shift: tuple[float, float, float]) -> Iterator[Pair]:
    """Pairs by the share of their outlines, the surest first."""
    if not old or not new:
        return
    before = shapely.transform(np.array([s.polygon for s in old], dtype=object), lambda xy: xy + shift[:2])
    after = np.array([s.polygon for s in new], dtype=object)
    a, b = shapely.STRtree(after).query(before, predicate="intersects")
    level = np.array([s.elevation_m + shift[2] for s in old])[a] - np.array([s.elevation_m for s in new])[b]
    a, b = a[np.abs(level) <= SAME_LEVEL_M], b[np.abs(level) <= SAME_LEVEL_M]
    shared = shapely.area(shapely.intersection(before[a], after[b]))
    iou = shared / np.maximum(shapely.area(before[a]) + shapely.area(after[b]) - shared, 1e-12)
    used: set[int] = set()
    taken: set[int] = set()
    for n in np.argsort(-iou, kind="stable").tolist():
        i, j = int(a[n]), int(b[n])
        if iou[n] > SAME_PLACE and i not in used and j not in taken:
            used.add(i)
            taken.add(j)
            yield Pair(old[i], new[j], "overlap")


def compare(old: Model, new: Model) -> Difference:
    """What the new version of a file changes."""
    shift = tuple(a - b for a, b in zip(old.frame.origin_offset, new.frame.origin_offset, strict=True))
    before, after = _spaces(old), _spaces(new)
    pairs = match_spaces(before, after, (shift[0], shift[1], shift[2]))
    found = Difference()
    for pair in pairs:
        _compare_pair(pair, (shift[0], shift[1], shift[2]), found)
    matched_old, matched_new = {id(p.old) for p in pairs}, {id(p.new) for p in pairs}
    found.removed = [space.id for space in before if id(space) not in matched_old]
    found.added = [space.id for space in after if id(space) not in matched_new]
    found.gone = [*found.removed]
    _compare_others(old, new, pairs, found)
    return found


def _compare_pair(pair: Pair, shift: tuple[float, float, float], found: Difference) -> None:
    old, new = pair.old, pair.new
    changed = False
    if old.id != new.id:
        found.ids[old.id] = new.id
    if (old.id, old.number, old.names) != (new.id, new.number, new.names):
        found.renamed.append((old.id, new.id))
        changed = True
    if (metres := _distance(old, new, shift)) > MOVED_M:
        found.moved.append((new.id, metres))
        changed = True
    if old.area_m2 is not None and new.area_m2 is not None:
        step = abs(new.area_m2 - old.area_m2)
        if step > AREA_M2 and step > AREA_RATIO * old.area_m2:
            found.resized.append((new.id, old.area_m2, new.area_m2))
            changed = True
    found.kept += not changed


def _distance(old: Space, new: Space, shift: tuple[float, float, float]) -> float:
    """How far the middle of the floor moved [m]; 0 where one of the two has no outline."""
    rise = new.elevation_m - old.elevation_m - shift[2]
    if old.polygon is None or new.polygon is None or old.polygon.is_empty or new.polygon.is_empty:
        return abs(rise)
    a, b = old.polygon.centroid, new.polygon.centroid
    return float(np.linalg.norm((b.x - a.x - shift[0], b.y - a.y - shift[1], rise)))


def _compare_others(old: Model, new: Model, pairs: Sequence[Pair], found: Difference) -> None:
    """Buildings, storeys and equipment: only who is who, for the points that hang on them.

    A building or storey that neither alias nor code tells is the one that holds most of its spaces now.
    """
    above_old, above_new = _holders(old), _holders(new)
    votes: dict[int, Counter[int]] = {}
    for pair in pairs:
        for a, b in zip(above_old[id(pair.old)], above_new[id(pair.new)], strict=True):
            votes.setdefault(id(a), Counter())[id(b)] += 1
    kinds: tuple[Callable[[Model], list[Any]], ...] = (
        lambda model: model.buildings,
        lambda model: [storey for building in model.buildings for storey in building.storeys],
        lambda model: model.equipment,
    )
    for of in kinds:
        named = [(a, b) for a, b, _ in _match_named(of(old), of(new))]
        known = {id(a) for a, _ in named}
        free = {id(b): b for b in of(new)}
        for _, b in named:
            del free[id(b)]
        for item in of(old):
            if id(item) in known:
                continue
            best = next((there for there, _ in votes.get(id(item), Counter()).most_common() if there in free), None)
            if best is None:
                found.gone.append(item.id)
            else:
                named.append((item, free.pop(best)))
        found.ids.update({a.id: b.id for a, b in named if a.id != b.id})


def _holders(model: Model) -> dict[int, tuple[Building, Storey]]:
    """The building and the storey of each space."""
    return {id(space): (b, storey) for b in model.buildings for storey in b.storeys for space in storey.spaces}
