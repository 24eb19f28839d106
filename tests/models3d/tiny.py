"""Small models made by hand, for tests of what happens to models after they are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from shapely.geometry import LineString, box

from models3d.model import Feature, Finding, Frame, Model, ModelError, ModelPoint, Options, Shell
from twin.space import Alias, Building, Equipment, Site, Space, Storey, Zone


def tiny(
    name: str = "a.ifc",
    building: str = "A",
    *,
    frame: Frame | None = None,
    at: tuple[float, float] = (0.0, 0.0),
    size: tuple[float, float] = (20.0, 10.0),
    storeys: int = 2,
    rooms: int = 2,
    base: float = 0.0,
) -> Model:
    """A building of ``storeys`` 3 m storeys of ``rooms`` equal rooms in a row, its lower left corner at ``at``."""
    x, y = at
    wide = size[0] / rooms
    levels = [
        Storey(
            f"{building}/{n + 1:02d}", {"en": f"Floor {n + 1}"}, n, base + 3.0 * n, 3.0,
            box(x, y, x + size[0], y + size[1]),
            [
                Space(
                    f"{building}/{n + 1:02d}/{n + 1}{r + 1:02d}", f"{n + 1}{r + 1:02d}", {"en": "Office"}, "office",
                    box(x + r * wide, y, x + (r + 1) * wide, y + size[1]), base + 3.0 * n, 2.8,
                    wide * size[1], None, wide * size[1] * 2.8,
                    aliases=(Alias("ifc-guid", f"{name}-{n}-{r}"),),
                )
                for r in range(rooms)
            ],
        )
        for n in range(storeys)
    ]  # fmt: skip
    first = levels[0].spaces[0].id
    vertices = np.array([[x, y, base], [x + size[0], y, base], [x, y + size[1], base + 3]], dtype=np.float64)
    return Model(
        name, f"sha-{name}", "ifc", "IFC4",
        buildings=[Building(building, {"en": building}, "Default", "office", levels, levels[0].outline)],
        sites=[Site("Default")],
        zones=[Zone("zone-1", spaces=(first,))],
        equipment=[Equipment("ahu-1", space=first, feeds=(first, "zone-1"), position=(x + 1, y + 1, base + 1))],
        points=[ModelPoint("p-1", "Temperature_Sensor", first, "ahu-1")],
        shells=[Shell(building, f"{building}/01", "wall", vertices, np.array([[0, 1, 2]], np.uint32))],
        ground=[Feature("road", LineString([(x, y - 5), (x + 9, y - 5)]), width_m=6.0)],
        findings=[Finding("overlap", "two rooms", first, entity=first, position=(x, y, base))],
        frame=frame or Frame(),
    )  # fmt: skip


def loader(models: dict[str, Callable[[], Model]]) -> Callable[[Path, Options], Model]:
    """A ``load`` that makes the model of a file by its name, or refuses it."""

    def load(path: Path, _: Options) -> Model:
        if path.name not in models:
            raise ModelError("truncated", f"'{path.name}' is cut off: export it again.")
        model = models[path.name]()
        model.path = str(path)
        return model

    return load
