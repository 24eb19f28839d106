"""How well rooms are derived from walls: hide the rooms of real IFC files, derive them, compare storey by storey.

``python -m tests.models3d.hidden_rooms FILE ...`` prints a line a file and every room that was missed; with
``--svg FOLDER`` it draws every storey: found rooms green, missed ones red, open ones orange, derived ones grey.

A known room counts as found when a derived one shares more than 0.8 of their union. It counts as *enclosed* when
something built stands along its whole boundary, but for less than half a metre: that is asked of the plans of the
elements' whole bodies, not of the sections from which rooms are derived. An *open* room ends where nothing stands.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ifcopenshell
import numpy as np
import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from models3d import step_preflight
from models3d.ifc import load
from models3d.ifc_mesh import EXACT, meshes
from models3d.ifc_safe import by_type, ref
from models3d.model import Model, Options
from twin.space import Area, Storey

BUILT = ("IfcWall", "IfcColumn", "IfcCurtainWall", "IfcPlate", "IfcDoor", "IfcWindow")
ALIKE = 0.8
BESIDE_M = 0.2
"""How far [m] from a room's boundary an element may stand and still bound it: plaster, panelling."""
OPEN_M = 0.5
GAP_M = 0.3
SECTION_M = 1.1
_IFC: Any = ifcopenshell


@dataclass(frozen=True, slots=True)
class Known:
    """One room as its author drew it; ``open_m`` [m] of its boundary have nothing built along them."""

    name: str
    polygon: Area
    open_m: float
    found: bool

    @property
    def enclosed(self) -> bool:
        return self.open_m < OPEN_M


@dataclass(slots=True)
class Score:
    """One storey, or a sum; a derived room is a known one, several open ones ``merged``, or ``extra``."""

    known: list[Known] = field(default_factory=list)
    derived: int = 0
    merged: int = 0
    together: int = 0
    """Open rooms that are not found, but whose derived room is what they are together."""
    extra: list[float] = field(default_factory=list)
    """Areas [m2] of derived rooms that lie outside of all known ones."""
    unjudged: int = 0
    """Derived rooms of storeys on which no room is known."""

    @property
    def enclosed(self) -> int:
        return sum(room.enclosed for room in self.known)

    @property
    def found(self) -> int:
        return sum(room.found for room in self.known)

    @property
    def found_enclosed(self) -> int:
        return sum(room.found and room.enclosed for room in self.known)

    def add(self, other: Score) -> None:
        self.known += other.known
        self.derived += other.derived
        self.merged += other.merged
        self.together += other.together
        self.extra += other.extra
        self.unjudged += other.unjudged

    def __str__(self) -> str:
        return (
            f"enclosed {self.found_enclosed}/{self.enclosed}, all {self.found}/{len(self.known)}; derived "
            f"{self.derived}: {self.derived - self.merged - len(self.extra)} right, {self.merged} merged (of "
            f"{self.together} open rooms), "
            f"{len(self.extra)} extra; {self.unjudged} where no room is known"
        )


@dataclass(frozen=True, slots=True)
class _Body:
    """The plan of an element's whole body, and its height [m]."""

    plan: BaseGeometry
    low: float
    high: float


def hide_spaces(source: Path, target: Path) -> Path:
    """The same file without its IfcSpace entities; what refers to them then refers to nothing."""
    text = source.read_bytes()
    target.write_bytes(re.sub(rb"#\d+\s*=\s*IFCSPACE\(.*?\)\s*;", b"", text, flags=re.DOTALL))
    return target


def _bodies(path: Path, model: Model) -> list[_Body]:
    with step_preflight.prepared(path) as ready:
        file = _IFC.open(str(ready.path), ".ifc")
    kinds = [element for kind in BUILT for element in by_type(file, kind)]
    elements = [element for element in kinds if ref(element, "Representation", "IfcProductRepresentation")]
    far = np.array(model.frame.origin_offset)
    found = []
    for mesh in meshes(file, elements, EXACT, disable_opening_subtractions=True):
        corners = (mesh.vertices - far)[:, :2][mesh.triangles]
        # a wall of upright faces has no area in plan: each face is widened by a millimetre
        faces = shapely.buffer(shapely.polygons(np.concatenate([corners, corners[:, :1]], axis=1)), 1e-3)
        found.append(_Body(shapely.union_all(faces), float(mesh.low[2] - far[2]), float(mesh.high[2] - far[2])))
    return found


def _open_m(room: Area, floor: float, bodies: Sequence[_Body]) -> float:
    """How much [m] of a room's boundary has nothing built along it between 0.3 and 1.2 m over its floor."""
    near = [body.plan for body in bodies if body.high > floor + 0.3 and body.low < floor + 1.2]
    left = shapely.difference(shapely.boundary(room), shapely.union_all(shapely.buffer(near, BESIDE_M)))
    return float(sum(part.length for part in shapely.get_parts(left) if part.length > GAP_M))


def iou(one: BaseGeometry, other: BaseGeometry) -> float:
    """Intersection over union."""
    shared = shapely.intersection(one, other).area
    return float(shared / (one.area + other.area - shared))


