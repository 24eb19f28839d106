"""CityJSON's boundaries -> numbered faces with their semantic class, triangles, floors and shells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from models3d import triangles as tri
from models3d.model import Shell
from models3d.triangles import Floats, Triangles
from twin.space import Area

_DEPTH: Final = {
    "MultiSurface": 1, "CompositeSurface": 1, "Solid": 2, "MultiSolid": 3, "CompositeSolid": 3,
}  # fmt: skip
"""How many lists lie around one surface (a list of rings)."""

CLASSES: Final[dict[str, str]] = {
    "GroundSurface": "slab", "OuterFloorSurface": "slab", "FloorSurface": "slab", "CeilingSurface": "slab",
    "OuterCeilingSurface": "slab", "WallSurface": "wall", "InteriorWallSurface": "wall", "RoofSurface": "roof",
    "ClosureSurface": "wall", "Window": "window", "Door": "door",
}  # fmt: skip
COLOURS: Final[dict[str, tuple[float, float, float, float]]] = {
    "wall": (0.80, 0.78, 0.74, 1.0), "roof": (0.62, 0.60, 0.57, 1.0), "slab": (0.70, 0.70, 0.70, 1.0),
    "window": (0.45, 0.58, 0.68, 0.6), "door": (0.50, 0.42, 0.34, 1.0), "other": (0.75, 0.75, 0.75, 1.0),
}  # fmt: skip


@dataclass(slots=True)
class Body:
    """The geometry of one object at one level of detail: triangles (m, 3) and the semantic class of each, or ''."""

    vertices: Floats
    triangles: Triangles = field(default_factory=lambda: tri.NONE)
    classes: list[str] = field(default_factory=list)
    solid: bool = False
    lost: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not len(self.triangles)

    def of(self, *names: str) -> Triangles:
        """The triangles of these semantic classes."""
        chosen = np.array([name in names for name in self.classes], bool)
        return self.triangles[chosen] if len(chosen) else tri.NONE

    def bounds_z(self) -> tuple[float, float]:
        """The lowest and the highest point [m]."""
        heights = self.vertices[self.triangles.reshape(-1), 2]
        return float(heights.min()), float(heights.max())


def lod(geometry: dict[str, Any]) -> float:
    """The level of detail as a number: 2.2, 1; 0 where it is missing or no number."""
    try:
        return float(str(geometry.get("lod", 0)).rstrip("+"))
    except ValueError:
        return 0.0


def build(geometries: Iterable[dict[str, Any]], vertices: Floats, templates: Templates | None = None) -> Body:
    """All of ``geometries`` as one body; faces that point to missing vertices are left out and counted."""
    body = Body(vertices)
    parts: list[Triangles] = []
    for geometry in geometries:
        if geometry.get("type") == "GeometryInstance" and templates is not None:
            placed = templates.place(geometry, body.vertices)
            if placed is None:
                body.lost += 1
                continue
            geometry, body.vertices, shift = placed
        else:
            shift = 0
        kind = str(geometry.get("type", ""))
        body.solid |= kind.endswith("Solid")
        for rings, name in _faces(geometry, _DEPTH.get(kind, 0)):
            found = _face(body.vertices, rings, shift)
            if found is None:
                body.lost += 1
            elif len(found):
                parts.append(found)
                body.classes.extend([name] * len(found))
    if parts:
        body.triangles = np.concatenate(parts)
    return body


class Templates:
    """CityJSON's ``geometry-templates``: shapes that objects place by a matrix."""

    def __init__(self, member: Any) -> None:
        member = member if isinstance(member, dict) else {}
        self._shapes: list[Any] = member.get("templates") or []
        self._vertices = np.array(member.get("vertices-templates") or np.zeros((0, 3)), np.float64)

    def place(self, geometry: dict[str, Any], vertices: Floats) -> tuple[dict[str, Any], Floats, int] | None:
        """(template, vertices with the placed ones appended, their offset), or None if the reference leads nowhere."""
        try:
            shape = self._shapes[int(geometry["template"])]
            anchor = vertices[int(geometry["boundaries"][0])]
            matrix = np.array(geometry["transformationMatrix"], np.float64).reshape(4, 4)
        except (KeyError, IndexError, TypeError, ValueError):
            return None
        ones = np.column_stack([self._vertices, np.ones(len(self._vertices))])
        placed = (ones @ matrix.T)[:, :3] + anchor
        return shape, np.concatenate([vertices, placed]), len(vertices)


def floor(body: Body) -> Area | None:
    """The plan of a building or room: its ground or floor surfaces, else the underside of its body."""
    for names in (("GroundSurface",), ("FloorSurface", "OuterFloorSurface")):
        chosen = body.of(*names)
        if len(chosen) and (area := tri.shadow(body.vertices, chosen)) is not None:
            return area
    return tri.underside(body.vertices, body.triangles)


def shells(building: str, storey: str, body: Body) -> Iterator[Shell]:
    """The body merged by class; without semantics a face is roof, wall or slab by the way it faces."""
    if body.is_empty:
        return
    names = np.array([CLASSES.get(name, "") for name in body.classes])
    missing = names == ""
    if missing.any():
        up = tri.normals(body.vertices, body.triangles)[:, 2]
        guessed = np.where(np.abs(up) < tri.STEEP, "wall", np.where(up > 0.0, "roof", "slab"))
        names = np.where(missing, guessed, names)
    for name in sorted(set(names.tolist())):
        chosen = body.triangles[names == name]
        used, compact = np.unique(chosen, return_inverse=True)
        corners = compact.reshape(-1, 3).astype(np.uint32)
        yield Shell(building, storey, name, body.vertices[used], corners, COLOURS.get(name, COLOURS["other"]))


def _face(vertices: Floats, rings: Any, shift: int) -> Triangles | None:
    """The triangles of one surface, or None if it is damaged."""
    if not isinstance(rings, list) or not rings or not all(isinstance(ring, list) for ring in rings):
        return None
    try:
        shifted: Sequence[Sequence[int]] = [[int(index) + shift for index in ring] for ring in rings]
    except (TypeError, ValueError):
        return None
    if any(not 0 <= index < len(vertices) for ring in shifted for index in ring):
        return None
    if not all(np.isfinite(vertices[ring]).all() for ring in shifted if ring):
        return None
    return tri.face(vertices, shifted)


def _faces(geometry: dict[str, Any], depth: int) -> Iterator[tuple[Any, str]]:
    """Every surface (a list of rings) with the name of its semantic class."""
    if depth == 0:
        return
    semantics = geometry.get("semantics") if isinstance(geometry.get("semantics"), dict) else {}
    surfaces = (semantics or {}).get("surfaces") or []
    names = [str(item.get("type", "")) if isinstance(item, dict) else "" for item in surfaces]
    yield from _walk(geometry.get("boundaries"), (semantics or {}).get("values"), depth, names)


def _walk(boundaries: Any, values: Any, depth: int, names: list[str]) -> Iterator[tuple[Any, str]]:
    if not isinstance(boundaries, list):
        return
    for place, item in enumerate(boundaries):
        value = values[place] if isinstance(values, list) and place < len(values) else None
        if depth > 1:
            yield from _walk(item, value, depth - 1, names)
        else:
            yield item, names[value] if isinstance(value, int) and 0 <= value < len(names) else ""
