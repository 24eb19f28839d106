"""Slots: the rows of the scene's entity table as numpy columns, so that roll-ups are a few array operations.

Slot 0 is the campus, then buildings, storeys, spaces (docs/reference/scene-format.md). The order is made in one place,
``models3d.tiles.slots``; this module takes it as given and adds parents, levels and areas.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from twin.space import Campus

I32 = npt.NDArray[np.int32]
U8 = npt.NDArray[np.uint8]
F64 = npt.NDArray[np.float64]


class Level(IntEnum):
    """Depth in the space tree."""

    CAMPUS = 0
    BUILDING = 1
    STOREY = 2
    SPACE = 3


@dataclass(frozen=True, slots=True)
class SlotTree:
    """The space tree in slot order.

    ``parent`` is the slot above (-1 for the campus), ``level`` a ``Level``, ``weight`` the floor area [m2] of spaces
    for area-weighted means (where a space has no area, the mean of those that have one). ``equipment`` maps an
    equipment's id to the slot of the place where it stands.
    """

    ids: tuple[str, ...]
    parent: I32
    level: U8
    weight: F64
    index: dict[str, int]
    equipment: dict[str, int]

    @classmethod
    def of(cls, campus: Campus, ids: Sequence[str]) -> SlotTree:
        """The tree of ``campus`` in the order of ``ids``; ValueError when the two do not name the same entities."""
        index = {entity: slot for slot, entity in enumerate(ids)}
        rows = list(_walk(campus))
        if len(index) != len(ids) or len(rows) != len(ids) or any(row[0] not in index for row in rows):
            raise ValueError(
                f"campus '{campus.id}': the {len(ids)} slots of the scene do not match its {len(rows)} entities: "
                "write the scene again from this campus (ids must be unique)"
            )
        n = len(ids)
        parent = np.full(n, -1, np.int32)
        level = np.zeros(n, np.uint8)
        area = np.full(n, np.nan)
        for entity, above, depth, size in rows:
            slot = index[entity]
            parent[slot] = index[above] if above else -1
            level[slot] = depth
            area[slot] = np.nan if size is None else size
        known = area[(level == Level.SPACE) & (area > 0)]
        weight = np.where(area > 0, area, known.mean() if known.size else 1.0)
        places = {item.id: index[item.space] for item in campus.equipment if item.space in index}
        return cls(tuple(ids), parent, level, weight, index, places)

    def slot(self, entity: str) -> int:
        """The slot of a space, storey, building, the campus, or of the place of an equipment; -1 when unknown."""
        found = self.index.get(entity)
        return self.equipment.get(entity, -1) if found is None else found

    def under(self, slot: int) -> npt.NDArray[np.bool_]:
        """Which slots stand under ``slot``, itself included."""
        mask = np.zeros(len(self.ids), np.bool_)
        mask[slot] = True
        for level in (Level.BUILDING, Level.STOREY, Level.SPACE):
            rows = np.flatnonzero(self.level == level)
            mask[rows] |= mask[self.parent[rows]]
        return mask


def _walk(campus: Campus) -> Iterator[tuple[str, str, int, float | None]]:
    yield campus.id, "", Level.CAMPUS, None
    for building in campus.buildings:
        yield building.id, campus.id, Level.BUILDING, None
        for storey in building.storeys:
            yield storey.id, building.id, Level.STOREY, None
            for space in storey.spaces:
                yield space.id, storey.id, Level.SPACE, space.area_m2
