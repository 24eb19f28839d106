"""A small campus and its slots for the tests of live values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.rollup import PointColumns
from twin.slots import SlotTree
from twin.space import Building, Campus, Equipment, Space, Storey

ROOMS = ("A/1/1", "A/1/2", "A/2/1", "B/1/1")
AREAS = {"A/1/1": 10.0, "A/1/2": 30.0, "A/2/1": 20.0}


def campus_of(rooms: Sequence[str] = ROOMS) -> Campus:
    buildings: dict[str, Building] = {}
    storeys: dict[str, Storey] = {}
    for room in rooms:
        building, storey, number = room.split("/")
        house = buildings.setdefault(building, Building(building))
        level = f"{building}/{storey}"
        if level not in storeys:
            storeys[level] = Storey(level)
            house.storeys.append(storeys[level])
        storeys[level].spaces.append(Space(room, number, area_m2=AREAS.get(room)))
    pump = Equipment("pump", space="A/2/1")
    return Campus("c", buildings=list(buildings.values()), equipment=[pump, Equipment("lost")])


IDS = ["c", "A", "B", "A/1", "A/2", "B/1", *ROOMS]
TREE = SlotTree.of(campus_of(), IDS)


def columns(*points: tuple[object, ...]) -> PointColumns:
    """Rows of (entity, value, quality=0, stale=False, flags=0)."""
    rows = [(*row, *(0, False, 0)[len(row) - 2 :]) for row in points]
    return PointColumns(
        slot=np.array([TREE.index[str(row[0])] for row in rows], np.int32),
        value=np.array([row[1] for row in rows], np.float64),
        judged=np.full(len(rows), 1000.0),
        quality=np.array([row[2] for row in rows], np.uint8),
        flags=np.array([row[4] for row in rows], np.uint8),
        stale=np.array([row[3] for row in rows], np.bool_),
    )