def compare(truth: Storey, derived: Sequence[Area], bodies: Sequence[_Body]) -> Score:
    """One storey. Rooms that stand on another level than their storey (a file of two storeys in one) are left out."""
    level = truth.elevation_m + SECTION_M
    score = Score(derived=len(derived))
    rooms = [
        space
        for space in truth.spaces
        if space.polygon is not None and space.elevation_m < level < space.elevation_m + space.height_m
    ]
    if not rooms:
        return Score(unjudged=len(derived))
    taken: set[int] = set()
    for space in rooms:
        assert space.polygon is not None
        best, at = max(((iou(space.polygon, room), i) for i, room in enumerate(derived)), default=(0.0, -1))
        if best > ALIKE:
            taken.add(at)
        open_m = _open_m(space.polygon, space.elevation_m, bodies)
        score.known.append(Known(f"{space.number} {space.names.get('', '')}", space.polygon, open_m, best > ALIKE))
    for at, room in enumerate(derived):
        if at in taken:
            continue
        inside = [k.polygon for k in score.known if shapely.intersection(k.polygon, room).area > 0.5 * k.polygon.area]
        everywhere = shapely.union_all([known.polygon for known in score.known])
        if shapely.intersection(room, everywhere).area <= 0.5 * room.area:
            score.extra.append(room.area)
            continue
        score.merged += 1
        # walls between them are not part of them: a metre is closed
        joint = shapely.buffer(shapely.buffer(shapely.union_all(inside), 0.5), -0.5)
        score.together += len(inside) if iou(room, joint) > ALIKE else 0
    return score


def storeys(path: Path, folder: Path) -> Iterator[tuple[Storey, list[Area], Score]]:
    """(the storey as drawn, its derived rooms, the comparison) of every storey of a file."""
    truth = load(path, Options(shells=False, rooms_from_walls=False))
    bare = load(hide_spaces(path, folder / path.name), Options(shells=False))
    bodies = _bodies(path, truth)
    for known, other in zip(truth.buildings, bare.buildings, strict=True):
        assert [storey.id for storey in known.storeys] == [storey.id for storey in other.storeys]
        for storey, derived in zip(known.storeys, other.storeys, strict=True):
            rooms = [space.polygon for space in derived.spaces if space.origin == "derived" and space.polygon]
            yield storey, rooms, compare(storey, rooms, bodies)


def score(path: Path, folder: Path) -> Score:
    """The sum over all storeys of a file."""
    total = Score()
    for _, _, one in storeys(path, folder):
        total.add(one)
    return total


def drawing(derived: Sequence[Area], known: Sequence[Known], pixels: int = 1200) -> str:
    """A storey as SVG."""
    shapes = [(room, "#888", "") for room in derived]
    for room in known:
        colour = "#2a2" if room.found else "#d22" if room.enclosed else "#e90"
        shapes.append((room.polygon, colour, room.name))
    west, south, east, north = shapely.total_bounds([shape for shape, _, _ in shapes]).tolist()
    scale = pixels / max(east - west, north - south)

    def path(area: Area) -> str:
        rings = [r for p in shapely.get_parts(area) if isinstance(p, Polygon) for r in (p.exterior, *p.interiors)]
        points = [" L".join(f"{(x - west) * scale:.1f} {(north - y) * scale:.1f}" for x, y in r.coords) for r in rings]
        return " ".join(f"M{line}Z" for line in points)

    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{(east - west) * scale:.0f}" '
             f'height="{(north - south) * scale:.0f}" font-family="sans-serif" font-size="12">']  # fmt: skip
    for area, colour, name in shapes:
        point = area.representative_point()
        safe = name.replace("&", "&amp;").replace("<", "&lt;")
        lines.append(f'<path d="{path(area)}" fill="{colour}" fill-opacity="0.4" fill-rule="evenodd" stroke="#222"/>')
        lines.append(f'<text x="{(point.x - west) * scale:.0f}" y="{(north - point.y) * scale:.0f}">{safe}</text>')
    return "\n".join([*lines, "</svg>"])


def main(arguments: Sequence[str]) -> None:
    """Print the figures of files, and draw their storeys."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--svg", type=Path, metavar="FOLDER", help="draw every storey into this folder")
    chosen = parser.parse_args(arguments)
    whole = Score()
    with tempfile.TemporaryDirectory(prefix="hidden-rooms-") as folder:
        for path in chosen.files:
            total = Score()
            for storey, derived, one in storeys(path, Path(folder)):
                total.add(one)
                for room in one.known:
                    if not room.found:
                        what = "MISSED" if room.enclosed else f"open by {room.open_m:.1f} m"
                        sys.stdout.write(f"  {storey.id}: {room.name}, {room.polygon.area:.1f} m2, {what}\n")
                if chosen.svg and (derived or one.known):
                    chosen.svg.mkdir(parents=True, exist_ok=True)
                    name = storey.id.replace("/", "_")
                    (chosen.svg / f"{name}.svg").write_text(drawing(derived, one.known), encoding="utf-8")
            sys.stdout.write(f"{path.name}: {total}\n")
            whole.add(total)
    sys.stdout.write(f"{len(chosen.files)} files: {whole}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
