"""Walls, doors and what rooms come of them, for the tests that derive rooms from walls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from models3d.ifc import load
from models3d.model import Model, Options
from tests.models3d.ifc_fixtures import IfcMaker, rectangle

QUICK = Options(threads=2, shells=False)
WHOLE = 9.6 * 5.6
"""The area [m2] inside of ``outer_walls``."""
HALF = 4.7 * 5.6
"""The same, halved by a wall of 0.2 m along y."""


def derived(model: Model) -> dict[str, list[Any]]:
    """Storey id -> areas of its derived rooms [m2], to be compared within one per cent."""
    found: dict[str, list[Any]] = {}
    for building in model.buildings:
        for storey in building.storeys:
            areas = [space.area_m2 or 0.0 for space in storey.spaces if space.origin == "derived"]
            if areas:
                found[storey.id] = [pytest.approx(area, rel=0.01) for area in areas]
    return found


def read(maker: IfcMaker, folder: Path) -> dict[str, list[Any]]:
    return derived(load(maker.write(folder / "a.ifc"), QUICK))


def outer_walls(maker: IfcMaker, storey: Any, heights: Sequence[float] = (3.0, 3.0, 3.0, 3.0), **options: Any) -> None:
    """South, north, west, east around 10 x 6 m, 0.2 m thick."""
    outlines = (
        rectangle(0, 0, 10, 0.2), rectangle(0, 5.8, 10, 0.2), rectangle(0, 0.2, 0.2, 5.6), rectangle(9.8, 0.2, 0.2, 5.6)
    )  # fmt: skip
    for outline, height in zip(outlines, heights, strict=True):
        maker.element("IfcWall", storey, outline, height, **options)


def opening(
    maker: IfcMaker, storey: Any, wall: Any, x: float, y: float, width: float, *, filled: str | None = "IfcDoor",
    foot: float = 0.0, height: float = 2.1,
) -> Any:  # fmt: skip
    """An opening along x through ``wall`` of 0.2 m, and the door or window in it; what was made."""
    place = maker.place((x, y, foot), storey)
    shape = maker.solid(rectangle(0, 0, width, 0.2), height)
    hole = maker.root("IfcOpeningElement", "hole", ObjectPlacement=place, Representation=shape)
    maker.root("IfcRelVoidsElement", None, RelatingBuildingElement=wall, RelatedOpeningElement=hole)
    if filled is None:
        return hole
    # drawn open: its leaf stands across the wall, so that its section does not close the opening
    leaf = maker.solid(rectangle(0, 0.1, 0.05, width), height)
    door = maker.root(filled, "fill", ObjectPlacement=place, Representation=leaf,
                      OverallWidth=width / maker.unit, OverallHeight=height / maker.unit)  # fmt: skip
    maker.root("IfcRelFillsElement", None, RelatingOpeningElement=hole, RelatedBuildingElement=door)
    maker.contain(storey, door)
    return door
